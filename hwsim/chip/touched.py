"""How many neurons of each slice have a membrane that may not be at rest, in each of their steps (E7)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwsim.chip.fanout import Fanout
from hwsim.chip.ticks import Ticks
from hwsim.chip.touch_kernel import touch
from hwsim.events import EventTrace
from hwsim.geometry import output_taps
from hwsim.network import Network, Population, Projection
from hwsim.place.reach import Int


class Tables(NamedTuple):
    """What the kernel has of a network on cores; see there."""

    populations: Int
    links: Int
    taps: Int
    core: Int
    biased: NDArray[np.uint8]


def tables_of(network: Network, ticks: Ticks, fanout: Fanout) -> Tables:
    number = {p.name: i for i, p in enumerate(network.populations)}
    populations, core, biased = [], [], []
    links: list[tuple[int, ...]] = []
    taps: list[Int] = [np.zeros(0, np.int64)]
    neurons = channels = 0
    for p in network.populations:
        incoming = network.into(p.name)
        positions = p.plane[0] * p.plane[1]
        steps = (1 if p.name in network.constant else network.timesteps) if incoming else 0
        sizes = p.channels, positions, steps, ticks.depth[p.name], p.has_state, _rests(p)
        populations.append((*sizes, neurons, channels, len(links), len(links) + len(incoming)))
        links += [(number[q.source], q.delay, *_link(network, q, taps)) for q in incoming]
        core.append(_cores(p, number[p.name], fanout).T.ravel())
        bias = np.zeros(p.channels, np.uint8)
        for q in incoming:
            if q.bias is not None:
                bias[q.bias != 0] = 1
        biased.append(bias)
        neurons, channels = neurons + p.channels * positions, channels + p.channels
    return Tables(
        np.array(populations, np.int64), np.array(links, np.int64).reshape(-1, 12), np.concatenate(taps),
        np.concatenate(core), np.concatenate(biased),
    )  # fmt: skip


def touched(
    network: Network, trace: EventTrace, sample: int, ticks: Ticks, tables: Tables, cores: int
) -> Int:
    """Neurons that have taken an event and not fired since, by tick and core, (K, ``cores`` + 1).

    Those without a state count in the step of the event alone. The event of a constant population counts in
    every step from its projection's delay on, a bias other than 0 in every step.
    """
    cells = np.zeros((len(network.populations), network.timesteps, 2), np.int64)
    neurons, base = [np.zeros(0, np.int32)], 0
    for number, p in enumerate(network.populations):
        if p.kind != "readout":
            events = trace.events[p.name]
            offsets = events.offsets[sample * events.steps : (sample + 1) * events.steps + 1]
            neurons.append(events.index[offsets[0] : offsets[-1]])
            ends = offsets - offsets[0] + base
            cells[number, :, 0], cells[number, :, 1] = ends[:-1], ends[1:]
            base += len(neurons[-1])
    counts = np.zeros((ticks.count, cores + 1), np.int64)
    touch(tables, ticks.interval, cells, np.concatenate(neurons), counts)
    return counts


def _cores(p: Population, number: int, fanout: Fanout) -> Int:
    """The core of each neuron, (channels, positions)."""
    kinds = fanout.kinds
    cores = np.zeros((p.channels, p.plane[0] * p.plane[1]), np.int64)
    for s in range(kinds.first_slice[number], kinds.first_slice[number + 1]):
        c0, p0, across = kinds.c0[s], kinds.p0[s], kinds.across[s]
        cores[c0 : c0 + kinds.size[s] // across, p0 : p0 + across] = kinds.core[s]
    return cores


def _rests(p: Population) -> bool:
    """Whether a neuron that has fired keeps nothing of what it took."""
    return p.kind == "lif" and p.reset == "zero" and not p.has_current and not p.delayed_reset


def _link(network: Network, q: Projection, taps: list[Int]) -> tuple[int, ...]:
    """The columns of a projection behind its source and delay; its taps are put behind the others."""
    source, target = network.population[q.source], network.population[q.target]
    places = source.plane[0] * source.plane[1]
    if q.kind == "dense":
        return (1, source.channels, target.channels, places, source.plane[1], target.plane[1], 0, 0, 0, 0)
    groups = q.groups if q.kind == "conv2d" else source.channels
    axes = zip(source.plane, q.kernel, q.stride, q.padding, target.plane, strict=True)
    at = sum(map(len, taps))
    rows, columns = (output_taps(*axis) for axis in axes)
    taps += [rows.ravel().astype(np.int64), columns.ravel().astype(np.int64)]
    ends = at, rows.shape[1], at + rows.size, columns.shape[1]
    each = source.channels // groups, target.channels // groups
    return (0, *each, places, source.plane[1], target.plane[1], *ends)
