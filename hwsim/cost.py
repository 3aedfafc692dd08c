"""Cost: how much. A CostTable prices the counts of a Ledger; nothing is simulated again."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import exp, fsum, log
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator

from hwsim import sram
from hwsim.configuration import Configured, load_yaml
from hwsim.dram.table import DramTable
from hwsim.errors import HwsimError, nearest
from hwsim.hardware import Buffer, Hardware, Precision
from hwsim.ledger import ACTIONS, DRAM_BYTES, DRAM_COMMANDS, Ledger
from hwsim.storage import content_id, damage_named, write_text

TABLES = Path(__file__).parent / "tables" / "energy"
Status = Literal["measured", "published", "interpolated"]

COMPONENTS: dict[str, tuple[str, ...]] = {
    "pe_array": ("ac_issued", "mac_issued", "pe_cycles"),
    "lif_units": (
        "lif_update", "decay_shift", "decay_multiply", "bias_add", "readout_update", "relu_update",
        "membrane_register_read", "membrane_register_write", "hold_register_read", "hold_register_write",
    ),
    "vector_lanes": ("vector_add", "vector_mac", "pool_or"),
    "weight_buffer": ("weight_buffer_read", "weight_buffer_write"),
    "input_buffer": ("input_buffer_read", "input_buffer_write"),
    "output_buffer": ("output_buffer_read", "output_buffer_write"),
    "membrane_buffer": ("membrane_buffer_read", "membrane_buffer_write"),
    "partial_sum_buffer": ("partial_sum_buffer_read", "partial_sum_buffer_write"),
    "dram": (*DRAM_BYTES, "dram_activates", "dram_reads", "dram_writes"),
}  # fmt: skip
"""Which actions cost energy, and where. Actions in none of them are counts only."""

STANDING = ("dram_refreshes", "dram_active_cycles", "dram_precharged_cycles")
"""What a DRAM spends because time passes: priced, and told beside the energy of the work."""

FREE = ("decay_shift", "membrane_register_read", "hold_register_read", "pool_or")
"""Wires and gates below the resolution of every table."""


class Row(Configured):
    """A constant: of a primitive at a width in bits, of a whole action, or of a structure's area."""

    item: str
    bits: PositiveInt | None = None
    energy_pj: NonNegativeFloat | None = None
    area_um2: NonNegativeFloat | None = None
    status: Status
    source: str = Field(min_length=8)


class GridChoice(Configured):
    node_nm: PositiveInt
    cell_type: str


class SramPoint(Configured):
    capacity_bytes: PositiveInt
    word_bits: PositiveInt
    energy_pj: PositiveFloat


class SramEnergy(Configured):
    """Energy of a buffer word: from the CACTI grid, or from published points over capacity."""

    grid: GridChoice | None = None
    points: list[SramPoint] = Field(default_factory=list)
    status: Status
    source: str = Field(min_length=8)

    @model_validator(mode="after")
    def _one_of_them(self) -> "SramEnergy":
        if (self.grid is None) == (not self.points):
            raise ValueError("give either grid or points")
        return self


