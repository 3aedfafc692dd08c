"""Kendall's tau-b and its bootstrap intervals."""

import numpy as np
import pytest

from hwsim.reproduction.ranks import interval, kendall, told


def test_tau_counts_pairs_in_order_against_pairs_out_of_order() -> None:
    assert kendall([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx((5 - 1) / 6)
    order = np.array([1.0, 2.0, 3.0, 4.0])
    assert kendall(order, order) == 1.0
    assert kendall(order, -order) == -1.0


def test_tau_b_counts_pairs_that_are_untied_in_each_column() -> None:
    # pairs: 5 untied in the second, of which 4 concordant and 1 discordant; 6 in the first
    assert kendall([1, 2, 3, 4], [1, 1, 3, 2]) == pytest.approx(3 / (6 * 5) ** 0.5)
    assert kendall([1, 2, 3], [5, 5, 5]) == 0.0


def test_an_interval_of_equal_orders_is_a_point() -> None:
    values = [float(n) for n in range(12)]
    assert interval(kendall, values, values) == pytest.approx((1.0, 1.0))
    low, high = interval(kendall, values, [v % 5 for v in values])
    assert low < kendall(values, [v % 5 for v in values]) < high
    assert told(values, values) == "1.00 (1.00 to 1.00)"
