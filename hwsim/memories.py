"""The memories of a tile: its buffers, and the DRAM behind the DMA channel."""

from functools import cache
from math import gcd
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PositiveInt, ValidationInfo, field_validator, model_validator

from hwsim.configuration import Configured
from hwsim.dram.table import DramTable, load_dram
from hwsim.errors import HwsimError

DramTiming = Literal["commands", "bandwidth"]
CellType = Literal["itrs-lstp", "itrs-lop", "itrs-hp"]


class Buffer(Configured):
    """On-chip SRAM of ``capacity_bytes`` that is read and written in words of ``word_bits``.

    ``banks`` of ``ports`` each serve accesses of one cycle; double-buffered, half of it fills while
    the other half is used. Banks and ports are of weights, double buffering of weights and inputs.
    """

    capacity_bytes: PositiveInt = Field(le=2**40)
    word_bits: PositiveInt = Field(le=4096)
    banks: PositiveInt = Field(default=1, le=1024)
    ports: PositiveInt = Field(default=1, le=16)
    double_buffered: bool = False

    @property
    def tile_bytes(self) -> int:
        """What one job may occupy: half of it if double-buffered."""
        return self.capacity_bytes // (2 if self.double_buffered else 1)


class Buffers(Configured):
    """The tile's memories. Without ``membrane`` the state that leaves the array goes to DRAM, without
    ``partial_sum`` the sums of K-tiles that cannot be added up in place.

    ``spikes``: how maps of spikes are stored, as bitmaps or as lists of addresses where shorter (W9).
    ``cell_type``: transistors of the SRAM cells; by default the cost table's.
    """

    weight: Buffer
    input: Buffer
    output: Buffer
    membrane: Buffer | None = None
    partial_sum: Buffer | None = None
    spikes: Literal["bitmap", "list"] = "bitmap"
    cell_type: CellType | None = None

    @model_validator(mode="after")
    def _meaningful(self) -> Self:
        """Fields that nothing asks for stay as they are by default."""
        fields = ("banks", "ports", "double_buffered")
        for name, buffer in self.present().items():
            without = {"weight": (), "input": fields[:2]}.get(name, fields)
            for field in without:
                if getattr(buffer, field) != Buffer.model_fields[field].default:
                    where = "weight and input" if field == "double_buffered" else "weight"
                    raise ValueError(
                        f"{name}.{field}: found {getattr(buffer, field)}, without effect: {field} has a "
                        f"meaning for {where} only; leave it out"
                    )
        return self

    def present(self) -> dict[str, Buffer]:
        found = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: buffer for name, buffer in found if isinstance(buffer, Buffer)}


@cache
def _device(table: str) -> DramTable:
    return load_dram(table)


class Dram(Configured):
    """What lies behind the DMA channel (S2): a DRAM of hwsim/tables/dram, or of a file, or plain numbers.

    ``table``: a name, or the path of a .yaml file from the folder of the chip's own file. ``timing``:
    ``commands`` plays a banked table's commands, which is the default where there are any; ``bandwidth``
    takes the bandwidth of its pins.
    """

    table: str | None = None
    timing: DramTiming | None = Field(default=None, validate_default=True)
    bandwidth_bytes_per_s: PositiveInt | None = Field(default=None, le=10**15)
    burst_bytes: PositiveInt | None = Field(default=None, le=4096)

    @field_validator("table")
    @classmethod
    def _known(cls, table: str | None, info: ValidationInfo) -> str | None:
        if table is None:
            return None
        if table.endswith((".yaml", ".yml")) and info.context:
            table = str((info.context["folder"] / table).resolve())
        try:
            _device(table)
        except HwsimError as error:
            raise ValueError(str(error)) from None
        return table

    @field_validator("timing")
    @classmethod
    def _timed(cls, timing: DramTiming | None, info: ValidationInfo) -> DramTiming | None:
        if "table" not in info.data:
            return timing
        table = info.data["table"]
        if table is not None and _device(table).banked:
            return timing or "commands"
        if timing == "commands":
            raise ValueError(
                "a flat table and plain numbers have no commands; leave timing out, or name a table with "
                "banks (hwsim list dram)"
            )
        return "bandwidth"

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        plain = self.bandwidth_bytes_per_s, self.burst_bytes
        if self.table is None and None in plain:
            raise ValueError("give table, or bandwidth_bytes_per_s and burst_bytes")
        if self.table is not None and plain != (None, None):
            raise ValueError("table has its own bandwidth and bursts: leave the other two out")
        return self

    @property
    def of_file(self) -> bool:
        """Whether the table is a file of the user's."""
        return bool(self.table) and Path(str(self.table)).suffix in (".yaml", ".yml")

    @property
    def device(self) -> DramTable | None:
        return _device(self.table) if self.table else None

    @property
    def banked(self) -> DramTable | None:
        """The DRAM whose commands are played; None for plain bandwidth."""
        device = self.device
        return device if device and device.banked and self.timing == "commands" else None

    @property
    def bandwidth(self) -> int:
        """Bytes a second of plain bandwidth, or of the pins."""
        return self.device.peak_bytes_per_s if self.device else self.bandwidth_bytes_per_s or 0

    @property
    def burst(self) -> int:
        """Bytes of a burst."""
        return self.device.burst_bytes if self.device else self.burst_bytes or 0

    def latency_cycles(self, clock_hz: int) -> int:
        """Cycles of this clock by which a plain transfer's data come later than its bandwidth says."""
        flat = self.device.flat if self.device else None
        return -(-flat.latency_cycles * clock_hz // self.device.clock_hz) if self.device and flat else 0

    def clock_per_byte(self, clock_hz: int) -> tuple[int, int]:
        """clock / bandwidth in lowest terms."""
        common = gcd(clock_hz, self.bandwidth)
        return clock_hz // common, self.bandwidth // common
