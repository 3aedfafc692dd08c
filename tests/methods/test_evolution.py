"""AutoSNN's evolution: what is drawn, that nothing is evaluated twice, and that it finds more than chance."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.methods.spike_aware.evolution import (
    Architecture,
    Evolution,
    History,
    Space,
    crossed,
    evolve,
    mutated,
    search_at_random,
)
from hwsim.methods.spike_aware.fitness import checked_cost, linear, power

SPACE = Space.of(("skip", "scb3", "scb5", "srb3", "srb5"), 5)


def likeness(pool: Sequence[Architecture]) -> list[float]:
    """A fitness with one summit: places that are srb5."""
    return [float(sum(name == "srb5" for name in one)) for one in pool]


@given(st.integers(0, 1000))
def test_no_architecture_is_evaluated_twice_and_the_budget_is_kept(seed: int) -> None:
    asked: list[Architecture] = []

    def evaluate(pool: Sequence[Architecture]) -> list[float]:
        asked.extend(pool)
        return likeness(pool)

    *_, last = evolve(SPACE, evaluate, Evolution(), seed)
    assert len(asked) == len(set(asked)) == Evolution().budget == len(last.seen) == 200


def test_a_search_repeats_and_another_seed_is_another_search() -> None:
    runs = [list(evolve(SPACE, likeness, Evolution(), seed))[-1].seen for seed in (3, 3, 4)]
    assert runs[0] == runs[1] != runs[2]


def test_evolution_finds_the_summit_that_chance_misses() -> None:
    """The summit is 1 of 3125; 200 random architectures hold it with a probability of 6 %."""
    found = {"evolve": 0, "random": 0}
    for seed in range(20):
        for name, search in (("evolve", evolve), ("random", search_at_random)):
            *_, last = search(SPACE, likeness, Evolution(), seed)
            found[name] += last.best(1)[0].fitness == 5
    assert found["evolve"] == 20
    assert found["random"] <= 5


def test_a_small_space_ends_when_all_of_it_is_known() -> None:
    small = Space.of(("a", "b"), 3)
    *_, last = evolve(small, lambda pool: [1.0] * len(pool), Evolution(pool=6, mutations=2, crossovers=2), 0)
    assert {one.architecture for one in last.seen} == {(x, y, z) for x in "ab" for y in "ab" for z in "ab"}
    assert max(one.round for one in last.seen) == 2


def test_a_crossover_has_the_first_places_of_one_parent_and_the_last_of_another() -> None:
    rng = np.random.default_rng(0)
    parents = [("a",) * 5, ("b",) * 5]
    drawn = {crossed(parents, rng) for _ in range(300)}
    cuts = {("a",) * n + ("b",) * (5 - n) for n in range(1, 5)}
    assert drawn == cuts | {tuple(reversed(one)) for one in cuts} | set(parents)


def test_a_mutation_changes_rho_of_the_places_that_differ() -> None:
    """A place drawn anew is the same again with a probability of 1/5: .2 * .8 of the places change."""
    rng, parent = np.random.default_rng(0), ("skip",) * 5
    drawn = [mutated(SPACE, [parent], 0.2, rng) for _ in range(4000)]
    changed = np.mean([[name != "skip" for name in one] for one in drawn])
    assert changed == pytest.approx(0.16, abs=4 * np.sqrt(0.16 * 0.84 / 20_000))


def test_the_best_are_the_fittest_and_of_equal_ones_the_earliest() -> None:
    history = History()
    history.add([("a",), ("b",), ("c",)], [1.0, 2.0, 2.0], 1)
    assert [one.architecture for one in history.best(2)] == [("b",), ("c",)]


@pytest.mark.parametrize("values", [{"rounds": 0}, {"mutations": 15}, {"rho": 0.0}, {"rho": 1.5}, {"top": 0}])
def test_an_evolution_that_means_nothing_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(HwsimError, match="evolution: "):
        Evolution(**values)  # type: ignore[arg-type]


def test_a_space_without_a_choice_is_refused() -> None:
    with pytest.raises(HwsimError, match="2 different options each"):
        Space.of(("a", "a"), 5)


def test_a_fitness_is_accuracy_at_the_mean_cost_and_falls_with_cost_below_lambda_0() -> None:
    assert power(0.8, 100.0, 100.0, -0.08) == pytest.approx(0.8)
    assert power(0.8, 200.0, 100.0, -0.08) == pytest.approx(0.8 * 2**-0.08)
    assert linear(0.8, 200.0, 100.0, -0.1) == pytest.approx(0.6)
    assert power(0.8, 200.0, 100.0, 0.0) == 0.8


@pytest.mark.parametrize("cost", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cost_that_is_not_above_0_is_refused(cost: float) -> None:
    with pytest.raises(HwsimError, match="costs above 0"):
        checked_cost("spikes", cost)
