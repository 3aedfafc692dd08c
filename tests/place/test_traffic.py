"""Packets between cores: every spike of a trace, one at a time (T1, T2)."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.events import Events, EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population
from hwsim.place.partition import partition
from hwsim.place.slices import HOST
from hwsim.place.traffic import Traffic, traffic
from tests.examples import dense, small_network
from tests.place.examples import core_of_neuron, grid, reached_cores
from tests.random_networks import draw_network

Flows = Counter[tuple[int, frozenset[int]]]


def flows(found: Traffic, what: str) -> Flows:
    counts, ends = getattr(found, what).tolist(), found.start.tolist()
    sets = [frozenset(found.targets[a:b].tolist()) for a, b in pairwise(ends)]
    return Counter(dict(zip(zip(found.source.tolist(), sets, strict=True), counts, strict=True)))


def random_trace(network: Network, samples: int, rng: np.random.Generator) -> EventTrace:
    """Spikes at random, whatever the network would compute."""
    events = {}
    for p in network.populations:
        if p.kind != "readout":
            steps = 1 if p.name in network.constant else network.timesteps
            events[p.name] = Events.from_dense((rng.random((samples, steps, p.size)) < 0.3) * 1.0, True)
    size = network.population[network.readout].size
    return EventTrace(network.id, network.timesteps, events, np.zeros((samples, network.timesteps, size)))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_flows_are_the_spikes_counted_one_at_a_time(seed: int) -> None:
    # (T1) each spike once, to the cores that its neuron reaches without its own
    rng = np.random.default_rng(seed)
    network = draw_network(rng, int(rng.integers(1, 5)), 2)
    largest = max(p.size for p in network.populations)
    room = int(rng.integers(max(1, largest // 6), largest + 1))
    sliced = partition(network, grid(64, 64, neurons=room), 8)
    trace = random_trace(network, 2, rng)
    expected: Flows = Counter()
    for name, events in trace.events.items():
        home, reached = core_of_neuron(sliced, name), reached_cores(sliced, name)
        for neuron in events.index.tolist():
            others = frozenset(reached[neuron] - {home[neuron]})
            if others:
                expected[home[neuron], others] += 1
    found = traffic(sliced, trace)
    assert flows(found, "spikes") == expected
    assert flows(found, "packets") == expected
    assert found.samples == 2


def halves() -> Network:
    """4 inputs to 4 neurons to a readout of 4."""
    ones = np.ones((4, 4), np.float32)
    populations = (
        Population("in", (4,), "input"),
        Population("h", (4,), "lif"),
        Population("out", (4,), "readout"),
    )
    return Network(
        "halves", populations, (dense("in", "h", ones), dense("h", "out", ones)), "out", 2, "spikes"
    )


def test_spikes_of_one_step_share_packets_and_of_two_do_not() -> None:
    # (T2) h on core 0, out on core 1. Step 0: three neurons fire, step 1: four. Two a packet: 2 + 2
    network = halves()
    sliced = partition(network, grid(neurons=4), 8)
    fired = Events.from_dense(np.array([[[1, 1, 1, 0], [1, 1, 1, 1]]], np.float32), True)
    none = Events.from_dense(np.zeros((1, 2, 4), np.float32), True)
    trace = EventTrace(network.id, 2, {"in": none, "h": fired}, np.zeros((1, 2, 4), np.float32))
    found = traffic(sliced, trace, 2)
    assert flows(found, "spikes") == {(0, frozenset({1})): 7}
    assert flows(found, "packets") == {(0, frozenset({1})): 4}


def test_frames_are_sent_once_however_many_steps_there_are() -> None:
    # (G8) 32 pixels that are all live, 3 steps
    network = small_network("frames")
    sliced = partition(network, grid(), 8)
    images = np.ones((1, 2, 4, 4), np.float32)
    found = traffic(sliced, execute(network, encode(network, images)))
    assert flows(found, "packets") == {(HOST, frozenset({0})): 32}


def test_packets_between_cores_are_those_of_all_flows() -> None:
    # core 0 sends 3 packets to {1, 2} and 4 to {2}; the host 5 to {0}; the host is the last row
    targets, start = np.array([1, 2, 2, 0]), np.array([0, 2, 3, 4])
    packets = np.array([3, 4, 5])
    found = Traffic(3, 1, np.array([0, 0, HOST]), start, targets, packets, packets).between()
    assert found.tolist() == [[0, 3, 7], [0, 0, 0], [0, 0, 0], [5, 0, 0]]
