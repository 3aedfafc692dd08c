"""Numba: route computation, for a flit that comes to the front of a virtual channel (R5, R6, R13)."""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at, bit, members
from hwsim.noc.state import (
    CHILD_SHIFT,
    CLASS_SHIFT,
    MASK_BITS,
    PACKET_SHIFT,
    PLUS_Y,
    TARGET_MASK,
    TARGET_SHIFT,
    TILE,
    TREE_BIT,
)

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio."""


@njit(**BARE)
def coins(packet):
    """Two coins of a packet: bit 0 for x, bit 1 for y; the top bits of a multiplicative hash, mixed once."""
    mixed = np.uint64(packet) * GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(32))) * GOLDEN
    return np.int64(mixed >> np.uint64(62))


@njit(**BARE)
def around(shape, here, there, size, port, channel, coin):
    """Direction (0 up, 1 down) and class in one dimension of a torus, where ``here`` is not ``there``.

    ``port``: 0 or 1 if the packet came along this dimension, else another number. ``coin``: 1 breaks a tie
    downwards.
    """
    forward = there - here
    if forward < 0:
        forward += size
    down = 2 * forward > size or (2 * forward == size and coin == 1)
    upper = channel >= shape.lower_vcs if 0 <= port <= 1 else there < here
    return np.int64(down), np.int64(upper)


@njit(**BARE)
def output_to(shape, net, r, to, port, channel, packet):
    """Output and class of ``packet`` to tile ``to`` at router ``r``, come by ``port`` on ``channel``."""
    x, y = np.int64(net.column[at(r)]), np.int64(net.row[at(r)])
    x2, y2 = np.int64(net.column[at(to)]), np.int64(net.row[at(to)])
    first_x = (x != x2) & ((shape.yx == 0) | (y == y2))
    if shape.torus == 0:
        along_y = np.int64(PLUS_Y) + np.int64(y2 < y) if y != y2 else np.int64(TILE)
        return np.int64(x2 < x) if first_x else along_y, np.int64(0)
    tossed = coins(packet) if shape.coin else (x & 1) + 2 * (y & 1)
    if first_x:
        down, upper = around(shape, x, x2, shape.width, port, channel, tossed & 1)
        return down, upper
    if y != y2:
        down, upper = around(shape, y, y2, shape.height, port - PLUS_Y, channel, tossed >> 1)
        return PLUS_Y + down, upper
    return np.int64(TILE), np.int64(0)


@njit(**BARE)
def route(shape, net, trees, q, flit):
    """Outputs that ``flit`` takes from channel ``q``, and their classes, as masks."""
    target = (flit >> TARGET_SHIFT) & TARGET_MASK
    if flit & TREE_BIT == 0:
        i = q & (bit(shape.router_bits) - 1)
        port, channel = i >> shape.vc_bits, i & (bit(shape.vc_bits) - 1)
        output, upper = output_to(
            shape, net, q >> shape.router_bits, target, port, channel, flit >> PACKET_SHIFT
        )
        return bit(output), upper << output
    node = trees[at(target)]
    return node & MASK_BITS, (node >> CLASS_SHIFT) & (bit(TILE) - 1)


@njit(**BARE)
def onward(flit, trees, output):
    """The flit as it leaves by ``output``: of a tree, it goes on as that output's child."""
    if flit & TREE_BIT == 0:
        return flit
    node = trees[at((flit >> TARGET_SHIFT) & TARGET_MASK)]
    child = (node >> CHILD_SHIFT) + members(node & (bit(output) - 1))
    return flit & ~(np.int64(TARGET_MASK) << TARGET_SHIFT) | child << TARGET_SHIFT
