"""Numba kernels lane by lane: every input of a lane with the steps of the pass at which it is live.

``masks`` (sample, neuron): bit i is set if the neuron's event arrives at step i of the pass. ``parts``: the
rows of :data:`hwsim.lower.lane_streams.PART`; those from tiles[j] to tiles[j + 1] make K-tile j. A lane is
an output position, or a sample if ``together``; fold f has the lanes from lanes[f] to lanes[f + 1].
"""

import numpy as np
from numba import njit

from hwsim.jit import CACHED
from hwsim.lower.bits import ones


@njit(**CACHED)
def column(masks, part, group, lane, width_out, together, out):
    """Masks of the inputs of one lane in one part of a K-tile, k rising, into ``out``; returns how many."""
    first_neuron, positions, height, width, kh, kw = part[0], part[1], part[2], part[3], part[4], part[5]
    sh, sw, ph, pw, channels, first, end = part[6], part[7], part[8], part[9], part[10], part[11], part[12]
    sample, position = (lane, 0) if together else (0, lane)
    oy = position // width_out
    top, left = oy * sh - ph, (position - oy * width_out) * sw - pw
    inside = top >= 0 and left >= 0 and top + kh <= height and left + kw <= width
    c, tap = first // (kh * kw), first % (kh * kw)
    ky, kx = tap // kw, tap % kw
    base = first_neuron + (group * channels + c) * positions
    for i in range(end - first):
        y, x = top + ky, left + kx
        if inside or (y >= 0 and x >= 0 and y < height and x < width):
            out[i] = masks[sample, base + y * width + x]
        else:
            out[i] = 0
        kx += 1
        if kx == kw:
            kx = 0
            ky += 1
            if ky == kh:
                ky = 0
                base += positions
    return end - first


@njit(**CACHED)
def mark(offsets, index, bits, masks):
    """Events of one sample into ``masks`` (neuron); ``bits``: of each source step, 0 for none."""
    for step in range(len(bits)):
        if bits[step] != 0:
            for e in range(offsets[step], offsets[step + 1]):
                masks[index[e]] |= bits[step]


@njit(**CACHED)
def contention(inputs, repeats, counts, rows, banks, ports, asked, seen):
    """Cycles beyond one a beat in which rows wait for a bank (P2), and accesses, equal k of a beat once (P4).

    Row r streams inputs[r, i] for repeats[r, i] beats each, i < counts[r]. ``asked`` (banks) is zero and
    stays so; ``seen`` (K) is written.
    """
    at = np.zeros(rows, np.int64)
    left = repeats[:rows, 0].copy()
    seen[:] = -1
    extra = accesses = beat = 0
    while True:
        most = 0
        for r in range(rows):
            if at[r] < counts[r]:
                k = inputs[r, at[r]]
                most = max(most, 1)
                if seen[k] != beat:
                    seen[k] = beat
                    accesses += 1
                    asked[k % banks] += 1
                    most = max(most, asked[k % banks])
        if most == 0:
            return extra, accesses
        extra += (most + ports - 1) // ports - 1
        for r in range(rows):
            if at[r] < counts[r]:
                asked[inputs[r, at[r]] % banks] = 0
                left[r] -= 1
                if left[r] == 0:
                    at[r] += 1
                    left[r] = repeats[r, min(at[r], counts[r] - 1)]
        beat += 1


