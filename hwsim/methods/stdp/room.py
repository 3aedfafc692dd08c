"""Numba: the arrays that one image after another uses."""

import numpy as np
from numba import njit

from hwsim.jit import CACHED
from hwsim.methods.stdp.layout import Room


@njit(**CACHED)
def new_room(inputs, neurons, steps):
    """Fresh arrays, with room for a spike of every input at every step."""
    most = inputs * steps
    return Room(
        np.zeros(steps + 1, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int32),
        np.empty(most, np.int32),
        np.zeros(neurons, np.float32),
        np.zeros(neurons, np.float32),
        np.zeros(neurons, np.int32),
        np.zeros(neurons, np.float32),
        np.zeros(neurons, np.float32),
        np.zeros(neurons, np.float32),
        np.zeros(neurons, np.int32),
        np.zeros(neurons, np.float32),
        np.zeros(neurons, np.int64),
        np.zeros(steps, np.int64),
        np.zeros(inputs, np.int64),
        np.zeros(neurons, np.int64),
        np.zeros(neurons, np.int64),
        np.zeros(neurons, np.int64),
        np.zeros(neurons, np.uint8),
        np.zeros(neurons, np.uint8),
        np.zeros(neurons, np.float64),
        np.zeros(neurons, np.float64),
        np.zeros(neurons, np.float64),
    )
