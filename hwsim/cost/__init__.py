"""Cost: how much. A table prices the counts of a Ledger; nothing is simulated again."""

from hwsim.cost.components import COMPONENTS, OPERATIONS, STANDING, WHOLE
from hwsim.cost.pricing import Cost, price
from hwsim.cost.rows import Row, Status
from hwsim.cost.scaling import scaling
from hwsim.cost.sensitivity import Priced, Sensitivity, by_sources, every_table, sensitivity, verdict
from hwsim.cost.standing import standing_power
from hwsim.cost.structures import leak_multiplier, structure_area, width_caveats, width_ratio
from hwsim.cost.table import AREAS, TABLES, CostTable, load_areas, load_table, suffix, tables
from hwsim.cost.unit_prices import (
    action_widths,
    buffer_energy,
    byte_energy,
    check_widths,
    chip_area,
    command_table,
    composed_energy,
    dram_energies,
    flat_table,
    grid_of,
    memory,
    recipes,
    unit_energies,
)

__all__ = [
    "AREAS",
    "COMPONENTS",
    "OPERATIONS",
    "STANDING",
    "TABLES",
    "WHOLE",
    "Cost",
    "CostTable",
    "Priced",
    "Row",
    "Sensitivity",
    "Status",
    "action_widths",
    "buffer_energy",
    "by_sources",
    "byte_energy",
    "check_widths",
    "chip_area",
    "command_table",
    "composed_energy",
    "dram_energies",
    "every_table",
    "flat_table",
    "grid_of",
    "leak_multiplier",
    "load_areas",
    "load_table",
    "memory",
    "price",
    "recipes",
    "scaling",
    "sensitivity",
    "standing_power",
    "structure_area",
    "suffix",
    "tables",
    "unit_energies",
    "verdict",
    "width_caveats",
    "width_ratio",
]
