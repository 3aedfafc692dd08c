"""The lowering and Numba kernel against the SimPy reference: every count and every cycle."""

import pytest
from hypothesis import HealthCheck, given, settings

from hwsim.cycle import reference
from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.lower.lowering import Lowering
from tests.random_cases import Case, cases, settled

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
@settings(max_examples=2000, **RANDOM)
@given(cases())
def test_two_thousand_random_programs_equal_the_reference(case: Case) -> None:
    compare(case)
