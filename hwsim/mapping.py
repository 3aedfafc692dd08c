"""Mapping: where and when the network runs on the chip."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt

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


class LayerMapping(Configured):
    """Choices for one population; what is left out follows the whole mapping, and then the objective.

    ``k_tile``: source channels of a K-tile where outputs stay (W6); ``m_tile``: positions that one job
    streams where weights stay; ``n_tile``: channels where inputs stay (W3).
    """

    fold_order: FoldOrder = "auto"
    k_tile: PositiveInt | None = None
    m_tile: PositiveInt | None = None
    n_tile: PositiveInt | None = None


class Mapping(Configured):
    """``layer_major`` runs each layer for all timesteps (tick batching), ``step_major`` all layers for
    each timestep. ``fold_order`` says which loop is outside: output positions (M) or output channels
    (N). ``auto``, and tiles left out, are chosen by ``objective`` (docs/machine.md, C1).
    ``direct_coding`` computes the first layer's sums of a constant image ``once`` or ``each_step``.
    ``batch`` samples run as a mini-batch; ``batch_on: M`` lays the samples of layers with one position
    where positions lie (W3). ``sample_loop``, for layers that must run step by step together (S5): ``inner``,
    a layer runs all samples before the next, so that its weights serve them all; ``outer``, a sample runs
    through all of them before the next, so that a state they share may stay on chip.
    """

    schedule: Schedule = "layer_major"
    fold_order: FoldOrder = "auto"
    direct_coding: DirectCoding = "once"
    batch: PositiveInt = Field(default=1, le=4096)
    batch_on: BatchOn = "outer"
    sample_loop: SampleLoop = "inner"
    objective: Objective = "dram_bytes"
    layers: dict[str, LayerMapping] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        return content_id("mapping", self.model_dump())

    def fold_order_of(self, population: str) -> FoldOrder:
        own = self.layers.get(population, LayerMapping()).fold_order
        return self.fold_order if own == "auto" else own

    def verify(self, network: Network) -> None:
        for name in self.layers:
            if name not in network.population:
                known = list(network.population)
                raise HwsimError(f"mapping: there is no population {name!r}.{nearest(name, known)}")


def load_mapping(path: Path) -> Mapping:
    return load_yaml(path, Mapping)
