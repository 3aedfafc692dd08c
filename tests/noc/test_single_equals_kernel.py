"""Networks of one virtual channel: from event to event as from cycle to cycle (docs/noc.md, R4 to R15)."""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hwsim.noc.config import NocTable, load_noc
from hwsim.noc.counts import Totals
from hwsim.noc.network import Network, Traffic, traffic
from hwsim.noc.single import Given, carries, lines_of, times_of, totals_of
from hwsim.noc.single_kernel import deliver
from hwsim.place.reach import Int
from tests.noc.random_cases import Case, draw_case
from tests.volume import parts

RANDOM = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
SIDES = st.sampled_from((1, 2, 3, 4, 5, 9))


def meshes() -> st.SearchStrategy[Case]:
    return st.builds(
        draw_case, seed=st.integers(0, 2**32), torus=st.just(False), width=SIDES, height=SIDES,
        n_packets=st.integers(1, 150),
    )  # fmt: skip


def one_channel(case: Case) -> tuple[NocTable, Traffic]:
    """The case with one virtual channel and every packet one flit to the first of its tiles."""
    table = case.table.model_copy(update={"virtual_channels": 1, "receive_queue_flits": None})
    rows = [(p.created, p.source, p.tiles[0], 1) for p in case.packets]
    return table, traffic(*np.array(rows, np.int64).T)


def carried(table: NocTable, rounds: list[Traffic]) -> tuple[list[tuple[Int, Int]], Totals]:
    """Injections and arrivals of the packets of each round, and the counts of all."""
    times = times_of(table)
    lines, found = lines_of(table, times), []
    for one in rounds:
        n = len(one.created)
        order = np.argsort(one.created, kind="stable")
        injected, arrived, log = np.zeros((3, n), np.int64)
        packets = Given(one.created, one.source, one.destination, order, injected, arrived, log)
        assert deliver(times, lines, np.zeros(4 * n, np.int64), packets) == n
        assert sorted(log.tolist()) == list(range(n))
        found.append((injected, arrived))
    return found, totals_of(table, lines, int(found[-1][1].max()) + 1)


def compare(case: Case) -> None:
    """Two rounds, the second into what the first has left behind: pointers, and credits on their way."""
    table, first = one_channel(case)
    network = Network(table)
    network.feed(first)
    again = first._replace(created=first.created + network.run() + 1)
    network.feed(again)
    network.run()
    expected = network.take().by_packet()
    (one, two), totals = carried(table, [first, again])
    assert np.concatenate([one[0], two[0]]).tolist() == expected.injected.tolist()
    assert np.concatenate([one[1], two[1]]).tolist() == expected.arrived.tolist()
    wanted = network.totals()
    for name in (f.name for f in fields(Totals)):
        assert np.array_equal(getattr(totals, name), getattr(wanted, name)), name


@settings(max_examples=200, derandomize=True, **RANDOM)
@given(meshes())
def test_packets_and_counts_of_random_meshes_equal_those_of_the_cycle_by_cycle_kernel(case: Case) -> None:
    compare(case)


@pytest.mark.slow
@pytest.mark.parametrize("part", parts(4))
def test_three_thousand_random_meshes_equal_the_cycle_by_cycle_kernel(part: int) -> None:
    seed(1 + part)(settings(max_examples=750, **RANDOM)(given(meshes())(compare)))()


def test_a_lone_flit_takes_seven_cycles_through_one_router_and_five_more_a_hop() -> None:
    # Injected in 3, in the buffer in 5; VA in 6, SA in 7, at the tile in 10. A hop: 5 cycles from SA to SA.
    table = load_noc("truenorth")
    (round_,), totals = carried(table, [traffic([3, 3], [0, 1], [0, 3], 1)])
    assert [column.tolist() for column in round_] == [[3, 3], [10, 20]]
    assert (totals.cycles, totals.flit_hops, totals.link_traversals) == (21, 4, 2)


def test_networks_of_several_virtual_channels_or_with_a_receive_queue_are_for_the_other_kernel() -> None:
    truenorth = load_noc("truenorth")
    assert carries(truenorth)
    assert not carries(truenorth.changed(virtual_channels=2))
    assert not carries(truenorth.changed(receive_queue_flits=4))
