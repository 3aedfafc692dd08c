"""SRAM energy, area and leakage from a grid of CACTI runs, interpolated in log space.

An access never costs less in a larger memory or of a wider word. A memory of wider words serves narrower ones
too: where CACTI found a wider word cheaper, that is what the narrower one costs. Words wider than the grid's
widest lie in macros of it side by side, all of which an access takes; memories larger than its largest are
macros of it, one of which an access takes. Both are counted in parts of a macro, so that 257 bits cost little
more than 256; the wires between macros are not counted, so that beyond the grid an energy is a lower bound.
"""

import csv
from functools import cache, lru_cache
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
    leakage_mw: float


@cache
def _grid() -> dict[tuple[int, str], dict[tuple[int, int], Access]]:
    grid: dict[tuple[int, str], dict[tuple[int, int], Access]] = {}
    with GRID.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            key = (int(row["node_nm"]), row["cell_type"])
            point = (int(row["capacity_bytes"]), int(row["width_bits"]))
            grid.setdefault(key, {})[point] = Access(
                float(row["read_pj"]), float(row["write_pj"]), float(row["area_mm2"]) * 1e6,
                float(row["leakage_mw"]),
            )  # fmt: skip
    return {key: _served(points) for key, points in grid.items()}


def _served(points: dict[tuple[int, int], Access]) -> dict[tuple[int, int], Access]:
    """Energies as the least of all memories that would do: as large or larger, as wide or wider."""
    found = {}
    for (size, width), own in points.items():
        fit = [access for (c, w), access in points.items() if c >= size and w >= width]
        found[size, width] = own._replace(
            read_pj=min(a.read_pj for a in fit), write_pj=min(a.write_pj for a in fit)
        )
    return found


def is_one_macro(capacity_bytes: int, word_bits: int) -> bool:
    """Whether no word takes more than one macro in depth: the grid reaches to the capacity of its part."""
    return capacity_bytes * WIDEST_BITS <= LARGEST_BYTES * max(word_bits, WIDEST_BITS)


def nodes() -> list[tuple[int, str]]:
    return list(_grid())


@lru_cache(4096)
def access(node_nm: int, cell_type: str, capacity_bytes: int, word_bits: int) -> Access:
    """Energy of a word read and write (pJ), area (um2) and leakage (mW) of a memory of one or several macros.

    n = max(1, word / 256 bits) macros side by side of c = min(capacity / n, 2 MiB): n times the energy of a
    macro of c, and as many areas and leakages of it as the capacity takes. Raises HwsimError below the grid,
    and for nodes and cells outside of it: it is an error, not a guess.
    """
    if (node_nm, cell_type) not in _grid():
        known = ", ".join(f"{n} nm {c}" for n, c in nodes())
        raise HwsimError(f"no SRAM at {node_nm} nm of type {cell_type!r}; the grid holds {known}")
    points = _grid()[node_nm, cell_type]
    least_bytes = min(c for c, _ in points) * max(1, ceil(word_bits / WIDEST_BITS))
    least_bits = min(w for _, w in points)
    if capacity_bytes < least_bytes:
        raise HwsimError(
            f"capacity_bytes = {capacity_bytes}: the SRAM grid begins at {least_bytes} bytes for words of "
            f"{word_bits} bits"
        )
    if word_bits < least_bits:
        raise HwsimError(f"word_bits = {word_bits}: the SRAM grid begins at words of {least_bits} bits")
    beside = max(1.0, word_bits / WIDEST_BITS)
    size = min(capacity_bytes / beside, LARGEST_BYTES)
    one = _macro(points, size, word_bits / beside)
    macros = capacity_bytes / size
    return Access(one.read_pj * beside, one.write_pj * beside, one.area_um2 * macros, one.leakage_mw * macros)


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
