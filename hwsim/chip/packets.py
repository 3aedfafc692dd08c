"""What every core sends in each tick of a sample (E3, E4)."""

from typing import NamedTuple

import numpy as np

from hwsim.chip.config import EventCore
from hwsim.chip.fanout import Fanout
from hwsim.chip.kernels import kinds_of, packets_of, send_all
from hwsim.chip.ticks import Ticks
from hwsim.events import EventTrace
from hwsim.network import Network
from hwsim.place.reach import Int


class Sending(NamedTuple):
    """The packets of a sample, tick by tick: those of tick k are ``first[k]`` to ``first[k + 1]`` - 1.

    ``created`` counts from the begin of the tick at the core; ``core``, C for the host; ``packet``: what it
    is in Routes; its spikes are events ``spikes[begin : end]``, each of a ``kind``. ``updated`` and ``sent``
    (K, C + 1): ends of updates and of sending, from the begin too. ``counts`` (K, C + 1, columns of
    kernels.py), ``links`` (K, 2).
    """

    created: Int
    core: Int
    packet: Int
    begin: Int
    end: Int
    spikes: Int
    first: Int
    updated: Int
    sent: Int
    counts: Int
    links: Int
    kind: Int

    @property
    def tick(self) -> Int:
        """Of each packet."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))


def cycles_of(core: EventCore) -> Int:
    """Cycles of an update, of one that fires, of sending, of receiving, and of a synapse."""
    return np.array(
        [core.update_cycles, core.fire_cycles, core.send_cycles, core.receive_cycles, core.synapse_cycles],
        np.int64,
    )


def sending(
    network: Network, trace: EventTrace, sample: int, ticks: Ticks, fanout: Fanout, cycles: Int, share: int
) -> Sending:
    """The packets of one sample of a trace; ``share``: spikes that one carries at most (T2)."""
    kinds, routes = fanout.kinds, fanout.routes
    kind, rank, cells = _events(network, trace, sample, ticks, fanout)
    cores, marks = len(routes.first_mark) - 1, len(routes.mark)
    most = int(packets_of(routes, kinds, kind)) + marks * ticks.count
    columns = [np.zeros(most, np.int64) for _ in range(5)]
    spikes, first = np.zeros(len(kind), np.int64), np.zeros(ticks.count + 1, np.int64)
    updated, sent = np.zeros((2, ticks.count, cores), np.int64)
    counts, links = np.zeros((ticks.count, cores, 7), np.int64), np.zeros((ticks.count, 2), np.int64)
    out = (*columns, spikes, first, updated, sent, counts, links)
    n = send_all(cells, kinds, routes, (kind, rank), cycles, share, out)
    created, core, packet, begin, end = (column[:n] for column in columns)
    return Sending(created, core, packet, begin, end, spikes, first, updated, sent, counts, links, kind)


def _events(
    network: Network, trace: EventTrace, sample: int, ticks: Ticks, fanout: Fanout
) -> tuple[Int, Int, Int]:
    """Kind and rank of the sample's events, population by population, and which of them each tick has."""
    kinds, ranks, cells = [], [], []
    base = 0
    for number, p in enumerate(network.populations):
        if p.kind == "readout":
            offsets, neurons = np.zeros(network.timesteps + 1, np.int64), np.zeros(0, np.int32)
        else:
            events = trace.events[p.name]
            offsets = events.offsets[sample * events.steps : (sample + 1) * events.steps + 1]
            neurons = events.index[offsets[0] : offsets[-1]]
        kind, rank = np.zeros((2, len(neurons)), np.int64)
        kinds_of(fanout.kinds, number, neurons, kind, rank)
        tick = ticks.interval * np.arange(len(offsets) - 1) + ticks.depth[p.name]
        ends = offsets - offsets[0] + base
        cells.append(np.stack([tick, np.full(len(tick), number), ends[:-1], ends[1:]], axis=1))
        kinds.append(kind)
        ranks.append(rank)
        base += len(neurons)
    rows = np.concatenate(cells)
    return np.concatenate(kinds), np.concatenate(ranks), rows[np.lexsort((rows[:, 1], rows[:, 0]))]
