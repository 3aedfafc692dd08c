"""A cost table: constants of one source, read from YAML and interpolated between widths and sizes."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationInfo, field_validator, model_validator

from hwsim.configuration import Configured, load_yaml
from hwsim.cost.components import OPERATIONS
from hwsim.cost.rows import STRUCTURES, AreaTable, Row, SramEnergy, StaticPower
from hwsim.cost.scaling import Rescaling
from hwsim.errors import HwsimError, nearest
from hwsim.storage import content_id

TABLES = Path(__file__).parents[1] / "tables" / "energy"

AREAS = Path(__file__).parents[1] / "tables" / "area"

SCALED = re.compile(r"(.+)@(\d{1,5})nm(?:_(\d+(?:\.\d+)?)V)?")
"""The name of a table that is scaled: name, node, voltage."""


class CostTable(Configured):
    """Constants of one source or convention; without ``sram``, buffers are unpriced.

    ``dram``: ``device`` prices a DRAM with the energies of its own table, by the commands that it plays or
    by the bytes of a flat one; ``table``, and a DRAM without such energies, by the bytes moved, with this
    table's ``dram_byte``. ``area_from``: a table's name, or the path of a .yaml file from this file's folder.

    ``includes``: of a whole chip's energy of a synaptic operation, what it holds. Such a table has rows of
    useful operations (``ac``, ``mac``) and prices nothing else; ``static``: the power that comes beside them.
    ``notes``: what every result under this table tells under its caveats.
    """

    name: str
    description: str
    node_nm: PositiveInt
    voltage_v: PositiveFloat | None
    rows: list[Row]
    sram: SramEnergy | None = None
    dram: Literal["device", "table"] = "device"
    includes: str | None = Field(default=None, min_length=8)
    static: StaticPower | None = None
    notes: list[str] = Field(default_factory=list)
    area_from: str

    @field_validator("rows")
    @classmethod
    def _distinct(cls, rows: list[Row]) -> list[Row]:
        """An item has one row a width, a structure one row."""
        seen: dict[tuple[str, int | None], int] = {}
        for i, row in enumerate(rows):
            key = row.item, None if row.item in STRUCTURES else row.bits
            if key in seen:
                width = "" if row.bits is None or row.item in STRUCTURES else f" of {row.bits} bits"
                raise ValueError(f"rows {seen[key]} and {i} are both of {row.item}{width}; allowed: one")
            seen[key] = i
        return rows

    @model_validator(mode="after")
    def _whole_or_parts(self) -> "CostTable":
        """A whole chip's number holds what rows of parts would count again."""
        whole = [row.item for row in self.rows if row.item in OPERATIONS]
        if self.includes is None:
            if whole or self.static:
                found = whole[0] if whole else "static"
                raise ValueError(f"{found}: of a whole chip; say in includes what its energy holds")
        elif self.sram or sorted(whole) != sorted(OPERATIONS) or len(self.rows) != len(whole):
            raise ValueError(f"includes: a row of {' and of '.join(OPERATIONS)} each, and nothing else")
        return self

    @field_validator("area_from")
    @classmethod
    def _beside(cls, area_from: str, info: ValidationInfo) -> str:
        if _is_file_name(area_from) and info.context:
            return str((info.context["folder"] / area_from).resolve())
        return area_from

    @property
    def id(self) -> str:
        own = self.model_dump()
        if _is_file_name(self.area_from):
            own["area_from"] = self.areas.model_dump(exclude={"area_from"})
        return content_id("table", own)

    @property
    def areas(self) -> "CostTable":
        """The table that areas are from. Raises HwsimError if there is none."""
        return load_table(self.area_from)

    @property
    def area_name(self) -> str:
        """What ``area_from`` is called, without a path of this machine."""
        return Path(self.area_from).name

    @property
    def no_ann(self) -> str:
        """Why there is no counterpart under a table of a whole chip."""
        return f"table {self.name} prices the synaptic operations of a spiking chip alone"

    @property
    def areas_scaled_to(self) -> int | None:
        """The node (nm) that areas are scaled to, None where they are as sourced."""
        found = SCALED.fullmatch(self.area_from)
        return None if found is None else int(found[2])

    def scaled(self, node_nm: int, voltage_v: float | None = None) -> "CostTable":
        """The same constants at another node and voltage (the table's own if None), each ``interpolated``.

        Logic by :mod:`hwsim.cost.scaling`; SRAM at the grid's own node where it has it; DRAM, leakage and the
        network-on-chip stay. Areas too, also those of ``area_from``. Raises HwsimError for a table of a whole
        chip or one that is scaled already, and outside of the sourced range.
        """
        if self.includes is not None:
            raise HwsimError(f"table {self.name!r} is of a whole chip, memories and all: it is not scaled")
        if SCALED.fullmatch(self.name):
            raise HwsimError(f"table {self.name!r} is scaled already; scale the table that it is from")
        if node_nm == self.node_nm and voltage_v in (None, self.voltage_v):
            return self
        to = node_nm, self.voltage_v if voltage_v is None else voltage_v
        change = Rescaling.of((self.node_nm, self.voltage_v), to)
        update = {
            "name": self.name + suffix(node_nm, voltage_v),
            "node_nm": node_nm,
            "voltage_v": to[1],
            "rows": [change.row(row) for row in self.rows],
            "sram": self.sram and change.sram(self.sram),
            "area_from": self.area_from + suffix(node_nm, None),
            "notes": [*self.notes, *change.notes(self.name, self.sram)],
        }
        return self.model_copy(update=update)

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


def suffix(node_nm: int, voltage_v: float | None) -> str:
    """What a name says of scaling."""
    return f"@{node_nm}nm" if voltage_v is None else f"@{node_nm}nm_{voltage_v:g}V"


def _is_file_name(name: str) -> bool:
    found = SCALED.fullmatch(name)
    return Path(found[1] if found else name).suffix in (".yaml", ".yml")


def tables() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


@cache
def _shipped(name: str) -> CostTable:
    return load_yaml(TABLES / f"{name}.yaml", CostTable)


def load_areas(path: Path) -> AreaTable:
    """Areas that no table of energies takes."""
    return load_yaml(path, AreaTable)


def load_table(name: str) -> CostTable:
    """A table by name, or a YAML file by path; either may be scaled: horowitz45@28nm, mine.yaml@16nm_0.8V."""
    if found := SCALED.fullmatch(name):
        return load_table(found[1]).scaled(int(found[2]), None if found[3] is None else float(found[3]))
    if _is_file_name(name):
        return load_yaml(Path(name), CostTable)
    if name not in tables():
        raise HwsimError(f"unknown table {name!r}.{nearest(name, tables())} Or a .yaml file.")
    return _shipped(name)


def interpolated(
    table: str, item: str, bits: int | None, rows: Sequence[tuple[int | None, float | None]]
) -> float | None:
    """Value at a width: log-log between the widths of its rows (bits, value), linear where one is zero.

    The row without a width where ``bits`` is None or no row has one; None without such a row. Raises
    HwsimError outside the rows' widths.
    """
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
    return interpolated(table, item, bits and max(bits, min(widths, default=bits)), rows)
