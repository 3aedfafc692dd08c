"""Numba: Hamming distances of all pairs of rows of bits."""

import numpy as np
from numba import njit

from hwsim.jit import CACHED
from hwsim.lower.bits import ones


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