@njit(**CACHED)
def own_streams(
    masks, parts, tiles, group, lanes, width_out, together, serial, banks, ports, deepest,
    longest, total, conflict, accesses, decoded, live,
):  # fmt: skip
    """A stream for each row: L, sum of L_r, conflict, accesses to weights and E (fold, K-tile).

    ``live`` (fold, part) is added to.
    """
    most = 0
    for fold in range(len(lanes) - 1):
        most = max(most, lanes[fold + 1] - lanes[fold])
    inputs, repeats = np.empty((most, deepest), np.int32), np.empty((most, deepest), np.int32)
    counts, masked = np.zeros(most, np.int64), np.empty(deepest, np.uint64)
    asked, seen = np.zeros(banks, np.int64), np.empty(deepest, np.int64)
    for fold in range(len(lanes) - 1):
        rows = lanes[fold + 1] - lanes[fold]
        for tile in range(len(tiles) - 1):
            for r in range(rows):
                length = events = found = before = 0
                for p in range(tiles[tile], tiles[tile + 1]):
                    size = column(masks, parts[p], group, lanes[fold] + r, width_out, together, masked)
                    arrived = 0
                    for i in range(size):
                        if masked[i] != 0:
                            steps = ones(masked[i])
                            beats = steps if serial else 1
                            inputs[r, found] = before + i
                            repeats[r, found] = beats
                            found += 1
                            length += beats
                            arrived += steps
                    live[fold, p] += arrived
                    events += arrived
                    before += size
                counts[r] = found
                longest[fold, tile] = max(longest[fold, tile], length)
                total[fold, tile] += length
                decoded[fold, tile] = max(decoded[fold, tile], events)
            conflict[fold, tile], accesses[fold, tile] = contention(
                inputs, repeats, counts, rows, banks, ports, asked, seen
            )


@njit(**CACHED)
def sparse_streams(
    masks, parts, tiles, group, lanes, width_out, together, serial, nonzero, chosen, channels,
    folds, deepest, longest, total, decoded, live, useful,
):  # fmt: skip
    """Streams of a PE each: L and sum of L_rn (N-fold, fold, K-tile), E (fold, K-tile).

    ``nonzero`` (k of all parts, channels of the group) is 1 where a weight is not zero, ``chosen`` (k) its
    sum over channels; N-fold f has channels[folds[f]] to channels[folds[f + 1] - 1]. ``live`` (fold, part)
    and ``useful`` (part) are added to.
    """
    masked, length = np.empty(deepest, np.uint64), np.empty(nonzero.shape[1], np.int32)
    for fold in range(len(lanes) - 1):
        for lane in range(lanes[fold], lanes[fold + 1]):
            k = 0
            for tile in range(len(tiles) - 1):
                length[:] = 0
                events = 0
                for p in range(tiles[tile], tiles[tile + 1]):
                    size = column(masks, parts[p], group, lane, width_out, together, masked)
                    arrived = 0
                    for i in range(size):
                        if masked[i] != 0:
                            steps = ones(masked[i])
                            beats = np.int32(steps if serial else 1)
                            for n in range(len(length)):
                                length[n] += beats * nonzero[k + i, n]
                            arrived += steps
                            useful[p] += steps * chosen[k + i]
                    live[fold, p] += arrived
                    events += arrived
                    k += size
                decoded[fold, tile] = max(decoded[fold, tile], events)
                for f in range(len(folds) - 1):
                    for n in range(folds[f], folds[f + 1]):
                        longest[f, fold, tile] = max(longest[f, fold, tile], length[channels[n]])
                        total[f, fold, tile] += length[channels[n]]


@njit(**CACHED)
def streamed_lanes(
    masks, parts, tiles, group, lanes, width_out, together, serial, deepest, streamed, live
):  # fmt: skip
    """Lanes with a live input, each once or (``serial``) at every such step: ``streamed`` (fold, K-tile).

    ``live`` (fold, part) is added to.
    """
    masked = np.empty(deepest, np.uint64)
    for fold in range(len(lanes) - 1):
        for lane in range(lanes[fold], lanes[fold + 1]):
            for tile in range(len(tiles) - 1):
                steps = np.uint64(0)
                for p in range(tiles[tile], tiles[tile + 1]):
                    for i in range(column(masks, parts[p], group, lane, width_out, together, masked)):
                        steps |= masked[i]
                        live[fold, p] += ones(masked[i])
                if steps != 0:
                    streamed[fold, tile] += ones(steps) if serial else 1
