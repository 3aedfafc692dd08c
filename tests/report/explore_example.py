"""The dictionary of a sweep for tests of its page: designs whose costs follow from what they set."""

from itertools import product
from types import SimpleNamespace
from typing import Any

from hwsim.explore.outputs import described
from hwsim.explore.quantities import QUANTITIES
from hwsim.explore.space import Space
from hwsim.explore.sweep import Found

ROWS, COLUMNS, FLOWS = (2, 4, 8, 16), (4, 8), ("os", "ws", "is")
OBJECTIVES = ["energy_pj", "latency_ns", "area_um2"]
CONSTRAINT = "area_um2 < 12000"
"""Not kept by 16 rows of 8 columns alone, which take 12,800 um2."""

REFUSED = "mapping.batch: when '1 / 0': division by zero"
FAILED = "took longer than the time limit of 1 s, each time it was begun"

PENALTY = dict(zip(FLOWS, (1.0, 1.5, 2.0), strict=True))
"""By what energy and time of the same array grow with its dataflow: outputs that stay beat the others."""


def space() -> Space:
    parameters = {
        "hardware.pe_array.rows": {"values": list(ROWS)},
        "hardware.pe_array.columns": {"values": list(COLUMNS)},
        "hardware.pe_array.dataflow": {"values": list(FLOWS)},
    }
    return Space.model_validate(
        {
            "description": "Rows, columns, flows", "model": "fashion", "parameters": parameters,
            "constraints": [CONSTRAINT], "objectives": OBJECTIVES,
        }
    )  # fmt: skip


def costs(rows: int, columns: int, flow: str) -> dict[str, Any]:
    """More PEs are faster, larger, and take more energy: of one dataflow no design beats another."""
    pes, more = rows * columns, PENALTY[flow]
    energy, latency = more * 1e6 * (1 + pes / 64), more * 1e6 / pes
    known = {"energy_pj": energy, "latency_ns": latency, "area_um2": 100.0 * pes, "spikes": 40.0}
    return dict.fromkeys(QUANTITIES) | known | {"accuracy": 0.75}


def found() -> list[Found]:
    made = []
    for i, (rows, columns, flow) in enumerate(product(ROWS, COLUMNS, FLOWS)):
        names = space().parameters
        point = dict(zip(names, (rows, columns, flow), strict=True))
        values = costs(rows, columns, flow)
        broken = {CONSTRAINT: values["area_um2"] - 12000} if values["area_um2"] >= 12000 else {}
        made.append(Found(f"{i:016x}", point, dict(point), values, broken=broken))
    point = {"hardware.pe_array.rows": 2}
    return [*made, Found("refused", point, {}, refused=REFUSED), Found("failed", point, {}, failed=FAILED)]


FRONT = len(ROWS) * len(COLUMNS) - 1
"""Arrays of the best dataflow within the constraint. Some cost the same: both are on the front."""

WITHIN = FRONT * len(FLOWS)
"""Designs within the constraint."""


def example() -> dict[str, Any]:
    """The dictionary of explore.json."""
    base: Any = SimpleNamespace(table="sata_kernels")
    run = {"sampler": "grid", "seed": 0, "budget": 500, "seconds": 1.5}
    return described(space(), base, found(), OBJECTIVES, run)
