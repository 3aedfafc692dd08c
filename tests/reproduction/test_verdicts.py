"""Verdicts: what each rule says, at its edges."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.reproduction.printed import Printed
from hwsim.reproduction.rows import RULES, Ours, Sample, cell, judged_trend, missing, trend


def verdict(text: str, ours: float, *, comparable: bool = True) -> str:
    place = Printed("p", "1", "r", "c", text)
    return cell(place, Ours(ours, "computed", "", comparable=comparable)).verdict


@pytest.mark.parametrize(
    ("text", "ours", "expected"),
    [
        ("1.8", 1.8047, "equal"),
        ("140.88", 140.875, "equal"),  # half of the last digit, as a paper rounds up
        ("0.62", 0.61328, "within 2 %"),  # 1.08 % off
        ("1.17", 1.164828, "within 1 %"),
        ("16.5", 16.6875, "within 2 %"),
        ("100", 105, "within 5 %"),
        ("100", 120, "within 20 %"),
        ("100", 121, "differs"),
        ("3.3", 3.98, "differs"),
        ("0", 0.6, "differs"),
        ("higher", 87.2, "beside"),
        ("", 57.5, "beside"),
    ],
)
def test_a_number_is_judged_at_the_digits_that_are_printed_then_in_percent(
    text: str, ours: float, expected: str
) -> None:
    assert verdict(text, ours) == expected


def test_a_smaller_training_is_never_held_against_the_papers_number() -> None:
    assert verdict("91.31", 91.31, comparable=False) == "not comparable"


def test_what_we_have_not_says_why() -> None:
    row = cell(Printed("p", "1", "r", "c", "5"), missing("a GPU"))
    assert (row.verdict, row.ours.value, row.ours.note, row.difference) == (
        "not reproduced",
        None,
        "a GPU",
        None,
    )


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.01, 20))
def test_a_trend_holds_only_beyond_the_noise_and_with_the_papers_sign(
    printed: float, ours: float, noise: float
) -> None:
    found = judged_trend(printed, ours, noise)
    assert found in RULES
    if abs(printed) < 1e-9:
        assert (found == "trend holds") == (abs(ours) <= noise)
        return
    assert (found == "open") == (abs(ours) <= noise)
    opposite = {"trend holds": "trend absent", "trend absent": "trend holds", "open": "open"}
    assert judged_trend(-printed, ours, noise) == opposite[found]


def test_the_noise_of_an_accuracy_is_that_of_its_seeds_or_of_its_test_images() -> None:
    one = Sample((80.0,), tested=400)  # sqrt(80 * 20 / 400) = 2 points
    assert one.variance_of_mean == pytest.approx(4.0)
    spread = Sample((70.0, 90.0), tested=400)  # variance of the two is 200, over two seeds
    assert spread.variance_of_mean == pytest.approx(100.0)
    row = trend(Printed("p", "1", "r", "c", "-3"), one, spread, "source")
    assert row.noise == pytest.approx(2 * sqrt(104.0))
    assert row.ours.value == pytest.approx(0.0)
    assert row.verdict == "open"


def test_one_training_alone_never_makes_a_small_difference_of_spikes_a_trend() -> None:
    first, second = Sample((5.0,)), Sample((5.2,))  # 4 %, where 2.5 % is the least deviation of each
    assert trend(Printed("p", "1", "r", "c", "1"), first, second, "").verdict == "open"
    assert trend(Printed("p", "1", "r", "c", "1"), first, Sample((6.0,)), "").verdict == "trend holds"
