"""How far each row of a comparison lies from the first one, and which of its rows nothing else beats."""

from typing import Any

import numpy as np

from hwsim.pareto import non_dominated

QUANTITIES = ("energy_pj", "latency_ns", "area_um2", "dram_bytes", "lif_memory_bytes", "spikes", "accuracy")
"""What rows are compared by; all but the accuracy are better the smaller they are."""

PAIRS = (
    ("latency_ns", "energy_pj"),
    ("energy_pj", "accuracy"),
    ("latency_ns", "accuracy"),
    ("area_um2", "latency_ns"),
    ("area_um2", "energy_pj"),
    ("lif_memory_bytes", "dram_bytes"),
    ("lif_memory_bytes", "accuracy"),
    ("spikes", "energy_pj"),
)
"""Of what there is a front: two goals that work against each other."""


def per_inference(row: dict[str, Any]) -> dict[str, float | None]:
    """The quantities of a row of compare.json, of one inference; None where they are not known."""
    totals, samples = row["totals"], row["samples"]
    return {
        "energy_pj": totals["energy_pj"] / samples,
        "latency_ns": totals["latency_ns"] / samples,
        "area_um2": totals["area_um2"],
        "dram_bytes": totals["dram_bytes"] / samples,
        "lif_memory_bytes": row["lif"]["memory_bytes"],
        "spikes": None if (spikes := totals["spikes"]) is None else spikes / samples,
        "accuracy": row["accuracy"],
    }


def differences(rows: list[dict[str, Any]]) -> list[dict[str, float | None]]:
    """Of every row against the first: (x - x_first) / x_first, of the accuracy the difference of the shares.

    None where one of both is not known, and where only the first is 0.
    """
    found = [per_inference(row) for row in rows]
    return [{name: _difference(name, row[name], found[0][name]) for name in QUANTITIES} for row in found]


def _difference(name: str, value: float | None, first: float | None) -> float | None:
    if value is None or first is None:
        return None
    if name == "accuracy":
        return value - first
    if not first:
        return None if value else 0.0
    return (value - first) / first


def fronts(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each pair of quantities that at least two rows know and that differ there: ``x``, ``y``, and
    ``front``, the places of the rows that no other beats in both."""
    found = [per_inference(row) for row in rows]
    fronts = []
    for x, y in PAIRS:
        points = np.array([[np.nan if row[q] is None else row[q] for q in (x, y)] for row in found])
        known = points[~np.isnan(points).any(axis=1)]
        if len(known) < 2 or (known == known[0]).all(axis=0).any():
            continue
        costs = points * [-1.0 if q == "accuracy" else 1.0 for q in (x, y)]
        fronts.append({"x": x, "y": y, "front": np.flatnonzero(non_dominated(costs)).tolist()})
    return fronts
