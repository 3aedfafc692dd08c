"""How tiles with arrays get their weights, once, before the first tick (F5)."""

from dataclasses import dataclass

import numpy as np

from hwsim.chip.arrays import SliceWork
from hwsim.chip.rooms import weight_bytes
from hwsim.grid import Grid
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.lower.axes import ceil_div
from hwsim.lower.layers import Task
from hwsim.lower.schedule import ACTION


@dataclass(frozen=True, eq=False)
class ColdStart:
    """``channel_bytes``: of each DRAM channel, by edge; ``cycles`` of the busiest. ``ledger``: bytes read
    from DRAM and words written into the weight buffers, of each layer; it has no cycles."""

    channel_bytes: tuple[int, ...]
    cycles: int
    ledger: Ledger


def cold_start(task: Task, works: list[SliceWork], hardware: Hardware, grid: Grid) -> ColdStart:
    """Every slice's weights, whole bursts each, through the channel at the edge nearest to its tile."""
    moved = [0] * grid.dram_channels
    ledger = Ledger.empty(task.names)
    for work in works:
        size = task.burst(weight_bytes(work))
        moved[channel_of(grid, work.part.core)] += size
        words = ceil_div(size * 8, hardware.buffers.weight.word_bits)
        ledger.counts[work.index, ACTION["dram_weight_read_bytes"]] += size
        ledger.counts[work.index, ACTION["weight_buffer_write"]] += words
    late = hardware.latency_cycles if any(moved) else 0
    return ColdStart(tuple(moved), hardware.transfer_cycles(max(moved)) + late, ledger)


def channel_of(grid: Grid, core: int) -> int:
    """The channel at the nearest edge of left, right, top, bottom, the first on a tie."""
    width, height = grid.network.width, grid.network.height
    y, x = divmod(core // grid.cores_per_router, width)
    return int(np.argmin([x, width - 1 - x, y, height - 1 - y][: grid.dram_channels]))
