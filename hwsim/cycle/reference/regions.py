"""Where in DRAM each transfer begins: a region for each layer and operand (docs/machine.md, S2)."""

from hwsim.cycle.reference.chart import Chart
from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.layers import Layer, ceil_div
from hwsim.errors import HwsimError

REGIONS = ("weight", "input", "membrane", "hold", "spill", "output")
ALIGNMENT = 8192
"""Bytes."""


def lay_out(layers: list[Layer], jobs: list[Job], chart: Chart, weight_bytes: dict[str, int]) -> None:
    """Give every request its address. Raises HwsimError if the regions do not fit the DRAM."""
    device = chart.hardware.dram.banked
    assert device is not None
    largest: dict[tuple[str, str], int] = {}
    for job in jobs:
        for moved in (job.loads, job.stores):
            for operand, size in moved.items():
                key = (job.layer.name, operand)
                largest[key] = max(largest.get(key, 0), size)
    begins: dict[tuple[str, str], int] = {}
    sizes: dict[tuple[str, str], int] = {}
    free = 0
    for layer in layers:
        for operand in REGIONS:
            key = (layer.name, operand)
            begins[key] = free
            entered = largest.get(key, 0)
            sizes[key] = max(entered, region_bytes(layer, operand, chart, weight_bytes)) if entered else 0
            free = ceil_div(free + sizes[key], ALIGNMENT) * ALIGNMENT
            if begins[key] + sizes[key] > device.capacity_bytes:
                raise HwsimError(
                    f"layer {layer.name!r}: its {operand} ends at byte {begins[key] + sizes[key]} of DRAM "
                    f"{device.name!r}, which has {device.capacity_bytes}"
                )
    ends: dict[tuple[str, str, str], int] = {}
    for job in jobs:
        for direction, moved in (("load", job.loads), ("store", job.stores)):
            for operand, size in moved.items():
                key = (job.layer.name, operand)
                address = ends.get((*key, direction), begins[key])
                if address + size > begins[key] + sizes[key]:
                    address = begins[key]
                job.addresses[direction, operand] = address
                ends[*key, direction] = address + size


def region_bytes(layer: Layer, operand: str, chart: Chart, weight_bytes: dict[str, int]) -> int:
    """Bytes that a region has at least."""
    burst = chart.hardware.dram.burst

    def map_bytes(name: str) -> int:
        bits = chart.network.population[name].size * chart.bits(name)
        return ceil_div(ceil_div(bits, 8), burst) * burst * chart.steps(name) * chart.samples

    match operand:
        case "weight":
            return ceil_div(weight_bytes[layer.name], burst) * burst
        case "input":
            return sum(map_bytes(p.source) for p in layer.incoming)
        case "output":
            return sum(map_bytes(name) for name in layer.maps)
        case "membrane":
            size = ceil_div(layer.cells * layer.state_bits, 8)
            return ceil_div(size, burst) * burst * chart.samples
        case "hold":
            size = ceil_div(layer.size * chart.hardware.precision.partial_sum_bits, 8)
            return ceil_div(size, burst) * burst * chart.samples
    return 0
