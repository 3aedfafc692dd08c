"""Numba: the controller of one channel, from event to event (rule D1).

Each cycle the command bus takes at most one command. In order of preference: the refresh of a rank whose
refresh is due, which takes nothing else until it is done; the oldest RD or WR of an open row; the oldest
ACT, or PRE of a row that no burst in the queue needs. A segment that has waited longer than the age limit is
the oldest by then and is served alone. A cycle in which nothing can be issued is skipped.
"""

import numpy as np
from numba import njit

from hwsim.dram.bulk import stretch
from hwsim.dram.commands import activate, precharge, refresh, refresh_ready
from hwsim.dram.queue import fill, passes
from hwsim.dram.serve import serve
from hwsim.dram.state import (
    ACT_READY,
    BANK_ACT,
    BANK_COLUMN,
    BANK_PRE,
    CLOSED,
    CONFLICT,
    DONE,
    DUE,
    FAW_AT,
    FAW_FIRST,
    HIT,
    HITS,
    LOG_FULL,
    LOGGED,
    N_REFRESH,
    NEVER,
    NOW,
    OPEN_BANKS,
    OPEN_ROW,
    READ_READY,
    S_BANK,
    S_ROW,
    S_SINCE,
    S_TOUCH,
    S_WRITE,
    SCAN,
    SEEN,
    SEGMENTS,
    WANTS_REQUESTS,
    WRITE_READY,
)
from hwsim.jit import BARE


@njit(**BARE)
def earliest_refresh(ch, layout):
    """Rank and first cycle of the next step of a refresh that is due now; -1 if none is."""
    now = ch.clock[NOW]
    best, best_time = -1, NEVER
    for r in range(layout.ranks):
        if ch.rank[r, DUE] <= now:
            time = max(now, refresh_ready(ch, layout, r))
            if time < best_time:
                best, best_time = r, time
    return best, best_time


@njit(**BARE)
def earliest_command(ch, layout, only_head, refreshing):
    """The place of the segment whose next command comes first, its cycle, and whether it is a RD or WR.

    Of the segments that wait for one bank's ACT or PRE only the oldest is looked at.
    """
    clock, segment, order, banks, groups, ranks = ch.clock, ch.segment, ch.order, ch.bank, ch.group, ch.rank
    now = clock[NOW]
    clock[SCAN] += 1
    scan = clock[SCAN]
    best, best_time, best_is_column = -1, NEVER, False
    for place in range(1 if only_head else clock[SEGMENTS]):
        k = order[place]
        bank = segment[k, S_BANK]
        is_open = banks[bank, OPEN_ROW]
        hits = is_open == segment[k, S_ROW]
        if not hits and banks[bank, SEEN] == scan:
            continue
        group = bank >> layout.bank_bits
        rank = group >> layout.group_bits
        if refreshing and ranks[rank, DUE] <= now:
            continue
        if hits:
            ready = groups[group, WRITE_READY if segment[k, S_WRITE] else READ_READY]
            time = max(now, banks[bank, BANK_COLUMN], ready)
            sooner = time < best_time or (time == best_time and not best_is_column)
            if sooner and not passes(ch, place):
                best, best_time, best_is_column = place, time, True
                if time == now:
                    break
            continue
        banks[bank, SEEN] = scan
        if is_open < 0:
            window = ranks[rank, FAW_FIRST + ranks[rank, FAW_AT]]
            time = max(now, banks[bank, BANK_ACT], groups[group, ACT_READY], window)
        elif banks[bank, HITS] == 0 or only_head:
            time = max(now, banks[bank, BANK_PRE])
        else:
            continue
        if time < best_time:
            best, best_time, best_is_column = place, time, False
    return best, best_time, best_is_column


@njit(**BARE)
def next_event(ch, layout, timing, arrival, only_head):
    """The next cycle that changes what may be chosen: an arrival, a refresh falling due, the age limit."""
    now = ch.clock[NOW]
    event = arrival if arrival >= 0 else NEVER
    for r in range(layout.ranks):
        if ch.rank[r, DUE] > now:
            event = min(event, ch.rank[r, DUE])
    if ch.clock[SEGMENTS] > 0 and not only_head:
        event = min(event, ch.segment[ch.order[0], S_SINCE] + timing.age_limit + 1)
    return event


@njit(**BARE)
def prepare(ch, layout, timing, place, time):
    """The ACT or PRE that the segment at ``place`` needs."""
    s = ch.segment[ch.order[place]]
    bank = s[S_BANK]
    if ch.bank[bank, OPEN_ROW] < 0:
        activate(ch, layout, timing, time, bank, s[S_ROW])
        s[S_TOUCH] = CLOSED if s[S_TOUCH] == HIT else s[S_TOUCH]
    else:
        precharge(ch, layout, timing, time, bank)
        s[S_TOUCH] = CONFLICT


@njit(**BARE)
def skip_refreshes(ch, layout, timing, until):
    """With an empty queue and no bank open, refreshes come when they are due: pass all before ``until``."""
    for r in range(layout.ranks):
        rank = ch.rank[r]
        if rank[OPEN_BANKS] > 0 or rank[DUE] < ch.clock[NOW] or refresh_ready(ch, layout, r) > rank[DUE]:
            return
    for r in range(layout.ranks):
        rank = ch.rank[r]
        missed = (until - 1 - rank[DUE]) // timing.REFI
        if missed > 0:
            rank[DUE] += missed * timing.REFI
            ch.counts[N_REFRESH] += missed


@njit(**BARE)
def advance(ch, layout, timing, requests, final):
    """Run the channel until it needs more requests (unless these are ``final``), or is done."""
    clock = ch.clock
    while True:
        if len(ch.log) and len(ch.log) - clock[LOGGED] < 8:
            return LOG_FULL
        arrival = fill(ch, layout, requests)
        if arrival < 0 and not final:
            return WANTS_REQUESTS
        if clock[SEGMENTS] == 0:
            if arrival < 0:
                return DONE
            if len(ch.log) == 0 and arrival < NEVER:
                skip_refreshes(ch, layout, timing, arrival)
        now = clock[NOW]
        waited = now - ch.segment[ch.order[0], S_SINCE]
        only_head = clock[SEGMENTS] > 0 and waited > timing.age_limit
        rank, refresh_time = earliest_refresh(ch, layout)
        place, time, is_column = earliest_command(ch, layout, only_head, rank >= 0)
        event = next_event(ch, layout, timing, arrival, only_head)
        if min(refresh_time, time) >= event:
            clock[NOW] = event
        elif refresh_time <= time:
            refresh(ch, layout, timing, refresh_time, rank)
            clock[NOW] = refresh_time + 1
        elif is_column:
            bulk = timing.bulk and not only_head and rank < 0
            if not (bulk and stretch(ch, layout, timing, requests, place, time, arrival)):
                serve(ch, layout, timing, requests, place, time)
        else:
            prepare(ch, layout, timing, place, time)
            clock[NOW] = np.int64(time + 1)
