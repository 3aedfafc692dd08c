"""Numba: route computation, for one flit at the front of a virtual channel (R5, R6, R13)."""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at, bit, members
from hwsim.noc.state import (
    CHILD_SHIFT,
    CLASS_SHIFT,
    MASK_BITS,
    PACKET_SHIFT,
    TARGET_MASK,
    TARGET_SHIFT,
    TILE,
    TREE_BIT,
)  # fmt: skip

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2^64 over the golden ratio."""


@njit(**BARE)
def coins(packet):
    """Two coins of a packet: bit 0 for x, bit 1 for y; the top bits of a multiplicative hash, mixed once."""
    mixed = np.uint64(packet) * GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(32))) * GOLDEN
    return np.int64(mixed >> np.uint64(62))


@njit(**BARE)
def along(shape, here, there, size, port, channel, coin):
    """Direction (0 up, 1 down) and class in one dimension of ``size``, where ``here`` is not ``there``.

    ``port``: 0 or 1 if the packet came along this dimension, else another number. ``coin``: 1 breaks a tie
    downwards.
    """
    if shape.torus == 0:
        return np.int64(there < here), np.int64(0)
    forward = there - here
    if forward < 0:
        forward += size
    down = 2 * forward > size or (2 * forward == size and coin == 1)
    upper = channel >= shape.lower_vcs if 0 <= port <= 1 else there < here
    return np.int64(down), np.int64(upper)


@njit(**BARE)
def lane_to(shape, net, r, to, port, channel, packet):
    """The lane of ``packet`` to tile ``to`` at router ``r``, which came by ``port`` on ``channel``."""
    x, y = np.int64(net.column[at(r)]), np.int64(net.row[at(r)])
    tossed = coins(packet) if shape.coin else (x & 1) + 2 * (y & 1)
    x2, y2 = np.int64(net.column[at(to)]), np.int64(net.row[at(to)])
    if x != x2 and (shape.yx == 0 or y == y2):
        down, upper = along(shape, x, x2, shape.width, port, channel, tossed & 1)
        return 2 * down + upper
    if y != y2:
        down, upper = along(shape, y, y2, shape.height, port - 2, channel, tossed >> 1)
        return 4 + 2 * down + upper
    return np.int64(2 * TILE)


@njit(**BARE)
def route(shape, net, trees, r, i):
    """Set ``need`` and ``lanes`` of virtual channel ``i`` of router ``r`` for the flit at its front."""
    q = (r << shape.router_bits) + i
    slot = np.int64(net.head[at(q)]) & (bit(shape.buffer_bits) - 1)
    flit = net.buffer[at((q << shape.buffer_bits) + slot)]
    target = (flit >> TARGET_SHIFT) & TARGET_MASK
    if flit & TREE_BIT == 0:
        port = i >> shape.vc_bits
        channel, packet = i & (bit(shape.vc_bits) - 1), flit >> PACKET_SHIFT
        lane = lane_to(shape, net, r, target, port, channel, packet)
        net.need[at(q)] = bit(lane >> 1)
        net.lanes[at(q)] = bit(lane)
        return
    node = trees[target]
    outputs = node & MASK_BITS
    lanes = np.int64(0)
    for output in range(5):
        if (outputs >> output) & 1:
            lanes |= bit(2 * output + ((node >> (CLASS_SHIFT + output)) & 1 if output < TILE else 0))
    net.need[at(q)] = outputs
    net.lanes[at(q)] = lanes


@njit(**BARE)
def onward(flit, trees, output):
    """The flit as it leaves by ``output``: of a tree, it goes on as that output's child."""
    if flit & TREE_BIT == 0:
        return flit
    node = trees[(flit >> TARGET_SHIFT) & TARGET_MASK]
    child = (node >> CHILD_SHIFT) + members(node & (bit(output) - 1))
    return flit & ~(np.int64(TARGET_MASK) << TARGET_SHIFT) | child << TARGET_SHIFT
