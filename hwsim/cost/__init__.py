"""Cost: how much. A table prices the counts of a Ledger; nothing is simulated again."""

from hwsim.cost.components import COMPONENTS, STANDING
from hwsim.cost.pricing import Cost, price
from hwsim.cost.sensitivity import Priced, Sensitivity, sensitivity
from hwsim.cost.table import TABLES, CostTable, Status, load_table, tables
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
    recipes,
    unit_energies,
)

__all__ = [
    "COMPONENTS",
    "STANDING",
    "TABLES",
    "Cost",
    "CostTable",
    "Priced",
    "Sensitivity",
    "Status",
    "action_widths",
    "buffer_energy",
    "byte_energy",
    "check_widths",
    "chip_area",
    "command_table",
    "composed_energy",
    "dram_energies",
    "flat_table",
    "load_table",
    "price",
    "recipes",
    "sensitivity",
    "tables",
    "unit_energies",
]
