"""Grid: the many cores of a chip, what each holds, and the network-on-chip that joins them.

The rules are in docs/placement.md; the network-on-chip itself is a row of hwsim/tables/noc, what a hop costs
one of hwsim/tables/hop_energy.
"""

from collections.abc import Callable
from functools import cache
from math import gcd
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationInfo, field_validator, model_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError, nearest
from hwsim.noc.config import LARGEST_SIDE, NocTable, load_noc

TABLES = Path(__file__).parent / "tables" / "hop_energy"

LIMITS = ("neurons", "synapses", "weight_bytes", "axons_in", "axons_out")

MOST_CORES = 2**16

Limit = PositiveInt | None

Barrier = Literal["tick", "layer", "none"]

LONGEST_CYCLES, LONGEST_TICK, FINEST_RATIO = 2**20, 2**40, 2**30
"""Bounds of cycles of one action, of a tick, and of both terms of the ratio of the clocks."""


class HopEnergy(Configured):
    """pJ that one flit of ``flit_bits`` costs: at the router where it enters, and for each link that it
    crosses along x or y, with the router behind it (T4). Of each router whatever it does: energy of its clock
    every cycle and leakage, beside that of a link; and its area. None where the source tells none."""

    name: str
    description: str
    node_nm: PositiveInt = Field(le=10**5)
    flit_bits: PositiveInt = Field(le=4096)
    source_router_pj: float = Field(ge=0, le=1e6)
    hop_x_pj: float = Field(ge=0, le=1e6)
    hop_y_pj: float = Field(ge=0, le=1e6)
    router_clock_pj: float | None = Field(default=None, ge=0, le=1e6)
    router_leakage_mw: float | None = Field(default=None, ge=0, le=1e6)
    link_leakage_mw: float | None = Field(default=None, ge=0, le=1e6)
    router_area_um2: float | None = Field(default=None, ge=0, le=1e12)
    sources: dict[str, str]


def hop_energies() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def load_hop_energy(name: str) -> HopEnergy:
    """A row that ships with hwsim by name, or a YAML file by path."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return load_yaml(path, HopEnergy)
    if name not in hop_energies():
        raise HwsimError(f"unknown energy of hops {name!r}.{nearest(name, hop_energies())} Or a .yaml file.")
    return load_yaml(TABLES / f"{name}.yaml", HopEnergy)


class CoreLimits(Configured):
    """What one core holds at most; null without limit (G3 to G7).

    ``shared_weights``: a convolution's kernel is stored once a core; else every synapse has its own word.
    """

    neurons: Limit = Field(le=2**31)
    synapses: Limit = Field(le=2**40)
    weight_bytes: Limit = Field(le=2**40)
    axons_in: Limit = Field(le=2**31)
    axons_out: Limit = Field(le=2**40)
    shared_weights: bool


class Exchange(Configured):
    """What a core takes to exchange packets and to end a tick, in its own cycles (E1, E4 to E6).

    ``barrier``: all cores begin a tick together (``tick``), those that share layers or neighboring layers
    do (``layer``), or each waits for the cores that it hears and that hear it (``none``). ``tick_cycles``:
    the shortest tick.
    """

    noc_clock_hz: PositiveInt = Field(le=10**12)
    send_cycles: int = Field(ge=0, le=LONGEST_CYCLES)
    receive_cycles: PositiveInt = Field(le=LONGEST_CYCLES)
    barrier: Barrier
    barrier_first_cycles: int = Field(ge=0, le=LONGEST_TICK)
    barrier_router_cycles: int = Field(ge=0, le=LONGEST_TICK)
    tick_cycles: int = Field(default=0, ge=0, le=LONGEST_TICK)

    def ratio(self, clock_hz: int) -> tuple[int, int]:
        """noc_clock_hz / clock_hz of the cores in lowest terms."""
        common = gcd(self.noc_clock_hz, clock_hz)
        return self.noc_clock_hz // common, clock_hz // common

    def check_clock(self, clock_hz: int) -> None:
        """Raises ValueError where a term of the ratio to the cores' clock is too large."""
        if max(self.ratio(clock_hz)) > FINEST_RATIO:
            raise ValueError(
                f"clock_hz of {clock_hz} and noc_clock_hz of {self.noc_clock_hz}: a term of their ratio "
                f"is more than {FINEST_RATIO}; round one of them"
            )

    def barrier_cycles(self, routers: int) -> int:
        """L: the latency of the barrier over so many routers (E6)."""
        if self.barrier == "none":
            return 0
        return self.barrier_first_cycles + self.barrier_router_cycles * (routers - 1)


class Grid(Configured):
    """``width`` x ``height`` routers with ``cores_per_router`` cores each; core c lies at router
    c // cores_per_router (G1).

    ``noc``: a row of hwsim/tables/noc or a .yaml file from the folder of the chip's own file; ``width`` and
    ``height`` in place of the row's own. Whether a packet to several cores is a tree or copies is the
    network-on-chip's. ``energy``: a row of hwsim/tables/hop_energy or a .yaml file. Of tiles with arrays:
    ``ticks``, without which a placed network cannot be run on them, and ``dram_channels`` at the first
    so many edges of left, right, top, bottom (F1, F5).
    """

    noc: str
    width: PositiveInt | None = Field(default=None, le=LARGEST_SIDE)
    height: PositiveInt | None = Field(default=None, le=LARGEST_SIDE)
    cores_per_router: PositiveInt = Field(default=1, le=64)
    limits: CoreLimits
    spikes_per_packet: PositiveInt = Field(default=1, le=1024)
    energy: str
    ticks: Exchange | None = None
    dram_channels: Literal[1, 2, 4] = 1

    @field_validator("noc", "energy")
    @classmethod
    def _known(cls, name: str, info: ValidationInfo) -> str:
        if name.endswith((".yaml", ".yml")) and info.context:
            name = str((info.context["folder"] / name).resolve())
        load: Callable[[str], Any] = {"noc": _noc, "energy": _energy}[str(info.field_name)]
        try:
            load(name)
        except HwsimError as error:
            raise ValueError(str(error)) from None
        return name

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.cores > MOST_CORES:
            raise ValueError(f"{self.cores} cores; at most {MOST_CORES}")
        wide, priced = self.network.flit_bits, self.hop_energy.flit_bits
        if wide != priced:
            raise ValueError(f"flits of {wide} bits, but energy {self.energy!r} is of {priced} bits")
        return self

    @property
    def network(self) -> NocTable:
        """The network-on-chip of this chip's size."""
        return _sized(self.noc, self.width, self.height)

    @property
    def hop_energy(self) -> HopEnergy:
        return _energy(self.energy)

    @property
    def routers(self) -> int:
        row = _noc(self.noc)
        return (self.width or row.width) * (self.height or row.height)

    @property
    def cores(self) -> int:
        return self.routers * self.cores_per_router


@cache
def _noc(name: str) -> NocTable:
    return load_noc(name)


@cache
def _sized(name: str, width: int | None, height: int | None) -> NocTable:
    return _noc(name).changed(width=width, height=height)


@cache
def _energy(name: str) -> HopEnergy:
    return load_hop_energy(name)
