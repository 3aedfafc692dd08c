"""ArchitectureSearch: what decides a search of paths in a supernet, written beside its results."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError
from pydantic import model_validator as validator

from hwsim.configuration import Configured, describe
from hwsim.errors import HwsimError
from hwsim.methods.spike_aware.evolution import Evolution


class ArchitectureSearch(Configured):
    """Which paths of a supernet are looked at, and what the best one has.

    ``supernet``: the directory of a training whose model has choices of layers. Fitness is accuracy *
    (cost / mean cost)^factor (``power``) or accuracy + factor * cost / mean cost (``linear``), the paper's
    lambda being ``factor``. The mean is that of ``averaged`` paths drawn at random. Accuracy is that of the
    ``validation`` training images after those that the supernet was trained on, with the supernet's weights
    and batch statistics of the path's own over the first ``calibration`` training images. The ``cost`` is the
    mean of the first ``samples`` validation images on ``hardware``, priced by ``table``. ``sampler``:
    evolution (Algorithm 1) or random, with the same budget of ``rounds`` pools. ``mutations`` and
    ``crossovers`` are half of the pool each if not told.
    Source: AutoSNN, Section 4 (validation on a fifth of the training images; 10 rounds of 20).
    """

    supernet: str = Field(min_length=1)
    cost: str = "spikes"
    factor: float = Field(default=-0.08, ge=-10, le=10)
    fitness: Literal["power", "linear"] = "power"
    hardware: str = "sata"
    table: str | None = None
    one_tile: bool = False
    sampler: Literal["evolution", "random"] = "evolution"
    rounds: PositiveInt = 10
    pool: PositiveInt = 20
    mutations: NonNegativeInt | None = None
    crossovers: NonNegativeInt | None = None
    top: PositiveInt = 10
    rho: float = Field(default=0.2, gt=0, le=1)
    validation: PositiveInt = 1000
    calibration: PositiveInt = 500
    samples: PositiveInt = 16
    averaged: PositiveInt = 20
    seed: NonNegativeInt = 0

    @property
    def evolution(self) -> Evolution:
        return Evolution(self.rounds, self.pool, *self._changed, self.top, self.rho)

    @property
    def _changed(self) -> tuple[int, int]:
        """Mutations and crossovers: half of the pool each where neither is told."""
        mutations, crossovers = self.mutations, self.crossovers
        if mutations is None:
            mutations = self.pool // 2 if crossovers is None else max(0, self.pool - crossovers)
        return mutations, self.pool - mutations if crossovers is None else crossovers

    @validator(mode="after")
    def _fits(self) -> Self:
        mutations, crossovers = self._changed
        if crossovers < 0 or mutations + crossovers > self.pool:
            raise ValueError(
                f"mutations {mutations}, crossovers {max(0, crossovers)}: more than a pool of {self.pool}"
            )
        if self.samples > self.validation:
            raise ValueError(f"samples {self.samples}: more than the {self.validation} of validation")
        return self

    @staticmethod
    def of(values: Mapping[str, Any]) -> "ArchitectureSearch":
        """From plain values. Raises HwsimError, a line for each field that is wrong."""
        try:
            return ArchitectureSearch.model_validate(dict(values))
        except ValidationError as error:
            raise HwsimError(describe(error, ArchitectureSearch, "search autosnn")) from None
