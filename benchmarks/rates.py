"""Traces of a chosen spike rate, for costs that a paper tells at one."""

import numpy as np

from hwsim.events import Events, EventTrace
from hwsim.execute.executor import drive
from hwsim.inspection import describe
from hwsim.network import Network, Population
from hwsim.operations import count, fan_out


def accumulates(network: Network, trace: EventTrace) -> float:
    """Additions of weights that spikes cause, in bounds; mean over samples."""
    layers = count(network, trace).layers
    return sum(row.counts["ac"] for row in layers if row.kind in ("conv2d", "dense"))


def weighted_rate(network: Network, trace: EventTrace) -> float:
    """Spikes per neuron and step, neurons weighted with their fan-out, as ASGL's formula takes them:

    accumulates / (T * MACs behind the first layer), where the MACs count padding.
    """
    return accumulates(network, trace) / (network.timesteps * macs_behind_the_first_layer(network))


def macs_behind_the_first_layer(network: Network) -> int:
    """Multiply-accumulates of one step, padding counted."""
    told = describe(network)
    return int(told["macs"] - told["macs_first_layer"])


def trace_at(network: Network, rate: float, seed: int = 0) -> EventTrace:
    """One sample whose :func:`weighted_rate` is ``rate`` in every layer, to the nearest spike.

    Random neurons at random steps; every input is live; pools follow their neurons. A layer that feeds no
    weights fires ``rate`` spikes per neuron and step. The spikes are not those of the network's own dynamics.
    """
    random, steps = np.random.default_rng(seed), network.timesteps
    live = EventTrace.all_live(network)
    events = {network.input.name: live.events[network.input.name]}
    for component in network.components:
        (p,) = (network.population[name] for name in component)
        if p.spikes:
            events[p.name] = _spikes(network, p, rate, random)
        elif p.kind == "relay":
            given = EventTrace(network.id, steps, events, live.outputs)
            events |= drive(network, component, given)
    trace = EventTrace(network.id, steps, events, live.outputs)
    trace.verify(network)
    return trace


def _spikes(network: Network, p: Population, rate: float, random: np.random.Generator) -> Events:
    """As many random cells (step, neuron) as reach ``rate`` of the layer's accumulates."""
    reach, goal = np.zeros(p.size, np.int64), 0.0
    for q in network.out_of(p.name):
        if q.weights is not None:
            target = network.population[q.target]
            reach += fan_out(q, p, target, nonzero=False)
            goal += rate * network.timesteps * float(np.prod(q.weights.shape[1:])) * target.size
    if not goal:
        reach, goal = np.ones(p.size, np.int64), rate * network.timesteps * p.size
    order = random.permutation(network.timesteps * p.size)
    reached = np.concatenate([[0], np.cumsum(reach[order % p.size])])
    cells = np.sort(order[: int(np.abs(reached - goal).argmin())])
    offsets = np.searchsorted(cells, np.arange(network.timesteps + 1) * p.size).astype(np.int64)
    return Events(offsets, (cells % p.size).astype(np.int32), None, network.timesteps)
