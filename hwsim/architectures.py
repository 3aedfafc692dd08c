"""Candidates of an architecture search as tasks: how right a path of a supernet is, and what it costs."""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import hwsim
from hwsim.costing import OnChip
from hwsim.errors import HwsimError
from hwsim.frontends.capture import structure
from hwsim.methods.spike_aware.evolution import Architecture
from hwsim.methods.spike_aware.spec import ArchitectureSearch
from hwsim.methods.spike_aware.supernet import Supernet
from hwsim.reuse import Reuse
from hwsim.tasks import Task

REUSE = Reuse()
"""Of this process: layers of candidates that were costed here."""


@dataclass(frozen=True, eq=False)
class Candidates:
    """The tasks of a search: of what they are is decided by content, not by where it lies."""

    spec: ArchitectureSearch
    supernet: Supernet
    on: OnChip

    @staticmethod
    def of(spec: ArchitectureSearch) -> "Candidates":
        """Raises HwsimError for a supernet, chip, table or cost that is none, and for too few images."""
        on = OnChip.of(spec.hardware, spec.table, spec.one_tile)
        on.check(spec.cost)
        supernet = Supernet.of(Path(spec.supernet))
        supernet.validation(spec.validation)
        return Candidates(spec, supernet, on)

    def accuracy(self, path: Architecture) -> Task:
        of = {"validation": self.spec.validation} | self._common(path)
        return Task(accuracy_of, of, {"directory": self.spec.supernet})

    def costs(self, path: Architecture) -> Task:
        of = {"samples": self.spec.samples, "chip": self.on.id} | self._common(path)
        chip = {"hardware": self.spec.hardware, "table": self.spec.table, "one_tile": self.spec.one_tile}
        return Task(costs_of, of, {"directory": self.spec.supernet} | chip)

    def _common(self, path: Architecture) -> dict[str, Any]:
        return {
            "supernet": self.supernet.id,
            "path": list(path),
            "calibration": self.spec.calibration,
            "version": hwsim.__version__,
        }


def accuracy_of(
    validation: int, supernet: str, path: list[str], calibration: int, version: str, *, directory: str
) -> dict[str, Any]:
    """Accuracy of a path on so many validation images, and the parameters of its network."""
    found, model = _opened(directory, supernet, version), _on_path(directory, tuple(path), calibration)
    parameters = sum(p.numel() for p in model.parameters())
    return {"accuracy": found.accuracy(model, found.validation(validation)), "parameters": parameters}


def costs_of(
    samples: int,
    chip: str,
    supernet: str,
    path: list[str],
    calibration: int,
    version: str,
    *,
    directory: str,
    hardware: str,
    table: str | None,
    one_tile: bool,
) -> dict[str, float]:
    """Costs of a path on the first validation images, each the mean of one: those of a full estimate of its
    network on these."""
    found, on = _opened(directory, supernet, version), _chip(hardware, table, one_tile)
    if on.id != chip:
        raise HwsimError(f"{hardware} changed since the search began; begin in another directory")
    model = _on_path(directory, tuple(path), calibration)
    inputs = found.inputs(found.validation(samples))
    steps, coding = found.feed.timesteps, found.feed.coding
    network = structure(model, inputs[:1], steps, "-".join(path), coding)
    return on.of_network(network, inputs, REUSE)


@cache
def _supernet(directory: str) -> Supernet:
    return Supernet.of(Path(directory))


def _opened(directory: str, supernet: str, version: str) -> Supernet:
    """Raises HwsimError where it is not what the task is of."""
    found = _supernet(directory)
    if found.id != supernet or version != hwsim.__version__:
        raise HwsimError(f"{directory} changed since the search began; begin in another directory")
    return found


@cache
def _chip(hardware: str, table: str | None, one_tile: bool) -> OnChip:
    return OnChip.of(hardware, table, one_tile)


@lru_cache(2)
def _on_path(directory: str, path: Architecture, calibration: int) -> Any:
    return _supernet(directory).on_path(path, calibration)
