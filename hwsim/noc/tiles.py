"""Numba: tiles inject the packets of their queues and take flits out (R10, R11)."""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at, bit
from hwsim.noc.buffers import enter
from hwsim.noc.state import (
    BASE,
    FRONT,
    INJECTION,
    INJECTION_WAIT,
    LAST_ARRIVAL,
    LAST_MOVE,
    LAST_RELEASE,
    LOGGED,
    PACKET_SHIFT,
    TAIL_BIT,
    TILE,
    UNDELIVERED,
)
from hwsim.noc.wheel import push_credit


@njit(**BARE)
def fall_due(net, packets, t):
    """Packets created by ``t`` join the queues of their tiles."""
    front = net.clock[FRONT]
    while front < len(packets.order) and packets.created[at(packets.order[front])] <= t:
        k = packets.order[at(front)]
        tile = packets.source[at(k)]
        number = k + net.clock[BASE]
        packets.after[at(k)] = -1
        if net.queue_head[at(tile)] < 0:
            net.queue_head[at(tile)] = number
            net.waiting[at(tile >> 6)] |= bit(tile & 63)
        else:
            packets.after[at(net.queue_tail[tile] - net.clock[BASE])] = number
        net.queue_tail[at(tile)] = number
        front += 1
    net.clock[FRONT] = front


@njit(**BARE)
def inject(shape, net, packets, t, vcs, tile):
    """The next flit of the tile's first packet enters its router, if a channel has room (R10)."""
    port = (tile << shape.router_bits) + (INJECTION << shape.vc_bits)
    v = net.sending_vc[at(tile)]
    if v < 0:
        tried = net.last_vc[at(tile)]
        for _ in range(vcs):
            tried = 0 if tried + 1 >= vcs else tried + 1
            if net.room[at(port + tried)] > 0:
                v = tried
                break
        if v < 0:
            net.stalls[at((tile << 3) + INJECTION_WAIT)] += 1
            return
        net.last_vc[at(tile)] = v
        net.sending_vc[at(tile)] = v
    elif net.room[at(port + v)] == 0:
        net.stalls[at((tile << 3) + INJECTION_WAIT)] += 1
        return
    k = net.queue_head[at(tile)] - net.clock[BASE]
    sent = net.sent[at(tile)]
    if sent == 0:
        packets.injected[at(k)] = t
    last_flit = sent == packets.size[at(k)] - 1
    net.room[at(port + v)] = np.int64(net.room[at(port + v)]) - 1
    flit = packets.word[at(k)] | (TAIL_BIT if last_flit else 0)
    to = (tile << shape.router_bits) + (TILE << shape.vc_bits) + v
    enter(shape, net, packets.trees, t, shape.inject, to, flit)
    net.flits[at((tile << 3) + INJECTION)] += 1
    net.clock[LAST_MOVE] = t
    if not last_flit:
        net.sent[at(tile)] = sent + 1
        return
    net.sent[at(tile)] = 0
    net.sending_vc[at(tile)] = -1
    net.queue_head[at(tile)] = packets.after[at(k)]
    if packets.after[at(k)] < 0:
        net.waiting[at(tile >> 6)] &= ~bit(tile & 63)


@njit(**BARE)
def eject(shape, net, packets, t, r, output_channel, flit):
    """A flit is on its way to the tile: its credit, its slot in the receive queue, its arrival (R11)."""
    push_credit(shape, net, t + shape.eject_credit, output_channel)
    clock = net.clock
    arrival = t + shape.eject
    if shape.queue > 0:
        drained = max(arrival, net.drained[at(r)] + net.period[at(r)])
        net.drained[at(r)] = drained
        release = drained + shape.eject_release
        net.release[at(r * shape.queue + net.received[r] % shape.queue)] = release
        clock[LAST_RELEASE] = max(clock[LAST_RELEASE], release)
        net.received[at(r)] += 1
    if flit & TAIL_BIT:
        row = 3 * clock[LOGGED]
        packets.log[at(row)] = flit >> PACKET_SHIFT
        packets.log[at(row + 1)] = r
        packets.log[at(row + 2)] = arrival
        clock[LOGGED] += 1
        clock[UNDELIVERED] -= 1
        clock[LAST_ARRIVAL] = arrival
