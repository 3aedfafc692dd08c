"""Hardware: the chip. Tiles of a PE array, LIF units, vector lanes, buffers, and DRAM.

A chip is a YAML file; the rows that ship with hwsim lie in hwsim/tables/hardware. Numbers without
a published source are marked so in ``sources``.
"""

from functools import cache
from math import gcd
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PositiveInt, ValidationError, ValidationInfo, field_validator, model_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.dram.table import DramTable, load_dram
from hwsim.errors import HwsimError, nearest
from hwsim.grid import Exchange, Grid
from hwsim.storage import content_id

TABLES = Path(__file__).parent / "tables" / "hardware"

Skip = Literal["dense", "gate", "event"]
Dataflow = Literal["os", "ws", "is"]
DramTiming = Literal["commands", "bandwidth"]
Dimension = Literal["M", "N", "K", "T"]
CellType = Literal["itrs-lstp", "itrs-lop", "itrs-hp"]

LONGEST_WINDOW = 64
"""The most timesteps that a pass can serve."""

HOLDS: dict[Dataflow, tuple[Dimension, Dimension]] = {"os": ("M", "N"), "ws": ("K", "N"), "is": ("K", "M")}
"""What lies on rows and columns unless the chip says otherwise; only ``os`` may (docs/machine.md, W3)."""

SLOWEST_BYTE, FINEST_CLOCK, LONGEST_LATENCY = 2**20, 2**32, 2**32
"""Bounds of cycles a byte of DRAM, of the numerator of clock / bandwidth, and of cycles of latency."""


class Decode(Configured):
    """Turns lists of spikes into a stream: merges ``merge_lanes`` of them at ``events_per_cycle`` (P2).

    At most ``max_inputs`` inputs take part in a pass (W6).
    """

    events_per_cycle: PositiveInt = Field(le=2**20)
    merge_lanes: int = Field(ge=2, le=2**20)
    max_inputs: PositiveInt | None = Field(default=None, le=2**31)


class PEArray(Configured):
    """R rows by C columns of processing elements (docs/machine.md, W3, W4, P1 to P5).

    ``dataflow``: what stays in the PEs, outputs, weights or inputs; ``rows_hold`` and ``columns_hold``: which
    dimension of the loop nest lies where. ``fill``: skewed, a PE a cycle, or all at once. ``streams``: one
    for all rows or one a row. ``skip``: ``dense`` streams and executes every input; ``gate`` streams every
    input and executes live ones; ``event`` streams live inputs only. ``window``: timesteps of a pass, served
    in ``parallel`` or ``serial`` lanes. ``overlap``: passes follow without a gap. ``weight_sparsity``: zero
    weights are neither stored nor streamed. ``multipliers``: each PE has one; without them graded inputs are
    priced as multiplications too, but take no area.
    """

    rows: PositiveInt = Field(le=1024)
    columns: PositiveInt = Field(le=1024)
    skip: Skip
    partial_sum_banks: PositiveInt = Field(le=8)
    dataflow: Dataflow = "os"
    rows_hold: Dimension | None = None
    columns_hold: Dimension | None = None
    fill: Literal["systolic", "broadcast"] = "systolic"
    streams: Literal["shared", "own"] = "shared"
    window: int | Literal["all"] = 1
    time_lanes: Literal["parallel", "serial"] = "parallel"
    overlap: bool = False
    weight_sparsity: bool = False
    multipliers: bool = False
    decode: Decode | None = None

    @property
    def holds(self) -> tuple[Dimension, Dimension]:
        """The dimensions on rows and columns."""
        rows, columns = HOLDS[self.dataflow]
        return self.rows_hold or rows, self.columns_hold or columns

    def extent(self, dimension: Dimension) -> int:
        """How much of a dimension lies on the array at once: R, C, or 1 where it does not lie there."""
        return dict(zip(self.holds, (self.rows, self.columns), strict=True)).get(dimension, 1)

    @property
    def lanes(self) -> int:
        """Accumulators of a PE: one for each step of a window in parallel lanes, else one."""
        if self.time_lanes == "serial":
            return 1
        return LONGEST_WINDOW if self.window == "all" else self.window

    @field_validator("window", mode="before")
    @classmethod
    def _window(cls, value: Any) -> Any:
        if value != "all" and (type(value) is not int or not 1 <= value <= LONGEST_WINDOW):
            raise ValueError(f"it must be 1 to {LONGEST_WINDOW}, or all")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        rows, columns = self.holds
        if rows == columns:
            raise ValueError(f"rows and columns both hold {rows}")
        if self.dataflow == "os" and "K" in self.holds:
            raise ValueError("dataflow os streams K: rows and columns hold two of M, N, T")
        if self.dataflow != "os" and self.holds != HOLDS[self.dataflow]:
            raise ValueError(
                f"dataflow {self.dataflow} holds {' and '.join(HOLDS[self.dataflow])} on rows and columns, "
                f"not {rows} and {columns}"
            )
        if self.dataflow == "is" and self.skip == "event":
            raise ValueError(
                "dataflow is with skip event: the inputs stay, and one that is dead is dead for every "
                "streamed channel; take gate"
            )
        if self.streams == "own":
            if self.dataflow != "os" or self.holds != ("M", "N"):
                raise ValueError("streams own: only with dataflow os, M on the rows and N on the columns")
            if self.fill != "broadcast":
                raise ValueError("streams own: a skewed fill has one order for all rows; take fill broadcast")
        if self.weight_sparsity and (self.streams != "own" or self.skip != "event"):
            raise ValueError("weight_sparsity: only with streams own and skip event")
        if self.decode and (self.dataflow != "os" or "T" in self.holds or self.skip != "event"):
            raise ValueError("decode: only with dataflow os, skip event, and no T on the array")
        return self


