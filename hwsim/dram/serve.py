"""Numba: a burst leaves the queue, and with its last burst a request is complete."""

from numba import njit

from hwsim.dram.commands import read_or_write
from hwsim.dram.queue import begins_here, end_burst, first_burst, leave
from hwsim.dram.state import (
    CONFLICT,
    HIT,
    HITS,
    N_CLOSED,
    N_CONFLICT,
    N_HIT,
    NOW,
    OCCUPIED,
    S_BANK,
    S_COUNT,
    S_END,
    S_LOCAL,
    S_REQUEST,
    S_SINCE,
    S_TOUCH,
    S_WRITE,
)
from hwsim.jit import BARE


@njit(**BARE)
def complete(ch, layout, timing, requests, s, count, first, step):
    """Take ``count`` bursts from segment ``s``, issued at ``first``, ``first + step``, ...: requests end."""
    latency = (timing.CWL if s[S_WRITE] else timing.CL) + timing.BL
    touch = s[S_TOUCH]
    hits = count - (touch != HIT)
    ch.counts[N_HIT] += hits
    if touch != HIT:
        ch.counts[N_CONFLICT if touch == CONFLICT else N_CLOSED] += 1
    s[S_TOUCH] = HIT
    time = first
    remaining = count
    while remaining > 0:
        i = s[S_REQUEST]
        taken = min(remaining, s[S_END] - s[S_LOCAL])
        if begins_here(layout, requests, i, s[S_LOCAL]):
            requests.outcome[i] = touch
        touch = HIT
        requests.left[i] -= taken
        end = time + (taken - 1) * step + latency
        requests.completion[i] = max(requests.completion[i], end)
        time += taken * step
        remaining -= taken
        s[S_LOCAL] += taken
        if s[S_LOCAL] == s[S_END] and (remaining > 0 or s[S_COUNT] > count):
            i += 1
            while first_burst(layout, requests, i) == end_burst(layout, requests, i):
                i += 1
            s[S_REQUEST] = i
            s[S_END] = end_burst(layout, requests, i)
    s[S_COUNT] -= count
    ch.clock[OCCUPIED] -= count


@njit(**BARE)
def serve(ch, layout, timing, requests, place, time):
    """Issue the RD or WR of one burst."""
    s = ch.segment[ch.order[place]]
    bank = s[S_BANK]
    last = s[S_COUNT] == 1
    closes = timing.closed and last and ch.bank[bank, HITS] == 1
    read_or_write(ch, layout, timing, time, bank, s[S_WRITE], closes, s[S_LOCAL])
    complete(ch, layout, timing, requests, s, 1, time, 0)
    s[S_SINCE] = time
    if last:
        if not closes:
            ch.bank[bank, HITS] -= 1
        leave(ch, place)
    ch.clock[NOW] = time + 1
