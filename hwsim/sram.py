"""SRAM energy and area from a grid of CACTI runs, interpolated in log space.

Words wider than the grid's widest lie in several macros side by side, all of which an access takes;
memories larger than its largest are several macros, one of which it takes, without the wires between them.
"""

import csv
from functools import cache
from math import ceil, exp, log
from pathlib import Path
from typing import NamedTuple

from hwsim.errors import HwsimError

GRID = Path(__file__).parent / "tables" / "sram_grid.csv"
LARGEST_BYTES = 2097152
WIDEST_BITS = 256
"""Of one macro: the grid's last points."""


class Access(NamedTuple):
    read_pj: float
    write_pj: float
    area_um2: float


@cache
def _grid() -> dict[tuple[int, str], dict[tuple[int, int], Access]]:
    grid: dict[tuple[int, str], dict[tuple[int, int], Access]] = {}
    with GRID.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (int(row["node_nm"]), row["cell_type"])
            point = (int(row["capacity_bytes"]), int(row["width_bits"]))
            grid.setdefault(key, {})[point] = Access(
                float(row["read_pj"]), float(row["write_pj"]), float(row["area_mm2"]) * 1e6
            )
    return grid


def nodes() -> list[tuple[int, str]]:
    return list(_grid())


def access(node_nm: int, cell_type: str, capacity_bytes: int, word_bits: int) -> Access:
    """Energy of a word read and write (pJ) and area (um2) of a memory of one or several macros.

    Raises HwsimError below the grid, and for nodes and cells outside of it: it is an error, not a guess.
    """
    if (node_nm, cell_type) not in _grid():
        known = ", ".join(f"{n} nm {c}" for n, c in nodes())
        raise HwsimError(f"no SRAM at {node_nm} nm of type {cell_type!r}; the grid holds {known}")
    points = _grid()[node_nm, cell_type]
    beside = max(1, ceil(word_bits / WIDEST_BITS))
    least_bytes, least_bits = min(c for c, _ in points) * beside, min(w for _, w in points)
    if capacity_bytes < least_bytes:
        raise HwsimError(
            f"capacity_bytes = {capacity_bytes}: the SRAM grid begins at {least_bytes} bytes for words of "
            f"{word_bits} bits"
        )
    if word_bits < least_bits:
        raise HwsimError(f"word_bits = {word_bits}: the SRAM grid begins at words of {least_bits} bits")
    behind = max(1, ceil(capacity_bytes / beside / LARGEST_BYTES))
    one = _macro(points, capacity_bytes / beside / behind, word_bits / beside)
    return Access(one.read_pj * beside, one.write_pj * beside, one.area_um2 * beside * behind)


def _macro(points: dict[tuple[int, int], Access], capacity_bytes: float, word_bits: float) -> Access:
    """Bilinear in log capacity and log width."""
    low_c, high_c, at_c = _bracket(capacity_bytes, sorted({c for c, _ in points}), "bytes")
    low_w, high_w, at_w = _bracket(word_bits, sorted({w for _, w in points}), "bits a word")
    corners = [
        (points[low_c, low_w], (1 - at_c) * (1 - at_w)),
        (points[high_c, low_w], at_c * (1 - at_w)),
        (points[low_c, high_w], (1 - at_c) * at_w),
        (points[high_c, high_w], at_c * at_w),
    ]
    fields = zip(*(corner for corner, _ in corners), strict=True)
    shares = [share for _, share in corners]
    return Access(*(exp(sum(s * log(v) for s, v in zip(shares, values, strict=True))) for values in fields))


def _bracket(value: float, grid: list[int], unit: str) -> tuple[int, int, float]:
    """The grid points around ``value`` and how far between them it lies, in log space."""
    if not grid[0] <= value <= grid[-1]:
        raise HwsimError(f"SRAM of {value:g} {unit} lies outside the table's {grid[0]} to {grid[-1]}")
    low = max(g for g in grid if g <= value)
    high = min(g for g in grid if g >= value)
    return low, high, 0.0 if low == high else log(value / low) / log(high / low)
