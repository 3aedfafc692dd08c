"""Numba: when the array takes a job, with and without overlap of passes, and what it waits for (S3, S4)."""

from numba import njit

from hwsim.cycle.columns import (
    CONFLICT,
    DECODE,
    DEPENDENCY,
    FILL_DRAIN,
    IMBALANCE,
    PARTIAL_SUM,
    PRELOAD,
    STREAM,
    WAIT_LOAD,
    WAIT_STORE,
)
from hwsim.cycle.state import PRELOAD_END, PRELOAD_STREAM
from hwsim.jit import BARE


@njit(**BARE)
def ended(ends, i):
    """When a unit's job ``i`` ended; jobs before the first ended at cycle 0."""
    return ends[i] if i >= 0 else 0


@njit(**BARE)
def book_until(line, cause, at, until):
    """Book the cycles from ``at`` up to ``until``, if it is later; returns the later one."""
    if until <= at:
        return at
    line[cause] += until - at
    return until


@njit(**BARE)
def book_wait(line, ends, i, after, at, until):
    """The cycles from ``at`` up to ``until`` in which the array waits for job ``i`` (S4)."""
    if until <= at:
        return
    at = book_until(line, FILL_DRAIN, at, min(until, ended(ends.array, i - 1)))
    loaded = min(until, ends.load[i])
    at = book_until(line, DEPENDENCY, at, min(loaded, ended(ends.store, after)))
    at = book_until(line, WAIT_STORE, at, min(loaded, ends.parts[i, 0]))
    for k in range(ends.parts.shape[1] - 1):
        at = book_until(line, WAIT_LOAD + k, at, min(loaded, ends.parts[i, k + 1]))
    book_until(line, PARTIAL_SUM, at, until)


@njit(**BARE)
def stream(jobs, i, line, start):
    """The job is busy from ``start`` on; returns the cycle after."""
    line[STREAM] += jobs.stream[i]
    line[IMBALANCE] += jobs.imbalance[i]
    line[CONFLICT] += jobs.conflict[i]
    line[DECODE] += jobs.decode[i]
    return start + jobs.stream[i] + jobs.imbalance[i] + jobs.conflict[i] + jobs.decode[i]


@njit(**BARE)
def pass_alone(jobs, i, line, ends, banks):
    """Job ``i`` when each pass ends before the next begins."""
    before = ended(ends.array, i - 1)
    start = max(before, ends.load[i], ended(ends.lif, i - banks))
    book_wait(line, ends, i, jobs.after[i], before, start)
    line[PRELOAD] += jobs.preload[i]
    line[FILL_DRAIN] += jobs.fill[i]
    ends.array[i] = stream(jobs, i, line, start + jobs.preload[i]) + jobs.fill[i]
    ends.follow[i] = ends.array[i]


@njit(**BARE)
def pass_overlapped(jobs, i, line, ends, banks, state):
    """Job ``i`` when its values follow on those of the job before, and its preload runs beside them (P5)."""
    free = ended(ends.follow, i - 1)
    ready = max(free, ended(ends.lif, i - banks))
    if jobs.preload[i] > 0:
        begin = max(state[PRELOAD_END], state[PRELOAD_STREAM], ends.load[i])
        end = begin + jobs.preload[i]
        start = max(end, ready)
        book_wait(line, ends, i, jobs.after[i], free, begin)
        book_until(line, PRELOAD, max(begin, free), end)
        book_wait(line, ends, i, jobs.after[i], max(end, free), start)
        state[PRELOAD_END] = end
        state[PRELOAD_STREAM] = start
    else:
        start = max(ready, ends.load[i])
        book_wait(line, ends, i, jobs.after[i], free, start)
    ends.follow[i] = stream(jobs, i, line, start)
    ends.array[i] = max(ended(ends.array, i - 1), ends.follow[i] + jobs.fill[i])
