"""Numba: multicast trees grown from their destinations (R13)."""

import numpy as np
from numba import njit

from hwsim.jit import CACHED
from hwsim.noc.state import CHILD_SHIFT, CLASS_SHIFT, TILE


@njit(**CACHED)
def grow(start, points, grid, out):
    """Write every group's nodes, the children of each together in the order of their ports.

    ``points`` (destinations, 4): steps along the first and the second dimension, and the source's place in
    both, sorted by group and steps. ``grid``: sizes of the two dimensions, first port of the first, wraps.
    """
    nodes, place, roots = out
    made = 0
    span = np.zeros((2 * grid[0] + 1, 3), np.int64)
    for g in range(len(start) - 1):
        low, high = start[g], start[g + 1]
        furthest_down, furthest_up = min(points[low, 0], 0), max(points[high - 1, 0], 0)
        for a in range(furthest_down, furthest_up + 1):
            span[grid[0] + a] = 0
        for k in range(low, high):
            column = span[grid[0] + points[k, 0]]
            column[0] = min(column[0], points[k, 1])
            column[1] = max(column[1], points[k, 1])
        roots[g] = made
        place[made] = 0
        head, made = made, made + 1
        while head < made:
            a, b = place[head]
            column = span[grid[0] + a]
            word = np.int64(0)
            child = made
            for port in range(4):
                first = (port >> 1) == (grid[2] >> 1)
                sign = 1 - 2 * (port & 1)
                at, origin, size = (a, points[low, 2], grid[0]) if first else (b, points[low, 3], grid[1])
                if first:
                    end = furthest_up if sign > 0 else furthest_down
                    goes = b == 0 and at * sign >= 0 and (end - at) * sign > 0
                else:
                    end = column[1] if sign > 0 else column[0]
                    goes = at * sign >= 0 and (end - at) * sign > 0
                if goes:
                    word |= 1 << port
                    if grid[3] and (origin + end) % size < origin:
                        word |= 1 << (CLASS_SHIFT + port)
                    place[made, 0] = a + sign if first else a
                    place[made, 1] = b if first else b + sign
                    made += 1
            if holds(points, low, high, a, b):
                word |= 1 << TILE
            nodes[head] = child << CHILD_SHIFT | word
            head += 1
    return made


@njit(**CACHED)
def holds(points, low, high, a, b):
    """Whether (a, b) is among the sorted points ``low`` to ``high`` - 1."""
    while low < high:
        middle = (low + high) // 2
        if points[middle, 0] < a or (points[middle, 0] == a and points[middle, 1] < b):
            low = middle + 1
        elif points[middle, 0] == a and points[middle, 1] == b:
            return True
        else:
            high = middle
    return False
