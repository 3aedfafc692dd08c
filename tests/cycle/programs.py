"""Programs job by job, and chips of one PE, for the timeline's tests."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml
from hypothesis import strategies as st
from numpy.typing import NDArray

from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS
from hwsim.program import LOADED, REGIONS, STORED, Jobs, Program
from tests.dram.streams import small

SCALARS = tuple(name for name in Jobs._fields if not name.endswith("_bytes"))


DEFAULTS = {"after": -1, "closes": 1}


def program(*jobs: dict[str, Any], slots: int = 1000, regions: dict[str, int] | None = None) -> Program:
    """``jobs``: columns not as in DEFAULTS, ``load`` and ``store`` by operand. Regions hold what moves."""
    columns: dict[str, NDArray[np.int64]] = {
        name: np.array([job.get(name, DEFAULTS.get(name, 0)) for job in jobs], np.int64) for name in SCALARS
    }
    for column, part, operands in (("load_bytes", "load", LOADED), ("store_bytes", "store", STORED)):
        rows = [[job.get(part, {}).get(o, 0) for o in operands] for job in jobs]
        columns[column] = np.array(rows, np.int64).reshape(len(jobs), len(operands))
    layers = int(columns["layer"].max(initial=0)) + 1
    counts = np.zeros((layers, len(ACTIONS)), np.int64)
    sizes = np.zeros((layers, len(REGIONS)), np.int64)
    for column, operands, way in (("load_bytes", LOADED, "read"), ("store_bytes", STORED, "write")):
        for k, operand in enumerate(operands):
            for layer, moved in zip(columns["layer"], columns[column][:, k], strict=True):
                counts[layer, list(ACTIONS).index(f"dram_{operand}_{way}_bytes")] += moved
                region = REGIONS.index(operand)
                sizes[layer, region] = max(sizes[layer, region], moved)
    for operand, size in (regions or {}).items():
        sizes[:, REGIONS.index(operand)] = np.maximum(sizes[:, REGIONS.index(operand)], size)
    made = Program(tuple(f"l{i}" for i in range(layers)), Jobs(**columns), counts, sizes, slots, 1)
    made.verify()
    return made


def tile(
    *, double: bool = True, banks: int = 1000, overlap: bool = False, bandwidth: int = 1, clock_hz: int = 1,
    table: str | None = None, timing: str | None = None,
) -> Hardware:  # fmt: skip
    """A chip whose DRAM moves ``bandwidth`` bytes a second, or the DRAM of a table."""
    output = {"capacity_bytes": 1024, "word_bits": 8}
    buffer = {**output, "double_buffered": double}
    plain = {"bandwidth_bytes_per_s": bandwidth, "burst_bytes": 1}
    values = {
        "name": "test",
        "description": "",
        "clock_hz": clock_hz,
        "node_nm": 28,
        "pe_array": {
            "rows": 2, "columns": 2, "skip": "gate", "partial_sum_banks": min(banks, 8), "overlap": overlap,
        },
        "lif": {"units": 1, "vector_lanes": 1},
        "precision": {"weight_bits": 8, "partial_sum_bits": 16, "state_bits": 16, "activation_bits": 8},
        "buffers": {"weight": buffer, "input": buffer, "output": output},
        "dram": {"table": table, "timing": timing} if table else plain,
        "sources": {},
    }  # fmt: skip
    return Hardware.model_validate(values)


def table_file(folder: Path, name: str, **changes: Any) -> str:
    """A small banked DRAM as a file; REFI and rows small enough that refreshes and conflicts happen."""
    path = folder / f"{name}.yaml"
    values = small(**changes)
    values["banked"]["organization"]["rows"] = 64 // changes.get("channels", 1) // changes.get("ranks", 1)
    path.write_text(yaml.safe_dump(values | {"name": name}), encoding="utf-8")
    return str(path)


def _amounts(draw: st.DrawFn, operands: tuple[str, ...], unit: int) -> dict[str, int]:
    few = st.sampled_from([0, 0, 0, 1, 2, 5, 40])
    return {operand: unit * draw(few) for operand in operands}


@st.composite
def programs(draw: st.DrawFn, unit: int = 1, most: int = 12) -> Program:
    """Any jobs: of no time and of no bytes too, waiting for any earlier store."""
    small_number = st.sampled_from([0, 0, 1, 2, 7, 30])
    jobs, layer = [], 0
    columns = [c for c in SCALARS if c not in ("layer", "after", "closes")]
    for i in range(draw(st.integers(0, most))):
        layer = draw(st.sampled_from([layer, layer, min(layer + 1, 2), 0]))
        job = {column: draw(small_number) for column in columns}
        loads = _amounts(draw, LOADED, unit) if draw(st.booleans()) else {}
        stores = _amounts(draw, STORED, unit) if draw(st.booleans()) else {}
        after = draw(st.sampled_from([-1, -1, i - 1, draw(st.integers(-1, i - 1))]))
        closes = draw(st.sampled_from([1, 1, 0]))
        more = {"layer": layer, "load": loads, "store": stores, "after": after, "closes": closes}
        jobs.append(job | more)
    regions = {r: unit * draw(st.sampled_from([0, 50, 97, 300])) for r in ("weight", "input", "output")}
    return program(*jobs, slots=draw(st.sampled_from([1, 2, 3, 1000])), regions=regions)