class LifUnits(Configured):
    """``units`` neuron updates and ``vector_lanes`` element-wise operations per cycle (L1).

    ``placement``: ``array``, each unit serves its share of the PEs and takes their sums directly;
    ``edge``, sums leave the array at a column's width a cycle.
    """

    units: PositiveInt = Field(le=2**20)
    vector_lanes: PositiveInt = Field(le=2**20)
    placement: Literal["array", "edge"] = "array"


class Precision(Configured):
    """Bits of each operand as the chip stores and moves it."""

    weight_bits: PositiveInt = Field(le=32)
    partial_sum_bits: PositiveInt = Field(le=64)
    state_bits: PositiveInt = Field(le=64)
    activation_bits: PositiveInt = Field(le=32)

    @property
    def widest_operand(self) -> int:
        """Bits of a multiplier: the wider of weights and activations."""
        return max(self.weight_bits, self.activation_bits)


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


class Hardware(Configured):
    """A chip: structure of a tile, widths, clock and node; no energy and no area in here.

    ``grid``: how many such tiles there are, what each holds and what joins them; without it, one.
    """

    name: str
    description: str
    clock_hz: PositiveInt = Field(le=10**12)
    node_nm: PositiveInt = Field(le=10**5)
    pe_array: PEArray
    lif: LifUnits
    precision: Precision
    buffers: Buffers
    dram: Dram
    grid: Grid | None = None
    sources: dict[str, str]

    @field_validator("dram")
    @classmethod
    def _countable(cls, dram: Dram, info: ValidationInfo) -> Dram:
        """Cycles of transfers stay within 64 bits."""
        clock: int | None = info.data.get("clock_hz")
        if clock is None:
            return dram
        bandwidth = dram.bandwidth
        if clock > bandwidth * SLOWEST_BYTE:
            raise ValueError(
                f"clock_hz of {clock} and a DRAM of {bandwidth} bytes a second: a byte takes more than "
                f"{SLOWEST_BYTE} cycles; a faster DRAM or a slower clock is needed"
            )
        if dram.clock_per_byte(clock)[0] > FINEST_CLOCK:
            raise ValueError(
                f"clock_hz of {clock} and a DRAM of {bandwidth} bytes a second: the numerator of their ratio "
                f"is more than {FINEST_CLOCK}; round one of them"
            )
        if (latency := dram.latency_cycles(clock)) > LONGEST_LATENCY:
            raise ValueError(
                f"clock_hz of {clock}: the latency of the DRAM is {latency} cycles; at most {LONGEST_LATENCY}"
            )
        return dram

    @field_validator("grid")
    @classmethod
    def _clocked(cls, grid: Grid | None, info: ValidationInfo) -> Grid | None:
        clock: int | None = info.data.get("clock_hz")
        if grid is not None and grid.ticks is not None and clock is not None:
            grid.ticks.check_clock(clock)
        return grid

    @property
    def exchange(self) -> Exchange:
        """How its tiles exchange packets. Raises HwsimError for a chip without ``grid.ticks`` (F1)."""
        if self.grid is None or self.grid.ticks is None:
            missing = "no grid of tiles" if self.grid is None else "no grid.ticks"
            raise HwsimError(f"hardware {self.name!r} has {missing}: a placed network cannot run on it")
        return self.grid.ticks

    @property
    def id(self) -> str:
        device = self.dram.device
        table = device.model_dump(exclude={"sources", "description"}) if device else None
        chip = self.model_dump(exclude={"sources": True, "description": True, "dram": {"table"}})
        if self.buffers.cell_type is None:
            del chip["buffers"]["cell_type"]
        if self.grid is None:
            del chip["grid"]
        else:
            chip["grid"] |= {
                "noc": self.grid.network.model_dump(exclude={"sources", "description"}),
                "energy": self.grid.hop_energy.model_dump(exclude={"sources", "description"}),
            }
        return content_id("hardware", chip | {"device": table})

    @property
    def load_buffers(self) -> int:
        """D of rule S1: how many jobs may have their operands on chip at once."""
        return 2 if self.buffers.weight.double_buffered and self.buffers.input.double_buffered else 1

    @property
    def lif_rate(self) -> int:
        """U' of rule L1: outputs that the LIF units take in a cycle."""
        lif = self.lif
        return lif.units if lif.placement == "array" else min(self.pe_array.columns, lif.units)

    def peak_operations(self, timesteps: int) -> int:
        """Accumulates that all PEs can do in a cycle; one with parallel time lanes does its window's."""
        return self.pe_array.rows * self.pe_array.columns * min(self.pe_array.lanes, timesteps)

    @property
    def latency_cycles(self) -> int:
        """Cycles by which a plain transfer's data come later than its bandwidth says."""
        return self.dram.latency_cycles(self.clock_hz)

    @property
    def clock_per_byte(self) -> tuple[int, int]:
        """clock / bandwidth in lowest terms."""
        return self.dram.clock_per_byte(self.clock_hz)

    def transfer_cycles(self, size_bytes: int) -> int:
        """ceil(bytes * clock / bandwidth)."""
        return -(-size_bytes * self.clock_hz // self.dram.bandwidth)

    @property
    def alone(self) -> "Hardware":
        """One of its tiles, without what joins them."""
        return self if self.grid is None else self.model_copy(update={"grid": None})

    def with_skip(self, skip: Skip) -> "Hardware":
        """The same chip with another way to treat dead inputs, without what only the old way has.

        That is decode and weight_sparsity with ``gate``, own streams too with ``dense``. Raises HwsimError
        where the dataflow has no such way.
        """
        gone: dict[str, Any] = {}
        if skip != "event":
            gone |= {"decode": None, "weight_sparsity": False}
        if skip == "dense":
            gone["streams"] = "shared"
        try:
            array = PEArray.model_validate(self.pe_array.model_dump() | gone | {"skip": skip})
        except ValidationError as error:
            reasons = "; ".join(item["msg"].removeprefix("Value error, ") for item in error.errors())
            raise HwsimError(f"{self.name}: pe_array.skip {skip!r}: {reasons}") from None
        return self.model_copy(update={"pe_array": array})

    def with_dram(self, timing: DramTiming) -> "Hardware":
        """The same chip with its DRAM played command by command or as plain bandwidth.

        Raises HwsimError for commands of a DRAM that has none.
        """
        changed = self.model_copy(update={"dram": self.dram.model_copy(update={"timing": timing})})
        if timing == "commands" and changed.dram.banked is None:
            raise HwsimError(
                f"hardware {self.name!r}: its DRAM is plain bandwidth and has no commands; "
                "name one with banks in dram.table (hwsim list dram)"
            )
        return changed


def presets() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def load_hardware(name: str) -> Hardware:
    """A preset by name, or a YAML file by path."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml"):
        hardware = load_yaml(path, Hardware)
    elif name in presets():
        hardware = load_yaml(TABLES / f"{name}.yaml", Hardware)
    else:
        raise HwsimError(f"unknown hardware preset {name!r}.{nearest(name, presets())} Or a .yaml file.")
    return hardware
