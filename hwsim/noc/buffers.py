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
    HEAD,
    HELD,
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
def enter(shape, net, trees, t, q, flit):
    """``flit`` is sent to channel ``q`` and will be in its buffer from cycle ``t`` on."""
    mine = q << CHANNEL_BITS
    held = np.int64(net.channel[at(mine + HELD)])
    behind = (np.int64(net.channel[at(mine + HEAD)]) + held) & (bit(shape.buffer_bits) - 1)
    place = (q << shape.buffer_bits) + behind
    net.channel[at(mine + HELD)] = held + 1
    net.buffer[at(place)] = flit
    if held != 0:
        net.since[at(place)] = t
    elif net.channel[at(mine + NEED)] == 0:
        stand(shape, net, trees, t, q, flit)
    else:
        push_go(shape, net, t + shape.switch_wait, q, AS_BEFORE)


@njit(**BARE)
def leave(shape, net, trees, t, r, i, flit):
    """The last branch has taken ``flit``, the front of channel ``i``: its slot is free (R12)."""
    q = (r << shape.router_bits) + i
    mine = q << CHANNEL_BITS
    head = (np.int64(net.channel[at(mine + HEAD)]) + 1) & (bit(shape.buffer_bits) - 1)
    left = np.int64(net.channel[at(mine + HELD)]) - 1
    net.channel[at(mine + HEAD)] = head
    net.channel[at(mine + HELD)] = left
    port, v = i >> shape.vc_bits, i & (bit(shape.vc_bits) - 1)
    delay = shape.inject_credit if port == TILE else shape.credit_x if port < PLUS_Y else shape.credit_y
    push_credit(shape, net, t + delay, net.up[at((r << 3) + port)] + v)
    place = (q << shape.buffer_bits) + head
    if flit & TAIL_BIT:
        net.channel[at(mine + NEED)] = 0
        net.channel[at(mine + READY)] = 0
        net.going[at(2 * r + (i >> 6))] &= ~bit(i & 63)
        if left > 0:
            stand(shape, net, trees, max(net.since[at(place)], t + 1), q, net.buffer[at(place)])
    elif left == 0:
        net.going[at(2 * r + (i >> 6))] &= ~bit(i & 63)
    elif net.since[at(place)] > t + 1 or shape.switch_wait > 0:
        net.going[at(2 * r + (i >> 6))] &= ~bit(i & 63)
        push_go(shape, net, max(net.since[at(place)], t + 1) + shape.switch_wait, q, AS_BEFORE)
