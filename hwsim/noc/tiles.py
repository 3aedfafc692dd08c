"""Numba: tiles inject the packets of their queues and take flits out (R10, R11)."""

import numpy as np
from numba import njit

from hwsim.noc.bits import INLINED, bit
from hwsim.noc.state import (
    BASE,
    FRONT,
    INJECTION,
    INJECTION_WAIT,
    INSIDE,
    LAST_ARRIVAL,
    LAST_MOVE,
    LAST_RELEASE,
    LOGGED,
    PACKET_SHIFT,
    TAIL_BIT,
    TILE,
    UNDELIVERED,
)
from hwsim.noc.wheel import push_credit, push_flit


@njit(**INLINED)
def fall_due(net, packets, t):
    """Packets created by ``t`` join the queues of their tiles."""
    front = net.clock[FRONT]
    while front < len(packets.order) and packets.created[packets.order[front]] <= t:
        k = packets.order[front]
        tile = packets.source[k]
        number = k + net.clock[BASE]
        packets.after[k] = -1
        if net.queue_head[tile] < 0:
            net.queue_head[tile] = number
            net.waiting[tile >> 6] |= bit(tile & 63)
        else:
            packets.after[net.queue_tail[tile] - net.clock[BASE]] = number
        net.queue_tail[tile] = number
        front += 1
    net.clock[FRONT] = front


@njit(**INLINED)
def inject(shape, net, packets, t, vcs, tile):
    """The next flit of the tile's first packet enters its router, if a channel has room (R10)."""
    r_port = (tile << shape.router_bits) + (INJECTION << shape.vc_bits)
    v = net.sending_vc[tile]
    if v < 0:
        last = net.last_vc[tile]
        for step in range(1, vcs + 1):
            tried = (last + step) % vcs
            if net.room[r_port + tried] > 0:
                v = tried
                break
        if v < 0:
            net.stalls[(tile << 3) + INJECTION_WAIT] += 1
            return
        net.last_vc[tile] = v
        net.sending_vc[tile] = v
    elif net.room[r_port + v] == 0:
        net.stalls[(tile << 3) + INJECTION_WAIT] += 1
        return
    k = net.queue_head[tile] - net.clock[BASE]
    sent = net.sent[tile]
    if sent == 0:
        packets.injected[k] = t
    last_flit = sent == packets.size[k] - 1
    net.room[r_port + v] = np.int64(net.room[r_port + v]) - 1
    flit = packets.word[k] | (TAIL_BIT if last_flit else 0)
    to = (tile << shape.router_bits) + (TILE << shape.vc_bits) + v
    push_flit(shape, net, t + shape.inject, to, flit)
    net.flits[(tile << 3) + INJECTION] += 1
    net.clock[INSIDE] += 1
    net.clock[LAST_MOVE] = t
    if not last_flit:
        net.sent[tile] = sent + 1
        return
    net.sent[tile] = 0
    net.sending_vc[tile] = -1
    net.queue_head[tile] = packets.after[k]
    if packets.after[k] < 0:
        net.waiting[tile >> 6] &= ~bit(tile & 63)


@njit(**INLINED)
def eject(shape, net, packets, t, r, output_channel, flit):
    """A flit is on its way to the tile: its credit, its slot in the receive queue, its arrival (R11)."""
    push_credit(shape, net, t + shape.eject_credit, output_channel)
    clock = net.clock
    clock[INSIDE] -= 1
    arrival = t + shape.eject
    if shape.queue > 0:
        drained = max(arrival, net.drained[r] + net.period[r])
        net.drained[r] = drained
        release = drained + shape.eject_release
        net.release[r * shape.queue + net.received[r] % shape.queue] = release
        clock[LAST_RELEASE] = max(clock[LAST_RELEASE], release)
        net.received[r] += 1
    if flit & TAIL_BIT:
        at = 3 * clock[LOGGED]
        packets.log[at] = flit >> PACKET_SHIFT
        packets.log[at + 1] = r
        packets.log[at + 2] = arrival
        clock[LOGGED] += 1
        clock[UNDELIVERED] -= 1
        clock[LAST_ARRIVAL] = arrival
