"""Cycles worked out by hand: when neurons are done, packets leave and arrive, ticks begin (E1, E3 to E6).

An update takes 2 cycles, 5 with an event; a packet 3 to send, 4 and 1 for each synapse to receive. On an idle
mesh with BookSim2's delays, a packet created in t arrives over n routers in t + 2 + 5 n (noc.md, R7 to R9).
"""

from pathlib import Path
from typing import Any

import pytest

from hwsim.chip.run import ChipRun
from tests.chip.examples import chip, fired, net, on_cores, verified
from tests.place.examples import other_noc

HOST = -1


def two_cores(sizes: tuple[int, int, int] = (2, 2, 3), spikes: Any = None, **core: Any) -> ChipRun:
    """in - a (core 0) - out (core 1), by default with both inputs and a's neuron 1."""
    network = net(dict(zip(("in", "a", "out"), sizes, strict=True)), [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, sizes[1] - 1, 0)], "out": [(0, sizes[2] - 1, 1)]})
    trace = fired(network, spikes or {"in": [[0, 1]], "a": [[1]]})
    return verified(placed, trace, chip(**core))


def ends(run: ChipRun, tick: int, core: int) -> tuple[int, int, int, int]:
    """b, u, w and a."""
    times = (run.begin, run.update_end, run.send_end, run.receive_end)
    b, u, w, a = (int(values[0, tick, core]) for values in times)
    return b, u, w, a


def test_a_spike_crosses_two_cores() -> None:
    # L = 10 + 5 of a second router
    run = two_cores(barrier_first_cycles=10, barrier_router_cycles=5)
    # tick 0: the host's two packets enter in 0 and 1, arrive over one router in 7 and 8; each has 2 synapses:
    # 7 + 6 = 13, 13 + 6 = 19
    assert ends(run, 0, HOST) == (0, 0, 0, 0)
    assert ends(run, 0, 0) == (0, 0, 0, 19)
    # tick 1 begins in 19 + 15: neuron 0 in 36, neuron 1 fires in 41, its packet leaves in 44, is there in 56;
    # 4 + 3 synapses
    assert ends(run, 1, 0) == (34, 41, 44, 34)
    assert ends(run, 1, 1) == (34, 34, 34, 63)
    # tick 2 begins in 63 + 15: three neurons of the readout; the run ends L later
    assert ends(run, 2, 1) == (78, 84, 78 + 6, 78)
    assert run.cycles.tolist() == [84 + 15]
    assert run.latency == 15
    # deliveries: 7 and 8 - 0, and 12
    assert run.packet_latency.nonzero()[0].tolist() == [7, 8, 12]


def test_a_slow_network_on_chip_rounds_up_both_ways() -> None:
    # 2 cycles of the network in 3 of the cores. Host: in 7 and 8, ceil(10.5) = 11 and 12; 11 + 6 = 17, 23.
    # Tick 1 begins in 23: created in 23 + 7 + 3 = 33, cycle 22 of the network; there in 34: 51; 51 + 7 = 58
    run = two_cores(clock_hz=3000, noc_clock_hz=2000)
    assert ends(run, 0, 0)[3] == 23
    assert ends(run, 1, 1) == (23, 23, 23, 58)
    # 3 in 4: arrivals ceil(28 / 3) = 10 and ceil(32 / 3) = 11; 16, 22. Created in 32, cycle 24; 36: 48; 55
    run = two_cores(clock_hz=4000, noc_clock_hz=3000)
    assert ends(run, 1, 1) == (22, 22, 22, 55)


def test_both_clocks_faster_change_no_cycle() -> None:
    slow, fast = (two_cores(clock_hz=3 * n, noc_clock_hz=2 * n) for n in (1, 10**6))
    assert (slow.begin == fast.begin).all()
    assert (slow.receive_end == fast.receive_end).all()
    assert slow.seconds() == pytest.approx(fast.seconds() * 10**6, rel=1e-12)


def test_a_tick_is_as_long_as_the_chip_waits() -> None:
    # tick 0 is over in 19 and waits for 100; tick 1 from 100 on takes 29, tick 2 from 200 on 6
    run = two_cores(tick_cycles=100)
    assert run.begin[0, :, 0].tolist() == [0, 100, 200]
    assert run.waits[0].tolist() == [[81] * 3, [71] * 3, [94] * 3]
    assert run.cycles.tolist() == [300]


def test_without_a_barrier_a_core_waits_for_marks_and_for_updates() -> None:
    run = two_cores(barrier="none")
    # host: tick 1 begins when core 0 has updated tick 0, in 0. So p0, p1 and the marks of ticks 0 and 1 enter
    # in 0 to 3 and arrive in 7 to 10: 13, 19, 23, 27. Core 0's own mark leaves in 3, and enters in 4.
    assert ends(run, 0, 0) == (0, 0, 3, 23)
    # it is at core 1 in 4 + 12, taken in 20
    assert ends(run, 0, 1) == (0, 0, 0, 20)
    # tick 1 of core 0: u = 23 + 7, packet in 33, mark in 36; a is the host's mark
    assert ends(run, 1, 0) == (23, 30, 36, 27)
    # core 1: packet 45 + 7 = 52, mark 48: 56
    assert ends(run, 1, 1) == (20, 20, 20, 56)
    # host: tick 2 from core 0's u of tick 1 on; its mark is there in 37, taken in 41
    assert run.begin[0, :, HOST].tolist() == [0, 0, 30]
    assert ends(run, 2, 0) == (36, 36, 39, 41)
    # core 1: the mark of 39 is there in 51, after what was taken until 56: 60
    assert ends(run, 2, 1) == (56, 62, 62, 60)
    assert run.cycles.tolist() == [62]
    assert run.counts["marks"].sum(axis=(0, 1)).tolist() == [3, 0, 3]
    assert run.latency == 0


