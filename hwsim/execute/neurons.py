"""Numba kernels that update neurons: the variants of a population, step by step."""

from numba import njit

from hwsim.execute.integers import bounded, divided, leaked, stepped
from hwsim.execute.layout import (
    ADAPTATION,
    ADAPTATION_BITS,
    ADAPTATION_DECAY,
    ADAPTATION_HIGH,
    ADAPTATION_LOW,
    ADAPTED,
    ADAPTIVE,
    CHANNELS,
    CURRENT,
    CURRENT_BITS,
    CURRENT_DECAY,
    CURRENT_HIGH,
    CURRENT_LOW,
    DECAY,
    DECAY_BITS,
    DELAYED,
    DIVISOR,
    FLOOR,
    FLOORED,
    GAIN,
    HIGH,
    INCLUSIVE,
    INITIAL,
    LEAK,
    LOW,
    MULTI,
    NEAREST,
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


@njit(**CACHED)
def update_plain(sums, state, cell, fired):
    """v = decay * v + x; s = [v >= threshold] or [v > threshold]; reset by subtraction or to zero."""
    membrane, numbers = state[V], cell.numbers
    decay, threshold = cell.values[cell.at[DECAY, 0]], cell.values[cell.at[THRESHOLD, 0]]
    subtract, inclusive = numbers[RESET] == SUBTRACT, numbers[INCLUSIVE]
    bits, nearest, low, high = numbers[DECAY_BITS], numbers[NEAREST], numbers[LOW], numbers[HIGH]
    for i in range(len(sums)):
        v = bounded(leaked(membrane[i], decay, bits, nearest) + sums[i], low, high)
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
    nearest, low, high = numbers[NEAREST], numbers[LOW], numbers[HIGH]
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
                    kept = parameter(cell, CURRENT_DECAY, j)
                    x = leaked(state[U, s], kept, numbers[CURRENT_BITS], nearest) + x
                    x = bounded(x, numbers[CURRENT_LOW], numbers[CURRENT_HIGH])
                    state[U, s] = x
                refracted = state[REFRACTED, s] > 0
                if refracted:
                    state[REFRACTED, s] -= 1
                    x = zero
                v = stepped(
                    state[V, s], x, parameter(cell, REST, j), parameter(cell, DECAY, j), numbers[LEAK],
                    numbers[DECAY_BITS], nearest,
                )  # fmt: skip
                kept = parameter(cell, RESET_VALUE, j) if numbers[RESET] == VALUE else zero
                if state[PENDING, s] != 0:
                    v = v - state[PENDING, s] if subtract else kept
                    state[PENDING, s] = 0
                v = bounded(v, low, high)
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
                state[V, s] = bounded(v, low, high)
                if numbers[ADAPTIVE]:
                    kept = parameter(cell, ADAPTATION_DECAY, j)
                    a = leaked(state[ADAPTED, s], kept, numbers[ADAPTATION_BITS], nearest)
                    a = a + parameter(cell, ADAPTATION, j) * spikes
                    state[ADAPTED, s] = bounded(a, numbers[ADAPTATION_LOW], numbers[ADAPTATION_HIGH])
                sums[i] = above if numbers[ONE_SPIKE] else spikes
    if numbers[ONE_SPIKE]:
        keep_farthest(sums, fired, wide)


@njit(**CACHED)
def update_leaky(sums, state, cell, block, fired):
    """Steps 1 and 2 of Population's ``lif``; the membranes into ``sums``, to be emitted where not 0.

    Step 1 stands here and in update_any: a function of its own for it makes that one 3 times slower.
    """
    numbers, wide = cell.numbers, block[1] - block[0]
    nearest = numbers[NEAREST]
    for i in range(len(sums)):
        j = (i // wide) * numbers[CHANNELS] + block[0] + i % wide
        x = parameter(cell, GAIN, j) * sums[i]
        if numbers[CURRENT]:
            x = leaked(state[U, i], parameter(cell, CURRENT_DECAY, j), numbers[CURRENT_BITS], nearest) + x
            x = bounded(x, numbers[CURRENT_LOW], numbers[CURRENT_HIGH])
            state[U, i] = x
        rest, decay = parameter(cell, REST, j), parameter(cell, DECAY, j)
        v = stepped(state[V, i], x, rest, decay, numbers[LEAK], numbers[DECAY_BITS], nearest)
        state[V, i] = bounded(v, numbers[LOW], numbers[HIGH])
        sums[i] = state[V, i]
        fired[i] = sums[i] != 0


@njit(**CACHED)
def update_clif(sums, state, cell, block, fired):
    """m = b * m + x; v = a * v + x; e = b * e + threshold * s[t-1]; s = [m - v - e >= threshold]."""
    numbers, wide = cell.numbers, block[1] - block[0]
    nearest = numbers[NEAREST]
    for i in range(len(sums)):
        j = (i // wide) * numbers[CHANNELS] + block[0] + i % wide
        x = parameter(cell, GAIN, j) * sums[i]
        h, b = parameter(cell, THRESHOLD, j), parameter(cell, CURRENT_DECAY, j)
        m = leaked(state[U, i], b, numbers[CURRENT_BITS], nearest) + x
        v = leaked(state[V, i], parameter(cell, DECAY, j), numbers[DECAY_BITS], nearest) + x
        e = leaked(state[ADAPTED, i], b, numbers[CURRENT_BITS], nearest) + h * state[PENDING, i]
        state[U, i] = bounded(m, numbers[CURRENT_LOW], numbers[CURRENT_HIGH])
        state[V, i] = bounded(v, numbers[LOW], numbers[HIGH])
        state[ADAPTED, i] = bounded(e, numbers[ADAPTATION_LOW], numbers[ADAPTATION_HIGH])
        u = state[U, i] - state[V, i] - state[ADAPTED, i]
        fired[i] = u >= h if numbers[INCLUSIVE] else u > h
        state[PENDING, i] = fired[i]


@njit(**CACHED)
def update_stateless(sums, kind, cell, fired):
    """A relay emits its divided sum where it is not 0, a ReLU where it is positive."""
    divisor, low, high = parameter(cell, DIVISOR, 0), cell.numbers[LOW], cell.numbers[HIGH]
    for i in range(len(sums)):
        value = bounded(divided(sums[i], divisor), low, high)
        sums[i] = value if kind == RELAY or value > 0 else 0
        fired[i] = sums[i] != 0
