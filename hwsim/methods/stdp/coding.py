"""Numba: Poisson spikes of an image from numbers that only its key decides, drawn spike by spike."""

import math

import numpy as np
from numba import njit

from hwsim.jit import BARE, CACHED

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
UNIT = 2.0**-53


@njit(**BARE)
def mixed(state):
    """SplitMix64's output of a state (Steele, Lea, Flood 2014)."""
    z = (state ^ (state >> np.uint64(30))) * FIRST
    z = (z ^ (z >> np.uint64(27))) * SECOND
    return z ^ (z >> np.uint64(31))


@njit(**BARE)
def uniform(state):
    """In (0, 1], a multiple of 2^-53."""
    return float((mixed(state) >> np.uint64(11)) + np.uint64(1)) * UNIT


@njit(**CACHED)
def key_of(seed, stream, image):
    """The state from which all random numbers of an image come: of a seed, a use and the image's number."""
    state = mixed(np.uint64(seed) + GOLDEN)
    state = mixed(state ^ (np.uint64(stream) * GOLDEN))
    return mixed(state ^ (np.uint64(image) * FIRST))


@njit(**CACHED)
def draw_spikes(image, gaps, key, steps, room):
    """Fill ``begins`` and ``sources`` of ``room``; return the number of spikes.

    A pixel of level a spikes at each step with probability p(a), independently: after a spike it is silent
    for floor(log(u) / log(1 - p)) steps, u uniform in (0, 1]. ``gaps``: 1 / log(1 - p) of each level, 0 where
    p is 1 and NaN where it is 0.
    """
    begins, count = room.begins, 0
    begins[:] = 0
    state = key
    for i in range(len(image)):
        gap = gaps[image[i]]
        if np.isnan(gap):
            continue
        t = -1
        while True:
            state += GOLDEN
            t += 1 + int(math.log(uniform(state)) * gap)
            if t >= steps:
                break
            room.times[count] = t
            room.pixels[count] = i
            begins[t + 1] += 1
            count += 1
    for t in range(steps):
        begins[t + 1] += begins[t]
    for e in range(count):
        t = room.times[e]
        room.sources[begins[t]] = room.pixels[e]
        begins[t] += 1
    for t in range(steps, 0, -1):
        begins[t] = begins[t - 1]
    begins[0] = 0
    return count


@njit(**CACHED)
def spikes_of(images, first, seed, stream, gaps, room, dense):
    """Write the spikes that training and answering see into ``dense`` (images, steps, inputs), which is 0."""
    for b in range(len(images)):
        steps = dense.shape[1]
        draw_spikes(images[b], gaps, key_of(seed, stream, first + b), steps, room)
        for t in range(steps):
            for e in range(room.begins[t], room.begins[t + 1]):
                dense[b, t, room.sources[e]] = 1
