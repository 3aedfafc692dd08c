"""Numba: how long the DMA channel's transfers take, by plain bandwidth or by DRAM commands (S2)."""

import numpy as np
from numba import njit

from hwsim.cycle.columns import LOAD_REGION, STORE_REGION
from hwsim.dram.transfer import ask, book, serve_asked
from hwsim.jit import BARE


@njit(**BARE)
def scaled(cycles, numerator, denominator):
    """ceil(cycles * numerator / denominator)."""
    whole = cycles // denominator
    return whole * numerator - (-(cycles - whole * denominator) * numerator // denominator)


@njit(**BARE)
def address(channel, layer, region, write, size):
    """Where the next request of a walk begins."""
    at = channel.reached[layer, region, write]
    if at + size > channel.size[layer, region]:
        at = np.int64(0)
    channel.reached[layer, region, write] = at + size
    return channel.begin[layer, region] + at


@njit(**BARE)
def take(channel, layer, sizes, write, at, ends):
    """Take a transfer at cycle ``at``: writes it and the end of each operand into ``ends``.

    An operand of no bytes ends with the one before. Returns the cycle from which the channel is free.
    """
    ends[0] = at
    if channel.commands:
        return take_commands(channel, layer, sizes, write, at, ends)
    time = at
    for k in range(len(sizes)):
        ends[k + 1] = ends[k]
        if sizes[k] > 0:
            time += -(-sizes[k] * channel.clock // channel.bandwidth)
            ends[k + 1] = time + channel.latency
    return time


@njit(**BARE)
def take_commands(channel, layer, sizes, write, at, ends):
    """The same through the DRAM's commands; the counts go to ``layer`` (S6)."""
    memory = channel.memory
    arrival = scaled(at, channel.fast, channel.slow)
    asked = 0
    for k in range(len(sizes)):
        if sizes[k] > 0:
            region = STORE_REGION[k] if write else LOAD_REGION[k]
            ask(memory, asked, arrival, address(channel, layer, region, write, sizes[k]), sizes[k], write)
            asked += 1
    last = serve_asked(memory, asked)
    channel.last[0] = max(channel.last[0], last)
    channel.last[1] = layer
    book(memory, channel.counts[layer], -1)
    asked = 0
    for k in range(len(sizes)):
        ends[k + 1] = ends[k]
        if sizes[k] > 0:
            end = scaled(memory.requests.completion[asked], channel.slow, channel.fast)
            ends[k + 1] = max(ends[k], end)
            asked += 1
    tail = channel.store_tail if write else channel.load_tail
    return max(at, scaled(last - tail, channel.slow, channel.fast))


@njit(**BARE)
def finish(channel):
    """At the end of a run rank-cycles are booked up to the last completion (S6)."""
    if channel.last[0] > 0:
        book(channel.memory, channel.counts[channel.last[1]], channel.last[0])
