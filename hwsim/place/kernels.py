"""Numba: links that flows cross under a placement (T3), and annealing over placements (A4)."""

import numpy as np
from numba import njit

from hwsim.jit import CACHED

INLINED = CACHED | {"forceinline": True}

SPIKE_HOPS, MAX_LINK_LOAD, ENERGY = 0, 1, 2


@njit(**INLINED)
def walk(layout, flows, place, f, packets, load, marks, loaded):
    """Links that one packet of flow ``f`` crosses along and across; adds ``packets`` to the loads of each if
    ``loaded``.

    ``place`` (cores,): the grid's core of each. ``load`` (4, routers): of the links that leave a router up
    and down the first dimension, up and down the second. ``marks`` (3, coordinates): scratch; its row 0
    is 0 on entry and on return.
    """
    host = flows.source[f] < 0
    home = np.int64(0) if host else layout.router[place[flows.source[f]]]
    a, b = layout.along[home], layout.across[home]
    size_a, size_b = layout.step_along.shape[0], layout.step_across.shape[0]
    up, down, across = 0, 0, 0
    total_along = 0
    begin, end = flows.start[f], flows.start[f + 1]
    for t in range(begin, end):
        r = layout.router[place[flows.targets[t]]]
        da = layout.step_along[a, layout.along[r]]
        db = layout.step_across[b, layout.across[r]]
        column = layout.along[r]
        if not layout.tree:
            up, down = 0, 0
            marks[1, column], marks[2, column] = 0, 0
        elif marks[0, column] == 0:
            marks[0, column], marks[1, column], marks[2, column] = 1, 0, 0
        if loaded:
            for i in range(up, da):
                load[0, router_at(layout, (a + i) % size_a, b)] += packets
            for i in range(down, -da):
                load[1, router_at(layout, (a - i) % size_a, b)] += packets
            for i in range(marks[1, column], db):
                load[2, router_at(layout, column, (b + i) % size_b)] += packets
            for i in range(marks[2, column], -db):
                load[3, router_at(layout, column, (b - i) % size_b)] += packets
        total_along += max(0, da - up) + max(0, -da - down)
        up, down = max(up, da), max(down, -da)
        across += max(0, db - marks[1, column]) + max(0, -db - marks[2, column])
        marks[1, column], marks[2, column] = max(marks[1, column], db), max(marks[2, column], -db)
    if layout.tree:
        for t in range(begin, end):
            marks[0, layout.along[layout.router[place[flows.targets[t]]]]] = 0
    return total_along, across


@njit(**INLINED)
def router_at(layout, a, b):
    """The router at coordinates (a, b): numbers are x + W y."""
    if layout.swapped:
        return a * layout.step_across.shape[0] + b
    return b * layout.step_along.shape[0] + a


@njit(**CACHED)
def totals(layout, flows, place, load, held):
    """Packet-links along and across of all flows; loads of links into ``load``, the links of one packet of
    each flow along and across into ``held`` (2, flows)."""
    marks = np.zeros((3, layout.step_along.shape[0]), np.int64)
    along, across = 0, 0
    for f in range(len(flows.source)):
        packets = flows.packets[f]
        held[0, f], held[1, f] = walk(layout, flows, place, f, packets, load, marks, True)
        along += packets * held[0, f]
        across += packets * held[1, f]
    return along, across


@njit(**INLINED)
def most(load):
    largest = np.int64(0)
    for side in range(load.shape[0]):
        for r in range(load.shape[1]):
            largest = max(largest, load[side, r])
    return largest


