"""What every core did in every tick, counted spike by spike and connection by connection (E2, E4, E5, E7)."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.chip.config import Chip
from hwsim.chip.run import COUNTS, SYNAPSES, ChipRun
from hwsim.chip.ticks import ticks_of
from hwsim.events import Events, EventTrace
from hwsim.network import Network, Population, Projection
from hwsim.operations import count
from hwsim.place.partition import partition
from hwsim.place.placed import moved
from hwsim.place.slices import Sliced
from tests.chip.examples import chip, fired, net, on_cores, verified
from tests.examples import conv, dense, small_network
from tests.place.examples import core_of_neuron, grid, other_noc, reached_cores, synapses
from tests.random_networks import draw_network

seeds = st.integers(0, 2**32 - 1)
Connections = set[tuple[int, int]]
BARRIERS = ("tick", "layer", "none")


def random_trace(network: Network, samples: int, rng: np.random.Generator) -> EventTrace:
    """Spikes at random, whatever the network would compute."""
    events = {}
    for p in network.populations:
        if p.kind != "readout":
            steps = 1 if p.name in network.constant else network.timesteps
            values = (rng.random((samples, steps, p.size)) < 0.3).astype(int)
            values = values.astype(np.int32 if network.integer else np.float32)
            events[p.name] = Events.from_dense(values, network.is_binary(p.name))
    size = network.population[network.readout].size
    return EventTrace(network.id, network.timesteps, events, np.zeros((samples, network.timesteps, size)))


def counted(sliced: Sliced, trace: EventTrace, on: Chip) -> dict[str, Any]:
    """Each count by (sample, tick, core), the host -1, from the definitions; without marks."""
    network, ticks = sliced.network, ticks_of(sliced.network)
    found: dict[str, Any] = {name: defaultdict(int) for name in COUNTS}
    for p in network.populations:
        home = core_of_neuron(sliced, p.name)
        steps = 1 if p.name in network.constant else network.timesteps
        taken = reached_cores(sliced, p.name)
        joins = {q.name: synapses(network, q) for q in network.out_of(p.name)}
        ends = {q.name: core_of_neuron(sliced, q.target) for q in network.out_of(p.name)}
        into = {q.name: synapses(network, q) for q in network.into(p.name)}
        awake: set[int] = set()
        for sample, step in np.ndindex(trace.samples, steps):
            tick = ticks.interval * step + ticks.depth[p.name]
            if p.kind != "input":
                for core in home.values():
                    found["updates"][sample, tick, core] += 1
                moved = touched_neurons(network, trace, into, p.name, sample, step)
                awake = moved | awake if p.has_state and step else moved
                for neuron in awake:
                    found["touched"][sample, tick, home[neuron]] += 1
            if p.kind == "readout":
                continue
            events = trace.events[p.name]
            neurons = events.index[events.cell(sample, step)].tolist()
            if p.kind == "lif" and p.reset == "zero" and not (p.has_current or p.delayed_reset):
                awake -= set(neurons)
            together: dict[tuple[int, frozenset[int]], int] = defaultdict(int)
            for neuron in neurons:
                found["fired"][sample, tick, home[neuron]] += p.kind != "input"
                together[home[neuron], frozenset(taken[neuron])] += 1
                for q in network.out_of(p.name):
                    name = SYNAPSES.get(q.kind, "synapses_other")
                    for source, target in joins[q.name]:
                        if source == neuron:
                            found[name][sample, tick, ends[q.name][target]] += 1
            for (core, reached), spikes in together.items():
                packets, others = -(-spikes // on.grid.spikes_per_packet), reached - {core}
                copies = min(len(others), 1) if on.grid.network.multicast == "tree" else len(others)
                found["local"][sample, tick, core] += packets * (core in reached)
                found["sent"][sample, tick, core] += packets * copies
                found["spikes_sent"][sample, tick, core] += spikes * copies
                for target in reached:
                    found["received"][sample, tick, target] += packets
    return found


def touched_neurons(
    network: Network, trace: EventTrace, into: dict[str, Connections], name: str, sample: int, step: int
) -> set[int]:
    """Those with a bias other than 0 or an event, of the step less the delay of the projection."""
    reached, population = set(), network.population[name]
    for q in network.into(name):
        if q.bias is not None:
            each = population.size // len(q.bias)
            reached |= {n for n in range(population.size) if q.bias[n // each]}
        events = trace.events[q.source]
        if step >= q.delay:
            live = set(events.index[events.cell(sample, step - q.delay)].tolist())
            reached |= {target for source, target in into[q.name] if source in live}
    return reached


def check(run: ChipRun, expected: dict[str, Any], names: tuple[str, ...] = COUNTS) -> None:
    cores = [*run.cores.tolist(), -1]
    for name in names:
        values = run.counts[name]
        has = {(s, k, cores[c]): int(values[s, k, c]) for s, k, c in zip(*np.nonzero(values), strict=True)}
        assert has == {key: n for key, n in expected[name].items() if n}, name


def scattered(network: Network, rng: np.random.Generator) -> tuple[Sliced, int, int]:
    """The network on random cores of a mesh with two to a router."""
    largest = max(p.size for p in network.populations)
    sliced = partition(network, grid(64, 64, neurons=int(rng.integers(max(1, largest // 6), largest + 1))), 8)
    width = 1 + int(np.sqrt(sliced.cores))
    on = grid(width, width, 2)
    return moved(sliced, rng.permutation(on.cores)[: sliced.cores], on), width, 2


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seeds)
def test_every_count_is_that_of_every_spike_and_connection(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, int(rng.integers(1, 5)), 2)
    sliced, width, each = scattered(network, rng)
    trace = random_trace(network, 2, rng)
    on = chip(width, width, each, spikes_per_packet=int(rng.integers(1, 4)))
    check(verified(sliced, trace, on), counted(sliced, trace, on))


@settings(max_examples=10, deadline=None, derandomize=True)
@given(seeds)
def test_what_happens_does_not_depend_on_the_barrier(seed: int) -> None:
    # cycles do, spikes do not; marks are on top
    rng = np.random.default_rng(seed)
    network = draw_network(rng, int(rng.integers(1, 4)), 2)
    sliced, width, each = scattered(network, rng)
    trace = random_trace(network, 1, rng)
    tick, layer, none = (verified(sliced, trace, chip(width, width, each, barrier=b)) for b in BARRIERS)
    marks = none.counts["marks"]
    for name in COUNTS:
        assert (tick.counts[name] == layer.counts[name]).all()
        if name not in ("sent", "received", "marks"):
            assert (tick.counts[name] == none.counts[name]).all()
    assert (none.counts["sent"] == tick.counts["sent"] + marks).all()


def recurrent() -> Network:
    """A convolution with feedback through a pool's map, delays and a grouped layer."""
    rng = np.random.default_rng(4)

    def weights(*shape: int) -> Any:
        return rng.standard_normal(shape).astype(np.float32)

    network = Network(
        "recurrent",
        (
            Population("in", (2, 5, 5), "input"),
            Population("a", (4, 5, 5), "lif"),
            Population("b", (4, 5, 5), "lif"),
            Population("pool", (4, 2, 2), "relay"),
            Population("out", (3,), "readout"),
        ),
        (
            conv("in", "a", weights(4, 2, 3, 3), padding=(1, 1)),
            conv("a", "b", weights(4, 2, 3, 3), padding=(1, 1), groups=2),
            Projection("b>a", "b", "a", "identity", delay=1),
            Projection("b>pool", "b", "pool", "max_pool", kernel=(3, 3), stride=(2, 2)),
            dense("pool", "out", weights(3, 16)),
            dense("in", "out", weights(3, 50), delay=2),
        ),
        "out",
        4,
        "frames",
    )
    network.verify()
    return network


