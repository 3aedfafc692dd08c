"""Numba kernels that update neurons: the variants of a population, step by step."""

import numpy as np
from numba import njit, types
from numba.extending import overload

from hwsim.execute.layout import (
    ADAPTATION,
    ADAPTATION_DECAY,
    ADAPTED,
    ADAPTIVE,
    CHANNELS,
    CURRENT,
    CURRENT_DECAY,
    DECAY,
    DELAYED,
    FLOOR,
    FLOORED,
    GAIN,
    INCLUSIVE,
    INITIAL,
    LEAK,
    LEAK_DIVIDE,
    LEAK_RELAX,
    LEAK_RELAX_DIVIDE,
    MULTI,
    ONE_SPIKE,
    PENDING,
    POSITIONS,
    REFRACTED,
    REFRACTORY,
    RELAY,
    RESET,
    RESET_VALUE,
    REST,
    STATE_GROUPS,
    SUBTRACT,
    THRESHOLD,
    VALUE,
    U,
    V,
)
from hwsim.jit import CACHED


def leaked(membrane, decay):
    """decay * membrane; in integers trunc(membrane * decay / 4096)."""
    whole = isinstance(membrane, int | np.integer)
    return int(int(membrane) * int(decay) / 4096) if whole else decay * membrane


@overload(leaked)
def _leaked(membrane, decay):  # noqa: ARG001
    if isinstance(membrane, types.Integer):

        def integer(membrane, decay):
            product = np.int64(membrane) * np.int64(decay)
            return -((-product) >> 12) if product < 0 else product >> 12

        return integer
    return lambda membrane, decay: decay * membrane


def stepped(membrane, current, rest, decay, form):
    """The membrane after one step of its leak and ``current``, in the form that the population names."""
    if form == LEAK_RELAX:
        return membrane + (current - (membrane - rest)) * decay
    if form == LEAK_RELAX_DIVIDE:
        return membrane + (current - (membrane - rest)) / decay
    if form == LEAK_DIVIDE:
        return membrane - (membrane - rest) / decay + current
    return leaked(membrane, decay) + current


@overload(stepped)
def _stepped(membrane, current, rest, decay, form):  # noqa: ARG001
    if isinstance(membrane, types.Integer):

        def integer(membrane, current, rest, decay, form):  # noqa: ARG001
            return leaked(membrane, decay) + current

        return integer
    return stepped


@njit(**CACHED)
def update_plain(sums, state, cell, fired):
    """v = decay * v + x; s = [v >= threshold] or [v > threshold]; reset by subtraction or to zero."""
    membrane = state[V]
    decay, threshold = cell.values[cell.at[DECAY, 0]], cell.values[cell.at[THRESHOLD, 0]]
    subtract, inclusive = cell.numbers[RESET] == SUBTRACT, cell.numbers[INCLUSIVE]
    for i in range(len(sums)):
        v = leaked(membrane[i], decay) + sums[i]
        s = v >= threshold if inclusive else v > threshold
        fired[i] = s
        if subtract:
            membrane[i] = v - threshold if s else v
        else:
            membrane[i] = 0 if s else v


@njit(**CACHED)
def parameter(cell, which, neuron):
    return cell.values[cell.at[which, 0] + neuron * cell.at[which, 1]]


