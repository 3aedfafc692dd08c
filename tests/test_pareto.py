"""Fronts of a comparison: rows that no other beats."""

import numpy as np
import pytest

from hwsim.pareto import non_dominated


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
