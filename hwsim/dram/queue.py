"""Numba: the queue of a channel, requests in at one end, bursts out at any place.

A request's bursts in one channel have consecutive numbers once the channel's bits are taken out of the
address, so that a queue entry is a segment: consecutive bursts of one row in one direction. The queue's
capacity counts bursts, whatever their segments.
"""

from numba import njit

from hwsim.dram.state import (
    FRONT,
    FRONT_END,
    FRONT_LOCAL,
    HIT,
    HITS,
    NEVER,
    NOW,
    OCCUPIED,
    OPEN_ROW,
    S_BANK,
    S_COUNT,
    S_END,
    S_LOCAL,
    S_REQUEST,
    S_ROW,
    S_SINCE,
    S_TOUCH,
    S_WRITE,
    SEGMENTS,
    TAIL,
)
from hwsim.jit import BARE


@njit(**BARE)
def below(layout, burst):
    """How many bursts with a smaller number lie in this channel."""
    at, bits = layout.channel_at, layout.channel_bits
    whole = (burst >> (at + bits)) << at
    own = (burst >> at) & ((1 << bits) - 1)
    if own < layout.channel:
        return whole
    return whole + ((burst & ((1 << at) - 1)) if own == layout.channel else 1 << at)


@njit(**BARE)
def first_burst(layout, requests, i):
    return below(layout, requests.address[i] >> layout.burst_bits)


@njit(**BARE)
def end_burst(layout, requests, i):
    return below(layout, ((requests.address[i] + requests.size[i] - 1) >> layout.burst_bits) + 1)


@njit(**BARE)
def begins_here(layout, requests, i, local):
    """Whether burst ``local`` of this channel is the very first of request ``i``."""
    burst = requests.address[i] >> layout.burst_bits
    own = (burst >> layout.channel_at) & ((1 << layout.channel_bits) - 1)
    return own == layout.channel and below(layout, burst) == local


@njit(**BARE)
def bank_of(layout, local):
    rank = (local >> layout.rank_at) & (layout.ranks - 1)
    group = (local >> layout.group_at) & (layout.groups - 1)
    bank = (local >> layout.bank_at) & (layout.banks - 1)
    return (rank * layout.groups + group) * layout.banks + bank


@njit(**BARE)
def row_of(layout, local):
    return (local >> layout.row_at) & (layout.rows - 1)


@njit(**BARE)
def run_length(layout, local):
    """Bursts from ``local`` to the end of its row that have consecutive numbers."""
    return layout.columns - (local & (layout.columns - 1)) if layout.column_at == 0 else 1


@njit(**BARE)
def advance_front(ch, layout, requests):
    """Point at the next burst to enter; returns whether there is one among the requests."""
    clock = ch.clock
    while clock[FRONT_LOCAL] == clock[FRONT_END]:
        if clock[FRONT] >= len(requests.arrival):
            return False
        clock[FRONT] += 1
        if clock[FRONT] == len(requests.arrival):
            clock[FRONT_LOCAL] = clock[FRONT_END] = 0
            return False
        clock[FRONT_LOCAL] = first_burst(layout, requests, clock[FRONT])
        clock[FRONT_END] = end_burst(layout, requests, clock[FRONT])
    return True


@njit(**BARE)
def joins(ch, layout, requests, s):
    """Whether the next burst to enter continues the youngest segment ``s``.

    It does not if bursts between the two have left already: a segment's requests follow each other.
    """
    local = ch.clock[FRONT_LOCAL]
    return (
        ch.clock[TAIL] == 1
        and local == s[S_LOCAL] + s[S_COUNT]
        and requests.write[ch.clock[FRONT]] == s[S_WRITE]
        and row_of(layout, local) == s[S_ROW]
        and bank_of(layout, local) == s[S_BANK]
    )


@njit(**BARE)
def fill(ch, layout, requests):
    """Let bursts that have arrived enter while there is room.

    Returns the arrival of the next burst if it is that which it waits for, -1 if there are no more
    requests, and NEVER if the queue is full.
    """
    clock = ch.clock
    capacity = len(ch.order)
    while clock[OCCUPIED] < capacity:
        if not advance_front(ch, layout, requests):
            return -1
        i = clock[FRONT]
        if requests.arrival[i] > clock[NOW]:
            return requests.arrival[i]
        local = clock[FRONT_LOCAL]
        room = capacity - clock[OCCUPIED]
        count = min(room, clock[FRONT_END] - local, run_length(layout, local))
        segments = clock[SEGMENTS]
        if segments > 0 and joins(ch, layout, requests, ch.segment[ch.order[segments - 1]]):
            ch.segment[ch.order[segments - 1], S_COUNT] += count
        else:
            s = ch.segment[ch.order[segments]]
            s[S_BANK] = bank_of(layout, local)
            s[S_ROW] = row_of(layout, local)
            s[S_WRITE] = requests.write[i]
            s[S_COUNT] = count
            s[S_REQUEST] = i
            s[S_END] = clock[FRONT_END]
            s[S_LOCAL] = local
            s[S_TOUCH] = HIT
            s[S_SINCE] = clock[NOW]
            clock[SEGMENTS] += 1
            clock[TAIL] = 1
            bank = ch.bank[s[S_BANK]]
            bank[HITS] += bank[OPEN_ROW] == s[S_ROW]
        clock[OCCUPIED] += count
        clock[FRONT_LOCAL] += count
    return NEVER


@njit(**BARE)
def leave(ch, place):
    """Take the segment at ``place`` of the order out of the queue."""
    last = ch.clock[SEGMENTS] - 1
    if place == last:
        ch.clock[TAIL] = 0
    slot = ch.order[place]
    for i in range(place, last):
        ch.order[i] = ch.order[i + 1]
    ch.order[last] = slot
    ch.clock[SEGMENTS] = last


@njit(**BARE)
def passes(ch, place):
    """Whether the next burst of a segment would pass one of its own address, one of them a write."""
    segment, order = ch.segment, ch.order
    k = order[place]
    bank, local = segment[k, S_BANK], segment[k, S_LOCAL]
    for i in range(place):
        j = order[i]
        if (
            segment[j, S_BANK] == bank
            and segment[j, S_LOCAL] <= local < segment[j, S_LOCAL] + segment[j, S_COUNT]
            and (segment[j, S_WRITE] or segment[k, S_WRITE])
        ):
            return True
    return False
