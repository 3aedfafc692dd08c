"""Numba: many bursts in one step, with the result of one by one.

While the queue holds only the bursts of one open row, or of two in different bank groups of one rank, in
one direction, no command but RD (or WR) can be issued, in an order and at distances that are known: one
row every tCCD_L, two rows in turn every tCCD_S. Such a stretch is one step here, up to the next refresh, the
next arrival and the first burst of another row.
"""

import numpy as np
from numba import njit

from hwsim.dram.commands import column, column_ready, note
from hwsim.dram.queue import advance_front, run_length
from hwsim.dram.serve import complete
from hwsim.dram.state import (
    DUE,
    FRONT,
    FRONT_END,
    FRONT_LOCAL,
    LOGGED,
    N_READ,
    N_WRITE,
    NEVER,
    NOW,
    OCCUPIED,
    OPEN_ROW,
    RD,
    S_BANK,
    S_COUNT,
    S_LOCAL,
    S_ROW,
    S_SINCE,
    S_WRITE,
    SEGMENTS,
    TAIL,
)
from hwsim.jit import BARE


@njit(**BARE)
def walk(ch, layout, requests, s, limit):
    """Move the front over bursts, ``limit`` at most, that have arrived and continue segment ``s``."""
    clock = ch.clock
    expected = s[S_LOCAL] + s[S_COUNT]
    limit = min(limit, run_length(layout, expected - 1) - 1) if clock[TAIL] else 0
    found = 0
    while found < limit and advance_front(ch, layout, requests):
        i = clock[FRONT]
        if requests.arrival[i] > clock[NOW] or requests.write[i] != s[S_WRITE]:
            break
        if clock[FRONT_LOCAL] != expected + found:
            break
        taken = min(limit - found, clock[FRONT_END] - clock[FRONT_LOCAL])
        found += taken
        clock[FRONT_LOCAL] += taken
    return found


@njit(**BARE)
def enter(ch, layout, requests, s, limit, multiple):
    """Let bursts that continue ``s`` into a full queue, a ``multiple``; returns how many."""
    clock = ch.clock
    front, local, end = clock[FRONT], clock[FRONT_LOCAL], clock[FRONT_END]
    found = walk(ch, layout, requests, s, limit)
    if found % multiple:
        clock[FRONT], clock[FRONT_LOCAL], clock[FRONT_END] = front, local, end
        found = walk(ch, layout, requests, s, found - found % multiple)
    s[S_COUNT] += found
    clock[OCCUPIED] += found
    return found


@njit(**BARE)
def issues(ch, time, step, arrival):
    """Commands at ``time``, ``time + step``, ... before a refresh is due, an arrival, the log's end."""
    until = arrival if arrival >= 0 else NEVER
    for r in range(len(ch.rank)):
        until = min(until, ch.rank[r, DUE])
    if until <= time:
        return np.int64(0)
    count = (until - time - 1) // step + 1
    return min(count, len(ch.log) - ch.clock[LOGGED] - 2) if len(ch.log) else count


@njit(**BARE)
def list_command(ch, layout, s, i, time):
    """Write the command for the ``i``-th burst from now of segment ``s`` into the log."""
    rank = s[S_BANK] >> layout.bank_bits >> layout.group_bits
    note(ch, time, RD + s[S_WRITE], rank, s[S_BANK], s[S_ROW], s[S_LOCAL] + i)


@njit(**BARE)
def issue(ch, layout, timing, requests, s, count, first, step):
    """``count`` commands of one row; the last sets the constraints, because all are alike."""
    bank = s[S_BANK]
    last = first + (count - 1) * step
    column(ch, layout, timing, last, bank, s[S_WRITE])
    ch.counts[N_WRITE if s[S_WRITE] else N_READ] += count
    complete(ch, layout, timing, requests, s, count, first, step)
    s[S_SINCE] = last
    ch.clock[NOW] = max(ch.clock[NOW], last + 1)


@njit(**BARE)
def stretch(ch, layout, timing, requests, place, time, arrival):
    """Advance in bulk from a RD or WR that is to be issued at ``time``; returns whether that was possible."""
    clock = ch.clock
    full = clock[OCCUPIED] == len(ch.order)
    s = ch.segment[ch.order[place]]
    if clock[SEGMENTS] == 1:
        count = issues(ch, time, timing.CCD_L, arrival)
        count = enter(ch, layout, requests, s, count, 1) if full else min(count, s[S_COUNT] - 1)
        if len(ch.log):
            for i in range(count):
                list_command(ch, layout, s, i, time + i * timing.CCD_L)
        if count > 0:
            issue(ch, layout, timing, requests, s, count, time, timing.CCD_L)
        return count > 0
    return clock[SEGMENTS] == 2 and in_turn(ch, layout, timing, requests, place, time, arrival, full)


@njit(**BARE)
def in_turn(ch, layout, timing, requests, place, time, arrival, full):
    """The same for two segments whose rows are open in different groups of one rank."""
    s, other = ch.segment[ch.order[place]], ch.segment[ch.order[1 - place]]
    older, younger = ch.segment[ch.order[0]], ch.segment[ch.order[1]]
    group, other_group = s[S_BANK] >> layout.bank_bits, other[S_BANK] >> layout.bank_bits
    step = timing.CCD_S
    if (
        group == other_group
        or group >> layout.group_bits != other_group >> layout.group_bits
        or s[S_WRITE] != other[S_WRITE]
        or ch.bank[other[S_BANK], OPEN_ROW] != other[S_ROW]
        or not step < timing.CCD_L <= 2 * step
        or column_ready(ch, layout, other[S_BANK], other[S_WRITE]) > time + step
        or younger[S_COUNT] < 2
    ):
        return False
    pairs = min(issues(ch, time, step, arrival) // 2, older[S_COUNT] - 1)
    if full and pairs > 0:
        pairs = enter(ch, layout, requests, younger, 2 * pairs, 2) // 2
    elif not full:
        pairs = min(pairs, younger[S_COUNT] - 1)
    if pairs <= 0:
        return False
    if len(ch.log):
        for i in range(pairs):
            list_command(ch, layout, s, i, time + 2 * i * step)
            list_command(ch, layout, other, i, time + (2 * i + 1) * step)
    issue(ch, layout, timing, requests, s, pairs, time, 2 * step)
    issue(ch, layout, timing, requests, other, pairs, time + step, 2 * step)
    return True
