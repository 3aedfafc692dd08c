"""The lowering and Numba kernel against the SimPy reference: every count and every cycle."""

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from hwsim.cycle import reference
from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.lower.lowering import Lowering
from tests.random_cases import Case, cases, settled
from tests.volume import parts

PARTS = 10
RANDOM = {"deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True}


def compare(case: Case) -> None:
    """Both agree that the mapping is illegal, or on the whole ledger of the mini-batch.

    The lowering judges a mapping for whole mini-batches, also where the trace ends with a part of one.
    """
    parts = case.network, case.trace, case.samples, case.hardware
    mapping = settled(case.mapping)
    try:
        lowering = Lowering(case.network, case.hardware, case.mapping)
        mapping = lowering.resolved
        program = lowering.lower(case.trace, case.samples)
    except HwsimError:
        if case.trace.samples >= case.mapping.batch:
            whole = range(case.mapping.batch)
            with pytest.raises(HwsimError):
                reference.simulate(case.network, case.trace, whole, case.hardware, mapping)
        return
    program.verify()
    found = run(program, case.hardware)
    found.verify()
    assert not found.differences(reference.simulate(*parts, mapping))


@settings(max_examples=200, **RANDOM)
@given(cases())
def test_counts_and_cycles_of_small_random_programs_equal_the_reference(case: Case) -> None:
    compare(case)


@pytest.mark.slow
@pytest.mark.parametrize("part", parts(PARTS))
def test_two_thousand_random_programs_equal_the_reference(part: int) -> None:
    """A tenth of them each, so that several processes share the work; no two parts draw the same case."""
    seeds = st.integers(part * 2**28, (part + 1) * 2**28 - 1)
    every = settings(max_examples=2000 // PARTS, **RANDOM)(given(cases(seeds=seeds))(compare))
    seed(part)(every)()
