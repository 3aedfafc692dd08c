"""Verdicts: what each rule says, at its edges."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.reproduction.pages import reproduced_page, told
from hwsim.reproduction.printed import Printed
from hwsim.reproduction.rows import (
    RULES,
    Ours,
    Row,
    Taken,
    around,
    beside_their_table,
    cell,
    judged,
    judged_trend,
    missing,
    trend,
    trend_of,
)
from hwsim.reproduction.samples import Sample, Spread, pooled


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


@pytest.mark.parametrize("taken", ["given", "fitted"])
def test_what_is_of_the_papers_number_is_never_equal_to_it(taken: Taken) -> None:
    place = Printed("p", "1", "r", "c", "0.9")
    row = cell(place, Ours(0.9, "computed", "", taken=taken))
    assert (row.verdict, row.difference) == (taken, 0)
    assert judged(place, Ours(0.9, "trained small", "", comparable=False, taken=taken)) == "not comparable"


def test_a_word_that_the_paper_prints_is_a_row_and_no_number_of_ours_beside() -> None:
    word = Printed("p", "1", "r", "c", "higher")
    assert cell(word, Ours(87.2, "trained small", "", comparable=False)).verdict == "not comparable"
    assert cell(Printed("p", "1", "r", "c", ""), Ours(87.2, "computed", "")).verdict == "beside"


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.01, 20))
def test_a_trend_holds_only_beyond_the_noise_and_with_the_papers_sign(
    printed: float, ours: float, noise: float
) -> None:
    interval = around(ours, noise)
    found = judged_trend(printed, interval)
    assert found in RULES
    if abs(printed) < 1e-9:
        assert found == ("open" if abs(ours) <= noise else "trend absent")
        return
    assert (found == "open") == (abs(ours) <= noise)
    opposite = {"trend holds": "trend absent", "trend absent": "trend holds", "open": "open"}
    assert judged_trend(-printed, interval) == opposite[found]


@pytest.mark.parametrize(
    ("interval", "of_one_size", "of_any_size"),
    [
        ((-0.16, 0.12), "open", "trend absent"),  # none is in it, .646 is not
        ((-0.1, 0.7), "open", "open"),  # both are in it
        ((0.1, 0.3), "trend holds", "trend holds"),  # the sign of the paper's
        ((-0.3, -0.1), "trend absent", "trend absent"),
        (None, "one seed", "one seed"),
    ],
)
def test_an_interval_that_leaves_out_the_papers_number_denies_it_where_sizes_do_not_matter(
    interval: tuple[float, float] | None, of_one_size: str, of_any_size: str
) -> None:
    assert judged_trend(0.646, interval) == of_one_size
    assert judged_trend(0.646, interval, same_quantity=True) == of_any_size


def change(text: str, interval: tuple[float, float], table: str = "1", unit: str = "points") -> Row:
    place = Printed("p", table, "r", "trend of c", text, unit)
    return trend_of(place, Ours(sum(interval) / 2, "trained small", ""), interval)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((-0.5, 0.5), "trend holds"),  # as wide as half of the table's 2
        ((-0.5, 0.6), "open"),  # wider: noise is no evidence that there is none
        ((0.1, 0.2), "trend absent"),
    ],
)
def test_that_there_is_no_difference_takes_an_interval_narrow_beside_the_tables_differences(
    interval: tuple[float, float], expected: str
) -> None:
    zero = change("0.00", interval)
    others = [
        change("-2", (-9, 9)),
        change("3", (1, 2)),
        change("0.1", (-1, 1), "2"),
        change("0.1", (1, 2), unit="K"),
    ]
    found = beside_their_table([zero, *others])
    assert [row.verdict for row in found] == [expected, "open", "trend holds", "open", "trend holds"]
    alone = beside_their_table([zero, others[2]])[0]
    assert alone.verdict == ("trend absent" if expected == "trend absent" else "open")


def test_the_noise_of_an_accuracy_is_that_of_its_seeds_or_of_its_test_images() -> None:
    alike = Sample((80.0, 80.0), tested=400)  # 80 * 20 / 400 = 4 points squared, over two seeds
    assert alike.variance_of_mean == pytest.approx(2.0)
    spread = Sample((70.0, 90.0), tested=400)  # variance of the two is 200, over two seeds
    assert spread.variance_of_mean == pytest.approx(100.0)
    row = trend(Printed("p", "1", "r", "c", "-3"), alike, spread, "source")
    reach = 2 * sqrt(102.0)
    assert row.interval == pytest.approx((-reach, reach))
    assert row.ours.value == pytest.approx(0.0)
    assert (row.verdict, row.lent) == ("open", ())


def test_one_training_has_the_spread_that_others_lend_it_or_none() -> None:
    place, several = Printed("p", "1", "r", "c", "1"), Sample((5.0, 5.0))
    alone = trend(place, several, Sample((6.0,)), "")
    assert (alone.verdict, alone.interval) == ("one seed", None)
    # variance 2 of a mean of 10; two equal values have 2.5 % of 5, squared, over two
    lent = pooled([Sample((9.0, 11.0)), Sample((1.0,))], "others", relative=True)
    assert lent is not None
    assert (lent.freedom, lent.variance) == (1, pytest.approx(0.02))
    row = trend(place, several, Sample((6.0,)).lending(lent), "")
    reach = 2 * sqrt(0.02 * 36 + 0.125**2 / 2)
    assert row.interval == pytest.approx((1 - reach, 1 + reach))
    assert row.verdict == "open"
    assert row.lent == (lent.told,)


def test_a_lent_spread_is_no_less_than_the_test_images_allow() -> None:
    small = Spread(0.01, 5, "others")
    assert Sample((80.0,), tested=400, lent=small).variance_of_mean == pytest.approx(4.0)
    assert Sample((80.0, 84.0), tested=400, lent=small).variance_of_mean == pytest.approx(8.0 / 2)


def test_spreads_are_pooled_by_their_degrees_of_freedom() -> None:
    """Variances 2 of two values and 1 of three: (1 * 2 + 2 * 1) / 3."""
    found = pooled([Sample((9.0, 11.0)), Sample((1.0, 2.0, 3.0)), Sample((7.0,))], "others")
    assert found is not None
    assert (found.variance, found.freedom) == (pytest.approx(4 / 3), 3)
    assert pooled([Sample((1.0,))], "others") is None


def test_two_trainings_that_agree_by_chance_make_no_small_difference_a_trend() -> None:
    first, second = Sample((5.0, 5.0)), Sample((5.1, 5.1))  # 2 %, where 2.5 % is the least deviation of each
    assert trend(Printed("p", "1", "r", "c", "1"), first, second, "").verdict == "open"
    assert trend(Printed("p", "1", "r", "c", "1"), first, Sample((6.0, 6.0)), "").verdict == "trend holds"


def test_a_page_counts_what_checks_a_formula_apart_and_tells_its_rules_alone() -> None:
    place = Printed("asgl", "1", "r", "c", "5")
    rows = [
        cell(place, Ours(5.0, "computed", "")),
        cell(place, Ours(5.0, "by the paper's formula", "")),
        cell(place, Ours(5.0, "computed", "", taken="given")),
    ]
    assert told(rows) == "2 equal (1 by the paper's formula), 1 given"
    assert told(rows, without=("given",)) == "2 equal (1 by the paper's formula)"
    page = reproduced_page("asgl", rows)
    assert [f"- *{v}*: " in page for v in ("equal", "given", "fitted", "open")] == [True, True, False, False]
    assert "| equal | by the paper's formula |" in page
