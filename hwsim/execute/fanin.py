"""Numba kernels that add up what reaches a population: convolutions, dense layers, shortcuts, pools."""

import numpy as np
from numba import njit

from hwsim.execute.integers import raised
from hwsim.execute.lanes import LANES, add_rows
from hwsim.execute.layout import (
    AVG_POOL,
    C_IN,
    C_OUT,
    CELL,
    CONV,
    DELAY,
    DENSE,
    GRADED,
    GROUPS,
    HEIGHT,
    IDENTITY,
    KH,
    KIND,
    KW,
    LEFT,
    PLANE_H,
    PLANE_W,
    POSITIONS,
    STEPS,
    WEIGHTS,
    WIDTH,
    XTAP,
    YTAP,
)
from hwsim.jit import BARE, CACHED


@njit(**BARE)
def sent(g, store, sample, step):
    """First and last + 1 of the events that a projection delivers at ``step``."""
    at = step - g[DELAY]
    if at < 0:
        return np.int64(0), np.int64(0)
    cell = g[CELL] + sample * g[STEPS] + (at if g[STEPS] > 1 else 0)
    return store.begins[cell], store.ends[cell]


@njit(**CACHED)
def by_position(index, begins, channels, at):
    """Write the events' channels, by position, from ``channels[at]``, and where each position's begin."""
    area = len(begins) - 1
    for e in range(len(index)):
        begins[index[e] % area + 1] += 1
    begins[0] = at
    for q in range(area):
        begins[q + 1] += begins[q]
    cursor = begins[:area].copy()
    for e in range(len(index)):
        c = index[e] // area
        q = index[e] - c * area
        channels[cursor[q]] = c
        cursor[q] += 1


@njit(**CACHED)
def conv_spikes(fan, g, store, sample, span, block, width_out, sums):
    """sums[step, oy, ox, :] += weights[c, ky, kx, :] for every spike (c, y, x) of the steps of ``span`` and
    tap in bounds, one group."""
    events = 0
    for step in range(span[0], span[1]):
        begin, end = sent(g, store, sample, step)
        events += end - begin
    begins = np.zeros((len(sums), g[HEIGHT] * g[WIDTH] + 1), np.int64)
    channels = np.empty(events, np.int64)
    at = 0
    for step in range(span[0], span[1]):
        begin, end = sent(g, store, sample, step)
        by_position(store.neurons[begin:end], begins[step - span[0]], channels, at)
        at += end - begin
    add_taps(fan, g, begins, channels, block, width_out, sums)


@njit(**BARE)
def lanes_from(g, o):
    """Of target channel ``o`` of a group: the lanes in its row of weights, and its own in the first row."""
    begin = o // LANES * LANES
    wide = min(LANES, g[C_OUT] - begin)
    return wide, g[WEIGHTS] + begin * g[GROUPS] * g[KH] * g[KW] * g[C_IN] + o - begin


