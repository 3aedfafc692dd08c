"""Chips for tests and nets of a few neurons whose cycles can be worked out by hand."""

from typing import Any

import numpy as np

from hwsim.chip.config import Chip, EventCore
from hwsim.chip.loop import run_chip
from hwsim.chip.run import ChipRun
from hwsim.events import Events, EventTrace
from hwsim.network import Network, Population, PopulationKind
from hwsim.place.reach import Box
from hwsim.place.slices import Slice, Sliced
from tests.examples import dense
from tests.place.examples import grid

PLAIN = {
    "clock_hz": 1000,
    "noc_clock_hz": 1000,
    "update_cycles": 2,
    "fire_cycles": 5,
    "send_cycles": 3,
    "receive_cycles": 4,
    "synapse_cycles": 1,
    "barrier": "tick",
    "barrier_first_cycles": 0,
    "barrier_router_cycles": 0,
}


def chip(width: int = 2, height: int = 1, each: int = 1, **parts: Any) -> Chip:
    """Cores on a mesh without limits; ``parts`` of the core, or ``noc`` and ``spikes_per_packet``."""
    places = {name: parts.pop(name) for name in ("noc", "spikes_per_packet") if name in parts}
    return Chip(
        name="test",
        description="a chip of the tests",
        node_nm=14,
        weight_bits=8,
        grid=grid(width, height, each, **places),
        core=EventCore.model_validate(PLAIN | parts),
        sources={},
    )


def net(sizes: dict[str, int], joins: list[tuple[str, str, int]], timesteps: int = 1) -> Network:
    """Flat populations, the first the input of spikes and the last the readout; dense projections with a
    weight for each (source, target, delay)."""
    names = list(sizes)
    kinds: dict[str, PopulationKind] = {names[0]: "input", names[-1]: "readout"}
    made = Network(
        "net",
        tuple(Population(name, (size,), kinds.get(name, "lif")) for name, size in sizes.items()),
        tuple(dense(a, b, np.ones((sizes[b], sizes[a]), np.float32), delay=delay) for a, b, delay in joins),
        names[-1],
        timesteps,
        "spikes",
    )
    made.verify()
    return made


def on_cores(network: Network, places: dict[str, list[tuple[int, int, int]]]) -> Sliced:
    """Slices (first channel, last channel, core) of flat populations."""
    slices = tuple(
        Slice(name, Box(first, last, 0, 0), core)
        for name, pieces in places.items()
        for first, last, core in pieces
    )
    return Sliced(network, slices, 1 + max(s.core for s in slices))


def fired(network: Network, events: dict[str, list[list[int]]]) -> EventTrace:
    """One sample in which these neurons have an event in each step; populations left out have none."""
    found = {}
    for p in network.populations:
        if p.kind != "readout":
            values = np.zeros((1, network.timesteps, p.size), np.float32)
            for step, neurons in enumerate(events.get(p.name, [])):
                values[0, step, neurons] = 1
            found[p.name] = Events.from_dense(values, binary=True)
    size = network.population[network.readout].size
    return EventTrace(
        network.id, network.timesteps, found, np.zeros((1, network.timesteps, size), np.float32)
    )


def verified(sliced: Sliced, trace: EventTrace, on: Chip) -> ChipRun:
    """The run, with everything conserved that must be."""
    run = run_chip(sliced, trace, on)
    run.verify(sliced.network, trace)
    return run
