"""Mapping: where and when the network runs on the chip."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator

from hwsim import zoo
from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError, nearest
from hwsim.network import Network
from hwsim.storage import content_id

Schedule = Literal["layer_major", "step_major"]
FoldOrder = Literal["auto", "m_outer", "n_outer"]
DirectCoding = Literal["once", "each_step"]
BatchOn = Literal["outer", "M"]
SampleLoop = Literal["inner", "outer"]
Objective = Literal["dram_bytes", "cycles"]

MOST_SAMPLES = 4096
"""Of a mini-batch."""


class LayerMapping(Configured):
    """Choices for one population; what is left out follows the whole mapping, and then the objective.

    ``k_tile``: source channels of a K-tile where outputs stay (W6); ``m_tile``: positions that one job
    streams where weights stay, or samples with ``batch_on: M``; ``n_tile``: channels of a group where inputs
    stay (W3).
    """

    fold_order: FoldOrder = "auto"
    k_tile: PositiveInt | None = Field(default=None, le=2**31)
    m_tile: PositiveInt | None = Field(default=None, le=2**31)
    n_tile: PositiveInt | None = Field(default=None, le=2**31)


class PlacedSlice(Configured):
    """Neurons of a population on one core: those whose channels and positions both lie between the
    channels and positions of neurons ``first`` and ``last``, inclusive (G2)."""

    first: int = Field(ge=0, le=2**31)
    last: int = Field(ge=0, le=2**31)
    core: int = Field(ge=0, le=2**31)


class Mapping(Configured):
    """``layer_major`` runs each layer for all timesteps (tick batching), ``step_major`` all layers for
    each timestep. ``fold_order`` says which loop is outside: output positions (M) or output channels
    (N). ``auto``, and tiles left out, are chosen by ``objective`` (docs/machine.md, C1).
    ``direct_coding`` computes the first layer's sums of a constant image ``once`` or ``each_step``.
    ``batch`` samples run as a mini-batch; ``batch_on: M`` lays the samples of layers with one position
    where positions lie (W3). ``sample_loop``, for layers that must run step by step together (S5): ``inner``,
    a layer runs all samples before the next, so that its weights serve them all; ``outer``, a sample runs
    through all of them before the next, so that a state they share may stay on chip.
    ``placement``, on a chip with a grid: the slices of every population but the input, each on its core.
    """

    schedule: Schedule = "layer_major"
    fold_order: FoldOrder = "auto"
    direct_coding: DirectCoding = "once"
    batch: PositiveInt = Field(default=1, le=MOST_SAMPLES)
    batch_on: BatchOn = "outer"
    sample_loop: SampleLoop = "inner"
    objective: Objective = "dram_bytes"
    layers: dict[str, LayerMapping] = Field(default_factory=dict)
    placement: dict[str, list[PlacedSlice]] = Field(default_factory=dict)

    @field_validator("layers", "placement", mode="before")
    @classmethod
    def _named(cls, layers: Any) -> Any:
        """Layers have names of digits too, which YAML reads as integers."""
        if not isinstance(layers, dict):
            return layers
        named: dict[Any, Any] = {}
        for key, value in layers.items():
            name = str(key) if type(key) is int else key
            if not isinstance(name, str):
                raise ValueError(f"the name {key!r} is read as {type(key).__name__}: write it in quotes")
            if name in named:
                raise ValueError(f"layer {name!r} is given twice")
            named[name] = value
        return named

    @property
    def id(self) -> str:
        return content_id("mapping", self.model_dump(exclude=None if self.placement else {"placement"}))

    def fold_order_of(self, population: str) -> FoldOrder:
        own = self.layers.get(population, LayerMapping()).fold_order
        return self.fold_order if own == "auto" else own

    def of_batch(self, network: Network, samples: int) -> "Mapping":
        """The same mapping for mini-batches of ``samples``, of which tiles take no more than there are."""
        layers = self.layers
        if self.batch_on == "M" and samples < self.batch:
            layers = {
                name: own.model_copy(update={"m_tile": min(own.m_tile, samples)})
                if own.m_tile and network.population[name].plane == (1, 1)
                else own
                for name, own in layers.items()
            }
        return self.model_copy(update={"batch": samples, "layers": layers})

    def verify(self, network: Network) -> None:
        """Raises HwsimError for a population that the network has not."""
        for name in (*self.layers, *self.placement):
            if name not in network.population:
                known = list(network.population)
                raise HwsimError(f"mapping: there is no population {name!r}.{nearest(name, known)}")


def mappings() -> list[str]:
    """Names of those that ship with hwsim."""
    return list(zoo.shipped("mappings"))


def load_mapping(path: Path) -> Mapping:
    """A shipped mapping by name, or a YAML file by path."""
    return load_yaml(zoo.file_of("mappings", "mapping", path), Mapping)
