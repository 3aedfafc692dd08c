"""Area of a chip of many cores: of tiles component by component, of event-driven cores as it is published."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum
from typing import Any

from hwsim.chip.config import Chip, grid_of
from hwsim.chip.cost import ChipCost
from hwsim.chip.tile_cost import TileCost
from hwsim.cost import CostTable, chip_area
from hwsim.hardware import Hardware
from hwsim.manycore.silicon import silicon_of

OF_TILES = ("decoders, control and vector lanes of a tile", "links", "DRAM")
"""What no table of areas has."""


@dataclass(frozen=True)
class ChipArea:
    """um2 by component, of all tiles together; ``not_counted``: what has no area in the sources.

    Without any component the area is not known.
    """

    um2: dict[str, float]
    sources: dict[str, str]
    not_counted: tuple[str, ...]

    @property
    def total_um2(self) -> float | None:
        """None where nothing is known."""
        return fsum(self.um2.values()) if self.um2 else None

    def as_dict(self) -> dict[str, Any]:
        return {
            "total_um2": self.total_um2,
            "um2": self.um2,
            "sources": self.sources,
            "not_counted": list(self.not_counted),
        }


def area_of(
    chip: Chip | Hardware, costs: Iterable[ChipCost | TileCost], multiplied: bool = False
) -> ChipArea:
    """Of tiles by the table of their cost."""
    if isinstance(chip, Chip):
        return area_of_cores(chip)
    return area_of_tiles(chip, next(cost.table for cost in costs if isinstance(cost, TileCost)), multiplied)


def area_of_tiles(chip: Hardware, table: CostTable, multiplied: bool = False) -> ChipArea:
    """tiles x (PEs + LIF units + buffers) from the table's areas, and routers from the row of ``grid.energy``
    where it has one. ``multiplied``: leaks are, by a multiplier in each LIF unit."""
    grid = grid_of(chip)
    um2 = {name: grid.cores * each for name, each in chip_area(table, chip, multiplied).items()}
    told = f"areas of {table.area_name}, {grid.cores} tiles"
    sources = dict.fromkeys(um2, told)
    left_out: tuple[str, ...] = OF_TILES
    if (each := grid.hop_energy.router_area_um2) is None:
        left_out = ("routers", *OF_TILES)
    else:
        um2["routers"] = grid.routers * each
        source = grid.hop_energy.sources.get("router_area_um2", "")
        sources["routers"] = f"{grid.hop_energy.name}: {source}; {grid.routers} routers"
    return ChipArea(um2, sources, left_out)


def area_of_cores(chip: Chip) -> ChipArea:
    """The die that is published of the chip."""
    row = silicon_of(chip)
    if row is None:
        told = f"all of it: no area is published of a chip {chip.name!r} of {chip.grid.cores} cores"
        return ChipArea({}, {}, (told,))
    source = f"{row.area.status}: {row.area.source}"
    return ChipArea({"die": row.area.mm2 * 1e6}, {"die": source}, ())
