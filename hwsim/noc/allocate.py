"""Numba: the two allocators of a router, separable and round-robin as iSLIP with one iteration (R7, R8)."""

import numpy as np
from numba import njit

from hwsim.jit import BARE
from hwsim.noc.bits import at, bit, choose, choose_wide, lowest, members
from hwsim.noc.state import (
    ACCEPT,
    ARBITER_BITS,
    ASKS,
    CHANNEL_BITS,
    CLASSES,
    NO_CREDIT,
    OUT_VC,
    READY,
    RECEIVE_WAIT,
    SWITCH_GRANT,
    TILE,
    VC_LOST,
)
from hwsim.noc.wheel import push_go


@njit(**BARE)
def give_channel(shape, net, t, r, i, output, granted):
    """Channel ``i`` accepts one of the ``granted`` virtual channels of ``output``."""
    base = r << shape.router_bits
    q = base + i
    mine = q << CHANNEL_BITS
    offset = output << shape.vc_bits
    first = np.int64(net.channel[at(mine + ACCEPT)]) - offset
    v = choose(granted, first if 0 <= first <= 15 else 0)
    net.vc_grant[at(base + offset + v)] = i + 1
    net.channel[at(mine + ACCEPT)] = offset + v + 1
    net.channel[at(mine + OUT_VC + output)] = v
    net.taken_vcs[at((r << 3) + output)] = np.int64(net.taken_vcs[at((r << 3) + output)]) | bit(v)
    left = np.int64(net.channel[at(mine + ASKS)]) & ~bit(output)
    net.channel[at(mine + ASKS)] = left
    if left == 0:
        net.asking[at(2 * r + (i >> 6))] &= ~bit(i & 63)
    push_go(shape, net, t + 1 + shape.switch_wait, q, output)


@njit(**BARE)
def allocate_channels(shape, net, t, r):
    """Virtual channels of every lane go to the channels that ask for them."""
    base = r << shape.router_bits
    alone = net.asking[at(2 * r)]
    if alone & (alone - 1) == 0 and net.asking[at(2 * r + 1)] == 0:
        i = lowest(alone)
        mine = (base + i) << CHANNEL_BITS
        outputs = np.int64(net.channel[at(mine + ASKS)])
        if outputs & (outputs - 1) == 0:
            output = lowest(outputs)
            upper = (np.int64(net.channel[at(mine + CLASSES)]) >> output) & 1
            free = net.lane_vcs[at(2 * output + upper)] & ~np.int64(net.taken_vcs[at((r << 3) + output)])
            if free == 0:
                net.stalls[at((r << 3) + VC_LOST)] += 1
            else:
                give_channel(shape, net, t, r, i, output, free)
            return
    asked, asks, given = np.int64(0), np.int64(0), np.int64(0)
    requests, grants = net.requests, net.grants
    for place in range(4 * TILE + 4):
        requests[at(place)] = 0
    for word in range(shape.words):
        mask = net.asking[at(2 * r + word)]
        while mask != 0:
            one = lowest(mask)
            mask &= mask - 1
            mine = (base + (word << 6) + one) << CHANNEL_BITS
            outputs = np.int64(net.channel[at(mine + ASKS)])
            classes = np.int64(net.channel[at(mine + CLASSES)])
            while outputs != 0:
                output = lowest(outputs)
                outputs &= outputs - 1
                lane = 2 * output + ((classes >> output) & 1)
                asks += 1
                asked |= bit(lane)
                requests[at(2 * lane + word)] |= bit(one)
    while asked != 0:
        lane = lowest(asked)
        asked &= asked - 1
        free = net.lane_vcs[at(lane)] & ~np.int64(net.taken_vcs[at((r << 3) + (lane >> 1))])
        if free == 0:
            continue
        low, high = requests[at(2 * lane)], requests[at(2 * lane + 1)]
        won_low, won_high = np.int64(0), np.int64(0)
        first = base + ((lane >> 1) << shape.vc_bits)
        if high == 0 and low & (low - 1) == 0:
            won_low = low
            grants[at(lowest(low))] = free
            free = np.int64(0)
        while free != 0:
            v = lowest(free)
            free &= free - 1
            pointer = np.int64(net.vc_grant[at(first + v)])
            i = choose(low, pointer) if shape.words == 1 else choose_wide(low, high, pointer)
            won = won_low if i < 64 else won_high
            grants[at(i)] = (grants[at(i)] if (won >> (i & 63)) & 1 else 0) | bit(v)
            if i < 64:
                won_low |= bit(i)
            else:
                won_high |= bit(i - 64)
        while won_low != 0 or won_high != 0:
            if won_low != 0:
                i = lowest(won_low)
                won_low &= won_low - 1
            else:
                i = np.int64(64) + lowest(won_high)
                won_high &= won_high - 1
            given += 1
            give_channel(shape, net, t, r, i, lane >> 1, grants[at(i)])
    if asks != given:
        net.stalls[at((r << 3) + VC_LOST)] += asks - given


