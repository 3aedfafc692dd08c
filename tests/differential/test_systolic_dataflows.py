"""Closed forms of the dense dataflows against matrices that move through the array PE by PE."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hwsim.cycle.reference.systolic import simulate
from hwsim.cycle.systolic import DATAFLOWS, dense


@dataclass(frozen=True)
class Case:
    dataflow: str
    rows: int
    columns: int
    m: int
    n: int
    k: int
    overlap: bool
    seed: int = 0


def cases(array: int, size: int) -> st.SearchStrategy[Case]:
    side, length = st.integers(1, array), st.integers(1, size)
    return st.builds(
        Case,
        st.sampled_from(DATAFLOWS),
        side,
        side,
        length,
        length,
        length,
        st.booleans(),
        st.integers(0, 99),
    )


def compare(case: Case) -> None:
    rng = np.random.default_rng(case.seed)
    inputs, weights = rng.integers(-99, 100, (case.m, case.k)), rng.integers(-99, 100, (case.k, case.n))
    ran = simulate(case.dataflow, case.rows, case.columns, inputs.tolist(), weights.tolist(), case.overlap)
    assert ran.product == (inputs @ weights).tolist()
    formulas = dense(case.dataflow, case.rows, case.columns, case.m, case.n, case.k, case.overlap)
    counted = {
        "cycles": ran.cycles.total,
        "stream_cycles": ran.cycles.stream,
        "preload_cycles": ran.cycles.preload,
        "fill_drain_cycles": ran.cycles.fill_drain,
        "sram_ifmap_reads": ran.ifmap_reads,
        "sram_filter_reads": ran.filter_reads,
        "sram_ofmap_writes": ran.ofmap_writes,
    }
    assert {name: int(getattr(formulas, name)[0]) for name in counted} == counted


@settings(max_examples=200, deadline=None, derandomize=True)
@given(cases(array=5, size=9))
@example(Case("ws", 5, 3, 1, 7, 11, overlap=True))  # streams far shorter than a load
@example(Case("is", 5, 3, 7, 1, 11, overlap=True))
@example(Case("ws", 3, 5, 3, 7, 11, overlap=True))  # streams as long as a load
@example(Case("os", 1, 7, 3, 16, 1, overlap=True))  # streams far shorter than the diagonal
def test_products_cycles_and_accesses_equal_those_of_the_stepped_array(case: Case) -> None:
    compare(case)


@pytest.mark.slow
@settings(max_examples=2000, deadline=None, derandomize=True)
@given(cases(array=9, size=24))
def test_two_thousand_products_equal_those_of_the_stepped_array(case: Case) -> None:
    compare(case)
