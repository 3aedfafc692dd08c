"""Numba: which neurons have taken an event and not fired since, all steps of a sample (E7)."""

import numpy as np
from numba import njit

from hwsim.jit import CACHED

CHANNELS, POSITIONS, STEPS, TICK, KEEPS, RESTS, FIRST, FIRST_CHANNEL, LINKS, LINKS_END = range(10)
"""Columns of ``populations``: sizes; its steps, 0 where no projection leads to it; tick of its first step;
whether a neuron keeps what it takes, and nothing once it has fired; where its neurons, channels and links
begin."""

(
    SOURCE, DELAY, DENSE, INPUTS, EACH, PLACES, WIDTH, WIDTH_OUT, ROWS, ROW_TAPS, COLUMNS, COLUMN_TAPS,
) = range(12)  # fmt: skip
"""Columns of ``links``: projections by target; channels of a group at source and target, positions and width
of the source, width of the target, where the taps of rows and columns begin and how many each has."""


@njit(**CACHED)
def touch(tables, interval, cells, neurons, counts):
    """Count them by tick and core into ``counts`` (K, C + 1).

    ``tables``: populations, links, taps, by position and then channel the core of each neuron, by channel
    whether it has a bias. ``cells`` (populations, steps, 2): begin and end of the events in ``neurons``.
    """
    populations, links, taps, cores, biased = tables
    most = np.int64(1)
    for link in links:
        most = max(most, link[PLACES] * (populations[link[SOURCE], CHANNELS] // link[INPUTS]))
    for p in populations:
        most = max(most, p[CHANNELS] * p[POSITIONS])
    seen, held = np.zeros(most, np.int64), np.zeros(most, np.int64)
    now = 0
    for number in range(len(populations)):
        p = populations[number]
        channels, size = p[CHANNELS], p[CHANNELS] * p[POSITIONS]
        core = cores[p[FIRST] : p[FIRST] + size]
        bias = biased[p[FIRST_CHANNEL] : p[FIRST_CHANNEL] + channels]
        mask, left = np.zeros(size, np.uint8), np.zeros(p[POSITIONS], np.int64)
        count = np.zeros(counts.shape[1], np.int64)
        for step in range(p[STEPS]):
            if step == 0 or not p[KEEPS]:
                mask[:] = 0
                left[:] = channels
                count[:] = 0
                for c in range(channels):
                    for q in range(p[POSITIONS] if bias[c] else 0):
                        mark(mask, left, count, core, channels, q, c, c + 1)
            for at in range(p[LINKS], p[LINKS_END]):
                link = links[at]
                if step < link[DELAY]:
                    continue
                begin, end = cells[link[SOURCE], step - link[DELAY]]
                now += 1
                if link[DENSE]:
                    for q in range(p[POSITIONS] if begin < end else 0):
                        mark(mask, left, count, core, channels, q, 0, channels)
                    continue
                for e in range(begin, end):
                    group = neurons[e] // (link[PLACES] * link[INPUTS])
                    place = neurons[e] % link[PLACES]
                    if seen[group * link[PLACES] + place] == now:
                        continue
                    seen[group * link[PLACES] + place] = now
                    y, x = place // link[WIDTH], place % link[WIDTH]
                    for i in range(link[ROW_TAPS]):
                        row = taps[link[ROWS] + y * link[ROW_TAPS] + i]
                        for j in range(link[COLUMN_TAPS] if row >= 0 else 0):
                            column = taps[link[COLUMNS] + x * link[COLUMN_TAPS] + j]
                            q = row * link[WIDTH_OUT] + column
                            if column < 0 or held[group * p[POSITIONS] + q] == now:
                                continue
                            held[group * p[POSITIONS] + q] = now
                            first = group * link[EACH]
                            mark(mask, left, count, core, channels, q, first, first + link[EACH])
            counts[interval * step + p[TICK]] += count
            if p[RESTS]:
                begin, end = cells[number, step]
                for e in range(begin, end):
                    c, q = neurons[e] // p[POSITIONS], neurons[e] % p[POSITIONS]
                    i = q * channels + c
                    if mask[i] and not bias[c]:
                        mask[i] = 0
                        left[q] += 1
                        count[core[i]] -= 1


@njit(**CACHED)
def mark(mask, left, count, core, channels, q, first, end):
    """Channels ``first`` to ``end`` - 1 of position ``q`` are touched; ``left``: how many of it are not."""
    if left[q] == 0:
        return
    for i in range(q * channels + first, q * channels + end):
        if mask[i] == 0:
            mask[i] = 1
            left[q] -= 1
            count[core[i]] += 1
