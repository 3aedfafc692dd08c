"""Numba kernels of the executor: one population over a span of steps, samples in parallel.

Kernels trust their arguments; hwsim.execute.executor prepares them.
"""

import numpy as np
from numba import njit, prange

from hwsim.execute.fanin import gather
from hwsim.execute.integers import bounded, shifted
from hwsim.execute.layout import (
    BASE,
    CHANNELS,
    CLIF,
    DELAY,
    FIRST_CELL,
    HIGH,
    LI,
    LIF,
    LOW,
    NEAREST,
    P_KIND,
    PLAIN,
    POSITIONS,
    READOUT,
    RIGHT,
    ROOM,
    STATE_WORDS,
    STEPS,
    V,
)
from hwsim.execute.neurons import (
    begin,
    update_any,
    update_clif,
    update_leaky,
    update_plain,
    update_stateless,
)
from hwsim.jit import CACHED

TOGETHER = 1 << 17
"""Sums of several steps that are added up together, so that weights are fetched once for them: 512 KB."""

TILE = 16
"""Side of the blocks in which weights are transposed: a cache line of float32."""


@njit(**CACHED)
def emit(fired, positions, first, cursor, index, at):
    """Write the neurons that fired, in (channel, position) order, from ``index[at]``; return the end.

    The block's channels begin at ``first``; ``cursor`` has room for one number a channel.
    """
    channels = len(cursor)
    cursor[:] = 0
    for q in range(positions):
        for c in range(channels):
            cursor[c] += fired[q * channels + c]
    for c in range(channels):
        count = cursor[c]
        cursor[c] = at
        at += count
    for q in range(positions):
        for c in range(channels):
            if fired[q * channels + c]:
                index[cursor[c]] = (first + c) * positions + q
                cursor[c] += 1
    return at


@njit(parallel=True, **CACHED)
def run_population(fan, cell, store, span, graded, ends, states, outputs):
    """Execute one population over the steps of ``span`` = (first, last + 1).

    A task is one sample and one block of channels; ``ends`` (tasks, steps) takes where each step's
    events end. Events go into the population's place in ``store``, block after block. ``states``
    (samples, words, neurons) keeps the states between calls; if it is empty they last for this one. A
    readout's running sums go into ``outputs`` (samples, steps, neurons).
    """
    numbers = cell.numbers
    kind, positions, channels = numbers[P_KIND], numbers[POSITIONS], numbers[CHANNELS]
    blocks = len(ends) // outputs.shape[0]
    steps = ends.shape[1]
    index, payload, cell_begins, cell_ends = store
    for task in prange(len(ends)):
        sample, part = task // blocks, task % blocks
        block = (part * channels // blocks, (part + 1) * channels // blocks)
        wide = block[1] - block[0]
        n = positions * wide
        constant = np.zeros(n, cell.bias.dtype)
        for q in range(positions):
            constant[q * wide : (q + 1) * wide] = cell.bias[block[0] : block[1]]
        for p in range(len(fan.geometry)):
            if fan.geometry[p, STEPS] == 1 and fan.geometry[p, DELAY] == 0:
                gather(fan, store, p, sample, (0, 1), cell, block, constant.reshape(1, n))
        together = max(1, min(span[1] - span[0], TOGETHER // max(1, n)))
        wave = np.empty((together, n), constant.dtype)
        words = 1 if numbers[PLAIN] or kind == READOUT else STATE_WORDS
        state = states[sample] if len(states) else np.zeros((words, n), constant.dtype)
        if span[0] == 0:
            begin(state, cell, block)
        fired = np.zeros(n, np.uint8)
        cursor = np.zeros(wide, np.int64)
        origin = numbers[BASE] + sample * numbers[ROOM] + positions * block[0] * steps
        for step in range(span[0], span[1]):
            at_wave = (step - span[0]) % together
            if at_wave == 0:
                stop = min(step + together, span[1])
                for k in range(stop - step):
                    wave[k] = constant
                for p in range(len(fan.geometry)):
                    if fan.geometry[p, STEPS] > 1 or fan.geometry[p, DELAY] > 0:
                        gather(fan, store, p, sample, (step, stop), cell, block, wave[: stop - step])
            sums = wave[at_wave]
            if numbers[RIGHT]:
                for i in range(n):
                    sums[i] = shifted(sums[i], numbers[RIGHT], numbers[NEAREST])
            if kind == READOUT:
                for q in range(positions):
                    for c in range(wide):
                        total = state[V, q * wide + c] + sums[q * wide + c]
                        state[V, q * wide + c] = bounded(total, numbers[LOW], numbers[HIGH])
                        outputs[sample, step, (block[0] + c) * positions + q] = state[V, q * wide + c]
                continue
            if kind == LIF and numbers[PLAIN]:
                update_plain(sums, state, cell, fired)
            elif kind == LIF:
                update_any(sums, state, cell, block, fired)
            elif kind == LI:
                update_leaky(sums, state, cell, block, fired)
            elif kind == CLIF:
                update_clif(sums, state, cell, block, fired)
            else:
                update_stateless(sums, kind, cell, fired)
            start = ends[task, step - 1] if step > 0 else origin
            at = emit(fired, positions, block[0], cursor, index, start)
            if graded:
                for e in range(start, at):
                    c = index[e] // positions
                    payload[e] = sums[(index[e] - c * positions) * wide + c - block[0]]
            ends[task, step] = at
            if blocks == 1:
                at_cell = numbers[FIRST_CELL] + sample * steps + step
                cell_begins[at_cell] = start
                cell_ends[at_cell] = at


@njit(**CACHED)
def merge_blocks(cell, store, graded, ends, samples):
    """Bring the blocks' events of each step together, in (channel, position) order."""
    numbers = cell.numbers
    blocks, steps = len(ends) // samples, ends.shape[1]
    per_channel = numbers[POSITIONS] * steps
    for sample in range(samples):
        base = numbers[BASE] + sample * numbers[ROOM]
        index = store.neurons[base : base + numbers[ROOM]].copy()
        payload = store.payload[base : base + (numbers[ROOM] if graded else 0)].copy()
        at = base
        for step in range(steps):
            cell_at = numbers[FIRST_CELL] + sample * steps + step
            store.begins[cell_at] = at
            for part in range(blocks):
                first = part * numbers[CHANNELS] // blocks * per_channel
                task = sample * blocks + part
                start = ends[task, step - 1] - base if step > 0 else first
                stop = ends[task, step] - base
                store.neurons[at : at + stop - start] = index[start:stop]
                if graded:
                    store.payload[at : at + stop - start] = payload[start:stop]
                at += stop - start
            store.ends[cell_at] = at


@njit(**CACHED)
def reverse_axes(given, reverse):
    """``reverse[g, c, b, a] = given[g, a, b, c]``, block by block so that both stay in the cache."""
    groups, outer, middle, inner = given.shape
    for g in range(groups):
        for b in range(middle):
            for a0 in range(0, outer, TILE):
                for c0 in range(0, inner, TILE):
                    for c in range(c0, min(c0 + TILE, inner)):
                        for a in range(a0, min(a0 + TILE, outer)):
                            reverse[g, c, b, a] = given[g, a, b, c]