@njit(**CACHED)
def begin(state, cell, block):
    """The membranes before the first step, where they are not 0."""
    start, each = cell.at[INITIAL]
    if not each and cell.values[start] == 0:
        return
    wide = block[1] - block[0]
    for i in range(wide * cell.numbers[POSITIONS]):
        state[V, i] = parameter(cell, INITIAL, (i // wide) * cell.numbers[CHANNELS] + block[0] + i % wide)


@njit(**CACHED)
def keep_farthest(above, fired, channels):
    """Of the neurons that fired leave the one with the largest ``above``, the first in neuron order."""
    positions = len(above) // channels
    farthest = -1
    for c in range(channels):
        for q in range(positions):
            i = q * channels + c
            if fired[i] and (farthest < 0 or above[i] > above[farthest]):
                farthest = i
    if farthest >= 0:
        fired[:] = 0
        fired[farthest] = 1


@njit(**CACHED)
def update_any(sums, state, cell, block, fired):
    """Every variant of Population's ``lif``, in the order of its steps 1 to 6; spike counts into ``sums``.

    With channel groups, group after group uses the same states (EfficientLIF-Net, Eq. 10). With one spike
    a step the block is the whole population, without groups, and ``sums`` take v - h.
    """
    numbers = cell.numbers
    wide = block[1] - block[0]
    per_group = wide // numbers[STATE_GROUPS]
    subtract = numbers[RESET] == SUBTRACT
    zero = cell.bias.dtype.type(0)
    one = cell.bias.dtype.type(1)
    for i in range(len(sums)):
        fired[i] = 0
    for group in range(numbers[STATE_GROUPS]):
        for q in range(numbers[POSITIONS]):
            for c in range(per_group):
                i = q * wide + group * per_group + c
                s = q * per_group + c
                j = q * numbers[CHANNELS] + block[0] + group * per_group + c
                x = parameter(cell, GAIN, j) * sums[i]
                if numbers[CURRENT]:
                    x = leaked(state[U, s], parameter(cell, CURRENT_DECAY, j)) + x
                    state[U, s] = x
                refracted = state[REFRACTED, s] > 0
                if refracted:
                    state[REFRACTED, s] -= 1
                    x = zero
                v = stepped(
                    state[V, s], x, parameter(cell, REST, j), parameter(cell, DECAY, j), numbers[LEAK]
                )
                kept = parameter(cell, RESET_VALUE, j) if numbers[RESET] == VALUE else zero
                if state[PENDING, s] != 0:
                    v = v - state[PENDING, s] if subtract else kept
                    state[PENDING, s] = 0
                h = parameter(cell, THRESHOLD, j) + state[ADAPTED, s]
                spikes = zero
                above = v - h
                if not refracted and (v >= h if numbers[INCLUSIVE] else v > h):
                    spikes = v // h if numbers[MULTI] else one
                if spikes > 0:
                    fired[i] = 1
                    if numbers[DELAYED]:
                        state[PENDING, s] = h * spikes if subtract else one
                    else:
                        v = v - h * spikes if subtract else kept
                    state[REFRACTED, s] = numbers[REFRACTORY]
                if numbers[FLOORED]:
                    v = max(v, parameter(cell, FLOOR, j))
                state[V, s] = v
                if numbers[ADAPTIVE]:
                    a = leaked(state[ADAPTED, s], parameter(cell, ADAPTATION_DECAY, j))
                    state[ADAPTED, s] = a + parameter(cell, ADAPTATION, j) * spikes
                sums[i] = above if numbers[ONE_SPIKE] else spikes
    if numbers[ONE_SPIKE]:
        keep_farthest(sums, fired, wide)


@njit(**CACHED)
def update_leaky(sums, state, cell, block, fired):
    """Steps 1 and 2 of Population's ``lif``; the membranes into ``sums``, to be emitted where not 0.

    Step 1 stands here and in update_any: a function of its own for it makes that one 3 times slower.
    """
    wide = block[1] - block[0]
    for i in range(len(sums)):
        j = (i // wide) * cell.numbers[CHANNELS] + block[0] + i % wide
        x = parameter(cell, GAIN, j) * sums[i]
        if cell.numbers[CURRENT]:
            x = leaked(state[U, i], parameter(cell, CURRENT_DECAY, j)) + x
            state[U, i] = x
        rest, decay = parameter(cell, REST, j), parameter(cell, DECAY, j)
        state[V, i] = stepped(state[V, i], x, rest, decay, cell.numbers[LEAK])
        sums[i] = state[V, i]
        fired[i] = sums[i] != 0


@njit(**CACHED)
def update_clif(sums, state, cell, block, fired):
    """m = b * m + x; v = a * v + x; e = b * e + threshold * s[t-1]; s = [m - v - e >= threshold]."""
    wide = block[1] - block[0]
    for i in range(len(sums)):
        j = (i // wide) * cell.numbers[CHANNELS] + block[0] + i % wide
        x = parameter(cell, GAIN, j) * sums[i]
        h, b = parameter(cell, THRESHOLD, j), parameter(cell, CURRENT_DECAY, j)
        state[U, i] = b * state[U, i] + x
        state[V, i] = parameter(cell, DECAY, j) * state[V, i] + x
        state[ADAPTED, i] = b * state[ADAPTED, i] + h * state[PENDING, i]
        u = state[U, i] - state[V, i] - state[ADAPTED, i]
        fired[i] = u >= h if cell.numbers[INCLUSIVE] else u > h
        state[PENDING, i] = fired[i]


@njit(**CACHED)
def update_stateless(sums, kind, divisor, fired):
    """A relay emits its divided sum where it is not 0, a ReLU where it is positive."""
    for i in range(len(sums)):
        value = sums[i] / divisor
        sums[i] = value if kind == RELAY or value > 0 else 0
        fired[i] = sums[i] != 0
