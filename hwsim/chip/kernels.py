"""Numba: what a core sends in each tick, and how it takes what arrives (E3 to E5).

Cycles of sending count from the begin of the tick at the core: its unit has sent everything of a tick before
the next begins, so they are the same whenever that is.
"""

import numpy as np
from numba import njit

from hwsim.chip.fanout import LOCAL
from hwsim.jit import BARE, CACHED

SEND, RECEIVE, SYNAPSE = range(3)
"""Columns of ``cycles``: of a packet sent, of one taken, of each of its synapses."""

UPDATES, FIRED, SENT, LOCALS, SPIKES, MARKS, ADDRESSED = range(7)
"""Columns of what is counted where packets are sent."""

RECEIVED, TAKEN = 0, 1
"""Columns of what is counted where packets arrive: packets, and from TAKEN on synapses by kind."""


@njit(**CACHED)
def kinds_of(kinds, population, neurons, kind, rank):
    """The kind of each event's neuron, and its place among the neurons of its slice."""
    places = kinds.positions[population]
    for e in range(len(neurons)):
        channel, position = neurons[e] // places, neurons[e] % places
        k = (
            kinds.kind_base[population]
            + kinds.channel_kind[kinds.channel_base[population] + channel] * kinds.position_kinds[population]
            + kinds.position_kind[kinds.position_base[population] + position]
        )
        s = kinds.slice_of[k]
        kind[e] = k
        rank[e] = (channel - kinds.c0[s]) * kinds.across[s] + position - kinds.p0[s]


@njit(**CACHED)
def packets_of(routes, kinds, kind):
    """An upper bound of the packets that these events are sent in."""
    n = 0
    for k in kind:
        n += routes.first_packet[kinds.route[k] + 1] - routes.first_packet[kinds.route[k]]
    return n


@njit(**CACHED)
def update_times(cells, kinds, kind, rank, update, fire, done, finish):
    """When neurons that fire are done (events,), and all of a slice (ticks, slices), one by one (E3).

    ``cells`` (n, 4): tick, population, begin and end of its events, by tick and then population.
    """
    slices = finish.shape[1]
    host = kinds.core.max()
    clock = np.zeros(host + 1, np.int64)
    fired, begun = np.zeros(slices, np.int64), np.zeros(slices, np.int64)
    tick = -1
    for cell in range(len(cells)):
        population, e0, e1 = cells[cell, 1], cells[cell, 2], cells[cell, 3]
        if cells[cell, 0] != tick:
            tick = cells[cell, 0]
            clock[:] = 0
        s0, s1 = kinds.first_slice[population], kinds.first_slice[population + 1]
        if kinds.core[s0] == host:
            continue
        fired[s0:s1] = 0
        for e in range(e0, e1):
            fired[kinds.slice_of[kind[e]]] += 1
        for s in range(s0, s1):
            core = kinds.core[s]
            begun[s] = clock[core]
            clock[core] += kinds.size[s] * update + fired[s] * (fire - update)
            finish[tick, s] = clock[core]
        fired[s0:s1] = 0
        for e in range(e0, e1):
            s = kinds.slice_of[kind[e]]
            fired[s] += 1
            done[e] = begun[s] + (rank[e] + 1) * update + fired[s] * (fire - update)


