"""Area, leakage and clock of a PE's accumulator and of a LIF unit at the widths of a chip.

A table has one row of each, of the widths that its source built. At others the row is times the ratio of
what its parts add up to at both widths, by the areas that the same table has of these.
"""

from math import fsum

from hwsim.cost.rows import Row
from hwsim.cost.table import CostTable
from hwsim.errors import HwsimError
from hwsim.hardware import Precision

PARTS = {
    "accumulator": ("add", "register"),
    "lif_unit": ("add", "compare", "register"),
    "lif_unit_fitted": ("add", "compare", "register"),
    "lif_registers": ("register",),
}
"""Of the sums' width in an accumulator, of a state's in LIF units. The gates that a spike opens for a weight,
3 to 4 % of an accumulator by open synthesis from 4 to 8 and from 8 to 16 bits, are left at the row's."""


def structure_area(kernels: CostTable, item: str, precision: Precision) -> float:
    """Area (um2) at a chip's widths. Raises HwsimError if the table has no row of it."""
    return kernels.area(item) * (width_ratio(kernels, item, precision) or 1.0)


def width_ratio(kernels: CostTable, item: str, precision: Precision) -> float | None:
    """A structure at a chip's width over the one of the table's row: sum of parts over sum of parts.

    1 at the row's own width, and where no width is told or the structure has none. None where the table has
    no areas of the parts, or not as wide: the row is then taken as it is.
    """
    row = _row(kernels, item)
    width = row and _width(row)
    if not width or (asked := _asked(item, precision)) in (None, width):
        return 1.0
    try:
        above, below = (fsum(kernels.area(part, bits) for part in PARTS[item]) for bits in (asked, width))
    except HwsimError:
        return None
    return above / below


def leak_multiplier(kernels: CostTable, precision: Precision) -> float | None:
    """Area (um2) of the multiplier that a LIF unit has for leaks that are no shifts and additions, of the
    width of a state; None where the table has none as wide."""
    try:
        return kernels.area("multiply", precision.state_bits)
    except HwsimError:
        return None


def width_caveats(kernels: CostTable, precision: Precision, multiplied: bool = False) -> list[str]:
    """Where areas are scaled to the chip's widths, and where they cannot be."""
    found = []
    for item in ("accumulator", "lif_unit"):
        row = _row(kernels, item)
        if row is None:
            continue
        width, asked = _width(row), _asked(item, precision)
        ratio = width_ratio(kernels, item, precision)
        if ratio is None:
            found.append(f"area of the {item} is for {width} bits, the chip has {asked}")
        elif width is not None and width != asked:
            parts = ", ".join(PARTS[item])
            found.append(
                f"area of the {item} is scaled from {width} to {asked} bits by its parts in table "
                f"{kernels.name} ({parts}): x {ratio:.3g}"
            )
        if item == "accumulator" and row.bits not in (None, precision.weight_bits):
            found.append(
                f"area of the accumulator is for {row.bits}-bit weights, the chip has {precision.weight_bits}"
            )
    if multiplied:
        area = leak_multiplier(kernels, precision)
        bits = precision.state_bits
        found.append(
            f"leaks are multiplied: {kernels.name} has no area of a {bits}-bit multiplier; none is counted"
            if area is None
            else f"leaks are multiplied: each LIF unit has a multiplier of {bits} bits, {area:,.1f} um2"
        )
    return found


def _row(kernels: CostTable, item: str) -> Row | None:
    return next((row for row in kernels.rows if row.item == item), None)


def _width(row: Row) -> int | None:
    """Bits of the words that a row's structure adds up or holds."""
    return row.sum_bits if row.item == "accumulator" else row.bits


def _asked(item: str, precision: Precision) -> int | None:
    if item not in PARTS:
        return None
    return precision.partial_sum_bits if item == "accumulator" else precision.state_bits