@njit(**INLINED)
def drawn(state):
    """The next of a xorshift64* sequence; ``state`` (1,) uint64, never 0."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return x * np.uint64(2685821657736338717)


@njit(**INLINED)
def below(state, bound):
    """A whole number from 0 up to ``bound``."""
    return np.int64((drawn(state) >> np.uint64(33)) % np.uint64(bound))


@njit(**INLINED)
def fraction(state):
    return np.float64(drawn(state) >> np.uint64(11)) / 9007199254740992.0


@njit(**INLINED)
def cost_of(objective, weights, along, across, load):
    """What annealing makes least (A4): packet-links weighted along and across, or the largest load with the
    mean load of a link beside it."""
    if objective == MAX_LINK_LOAD:
        return np.float64(most(load)) + np.float64(along + across) / np.float64(load.size)
    return weights[0] * np.float64(along) + weights[1] * np.float64(across)


@njit(**INLINED)
def gather(flows, one, other, seen, touched):
    """The flows of core ``one`` and of ``other``, -1 for none, each once into ``touched``; how many."""
    n = 0
    for core in (one, other):
        if core < 0:
            continue
        for k in range(flows.first[core], flows.first[core + 1]):
            f = flows.flow[k]
            if not seen[f]:
                seen[f] = True
                touched[n] = f
                n += 1
    for i in range(n):
        seen[touched[i]] = False
    return n


@njit(**INLINED)
def reload(layout, flows, place, touched, n, sign, load, marks):
    """Take (sign -1) the first ``n`` touched flows from the loads of links, or add them (1)."""
    for i in range(n):
        walk(layout, flows, place, touched[i], sign * flows.packets[touched[i]], load, marks, True)


@njit(**INLINED)
def swap(place, holder, core, target):
    """Put ``core`` on the grid's core ``target``, and what was there where ``core`` was."""
    origin, other = place[core], holder[target]
    place[core], holder[target], holder[origin] = target, core, other
    if other >= 0:
        place[other] = origin


@njit(**CACHED)
def anneal(
    layout,
    flows,
    objective,
    weights,
    place,
    holder,
    load,
    counts,
    held,
    best,
    record,
    state,
    moves,
    heat,
    reach,
):
    """``moves`` moves at temperature ``heat``: a core changes places with another or with a free one.

    The move goes at most ``reach`` routers away in each dimension. ``counts`` (2,): packet-links along and
    across; ``held`` (2, flows): links of one packet of each; ``load`` is kept up for max_link_load
    only. ``record`` (2,): the least objective so far and its cost; ``best`` its placement. Returns the moves
    taken and the mean size of the changes for the worse.
    """
    marks = np.zeros((3, layout.step_along.shape[0]), np.int64)
    seen = np.zeros(len(flows.source), np.bool_)
    touched = np.zeros(len(flows.source), np.int64)
    fresh = np.zeros((2, len(flows.source)), np.int64)
    size_a, size_b = layout.step_along.shape[0], layout.step_across.shape[0]
    each = len(holder) // len(layout.along)
    loaded = objective == MAX_LINK_LOAD
    cost = cost_of(objective, weights, counts[0], counts[1], load)
    taken, worse, rise = 0, 0, 0.0
    for _ in range(moves):
        core = below(state, len(place))
        origin = place[core]
        r = layout.router[origin]
        low_a, low_b = max(0, layout.along[r] - reach), max(0, layout.across[r] - reach)
        high_a, high_b = min(size_a - 1, layout.along[r] + reach), min(size_b - 1, layout.across[r] + reach)
        a = low_a + below(state, high_a - low_a + 1)
        b = low_b + below(state, high_b - low_b + 1)
        target = router_at(layout, a, b) * each + below(state, each)
        if layout.router[target] == r:
            continue
        along, across = counts[0], counts[1]
        n = gather(flows, core, holder[target], seen, touched)
        if loaded:
            reload(layout, flows, place, touched, n, -1, load, marks)
        swap(place, holder, core, target)
        for i in range(n):
            f = touched[i]
            packets = flows.packets[f]
            fresh[0, i], fresh[1, i] = walk(layout, flows, place, f, packets, load, marks, loaded)
            counts[0] += packets * (fresh[0, i] - held[0, f])
            counts[1] += packets * (fresh[1, i] - held[1, f])
        after = cost_of(objective, weights, counts[0], counts[1], load)
        change = after - cost
        if change > 0:
            worse += 1
            rise += change
        if change <= 0 or (heat > 0 and fraction(state) < np.exp(-change / heat)):
            taken += 1
            cost = after
            for i in range(n):
                held[0, touched[i]], held[1, touched[i]] = fresh[0, i], fresh[1, i]
            value = np.float64(most(load)) if loaded else cost
            if value < record[0] or (value == record[0] and cost < record[1]):
                record[0], record[1] = value, cost
                best[:] = place
            continue
        if loaded:
            reload(layout, flows, place, touched, n, -1, load, marks)
        swap(place, holder, core, origin)
        if loaded:
            reload(layout, flows, place, touched, n, 1, load, marks)
        counts[0], counts[1] = along, across
    return taken, rise / max(1, worse)