class CostTable(Configured):
    """Constants of one source or convention; without ``sram``, buffers are unpriced.

    ``dram``: ``device`` prices a DRAM with the energies of its own table, by the commands that it plays or
    by the bytes of a flat one; ``table``, and a DRAM without such energies, by the bytes moved, with this
    table's ``dram_byte``.
    """

    name: str
    description: str
    node_nm: PositiveInt
    voltage_v: PositiveFloat | None
    rows: list[Row]
    sram: SramEnergy | None = None
    dram: Literal["device", "table"] = "device"
    area_from: str

    @property
    def id(self) -> str:
        return content_id("table", self.model_dump())

    def of(self, item: str, bits: int | None = None) -> float | None:
        """Energy (pJ) of an item, interpolated log-log between widths.

        From a width that costs nothing linearly; narrower than every row as the narrowest one, which bounds
        it from above. None if the table has no such row. Raises HwsimError if every row is narrower.
        """
        return _at_least(self.name, item, bits, [(r.bits, r.energy_pj) for r in self._rows(item)])

    def whole(self, action: str, width: int | None = None) -> float | None:
        """Energy (pJ) of a row named like an action: the narrowest that holds the width, or for all."""
        rows = {r.bits: r.energy_pj for r in self._rows(action) if r.energy_pj is not None}
        wide = [bits for bits in rows if bits is not None and width is not None and bits >= width]
        return rows[min(wide)] if wide else rows.get(None)

    def widest(self, action: str) -> float:
        """Energy (pJ) of the widest row named like an action, 0 without any."""
        rows = [(r.bits, r.energy_pj) for r in self._rows(action) if r.bits and r.energy_pj is not None]
        return max(rows)[1] if rows else 0.0

    def area(self, item: str, bits: int | None = None) -> float:
        """Area (um2) of a structure, or of a primitive at a width, interpolated as energies are.

        Raises HwsimError if the table has none.
        """
        areas = [(r.bits, r.area_um2) for r in self._rows(item) if r.area_um2 is not None]
        found = areas[0][1] if areas and bits is None else _at_least(self.name, item, bits, areas)
        if found is None:
            raise HwsimError(f"table {self.name!r} has no area for {item!r}")
        return found

    def _rows(self, item: str) -> Iterable[Row]:
        return (r for r in self.rows if r.item == item)


def tables() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


@cache
def _shipped(name: str) -> CostTable:
    return load_yaml(TABLES / f"{name}.yaml", CostTable)


def load_table(name: str) -> CostTable:
    """A table by name, or a YAML file by path."""
    if Path(name).suffix in (".yaml", ".yml"):
        return load_yaml(Path(name), CostTable)
    if name not in tables():
        raise HwsimError(f"unknown table {name!r}.{nearest(name, tables())} Or a .yaml file.")
    return _shipped(name)


def _interpolated(
    table: str, item: str, bits: int | None, rows: Sequence[tuple[int | None, float | None]]
) -> float | None:
    values = sorted((b, e) for b, e in rows if b is not None and e is not None)
    if bits is None or not values:
        whole = [e for b, e in rows if b is None and e is not None]
        return whole[0] if whole else None
    if not values[0][0] <= bits <= values[-1][0]:
        raise HwsimError(
            f"table {table!r} has {item!r} for {values[0][0]} to {values[-1][0]} bits, not for {bits}"
        )
    low = max(v for v in values if v[0] <= bits)
    high = min(v for v in values if v[0] >= bits)
    if low == high:
        return low[1]
    at = log(bits / low[0]) / log(high[0] / low[0])
    if low[1] == 0 or high[1] == 0:
        return (1 - at) * low[1] + at * high[1]
    return exp((1 - at) * log(low[1]) + at * log(high[1]))


def _at_least(
    table: str, item: str, bits: int | None, rows: Sequence[tuple[int | None, float | None]]
) -> float | None:
    """Interpolated; narrower than every row, the narrowest one's."""
    widths = [b for b, value in rows if b is not None and value is not None]
    return _interpolated(table, item, bits and max(bits, min(widths, default=bits)), rows)


def composed_energy(table: CostTable, hardware: Hardware, action: str) -> float | None:
    """Energy of one array, LIF or lane action (pJ), of its whole row or of primitives at the chip's widths:

    ac = add(sum); mac = multiply(weight or activation, the wider) + add(sum); LIF and ReLU updates
    compare(state) + add(state), or compare(activation); biases and readouts add(state);
    other decays multiply(state); shortcuts add(sum); pe_cycles register(weight) + register(1);
    states and held sums kept in the array register(width). A whole row for b bits holds for widths up to b;
    wider than every row, at least what the widest costs. None where the table has no row of a part. Raises
    HwsimError where it has some, all narrower than the chip.
    """
    width = action_widths(hardware.precision).get(action)
    own = table.whole(action, width)
    if own is not None:
        return own
    total = 0.0
    for item, bits in recipes(hardware.precision)[action]:
        with _named(f"hardware {hardware.name!r}: precision.{_fields_of(hardware.precision, bits)} = {bits}"):
            part = table.of(item, bits)
        if part is None:
            return None
        total += part
    return total if width is None else max(total, table.widest(action))


