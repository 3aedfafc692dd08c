"""Small random networks in random slices on random chips, drawn from a seed and a few sizes that shrink."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from itertools import pairwise, product
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import strategies as st
from numpy.random import Generator

from hwsim.chip.config import Chip, EventCore
from hwsim.configuration import save_yaml
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.network import Network
from hwsim.noc.config import NocTable, load_noc
from hwsim.place.reach import Box
from hwsim.place.slices import Slice, Sliced
from tests import by_torch
from tests.execute.dense import emulate
from tests.noc.random_cases import DELAYS
from tests.place.examples import grid
from tests.random_networks import (
    Growing,
    chance,
    grow_conv,
    grow_dense,
    grow_identity,
    grow_pool,
    grow_residual,
    pick,
)
from tests.random_states import delayed, looped, other_neuron

MOST_NEURONS = 80
CLOCKS = ((1, 1), (1, 1), (2, 1), (1, 2), (3, 2), (5, 7), (10, 1), (1, 16))
"""Of the cores and of the network, in this ratio."""


@dataclass(frozen=True, eq=False)
class Case:
    """``trace``: the executor's, whose sums are exact."""

    seed: int
    sliced: Sliced
    chip: Chip
    inputs: Events
    trace: EventTrace

    def __repr__(self) -> str:
        network = self.sliced.network
        shapes = [f"{p.name}:{p.kind}{p.shape}" for p in network.populations]
        arrows = [f"{p.source}-{p.kind}@{p.delay}->{p.target}" for p in network.projections]
        slices = [(s.population, s.core, s.box) for s in self.sliced.slices]
        noc = self.chip.grid.network.model_dump(exclude={"sources", "description", "name"})
        core, each = self.chip.core.model_dump(), self.chip.grid.cores_per_router
        shared = self.chip.grid.spikes_per_packet
        return (
            f"Case({self.seed}, {network.timesteps} steps of {network.coding}, {shapes}, {arrows}, {slices}, "
            f"{core}, {noc}, {each} cores a router, {shared} spikes a packet)"
        )


def cases() -> st.SearchStrategy[Case]:
    """Networks of 2 to 5 populations, on meshes and tori of up to 3 x 3 routers with 1 to 3 cores each."""
    side = st.integers(1, 3)
    return st.builds(
        draw_case,
        st.integers(0, 2**32 - 1),
        layers=st.integers(1, 4),
        timesteps=st.integers(1, 4),
        width=side,
        height=side,
        each=side,
    )


def draw_case(seed: int, layers: int, timesteps: int, width: int, height: int, each: int) -> Case:
    rng = np.random.default_rng([seed, layers, timesteps, width, height, each])
    network, inputs, trace = draw_network(rng, layers, timesteps)
    chip = draw_chip(rng, width, height, each)
    return Case(seed, draw_slices(rng, network, chip.grid.cores), chip, inputs, trace)


def draw_network(rng: Generator, layers: int, timesteps: int) -> tuple[Network, Events, EventTrace]:
    """The first of the networks drawn whose sums are exact in any order, with inputs and its trace."""
    for network in networks(rng, layers, timesteps):
        values = by_torch.inputs_for(network, rng, int(rng.integers(1, 3)))
        kept = rng.random(values.shape) < pick(rng, (0.2, 0.6, 1.0))
        inputs = encode(network, values * kept)
        try:
            trace = execute(network, inputs)
        except HwsimError:
            continue  # its sums may leave int32
        if exact(network, inputs, trace):
            return network, inputs, trace
    raise AssertionError


def networks(rng: Generator, layers: int, timesteps: int) -> Iterator[Network]:
    """Without end: convolutions, dense layers, pools, skips; at times delays, loops and other neurons."""
    grow = (grow_conv, grow_conv, grow_residual, grow_dense, grow_dense, grow_pool, grow_identity)
    while True:
        growing = Growing(rng, integer=chance(rng, 0.5))
        flat, shape = chance(rng, 0.25), tuple(int(n) for n in rng.integers(1, 5, 3))
        growing.add((int(rng.integers(1, 12)),) if flat else shape, "input")
        while len(growing.populations) <= layers:
            pick(rng, grow)(growing)
        coding = pick(rng, ("frames", "spikes", "spikes", "series"))
        parts = tuple(growing.populations), tuple(growing.projections), growing.populations[-1].name
        network = Network("random", *parts, timesteps, coding, growing.integer)
        if sum(p.size for p in network.populations) > MOST_NEURONS:
            continue
        if chance(rng, 0.5):
            kinds = (other_neuron(rng, network, p) for p in network.populations)
            network = replace(network, populations=tuple(replace(p, one_spike=False) for p in kinds))
        if chance(rng, 0.3):
            network = replace(network, projections=tuple(delayed(rng, p) for p in network.projections))
        if chance(rng, 0.35):
            network = looped(rng, network)
        network.verify()
        yield network