@njit(**CACHED)
def send_all(cells, kinds, routes, events, finish, cycles, share, out):
    """Packets of all ticks of a sample, tick by tick and core by core in the order in which each sends them.

    ``cells`` (n, 4): tick, population, begin and end of its events, by tick and then population. ``events``:
    kind, and when each is done, which never falls within a slice and tick; ``finish`` (ticks, slices): when
    all neurons of a slice are. ``out``: created, core, packet kind, begin and end in ``spikes``, spikes
    (events by packet), first packet of each tick, ends of updates and of sending, counts, links. Returns
    their number.
    """
    kind, done = events
    created, core_of, packet_of, begin, end, spikes, tick_start, updated, sent_end, counts, links = out
    host = counts.shape[1] - 1
    ticks = counts.shape[0]
    free = np.zeros(host + 1, np.int64)
    filled = np.zeros(len(routes.first_packet), np.int64)
    group_of_route = np.zeros(len(routes.first_packet), np.int64)
    most = 0
    for cell in range(len(cells)):
        most = max(most, cells[cell, 3] - cells[cell, 2])
    order = np.zeros(most, np.int64)
    group = np.zeros(most, np.int64)
    size = np.zeros(most, np.int64)
    start = np.zeros(most, np.int64)
    last = np.zeros(most, np.int64)
    n = 0
    placed = 0
    cell = 0
    for tick in range(ticks):
        tick_start[tick] = n
        free[:] = 0
        clock, crossed = updated[tick], links[tick]
        while cell < len(cells) and cells[cell, 0] == tick:
            population, e0, e1 = cells[cell, 1], cells[cell, 2], cells[cell, 3]
            s0, s1 = kinds.first_slice[population], kinds.first_slice[population + 1]
            offsets = np.zeros(s1 - s0 + 1, np.int64)
            for e in range(e0, e1):
                offsets[kinds.slice_of[kind[e]] - s0 + 1] += 1
            for s in range(s1 - s0):
                offsets[s + 1] += offsets[s]
            write = offsets.copy()
            for e in range(e0, e1):
                s = kinds.slice_of[kind[e]] - s0
                order[write[s]] = e
                write[s] += 1
            for s in range(s0, s1):
                core = kinds.core[s]
                low, high = offsets[s - s0], offsets[s - s0 + 1]
                send = cycles[SEND] if core < host else 0
                count = counts[tick, core]
                if core < host:
                    count[UPDATES] += kinds.size[s]
                    count[FIRED] += high - low
                clock[core] = finish[tick, s]
                groups = 0
                for i in range(low, high):
                    r = kinds.route[kind[order[i]]]
                    if filled[r] == 0:
                        group_of_route[r] = groups
                        size[groups] = 0
                        groups += 1
                    g = group_of_route[r]
                    group[i] = g
                    size[g] += 1
                    last[g] = i
                    filled[r] = 0 if size[g] == share else size[g]
                for g in range(groups):
                    start[g] = placed
                    placed += size[g]
                for i in range(low, high):
                    g = group[i]
                    spikes[start[g]] = order[i]
                    start[g] += 1
                    filled[kinds.route[kind[order[i]]]] = 0
                for late in range(2):
                    for i in range(low, high):
                        g = group[i]
                        at = done[order[i]]
                        if last[g] != i or (size[g] < share or at == finish[tick, s]) != (late == 1):
                            continue
                        ready = finish[tick, s] if late else at
                        r = kinds.route[kind[order[i]]]
                        for f in range(routes.first_packet[r], routes.first_packet[r + 1]):
                            p = routes.packet[f]
                            free[core] = max(ready, free[core]) + send
                            created[n], core_of[n], packet_of[n] = free[core], core, p
                            begin[n], end[n] = start[g] - size[g], start[g]
                            count_packet(routes, p, size[g], count, crossed)
                            n += 1
            cell += 1
        for core in range(host + 1):
            for m in range(routes.first_mark[core], routes.first_mark[core + 1]):
                free[core] = max(clock[core], free[core]) + (cycles[SEND] if core < host else 0)
                created[n], core_of[n], packet_of[n] = free[core], core, routes.mark[m]
                begin[n] = end[n] = 0
                count_packet(routes, routes.mark[m], 0, counts[tick, core], crossed)
                counts[tick, core, MARKS] += 1
                n += 1
            sent_end[tick, core] = max(clock[core], free[core])
    tick_start[ticks] = n
    return n


@njit(**BARE)
def count_packet(routes, p, spikes, count, links):
    if routes.destination[p] == LOCAL:
        count[LOCALS] += 1
        return
    count[SENT] += 1
    count[SPIKES] += spikes
    count[ADDRESSED] += routes.first[p + 1] - routes.first[p]
    links[0] += routes.links[p, 0]
    links[1] += routes.links[p, 1]


