"""LIF units in the compute area, from each source that has both parts (EfficientLIF-Net, Fig. 10)."""

from hwsim.cost import CostTable
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware

SOURCES = {"kernels": "lif_unit", "fitted": "lif_unit_fitted"}
"""Published kernels, and the sharing paper's ratio of a LIF unit to the rest of its PE."""


def lif_area_share(table: CostTable, hardware: Hardware) -> dict[str, float]:
    """Share of the LIF units in the area of accumulators and LIF units together, by source.

    U a_LIF / (U a_LIF + R C lanes a_accumulator), one accumulator for each parallel time lane of a PE;
    buffers, scratchpads and multipliers are left out, as in the paper.
    Sources without such rows are left out.
    """
    kernels = table.areas
    array = hardware.pe_array
    accumulators = array.rows * array.columns * array.lanes
    shares = {}
    for source, item in SOURCES.items():
        try:
            lif, rest = kernels.area(item) * hardware.lif.units, kernels.area("accumulator") * accumulators
        except HwsimError:
            continue
        shares[source] = lif / (lif + rest)
    return shares
