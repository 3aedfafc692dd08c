"""Numba: masks as sets of small numbers, round-robin choice among them, indices."""

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.extending import intrinsic

from hwsim.jit import BARE


@intrinsic
def lowest(_context, mask):
    """Number of the lowest bit set in an int64 that is not 0."""

    def build(_target, builder, _signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(mask), build


@intrinsic
def members(_context, mask):
    """How many bits of an int64 are set."""

    def build(_target, builder, _signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(mask), build


@intrinsic
def at(_context, index):
    """An index that is never negative: without Numba's check for one, the kernel is 16 to 29 % faster."""

    def build(_target, builder, _signature, arguments):
        return builder.sext(arguments[0], ir.IntType(64))

    return types.uint64(index), build


if config.DISABLE_JIT:  # Python has no intrinsics

    def lowest(mask):
        return (int(mask) & -int(mask)).bit_length() - 1

    def members(mask):
        return (int(mask) & 0xFFFFFFFFFFFFFFFF).bit_count()

    def at(index):
        return index


@njit(**BARE)
def bit(number):
    return np.int64(1) << np.int64(number)


@njit(**BARE)
def choose(mask, first):
    """The first member at or after ``first`` (0 to 63), or the lowest: round-robin."""
    later = mask & -bit(first)
    return lowest(later if later != 0 else mask)


@njit(**BARE)
def choose_wide(low, high, first):
    """As ``choose``, of members 0 to 63 in ``low`` and 64 to 127 in ``high``."""
    later = high & -bit(max(first - 64, 0))
    if first < 64 and low & -bit(first) != 0:
        return lowest(low & -bit(first))
    if later != 0:
        return np.int64(64) + lowest(later)
    return lowest(low) if low != 0 else np.int64(64) + lowest(high)
