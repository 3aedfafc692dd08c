"""Numba: all routers, wires and tiles from cycle to cycle, jumping over idle time (R4)."""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.allocate import allocate_channels, offer_switch
from hwsim.noc.bits import at, bit, choose, lowest
from hwsim.noc.route import onward, route
from hwsim.noc.state import (
    FORKS,
    FRONT,
    LAST_ARRIVAL,
    LAST_MOVE,
    LAST_RELEASE,
    NEVER,
    NOW,
    PLUS_Y,
    SWITCH_LOST,
    TAIL_BIT,
    TILE,
    UNDELIVERED,
)  # fmt: skip
from hwsim.noc.tiles import eject, fall_due, inject
from hwsim.noc.wheel import push_credit, push_flit, push_wake

REACHED, STUCK = range(2)
"""How ``advance`` ends."""


@njit(**BARE)
def split(shape, q):
    """Router of channel ``q``, its number i there, and the word of the router's masks that holds it."""
    r = q >> shape.router_bits
    i = q & (bit(shape.router_bits) - 1)
    return r, i, 2 * r + (i >> 6)


@njit(**BARE)
def receive(shape, net, t):
    """Credits, flits and waits that end in cycle ``t``."""
    slot = t & (shape.wheel - 1)
    for place in range(slot * shape.credit_slots, slot * shape.credit_slots + net.credit_n[at(slot)]):
        q = net.credit_to[at(place)]
        net.room[at(q)] = np.int64(net.room[at(q)]) + 1
    net.credit_n[at(slot)] = 0
    for place in range(slot * shape.flit_slots, slot * shape.flit_slots + net.flit_n[at(slot)]):
        q = np.int64(net.flit_to[at(place)])
        r, i, word = split(shape, q)
        count = np.int64(net.held[at(q)])
        behind = (np.int64(net.head[at(q)]) + count) & (bit(shape.buffer_bits) - 1)
        net.buffer[at((q << shape.buffer_bits) + behind)] = net.flit_word[at(place)]
        net.held[at(q)] = count + 1
        if count == 0:
            if net.need[at(q)] == 0:
                net.fresh[at(word)] |= bit(i & 63)
            elif shape.switch_wait == 0:
                net.going[at(word)] |= bit(i & 63)
            else:
                push_wake(shape, net, t + shape.switch_wait, q, lowest(np.int64(net.need[at(q)])))
        net.awake[at(r >> 6)] |= bit(r & 63)
    net.flit_n[at(slot)] = 0
    for place in range(slot * shape.wake_slots, slot * shape.wake_slots + net.wake_n[at(slot)]):
        q, what = net.wake_to[at(place)] >> 3, net.wake_to[at(place)] & 7
        r, i, word = split(shape, q)
        if what == 7:
            net.asking[at(word)] |= bit(i & 63)
        else:
            net.ready[at(q)] = np.int64(net.ready[at(q)]) | bit(what)
            net.going[at(word)] |= bit(i & 63)
        net.awake[at(r >> 6)] |= bit(r & 63)
    net.wake_n[at(slot)] = 0


@njit(**BARE)
def leave(shape, net, t, r, i, flit):
    """The last branch has taken the flit at the front of channel ``i``: its slot is free (R12)."""
    base = r << shape.router_bits
    q = base + i
    word = 2 * r + (i >> 6)
    net.head[at(q)] = (np.int64(net.head[at(q)]) + 1) & 63
    left = np.int64(net.held[at(q)]) - 1
    net.held[at(q)] = left
    port, v = i >> shape.vc_bits, i & (bit(shape.vc_bits) - 1)
    delay = shape.inject_credit if port == TILE else shape.credit_x if port < PLUS_Y else shape.credit_y
    push_credit(shape, net, t + delay, net.up[at((r << 3) + port)] + v)
    if flit & TAIL_BIT:
        net.need[at(q)] = 0
        net.ready[at(q)] = 0
        net.going[at(word)] &= ~bit(i & 63)
        if left > 0:
            net.fresh[at(word)] |= bit(i & 63)
    elif left == 0 or shape.switch_wait > 0:
        net.going[at(word)] &= ~bit(i & 63)
        if left > 0:
            push_wake(shape, net, t + 1 + shape.switch_wait, q, lowest(np.int64(net.need[at(q)])))