def action_widths(p: Precision) -> dict[str, int]:
    """What the bits of a whole row mean (docs/design.md, Prices)."""
    return {"ac_issued": p.weight_bits, "mac_issued": p.widest_operand, "lif_update": p.state_bits}


def recipes(p: Precision) -> dict[str, tuple[tuple[str, int], ...]]:
    """Primitives of an action, each at the bits that the chip asks for."""
    return {
        "ac_issued": (("add", p.partial_sum_bits),),
        "mac_issued": (("multiply", p.widest_operand), ("add", p.partial_sum_bits)),
        "pe_cycles": (("register", p.weight_bits), ("register", 1)),
        "bias_add": (("add", p.state_bits),),
        "lif_update": (("compare", p.state_bits), ("add", p.state_bits)),
        "decay_multiply": (("multiply", p.state_bits),),
        "readout_update": (("add", p.state_bits),),
        "relu_update": (("compare", p.activation_bits),),
        "membrane_register_write": (("register", p.state_bits),),
        "hold_register_write": (("register", p.partial_sum_bits),),
        "vector_add": (("add", p.partial_sum_bits),),
        "vector_mac": (("multiply", p.widest_operand), ("add", p.partial_sum_bits)),
    }


def check_widths(table: CostTable, hardware: Hardware, actions: Iterable[str]) -> None:
    """Raises HwsimError where a primitive of these actions is narrower in the table than on the chip."""
    chosen = set(actions)
    for action in recipes(hardware.precision):
        if action in chosen:
            composed_energy(table, hardware, action)


def unit_energies(table: CostTable, hardware: Hardware) -> dict[str, float | None]:
    """Energy of one count of every action that costs any (pJ), by :func:`composed_energy`.

    None where the table does not say, or not for widths as wide as the chip's. A row named like an action
    wins. DRAM as in :func:`dram_energies`. Raises HwsimError for buffers outside the table.
    """
    energies: dict[str, float | None] = dict.fromkeys(FREE, 0.0)
    for action in recipes(hardware.precision):
        try:
            energies[action] = composed_energy(table, hardware, action)
        except HwsimError:
            energies[action] = None
    for name, buffer in hardware.buffers.present().items():
        with _named(f"hardware {hardware.name!r}: buffers.{name}"):
            read, write = buffer_energy(table, buffer)
        energies[f"{name}_buffer_read"], energies[f"{name}_buffer_write"] = read, write
    energies |= dram_energies(table, hardware)
    widths = action_widths(hardware.precision)
    named = {action: table.whole(action, widths.get(action)) for action in energies}
    return energies | {action: energy for action, energy in named.items() if energy is not None}


@contextmanager
def _named(part: str) -> Iterator[None]:
    """What a table does not reach becomes an error of that part of the chip."""
    try:
        yield
    except HwsimError as error:
        raise HwsimError(f"{part}: {error}") from None


def _fields_of(precision: Precision, bits: int) -> str:
    """The widths of a chip that are of so many bits."""
    return " or ".join(name for name, value in precision.model_dump().items() if value == bits)


def command_table(table: CostTable, hardware: Hardware) -> DramTable | None:
    """The DRAM whose own energies count; None if bytes are priced by the cost table."""
    return hardware.dram.banked if table.dram == "device" else None


def flat_table(table: CostTable, hardware: Hardware) -> DramTable | None:
    """The flat DRAM whose own energy of a bit counts; None if it has none or the cost table prices bytes."""
    device = hardware.dram.device if table.dram == "device" else None
    return device if device and device.flat and device.flat.energy_pj_per_bit is not None else None


