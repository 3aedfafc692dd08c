"""The fast engine against the SimPy reference: every cycle and count of every tick (docs/chip.md)."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings

from hwsim.chip.loop import run_chip
from hwsim.chip.reference import ReferenceRun, simulate
from hwsim.chip.run import ChipRun
from tests.chip.random_cases import Case, cases
from tests.execute.against_torch import differences

RANDOM = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
PARTS = 8
ARRAYS = (
    "cores", "begin", "update_end", "send_end", "receive_end", "cycles", "waits", "links", "addressed",
    "packet_latency",
)  # fmt: skip


def odd_fields(fast: ChipRun, slow: ReferenceRun) -> list[str]:
    """Fields that differ, counts by their names."""
    odd = [name for name in ARRAYS if not np.array_equal(getattr(fast, name), getattr(slow, name))]
    odd += [name for name in ("interval", "depth", "latency") if getattr(fast, name) != getattr(slow, name)]
    assert set(fast.counts) == set(slow.counts)
    return odd + [name for name in slow.counts if not np.array_equal(fast.counts[name], slow.counts[name])]


def compare(case: Case) -> None:
    """E1-E7, and that the spikes are the executor's."""
    slow = simulate(case.sliced, case.chip, case.inputs)
    assert not differences(slow.trace, case.trace)
    assert not odd_fields(run_chip(case.sliced, case.trace, case.chip), slow)


@settings(max_examples=60, derandomize=True, **RANDOM)
@given(cases())
def test_small_random_networks_on_random_chips_equal_the_reference(case: Case) -> None:
    compare(case)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_a_thousand_random_networks_on_random_chips_equal_the_reference(part: int) -> None:
    seed(part)(settings(max_examples=1000 // PARTS, **RANDOM)(given(cases())(compare)))()
