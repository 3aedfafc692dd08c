"""Numba: what spikes change of weights and thresholds; only what a spike touches is read and written."""

import math

import numpy as np
from numba import njit

from hwsim.jit import BARE, CACHED
from hwsim.methods.stdp.coding import GOLDEN, uniform
from hwsim.methods.stdp.layout import (
    DEPRESSED_ROWS,
    DEPRESSED_WEIGHTS,
    NEAREST,
    NO_ROUNDING,
    NORM_READS,
    NORM_WRITES,
    OF_NORM,
    OF_THETA,
    OF_WEIGHT,
    POTENTIATED_NEURONS,
    STOCHASTIC,
    THETA_UPDATES,
    TRACE_READS,
    WEIGHT_READS,
    WEIGHT_WRITES,
)


@njit(**BARE)
def by_magnitude(scaled, rounding):
    """The integer toward zero, or the nearest, ties away from zero."""
    magnitude = math.floor(abs(scaled) + 0.5) if rounding == NEAREST else math.floor(abs(scaled))
    return math.copysign(magnitude, scaled)


@njit(**BARE)
def on_grid(value, grid, key, what, step, place):
    """``value`` in fixed point: by magnitude, or at random to one of both neighbors so that the mean is
    kept; saturated. float32.

    The random number is that of ``key``, ``what``, ``step`` and ``place`` alone.
    """
    if grid.rounding == NO_ROUNDING:
        return np.float32(value)
    scaled = float(value) * grid.scale
    if grid.rounding == STOCHASTIC:
        at = ((np.uint64(step) * np.uint64(4) + np.uint64(what)) << np.uint64(32)) + np.uint64(place)
        scaled = float(math.floor(scaled + (1.0 - uniform(key ^ (at * GOLDEN)))))
    else:
        scaled = by_magnitude(scaled, grid.rounding)
    return np.float32(min(max(scaled, grid.low), grid.high) / grid.scale)


@njit(**BARE)
def grow(theta, j, rule, grids, key, step, counts):
    """theta += growth where neuron ``j`` crossed its threshold."""
    place = np.int64(j)
    theta[j] = on_grid(theta[j] + rule.growth, grids.theta, key, OF_THETA, step, place)
    counts[THETA_UPDATES] += 1


@njit(**BARE)
def fade(theta, rule, grids, key, steps, counts):
    """theta *= fading after an image of ``steps``."""
    if rule.fading == 1:
        return
    for j in range(len(theta)):
        theta[j] = on_grid(theta[j] * rule.fading, grids.theta, key, OF_THETA, steps, j)
    counts[THETA_UPDATES] += len(theta)


@njit(**BARE)
def depress(weights, rule, grids, traces, room, learners, step, key, counts):
    """w -= pre_rate * x_post, not below 0, from the inputs that spike at ``step`` to all that may learn."""
    begin, end = room.begins[step], room.begins[step + 1]
    if begin == end:
        return
    for a in range(learners):
        j = room.learners[a]
        change = rule.pre_rate * traces[step - room.fired[j]]
        for e in range(begin, end):
            i = room.sources[e]
            w = max(weights[i, j] - change, np.float32(0.0))
            weights[i, j] = on_grid(w, grids.weights, key, OF_WEIGHT, 2 * step, i * weights.shape[1] + j)
        room.changed[j] = 1
    if learners > 0:
        counts[DEPRESSED_ROWS] += end - begin
    touched = learners * (end - begin)
    counts[DEPRESSED_WEIGHTS] += touched
    counts[TRACE_READS] += learners
    counts[WEIGHT_READS] += touched
    counts[WEIGHT_WRITES] += touched


@njit(**BARE)
def potentiate(weights, j, factor, rule, grids, traces, room, step, key, counts):
    """w += factor * post_rate * x_pre [* (w_max - w)], in 0 to w_max, from inputs seen to neuron ``j``."""
    rate = np.float32(factor) * rule.post_rate
    zero, touched = np.float32(0.0), 0
    for i in range(len(weights)):
        if room.seen[i] < 0:
            continue
        w = weights[i, j]
        change = rate * traces[step - room.seen[i]]
        if rule.soft:
            change *= rule.w_max - w
        w = min(max(w + change, zero), rule.w_max)
        weights[i, j] = on_grid(w, grids.weights, key, OF_WEIGHT, 2 * step + 1, i * weights.shape[1] + j)
        touched += 1
    room.changed[j] = 1
    counts[POTENTIATED_NEURONS] += 1
    counts[TRACE_READS] += touched
    counts[WEIGHT_READS] += touched
    counts[WEIGHT_WRITES] += touched


@njit(**CACHED)
def normalize(weights, rule, grids, room, learners, key, counts):
    """w *= total / sum of the weights into a neuron, for those that have learned. Sums in float64."""
    if rule.total <= 0:
        return
    inputs, neurons = weights.shape
    live = 0
    for a in range(learners):
        j = room.learners[a]
        if room.changed[j]:
            room.waiting_update[live] = j
            room.sums[live] = 0.0
            live += 1
    columns, sums = room.waiting_update, room.sums
    for i in range(inputs):
        for a in range(live):
            sums[a] += weights[i, columns[a]]
    for a in range(live):
        sums[a] = rule.total / sums[a] if sums[a] > 0 else 1.0
    for i in range(inputs):
        for a in range(live):
            j = columns[a]
            scaled = weights[i, j] * np.float32(sums[a])
            weights[i, j] = on_grid(scaled, grids.weights, key, OF_NORM, 0, i * neurons + j)
    counts[NORM_READS] += 2 * inputs * live
    counts[NORM_WRITES] += inputs * live