def byte_energy(table: CostTable, hardware: Hardware) -> float | None:
    """Energy of a byte to or from DRAM where bytes are priced (pJ): 8 * pJ a bit of a flat DRAM, or
    ``dram_byte``."""
    device = flat_table(table, hardware)
    if device is None or device.flat is None or device.flat.energy_pj_per_bit is None:
        return table.of("dram_byte")
    return 8 * device.flat.energy_pj_per_bit


def dram_energies(table: CostTable, hardware: Hardware) -> dict[str, float | None]:
    """Energy of a DRAM byte, or of a command and a rank's cycle (pJ); what is not priced by costs nothing.

    Bytes by :func:`byte_energy`. A read or write includes the IO of its bits where the DRAM's table has it.
    A cycle: mW * 1e9 / clock.
    """
    device = command_table(table, hardware)
    energies: dict[str, float | None] = dict.fromkeys((*DRAM_BYTES, *DRAM_COMMANDS), 0.0)
    if device is None:
        return energies | dict.fromkeys(DRAM_BYTES, byte_energy(table, hardware))
    e = device.energy
    assert e is not None
    io = 8 * device.burst_bytes * (e.io_pj_per_bit or 0.0)
    cycle = 1e9 / device.clock_hz
    return energies | {
        "dram_activates": e.activate_precharge_pj,
        "dram_reads": None if e.read_pj is None else e.read_pj + io,
        "dram_writes": None if e.write_pj is None else e.write_pj + io,
        "dram_refreshes": e.refresh_pj,
        "dram_active_cycles": None if e.active_mw is None else e.active_mw * cycle,
        "dram_precharged_cycles": None if e.precharged_mw is None else e.precharged_mw * cycle,
    }


def buffer_energy(table: CostTable, buffer: Buffer) -> tuple[float | None, float | None]:
    """Energy of a word read and of a word write (pJ)."""
    if table.sram is None:
        return None, None
    if table.sram.grid:
        grid = table.sram.grid
        found = sram.access(grid.node_nm, grid.cell_type, buffer.capacity_bytes, buffer.word_bits)
        return found.read_pj, found.write_pj
    points: list[tuple[int | None, float | None]] = [
        (p.capacity_bytes * 8, p.energy_pj / p.word_bits) for p in table.sram.points
    ]
    sizes = sorted(p.capacity_bytes for p in table.sram.points)
    if not sizes[0] <= buffer.capacity_bytes <= sizes[-1]:
        raise HwsimError(
            f"capacity_bytes = {buffer.capacity_bytes}: table {table.name!r} reaches from {sizes[0]} to "
            f"{sizes[-1]} bytes"
        )
    per_bit = _interpolated(table.name, "SRAM", buffer.capacity_bytes * 8, points)
    assert per_bit is not None
    return per_bit * buffer.word_bits, per_bit * buffer.word_bits


def chip_area(table: CostTable, hardware: Hardware) -> dict[str, float]:
    """Area by component (um2): PEs, LIF units, buffers from the grid.

    A PE has a scratchpad, an accumulator for each of its time lanes, and, if the chip says so, a multiplier
    for the wider of weights and activations.
    """
    kernels = load_table(table.area_from)
    if kernels.sram is None or kernels.sram.grid is None:
        raise HwsimError(f"table {kernels.name!r} names no SRAM grid to take areas from")
    grid = kernels.sram.grid
    array = hardware.pe_array
    pe = array.lanes * kernels.area("accumulator") + kernels.area("scratchpad")
    if array.multipliers:
        pe += kernels.area("multiply", hardware.precision.widest_operand)
    area = {
        "pe_array": array.rows * array.columns * pe,
        "lif_units": hardware.lif.units * kernels.area("lif_unit"),
    }
    for name, buffer in hardware.buffers.present().items():
        with _named(f"hardware {hardware.name!r}: buffers.{name}"):
            found = sram.access(grid.node_nm, grid.cell_type, buffer.capacity_bytes, buffer.word_bits)
        area[f"{name}_buffer"] = found.area_um2
    return area