@njit(**BARE)
def add_taps(fan, g, begins, channels, block, width_out, sums):
    """Tap after tap, so that the weights of some lanes of a tap stay in the cache for all positions.

    An output meets the taps in the order of its source positions.
    """
    wide = block[1] - block[0]
    o = block[0]
    while o < block[1]:
        row, first = lanes_from(g, o)
        count = min(block[1], o // LANES * LANES + row) - o
        for ky in range(g[KH]):
            for kx in range(g[KW]):
                tap = first + (ky * g[KW] + kx) * g[C_IN] * row
                for step in range(len(sums)):
                    for y in range(g[HEIGHT]):
                        oy = fan.taps[g[YTAP] + y * g[KH] + ky]
                        if oy < 0:
                            continue
                        for x in range(g[WIDTH]):
                            ox = fan.taps[g[XTAP] + x * g[KW] + kx]
                            at = y * g[WIDTH] + x
                            live = channels[begins[step, at] : begins[step, at + 1]]
                            if ox >= 0 and len(live):
                                to = (oy * width_out + ox) * wide + o - block[0]
                                add_rows(sums[step], to, count, fan.weights, tap, live, row)
        o += count


@njit(**BARE)
def conv_values(fan, g, index, payload, block, width_out, sums):
    """sums[oy, ox, :] += value * weights[c, ky, kx, :], event by event; with groups, in one block."""
    area = g[HEIGHT] * g[WIDTH]
    wide = block[1] - block[0]
    stop = block[1] if g[GROUPS] == 1 else g[C_OUT]
    for e in range(len(index)):
        c = index[e] // area
        y = (index[e] - c * area) // g[WIDTH]
        x = index[e] - c * area - y * g[WIDTH]
        group, channel = c // g[C_IN], c % g[C_IN]
        value = payload[e] if g[GRADED] else 1
        for ky in range(g[KH]):
            oy = fan.taps[g[YTAP] + y * g[KH] + ky]
            for kx in range(g[KW]):
                ox = fan.taps[g[XTAP] + x * g[KW] + kx]
                if oy < 0 or ox < 0:
                    continue
                tap = (group * g[KH] + ky) * g[KW] + kx
                o = block[0]
                while o < stop:
                    row, first = lanes_from(g, o)
                    count = min(stop, o // LANES * LANES + row) - o
                    at = first + (tap * g[C_IN] + channel) * row
                    to = (oy * width_out + ox) * wide + group * g[C_OUT] + o - block[0]
                    for k in range(count):
                        sums[to + k] += value * fan.weights[at + k]
                    o += count


@njit(**CACHED)
def scatter_dense(fan, g, index, payload, block, sums):
    """sums += value * weights[source neuron, :] for every event; the target is flat."""
    rows = index.astype(np.int64)
    o = block[0]
    while o < block[1]:
        row, first = lanes_from(g, o)
        count = min(block[1], o // LANES * LANES + row) - o
        to = o - block[0]
        if g[GRADED]:
            for e in range(len(rows)):
                at = first + rows[e] * row
                for k in range(count):
                    sums[to + k] += payload[e] * fan.weights[at + k]
        else:
            add_rows(sums, to, count, fan.weights, first, rows, row)
        o += count


@njit(**CACHED)
def scatter_identity(g, index, payload, block, positions, sums):
    """sums += value of the same neuron."""
    wide, one = block[1] - block[0], sums.dtype.type(1)
    for e in range(len(index)):
        c = index[e] // positions
        if block[0] <= c < block[1]:
            to = (index[e] - c * positions) * wide + c - block[0]
            sums[to] += raised(payload[e] if g[GRADED] else one, g[LEFT])


@njit(**CACHED)
def pool(fan, g, index, payload, block, plane, sums):
    """Sum or maximum over every window of one step's values; neurons without an event count as 0."""
    area = g[HEIGHT] * g[WIDTH]
    wide = block[1] - block[0]
    values, one = np.zeros(area * wide, sums.dtype), sums.dtype.type(1)
    for e in range(len(index)):
        c = index[e] // area
        if block[0] <= c < block[1]:
            to = (index[e] - c * area) * wide + c - block[0]
            values[to] = raised(payload[e] if g[GRADED] else one, g[LEFT])
    seen = np.zeros(plane[0] * plane[1], np.bool_)
    for y in range(g[HEIGHT]):
        for x in range(g[WIDTH]):
            row = values[(y * g[WIDTH] + x) * wide : (y * g[WIDTH] + x + 1) * wide]
            for ky in range(g[KH]):
                oy = fan.taps[g[YTAP] + y * g[KH] + ky]
                for kx in range(g[KW]):
                    ox = fan.taps[g[XTAP] + x * g[KW] + kx]
                    if oy < 0 or ox < 0:
                        continue
                    position = oy * plane[1] + ox
                    target = sums[position * wide : (position + 1) * wide]
                    if g[KIND] == AVG_POOL:
                        for c in range(wide):
                            target[c] += row[c]
                    elif seen[position]:
                        for c in range(wide):
                            target[c] = max(target[c], row[c])
                    else:
                        target[:] = row
                        seen[position] = True


@njit(**CACHED)
def gather(fan, store, p, sample, span, cell, block, sums):
    """Add what projection ``p`` delivers at the steps of ``span`` to the block's ``sums``
    (step, position and channel)."""
    g, numbers = fan.geometry[p], cell.numbers
    if g[KIND] == CONV and not g[GRADED] and g[GROUPS] == 1:
        conv_spikes(fan, g, store, sample, span, block, numbers[PLANE_W], sums)
        return
    for step in range(span[0], span[1]):
        begin, end = sent(g, store, sample, step)
        index, payload, total = store.neurons[begin:end], store.payload[begin:end], sums[step - span[0]]
        if g[KIND] == CONV:
            conv_values(fan, g, index, payload, block, numbers[PLANE_W], total)
        elif g[KIND] == DENSE:
            scatter_dense(fan, g, index, payload, block, total)
        elif g[KIND] == IDENTITY:
            scatter_identity(g, index, payload, block, numbers[POSITIONS], total)
        elif step >= g[DELAY]:
            pool(fan, g, index, payload, block, numbers[PLANE_H : PLANE_W + 1], total)
