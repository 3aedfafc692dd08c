"""Chip: event-driven cores on a grid, the cycles of what they do, and their barrier (docs/chip.md).

The numbers of a core are cycles; what they cost in energy is a row of hwsim/tables/chip_energy.
"""

from math import gcd
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PositiveInt, model_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError, nearest
from hwsim.grid import Grid
from hwsim.storage import content_id

TABLES = Path(__file__).parent.parent / "tables" / "chip"

Barrier = Literal["tick", "layer", "none"]

LONGEST_CYCLES, LONGEST_TICK, FINEST_RATIO = 2**20, 2**40, 2**30
"""Bounds of cycles of one action, of a tick, and of both terms of the ratio of the clocks."""


class EventCore(Configured):
    """What a core takes for each action, in its own cycles (E3 to E6).

    ``barrier``: all cores begin a tick together (``tick``), those that share layers or neighboring layers
    do (``layer``), or each waits for the cores that it hears and that hear it (``none``). ``tick_cycles``:
    the shortest tick.
    """

    clock_hz: PositiveInt = Field(le=10**12)
    noc_clock_hz: PositiveInt = Field(le=10**12)
    update_cycles: int = Field(ge=0, le=LONGEST_CYCLES)
    fire_cycles: int = Field(ge=0, le=LONGEST_CYCLES)
    send_cycles: int = Field(ge=0, le=LONGEST_CYCLES)
    receive_cycles: PositiveInt = Field(le=LONGEST_CYCLES)
    synapse_cycles: int = Field(ge=0, le=LONGEST_CYCLES)
    barrier: Barrier
    barrier_first_cycles: int = Field(ge=0, le=LONGEST_TICK)
    barrier_router_cycles: int = Field(ge=0, le=LONGEST_TICK)
    tick_cycles: int = Field(default=0, ge=0, le=LONGEST_TICK)

    @model_validator(mode="after")
    def _exact(self) -> Self:
        if max(self.noc_ratio) > FINEST_RATIO:
            raise ValueError(
                f"clock_hz of {self.clock_hz} and noc_clock_hz of {self.noc_clock_hz}: a term of their ratio "
                f"is more than {FINEST_RATIO}; round one of them"
            )
        return self

    @property
    def noc_ratio(self) -> tuple[int, int]:
        """noc_clock_hz / clock_hz in lowest terms."""
        common = gcd(self.noc_clock_hz, self.clock_hz)
        return self.noc_clock_hz // common, self.clock_hz // common

    def barrier_cycles(self, routers: int) -> int:
        """L: the latency of the barrier over so many routers (E6)."""
        if self.barrier == "none":
            return 0
        return self.barrier_first_cycles + self.barrier_router_cycles * (routers - 1)


class Chip(Configured):
    """A grid of event-driven cores; ``weight_bits`` of a synapse word (G4)."""

    name: str
    description: str
    node_nm: PositiveInt = Field(le=10**5)
    weight_bits: PositiveInt = Field(le=32)
    grid: Grid
    core: EventCore
    sources: dict[str, str]

    @property
    def id(self) -> str:
        chip = self.model_dump(exclude={"sources", "description"})
        chip["grid"] |= {
            "noc": self.grid.network.model_dump(exclude={"sources", "description"}),
            "energy": self.grid.hop_energy.model_dump(exclude={"sources", "description"}),
        }
        return content_id("chip", chip)


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
