"""Streams of random layers in every mode, against an oracle that counts job by job (P1 to P4)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lower.all_streams import all_streams
from tests.lower.streams_cases import Case, cases
from tests.lower.streams_oracle import Oracle, jobs

RANDOM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

MODES: dict[str, dict[str, Any]] = {
    "shared, parallel": {"dataflow": "os", "skip": "event", "streams": "shared", "time_lanes": "parallel"},
    "shared, serial": {"dataflow": "os", "skip": "event", "streams": "shared", "time_lanes": "serial"},
    "own": {"dataflow": "os", "skip": "event", "streams": "own", "weight_sparsity": False},
    "weight sparsity": {"dataflow": "os", "skip": "event", "streams": "own", "weight_sparsity": True},
    "decode": {"dataflow": "os", "skip": "event", "decoding": True},
    "ws, event": {"dataflow": "ws", "skip": "event"},
    "gate": {"skip": "gate"},
    "dense": {"skip": "dense"},
    "is": {"dataflow": "is"},
    "any": {},
}


def check(case: Case) -> None:
    """Every number of every job, and the layer's operations, as the oracle counts them."""
    found, oracle = all_streams(*case.arguments), Oracle(*case.arguments)
    names = ("length", "stream", "imbalance", "conflict", "decode", "reads", "decoded")
    whole = (
        case.shape.groups, len(case.shape.channels),
        len(case.shape.rows) * (1 if case.shape.together else case.shape.samples),
        -(-case.shape.steps // case.shape.pass_steps), case.shape.k_tiles,
    )  # fmt: skip
    counted = {name: np.broadcast_to(getattr(found, name), whole) for name in names}
    live = [np.broadcast_to(a, whole) for a in found.live]
    operations = {"ac": 0, "mac": 0}
    for place, job in jobs(case.shape, case.incoming):
        wanted = oracle.count(job)
        assert {name: counted[name][place] for name in names} == {name: wanted[name] for name in names}, place
        assert [a[place] for a in live] == wanted["live"], place
        operations = {name: operations[name] + wanted[name] for name in operations}
    assert {"ac": found.ac, "mac": found.mac} == operations


@pytest.mark.parametrize("mode", MODES)
def test_streams_agree_with_counting_job_by_job(mode: str) -> None:
    @RANDOM
    @given(cases(**MODES[mode]))
    def agree(case: Case) -> None:
        check(case)

    agree()


@RANDOM
@given(st.data())
def test_a_row_of_its_own_streams_what_a_shared_stream_of_one_row_does(data: st.DataObject) -> None:
    case = data.draw(cases(dataflow="os", skip="event", streams="own", rows=1, weight_sparsity=False))
    array = case.hardware.pe_array.model_copy(update={"streams": "shared"})
    shared = case.hardware.model_copy(update={"pe_array": array})
    one = all_streams(*case.arguments)
    other = all_streams(shared, *case.arguments[1:])
    for name in ("length", "stream", "imbalance", "conflict", "decode", "reads", "decoded"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    for a, b in zip(one.live, other.live, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one.ac, one.mac) == (other.ac, other.mac)


@RANDOM
@given(st.data())
def test_live_inputs_are_the_same_from_bits_and_lane_by_lane(data: st.DataObject) -> None:
    case = data.draw(cases(dataflow="os", skip="event", streams="shared", decoding=False))
    array = case.hardware.pe_array.model_copy(
        update={"dataflow": "ws", "rows_hold": None, "columns_hold": None}
    )
    positions = case.hardware.model_copy(update={"pe_array": array})
    one, other = all_streams(*case.arguments), all_streams(positions, *case.arguments[1:])
    for a, b in zip(one.live, other.live, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one.ac, one.mac) == (other.ac, other.mac)