@njit(**BARE)
def cross(shape, net, packets, t, r, port, vcs):
    """Input ``port`` accepts one of its offers, and that flit goes."""
    base, r8 = r << shape.router_bits, r << 3
    output = choose(net.offers[at(port)], np.int64(net.switch_accept[at(r8 + port)]))
    v = net.best[at((port << 3) + output)]
    net.switch_grant[at(r8 + output)] = port + 1
    net.switch_accept[at(r8 + port)] = output + 1
    net.candidate[at(r8 + port)] = 0 if v == vcs - 1 else v + 1
    i = (port << shape.vc_bits) + v
    q = base + i
    slot = np.int64(net.head[at(q)]) & (bit(shape.buffer_bits) - 1)
    flit = net.buffer[at((q << shape.buffer_bits) + slot)]
    out_vc = np.int64(net.out_vc[at((q << 3) + output)])
    output_channel = base + (output << shape.vc_bits) + out_vc
    net.room[at(output_channel)] = np.int64(net.room[at(output_channel)]) - 1
    net.flits[at(r8 + output)] += 1
    if flit & TAIL_BIT:
        net.taken_vcs[at(r8 + output)] &= ~bit(out_vc)
    left = np.int64(net.need[at(q)]) & ~bit(output)
    if left == 0:
        leave(shape, net, t, r, i, flit)
    else:
        net.clock[FORKS] += 1
        net.need[at(q)] = left
        still = np.int64(net.ready[at(q)]) & ~bit(output)
        net.ready[at(q)] = still
        if still == 0:
            net.going[at(2 * r + (i >> 6))] &= ~bit(i & 63)
    if output == TILE:
        eject(shape, net, packets, t, r, output_channel, flit)
    else:
        to = np.int64(net.down[at(r8 + output)]) + out_vc
        hop = shape.hop_x if output < PLUS_Y else shape.hop_y
        push_flit(shape, net, t + hop, to, onward(flit, packets.trees, output))


@njit(**BARE)
def step(shape, net, packets, t, r, vcs):
    """One cycle of one router. Returns whether it still has something to do."""
    late_low, late_high = np.int64(0), np.int64(0)
    for word in range(shape.words):
        mask = net.fresh[at(2 * r + word)]
        net.fresh[at(2 * r + word)] = 0
        if shape.vc_wait == 0:
            net.asking[at(2 * r + word)] |= mask
        elif shape.vc_wait == 1:
            if word == 0:
                late_low = mask
            else:
                late_high = mask
        while mask != 0:
            i = (word << 6) + lowest(mask)
            mask &= mask - 1
            route(shape, net, packets.trees, r, i)
            if shape.vc_wait > 1:
                push_wake(shape, net, t + shape.vc_wait, (r << shape.router_bits) + i, 7)
    inputs, asks = np.int64(0), np.int64(0)
    if net.going[at(2 * r)] | net.going[at(2 * r + 1)] != 0:
        inputs, asks = offer_switch(shape, net, t, r)
    if net.asking[at(2 * r)] | net.asking[at(2 * r + 1)] != 0:
        allocate_channels(shape, net, t, r)
    if inputs != 0:
        net.clock[LAST_MOVE] = t
    while inputs != 0:
        port = lowest(inputs)
        inputs &= inputs - 1
        asks -= 1
        cross(shape, net, packets, t, r, port, vcs)
    if asks != 0:
        net.stalls[at((r << 3) + SWITCH_LOST)] += asks
    net.asking[at(2 * r)] |= late_low
    net.asking[at(2 * r + 1)] |= late_high
    low = net.fresh[at(2 * r)] | net.asking[at(2 * r)] | net.going[at(2 * r)]
    return low | net.fresh[at(2 * r + 1)] | net.asking[at(2 * r + 1)] | net.going[at(2 * r + 1)] != 0


@njit(**BARE)
def next_event(shape, net, packets, t):
    """The first cycle after ``t`` in which anything happens, while no router and no tile has work."""
    event = np.int64(NEVER)
    if net.clock[FRONT] < len(packets.order):
        event = packets.created[at(packets.order[net.clock[FRONT]])]
    for time in range(t + 1, min(event, t + shape.wheel)):
        slot = time & (shape.wheel - 1)
        if net.flit_n[at(slot)] != 0 or net.credit_n[at(slot)] != 0 or net.wake_n[at(slot)] != 0:
            return np.int64(time)
    return event


@njit(**BARE)
def advance(shape, net, packets, vcs, until, idle):
    """Simulate all cycles before ``until``; with ``idle``, end when the last packet has arrived."""
    clock = net.clock
    t = clock[NOW]
    while t < until:
        if idle and clock[UNDELIVERED] == 0 and t > clock[LAST_ARRIVAL]:
            break
        receive(shape, net, t)
        fall_due(net, packets, t)
        busy = False
        for word in range(len(net.waiting)):
            mask = net.waiting[at(word)]
            while mask != 0:
                tile = (word << 6) + lowest(mask)
                mask &= mask - 1
                inject(shape, net, packets, t, vcs, tile)
            busy = busy or net.waiting[at(word)] != 0
        for word in range(len(net.awake)):
            mask = net.awake[at(word)]
            while mask != 0:
                one = lowest(mask)
                mask &= mask - 1
                if step(shape, net, packets, t, (word << 6) + one, vcs):
                    busy = True
                else:
                    net.awake[at(word)] &= ~bit(one)
        if busy:
            if t - clock[LAST_MOVE] > shape.patience and t - clock[LAST_RELEASE] > shape.patience:
                clock[NOW] = t
                return STUCK
            t += 1
        else:
            t = next_event(shape, net, packets, t)
            if idle and clock[UNDELIVERED] == 0:
                t = min(t, clock[LAST_ARRIVAL] + 1)
    clock[NOW] = max(clock[NOW], min(t, until))
    return REACHED
