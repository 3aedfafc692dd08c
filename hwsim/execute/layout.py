"""How the kernels hold a network: codes, columns and tables of numbers.

Inside a kernel the neurons of a population lie as (position, channel), so that one event adds a
contiguous row of weights to a contiguous row of sums; events come out in (channel, position) order.
"""

from typing import NamedTuple

import numpy as np

CONV, DENSE, IDENTITY, MAX_POOL, AVG_POOL = range(5)
LIF, LI, CLIF, RELAY, RELU, READOUT = range(6)


class Fanin(NamedTuple):
    """The projections into one population, a row of ``geometry`` each, with the columns below.

    ``taps`` maps (input row, kernel row) to an output row, and likewise for columns, or to -1.
    """

    geometry: np.ndarray
    taps: np.ndarray
    weights: np.ndarray


(
    KIND, CELL, STEPS, GRADED, WEIGHTS, C_IN, C_OUT, HEIGHT, WIDTH, KH, KW, YTAP, XTAP, GROUPS, DELAY, LEFT,
) = range(16)  # fmt: skip
"""Columns of a fan-in's geometry: kind of projection, first cell of the source, its steps, whether it
is graded, offset of the weights, channels per group at both ends, source plane, kernel, first taps,
groups, delay, and by how many bits integer values without weights are shifted left."""


class Store(NamedTuple):
    """Events of a chunk of samples: cell (first of the population + sample * steps + step) holds events
    ``begins[cell]`` to ``ends[cell]`` of ``neurons`` and, where graded, of ``payload``."""

    neurons: np.ndarray
    payload: np.ndarray
    begins: np.ndarray
    ends: np.ndarray


class Cell(NamedTuple):
    """The target's neurons. ``numbers``: see below; ``values``: parameters, one after the other;
    parameter k of neuron j (position, channel) is ``values[at[k, 0] + j * at[k, 1]]``."""

    numbers: np.ndarray
    values: np.ndarray
    at: np.ndarray
    bias: np.ndarray


(
    P_KIND, POSITIONS, CHANNELS, PLANE_H, PLANE_W, RESET, INCLUSIVE, LEAK, DELAYED, MULTI, CURRENT,
    REFRACTORY, ADAPTIVE, STATE_GROUPS, ONE_SPIKE, FLOORED, PLAIN, RIGHT, NEAREST, DECAY_BITS, CURRENT_BITS,
    ADAPTATION_BITS, LOW, HIGH, CURRENT_LOW, CURRENT_HIGH, ADAPTATION_LOW, ADAPTATION_HIGH, FIRST_CELL, BASE,
    ROOM,
) = range(31)  # fmt: skip
"""Numbers of a population. PLAIN: an LIF of one state word with scalar parameters. RIGHT to ADAPTATION_HIGH
are for integers: the right shift of the sums, whether products are rounded to the nearest, fraction bits of
the decays, bounds of the states. FIRST_CELL, BASE, ROOM: its place in the store: first cell, first event,
events a sample."""

SUBTRACT, ZERO, VALUE = range(3)
(
    DECAY, THRESHOLD, GAIN, REST, RESET_VALUE, CURRENT_DECAY, ADAPTATION, ADAPTATION_DECAY, INITIAL, FLOOR,
    DIVISOR,
) = range(11)  # fmt: skip
LEAK_DECAY, LEAK_RELAX, LEAK_RELAX_DIVIDE, LEAK_DIVIDE = range(4)
V, U, REFRACTED, ADAPTED, PENDING = range(5)
STATE_WORDS = 5
"""Words of a state: membrane, current, steps still refractory, adaptation, and what the delayed reset will
subtract (or 1, for a reset to a value)."""