@njit(**CACHED)
def arrivals(routes, packet_of, given, tile, packet, arrived, ratio, created, out):
    """Arrivals at cores: those out of the network in its order, then those that need none.

    ``given``: packets by place in the order of creation; ``packet``, ``tile``, ``arrived``: deliveries of the
    network, the packet by that place. ``out``: core, cycle, place, and the entry of its core.
    """
    core, cycle, place, entry = out
    up, down = ratio
    n = 0
    for d in range(len(packet)):
        p = packet_of[given[packet[d]]]
        low, high = routes.first[p], routes.first[p + 1]
        a, b = low, high
        while a < b:
            middle = (a + b) // 2
            if routes.router[middle] < tile[d]:
                a = middle + 1
            else:
                b = middle
        at = arrived[d] // up * down + -((-(arrived[d] % up) * down) // up)
        while a < high and routes.router[a] == tile[d]:
            core[n], cycle[n], place[n], entry[n] = routes.core[a], at, packet[d], a
            n += 1
            a += 1
    network = n
    for i in range(len(given)):
        p = packet_of[given[i]]
        if routes.destination[p] == LOCAL:
            a = routes.first[p]
            core[n], cycle[n], place[n], entry[n] = routes.core[a], created[i], i, a
            n += 1
    return network, n


@njit(**CACHED)
def settle(listed, low, high, cycle, place):
    """Sort arrivals ``low`` to ``high`` - 1, which rise by cycle, by place where cycles agree."""
    while low < high:
        end = low + 1
        rising = True
        while end < high and cycle[listed[end]] == cycle[listed[low]]:
            rising &= place[listed[end - 1]] < place[listed[end]]
            end += 1
        if not rising:
            run = listed[low:end].copy()
            keys = np.argsort(place[run])
            for i in range(len(run)):
                listed[low + i] = run[keys[i]]
        low = end


@njit(**CACHED)
def take(kinds, routes, sending, kind, given, tick_of, found, cycles, ends, counts):
    """Every core takes its arrivals one after the other (E5).

    ``found``: core, cycle, place and entry of the arrivals of the network, by cycle, then of local ones by
    place, and the numbers of both. ``ends`` and ``counts`` (ticks, cores, ...) are of the tick of sending.
    """
    core, cycle, place, entry, network, n = found
    begin, end, spikes = sending
    cores = ends.shape[1] - 1
    first = np.zeros((2, cores + 1), np.int64)
    for d in range(n):
        first[0 if d < network else 1, core[d] + 1] += 1
    first[1, 0] = network
    for c in range(cores):
        first[0, c + 1] += first[0, c]
        first[1, c + 1] += first[1, c]
    listed = np.zeros(n, np.int64)
    write = first.copy()
    for d in range(n):
        part = 0 if d < network else 1
        listed[write[part, core[d]]] = d
        write[part, core[d]] += 1
    for c in range(cores):
        a, a_end = first[0, c], first[0, c + 1]
        settle(listed, a, a_end, cycle, place)
        b, b_end = first[1, c], first[1, c + 1]
        free = np.int64(0)
        while a < a_end or b < b_end:
            if a == a_end:
                from_network = False
            elif b == b_end:
                from_network = True
            else:
                x, y = listed[a], listed[b]
                from_network = cycle[x] < cycle[y] or (cycle[x] == cycle[y] and place[x] < place[y])
            if from_network:
                d = listed[a]
                a += 1
            else:
                d = listed[b]
                b += 1
            p = given[place[d]]
            tick = tick_of[place[d]]
            words = np.int64(0)
            for i in range(begin[p], end[p]):
                row = kinds.first_word[kind[spikes[i]]] + routes.place[entry[d]]
                for column in range(3):
                    counts[tick, c, TAKEN + column] += kinds.synapses[row, column]
                    words += kinds.synapses[row, column]
            free = max(free, cycle[d]) + cycles[RECEIVE] + words * cycles[SYNAPSE]
            ends[tick, c] = max(ends[tick, c], free)
            counts[tick, c, RECEIVED] += 1
