"""Numba: all ticks of a sample with a barrier after each, on a network of one virtual channel (E4 to E6)."""

import numpy as np
from numba import njit

from hwsim.chip.fanout import LOCAL
from hwsim.chip.kernels import RECEIVE, RECEIVED, SYNAPSE, TAKEN
from hwsim.jit import BARE, CACHED
from hwsim.noc.single import Given
from hwsim.noc.single_kernel import deliver

LATEST = 2**59
"""As in hwsim.noc.network."""

DIGIT = 11
"""Bits of a digit of the sort."""


@njit(**CACHED)
def run_ticks(kinds, routes, sent, times, lines, cycles, ratio, barrier, out):
    """Tick after tick: packets through the network, cores take them, the barrier.

    ``sent``: a Sending; ``times``, ``lines``: the network; ``ratio``: cycles of the network by those of the
    cores; ``barrier``: its latency and ``tick_cycles``. ``out``: begins and ends of receiving (K, C + 1),
    counts (K, C + 1, 4), and latencies of packets in the network. Returns their number, the cycle after the
    last arrival, and the first cycle that is later than the network counts, or -1.
    """
    begin, ends, counts, latency = out
    ticks = len(sent.first) - 1
    most = np.int64(0)
    for k in range(ticks):
        most = max(most, sent.first[k + 1] - sent.first[k])
    rows = np.empty((12, most), np.int64)
    order, spare, key, row, remote, local = rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]
    created, source, target, injected, arrived, log = rows[6], rows[7], rows[8], rows[9], rows[10], rows[11]
    packets, starts = np.empty(4 * most, np.int64), np.empty((1 << DIGIT) + 1, np.int64)
    free = np.empty(begin.shape[1], np.int64)
    delivered, cycles_run = np.int64(0), np.int64(0)
    for k in range(ticks):
        now = begin[k, 0]
        ends[k] = now
        a, n = sent.first[k], sent.first[k + 1] - sent.first[k]
        by_creation(sent.created[a : a + n], sent.core[a : a + n], begin.shape[1], order, spare, key, starts)
        last = now + sent.created[a + order[n - 1]] if n else np.int64(0)
        if last // ratio[1] > LATEST // ratio[0] or scaled(last, ratio[0], ratio[1]) >= LATEST:
            return delivered, cycles_run, last
        n_remote, n_local = 0, 0
        for place in range(n):
            given = a + order[place]
            row[place] = given
            kind = sent.packet[given]
            if routes.destination[kind] == LOCAL:
                local[n_local] = place
                n_local += 1
                continue
            created[place] = scaled(now + sent.created[given], ratio[0], ratio[1])
            source[place], target[place] = routes.source[kind], routes.destination[kind]
            remote[n_remote] = place
            n_remote += 1
        network = Given(created, source, target, remote[:n_remote], injected, arrived, log)
        deliver(times, lines, packets, network)
        for d in range(n_remote):
            cycles_run = max(cycles_run, arrived[log[d]] + 1)
            latency[delivered] = arrived[log[d]] - created[log[d]]
            delivered += 1
            arrived[log[d]] = scaled(arrived[log[d]], ratio[1], ratio[0])
        by_arrival(log[:n_remote], arrived, ratio[0] > ratio[1])
        free[:] = 0
        i, j = 0, 0
        while i < n_remote or j < n_local:
            at = arrived[log[i]] if i < n_remote else np.int64(0)
            own = now + sent.created[row[local[j]]] if j < n_local else np.int64(0)
            if j == n_local or (i < n_remote and (at < own or (at == own and log[i] < local[j]))):
                place = log[i]
                i += 1
            else:
                place, at = local[j], own
                j += 1
            take_one(kinds, routes, sent, row[place], at, cycles, free, ends[k], counts[k])
        end = np.int64(0)
        for core in range(begin.shape[1]):
            end = max(end, now + max(sent.updated[k, core], sent.sent[k, core]), ends[k, core])
        if k + 1 < ticks:
            begin[k + 1] = max(end + barrier[0], now + barrier[1])
    return delivered, cycles_run, np.int64(-1)


@njit(**BARE)
def take_one(kinds, routes, sent, given, at, cycles, free, ends, counts):
    """The cores of one packet take it, each when it is free (E5)."""
    kind = sent.packet[given]
    for entry in range(routes.first[kind], routes.first[kind + 1]):
        core = routes.core[entry]
        words = np.int64(0)
        for e in range(sent.begin[given], sent.end[given]):
            row = kinds.first_word[sent.kind[sent.spikes[e]]] + routes.place[entry]
            for column in range(3):
                counts[core, TAKEN + column] += kinds.synapses[row, column]
                words += kinds.synapses[row, column]
        free[core] = max(free[core], at) + cycles[RECEIVE] + words * cycles[SYNAPSE]
        ends[core] = max(ends[core], free[core])
        counts[core, RECEIVED] += 1


@njit(**BARE)
def scaled(cycle, up, down):
    """ceil(cycle * up / down) (E1)."""
    if down == 1:
        return cycle * up
    whole = np.int64(np.uint64(cycle) // np.uint64(down))
    rest = cycle - whole * down
    if up == 1:
        return whole + np.int64(rest > 0)
    return whole * up + np.int64(np.uint64(rest * up + down - 1) // np.uint64(down))


@njit(**BARE)
def by_creation(created, core, cores, order, spare, key, starts):
    """Write to ``order`` the packets by cycle, then core, then as they are sent; digit by digit."""
    n = len(created)
    highest = np.int64(0)
    for i in range(n):
        key[i] = created[i] * cores + core[i]
        highest = max(highest, key[i])
        order[i] = i
    shift = 0
    while highest >> shift != 0:
        starts[:] = 0
        for i in range(n):
            starts[((key[i] >> shift) & ((1 << DIGIT) - 1)) + 1] += 1
        for digit in range(1 << DIGIT):
            starts[digit + 1] += starts[digit]
        for i in range(n):
            digit = (key[order[i]] >> shift) & ((1 << DIGIT) - 1)
            spare[starts[digit]] = order[i]
            starts[digit] += 1
        for i in range(n):
            order[i] = spare[i]
        shift += DIGIT


@njit(**BARE)
def by_arrival(log, arrived, ties):
    """Sort packets by arrival, which they nearly are, and with ``ties`` those that arrive together by place.

    The packets of one router arrive in cycles of the network of their own, and are in order.
    """
    for i in range(1, len(log)):
        place, at, j = log[i], arrived[log[i]], i
        while j > 0 and arrived[log[j - 1]] >= at:
            if arrived[log[j - 1]] == at and (not ties or log[j - 1] < place):
                break
            log[j] = log[j - 1]
            j -= 1
        log[j] = place