def test_with_a_barrier_of_layers_a_far_core_does_not_wait() -> None:
    network = net({"in": 2, "a": 2, "b": 1, "out": 1}, [("in", "a", 0), ("a", "b", 0), ("b", "out", 0)])
    placed = on_cores(network, {"a": [(0, 1, 0)], "b": [(0, 0, 1)], "out": [(0, 0, 2)]})
    trace = fired(network, {"in": [[0, 1]]})
    run = verified(placed, trace, chip(3, barrier="layer", barrier_first_cycles=15))
    # core 0 takes the host's packets until 19; core 2 waits for core 1 and, as it reaches that, for what
    # core 0 sends: until 0
    assert run.begin[0, 1].tolist() == [34, 34, 15, 34]
    # tick 1: core 0 updates 2 neurons, 38; core 1 ends in 34, core 2 in 15; core 2 waits for 38 too
    assert run.begin[0, 2].tolist() == [53, 53, 53, 53]


def test_spikes_that_share_a_packet_leave_with_the_last_of_them() -> None:
    # 4 neurons, 0 to 2 fire: done in 5, 10, 15, 17. The first two leave in 10 + 3; the third is alone and
    # waits for the slice: 17 + 3
    spikes = {"a": [[0, 1, 2]]}
    run = two_cores((2, 4, 3), spikes, spikes_per_packet=2)
    assert ends(run, 1, 0) == (0, 17, 20, 0)
    assert [int(run.counts[name][0, 1, 0]) for name in ("sent", "spikes_sent")] == [2, 3]
    # 13 + 12 + 4 + 6 synapses = 35; 20 + 12 = 32: 35 + 4 + 3
    assert ends(run, 1, 1)[3] == 42
    alone = two_cores((2, 4, 3), spikes)
    # 8, 13, 18 + 12: 20 + 7 = 27, 25: 34, 30: 41
    assert ends(alone, 1, 0)[2] == 18
    assert ends(alone, 1, 1)[3] == 41


def fork(noc: str, **core: Any) -> ChipRun:
    """a on core 0, its targets on cores 1 and 2 of a line."""
    network = net({"in": 1, "a": 1, "out": 2}, [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 0, 0)], "out": [(0, 0, 1), (1, 1, 2)]})
    return verified(placed, fired(network, {"a": [[0]]}), chip(3, noc=noc, **core))


def test_a_tree_is_one_packet_and_copies_are_one_each(tmp_path: Path) -> None:
    tree, copies = fork("booksim"), fork(other_noc(tmp_path, multicast="copies"))
    # created in 8; at router 1 the branch onward goes first (R9, R13) and is there in 8 + 17, the tile's a
    # cycle later than alone: 8 + 13. 4 + 1 synapse each
    assert ends(tree, 1, 0)[2] == 8
    assert [ends(tree, 1, core)[3] for core in (1, 2)] == [21 + 5, 25 + 5]
    assert (tree.totals()["sent"], tree.totals()["links_x"]) == (1, 2)
    # created in 8 and 11: 8 + 12, 11 + 17
    assert ends(copies, 1, 0)[2] == 11
    assert [ends(copies, 1, core)[3] for core in (1, 2)] == [20 + 5, 28 + 5]
    assert (copies.totals()["sent"], copies.totals()["links_x"]) == (2, 3)
    assert tree.totals()["addressed"] == copies.totals()["addressed"] == 2


def test_the_own_core_gets_its_packet_first_and_without_the_network() -> None:
    # a with itself a step later, and out on core 1: the local packet leaves in 8, is taken in 8 + 4 + 1; the
    # other leaves in 11: 11 + 12 + 5
    network = net({"in": 1, "a": 1, "out": 1}, [("in", "a", 0), ("a", "a", 1), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 0, 0)], "out": [(0, 0, 1)]})
    run = verified(placed, fired(network, {"a": [[0]]}), chip())
    assert ends(run, 1, 0) == (0, 5, 11, 13)
    assert ends(run, 1, 1)[3] == 28
    assert [run.totals()[name] for name in ("local", "sent", "received")] == [1, 1, 2]


def test_one_unit_takes_packets_in_the_order_in_which_they_arrive() -> None:
    # cores 0 and 1 at routers 0 and 1 both send to core 2: core 1 is nearer. a: done in 5, created in 8 on
    # both; there in 8 + 17 and 8 + 12. The near one is taken in 20 + 5 = 25, the far one in 25 + 5
    network = net({"in": 1, "a": 2, "out": 1}, [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 0, 0), (1, 1, 1)], "out": [(0, 0, 2)]})
    run = verified(placed, fired(network, {"a": [[0, 1]]}), chip(3))
    assert ends(run, 1, 2)[3] == 30
    near = verified(placed, fired(network, {"a": [[1]]}), chip(3))
    assert ends(near, 1, 2)[3] == 25


@pytest.mark.parametrize("barrier", ["tick", "layer", "none"])
def test_on_one_core_only_the_hosts_packets_enter_the_network(barrier: str) -> None:
    network = net({"in": 2, "a": 3, "out": 2}, [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 2, 0)], "out": [(0, 1, 0)]})
    run = verified(placed, fired(network, {"in": [[0]], "a": [[0, 2]]}), chip(1, barrier=barrier))
    assert run.counts["sent"][..., 0].sum() == 0
    assert run.totals()["local"] == 2
    assert run.totals()["sent"] - run.totals()["marks"] == 1
    assert run.links.sum() == 0
