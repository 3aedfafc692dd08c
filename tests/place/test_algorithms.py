"""Placement algorithms: legal, repeatable, never worse than their start; exact costs of moves (A1 to A5)."""

from collections.abc import Callable
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.place.algorithms import Annealing, annealed, curve_point, greedy, hilbert, row_major
from hwsim.place.metrics import Objective, Problem
from hwsim.place.run import ALGORITHMS, best, check_algorithm, run
from hwsim.place.slices import HOST
from tests.place.examples import draw_traffic, grid, traffic_of

OBJECTIVES: tuple[Objective, ...] = get_args(Objective)
seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    chip = grid(*(int(n) for n in rng.integers(1, 6, 2)), int(rng.integers(1, 4)))
    return Problem.of(draw_traffic(rng, int(rng.integers(1, chip.cores + 1)), 8), chip)


def silent(_stage: str, _done: int, _total: int) -> None:
    pass


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(OBJECTIVES))
def test_every_algorithm_gives_every_core_a_core_of_its_own(seed: int, objective: Objective) -> None:
    problem = drawn(seed)
    found = run(problem, ALGORITHMS, objective, 0, 500, silent)
    assert [p.algorithm for p in found] == list(ALGORITHMS)
    for placement in found:
        assert len(set(placement.place.tolist())) == problem.traffic.cores
        assert placement.place.min() >= 0
        assert placement.place.max() < problem.grid.cores


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(OBJECTIVES))
def test_annealing_is_never_worse_than_its_start(seed: int, objective: Objective) -> None:
    # (A4) a start at random, few moves, at any temperature
    problem = drawn(seed)
    start = np.random.default_rng(seed).permutation(problem.grid.cores)[: problem.traffic.cores]
    place = annealed(problem, start, objective, seed % 7, 300)
    assert problem.metrics(place).of(objective) <= problem.metrics(start).of(objective)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seeds, st.sampled_from(OBJECTIVES), st.sampled_from([0.0, 1.0, 50.0, 1e9]))
def test_costs_kept_from_move_to_move_equal_a_full_count(
    seed: int, objective: Objective, heat: float
) -> None:
    # (A5) hops, links of each flow and loads of links after 200 moves, taken or not
    problem = drawn(seed)
    start = np.random.default_rng(seed).permutation(problem.grid.cores)[: problem.traffic.cores]
    search = Annealing.begin(problem, start, objective, seed % 5)
    search.run(200, heat, 5)
    along, across, load, held = problem.loads(search.place)
    assert search.counts.tolist() == [along, across]
    assert (search.held == held).all()
    if objective == "max_link_load":
        assert (search.load == load).all()
    assert (search.holder[search.place] == np.arange(problem.traffic.cores)).all()
    assert (search.holder >= 0).sum() == problem.traffic.cores
    weights = search.weights
    best_along, best_across, best_load, _ = problem.loads(search.best)
    value = weights[0] * best_along + weights[1] * best_across
    assert search.record[0] == (best_load.max() if objective == "max_link_load" else value)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_same_seed_gives_the_same_placement_and_another_another(objective: Objective) -> None:
    problem = Problem.of(draw_traffic(np.random.default_rng(3), 20, 30), grid(5, 5))
    first, again, other = (annealed(problem, row_major(problem), objective, seed, 200) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_row_by_row_is_the_order_of_the_network() -> None:
    # (A1)
    problem = Problem.of(traffic_of(5, [(0, [1], 1)]), grid(4, 2))
    assert row_major(problem).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("side", [1, 2, 4, 16])
def test_the_curve_visits_every_point_once_by_single_steps(side: int) -> None:
    # (A2)
    points = [curve_point(side, d) for d in range(side * side)]
    assert points[0] == (0, 0)
    assert points[-1] == (side - 1, 0)
    assert len(set(points)) == side * side
    steps = {abs(a - c) + abs(b - d) for (a, b), (c, d) in pairwise(points)}
    assert steps <= {1}


def test_a_curve_of_four_points_goes_up_right_down() -> None:
    # (A2) (0,0), (0,1), (1,1), (1,0): routers 0, 2, 3, 1 of 2 x 2; two cores each, all of one after the other
    problem = Problem.of(traffic_of(6, [(0, [1], 1)]), grid(2, 2, 2))
    assert hilbert(problem).tolist() == [0, 1, 4, 5, 6, 7]


def test_the_greedy_one_follows_the_heaviest_packets() -> None:
    # (A3) on a line of 4: the host sends to core 2, so it takes router 0; core 0 has 9 packets with it and
    # is next to it; core 1 hears 5 from core 0
    flows = traffic_of(3, [(HOST, [2], 20), (2, [0], 9), (0, [1], 5)])
    problem = Problem.of(flows, grid(4, 1))
    assert greedy(problem).tolist() == [1, 2, 0]


def test_annealing_finds_the_best_of_a_line() -> None:
    # a chain of 6 cores at random on 6 x 1, fed by the host at router 0: the least is one hop between
    # neighbors, 5 links of 10 packets, which only the order of the chain has
    flows = traffic_of(6, [(HOST, [0], 10), *((i, [i + 1], 10) for i in range(5))])
    problem = Problem.of(flows, grid(6, 1))
    place = annealed(problem, np.array([3, 0, 5, 1, 4, 2]), "spike_hops", 0)
    assert problem.metrics(place).spike_hops == 50
    assert place.tolist() == [0, 1, 2, 3, 4, 5]


def test_the_best_is_that_of_the_objective() -> None:
    problem = Problem.of(draw_traffic(np.random.default_rng(5), 12, 20), grid(4, 4))
    for objective in OBJECTIVES:
        found = run(problem, ALGORITHMS, objective, 0, 2000, silent)
        least = min(p.metrics.of(objective) for p in found)
        assert best(found, objective).metrics.of(objective) == least
        assert found[-1].metrics.of(objective) == least


def test_annealing_alone_begins_with_the_best_of_those_not_asked_for() -> None:
    problem = Problem.of(draw_traffic(np.random.default_rng(6), 12, 20), grid(4, 4))
    (alone,) = run(problem, ("anneal",), "spike_hops", 0, 0, silent)
    starts: list[Callable[[Problem], np.ndarray]] = [row_major, hilbert, greedy]
    assert alone.metrics.spike_hops == min(problem.metrics(f(problem)).spike_hops for f in starts)


def test_an_unknown_algorithm_gets_the_nearest_name() -> None:
    with pytest.raises(HwsimError, match=r"--algorithm 'aneal'\. Did you mean 'anneal'\?"):
        check_algorithm("aneal")


def test_more_cores_than_the_grid_has_are_refused() -> None:
    with pytest.raises(HwsimError, match="5 cores to place on a grid of 4"):
        Problem.of(traffic_of(5, [(0, [1], 1)]), grid(2, 2))
