"""Which choices of a chip go together, and what a field may not say."""

from typing import Any

import pytest

from hwsim.errors import HwsimError
from tests.examples import chip

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"columns_hold": "M"}, "rows and columns both hold M"),
    ({"rows_hold": "K"}, "dataflow os streams K: rows and columns hold two of M, N, T"),
    ({"dataflow": "ws", "rows_hold": "M"}, "dataflow ws holds K and N on rows and columns, not M and N"),
    ({"dataflow": "is", "columns_hold": "T"}, "dataflow is holds K and M on rows and columns, not K and T"),
    ({"dataflow": "is", "skip": "event"}, "dataflow is with skip event: the inputs stay"),
    (
        {"streams": "own", "dataflow": "ws", "fill": "broadcast"},
        "streams own: only with dataflow os, M on the",
    ),
    (
        {"streams": "own", "rows_hold": "T", "fill": "broadcast"},
        "streams own: only with dataflow os, M on the",
    ),
    ({"streams": "own"}, "streams own: a skewed fill has one order for all rows; take fill broadcast"),
    ({"weight_sparsity": True, "skip": "event"}, "weight_sparsity: only with streams own and skip event"),
    (
        {"weight_sparsity": True, "streams": "own", "fill": "broadcast", "skip": "gate"},
        "weight_sparsity: only with streams own and skip event",
    ),
    ({"decode": {"events_per_cycle": 1, "merge_lanes": 2}, "skip": "gate"}, "decode: only with dataflow os"),
    (
        {"decode": {"events_per_cycle": 1, "merge_lanes": 2}, "skip": "event", "dataflow": "ws"},
        "decode: only with dataflow os",
    ),
    (
        {"decode": {"events_per_cycle": 1, "merge_lanes": 2}, "skip": "event", "rows_hold": "T"},
        "decode: only with dataflow os",
    ),
    ({"decode": {"events_per_cycle": 0, "merge_lanes": 2}, "skip": "event"}, "greater than 0"),
    ({"decode": {"events_per_cycle": 1, "merge_lanes": 1}, "skip": "event"}, "greater than or equal to 2"),
    (
        {"decode": {"events_per_cycle": 1, "merge_lanes": 2, "max_inputs": 0}, "skip": "event"},
        "greater than 0",
    ),
]


@pytest.mark.parametrize(("array", "message"), REFUSED)
def test_choices_of_the_array_that_do_not_go_together_are_refused(
    array: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        chip(**array)


@pytest.mark.parametrize(
    ("array", "holds"),
    [
        ({}, ("M", "N")),
        ({"dataflow": "ws"}, ("K", "N")),
        ({"dataflow": "is"}, ("K", "M")),
        ({"rows_hold": "N", "columns_hold": "T"}, ("N", "T")),
        ({"rows_hold": "T"}, ("T", "N")),
    ],
)
def test_rows_and_columns_hold_what_the_dataflow_says_unless_told_otherwise(
    array: dict[str, Any], holds: tuple[str, str]
) -> None:
    assert chip(**array).pe_array.holds == holds  # W3's table


def test_an_extent_is_one_where_a_dimension_does_not_lie_on_the_array() -> None:
    # W3: fM is R or C where M lies, else 1; the same for fN and fT
    array = chip(3, 5, rows_hold="N", columns_hold="T").pe_array
    assert [array.extent(d) for d in ("M", "N", "T")] == [1, 3, 5]


def test_another_skip_mode_changes_nothing_else() -> None:
    before = chip(skip="gate")
    after = before.with_skip("event")
    assert after.pe_array.skip == "event"
    assert after.with_skip("gate") == before


MERGING = {"decode": {"events_per_cycle": 1, "merge_lanes": 2}}
SPARSE = {"streams": "own", "fill": "broadcast", "weight_sparsity": True}


def test_without_events_there_is_nothing_to_decode_and_no_weight_to_leave_out() -> None:
    gated = chip(skip="event", **SPARSE, **MERGING).with_skip("gate")
    assert gated == chip(skip="gate", streams="own", fill="broadcast")


def test_dense_rows_share_one_stream() -> None:
    assert chip(skip="event", **SPARSE, **MERGING).with_skip("dense") == chip(skip="dense", fill="broadcast")


def test_a_skip_that_the_dataflow_cannot_have_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"test: pe_array\.skip 'event': dataflow is with skip event"):
        chip(dataflow="is").with_skip("event")
