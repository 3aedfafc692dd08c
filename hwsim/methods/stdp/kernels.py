"""Numba: Diehl-and-Cook networks, image after image."""

import numpy as np
from numba import njit

from hwsim.execute.lanes import add_rows
from hwsim.jit import BARE, CACHED
from hwsim.methods.stdp.coding import draw_spikes, key_of
from hwsim.methods.stdp.layout import (
    EXCITATORY_SPIKES,
    EXCITATORY_UPDATES,
    IMAGES,
    INHIBITION_OPERATIONS,
    INHIBITORY_SPIKES,
    INHIBITORY_UPDATES,
    INPUT_OPERATIONS,
    INPUT_SPIKES,
    RELAY_OPERATIONS,
    STEPS,
    TRACE_DECAYS,
    TRACE_WRITES,
)
from hwsim.methods.stdp.plasticity import depress, fade, grow, normalize, potentiate
from hwsim.methods.stdp.room import new_room


@njit(**BARE)
def inhibit(current, inhibition, source):
    """current += inhibition in all neurons but ``source``."""
    own = current[source]
    for j in range(len(current)):
        current[j] += inhibition
    current[source] = own


@njit(**BARE)
def step_relay(dynamics, driver, room):
    """The inhibitory layer, driven by the neuron ``driver`` (-1: none); return how many fired."""
    rest, decay, reset = dynamics.relay_rest, dynamics.relay_decay, dynamics.relay_reset
    threshold, refractory = dynamics.relay_threshold, dynamics.relay_refractory
    current, relay, waiting = room.relay_current, room.relay, room.relay_waiting
    zero, one, fired = np.float32(0.0), np.float32(1.0), 0
    if driver >= 0:
        current[driver] = dynamics.drive
    for j in range(len(relay)):
        waits = waiting[j] > 0
        x = zero if waits else current[j]
        v = relay[j]
        v = v - (v - rest) / decay + x
        over = v >= threshold and not waits
        relay[j] = reset if over else v
        waiting[j] = refractory if over else max(waiting[j] - 1, 0)
        current[j] = one if over else zero
        fired += over
    spikes = 0
    if fired > 0:
        for j in range(len(relay)):
            if current[j] > 0:
                room.relayed[spikes] = j
                current[j] = zero
                spikes += 1
    return spikes


@njit(**BARE)
def charge(dynamics, room):
    """v -= (v - rest) / d, + x unless refractory; ``above`` = v - h. Return how many reached h."""
    rest, decay = dynamics.rest, dynamics.decay
    current, membrane, waiting, above = room.current, room.membrane, room.waiting, room.above
    threshold = room.threshold
    zero, below, crossed = np.float32(0.0), np.float32(-np.inf), 0
    for j in range(len(membrane)):
        refractory = waiting[j] > 0
        x = zero if refractory else current[j]
        v = membrane[j]
        v = v - (v - rest) / decay + x
        membrane[j] = v
        waiting[j] = max(waiting[j] - 1, 0)
        over = below if refractory else v - threshold[j]
        above[j] = over
        crossed += over >= zero
    return crossed


@njit(**BARE)
def charge_codes(fixed, room):
    """:func:`charge` in codes: v = leak(v), + x rounded unless refractory, saturated."""
    current, codes, waiting, above, levels = room.current, room.codes, room.waiting, room.above, room.levels
    zero, below, crossed = np.float32(0.0), np.float32(-np.inf), 0
    for j in range(len(codes)):
        refractory = waiting[j] > 0
        v, x = codes[j], current[j] * fixed.scale
        kept, came = np.floor(abs(v) * fixed.decay + fixed.half), np.floor(abs(x) + fixed.half)
        v = (kept if v >= 0 else -kept) + (0.0 if refractory else came if x >= 0 else -came)
        v = min(max(v, fixed.low), fixed.high)
        codes[j] = v
        waiting[j] = max(waiting[j] - 1, 0)
        over = below if refractory else np.float32(v - levels[j])
        above[j] = over
        crossed += over >= zero
    return crossed


@njit(**BARE)
def set_threshold(dynamics, fixed, theta, j, room):
    """h = threshold + theta of neuron ``j``, in fixed point one step at least."""
    room.threshold[j] = dynamics.threshold + theta[j]
    level = np.floor((fixed.threshold + theta[j]) * fixed.scale + fixed.half)
    room.levels[j] = min(max(level, 1.0), fixed.top)


@njit(**BARE)
def begin_image(dynamics, fixed, theta, room):
    room.membrane[:] = dynamics.rest
    room.codes[:] = 0
    room.waiting[:] = 0
    room.relay[:] = dynamics.relay_rest
    room.relay_waiting[:] = 0
    room.relay_current[:] = 0
    room.seen[:] = -1
    room.fired[:] = -1
    room.since_update[:] = 0
    room.changed[:] = 0
    for j in range(len(theta)):
        set_threshold(dynamics, fixed, theta, j, room)


