"""Chip: event-driven cores on a grid, the cycles of what they do, and their barrier (docs/chip.md).

The numbers of a core are cycles; what they cost in energy is a row of hwsim/tables/chip_energy.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError, nearest
from hwsim.grid import LONGEST_CYCLES, Barrier, Exchange, Grid
from hwsim.hardware import Hardware
from hwsim.network import Network
from hwsim.storage import content_id
from hwsim.words import weight_bits

TABLES = Path(__file__).parent.parent / "tables" / "chip"

__all__ = ["Barrier", "Chip", "EventCore", "chips", "grid_of", "load_chip", "weight_bits_of", "worded"]


class EventCore(Exchange):
    """What a core takes for each action, in its own cycles (E3 to E6)."""

    clock_hz: PositiveInt = Field(le=10**12)
    update_cycles: int = Field(ge=0, le=LONGEST_CYCLES)
    fire_cycles: int = Field(ge=0, le=LONGEST_CYCLES)
    synapse_cycles: int = Field(ge=0, le=LONGEST_CYCLES)

    @model_validator(mode="after")
    def _exact(self) -> Self:
        self.check_clock(self.clock_hz)
        return self


class Chip(Configured):
    """A grid of event-driven cores; ``weight_bits`` of a synapse word (G4)."""

    name: str
    description: str
    node_nm: PositiveInt = Field(le=10**5)
    weight_bits: PositiveInt = Field(le=32)
    grid: Grid
    core: EventCore
    sources: dict[str, str]

    @field_validator("grid")
    @classmethod
    def _of_event_cores(cls, grid: Grid) -> Grid:
        if grid.ticks is not None or grid.dram_channels != 1:
            raise ValueError(
                "ticks and dram_channels are of tiles with arrays; event-driven cores have them in core"
            )
        return grid

    @property
    def clock_hz(self) -> int:
        return self.core.clock_hz

    @property
    def exchange(self) -> Exchange:
        return self.core

    @property
    def id(self) -> str:
        chip = self.model_dump(exclude={"sources", "description"})
        chip["grid"] |= {
            "noc": self.grid.network.model_dump(exclude={"sources", "description"}),
            "energy": self.grid.hop_energy.model_dump(exclude={"sources", "description"}),
        }
        return content_id("chip", chip)


def grid_of(chip: Chip | Hardware) -> Grid:
    """The chip's grid. Raises HwsimError if it has none."""
    if chip.grid is None:
        raise HwsimError(f"hardware {chip.name!r} has no grid of tiles: a placed network cannot run on it")
    return chip.grid


def weight_bits_of(chip: Chip | Hardware) -> int:
    """Of a stored weight (G4)."""
    return chip.precision.weight_bits if isinstance(chip, Hardware) else chip.weight_bits


def worded(chip: Chip | Hardware, network: Network) -> Chip | Hardware:
    """The same chip with the words of a quantized network (W10); itself for any other.

    Event-driven cores have one word, that of a synapse (G4); what their actions cost has no width.
    """
    if isinstance(chip, Hardware):
        return chip.worded(network)
    bits = weight_bits(network)
    return chip if bits is None else chip.model_copy(update={"weight_bits": bits})


def chips() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def load_chip(name: str) -> Chip:
    """A chip that ships with hwsim by name, or a YAML file by path."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return load_yaml(path, Chip)
    if name not in chips():
        raise HwsimError(f"unknown chip {name!r}.{nearest(name, chips())} Or a .yaml file.")
    return load_yaml(TABLES / f"{name}.yaml", Chip)
