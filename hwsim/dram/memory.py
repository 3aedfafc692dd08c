"""All channels of a banked DRAM in one value that a kernel can keep from transfer to transfer (S2)."""

from typing import NamedTuple

import numpy as np

from hwsim.dram.state import Channel, Int, Layout, Requests, Timing, channel_of, layout_of, timing_of
from hwsim.dram.table import DramTable

MOST = 5
"""Requests of one transfer."""

BOOKED = 6
"""What is booked: activates, reads, writes, refreshes, active and precharged rank-cycles."""


class Memory(NamedTuple):
    """The arrays of a Channel with an axis for channels in front; the transfer's ``requests``.

    Flat: with a Channel inside, kernels that take it are half as fast.

    ``layout`` is that of channel 0; ``booked`` (BOOKED,): counts so far.
    """

    clock: Int
    rank: Int
    group: Int
    bank: Int
    segment: Int
    order: Int
    counts: Int
    log: Int
    layout: Layout
    timing: Timing
    requests: Requests
    booked: Int


def memory_of(table: DramTable | None) -> Memory:
    """A DRAM with all banks closed; one without channels, that serves nothing, for None."""
    arrival, address, size, left, completion = np.zeros((5, MOST), np.int64)
    write, outcome = np.zeros((2, MOST), np.uint8)
    requests = Requests(arrival, address, size, write, left, completion, outcome)
    booked = np.zeros(BOOKED, np.int64)
    if table is None:
        nothing = Channel._make(
            np.zeros((0,) * dimensions, np.int64) for dimensions in (2, 3, 3, 3, 3, 2, 2, 3)
        )
        layout = Layout._make(np.zeros(len(Layout._fields), int).tolist())
        timing = Timing._make(np.zeros(len(Timing._fields), int).tolist())
        return _memory(nothing, layout, timing, requests, booked)
    assert table.banked is not None
    each = [channel_of(table.banked, 0) for _ in range(table.banked.organization.channels)]
    channels = Channel._make(np.stack(arrays) for arrays in zip(*each, strict=True))
    layout, timing = layout_of(table.banked, table.burst_bytes, 0), timing_of(table.banked, bulk=True)
    return _memory(channels, layout, timing, requests, booked)


def _memory(channels: Channel, layout: Layout, timing: Timing, requests: Requests, booked: Int) -> Memory:
    return Memory(
        channels.clock, channels.rank, channels.group, channels.bank, channels.segment, channels.order,
        channels.counts, channels.log, layout, timing, requests, booked,
    )  # fmt: skip
