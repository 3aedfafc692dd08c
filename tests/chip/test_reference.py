"""The reference in its own right: the executor's and PyTorch's spikes, and cycles worked out by hand."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from torch import Tensor, nn

from hwsim.chip.config import Chip
from hwsim.chip.reference import ReferenceRun, simulate
from hwsim.chip.reference.depths import Ticks
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode
from hwsim.frontends.capture import capture
from hwsim.network import Network, Population
from hwsim.nn import LIF, Feedback
from tests.chip.nets import (
    CHAIN,
    LONG_BEGINS,
    LONG_CHAIN,
    LONG_PLACES,
    Places,
    chip,
    dense,
    identity,
    net,
    placed,
)
from tests.chip.random_cases import Case, cases, draw_slices
from tests.execute.against_torch import differences


def run(network: Network, on: Chip, places: Places, spikes: Any) -> ReferenceRun:
    return simulate(placed(network, on, places), on, encode(network, np.array(spikes)[None]))


# --- what is computed ------------------------------------------------------------------------------


def quarters(model: nn.Module) -> nn.Module:
    """The model with small multiples of 1/4 for its weights, so that sums are exact in any order."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        parameter.data = torch.randint(-2, 4, parameter.shape) / 4
    return model


class Skip(nn.Module):
    """A shortcut around two layers, so that it arrives earlier than what it is added to."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, 2, 3, padding=1)
        self.inner, self.outer, self.pool = LIF(), LIF(), nn.AvgPool2d(2)
        self.out = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        body = self.second(self.inner(self.first(x)))
        return self.out(self.pool(self.outer(body + x)).flatten(1))  # type: ignore[no-any-return]


class Recurrent(nn.Module):
    """Neurons that see their own spikes of the step before."""

    def __init__(self) -> None:
        super().__init__()
        self.feed, self.loop, self.lif, self.out = nn.Linear(6, 8), nn.Linear(8, 8), LIF(), nn.Linear(8, 3)
        self.before = Feedback()

    def forward(self, x: Tensor) -> Tensor:
        s = self.lif(self.feed(x) + self.loop(self.before(torch.zeros(len(x), 8))))
        self.before.keep(s)
        return self.out(s)  # type: ignore[no-any-return]


def strided() -> nn.Module:
    convolutions = nn.Conv2d(2, 4, 3, stride=2, padding=1), LIF(), nn.Conv2d(4, 3, 2, bias=False), LIF(0.75)
    return nn.Sequential(*convolutions, nn.MaxPool2d(2, padding=1), nn.Flatten(), nn.Linear(12, 4))


MODELS: dict[str, tuple[Any, tuple[int, ...], str]] = {
    "dense": (lambda: nn.Sequential(nn.Linear(6, 9), LIF(), nn.Linear(9, 4), LIF()), (6,), "spikes"),
    "strided convolutions and a pool of frames": (strided, (2, 6, 6), "frames"),
    "strided convolutions and a pool of spikes": (strided, (2, 6, 6), "spikes"),
    "a skip": (Skip, (2, 4, 4), "series"),
    "a skip of frames": (Skip, (2, 4, 4), "frames"),
    "recurrent": (Recurrent, (6,), "spikes"),
}


@pytest.mark.parametrize("barrier", ["tick", "layer", "none"])
@pytest.mark.parametrize("name", MODELS)
def test_pipelined_ticks_give_pytorchs_spikes(name: str, barrier: str) -> None:
    """E2: all populations run at once, each a step of its own, in random slices on 6 cores."""
    make, shape, coding = MODELS[name]
    rng = np.random.default_rng(3)
    steps = 4
    wide = (2, *shape) if coding == "frames" else (2, steps, *shape)
    inputs = rng.integers(0, 2, wide).astype(np.float32)
    found = capture(quarters(make()), inputs, steps, coding=coding)  # type: ignore[arg-type]
    on = chip(3, each=2, shared=2, barrier=barrier)
    sliced = draw_slices(rng, found.network, on.grid.cores)
    ours = simulate(sliced, on, encode(found.network, inputs)).trace
    assert not differences(ours, found.reference)
    fired = [len(e.index) for name, e in ours.events.items() if name != found.network.input.name]
    assert min(fired) > 0


@settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
@given(cases())
def test_the_cores_emit_what_the_executor_says(case: Case) -> None:
    """E2, E5: events, values and sums of the readout."""
    assert not differences(simulate(case.sliced, case.chip, case.inputs).trace, case.trace)


def test_states_that_would_travel_are_refused() -> None:
    """G9"""
    populations = Population("x", (2,), "input"), Population("a", (2,), "lif", channel_groups=2)
    network = Network("shared", populations, (dense("x", "a", np.eye(2)),), "a", 1, "spikes")
    with pytest.raises(HwsimError, match="share states"):
        run(network, chip(), {"a": 0}, [[1, 0]])


# --- when --------------------------------------------------------------------------------------------


def test_a_chain_of_two_cores_by_hand() -> None:
    """E3-E6. A lone packet takes 7 cycles through one router and 5 more for each further one (R7-R10).

    Tick 0: the host's packets arrive at 7 and 8 and take 4 + 2 each: 13, 19. Tick 1: neuron 0 fires by 24,
    1 does not by 26; the packet is created at 27, arrives at 39, and has been taken at 44. Tick 2: to 46.
    """
    found = run(CHAIN, chip(), {"a": 0, "out": 1}, [[1, 1]])
    assert found.begin[0].tolist() == [[0] * 3, [19] * 3, [44] * 3]
    assert found.update_end[0].tolist() == [[0] * 3, [26, 19, 19], [44, 46, 44]]
    assert found.send_end[0].tolist() == [[0] * 3, [27, 19, 19], [44, 46, 44]]
    assert found.receive_end[0].tolist() == [[19, 0, 0], [19, 44, 19], [44] * 3]
    assert found.cycles.tolist() == [46]
    times = [(p.tick, p.source, p.core, p.created, p.arrived) for p in found.packets[0]]
    assert times == [(0, -1, 0, 0, 7), (0, -1, 0, 0, 8), (1, 0, 1, 27, 39)]
    assert found.packet_latency.nonzero()[0].tolist() == [7, 8, 12]
    assert found.trace.outputs.tolist() == [[[1.0]]]


def test_what_a_chain_of_two_cores_counts() -> None:
    """E7, as above: both neurons of a hear both spikes; the only link is from router 0 to 1."""
    found = run(CHAIN, chip(), {"a": 0, "out": 1}, [[1, 1]])
    expected: dict[str, list[list[int]]] = {
        "updates": [[0, 0, 0], [2, 0, 0], [0, 1, 0]],
        "fired": [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
        "touched": [[0, 0, 0], [2, 0, 0], [0, 1, 0]],
        "sent": [[0, 0, 2], [1, 0, 0], [0, 0, 0]],
        "spikes_sent": [[0, 0, 2], [1, 0, 0], [0, 0, 0]],
        "local": [[0] * 3] * 3,
        "received": [[2, 0, 0], [0, 1, 0], [0, 0, 0]],
        "synapses_dense": [[4, 0, 0], [0, 1, 0], [0, 0, 0]],
        "synapses_conv": [[0] * 3] * 3,
        "synapses_other": [[0] * 3] * 3,
        "marks": [[0] * 3] * 3,
    }
    assert {name: values[0].tolist() for name, values in found.counts.items()} == expected
    assert found.links[0].tolist() == [[0, 0], [1, 0], [0, 0]]
    assert found.addressed[0].tolist() == [2, 1, 0]


def test_marks_say_that_a_tick_is_over() -> None:
    """E6, `none`. The host begins tick 1 at 0 too, when core 0 has updated nothing.

    Tick 0: its packets and two marks are at core 0 at 7 to 10; tick 0's are taken at 13, 19, 23. Core 0's
    mark, created at 3, enters behind them at 4, is at core 1 at 16 and taken at 20. Tick 1: core 0 fires
    by 28, is done at 30, sends a packet by 31 and a mark by 34, at core 1 at 43 and 46, taken at 48 and 52;
    the host's mark is taken at 27. Tick 2: core 0 from 34 on, its mark sent by 37, there at 49, taken at
    52 + 4; core 1 from 52 on to 54; the host at 30, as core 0 has updated, its mark there at 37, taken at 41.
    """
    found = run(CHAIN, chip(barrier="none", barrier_first_cycles=9), {"a": 0, "out": 1}, [[1, 1]])
    assert found.begin[0].tolist() == [[0, 0, 0], [23, 20, 0], [34, 52, 30]]
    assert found.update_end[0].tolist() == [[0, 0, 0], [30, 20, 0], [34, 54, 30]]
    assert found.send_end[0].tolist() == [[3, 0, 0], [34, 20, 0], [37, 54, 30]]
    assert found.receive_end[0].tolist() == [[23, 20, 0], [27, 52, 0], [41, 56, 30]]
    assert found.cycles.tolist() == [56]
    assert found.counts["marks"][0].tolist() == [[1, 0, 1]] * 3
    assert found.counts["sent"][0].tolist() == [[1, 0, 3], [2, 0, 1], [1, 0, 1]]


def test_a_core_of_the_layer_barrier_does_not_wait_for_layers_further_on() -> None:
    """E6, `layer`, L = 10, no spikes: x - a - b - c - out. Tick 1: a to 12, tick 2: a and b to 24, tick 3: a
    and b to 36, c with 20 neurons to 74. Core 0 waits for b, not for c: it begins tick 4 at 46. Core 2 waits
    for b, which may hear from a until a is done: it begins tick 2 at 12 + L, core 3 at 10 + L."""
    found = run(LONG_CHAIN, chip(4, barrier="layer", barrier_first_cycles=10), LONG_PLACES, [[0], [0], [0]])
    assert found.begin[0, :6].tolist() == LONG_BEGINS


def test_cycles_of_the_network_are_of_its_own_length() -> None:
    """E1: 7 and 8 of the network are 5 and 6 of core 0: taken at 11 and 17; created at 25 is 38 of the
    network, 12 later 50, which is 34 of core 1."""
    found = run(CHAIN, chip(clock_hz=2000, noc_clock_hz=3000), {"a": 0, "out": 1}, [[1, 1]])
    assert found.begin[0, 1].tolist() == [17] * 3
    assert [(p.created, p.arrived) for p in found.packets[0]][-1] == (25, 34)
    assert found.receive_end[0, 1].tolist() == [17, 39, 17]


def test_shared_packets_leave_in_the_order_of_their_last_spikes() -> None:
    """E4: neurons 0 of core 0 and 1, 2 of core 1 listen. At 15 neuron 2 fills its packet and ends the slice:
    the one of neuron 0 is ready too, and goes first; it is local and arrives when it is created."""
    network = net([dense("x", "a", [[1], [1], [1]]), identity("a", "out")], x=1, a=3, out=3)
    places = {"a": 0, "out": [(0, 0), (2, 1)]}
    found = run(network, chip(shared=2), places, [[1]])
    begin = int(found.begin[0, 1, 0])
    assert found.receive_end[0, 1, 0] == begin + 18 + 4 + 1
    assert found.packets[0][-1].created == begin + 18 + 3
    assert found.counts["local"][0, 1].tolist() == [1, 0, 0]
    assert found.counts["spikes_sent"][0, 1].tolist() == [2, 0, 0]


def test_a_shortest_tick_and_the_barriers_latency() -> None:
    """E6: L = 10 + 3 (two routers in use); tick 0 to 19 + 13 = 32, held back to 50; the last, 115, to 150."""
    latencies = {"barrier_first_cycles": 10, "barrier_router_cycles": 3}
    found = run(CHAIN, chip(tick_cycles=50, **latencies), {"a": 0, "out": 1}, [[1, 1]])
    assert found.latency == 13
    assert found.begin[0, :, 0].tolist() == [0, 50, 100]
    assert found.waits[0].tolist() == [[50 - 32] * 3, [100 - (75 + 13)] * 3, [150 - (102 + 13)] * 3]
    assert found.cycles.tolist() == [150]


def test_feedback_with_too_few_delays_makes_steps_take_more_ticks() -> None:
    """E2: a -> b -> a with one delay around: I = 2, b one tick behind a; with two delays I = 1."""
    forth = [dense("x", "a", [[1]]), dense("a", "b", [[1]]), dense("b", "out", [[1]])]
    for delay, interval in ((1, 2), (2, 1), (3, 1)):
        network = net([*forth, dense("b", "a", [[1]], delay=delay)], steps=3, x=1, a=1, b=1, out=1)
        ticks = Ticks(network)
        assert (ticks.interval, ticks.total) == (interval, interval * 2 + 3 + 1)
        assert ticks.depth == {"x": 0, "a": 1, "b": 2, "out": 3}


def test_a_delay_lets_a_population_run_in_the_tick_of_its_source() -> None:
    """E2: d(out) >= 1 + 1 - 1 * 2, and not below 0."""
    network = net([dense("x", "a", [[1]]), dense("a", "out", [[1]], delay=2)], steps=3, x=1, a=1, out=1)
    assert Ticks(network).depth == {"x": 0, "a": 1, "out": 0}
