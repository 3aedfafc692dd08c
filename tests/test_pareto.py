"""Fronts of a comparison: rows that no other beats."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.pareto import hypervolume, non_dominated


def front(*points: tuple[float, ...]) -> list[int]:
    return np.flatnonzero(non_dominated(np.array(points, np.float64))).tolist()


def test_a_point_that_is_nowhere_better_is_off_the_front() -> None:
    # (2, 2) is beaten by (1, 2) and (2, 1), (3, 3) by all; (1, 2) and (2, 1) beat each other in one each
    assert front((1, 2), (2, 2), (2, 1), (3, 3)) == [0, 2]


def test_of_equal_points_none_beats_another() -> None:
    assert front((1, 1), (1, 1), (1, 2)) == [0, 1]


def test_what_is_not_known_neither_beats_nor_stands_on_the_front() -> None:
    assert front((np.nan, 0), (1, 1), (0, np.nan)) == [1]


@pytest.mark.parametrize("seed", range(20))
def test_every_point_off_the_front_is_beaten_by_one_on_it(seed: int) -> None:
    points = np.random.default_rng(seed).integers(0, 6, (15, 3)).astype(np.float64)
    on = non_dominated(points)
    assert on.any()
    for point in points[~on]:
        assert any((best <= point).all() and (best < point).any() for best in points[on])


@given(st.lists(st.tuples(*[st.sampled_from([0.0, 1.0, 2.0, np.nan])] * 3), max_size=12))
def test_the_front_is_all_that_no_known_point_dominates(points: list[tuple[float, ...]]) -> None:
    costs = np.array(points).reshape(len(points), 3)
    known = costs[~np.isnan(costs).any(axis=1)]
    beaten = [any((k <= p).all() and (k < p).any() for k in known) for p in costs]
    expected = [not b and not np.isnan(p).any() for b, p in zip(beaten, costs, strict=True)]
    assert non_dominated(costs).tolist() == expected


def test_a_hypervolume_is_the_volume_of_the_union_of_boxes() -> None:
    # two boxes of 2 x 1 and 1 x 3 up to (3, 4), which share 1 x 1
    assert hypervolume(np.array([[1.0, 3.0], [2.0, 1.0]]), np.array([3.0, 4.0])) == 2 + 3 - 1
    assert hypervolume(np.array([[1.0, 1.0, 1.0], [4.0, 0.0, 0.0]]), np.array([3.0, 3.0, 3.0])) == 8
    assert hypervolume(np.array([[np.nan, 1.0]]), np.array([3.0, 3.0])) == 0


@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), max_size=8))
def test_a_hypervolume_counts_the_cells_that_some_point_dominates(points: list[tuple[int, ...]]) -> None:
    costs = np.array(points, np.float64).reshape(len(points), 3)
    cells = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), -1).reshape(-1, 3)
    covered = (cells[:, None] >= costs[None]).all(2).any(1).sum() if len(points) else 0
    assert hypervolume(costs, np.full(3, 5.0)) == covered
