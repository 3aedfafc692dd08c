"""What integer networks compute otherwise than float ones: products, shifts, bounds.

Each function is for both: of a float it is the plain operation, and the arguments for integers are not
looked at. Integers are 64 bits wide here, whatever the arrays hold.
"""

from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from hwsim.execute.layout import LEAK_DIVIDE, LEAK_RELAX, LEAK_RELAX_DIVIDE


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer)


def shifted(value, right, nearest):
    """value / 2^right, toward zero or to the nearest, ties away from zero; of a float the value."""
    if not _whole(value) or right == 0:
        return value
    magnitude = (abs(int(value)) + ((1 << int(right - 1)) if nearest else 0)) >> int(right)
    return magnitude if value >= 0 else -magnitude


@overload(shifted)
def _shifted(value, right, nearest):  # noqa: ARG001
    if isinstance(value, types.Integer):

        def integer(value, right, nearest):
            half = (np.int64(1) << right) >> 1 if nearest else np.int64(0)
            wide = np.int64(value)
            return -((-wide + half) >> right) if wide < 0 else (wide + half) >> right

        return integer
    return lambda value, right, nearest: value  # noqa: ARG005


def leaked(membrane, decay, bits, nearest):
    """decay * membrane; in integers that product over 2^bits, rounded."""
    if not _whole(membrane):
        return decay * membrane
    return shifted(int(membrane) * int(decay), bits, nearest)


@overload(leaked)
def _leaked(membrane, decay, bits, nearest):  # noqa: ARG001
    if isinstance(membrane, types.Integer):
        return lambda membrane, decay, bits, nearest: shifted(
            np.int64(membrane) * np.int64(decay), bits, nearest
        )
    return lambda membrane, decay, bits, nearest: decay * membrane  # noqa: ARG005


def stepped(membrane, current, rest, decay, form, bits, nearest):
    """The membrane after one step of its leak and ``current``, in the form that the population names."""
    if form == LEAK_RELAX:
        return membrane + (current - (membrane - rest)) * decay
    if form == LEAK_RELAX_DIVIDE:
        return membrane + (current - (membrane - rest)) / decay
    if form == LEAK_DIVIDE:
        return membrane - (membrane - rest) / decay + current
    return leaked(membrane, decay, bits, nearest) + current


@overload(stepped)
def _stepped(membrane, current, rest, decay, form, bits, nearest):  # noqa: ARG001
    if isinstance(membrane, types.Integer):
        return lambda membrane, current, rest, decay, form, bits, nearest: (  # noqa: ARG005
            leaked(membrane, decay, bits, nearest) + current
        )
    return stepped


def bounded(value, low, high):
    """An integer saturated at ``low`` and ``high``; a float as it is."""
    return min(max(value, low), high) if _whole(value) else value


@overload(bounded)
def _bounded(value, low, high):  # noqa: ARG001
    if isinstance(value, types.Integer):
        return lambda value, low, high: min(max(np.int64(value), low), high)
    return lambda value, low, high: value  # noqa: ARG005


def divided(value, divisor):
    """A float over a pool's divisor; integers have none."""
    return value if _whole(value) else value / divisor


@overload(divided)
def _divided(value, divisor):  # noqa: ARG001
    if isinstance(value, types.Integer):
        return lambda value, divisor: np.int64(value)  # noqa: ARG005
    return lambda value, divisor: value / divisor


def raised(value, left):
    """An integer times 2^left; a float as it is."""
    return value << left if _whole(value) else value


@overload(raised)
def _raised(value, left):  # noqa: ARG001
    if isinstance(value, types.Integer):
        return lambda value, left: np.int64(value) << left
    return lambda value, left: value  # noqa: ARG005
