"""Cost: how much. A CostTable prices the counts of a Ledger; nothing is simulated again."""

import json
from collections.abc import Iterable, Iterator
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
from hwsim.hardware import Buffer, Hardware
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

    ``dram``: ``device`` prices a DRAM whose commands are played by them, with the energies of its own table;
    ``table``, and plain bandwidth always, by the bytes moved, with this table's ``dram_byte``.
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

        From a width that costs nothing linearly. None if the table has no such row.
        """
        return _interpolated(self.name, item, bits, [(r.bits, r.energy_pj) for r in self._rows(item)])

    def whole(self, action: str, width: int | None = None) -> float | None:
        """Energy (pJ) of a row named like an action, if it is for every width or for just this one."""
        rows = [r for r in self._rows(action) if r.energy_pj is not None and r.bits in (None, width)]
        return rows[0].energy_pj if rows else None

    def area(self, item: str) -> float:
        """Area (um2) of a structure. Raises HwsimError if the table has none."""
        areas = [r.area_um2 for r in self._rows(item) if r.area_um2 is not None]
        if not areas:
            raise HwsimError(f"table {self.name!r} has no area for {item!r}")
        return areas[0]

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
    table: str, item: str, bits: int | None, rows: list[tuple[int | None, float | None]]
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


def unit_energies(table: CostTable, hardware: Hardware) -> dict[str, float | None]:
    """Energy of one count of every action that costs any (pJ); None where the table does not say.

    A row named like an action wins if it is for the chip's width. Else actions are composed of
    primitives at the chip's widths:
    ac = add(sum); mac = multiply(weight or activation, the wider) + add(sum); LIF and ReLU updates
    compare(state) + add(state), or compare(activation); biases and readouts add(state);
    other decays multiply(state); shortcuts add(sum); pe_cycles register(weight) + register(1);
    states and held sums kept in the array register(width). DRAM as in :func:`dram_energies`.
    """
    p = hardware.precision
    widest = max(p.weight_bits, p.activation_bits)
    wider = "weight_bits" if p.weight_bits == widest else "activation_bits"
    recipes: dict[str, tuple[tuple[str, str], ...]] = {
        "ac_issued": (("add", "partial_sum_bits"),),
        "mac_issued": (("multiply", wider), ("add", "partial_sum_bits")),
        "pe_cycles": (("register", "weight_bits"), ("register", "1")),
        "bias_add": (("add", "state_bits"),),
        "lif_update": (("compare", "state_bits"), ("add", "state_bits")),
        "decay_multiply": (("multiply", "state_bits"),),
        "readout_update": (("add", "state_bits"),),
        "relu_update": (("compare", "activation_bits"),),
        "membrane_register_write": (("register", "state_bits"),),
        "hold_register_write": (("register", "partial_sum_bits"),),
        "vector_add": (("add", "partial_sum_bits"),),
        "vector_mac": (("multiply", wider), ("add", "partial_sum_bits")),
    }
    widths = {"ac_issued": p.weight_bits, "mac_issued": widest, "lif_update": p.state_bits}
    energies: dict[str, float | None] = dict.fromkeys(FREE, 0.0)
    for action, recipe in recipes.items():
        own = table.whole(action, widths.get(action))
        parts = [_at_width(table, hardware, *part) for part in recipe] if own is None else []
        known = [e for e in parts if e is not None]
        energies[action] = fsum(known) if len(known) == len(parts) else None
    for name, buffer in hardware.buffers.present().items():
        with _named(f"hardware {hardware.name!r}: buffers.{name}"):
            read, write = buffer_energy(table, buffer)
        energies[f"{name}_buffer_read"], energies[f"{name}_buffer_write"] = read, write
    energies |= dram_energies(table, hardware)
    named = {action: table.whole(action, widths.get(action)) for action in energies}
    return energies | {action: energy for action, energy in named.items() if energy is not None}


@contextmanager
def _named(part: str) -> Iterator[None]:
    """What a table does not reach becomes an error of that part of the chip."""
    try:
        yield
    except HwsimError as error:
        raise HwsimError(f"{part}: {error}") from None


def _at_width(table: CostTable, hardware: Hardware, item: str, width: str) -> float | None:
    """Energy (pJ) of an item at a width of the chip, or at one bit."""
    if width == "1":
        return table.of(item, 1)
    bits = getattr(hardware.precision, width)
    with _named(f"hardware {hardware.name!r}: precision.{width} = {bits}"):
        return table.of(item, bits)


def command_table(table: CostTable, hardware: Hardware) -> DramTable | None:
    """The DRAM whose own energies count; None if bytes are priced by the cost table."""
    return hardware.dram.banked if table.dram == "device" else None


def dram_energies(table: CostTable, hardware: Hardware) -> dict[str, float | None]:
    """Energy of a DRAM byte, or of a command and a rank's cycle (pJ); what is not priced by costs nothing.

    A read or write includes the IO of its bits where the DRAM's table has it. A cycle: mW * 1e9 / clock.
    """
    device = command_table(table, hardware)
    energies: dict[str, float | None] = dict.fromkeys((*DRAM_BYTES, *DRAM_COMMANDS), 0.0)
    if device is None:
        return energies | dict.fromkeys(DRAM_BYTES, table.of("dram_byte"))
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
    """Area by component (um2): accumulator and scratchpad per PE, LIF units, buffers from the grid."""
    kernels = load_table(table.area_from)
    if kernels.sram is None or kernels.sram.grid is None:
        raise HwsimError(f"table {kernels.name!r} names no SRAM grid to take areas from")
    grid = kernels.sram.grid
    pes = hardware.pe_array.rows * hardware.pe_array.columns
    area = {
        "pe_array": pes * (kernels.area("accumulator") + kernels.area("scratchpad")),
        "lif_units": hardware.lif.units * kernels.area("lif_unit"),
    }
    for name, buffer in hardware.buffers.present().items():
        with _named(f"hardware {hardware.name!r}: buffers.{name}"):
            found = sram.access(grid.node_nm, grid.cell_type, buffer.capacity_bytes, buffer.word_bits)
        area[f"{name}_buffer"] = found.area_um2
    return area


def caveats(table: CostTable, hardware: Hardware) -> list[str]:
    """Where constants are for another node or width than the chip's, or another table's than they seem."""
    found = []
    device = hardware.dram.banked
    if device is not None and command_table(table, hardware) is None:
        found.append(f"DRAM is priced by the byte by table {table.name}, not by {device.name}'s commands")
    elif device is not None and device.energy is not None:
        io = "without" if device.energy.io_pj_per_bit is None else "with"
        found.append(
            f"DRAM is priced by its commands with the energies of {device.name}, {io} IO, "
            f"not by table {table.name}"
        )
    if table.node_nm != hardware.node_nm:
        found.append(
            f"energies of table {table.name} are for {table.node_nm} nm, the chip is of {hardware.node_nm} nm"
        )
    kernels, precision = load_table(table.area_from), hardware.precision
    if kernels.node_nm != hardware.node_nm:
        found.append(
            f"areas of table {kernels.name} are for {kernels.node_nm} nm, the chip is of "
            f"{hardware.node_nm} nm"
        )
    for name, buffer in hardware.buffers.present().items():
        if buffer.capacity_bytes > sram.LARGEST_BYTES * -(-buffer.word_bits // sram.WIDEST_BITS):
            found.append(f"the {name} buffer is more than one SRAM; wires between them are not counted")
    for item, width in (("accumulator", precision.weight_bits), ("lif_unit", precision.state_bits)):
        for row in kernels.rows:
            if row.item == item and row.bits not in (None, width):
                found.append(f"area of the {item} is for {row.bits} bits, the chip has {width}")
    return found


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
    """Energy = counts * unit energies; area from the chip. Raises HwsimError outside the table's range."""
    units = unit_energies(table, hardware)
    charged = {a for actions in (*COMPONENTS.values(), STANDING) for a in actions}
    vector = np.array([units.get(a) or 0.0 if a in charged else 0.0 for a in ACTIONS])
    unpriced = tuple(a for a in ACTIONS if a in charged and units.get(a) is None and ledger.total(a) > 0)
    energy = ledger.counts * vector
    return Cost(table.name, ledger.layers, units, energy, chip_area(table, hardware), unpriced)
