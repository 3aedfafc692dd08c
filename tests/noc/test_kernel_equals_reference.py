"""The Numba kernel against the SimPy reference: every packet's times and every count (docs/noc.md)."""

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hwsim.noc import reference
from hwsim.noc.counts import CAUSE_NAMES
from hwsim.noc.network import Deliveries, Network
from tests.noc.random_cases import Case, cases
from tests.volume import parts

RANDOM = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
PARTS = 8


def rows(found: Deliveries) -> list[tuple[int, ...]]:
    """The kernel's deliveries as the reference orders them."""
    d = found.by_packet()
    columns = (d.packet, d.tile, d.source, d.created, d.injected, d.arrived, d.hops)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def compare(case: Case, now: int | None) -> None:
    """R14 and R15: deliveries, and the counts of every router, before ``now`` or of the whole run."""
    groups, packets = case.given
    network = Network(case.table, groups, case.drain_cycles)
    network.feed(packets)
    deliveries, counts = reference.simulate(case.table, case.packets, case.drain_cycles, now)
    if now is None:
        last = network.run()
        assert network.totals().cycles - 1 == last == max(delivery.arrived for delivery in deliveries)
    else:
        network.advance(now)
    assert rows(network.take()) == [tuple(one) for one in deliveries]
    totals = network.totals()
    assert totals.flits.tolist() == [router.flits for router in counts]
    assert totals.injected.tolist() == [router.injected for router in counts]
    assert totals.vc_allocations.tolist() == [router.vc_allocations for router in counts]
    assert totals.buffer_writes.tolist() == [router.buffer_writes for router in counts]
    assert totals.forks == sum(router.forks for router in counts)
    stalls = [[getattr(router.stalls, cause) for cause in CAUSE_NAMES] for router in counts]
    assert totals.stalls.tolist() == stalls


@settings(max_examples=200, derandomize=True, **RANDOM)
@given(cases())
def test_packets_and_counts_of_small_random_networks_equal_the_reference(case: Case) -> None:
    compare(case, None)


@settings(max_examples=60, derandomize=True, **RANDOM)
@given(cases(), st.integers(1, 400))
def test_packets_and_counts_in_the_middle_of_a_run_equal_the_reference(case: Case, now: int) -> None:
    compare(case, now)


@pytest.mark.slow
@pytest.mark.parametrize("part", parts(PARTS))
def test_two_thousand_random_networks_equal_the_reference(part: int) -> None:
    seed(part)(settings(max_examples=2000 // PARTS, **RANDOM)(given(cases(), st.none())(compare)))()
