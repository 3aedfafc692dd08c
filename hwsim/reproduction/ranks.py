"""How alike two orders are: Kendall's tau-b with bootstrap intervals."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

RESAMPLED = 2000
LEVEL = 95.0

Column = Sequence[float] | NDArray[np.float64]


def kendall(x: Column, y: Column) -> float:
    """tau-b = (concordant - discordant) / sqrt(pairs untied in x * pairs untied in y); 0 where one of them
    is constant."""
    first, second = np.asarray(x, np.float64), np.asarray(y, np.float64)
    a, b = (np.sign(v[:, None] - v[None, :]) for v in (first, second))
    untied = float(np.count_nonzero(a)) * np.count_nonzero(b)
    return float(np.vdot(a, b) / np.sqrt(untied)) if untied else 0.0


def interval(of: Callable[..., float], *columns: Column, seed: int = 0) -> tuple[float, float]:
    """The middle LEVEL percent of a statistic of the columns, whose rows are drawn anew, together."""
    rows, rng = np.column_stack(columns), np.random.default_rng(seed)
    drawn = [of(*rows[rng.integers(len(rows), size=len(rows))].T) for _ in range(RESAMPLED)]
    low, high = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)


def told(x: Column, y: Column) -> str:
    """Tau and its interval as a text: 0.52 (0.31 to 0.69)."""
    low, high = interval(kendall, x, y)
    return f"{kendall(x, y):.2f} ({low:.2f} to {high:.2f})"
