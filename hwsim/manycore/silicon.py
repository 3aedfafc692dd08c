"""Silicon: what is published of a chip of event-driven cores as a whole, its die and its static power.

Rows of hwsim/tables/silicon, each number with its source. They hold for the chip of that name with all of its
cores, and for no other.
"""

from pathlib import Path

from pydantic import Field, PositiveFloat, PositiveInt

from hwsim.chip.config import Chip
from hwsim.configuration import Configured, load_yaml
from hwsim.cost import Status
from hwsim.cost.rows import StaticPower

TABLES = Path(__file__).parents[1] / "tables" / "silicon"


class DieArea(Configured):
    """Of the whole die, mm2."""

    mm2: PositiveFloat = Field(le=1e6)
    status: Status
    source: str = Field(min_length=8)


class Silicon(Configured):
    """A die with ``cores`` cores; ``static``: power that flows whatever it does, where one is published that
    is in no row of its prices."""

    name: str
    description: str
    chip: str
    cores: PositiveInt
    area: DieArea
    static: StaticPower | None = None


def dies() -> list[Silicon]:
    """All rows that ship."""
    return [load_yaml(path, Silicon) for path in sorted(TABLES.glob("*.yaml"))]


def silicon_of(chip: Chip) -> Silicon | None:
    """The row of a chip of this name and as many cores, if there is one."""
    return next((row for row in dies() if (row.chip, row.cores) == (chip.name, chip.grid.cores)), None)
