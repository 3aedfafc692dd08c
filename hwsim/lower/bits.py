"""Numba kernels over bitmaps: 64 source channels to a word, for streams that all rows share."""

import numpy as np
from numba import njit

from hwsim.jit import CACHED


@njit(**CACHED)
def ones(word):
    """Number of set bits of a 64-bit word."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(**CACHED)
def set_bits(offsets, index, positions, slots, word, mask, words):
    """Events of one sample as bits of ``words`` (slot, position, word).

    ``slots``: where the events of each source step go, -1 for nowhere. Events rise in neuron order, so that
    a channel's ``word`` and ``mask`` are looked up once for all its events.
    """
    for step in range(len(slots)):
        if slots[step] < 0:
            continue
        begin = end = place = np.int64(0)
        bit = np.uint64(0)
        for e in range(offsets[step], offsets[step + 1]):
            if index[e] >= end:
                channel = index[e] // positions
                begin, end = channel * positions, (channel + 1) * positions
                place, bit = word[channel], mask[channel]
            words[slots[step], index[e] - begin, place] |= bit


@njit(**CACHED)
def count_events(offsets, index, positions, slots, segment, counts):
    """Events of one sample, counted in ``counts`` (slot, position, segment); slots as in set_bits."""
    for step in range(len(slots)):
        if slots[step] < 0:
            continue
        begin = end = place = np.int64(0)
        for e in range(offsets[step], offsets[step + 1]):
            if index[e] >= end:
                channel = index[e] // positions
                begin, end = channel * positions, (channel + 1) * positions
                place = segment[channel]
            counts[slots[step], index[e] - begin, place] += 1


@njit(**CACHED)
def union(words, plane, width_out, kernel, stride, padding, lanes, together, segments, live):
    """Inputs live in any lane of a fold, ``live`` (fold, slot, segment), from ``words`` (sample, slot, ...).

    Fold f has the lanes from lanes[f] to lanes[f + 1]: output positions, or samples if ``together``. Segment
    s has the words from segments[s] to segments[s + 1].
    """
    slots, width = words.shape[1], words.shape[3]
    found = np.empty(width, np.uint64)
    for fold in range(len(lanes) - 1):
        for slot in range(slots):
            for ky in range(kernel[0]):
                for kx in range(kernel[1]):
                    found[:] = 0
                    for lane in range(lanes[fold], lanes[fold + 1]):
                        sample, position = (lane, 0) if together else (0, lane)
                        oy = position // width_out
                        y = oy * stride[0] - padding[0] + ky
                        x = (position - oy * width_out) * stride[1] - padding[1] + kx
                        if y < 0 or x < 0 or y >= plane[0] or x >= plane[1]:
                            continue
                        for w in range(width):
                            found[w] |= words[sample, slot, y * plane[1] + x, w]
                    for s in range(len(segments) - 1):
                        for w in range(segments[s], segments[s + 1]):
                            live[fold, slot, s] += ones(found[w])


@njit(**CACHED)
def total(counts, plane, width_out, kernel, stride, padding, lanes, together, live):
    """Live inputs summed over the lanes of a fold, ``live`` (fold, slot, segment), from ``counts``."""
    slots, segments = counts.shape[1], counts.shape[3]
    for fold in range(len(lanes) - 1):
        for lane in range(lanes[fold], lanes[fold + 1]):
            sample, position = (lane, 0) if together else (0, lane)
            oy = position // width_out
            top = oy * stride[0] - padding[0]
            left = (position - oy * width_out) * stride[1] - padding[1]
            for slot in range(slots):
                for y in range(max(top, 0), min(top + kernel[0], plane[0])):
                    for x in range(max(left, 0), min(left + kernel[1], plane[1])):
                        for s in range(segments):
                            live[fold, slot, s] += counts[sample, slot, y * plane[1] + x, s]
