"""Numba: Hamming distances of all pairs of rows of bits, and the set bits of a row."""

import numpy as np
from numba import njit

from hwsim.jit import CACHED


@njit(**CACHED)
def ones(word):
    """Number of set bits of a 64-bit word; the compiler knows the form and takes the processor's own."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(**CACHED)
def distances(words):
    """Bits in which rows i and j of ``words`` (rows, words) differ, (rows, rows); on the diagonal the bits
    that row i has set."""
    rows, width = words.shape
    found = np.zeros((rows, rows), np.int64)
    for i in range(rows):
        for j in range(i):
            total = np.int64(0)
            for k in range(width):
                total += ones(words[i, k] ^ words[j, k])
            found[i, j] = found[j, i] = total
        for k in range(width):
            found[i, i] += ones(words[i, k])
    return found
