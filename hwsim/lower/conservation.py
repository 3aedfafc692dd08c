"""Conservation: what the chip did against what the events and weights demand, worked out another way."""

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.geometry import output_taps, windows
from hwsim.ledger import Ledger
from hwsim.lower.layers import steps_of
from hwsim.network import Network, Projection


def synapses(network: Network, p: Projection, nonzero: bool) -> NDArray[np.int64]:
    """In-bounds synapses of each source neuron through ``p``; with ``nonzero`` those of weights not zero."""
    source, target = network.population[p.source], network.population[p.target]
    assert p.weights is not None
    per_group = len(p.weights) // p.groups
    if p.kind == "dense":
        counted = (p.weights != 0).sum(axis=0) if nonzero else np.full(p.weights.shape[1], per_group)
        return np.asarray(counted, np.int64)
    window = source.plane, p.kernel, p.stride, p.padding, target.plane
    if not nonzero:
        return np.tile(windows(*window) * per_group, source.channels)
    taps = (p.weights != 0).reshape(p.groups, per_group, *p.weights.shape[1:]).sum(axis=1)
    taps = taps.reshape(source.channels, *p.kernel)
    rows, columns = ((output_taps(*axis) >= 0).astype(np.int64) for axis in zip(*window, strict=True))
    reached: NDArray[np.int64] = rows @ (taps @ columns.T)
    return reached.ravel()


def delivered_events(
    network: Network, p: Projection, held: bool, trace: EventTrace
) -> tuple[NDArray[np.int32], int]:
    """Recorded events of the source of ``p`` that arrive in the steps of its target, and how often (L2)."""
    events, steps = trace.events[p.source], steps_of(network, p.target)
    if p.source in network.constant:
        return events.index, 1 if held and p.has_weights else max(0, steps - p.delay)
    if steps - p.delay >= events.steps:
        return events.index, 1
    step = np.repeat(np.arange(len(events.offsets) - 1) % events.steps, np.diff(events.offsets))
    return events.index[step < steps - p.delay], 1


def check(
    network: Network, trace: EventTrace, ledger: Ledger, held: frozenset[str], nonzero: bool = False
) -> None:
    """Events consumed = delivered, and useful AC + MAC = their exact fan-out, layer by layer (P3, L2).

    ``held``: layers whose array pass runs once for all steps; ``nonzero``: the chip skips zero weights.
    Raises HwsimError naming the layer.
    """
    useful = ledger.per_layer("ac", "mac")
    consumed = ledger.per_layer("events_in")
    emitted = ledger.per_layer("events_out")
    for i, name in enumerate(ledger.layers):
        expected = delivered = 0
        for p in network.into(name):
            arrived, often = delivered_events(network, p, name in held, trace)
            delivered += len(arrived) * often
            if p.has_weights:
                expected += int(synapses(network, p, nonzero)[arrived].sum()) * often
        if expected != useful[i]:
            raise HwsimError(
                f"ledger: layer {name!r} counts {useful[i]} useful operations; its events demand {expected}"
            )
        if delivered != consumed[i]:
            raise HwsimError(f"ledger: layer {name!r} consumes {consumed[i]} of {delivered} delivered events")
        recorded = len(trace.events[name].index) if name in trace.events else 0
        if emitted[i] != recorded:
            raise HwsimError(f"ledger: layer {name!r} emits {emitted[i]} events; the trace has {recorded}")
    if np.any(ledger.per_layer("lif_spike") > emitted):
        raise HwsimError("ledger: more spikes than events")
