"""Numba kernel of the timeline: DMA channel, PE array and LIF units over a program's jobs (S1 to S4)."""

import numpy as np
from numba import njit

from hwsim.cycle.array import ended, pass_alone, pass_overlapped
from hwsim.cycle.columns import (
    ARRAY_DRAIN,
    FILL_DRAIN,
    IDLE,
    LANES,
    LIF_DRAIN,
    MOVE_LOAD,
    MOVE_STORE,
    SERIALIZATION,
    UPDATE,
    WAIT_ARRAY,
    WAIT_OUTPUT,
)
from hwsim.cycle.transfers import finish, take
from hwsim.jit import BARE


@njit(**BARE)
def nothing(sizes):
    """Whether no operand has a byte."""
    most = 0
    for size in sizes:
        most = max(most, size)
    return most == 0


@njit(**BARE)
def lif_stage(jobs, i, line, ends, slots):
    """Job ``i`` on the LIF units and vector lanes."""
    before = ended(ends.lif, i - 1)
    given = max(ends.array[i], before)
    start = max(given, ended(ends.store, i - slots))
    line[WAIT_ARRAY] += given - before
    line[WAIT_OUTPUT] += start - given
    line[UPDATE] += jobs.update[i]
    line[SERIALIZATION] += jobs.serialization[i]
    line[LANES] += jobs.laned[i]
    ends.lif[i] = start + jobs.update[i] + jobs.serialization[i] + jobs.laned[i]


@njit(**BARE)
def load(jobs, i, channel, line, ends, at):
    """Load of job ``i``, taken at cycle ``at``; returns when the channel is free."""
    parts = ends.parts[i]
    free = take(channel, jobs.layer[i], jobs.load_bytes[i], 0, at, parts)
    operands = jobs.load_bytes.shape[1]
    for k in range(operands):
        line[MOVE_LOAD + k] += min(parts[k + 1], free) - min(parts[k], free)
    ends.load[i] = max(ended(ends.load, i - 1), parts[operands])
    return free


@njit(**BARE)
def store(jobs, i, channel, line, ends, at, parts):
    """Store of job ``i``, taken at cycle ``at``; returns when the channel is free."""
    free = take(channel, jobs.layer[i], jobs.store_bytes[i], 1, at, parts)
    line[MOVE_STORE] += free - at
    ends.store[i] = max(ended(ends.store, i - 1), parts[jobs.store_bytes.shape[1]])
    return free


@njit(**BARE)
def timeline(jobs, machine, channel, ends, state, parts, cycles):
    """Play all jobs; book every cycle of every unit to a (layer, cause) of ``cycles``.

    ``ends``, ``state`` (PASS_WORDS,) and ``parts`` (6,) are zeros to work on.
    """
    count = len(jobs.layer)
    layer = jobs.layer
    loads = arrays = lifs = stores = 0
    free = load_taken = store_taken = np.int64(0)
    while stores < count:
        while True:
            if arrays < loads and arrays - machine.banks < lifs:
                if machine.overlap:
                    pass_overlapped(jobs, arrays, cycles[layer[arrays]], ends, machine.banks, state)
                else:
                    pass_alone(jobs, arrays, cycles[layer[arrays]], ends, machine.banks)
                arrays += 1
            elif lifs < arrays and lifs - machine.slots < stores:
                lif_stage(jobs, lifs, cycles[layer[lifs]], ends, machine.slots)
                lifs += 1
            else:
                break
        can_load = loads < count and loads - machine.depth < arrays and jobs.after[loads] < stores
        can_store = stores < lifs
        ready_load = ready_store = np.int64(0)
        if can_load:
            ready_load = max(
                load_taken,
                ended(ends.follow, loads - machine.depth),
                ended(ends.store, jobs.after[loads]),
            )
        if can_store:
            ready_store = max(store_taken, ends.lif[stores])
        if can_load and nothing(jobs.load_bytes[loads]):
            ends.load[loads] = max(ended(ends.load, loads - 1), ready_load)
            ends.parts[loads] = load_taken = ready_load
            loads += 1
        elif can_store and nothing(jobs.store_bytes[stores]):
            ends.store[stores] = max(ended(ends.store, stores - 1), ready_store)
            store_taken = ready_store
            stores += 1
        elif can_load and (not can_store or max(free, ready_load) <= max(free, ready_store)):
            line, at = cycles[layer[loads]], max(free, ready_load)
            line[IDLE] += at - free
            free = load(jobs, loads, channel, line, ends, at)
            load_taken = at
            loads += 1
        else:
            line, at = cycles[layer[stores]], max(free, ready_store)
            line[IDLE] += at - free
            free = store(jobs, stores, channel, line, ends, at, parts)
            store_taken = at
            stores += 1
    if count:
        line, end = cycles[layer[count - 1]], ends.store[count - 1]
        if machine.overlap:
            line[FILL_DRAIN] += ends.array[count - 1] - ends.follow[count - 1]
        line[ARRAY_DRAIN] += end - ends.array[count - 1]
        line[LIF_DRAIN] += end - ends.lif[count - 1]
        line[IDLE] += end - free
        finish(channel)