@pytest.mark.parametrize("barrier", BARRIERS)
@pytest.mark.parametrize("multicast", ["tree", "copies"])
def test_feedback_and_delays_are_counted_in_their_ticks(tmp_path: Path, barrier: str, multicast: str) -> None:
    rng = np.random.default_rng(1)
    network = recurrent()
    sliced = partition(network, grid(4, 4, 2, neurons=30), 8)
    trace = random_trace(network, 2, rng)
    noc = other_noc(tmp_path, multicast=multicast)
    on = chip(4, 4, 2, noc=noc, spikes_per_packet=2, barrier=barrier)
    run = verified(sliced, trace, on)
    assert run.interval == 2
    names = tuple(n for n in COUNTS if barrier != "none" or n not in ("sent", "received", "marks"))
    check(run, counted(sliced, trace, on), names)


def test_synapses_are_the_operations_of_the_network() -> None:
    network = small_network("spikes")
    trace = random_trace(network, 3, np.random.default_rng(2))
    run = verified(partition(network, grid(4, 4, neurons=12), 8), trace, chip(4, 4))
    weighted = [row for row in count(network, trace).layers if row.kind in ("dense", "conv2d")]
    each = sum(row.counts["ac"] + row.counts["mac"] for row in weighted)
    assert run.totals()["synapses_dense"] + run.totals()["synapses_conv"] == round(3 * each)


def test_an_end_of_tick_goes_to_every_core_that_is_reached_at_all() -> None:
    # (E6) in each of 3 ticks: the host to cores 0 and 1, each of those to core 2
    network = net({"in": 1, "a": 2, "out": 1}, [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 0, 0), (1, 1, 1)], "out": [(0, 0, 2)]})
    run = verified(placed, fired(network, {}), chip(3, barrier="none"))
    assert run.counts["marks"][0].tolist() == [[1, 1, 0, 2]] * 3
    assert run.counts["received"][0].tolist() == [[1, 1, 2, 0]] * 3
    assert run.counts["sent"][0].tolist() == run.counts["marks"][0].tolist()
