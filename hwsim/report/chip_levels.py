"""Tiles with arrays by layer and by level: what chip.json tells of them, read as result.json is."""

from collections import Counter
from typing import Any

from hwsim.report import memory, roofline
from hwsim.report.figures import energy_by_layer
from hwsim.report.numbers import percent, quantity
from hwsim.report.picture import BYTES, ENERGY, Picture, scale
from hwsim.report.tables import Cell, Cells, Table

ONCE = (
    "Read and written by all tiles. DRAM brings the weights once, before the first tick, in whole bursts; "
    "their bytes are divided by the samples. Buffers in whole words."
)


def of(values: dict[str, Any]) -> dict[str, Any] | None:
    """Layers, counts and bounds with the names of result.json: as ``dram_bytes`` of a layer its weights,
    and in the counts the cold start's (F5). None of event-driven cores, and of results of before."""
    if not values.get("bounds"):
        return None
    counts: Counter[str] = Counter(values["cold_start"]["counts"])
    for layer in values["layers"]:
        counts.update(layer["counts"])
    return {
        "samples": values["samples"],
        "hardware": values["chip"],
        "bounds": values["bounds"],
        "counts": dict(counts),
        "layers": [layer | {"dram_bytes": layer["cold_bytes"]} for layer in values["layers"]],
    }


def pictures(found: dict[str, Any]) -> dict[str, Picture]:
    """Energy of each layer, traffic of each level, and the roofline, of what :func:`of` found."""
    return {
        "layers": energy_by_layer(found),
        "memory": memory.figure(found, ONCE),
        "roofline": roofline.roofline(found, " of a tile", roofline.OF_TILES),
    }


def layers(found: dict[str, Any]) -> Table:
    """What all tiles do for every layer and what it costs, without hops."""
    samples, peak = found["samples"], found["bounds"]["operations_per_cycle"]
    sums = [sum(layer["energy_pj"].values()) for layer in found["layers"]]
    unit = scale([s / samples for s in sums], ENERGY)
    sizes = scale([layer["cold_bytes"] for layer in found["layers"]], BYTES)
    whole = sum(sums) or 1.0
    rows: list[Cells] = []
    for number, (layer, spent) in enumerate(zip(found["layers"], sums, strict=True), 1):
        operations, issued = (
            sum(layer["counts"].get(a, 0) for a in actions)
            for actions in (("ac", "mac"), ("ac_issued", "mac_issued"))
        )
        use = issued / (layer["cycles"] * peak) if layer["cycles"] else 0.0
        rows.append(
            (
                Cell(layer["name"], number, name=True),
                *(Cell(quantity(n / samples), n / samples) for n in (operations, layer["cycles"])),
                Cell(percent(use, 1.0), use),
                Cell(sizes.text(layer["cold_bytes"]), layer["cold_bytes"]),
                Cell(unit.text(spent / samples), spent / samples),
                Cell(percent(spent, whole), spent / whole),
            )
        )
    numbers = (
        "AC + MAC", "cycles", "utilization", f"weights, {sizes.unit}", f"energy, {unit.unit}", "share",
    )  # fmt: skip
    return Table("Every layer, per inference", ("layer",), numbers, tuple(rows), sorted_by=0)
