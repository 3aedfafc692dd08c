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
def set_bits(offsets, index, positions, arriving, word, mask, words):
    """Events of one sample at the ``arriving`` steps of the source, as bits ``words`` (step, position, word).

    Events rise in neuron order, so that a channel's ``word`` and ``mask`` are looked up once for all its
    events.
    """
    for i in range(len(arriving)):
        begin = end = place = np.int64(0)
        bit = np.uint64(0)
        for e in range(offsets[arriving[i]], offsets[arriving[i] + 1]):
            if index[e] >= end:
                channel = index[e] // positions
                begin, end = channel * positions, (channel + 1) * positions
                place, bit = word[channel], mask[channel]
            words[i, index[e] - begin, place] |= bit


@njit(**CACHED)
def collapse(words, passes, slots, segments, counts, merged):
    """Bits of a step (sample, step, position, word), counted by pass and merged by slot.

    Adds the set bits of step i to ``counts`` (sample, passes[i], position, segment) and them to ``merged``
    (sample, slots[j, i], position, word) for all j. Segment s has the words segments[s] to segments[s + 1].
    """
    for sample in range(words.shape[0]):
        for i in range(words.shape[1]):
            for position in range(words.shape[2]):
                for s in range(len(segments) - 1):
                    for w in range(segments[s], segments[s + 1]):
                        word = words[sample, i, position, w]
                        if word != 0:
                            counts[sample, passes[i], position, s] += ones(word)
                            for j in range(len(slots)):
                                merged[sample, slots[j, i], position, w] |= word


@njit(**CACHED)
def count_live(offsets, index, positions, arriving, passes, segment, counts):
    """Adds the events of one sample, as :func:`set_bits` takes them, to ``counts`` (pass, position, segment).

    What :func:`collapse` counts, where nothing asks for the bits; ``segment``: of each channel.
    """
    for i in range(len(arriving)):
        begin = end = place = np.int64(0)
        for e in range(offsets[arriving[i]], offsets[arriving[i] + 1]):
            if index[e] >= end:
                channel = index[e] // positions
                begin, end, place = channel * positions, (channel + 1) * positions, segment[channel]
            counts[passes[i], index[e] - begin, place] += 1


@njit(**CACHED)
def fold_inputs(merged, counts, window, lanes, width_out, together, segments, union, live):
    """Live inputs of each fold from what :func:`collapse` made.

    ``union`` (fold, slot, segment): live in any lane; ``live`` (fold, pass, segment): summed over lanes.
    ``window``: plane, kernel, stride and padding of the projection, two numbers each. Fold f has the lanes
    from lanes[f] to lanes[f + 1]: output positions, or samples if ``together``.
    """
    height, width, kh, kw = window[0], window[1], window[2], window[3]
    passes, slots = counts.shape[1], merged.shape[1]
    top, left = np.empty(lanes[-1], np.int64), np.empty(lanes[-1], np.int64)
    for lane in range(lanes[-1]):
        oy = 0 if together else lane // width_out
        ox = 0 if together else lane - oy * width_out
        top[lane], left[lane] = oy * window[4] - window[6], ox * window[5] - window[7]
    samples, places = np.zeros(lanes[-1], np.int64), np.empty(lanes[-1], np.int64)
    for fold in range(len(lanes) - 1):
        for tap in range(kh * kw):
            ky, kx = tap // kw, tap % kw
            inside = 0
            for lane in range(lanes[fold], lanes[fold + 1]):
                y, x = top[lane] + ky, left[lane] + kx
                if y >= 0 and x >= 0 and y < height and x < width:
                    samples[inside] = lane if together else 0
                    places[inside] = y * width + x
                    inside += 1
            for s in range(len(segments) - 1):
                for slot in range(slots):
                    for w in range(segments[s], segments[s + 1]):
                        found = np.uint64(0)
                        for i in range(inside):
                            found |= merged[samples[i], slot, places[i], w]
                        union[fold, slot, s] += ones(found)
                for q in range(passes):
                    for i in range(inside):
                        live[fold, q, s] += counts[samples[i], q, places[i], s]