@dataclass(frozen=True, eq=False)
class Cost:
    """Energy per layer and action (pJ), its unit energies, and area by component (um2).

    ``unpriced``: actions that happened and would cost energy, but for which the table has no number.
    """

    table: str
    layers: tuple[str, ...]
    unit_pj: dict[str, float | None]
    energy_pj: NDArray[np.float64]
    area_um2: dict[str, float]
    unpriced: tuple[str, ...]

    @property
    def total_pj(self) -> float:
        """Dynamic energy: of everything in COMPONENTS."""
        return fsum(self.by_component().values())

    @property
    def standing_pj(self) -> float:
        """Background and refresh of a DRAM that plays commands, not in ``total_pj``."""
        return fsum(self._actions(STANDING).ravel())

    def by_component(self) -> dict[str, float]:
        return {name: fsum(self._columns(name).ravel()) for name in COMPONENTS}

    def by_layer(self) -> dict[str, dict[str, float]]:
        """Energy of each layer by component (pJ)."""
        sums = {name: self._columns(name).sum(axis=1) for name in COMPONENTS}
        return {
            layer: {name: float(column[i]) for name, column in sums.items()}
            for i, layer in enumerate(self.layers)
        }

    def _columns(self, component: str) -> NDArray[np.float64]:
        return self._actions(COMPONENTS[component])

    def _actions(self, actions: tuple[str, ...]) -> NDArray[np.float64]:
        names = list(ACTIONS)
        return self.energy_pj[:, [names.index(a) for a in actions]]

    def verify(self) -> None:
        if not np.isfinite(self.energy_pj).all() or (self.energy_pj < 0).any():
            raise HwsimError(f"cost under table {self.table!r}: an energy is negative or not finite")

    @property
    def id(self) -> str:
        return content_id("cost", self.as_dict())

    def save(self, path: Path) -> None:
        write_text(path, json.dumps(self.as_dict(), indent=1, allow_nan=False) + "\n")

    @staticmethod
    def load(path: Path) -> "Cost":
        """Read a saved cost. Raises HwsimError naming the file if it is damaged."""
        if not path.is_file():
            raise HwsimError(f"{path}: no such file")
        with damage_named(path, "cost"):
            return Cost.from_dict(json.loads(path.read_text(encoding="utf-8")))

    def as_dict(self) -> dict[str, Any]:
        """Everything as JSON values; :meth:`from_dict` reads it back."""
        return {
            "table": self.table,
            "layers": list(self.layers),
            "actions": list(ACTIONS),
            "unit_pj": self.unit_pj,
            "energy_pj": self.energy_pj.tolist(),
            "area_um2": self.area_um2,
            "unpriced": list(self.unpriced),
        }

    @staticmethod
    def from_dict(values: dict[str, Any]) -> "Cost":
        if values.get("actions") != list(ACTIONS):
            raise HwsimError("this cost was written with other actions")
        energy = np.array(values["energy_pj"], np.float64).reshape(len(values["layers"]), len(ACTIONS))
        cost = Cost(
            values["table"], tuple(values["layers"]), values["unit_pj"], energy,
            values["area_um2"], tuple(values["unpriced"]),
        )  # fmt: skip
        cost.verify()
        return cost


def price(ledger: Ledger, hardware: Hardware, table: CostTable) -> Cost:
    """Energy = counts * unit energies; area from the chip.

    Raises HwsimError where an action that happened is of widths beyond the table.
    """
    units = unit_energies(table, hardware)
    charged = {a for actions in (*COMPONENTS.values(), STANDING) for a in actions}
    vector = np.array([units.get(a) or 0.0 if a in charged else 0.0 for a in ACTIONS])
    unpriced = tuple(a for a in ACTIONS if a in charged and units.get(a) is None and ledger.total(a) > 0)
    check_widths(table, hardware, unpriced)
    energy = ledger.counts * vector
    return Cost(table.name, ledger.layers, units, energy, chip_area(table, hardware), unpriced)
