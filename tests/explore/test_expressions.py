"""Expressions of space files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.explore.expressions import expression

VALUES = {"area_um2": 3.0, "hardware.pe_array.rows": 8, "kind": "ws", "nothing": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("area_um2 < 2e6", True),
        ("hardware.pe_array.rows * 2 // 3", 5),
        ("kind == 'ws' and not area_um2 > 4", True),
        ("kind in ['os', 'is'] or -area_um2 < 0", True),
        ("1 < area_um2 < 3", False),
        ("max(area_um2, min(7, 9)) + ceil(0.5)", 8),
        ("kind not in ('ws', 'os')", False),
    ],
)
def test_arithmetic_and_comparisons_of_names_have_their_values(text: str, value: object) -> None:
    assert expression(text)(VALUES.__getitem__) == value


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b()",
        "[x for x in y]",
        "lambda: 1",
        "a ** 9",
        "f'{a}'",
        "a if b else c",
        "a[0]",
        "a <",
    ],
)
def test_nothing_else_of_python_is_taken(text: str) -> None:
    with pytest.raises(HwsimError, match="allowed: numbers"):
        expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "'a' * 99999999999999 == 'b'",
        "[1] * 99999999999999 == []",
        "(1, 2) + (3,) == ()",
        "'%99999999999999d' % 1 == ''",
        "-'a' == 1",
    ],
)
def test_arithmetic_of_texts_and_lists_is_refused_when_it_is_parsed(text: str) -> None:
    with pytest.raises(HwsimError, match=r"is no number; .* take numbers alone; allowed: numbers"):
        expression(text)


@pytest.mark.parametrize(
    "text", ["kind * 99999999999999", "min('a', 'b') * 99999999999999", "99999999999999 * kind == 'b'"]
)
def test_arithmetic_of_a_text_that_is_a_value_is_refused_when_it_is_worked_out(text: str) -> None:
    with pytest.raises(HwsimError, match=r"is no number; .* take numbers alone"):
        expression(text)(VALUES.__getitem__)


def test_an_expression_too_deep_is_none() -> None:
    with pytest.raises(HwsimError, match="is not an expression"):
        expression("+".join(["area_um2"] * 5000))


@pytest.mark.parametrize("text", ["1e999 < area_um2", "1" + "0" * 400 + " < area_um2"])
def test_a_violation_that_is_no_finite_number_counts_1(text: str) -> None:
    assert expression(text).violation(VALUES.__getitem__) == 1.0


def test_values_that_do_not_go_together_are_named() -> None:
    with pytest.raises(HwsimError, match="'nothing < 2'"):
        expression("nothing < 2")(VALUES.__getitem__)
    with pytest.raises(HwsimError, match="division by zero"):
        expression("1 / (area_um2 - 3)")(VALUES.__getitem__)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_violation_is_0_exactly_where_the_comparison_holds(a: float, b: float) -> None:
    of = {"a": a, "b": b}.__getitem__
    for text, holds in (("a < b", a < b), ("a <= b", a <= b), ("a >= b", a >= b), ("a == b", a == b)):
        by = expression(text).violation(of)
        assert (by == 0) == holds
        assert by == 0 or by == (abs(a - b) or 1.0)
