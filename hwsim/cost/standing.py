"""Power that a chip draws whatever it does: leakage and clocks. Priced over time, beside dynamic energy."""

from collections.abc import Callable

from hwsim.cost.rows import Row
from hwsim.cost.structures import width_ratio
from hwsim.cost.table import CostTable
from hwsim.cost.unit_prices import grid_of, memory
from hwsim.hardware import Hardware


def standing_power(table: CostTable, hardware: Hardware) -> dict[str, float | None]:
    """Power of one tile by what draws it (mW); None where the table has no number.

    sram_leakage = sum over buffers, from the grid; logic_leakage = R C lanes * accumulator + U * LIF unit;
    clock = (the same of the energies of a cycle) * clock_hz. A table of a whole chip has ``chip`` alone.
    """
    if table.includes is not None:
        return {"chip": None if table.static is None else table.static.power_mw}
    grid = grid_of(table, hardware.buffers.cell_type)
    buffers = hardware.buffers.present().values()
    leakage = _logic(table, hardware, lambda row: row.leakage_uw)
    clock = _logic(table, hardware, lambda row: row.clock_pj)
    return {
        "sram_leakage": None if grid is None else sum(memory(grid, b).leakage_mw for b in buffers),
        "logic_leakage": None if leakage is None else leakage * 1e-3,
        "clock": None if clock is None else clock * hardware.clock_hz * 1e-9,
    }


def _logic(table: CostTable, hardware: Hardware, field: Callable[[Row], float | None]) -> float | None:
    """Sum of a field over all accumulators and LIF units; None unless the table has both.

    At other widths than the table's in proportion to area, which by open synthesis leakage follows to 7 %
    and the clock to 15 % (LIF units of 8 and 16 bits).
    """
    array = hardware.pe_array
    found = {row.item: field(row) for row in table.rows}
    accumulator, unit = (
        None
        if (each := found.get(item)) is None
        else each * (width_ratio(table, item, hardware.precision) or 1.0)
        for item in ("accumulator", "lif_unit")
    )
    if accumulator is None or unit is None:
        return None
    return array.rows * array.columns * array.lanes * accumulator + hardware.lif.units * unit
