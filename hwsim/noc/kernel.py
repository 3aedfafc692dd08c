"""Numba: all routers, wires and tiles from cycle to cycle, jumping over idle time (R4)."""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.allocate import allocate_channels, offer_switch
from hwsim.noc.bits import at, bit, choose, lowest
from hwsim.noc.buffers import enter, leave
from hwsim.noc.route import onward
from hwsim.noc.state import (
    ARBITER_BITS,
    CANDIDATE,
    CHANNEL_BITS,
    FORKS,
    FRONT,
    FRONT_BITS,
    LAST_ARRIVAL,
    LAST_MOVE,
    LAST_RELEASE,
    NEED,
    NEVER,
    NOW,
    OUT_VC,
    PLUS_Y,
    READY,
    SWITCH_ACCEPT,
    SWITCH_GRANT,
    SWITCH_LOST,
    TAIL_BIT,
    TILE,
    UNDELIVERED,
)  # fmt: skip
from hwsim.noc.tiles import eject, fall_due, inject

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
    """Credits that are back in cycle ``t``, and channels that begin to ask."""
    slot = t & (shape.wheel - 1)
    first = slot * shape.credit_slots
    for place in range(first, first + net.credit_n[at(slot)]):
        q = net.credit_to[at(place)]
        net.room[at(q)] = np.int64(net.room[at(q)]) + 1
    net.credit_n[at(slot)] = 0
    first = slot * shape.ask_slots
    for place in range(first, first + net.ask_n[at(slot)]):
        r, i, word = split(shape, np.int64(net.ask_to[at(place)]))
        net.asking[at(word)] |= bit(i & 63)
        net.askers[at(r >> 6)] |= bit(r & 63)
    net.ask_n[at(slot)] = 0
    first = slot * shape.go_slots
    for place in range(first, first + net.go_n[at(slot)]):
        what = np.int64(net.go_to[at(place)])
        q = what >> 3
        r, i, word = split(shape, q)
        ready = (q << CHANNEL_BITS) + READY
        net.channel[at(ready)] = np.int64(net.channel[at(ready)]) | (bit(what & 7) & 31)
        net.going[at(word)] |= bit(i & 63)
        net.goers[at(r >> 6)] |= bit(r & 63)
    net.go_n[at(slot)] = 0


@njit(**BARE)
def cross(shape, net, packets, t, r, port, output, vcs):
    """Input ``port`` has accepted ``output``, and its candidate's flit goes."""
    base, r8, arbiter = r << shape.router_bits, r << 3, r << ARBITER_BITS
    first = port << shape.vc_bits
    mask = (net.asked[at(2 * output + (first >> 6))] >> (first & 63)) & (bit(vcs) - 1)
    v = choose(mask, np.int64(net.arbiter[at(arbiter + CANDIDATE + port)]))
    net.arbiter[at(arbiter + SWITCH_GRANT + output)] = port + 1
    net.arbiter[at(arbiter + SWITCH_ACCEPT + port)] = output + 1
    net.arbiter[at(arbiter + CANDIDATE + port)] = 0 if v == vcs - 1 else v + 1
    i = first + v
    q = base + i
    mine = q << CHANNEL_BITS
    flit = net.front[at(q << FRONT_BITS)]
    out_vc = np.int64(net.channel[at(mine + OUT_VC + output)])
    output_channel = base + (output << shape.vc_bits) + out_vc
    net.room[at(output_channel)] = np.int64(net.room[at(output_channel)]) - 1
    net.flits[at(r8 + output)] += 1
    if flit & TAIL_BIT:
        net.taken_vcs[at(r8 + output)] = np.int64(net.taken_vcs[at(r8 + output)]) & ~bit(out_vc)
    else:
        net.bodies[at(r)] += 1
    left = np.int64(net.channel[at(mine + NEED)]) & ~bit(output)
    if left == 0:
        leave(shape, net, packets.trees, t, r, i, flit)
    else:
        net.clock[FORKS] += 1
        net.channel[at(mine + NEED)] = left
        still = np.int64(net.channel[at(mine + READY)]) & ~bit(output)
        net.channel[at(mine + READY)] = still
        if still == 0:
            net.going[at(2 * r + (i >> 6))] &= ~bit(i & 63)
    if output == TILE:
        eject(shape, net, packets, t, r, output_channel, flit)
    else:
        to = np.int64(net.beyond[at(r8 + output)]) + out_vc
        hop = shape.hop_x if output < PLUS_Y else shape.hop_y
        enter(shape, net, packets.trees, t, hop, to, onward(flit, packets.trees, output))


@njit(**BARE)
def switch(shape, net, packets, t, r, vcs):
    """Switch allocation of one router, and the flits that win it."""
    inputs, asks = offer_switch(shape, net, t, r)
    if inputs != 0:
        net.clock[LAST_MOVE] = t
    while inputs != 0:
        port = lowest(inputs)
        inputs &= inputs - 1
        asks -= 1
        first = np.int64(net.arbiter[at((r << ARBITER_BITS) + SWITCH_ACCEPT + port)])
        cross(shape, net, packets, t, r, port, choose(net.offers[at(port)], first), vcs)
    if asks != 0:
        net.stalls[at((r << 3) + SWITCH_LOST)] += asks


@njit(**BARE)
def next_event(shape, net, packets, t):
    """The first cycle after ``t`` in which anything happens, while no router and no tile has work."""
    event = np.int64(NEVER)
    if net.clock[FRONT] < len(packets.order):
        event = packets.created[at(packets.order[net.clock[FRONT]])]
    for time in range(t + 1, min(event, t + shape.wheel)):
        slot = time & (shape.wheel - 1)
        if net.ask_n[at(slot)] | net.go_n[at(slot)] | net.credit_n[at(slot)] != 0:
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
        busy = np.int64(0)
        for word in range(len(net.waiting)):
            mask = net.waiting[at(word)]
            while mask != 0:
                tile = (word << 6) + lowest(mask)
                mask &= mask - 1
                inject(shape, net, packets, t, vcs, tile)
            busy |= net.waiting[at(word)]
        for word in range(len(net.askers)):
            mask = net.askers[at(word)]
            while mask != 0:
                one = lowest(mask)
                mask &= mask - 1
                r = (word << 6) + one
                allocate_channels(shape, net, t, r)
                if net.asking[at(2 * r)] | net.asking[at(2 * r + 1)] == 0:
                    net.askers[at(word)] &= ~bit(one)
            busy |= net.askers[at(word)]
        for word in range(len(net.goers)):
            mask = net.goers[at(word)]
            while mask != 0:
                one = lowest(mask)
                mask &= mask - 1
                r = (word << 6) + one
                switch(shape, net, packets, t, r, vcs)
                if net.going[at(2 * r)] | net.going[at(2 * r + 1)] == 0:
                    net.goers[at(word)] &= ~bit(one)
            busy |= net.goers[at(word)]
        if busy != 0:
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
