"""Rows of a CSV file through the systolic engine, a chunk at a time."""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from reprlib import repr as short
from typing import Any

import numpy as np

from hwsim.cycle.systolic import DATAFLOWS, LARGEST, SIZES, DenseRuns, Ints, TooLargeError, dense
from hwsim.errors import HwsimError, nearest
from hwsim.replay.rows import CHUNK, Chunk, Table, kept_header, opened, write, written

COUNTS = ("cycles", "sram_ifmap_reads", "sram_filter_reads", "sram_ofmap_writes")
CAUSES = ("folds", "stream_cycles", "preload_cycles", "fill_drain_cycles", "utilization", "mapping_loss")
SUMMED = (*COUNTS, "stream_cycles", "preload_cycles", "fill_drain_cycles")
NEEDED = ("dataflow", *SIZES)


def replay(file: Path, output: Path, overlap: bool, causes: bool, chunk_rows: int = CHUNK) -> dict[str, Any]:
    """Write ``file`` with the counts of every row to ``output``, and return the sums over all rows.

    Raises HwsimError naming file, line and column of what is wrong; then nothing is written.
    """
    names = COUNTS + CAUSES if causes else COUNTS
    rows = 0
    dataflows = {flow: dict.fromkeys(("rows", *SUMMED), 0) for flow in DATAFLOWS}
    with opened(file, NEEDED, chunk_rows) as table, written(output, file) as out:
        write(out, [[name] for name in kept_header(table, names)], [[name] for name in names])
        for chunk in table.chunks():
            flows, sizes = _parsed(table, chunk)
            runs = _run(table, chunk, flows, sizes, overlap)
            write(out, chunk.columns, [getattr(runs, name).tolist() for name in names])
            rows += len(flows)
            for flow, sums in dataflows.items():
                here = np.array(flows) == flow
                sums["rows"] += int(here.sum())
                for name in SUMMED:
                    sums[name] += _sum(getattr(runs, name)[here])
    totals = {name: sum(sums[name] for sums in dataflows.values()) for name in SUMMED}
    return {
        "file": str(file),
        "output": str(output),
        "overlap": overlap,
        "rows": rows,
        "totals": totals,
        "dataflows": {flow: sums for flow, sums in dataflows.items() if sums["rows"]},
    }


def as_json(summary: dict[str, Any]) -> str:
    return json.dumps(summary, indent=1)


def as_text(summary: dict[str, Any]) -> str:
    mode = "folds overlap" if summary["overlap"] else "no overlap of folds"
    lines = [f"{summary['output']}: {summary['rows']:,} rows, {mode}"]
    for flow, sums in summary["dataflows"].items():
        lines.append(
            f"  {flow}  {sums['rows']:,} rows, {sums['cycles']:,} cycles (stream {sums['stream_cycles']:,}, "
            f"preload {sums['preload_cycles']:,}, fill and drain {sums['fill_drain_cycles']:,})"
        )
    return "\n".join(lines)


def _sum(values: Ints) -> int:
    """The exact sum of a chunk, whose high and low halves stay far from 2**63."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _parsed(table: Table, chunk: Chunk) -> tuple[Sequence[str], list[Ints]]:
    texts = chunk.column("dataflow")
    known = {text: text.strip() for text in set(texts)}
    flows = [known[text] for text in texts]
    if not {*known.values()} <= {*DATAFLOWS}:
        place = next(i for i, flow in enumerate(flows) if flow not in DATAFLOWS)
        raise HwsimError(
            f"{table.where(chunk, place)}, column dataflow: found {short(flows[place])}."
            f"{nearest(flows[place], [*DATAFLOWS])}"
        )
    return flows, [np.array(_whole(table, chunk, name), np.int64) for name in SIZES]


def _whole(table: Table, chunk: Chunk, name: str) -> Sequence[int]:
    texts = chunk.column(name)
    numbers = list(map(_number, map(str.strip, texts)))
    if not all(numbers):
        place = numbers.index(0)
        raise HwsimError(
            f"{table.where(chunk, place)}, column {name}: found {short(texts[place])}; "
            f"allowed: whole numbers from 1 to {LARGEST}, in digits"
        )
    return numbers


@lru_cache(1 << 16)
def _number(text: str) -> int:
    """The number, or 0 if it is none that is allowed."""
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(LARGEST))):
        return 0
    value = int(text)
    return value if value <= LARGEST else 0


def _run(table: Table, chunk: Chunk, flows: Sequence[str], sizes: list[Ints], overlap: bool) -> DenseRuns:
    r, c, m, n, k = sizes
    try:
        return dense(flows, r, c, m, n, k, overlap)
    except TooLargeError as error:
        found = ", ".join(f"{name} = {a[error.row]}" for name, a in zip(SIZES, sizes, strict=True))
        raise HwsimError(
            f"{table.where(chunk, error.row)}: {error.what} from {found}; at most {LARGEST} can be counted"
        ) from None
