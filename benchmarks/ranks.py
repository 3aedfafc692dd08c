"""How alike two orders are: Kendall's tau-b with bootstrap intervals."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

RESAMPLED = 2000
LEVEL = 95.0


def kendall(x: Sequence[float] | NDArray[np.float64], y: Sequence[float] | NDArray[np.float64]) -> float:
    """Tau-b of two columns; 0 where one of them is constant."""
    found = float(kendalltau(x, y).statistic)
    return 0.0 if np.isnan(found) else found


def interval(of: Callable[..., float], *columns: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The middle LEVEL percent of a statistic of the columns, whose rows are drawn anew, together."""
    rows, rng = np.column_stack(columns), np.random.default_rng(seed)
    drawn = [of(*rows[rng.integers(len(rows), size=len(rows))].T) for _ in range(RESAMPLED)]
    low, high = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)


def told(x: Sequence[float], y: Sequence[float]) -> str:
    """Tau and its interval as a text: 0.52 (0.31 to 0.69)."""
    low, high = interval(kendall, x, y)
    return f"{kendall(x, y):.2f} ({low:.2f} to {high:.2f})"
