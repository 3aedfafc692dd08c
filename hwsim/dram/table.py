"""DRAM as a table row: organization, timings, controller and energies of one device (rule D1)."""

from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import Field, NonNegativeInt, PositiveInt, field_validator, model_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.dram.mapping import fields_of
from hwsim.errors import HwsimError, nearest

TABLES = Path(__file__).parent.parent / "tables" / "dram"

MOST = 1e9
"""Of an energy in pJ and of a power in mW: far from what a double cannot hold times any count."""

PagePolicy = Literal["open", "closed"]


class Organization(Configured):
    """Channels of ranks of bank groups of ``banks`` banks of ``rows`` x ``columns`` bursts; powers of 2."""

    channels: PositiveInt = Field(le=64)
    ranks: PositiveInt = Field(le=8)
    bank_groups: PositiveInt = Field(le=16)
    banks: PositiveInt = Field(le=64)
    rows: PositiveInt = Field(le=2**24)
    columns: PositiveInt = Field(le=2**16)

    @field_validator("*")
    @classmethod
    def _power(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError("must be a power of two")
        return value

    @property
    def bursts(self) -> int:
        return self.channels * self.ranks * self.bank_groups * self.banks * self.rows * self.columns


class TimingCycles(Configured):
    """Constraints in cycles of the command clock, named as in JEDEC's standards without their t.

    ``BL``: cycles of the data bus a burst takes. ``RPab``: precharge of all banks. ``RTW``: idle cycles of
    the data bus between a read and a write; ``RTRS``: between two ranks. ``_S`` and ``_L``: in different
    bank groups and in one. WTR and WR count from the end of the write's data.
    """

    CL: PositiveInt = Field(le=10_000)
    CWL: PositiveInt = Field(le=10_000)
    BL: PositiveInt = Field(le=10_000)
    RCD: PositiveInt = Field(le=10_000)
    RP: PositiveInt = Field(le=10_000)
    RPab: PositiveInt = Field(le=10_000)
    RAS: PositiveInt = Field(le=10_000)
    RC: PositiveInt = Field(le=10_000)
    RRD_S: PositiveInt = Field(le=10_000)
    RRD_L: PositiveInt = Field(le=10_000)
    FAW: PositiveInt = Field(le=10_000)
    CCD_S: PositiveInt = Field(le=10_000)
    CCD_L: PositiveInt = Field(le=10_000)
    WTR_S: PositiveInt = Field(le=10_000)
    WTR_L: PositiveInt = Field(le=10_000)
    WR: PositiveInt = Field(le=10_000)
    RTP: PositiveInt = Field(le=10_000)
    RTW: NonNegativeInt = Field(le=10_000)
    RTRS: NonNegativeInt = Field(le=10_000)
    REFI: PositiveInt = Field(le=10_000_000)
    RFC: PositiveInt = Field(le=1_000_000)

    @model_validator(mode="after")
    def _orders(self) -> Self:
        for short, long in (("RRD_S", "RRD_L"), ("CCD_S", "CCD_L"), ("WTR_S", "WTR_L"), ("BL", "CCD_S")):
            if getattr(self, short) > getattr(self, long):
                raise ValueError(
                    f"{short} {getattr(self, short)} is longer than {long} {getattr(self, long)}"
                )
        if 2 * (self.RFC + self.RC + self.CWL + self.BL + self.WR + self.RPab) > self.REFI:
            raise ValueError(f"REFI {self.REFI} leaves no time between refreshes of RFC {self.RFC}")
        return self


class Banked(Configured):
    """Banks with open rows behind a queue of ``queue_bursts`` for each channel.

    ``mapping``: fields of an address from its highest to its lowest bits, above the bytes of a burst.
    ``page_policy``: ``open`` leaves a row open, ``closed`` closes it behind the last burst in the queue
    that needs it. A burst that waits longer than ``age_limit_cycles`` is served alone.
    """

    organization: Organization
    mapping: str
    page_policy: PagePolicy
    queue_bursts: int = Field(ge=2, le=4096)
    age_limit_cycles: int = Field(ge=200, le=10**9)
    timing_cycles: TimingCycles

    @field_validator("mapping")
    @classmethod
    def _mapped(cls, value: str) -> str:
        fields_of(value)
        return value


class Flat(Configured):
    """Plain bandwidth: a request takes its bursts' bytes / bandwidth, one after the other, and latency."""

    bandwidth_bytes_per_s: PositiveInt = Field(le=10**14)
    latency_cycles: NonNegativeInt = Field(le=10**6)
    energy_pj_per_bit: float | None = Field(ge=0, le=MOST)


class Energy(Configured):
    """Energy of a command to one rank, a burst for reads and writes; null where no source is known."""

    activate_precharge_pj: float | None = Field(ge=0, le=MOST)
    read_pj: float | None = Field(ge=0, le=MOST)
    write_pj: float | None = Field(ge=0, le=MOST)
    refresh_pj: float | None = Field(ge=0, le=MOST)
    active_mw: float | None = Field(ge=0, le=MOST)
    precharged_mw: float | None = Field(ge=0, le=MOST)
    io_pj_per_bit: float | None = Field(ge=0, le=MOST)


class DramTable(Configured):
    """One DRAM: either ``banked`` with its ``energy``, or ``flat``."""

    name: str
    description: str
    clock_hz: PositiveInt = Field(le=10**11)
    burst_bytes: PositiveInt = Field(le=4096)
    banked: Banked | None = None
    flat: Flat | None = None
    energy: Energy | None = None
    sources: dict[str, str]

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.banked is None) == (self.flat is None):
            raise ValueError("give one of banked and flat")
        if (self.banked is None) != (self.energy is None):
            raise ValueError("energy belongs to banked; flat has energy_pj_per_bit")
        if self.burst_bytes & (self.burst_bytes - 1):
            raise ValueError(f"burst_bytes of {self.burst_bytes}: must be a power of two")
        if self.peak_bytes_per_s < 1:
            raise ValueError("clock_hz, burst_bytes and BL give less than a byte a second")
        return self

    @property
    def capacity_bytes(self) -> int:
        """Addresses lie below it; a flat DRAM has no end but that of 62-bit addresses."""
        return self.banked.organization.bursts * self.burst_bytes if self.banked else 2**62

    @property
    def peak_bytes_per_s(self) -> int:
        """Bandwidth of the pins."""
        if self.flat:
            return self.flat.bandwidth_bytes_per_s
        assert self.banked is not None
        channels = self.banked.organization.channels
        return self.clock_hz * self.burst_bytes * channels // self.banked.timing_cycles.BL

    def changed(self, mapping: str | None, page_policy: str | None) -> "DramTable":
        """The same DRAM with another address mapping or page policy. Raises HwsimError if it has neither."""
        if mapping is None and page_policy is None:
            return self
        if self.banked is None:
            raise HwsimError(f"DRAM {self.name!r} is flat: it has no mapping and no page policy to change")
        if mapping is not None:
            try:
                fields_of(mapping)
            except ValueError as error:
                raise HwsimError(f"--mapping: {error}") from None
        if page_policy is not None and page_policy not in get_args(PagePolicy):
            raise HwsimError(
                f"--page-policy {page_policy!r}.{nearest(page_policy, list(get_args(PagePolicy)))}"
            )
        update = {"mapping": mapping, "page_policy": page_policy}
        banked = self.banked.model_copy(update={k: v for k, v in update.items() if v is not None})
        return self.model_copy(update={"banked": banked})


def drams() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def load_dram(name: str) -> DramTable:
    """A DRAM that ships with hwsim by name, or a YAML file by path."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        return load_yaml(path, DramTable)
    if name not in drams():
        raise HwsimError(f"unknown DRAM {name!r}.{nearest(name, drams())} Or a .yaml file.")
    return load_yaml(TABLES / f"{name}.yaml", DramTable)
