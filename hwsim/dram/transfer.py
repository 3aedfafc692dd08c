"""Numba: transfer after transfer through all channels of a banked DRAM, whose state stays (S2).

The same as ``Engine.feed(trace, final=True)`` once a transfer, without an array made for it: requests are
written into their place with :func:`ask` and served to the end with :func:`serve_asked`.
"""

import numpy as np
from numba import njit

from hwsim.dram.kernel import advance
from hwsim.dram.memory import BOOKED
from hwsim.dram.state import (
    ACTIVE_CYCLES,
    ACTIVE_FROM,
    FRONT,
    LAST_CLOSE,
    N_ACT,
    N_READ,
    N_REFRESH,
    N_WRITE,
    NONE,
    NOW,
    OPEN_BANKS,
    Channel,
    Layout,
    Requests,
)
from hwsim.jit import BARE


@njit(**BARE)
def in_channel(layout, channel):
    """The layout of another channel."""
    return Layout(
        layout.burst_bits, channel, layout.channel_at, layout.channel_bits, layout.rank_at, layout.group_at,
        layout.bank_at, layout.row_at, layout.column_at, layout.ranks, layout.groups, layout.banks,
        layout.rows, layout.columns, layout.group_bits, layout.bank_bits,
    )  # fmt: skip


@njit(**BARE)
def ask(memory, n, arrival, address, size, write):
    """Write request ``n`` of the next transfer."""
    requests, bits = memory.requests, memory.layout.burst_bits
    requests.arrival[n] = arrival
    requests.address[n] = address
    requests.size[n] = size
    requests.write[n] = write
    requests.left[n] = ((address + size - 1) >> bits) - (address >> bits) + 1
    requests.completion[n] = 0
    requests.outcome[n] = NONE


@njit(**BARE)
def serve_asked(memory, count):
    """Serve the first ``count`` requests to the end; returns the last of their completions."""
    asked = memory.requests
    requests = Requests(
        asked.arrival[:count], asked.address[:count], asked.size[:count], asked.write[:count],
        asked.left[:count], asked.completion[:count], asked.outcome[:count],
    )  # fmt: skip
    for c in range(len(memory.clock)):
        channel = Channel(
            memory.clock[c], memory.rank[c], memory.group[c], memory.bank[c], memory.segment[c],
            memory.order[c], memory.counts[c], memory.log[c],
        )  # fmt: skip
        advance(channel, in_channel(memory.layout, c), memory.timing, requests, True)
        memory.clock[c, FRONT] = -1
    last = np.int64(0)
    for n in range(count):
        last = max(last, requests.completion[n])
    return last


@njit(**BARE)
def active_until(rank, end):
    """Rank-cycles of a channel up to ``end`` with a row open."""
    active = np.int64(0)
    for r in range(len(rank)):
        stop = end if rank[r, OPEN_BANKS] > 0 else min(rank[r, LAST_CLOSE], end)
        active += rank[r, ACTIVE_CYCLES] + max(stop - rank[r, ACTIVE_FROM], 0)
    return active


@njit(**BARE)
def book(memory, line, end):
    """Add to ``line`` what was not booked yet (S6).

    Rank-cycles up to ``end``, or if that is negative up to each channel's next free cycle: what comes
    after it may still be changed by a precharge.
    """
    activates = reads = writes = refreshes = active = cycles = np.int64(0)
    for c in range(len(memory.clock)):
        until = memory.clock[c, NOW] if end < 0 else end
        activates += memory.counts[c, N_ACT]
        reads += memory.counts[c, N_READ]
        writes += memory.counts[c, N_WRITE]
        refreshes += memory.counts[c, N_REFRESH]
        active += active_until(memory.rank[c], until)
        cycles += memory.rank.shape[1] * until
    found = (activates, reads, writes, refreshes, active, cycles - active)
    for column in range(BOOKED):
        line[column] += found[column] - memory.booked[column]
        memory.booked[column] = found[column]
