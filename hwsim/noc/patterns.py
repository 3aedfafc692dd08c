"""Synthetic traffic: where each tile sends, and Bernoulli arrivals (one coin a tile and cycle)."""

from collections.abc import Callable

import numpy as np

from hwsim.errors import HwsimError, nearest
from hwsim.noc.config import NocTable
from hwsim.noc.network import Traffic, traffic
from hwsim.noc.state import Int

CELLS = 2**20
"""Coins tossed at a time."""

Chance = np.random.Generator
Pattern = Callable[[NocTable, Int, Chance], Int]


def uniform(table: NocTable, source: Int, chance: Chance) -> Int:
    """Any tile, itself included, as in BookSim2."""
    return chance.integers(0, table.tiles, len(source))


def transpose(table: NocTable, source: Int, _: Chance) -> Int:
    """(x, y) to (y, x). Raises HwsimError unless the grid is square."""
    if table.width != table.height:
        raise HwsimError(f"pattern transpose needs a square grid; size is {table.width}x{table.height}")
    moved: Int = source % table.width * table.width + source // table.width
    return moved


def complement(table: NocTable, source: Int, _: Chance) -> Int:
    """(x, y) to (W - 1 - x, H - 1 - y)."""
    return table.tiles - 1 - source


def tornado(table: NocTable, source: Int, _: Chance) -> Int:
    """Almost half of the way round in each dimension: (size - 1) // 2 up."""
    x = (source % table.width + (table.width - 1) // 2) % table.width
    y = (source // table.width + (table.height - 1) // 2) % table.height
    moved: Int = x + table.width * y
    return moved


def neighbor(table: NocTable, source: Int, _: Chance) -> Int:
    """One up in each dimension, around the edge."""
    x, y = (source % table.width + 1) % table.width, (source // table.width + 1) % table.height
    moved: Int = x + table.width * y
    return moved


def hotspot(table: NocTable, source: Int, _: Chance) -> Int:
    """All to the tile before the middle, ((W - 1) // 2, (H - 1) // 2): 27 of 8 x 8."""
    return np.full(len(source), (table.width - 1) // 2 + table.width * ((table.height - 1) // 2))


PATTERNS: dict[str, Pattern] = {
    "uniform": uniform,
    "transpose": transpose,
    "complement": complement,
    "tornado": tornado,
    "neighbor": neighbor,
    "hotspot": hotspot,
}


def pattern_of(name: str) -> Pattern:
    if name not in PATTERNS:
        raise HwsimError(f"unknown pattern {name!r}.{nearest(name, list(PATTERNS))}")
    return PATTERNS[name]


def bernoulli(
    table: NocTable, pattern: Pattern, rate: float, size: int, cycles: tuple[int, int], chance: Chance
) -> Traffic:
    """Packets of ``size`` flits of the cycles from the first up to the second, by cycle and tile.

    ``rate``: flits per tile and cycle, so each coin falls on a packet with probability rate / size.
    """
    times, tiles = [], []
    begin, end = cycles
    rows = max(1, CELLS // table.tiles)
    for low in range(begin, end, rows):
        coins = chance.random((min(rows, end - low), table.tiles), np.float32)
        t, tile = np.nonzero(coins < rate / size)
        times.append(low + t)
        tiles.append(tile)
    source = np.concatenate([np.zeros(0, np.int64), *tiles])
    created = np.concatenate([np.zeros(0, np.int64), *times])
    return traffic(created, source, pattern(table, source, chance), size)
