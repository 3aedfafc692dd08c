"""Nets of a few neurons, and chips for them, whose cycles both simulators give and a reader can work out."""

from typing import Any

import numpy as np

from hwsim.chip.config import Chip, EventCore
from hwsim.network import Network, Population, Projection
from hwsim.place.reach import Box
from hwsim.place.slices import Slice, Sliced
from tests.place.examples import grid

Places = dict[str, Any]
"""Of each population its core, or the last neuron and the core of each slice."""


def chip(width: int = 2, each: int = 1, shared: int = 1, noc: str = "booksim", **core: Any) -> Chip:
    """Updates of 2 and 5 cycles, packets of 3 to send and 4 + synapses to take, on a row of routers."""
    cycles = {
        "update_cycles": 2,
        "fire_cycles": 5,
        "send_cycles": 3,
        "receive_cycles": 4,
        "synapse_cycles": 1,
    }
    clocks = {"clock_hz": 1000, "noc_clock_hz": 1000}
    barrier = {"barrier": "tick", "barrier_first_cycles": 0, "barrier_router_cycles": 0}
    return Chip(
        name="test", description="", node_nm=14, weight_bits=8, sources={},
        grid=grid(width, 1, each, noc=noc, spikes_per_packet=shared),
        core=EventCore.model_validate(cycles | clocks | barrier | core),
    )  # fmt: skip


def dense(source: str, target: str, weights: Any, **parts: Any) -> Projection:
    return Projection(f"{source}>{target}", source, target, "dense", np.array(weights, np.float32), **parts)


def identity(source: str, target: str, **parts: Any) -> Projection:
    return Projection(f"{source}={target}", source, target, "identity", **parts)


def net(projections: list[Projection], steps: int = 1, **sizes: int) -> Network:
    """Flat populations of threshold 1 in order, the first the input, the last the readout."""
    first, *between, last = sizes
    populations = (
        Population(first, (sizes[first],), "input"),
        *(Population(name, (sizes[name],), "lif") for name in between),
        Population(last, (sizes[last],), "readout"),
    )
    network = Network("by hand", populations, tuple(projections), last, steps, "spikes")
    network.verify()
    return network


def placed(network: Network, on: Chip, places: Places) -> Sliced:
    slices = []
    for name, where in places.items():
        first = 0
        size = network.population[name].size
        for last, core in [(size - 1, where)] if isinstance(where, int) else where:
            slices.append(Slice(name, Box(first, last, 0, 0), core))
            first = last + 1
    return Sliced(network, tuple(slices), on.grid.cores)


CHAIN = net([dense("x", "a", [[1, 1], [0, 0]]), dense("a", "out", [[1, 1]])], x=2, a=2, out=1)
"""Of two input spikes the first neuron of ``a`` makes one, which the readout adds up."""

LONG_CHAIN = net(
    [
        dense("x", "a", [[1]]),
        dense("a", "b", [[1]]),
        dense("b", "c", [[1]] * 20),
        dense("c", "out", [[1] * 20]),
    ],
    steps=3,
    **{"x": 1, "a": 1, "b": 1, "c": 20, "out": 1},
)
LONG_PLACES = {"a": 0, "b": 1, "c": 2, "out": 3}
LONG_BEGINS = [
    [0, 0, 0, 0, 0],
    [10, 10, 10, 10, 10],
    [22, 22, 22, 20, 22],
    [34, 34, 34, 34, 34],
    [46, 84, 84, 84, 46],
    [96, 134, 134, 134, 56],
]
"""Of ticks on four cores and the host with the barrier of layers, L = 10, without spikes."""
