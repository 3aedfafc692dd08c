"""Small chips, networks and traces for the reference's tests, with numbers that can be followed by hand."""

from typing import Any

import numpy as np

from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.plan import plan
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection
from tests import examples

LAYER_MAJOR = Mapping(schedule="layer_major", fold_order="m_outer")
STEP_MAJOR = Mapping(schedule="step_major", fold_order="m_outer")


SMALL = {"units": 1, "lanes": 1, "weight": 4096, "inputs": 4096, "output": 4096, "word": 8}


def chip(
    rows: int = 1,
    columns: int = 1,
    skip: Any = "gate",
    *,
    bandwidth: int = 1,
    state_bits: int = 16,
    activation_bits: int = 8,
    clock: int = 1,
    **others: Any,
) -> Hardware:
    """A chip with words and weights of 8 bits, sums of 16; DRAM moves ``bandwidth`` bytes per cycle.

    ``others``: as :func:`tests.examples.chip` takes them.
    """
    bits = (8, 16, state_bits, activation_bits)
    return examples.chip(
        rows, columns, skip, bandwidth=bandwidth, bits=bits, clock_hz=clock, **(SMALL | others)
    )


def conv(source: Population, target: Population, kernel: int = 1, **parts: Any) -> Projection:
    shape = (target.channels, source.channels // parts.get("groups", 1), kernel, kernel)
    weights = np.arange(1, np.prod(shape) + 1).reshape(shape).astype(np.int16)
    name = f"{source.name}>{target.name}"
    return Projection(name, source.name, target.name, "conv2d", weights, kernel=(kernel, kernel), **parts)


def dense(source: Population, target: Population, **parts: Any) -> Projection:
    weights = np.ones((target.size, source.size), np.int8)
    return Projection(f"{source.name}>{target.name}", source.name, target.name, "dense", weights, **parts)


def net(
    populations: list[Population], projections: list[Projection], steps: int = 1, coding: Any = "spikes"
) -> Network:
    network = Network(
        "test",
        tuple(populations),
        tuple(projections),
        populations[-1].name,
        steps,
        coding,
        integer=True,
    )
    network.verify()
    return network


def traced(network: Network, samples: int = 1, **emitted: Any) -> EventTrace:
    """``emitted`` (steps, neurons) or (samples, steps, neurons) by population, silence for the others."""
    events = {}
    for p in network.populations:
        if p.kind == "readout":
            continue
        steps = 1 if p.name in network.constant else network.timesteps
        values = np.zeros((samples, steps, p.size), np.int32)
        values[:] = emitted.get(p.name, 0)
        events[p.name] = Events.from_dense(values, network.is_binary(p.name))
    outputs = np.zeros((samples, network.timesteps, network.population[network.readout].size))
    trace = EventTrace(network.id, network.timesteps, events, outputs)
    trace.verify(network)
    return trace


def pair(inputs: int, outputs: int, steps: int = 1) -> Network:
    """Spikes into one fully connected LIF layer."""
    source, target = Population("in", (inputs,), "input"), Population("a", (outputs,), "lif")
    return net([source, target], [dense(source, target)], steps)


def spent(ledger: Ledger, unit: str) -> dict[str, int]:
    return {cause: cycles for cause, cycles in ledger.by_cause(unit).items() if cycles}


def jobs_of(
    network: Network, hardware: Hardware, mapping: Mapping, trace: EventTrace | None = None
) -> list[Job]:
    """The jobs of a mini-batch with all samples of the trace, by default a silent one."""
    trace = trace or traced(network)
    return plan(network, trace, range(trace.samples), hardware, mapping).jobs
