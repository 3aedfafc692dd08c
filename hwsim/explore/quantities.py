"""What is known of an evaluated point, and which way is better."""

from typing import Any, Literal

Direction = Literal["minimize", "maximize"]

QUANTITIES: dict[str, Direction] = {
    "energy_pj": "minimize",
    "latency_ns": "minimize",
    "area_um2": "minimize",
    "dram_bytes": "minimize",
    "edp_pj_ns": "minimize",
    "spikes": "minimize",
    "lif_memory_bytes": "minimize",
    "weight_bytes": "minimize",
    "accuracy": "maximize",
    "utilization": "maximize",
}
"""Per inference, but area, memories, and shares; None where it is not known."""


def costs_of(values: dict[str, Any], objectives: list[str]) -> list[float]:
    """Objectives such that less is better. Raises KeyError for a missing one; None becomes NaN."""
    signs = {"minimize": 1.0, "maximize": -1.0}
    return [
        float("nan") if (v := values[name]) is None else signs[QUANTITIES[name]] * v for name in objectives
    ]
