"""Hardware: the chip. Tiles of a PE array, LIF units, vector lanes, buffers, and DRAM.

A chip is a YAML file; the rows that ship with hwsim lie in hwsim/tables/hardware. Numbers without
a published source are marked so in ``sources``.
"""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, ValidationError, ValidationInfo, field_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError, nearest
from hwsim.grid import Exchange, Grid
from hwsim.memories import Buffers, Dram, DramTiming
from hwsim.network import Network
from hwsim.pe_array import PEArray, Skip
from hwsim.storage import content_id
from hwsim.words import state_bits, weight_bits

TABLES = Path(__file__).parent / "tables" / "hardware"


SLOWEST_BYTE, FINEST_CLOCK, LONGEST_LATENCY = 2**20, 2**32, 2**32
"""Bounds of cycles a byte of DRAM, of the numerator of clock / bandwidth, and of cycles of latency."""


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

    def worded(self, network: Network) -> "Hardware":
        """The same chip with the words of a quantized network (W10); itself for any other."""
        if not network.quantized:
            return self
        inputs = network.input.formats.get("output")
        activations = inputs.bits if inputs else None
        return self.with_words(weight_bits(network), state_bits(network), activations)

    def with_words(
        self, weights: int | None, states: int | None, activations: int | None = None
    ) -> "Hardware":
        """The same chip with words of so many bits, its own where none are told; sums are no narrower than
        weights."""
        own = self.precision
        words = {
            "weight_bits": weights or own.weight_bits,
            "state_bits": states or own.state_bits,
            "activation_bits": activations or own.activation_bits,
            "partial_sum_bits": max(own.partial_sum_bits, weights or 0),
        }
        return self.model_copy(update={"precision": own.model_copy(update=words)})

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
