"""Rows of a cost table: constants with their unit, source and whether they are measured or published."""

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

from hwsim.configuration import Configured
from hwsim.cost.components import COMPONENTS, OPERATIONS, STANDING
from hwsim.errors import nearest

Status = Literal["measured", "published", "interpolated"]

PRIMITIVES = ("add", "multiply", "float_add", "float_multiply", "register", "compare", "and")
STRUCTURES = ("accumulator", "scratchpad", "lif_unit", "lif_unit_fitted", "lif_registers", "neuron")
"""Of which a table has one area each; their bits are those that it is for. ``lif_registers``: those within a
``lif_unit``. ``neuron``: a neuron of a chip that updates many on one circuit, its share of that."""

CLOCKED = ("accumulator", "lif_unit")
"""Structures that may also have leakage and energy of their clock."""

WIDE_ACTIONS = ("ac_issued", "mac_issued", "lif_update")
"""Actions of which there may be a row a width."""

ITEMS = (
    *PRIMITIVES, *STRUCTURES, "dram_byte",
    *(action for actions in COMPONENTS.values() for action in actions), *OPERATIONS, *STANDING,
)  # fmt: skip
"""What a row can be of; nothing reads any other."""

MOST_PJ, MOST_UM2, MOST_BITS = 1e9, 1e12, 4096
"""Bounds of one constant, far from what a double cannot hold times any count."""


class Row(Configured):
    """A constant: of a primitive at a width in bits, of a whole action, or of a structure's area.

    ``leakage_uw``, ``clock_pj``: power and energy of every cycle that a structure takes whatever it does.
    ``sum_bits``: of an accumulator, whose ``bits`` are those of the weights.
    """

    item: str
    bits: PositiveInt | None = Field(default=None, le=MOST_BITS)
    sum_bits: PositiveInt | None = Field(default=None, le=MOST_BITS)
    energy_pj: NonNegativeFloat | None = Field(default=None, le=MOST_PJ)
    area_um2: NonNegativeFloat | None = Field(default=None, le=MOST_UM2)
    leakage_uw: NonNegativeFloat | None = Field(default=None, le=MOST_PJ)
    clock_pj: NonNegativeFloat | None = Field(default=None, le=MOST_PJ)
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

    @model_validator(mode="after")
    def _standing(self) -> "Row":
        for field in ("leakage_uw", "clock_pj"):
            if getattr(self, field) is not None and self.item not in CLOCKED:
                raise ValueError(f"{field}: without effect: only {', '.join(CLOCKED)} have one; leave it out")
        if self.sum_bits is not None and self.item != "accumulator":
            raise ValueError("sum_bits: without effect: only accumulator has one; leave it out")
        return self


class GridChoice(Configured):
    """Where in the grid: node and cell type. ``energy_factor``, ``area_factor``: what scaling to a node that
    the grid does not have multiplies energies and areas with."""

    node_nm: PositiveInt
    cell_type: str
    energy_factor: PositiveFloat = Field(default=1.0, le=1e3)
    area_factor: PositiveFloat = Field(default=1.0, le=1e3)


class SramWord(Configured):
    """Energy of a word of a chip's own memory, whatever the capacity; other widths in proportion."""

    word_bits: PositiveInt = Field(le=MOST_BITS)
    read_pj: PositiveFloat = Field(le=MOST_PJ)
    write_pj: PositiveFloat = Field(le=MOST_PJ)


class SramPoint(Configured):
    capacity_bytes: PositiveInt = Field(le=2**40)
    word_bits: PositiveInt = Field(le=MOST_BITS)
    energy_pj: PositiveFloat = Field(le=MOST_PJ)


class SramEnergy(Configured):
    """Energy of a buffer word: from the CACTI grid, from published points over capacity, or one word's."""

    grid: GridChoice | None = None
    points: list[SramPoint] = Field(default_factory=list)
    word: SramWord | None = None
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
        if sum((self.grid is not None, bool(self.points), self.word is not None)) != 1:
            raise ValueError("give either grid or points or word")
        return self


class StaticPower(Configured):
    """Power of a whole chip that flows whatever it does; 0 where the source has it within its energies."""

    power_mw: NonNegativeFloat = Field(le=MOST_PJ)
    status: Status
    source: str = Field(min_length=8)


class AreaTable(Configured):
    """Areas of one source that no table of energies takes: to read, and to give with ``--area``."""

    name: str
    description: str
    node_nm: PositiveInt
    rows: list[Row]
