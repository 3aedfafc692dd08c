"""How many neurons of each slice have a membrane that may not be at rest, in each of their steps (E7)."""

import numpy as np
from numpy.typing import NDArray

from hwsim.chip.fanout import Fanout
from hwsim.chip.kernels import spread
from hwsim.chip.ticks import Ticks
from hwsim.events import EventTrace
from hwsim.geometry import output_taps
from hwsim.network import Network, Population, Projection
from hwsim.place.reach import Int, Reach

Mask = NDArray[np.uint8]
Taps = tuple[NDArray[np.int32], NDArray[np.int32]]


def touched(network: Network, trace: EventTrace, sample: int, ticks: Ticks, fanout: Fanout) -> Int:
    """Neurons that have taken an event and not fired since, by tick and core, (K, C + 1).

    Those without a state count in the step of the event alone. The event of a constant population counts in
    every step from its projection's delay on, a bias other than 0 in every step.
    """
    kinds = fanout.kinds
    counts = np.zeros((ticks.count, len(fanout.cores) + 1), np.int64)
    for number, p in enumerate(network.populations):
        incoming = [(q, _taps(network, q)) for q in network.into(p.name)]
        core_of = np.zeros((p.channels, p.plane[0] * p.plane[1]), np.int64)
        for s in range(kinds.first_slice[number], kinds.first_slice[number + 1]):
            c0, p0, across = kinds.c0[s], kinds.p0[s], kinds.across[s]
            core_of[c0 : c0 + kinds.size[s] // across, p0 : p0 + across] = kinds.core[s]
        mask = np.zeros(core_of.shape, np.uint8)
        for step in range(1 if p.name in network.constant else network.timesteps) if incoming else ():
            if not p.has_state:
                mask[:] = 0
            for q, taps in incoming:
                if q.bias is not None:
                    mask[q.bias != 0] = 1
                if step >= q.delay:
                    events = trace.events[q.source]
                    _mark(network, q, taps, events.index[events.cell(sample, step - q.delay)], mask)
            tick = ticks.interval * step + ticks.depth[p.name]
            counts[tick] += np.bincount(core_of[mask.view(np.bool_)], minlength=counts.shape[1])
            if _rests(p):
                fired = trace.events[p.name]
                mask.reshape(-1)[fired.index[fired.cell(sample, step)]] = 0
    return counts


def _rests(p: Population) -> bool:
    """Whether a neuron that has fired keeps nothing of what it took."""
    return p.kind == "lif" and p.reset == "zero" and not p.has_current and not p.delayed_reset


def _taps(network: Network, p: Projection) -> Taps | None:
    """Which rows and columns of the target take each row and column of the source; None of a dense one."""
    if p.kind == "dense":
        return None
    reach = Reach.of(network, p)
    axes = zip(reach.source.plane, p.kernel, p.stride, p.padding, reach.target.plane, strict=True)
    rows, columns = (output_taps(*axis) for axis in axes)
    return rows, columns


def _mark(network: Network, p: Projection, taps: Taps | None, neurons: NDArray[np.int32], mask: Mask) -> None:
    if taps is None:
        if len(neurons):
            mask[:] = 1
        return
    source, target = network.population[p.source], network.population[p.target]
    groups = p.groups if p.kind == "conv2d" else source.channels
    plane = np.zeros((groups, source.size // source.channels), np.uint8)
    held = np.zeros((groups, mask.shape[1]), np.uint8)
    spread(neurons, source.channels // groups, source.plane[1], target.plane[1], taps, plane, held)
    each = target.channels // groups
    mask.reshape(groups, each, -1)[:] |= held[:, None, :]
