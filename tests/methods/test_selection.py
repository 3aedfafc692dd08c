"""The reward of tinySNN and who wins for which mu."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.methods.selection import Candidate, Limit, choices, reward, selected, within


def candidate(name: str, accuracy: float, memory: float, **costs: float) -> Candidate:
    return Candidate(name, accuracy, {"memory_bytes": memory} | costs)


BIG, HALF, SMALL = candidate("big", 0.9, 100), candidate("half", 0.88, 50), candidate("small", 0.5, 10)
POOR = candidate("poor", 0.6, 60)


def test_a_reward_is_the_accuracy_less_mu_shares_of_the_reference_memory() -> None:
    assert reward(HALF, 0.2, 100) == pytest.approx(0.88 - 0.2 * 0.5)


def test_winners_change_where_two_rewards_are_equal() -> None:
    found = choices([BIG, HALF, SMALL, POOR], 100)
    assert [choice.winner.name for choice in found] == ["big", "half", "small"]
    assert [choice.low for choice in found] == pytest.approx([0, 0.02 / 0.5, 0.38 / 0.4])
    assert [choice.high for choice in found] == pytest.approx([0.04, 0.95, math.inf])


def test_a_candidate_below_the_hull_wins_for_no_mu() -> None:
    low = candidate("low", 0.65, 30)
    assert "low" not in [choice.winner.name for choice in choices([BIG, HALF, SMALL, low], 100)]


def test_of_equal_rewards_the_cheapest_wins_then_the_first() -> None:
    twins = [candidate("dear", 0.9, 100), candidate("cheap", 0.9, 50), candidate("same", 0.9, 50)]
    assert selected(twins, 0.0, 100).name == "cheap"
    assert [choice.winner.name for choice in choices(twins, 100)] == ["cheap"]


values = st.builds(
    candidate,
    st.text(min_size=1, max_size=3),
    st.integers(0, 50).map(lambda n: n / 50),
    st.integers(1, 40).map(float),
)


@given(st.lists(values, min_size=1, max_size=12), st.floats(0, 50))
def test_the_winner_for_a_mu_has_the_highest_reward_of_all(some: list[Candidate], mu: float) -> None:
    reference = max(one.costs["memory_bytes"] for one in some)
    found = choices(some, reference)
    assert found[0].low == 0
    assert found[-1].high == math.inf
    assert all(a.high == b.low and a.low < a.high for a, b in pairwise(found))
    winner = next(choice.winner for choice in found if choice.low <= mu < choice.high)
    best = reward(selected(some, mu, reference), mu, reference)
    assert reward(winner, mu, reference) == pytest.approx(best)


def test_limits_leave_out_what_is_above_them_or_not_known_and_say_why() -> None:
    some = [
        candidate("a", 0.9, 100, energy_pj=5.0),
        candidate("b", 0.8, 50, energy_pj=2.0),
        candidate("c", 0.7, 10),
    ]
    kept, refused = within(some, [Limit.of("energy_pj<=2")])
    assert [one.name for one in kept] == ["b"]
    assert refused == {"a": "energy_pj 5, at most 2", "c": "energy_pj not known, at most 2"}


@pytest.mark.parametrize("text", ["energy_pj<2", "energy_pj<=x", "<=3", "energy_pj<=nan", "energy_pj<=inf"])
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(HwsimError, match="write COST<=NUMBER"):
        Limit.of(text)


def test_a_limit_of_an_unknown_cost_names_the_nearest() -> None:
    with pytest.raises(HwsimError, match=r"--limit: 'energy_j' is no cost\. Did you mean 'energy_pj'"):
        Limit.of("energy_j<=2")


@pytest.mark.parametrize(
    ("accuracy", "energy", "message"),
    [
        (math.nan, 1.0, "accuracy is nan"), (1.5, 1.0, "accuracy is 1.5"), (0.5, -1.0, "energy_pj is -1"),
        (0.5, math.inf, "energy_pj is inf"), (0.5, math.nan, "energy_pj is nan"),
    ],
)  # fmt: skip
def test_a_candidate_with_numbers_that_mean_nothing_is_refused(
    accuracy: float, energy: float, message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        candidate("odd", accuracy, 100, energy_pj=energy)
