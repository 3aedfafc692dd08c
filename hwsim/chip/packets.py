"""What every core sends in each tick of a sample (E3, E4)."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from hwsim.chip.config import EventCore
from hwsim.chip.fanout import Fanout, Kinds
from hwsim.chip.kernels import kinds_of, packets_of, send_all, update_times
from hwsim.chip.ticks import Ticks
from hwsim.events import EventTrace
from hwsim.ledger import Ledger
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


class Fired(NamedTuple):
    """The events of a ``sample`` of a ``trace``, population by population: ``kind`` of each and ``rank`` of
    its neuron in its slice. ``cells`` (n, 4): tick, population, begin and end of its events, by tick and then
    population. ``ticks``: K.
    """

    trace: EventTrace
    sample: int
    kind: Int
    rank: Int
    cells: Int
    ticks: int


class Times(NamedTuple):
    """When neurons are done, from the begin of the tick at their core: ``done`` of each event, ``finish`` (K,
    slices) of all of a slice. ``kind`` of the events, in each population and step in the order in which the
    neurons of a slice are done. ``ledger``: what that took, where a tile's array is counted.
    """

    kind: Int
    done: Int
    finish: Int
    ledger: Ledger | None


class Cores(Protocol):
    """What updates neurons: when they are done, and ``cycles`` of sending, of receiving and of a synapse."""

    @property
    def cycles(self) -> Int: ...

    def times(self, fired: Fired) -> Times: ...


@dataclass(frozen=True, eq=False)
class EventCores:
    """Cores that update one neuron after the other (E3)."""

    core: EventCore
    kinds: Kinds

    @property
    def cycles(self) -> Int:
        return np.array([self.core.send_cycles, self.core.receive_cycles, self.core.synapse_cycles], np.int64)

    def times(self, fired: Fired) -> Times:
        done = np.zeros(len(fired.kind), np.int64)
        finish = np.zeros((fired.ticks, len(self.kinds.core)), np.int64)
        update, fire = self.core.update_cycles, self.core.fire_cycles
        update_times(fired.cells, self.kinds, fired.kind, fired.rank, update, fire, done, finish)
        return Times(fired.kind, done, finish, None)


def sending(fired: Fired, times: Times, fanout: Fanout, cycles: Int, share: int) -> Sending:
    """The packets of one sample; ``share``: spikes that one carries at most (T2)."""
    kinds, routes = fanout.kinds, fanout.routes
    cores, marks = len(routes.first_mark) - 1, len(routes.mark)
    most = int(packets_of(routes, kinds, times.kind)) + marks * fired.ticks
    columns = [np.zeros(most, np.int64) for _ in range(5)]
    spikes, first = np.zeros(len(times.kind), np.int64), np.zeros(fired.ticks + 1, np.int64)
    updated, sent = np.zeros((2, fired.ticks, cores), np.int64)
    counts, links = np.zeros((fired.ticks, cores, 7), np.int64), np.zeros((fired.ticks, 2), np.int64)
    out = (*columns, spikes, first, updated, sent, counts, links)
    events = (times.kind, times.done)
    n = send_all(fired.cells, kinds, routes, events, times.finish, cycles, share, out)
    created, core, packet, begin, end = (column[:n] for column in columns)
    return Sending(created, core, packet, begin, end, spikes, first, updated, sent, counts, links, times.kind)


def fired_in(network: Network, trace: EventTrace, sample: int, ticks: Ticks, numbered: Kinds) -> Fired:
    """The events of one sample of a trace."""
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
        kinds_of(numbered, number, neurons, kind, rank)
        tick = ticks.interval * np.arange(len(offsets) - 1) + ticks.depth[p.name]
        ends = offsets - offsets[0] + base
        cells.append(np.stack([tick, np.full(len(tick), number), ends[:-1], ends[1:]], axis=1))
        kinds.append(kind)
        ranks.append(rank)
        base += len(neurons)
    rows = np.concatenate(cells)
    cells_by_tick = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    return Fired(trace, sample, np.concatenate(kinds), np.concatenate(ranks), cells_by_tick, ticks.count)
