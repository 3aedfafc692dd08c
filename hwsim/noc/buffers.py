"""Numba: flits enter and leave the buffers of input channels (R7, R12)."""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at, bit
from hwsim.noc.route import route
from hwsim.noc.state import (
    ASKS,
    CHANNEL_BITS,
    CLASSES,
    FRONT_BITS,
    HEAD,
    HELD,
    LAST_ENTRY,
    NEED,
    PLUS_Y,
    READY,
    TAIL_BIT,
    TILE,
)
from hwsim.noc.wheel import push_ask, push_credit, push_go

AS_BEFORE = 5
"""What ``push_go`` is given for a flit that follows its packet's head."""


@njit(**BARE)
def stand(shape, net, trees, t, q, flit):
    """``flit``, the head at the front of channel ``q``, stands in cycle ``t``."""
    outputs, classes = route(shape, net, trees, q, flit)
    mine = q << CHANNEL_BITS
    net.channel[at(mine + NEED)] = outputs
    net.channel[at(mine + ASKS)] = outputs
    net.channel[at(mine + CLASSES)] = classes
    push_ask(shape, net, t + shape.vc_wait, q)


@njit(**BARE)
def enter(shape, net, trees, t, delay, q, flit):
    """``flit`` is sent to channel ``q`` in cycle ``t`` and arrives after ``delay``."""
    mine, first = q << CHANNEL_BITS, q << FRONT_BITS
    held = np.int64(net.channel[at(mine + HELD)])
    net.channel[at(mine + HELD)] = held + 1
    if held != 0:
        last = (np.int64(net.channel[at(mine + HEAD)]) + held - 1) & (bit(shape.buffer_bits) - 1)
        place = (q << shape.buffer_bits) + last
        net.buffer[at(place)] = flit
        net.front[at(first + LAST_ENTRY)] = t + delay
        # One a cycle leaves, so behind as many as this it arrives before it is at the front.
        if held < delay:
            net.since[at(place)] = t + delay
        return
    net.front[at(first)] = flit
    if net.channel[at(mine + NEED)] == 0:
        stand(shape, net, trees, t + delay, q, flit)
    else:
        push_go(shape, net, t + delay + shape.switch_wait, q, AS_BEFORE)


@njit(**BARE)
def leave(shape, net, trees, t, r, i, flit):
    """The last branch has taken ``flit``, the front of channel ``i``: its slot is free (R12)."""
    q = (r << shape.router_bits) + i
    mine, first = q << CHANNEL_BITS, q << FRONT_BITS
    left = np.int64(net.channel[at(mine + HELD)]) - 1
    net.channel[at(mine + HELD)] = left
    port, v = i >> shape.vc_bits, i & (bit(shape.vc_bits) - 1)
    delay = shape.inject_credit if port == TILE else shape.credit_x if port < PLUS_Y else shape.credit_y
    push_credit(shape, net, t + delay, net.beyond[at((r << 3) + port)] + v)
    stands, behind = t + 1, np.int64(0)
    if left > 0:
        head = np.int64(net.channel[at(mine + HEAD)])
        net.channel[at(mine + HEAD)] = (head + 1) & (bit(shape.buffer_bits) - 1)
        place = (q << shape.buffer_bits) + head
        behind = net.buffer[at(place)]
        net.front[at(first)] = behind
        # No two arrive in one cycle: the first of those left comes as much before the last at least.
        latest = net.front[at(first + LAST_ENTRY)] - (left - 1)
        if latest > stands:
            stands = latest if left == 1 else max(net.since[at(place)], stands)
    if flit & TAIL_BIT:
        net.channel[at(mine + NEED)] = 0
        net.channel[at(mine + READY)] = 0
        net.going[at(2 * r + (i >> 6))] &= ~bit(i & 63)
        if left > 0:
            stand(shape, net, trees, stands, q, behind)
    elif left == 0 or stands > t + 1 or shape.switch_wait > 0:
        net.going[at(2 * r + (i >> 6))] &= ~bit(i & 63)
        if left > 0:
            push_go(shape, net, stands + shape.switch_wait, q, AS_BEFORE)