@njit(**BARE)
def next_slot(shape, net, r):
    """When the slot of the receive queue that the next flit to the tile will take is free (R11)."""
    return net.release[at(r * shape.queue + net.received[r] % shape.queue)]


@njit(**BARE)
def offer_alone(shape, net, t, r, i, output):
    """As ``offer_switch`` for the only branch that may ask."""
    base = r << shape.router_bits
    out_vc = np.int64(net.channel[at(((base + i) << CHANNEL_BITS) + OUT_VC + output)])
    if net.room[at(base + (output << shape.vc_bits) + out_vc)] == 0:
        net.stalls[at((r << 3) + NO_CREDIT)] += 1
        return np.int64(0), np.int64(0)
    if output == TILE and shape.queue > 0 and next_slot(shape, net, r) > t:
        net.stalls[at((r << 3) + RECEIVE_WAIT)] += 1
        return np.int64(0), np.int64(0)
    port = i >> shape.vc_bits
    net.offers[at(port)] = bit(output)
    net.asked[at(2 * output + (i >> 6))] = bit(i & 63)
    return bit(port), np.int64(1)


@njit(**BARE)
def offer_switch(shape, net, t, r):
    """Every output grants one input; the grants of input p are ``offers[p]``, of the channels ``asked``.

    Returns the inputs with grants as a mask, and how many branches asked with a credit.
    """
    base, r8 = r << shape.router_bits, r << 3
    alone = net.going[at(2 * r)]
    if alone & (alone - 1) == 0 and net.going[at(2 * r + 1)] == 0:
        i = lowest(alone)
        branch = np.int64(net.channel[at(((base + i) << CHANNEL_BITS) + READY)])
        if branch & (branch - 1) == 0:
            return offer_alone(shape, net, t, r, i, lowest(branch))
    outputs, inputs = np.int64(0), np.int64(0)
    asks, without, full = np.int64(0), np.int64(0), np.int64(0)
    for place in range(2 * TILE + 2):
        net.asked[at(place)] = 0
    for word in range(shape.words):
        mask = net.going[at(2 * r + word)]
        while mask != 0:
            one = lowest(mask)
            mask &= mask - 1
            mine = (base + (word << 6) + one) << CHANNEL_BITS
            branches = np.int64(net.channel[at(mine + READY)])
            while branches != 0:
                output = lowest(branches)
                branches &= branches - 1
                out_vc = np.int64(net.channel[at(mine + OUT_VC + output)])
                may = np.int64(net.room[at(base + (output << shape.vc_bits) + out_vc)] != 0)
                net.asked[at(2 * output + word)] |= may << one
                outputs |= may << output
                without += 1 - may
    while outputs != 0:
        output = lowest(outputs)
        outputs &= outputs - 1
        low, high = net.asked[at(2 * output)], net.asked[at(2 * output + 1)]
        asking = members(low) + members(high)
        if output == TILE and shape.queue > 0 and next_slot(shape, net, r) > t:
            full = asking
            continue
        asks += asking
        first = np.int64(net.arbiter[at((r << ARBITER_BITS) + SWITCH_GRANT + output)]) << shape.vc_bits
        port = (choose(low, first) if shape.words == 1 else choose_wide(low, high, first)) >> shape.vc_bits
        net.offers[at(port)] = (net.offers[at(port)] if (inputs >> port) & 1 else 0) | bit(output)
        inputs |= bit(port)
    if without != 0:
        net.stalls[at(r8 + NO_CREDIT)] += without
    if full != 0:
        net.stalls[at(r8 + RECEIVE_WAIT)] += full
    return inputs, asks
