"""Runs as values: samples apart, busy cycles, what verify finds, other meshes, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hwsim.chip.loop import ceil_scaled, run_chip
from hwsim.chip.run import COUNTS, ChipRun
from hwsim.errors import HwsimError
from hwsim.place.partition import partition
from hwsim.place.placed import moved
from hwsim.place.traffic import traffic
from tests.chip.examples import chip, fired, net, on_cores, verified
from tests.chip.test_counts import BARRIERS, random_trace, recurrent
from tests.examples import small_network
from tests.place.examples import grid, other_noc


def small(barrier: str, samples: int = 2) -> tuple[ChipRun, ...]:
    """A run of two samples, and of each alone."""
    network = small_network("spikes")
    trace = random_trace(network, samples, np.random.default_rng(3))
    sliced = partition(network, grid(4, 2, neurons=12), 8)
    on = chip(4, 2, barrier=barrier)
    traces = (trace, *(trace.select(i, i + 1) for i in range(samples)))
    return tuple(verified(sliced, t, on) for t in traces)


@pytest.mark.parametrize("barrier", BARRIERS)
def test_every_sample_begins_with_an_empty_chip(barrier: str) -> None:
    # (E1)
    both, *alone = small(barrier)
    for name in ("begin", "update_end", "send_end", "receive_end", "cycles", "links", "waits"):
        assert (getattr(both, name) == np.concatenate([getattr(run, name) for run in alone])).all()
    for name in COUNTS:
        assert (both.counts[name] == np.concatenate([run.counts[name] for run in alone])).all()
    assert (both.network.flits == sum(run.network.flits for run in alone)).all()
    assert both.packet_latency.sum() == sum(run.packet_latency.sum() for run in alone)


def test_units_are_busy_for_what_they_did() -> None:
    # one input on core 0, a's neuron 1 of 2 to a readout of 3 on core 1 (E3 to E5)
    network = net({"in": 1, "a": 2, "out": 3}, [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 1, 0)], "out": [(0, 2, 1)]})
    run = verified(placed, fired(network, {"in": [[0]], "a": [[1]]}), chip())
    busy = {unit: values[0].tolist() for unit, values in run.busy().items()}
    assert busy["update"] == [[0, 0, 0], [2 + 5, 0, 0], [0, 3 * 2, 0]]
    assert busy["send"] == [[0, 0, 0], [3, 0, 0], [0, 0, 0]]
    assert busy["receive"] == [[4 + 2, 0, 0], [0, 4 + 3, 0], [0, 0, 0]]
    # the host's arrives in 7: 13; u = 20, w = 23; 23 + 12 + 7 = 42; 6 more
    spans = {name: values[0].tolist() for name, values in run.spans().items()}
    assert spans["begin"] == [0, 13, 42]
    assert spans["update_end"] == [0, 20, 48]
    assert spans["send_end"] == [0, 23, 48]
    assert spans["receive_end"] == [13, 42, 42]
    assert spans["end"] == [13, 42, 48]


@pytest.mark.parametrize("name", ["received", "updates", "fired", "synapses_conv", "sent"])
def test_a_count_that_is_off_by_one_is_found(name: str) -> None:
    network = small_network("spikes")
    trace = random_trace(network, 1, np.random.default_rng(3))
    run = verified(partition(network, grid(4, 2, neurons=12), 8), trace, chip(4, 2))
    wrong = run.counts[name].copy()
    wrong[0, 1, 0] += 1
    with pytest.raises(HwsimError, match="this is a defect of hwsim"):
        replace(run, counts=run.counts | {name: wrong}).verify(network, trace)


def test_a_tick_that_begins_early_is_found() -> None:
    network = small_network("spikes")
    trace = random_trace(network, 1, np.random.default_rng(3))
    run = verified(partition(network, grid(4, 2, neurons=12), 8), trace, chip(4, 2))
    early = run.begin.copy()
    early[0, 1] -= 1
    with pytest.raises(HwsimError, match="a tick begins before the one before has ended"):
        replace(run, begin=early).verify(network, trace)


@pytest.mark.parametrize("barrier", BARRIERS)
@pytest.mark.parametrize("multicast", ["tree", "copies"])
@pytest.mark.parametrize(("topology", "routing"), [("mesh", "yx"), ("torus", "xy"), ("torus", "yx")])
def test_links_are_those_of_the_network_on_every_kind_of_grid(
    tmp_path: Path, topology: str, routing: str, multicast: str, barrier: str
) -> None:
    # verify holds the links that packets should cross against those that flits crossed (E7)
    network = recurrent()
    rng = np.random.default_rng(5)
    noc = other_noc(tmp_path, topology=topology, routing=routing, multicast=multicast, ties="coin")
    on = chip(4, 3, 2, noc=noc, barrier=barrier)
    sliced = partition(network, grid(4, 3, 2, neurons=30), 8)
    sliced = moved(sliced, rng.permutation(24)[: sliced.cores], on.grid)
    run = verified(sliced, random_trace(network, 1, rng), on)
    flits = run.network.flits.sum(axis=0)
    assert run.links.sum(axis=(0, 1)).tolist() == [flits[0] + flits[1], flits[2] + flits[3]]


def test_packets_are_those_of_the_placement() -> None:
    # (T1, T2) without spikes that share, packets into the network are the traffic's
    network = small_network("spikes")
    trace = random_trace(network, 2, np.random.default_rng(6))
    sliced = partition(network, grid(4, 2, neurons=12), 8)
    run = verified(sliced, trace, chip(4, 2))
    assert run.totals()["sent"] == traffic(sliced, trace).packets.sum()
    assert run.totals()["addressed"] == traffic(sliced, trace).between().sum()


def test_clocks_are_scaled_exactly_however_long_the_run() -> None:
    # (E1) ceil of x * up / down, in whole numbers of any size
    cycles = np.array([0, 1, 2, 3, 2**40 + 1, 2**52 + 3])
    for up, down in ((3, 2), (2, 3), (1, 1), (999_999_937, 1_000_000_007)):
        assert ceil_scaled(cycles, up, down).tolist() == [-(-int(x) * up // down) for x in cycles]


def test_a_run_that_is_longer_than_the_network_counts_is_refused() -> None:
    # tick 1 begins in 2^40, which is cycle 2^60 of the network
    network = net({"in": 1, "out": 1}, [("in", "out", 0)], 2)
    placed = on_cores(network, {"out": [(0, 0, 1)]})
    trace = fired(network, {"in": [[], [0]]})
    with pytest.raises(HwsimError, match=r"chip 'test': cycle 1099511627776 of the cores is later than"):
        run_chip(placed, trace, chip(2, clock_hz=1, noc_clock_hz=2**20, tick_cycles=2**40))


def test_slices_on_cores_that_the_chip_has_not_are_refused() -> None:
    network = net({"in": 1, "out": 1}, [("in", "out", 0)])
    placed = on_cores(network, {"out": [(0, 0, 2)]})
    with pytest.raises(HwsimError, match="chip 'test': a slice lies on core 2, allowed 0 to 1"):
        run_chip(placed, fired(network, {}), chip(2))


def test_a_trace_of_another_network_is_refused() -> None:
    network, other = (net({"in": 1, "out": n}, [("in", "out", 0)]) for n in (1, 2))
    placed = on_cores(network, {"out": [(0, 0, 0)]})
    with pytest.raises(HwsimError, match="does not belong to"):
        run_chip(placed, fired(other, {}), chip(2))


def test_progress_is_told_after_each_sample() -> None:
    network = small_network("spikes")
    told: list[tuple[int, int]] = []
    trace = random_trace(network, 2, np.random.default_rng(3))
    run_chip(
        partition(network, grid(4, 2, neurons=12), 8), trace, chip(4, 2), lambda *done: told.append(done)
    )
    assert told == [(1, 2), (2, 2)]
