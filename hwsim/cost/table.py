"""A cost table: constants of one source, read from YAML and interpolated between widths and sizes."""

from collections.abc import Iterable, Sequence
from functools import cache
from math import exp, log
from pathlib import Path
from typing import Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hwsim.configuration import Configured, load_yaml
from hwsim.cost.components import COMPONENTS, STANDING
from hwsim.errors import HwsimError, nearest
from hwsim.storage import content_id

TABLES = Path(__file__).parents[1] / "tables" / "energy"
Status = Literal["measured", "published", "interpolated"]

PRIMITIVES = ("add", "multiply", "register", "compare", "and")
STRUCTURES = ("accumulator", "scratchpad", "lif_unit", "lif_unit_fitted")
"""Of which a table has one area each; their bits are those that it is for."""

WIDE_ACTIONS = ("ac_issued", "mac_issued", "lif_update")
"""Actions of which there may be a row a width."""

ITEMS = (
    *PRIMITIVES, *STRUCTURES, "dram_byte",
    *(action for actions in COMPONENTS.values() for action in actions), *STANDING,
)  # fmt: skip
"""What a row can be of; nothing reads any other."""

MOST_PJ, MOST_UM2, MOST_BITS = 1e9, 1e12, 4096
"""Bounds of one constant, far from what a double cannot hold times any count."""


class Row(Configured):
    """A constant: of a primitive at a width in bits, of a whole action, or of a structure's area."""

    item: str
    bits: PositiveInt | None = Field(default=None, le=MOST_BITS)
    energy_pj: NonNegativeFloat | None = Field(default=None, le=MOST_PJ)
    area_um2: NonNegativeFloat | None = Field(default=None, le=MOST_UM2)
    status: Status
    source: str = Field(min_length=8)

    @field_validator("item")
    @classmethod
    def _known(cls, item: str) -> str:
        if item not in ITEMS:
            raise ValueError(f"unknown item.{nearest(item, list(ITEMS))}")
        return item

    @field_validator("bits")
    @classmethod
    def _meaningful(cls, bits: int | None, info: ValidationInfo) -> int | None:
        item = info.data.get("item")
        if bits is not None and item is not None and item not in (*PRIMITIVES, *WIDE_ACTIONS, *STRUCTURES):
            raise ValueError(f"without effect: {item} has one constant for all widths; leave it out")
        return bits


class GridChoice(Configured):
    node_nm: PositiveInt
    cell_type: str


class SramPoint(Configured):
    capacity_bytes: PositiveInt = Field(le=2**40)
    word_bits: PositiveInt = Field(le=MOST_BITS)
    energy_pj: PositiveFloat = Field(le=MOST_PJ)


class SramEnergy(Configured):
    """Energy of a buffer word: from the CACTI grid, or from published points over capacity."""

    grid: GridChoice | None = None
    points: list[SramPoint] = Field(default_factory=list)
    status: Status
    source: str = Field(min_length=8)

    @field_validator("points")
    @classmethod
    def _distinct(cls, points: list[SramPoint]) -> list[SramPoint]:
        """One energy a capacity: nothing could tell which of two counts."""
        sizes = [point.capacity_bytes for point in points]
        if twice := [size for size in sizes if sizes.count(size) > 1]:
            raise ValueError(
                f"capacity_bytes {twice[0]} is there {sizes.count(twice[0])} times; allowed: once"
            )
        return points

    @model_validator(mode="after")
    def _one_of_them(self) -> "SramEnergy":
        if (self.grid is None) == (not self.points):
            raise ValueError("give either grid or points")
        return self


class CostTable(Configured):
    """Constants of one source or convention; without ``sram``, buffers are unpriced.

    ``dram``: ``device`` prices a DRAM with the energies of its own table, by the commands that it plays or
    by the bytes of a flat one; ``table``, and a DRAM without such energies, by the bytes moved, with this
    table's ``dram_byte``. ``area_from``: a table's name, or the path of a .yaml file from this file's folder.
    """

    name: str
    description: str
    node_nm: PositiveInt
    voltage_v: PositiveFloat | None
    rows: list[Row]
    sram: SramEnergy | None = None
    dram: Literal["device", "table"] = "device"
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


def _is_file_name(name: str) -> bool:
    return Path(name).suffix in (".yaml", ".yml")


def tables() -> list[str]:
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


@cache
def _shipped(name: str) -> CostTable:
    return load_yaml(TABLES / f"{name}.yaml", CostTable)


def load_table(name: str) -> CostTable:
    """A table by name, or a YAML file by path."""
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
