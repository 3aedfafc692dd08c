"""Spikes between cores: from which core to which set of cores, and how many packets (T1, T2)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hwsim.events import Events, EventTrace
from hwsim.place.reach import Int
from hwsim.place.slices import Classes, Sliced

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Traffic:
    """Flows, in order: spikes of neurons of core ``source`` that go to the same set of other cores.

    ``source`` (flows,), HOST for the input's; the cores of flow f are
    ``targets[start[f] : start[f + 1]]``, rising, without the source. ``spikes`` and ``packets`` (flows,) of
    all samples.
    """

    cores: int
    samples: int
    source: Int
    start: Int
    targets: Int
    spikes: Int
    packets: Int

    @property
    def flows(self) -> int:
        return len(self.source)

    def sizes(self) -> Int:
        """How many cores each flow goes to."""
        return np.diff(self.start)

    def between(self) -> Int:
        """Packets from each core to each; shape (cores + 1, cores), the host last (T2)."""
        matrix = np.zeros((self.cores + 1, self.cores), np.int64)
        flow = np.repeat(np.arange(self.flows), self.sizes())
        np.add.at(matrix, (self.source[flow], self.targets), self.packets[flow])
        return matrix


def traffic(
    sliced: Sliced, trace: EventTrace, spikes_per_packet: int = 1, progress: Progress | None = None
) -> Traffic:
    """The flows of all samples of a trace. Flows without spikes are left out."""
    found: dict[tuple[int, bytes], list[int]] = {}
    emitting = [p.name for p in sliced.network.populations if p.kind != "readout"]
    for done, name in enumerate(emitting, 1):
        classes = sliced.classes(name)
        spikes, packets = _counts(classes, trace.events[name], spikes_per_packet)
        for home, reached, s, n in zip(classes.home, classes.reached, spikes, packets, strict=True):
            sent = reached.copy()
            if home >= 0:
                sent[home] = False
            if s and sent.any():
                flow = found.setdefault((int(home), np.packbits(sent).tobytes()), [0, 0])
                flow[0] += int(s)
                flow[1] += int(n)
        if progress:
            progress(done, len(emitting))
    return _flows(found, sliced.cores, trace.samples)


def _counts(classes: Classes, events: Events, spikes_per_packet: int) -> tuple[Int, Int]:
    """Spikes and packets of each class: of those that leave in one step, so many share a packet (T2)."""
    kinds = len(classes.home)
    if spikes_per_packet == 1:
        size = len(classes.channel_class) * len(classes.position_class)
        fired = np.bincount(events.index, minlength=size)
        spikes = np.bincount(
            classes.of(np.arange(size, dtype=np.int32)), weights=fired, minlength=kinds
        ).astype(np.int64)
        return spikes, spikes
    spikes, packets = np.zeros((2, kinds), np.int64)
    of_event = classes.of(events.index)
    for begin, end in zip(events.offsets[:-1], events.offsets[1:], strict=True):
        together = np.bincount(of_event[begin:end], minlength=kinds)
        spikes += together
        packets += -(-together // spikes_per_packet)
    return spikes, packets


def _flows(found: dict[tuple[int, bytes], list[int]], cores: int, samples: int) -> Traffic:
    """In the order of source and set, the host's last."""
    keys = sorted(found, key=lambda k: (k[0] < 0, k))
    sets = [np.nonzero(np.unpackbits(np.frombuffer(packed, np.uint8), count=cores))[0] for _, packed in keys]
    start = np.cumsum([0, *(len(s) for s in sets)]).astype(np.int64)
    targets = np.concatenate([*sets, np.zeros(0, np.int64)]).astype(np.int64)
    counts = np.array([found[key] for key in keys], np.int64).reshape(-1, 2)
    source = np.array([home for home, _ in keys], np.int64)
    return Traffic(cores, samples, source, start, targets, counts[:, 0].copy(), counts[:, 1].copy())