def exact(network: Network, inputs: Events, trace: EventTrace) -> bool:
    """Whether sums in float64, rounded once, lead to the same values and outputs as the executor's.

    Sums of sixths and ninths may do so and yet depend on their order: pools divide by powers of 2 alone.
    """
    if any(np.frexp(p.divisor)[0] != 0.5 for p in network.projections):
        return False
    dense, sums = emulate(network, inputs.dense(network.input.size))
    found = {name: events.dense(network.population[name].size) for name, events in trace.events.items()}
    equal = all(np.array_equal(np.broadcast_to(v, dense[n].shape), dense[n]) for n, v in found.items())
    emitted = dense.get(network.readout)
    outputs = sums[network.readout] if emitted is None else np.cumsum(emitted, axis=1, dtype=emitted.dtype)
    return equal and np.array_equal(trace.outputs, outputs)


def draw_slices(rng: Generator, network: Network, cores: int) -> Sliced:
    """Every population in boxes of random cuts, each on another core, of any number."""
    slices = []
    for p in network.populations:
        if p.kind == "input":
            continue
        channels = draw_cuts(rng, p.channels, min(3, cores))
        positions = draw_cuts(rng, p.size // p.channels, min(3, cores // len(channels)))
        boxes = [Box(*c, *s) for c, s in product(channels, positions)]
        where = rng.choice(cores, len(boxes), replace=False)
        slices += [Slice(p.name, box, int(core)) for box, core in zip(boxes, where, strict=True)]
    return Sliced(network, tuple(slices), cores)


def draw_cuts(rng: Generator, size: int, most: int) -> list[tuple[int, int]]:
    """First and last number of each of at most ``most`` parts."""
    parts = int(rng.integers(1, min(size, most) + 1))
    cuts = np.sort(rng.choice(np.arange(1, size), parts - 1, replace=False)).tolist()
    return [(a, b - 1) for a, b in pairwise([0, *cuts, size])]


def draw_chip(rng: Generator, width: int, height: int, each: int) -> Chip:
    """Small cycles, zeros among them, and clocks of any ratio."""
    topology = pick(rng, ("mesh", "torus"))
    noc = load_noc("booksim").changed(
        description="", sources={},
        topology=topology, width=width, height=height,
        routing=pick(rng, ("xy", "yx")), ties=pick(rng, ("parity", "coin")),
        virtual_channels=int(pick(rng, (2, 2, 4))) if topology == "torus" else int(pick(rng, (1, 2, 4))),
        buffer_flits=int(pick(rng, (1, 2, 8))), multicast=pick(rng, ("tree", "copies")),
        receive_queue_flits=pick(rng, (None, None, 1, 3)), drain_cycles=int(rng.integers(1, 4)),
        delays=draw_delays(rng),
    )  # fmt: skip
    slow, fast = pick(rng, CLOCKS)
    long = pick(rng, (3, 10, 60))
    core = EventCore(
        clock_hz=1000 * slow, noc_clock_hz=1000 * fast,
        update_cycles=int(rng.integers(0, long)), fire_cycles=int(rng.integers(0, long)),
        send_cycles=int(rng.integers(0, pick(rng, (1, 3, 20)))),
        receive_cycles=int(rng.integers(1, pick(rng, (2, 5, 30)))),
        synapse_cycles=int(rng.integers(0, 3)), barrier=pick(rng, ("tick", "layer", "none")),
        barrier_first_cycles=int(rng.integers(0, 40)), barrier_router_cycles=int(rng.integers(0, 5)),
        tick_cycles=int(rng.integers(0, pick(rng, (1, 100, 600)))),
    )  # fmt: skip
    return Chip(
        name="random", description="", node_nm=14, weight_bits=8, sources={}, core=core,
        grid=grid(width, height, each, noc=saved(noc), spikes_per_packet=int(rng.integers(1, 4))),
    )  # fmt: skip


def draw_delays(rng: Generator) -> dict[str, int]:
    """BookSim2's, or any small ones."""
    least = {"routing": 0, "credit": 0}
    return {} if chance(rng, 0.5) else {n: int(rng.integers(least.get(n, 1), 5)) for n in DELAYS}


def saved(noc: NocTable) -> str:
    """The path of a file of it; equal ones share it."""
    path = Path(folder().name) / f"{sha256(noc.model_dump_json().encode()).hexdigest()}.yaml"
    if not path.exists():
        save_yaml(path, noc)
    return str(path)


@cache
def folder() -> TemporaryDirectory[str]:
    """Removed at the end of the tests."""
    return TemporaryDirectory(prefix="noc")