@njit(**CACHED)
def present(dynamics, rule, grids, traces, weights, theta, key, learns, room, responses, counts):
    """Run one image's spikes in ``room`` through the network; ``responses`` (N,) takes spikes by neuron.

    ``weights`` (I, N) and ``theta`` (N,) change where it ``learns``. ``traces`` (T + 1,): what is left of a
    trace of 1 after so many steps. A neuron's inputs are added in the order input spikes by index, then
    inhibition by neuron, as the event executor adds them.
    """
    steps, neurons = len(room.winners), weights.shape[1]
    flat = weights.reshape(-1)
    begin_image(dynamics, grids.membrane, theta, room)
    responses[:] = 0
    learners = waiting = most = relayed = 0
    winner = np.int64(-1)
    for t in range(steps):
        begin, end = room.begins[t], room.begins[t + 1]
        room.current[:] = 0
        add_rows(room.current, 0, neurons, flat, 0, room.sources[begin:end], neurons)
        counts[INPUT_OPERATIONS] += (end - begin) * neurons
        if dynamics.relayed:
            for e in range(relayed):
                inhibit(room.current, dynamics.inhibition, room.relayed[e])
            counts[INHIBITION_OPERATIONS] += relayed * (neurons - 1)
            relayed = step_relay(dynamics, winner, room)
            counts[RELAY_OPERATIONS] += winner >= 0
            counts[INHIBITORY_SPIKES] += relayed
        elif winner >= 0:
            inhibit(room.current, dynamics.inhibition, winner)
            counts[INHIBITION_OPERATIONS] += neurons - 1
        crossed = charge_codes(grids.membrane, room) if grids.membrane.used else charge(dynamics, room)
        winner = np.int64(-1)
        if crossed > 0:
            best = np.float32(-1.0)
            for j in range(neurons):
                if room.above[j] < 0:
                    continue
                if room.above[j] > best:
                    best, winner = room.above[j], j
                room.membrane[j] = dynamics.reset
                room.codes[j] = grids.membrane.reset
                room.waiting[j] = dynamics.refractory
                if learns:
                    grow(theta, j, rule, grids, key, t, counts)
                    set_threshold(dynamics, grids.membrane, theta, j, room)
            responses[winner] += 1
            counts[EXCITATORY_SPIKES] += 1
        room.winners[t] = winner
        if not learns:
            continue
        for e in range(begin, end):
            room.seen[room.sources[e]] = t
        if winner >= 0:
            room.fired[winner] = t
            most = max(most, responses[winner])
            if responses[winner] == rule.confident:
                room.learners[learners] = winner
                learners += 1
            if responses[winner] >= rule.confident and not room.since_update[winner]:
                room.since_update[winner] = 1
                room.waiting_update[waiting] = winner
                waiting += 1
        if rule.pre_rate > 0:
            depress(weights, rule, grids, traces, room, learners, t, key, counts)
        if (t + 1) % rule.every == 0:
            factor = -(-most // rule.pivot) if rule.pivot > 0 else 1
            for e in range(waiting):
                j = room.waiting_update[e]
                potentiate(weights, j, factor, rule, grids, traces, room, t, key, counts)
                room.since_update[j] = 0
            waiting = 0
    counts[IMAGES] += 1
    counts[STEPS] += steps
    counts[INPUT_SPIKES] += room.begins[steps]
    counts[EXCITATORY_UPDATES] += steps * neurons
    counts[INHIBITORY_UPDATES] += steps * neurons * dynamics.relayed
    if learns:
        normalize(weights, rule, grids, room, learners, key, counts)
        fade(theta, rule, grids, key, steps, counts)
        counts[TRACE_WRITES] += room.begins[steps]
        counts[TRACE_DECAYS] += steps * len(weights)
        if rule.pre_rate > 0:
            counts[TRACE_WRITES] += responses.sum()
            counts[TRACE_DECAYS] += steps * neurons


@njit(**CACHED)
def learn_images(
    dynamics, rule, grids, traces, gaps, images, first, seed, stream, steps, weights, theta, responses, counts
):
    """Learn ``images`` (B, I) one after another; their numbers begin at ``first``. ``responses`` (B, N)."""
    room = new_room(weights.shape[0], weights.shape[1], steps)
    for b in range(len(images)):
        key = key_of(seed, stream, first + b)
        draw_spikes(images[b], gaps, key, steps, room)
        present(dynamics, rule, grids, traces, weights, theta, key, True, room, responses[b], counts)


@njit(**CACHED)
def answer_images(
    dynamics, rule, grids, traces, gaps, images, first, seed, stream, weights, theta, responses, winners,
    counts,
):  # fmt: skip
    """Show ``images`` (B, I) to the network as it is; ``winners`` (B, T) takes who fired at each step."""
    steps = winners.shape[1]
    room = new_room(weights.shape[0], weights.shape[1], steps)
    for b in range(len(images)):
        key = key_of(seed, stream, first + b)
        draw_spikes(images[b], gaps, key, steps, room)
        present(dynamics, rule, grids, traces, weights, theta, key, False, room, responses[b], counts)
        winners[b] = room.winners
