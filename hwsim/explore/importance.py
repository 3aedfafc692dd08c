"""Which parameter matters: the share of an objective's variance that each explains alone."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

LEVELS = 8
"""Parts into which the values of a continuous parameter are cut, each of equally many points."""


def shares(points: Sequence[dict[str, Any]], values: Sequence[float]) -> dict[str, float]:
    """Of each parameter epsilon squared, (SS_between - (k - 1) MS_within) / SS_total of the points grouped by
    its k values, at least 0: the share of the variance that the parameter explains alone, without what k
    groups of noise would.

    Where all values are positive their logarithms are taken. A parameter that is left out has a group of
    its own. Shares of parameters that act together do not add up to 1. Of points that a sampler drew towards
    the best, these are the shares there and not over the space.
    """
    y = np.asarray(values, np.float64)
    if len(y) and (y > 0).all():
        y = np.log(y)
    total = float(((y - y.mean()) ** 2).sum()) if len(y) else 0.0
    names = list(dict.fromkeys(name for point in points for name in point))
    return {name: _share([point.get(name) for point in points], y, total) for name in names}


def _share(levels: list[Any], y: NDArray[np.float64], total: float) -> float:
    groups: dict[Any, list[int]] = defaultdict(list)
    for place, level in enumerate(_grouped(levels)):
        groups[level].append(place)
    count, freedom = len(groups), len(y) - len(groups)
    if count < 2 or freedom < 1 or not total:
        return 0.0
    within = sum(float(((y[at] - y[at].mean()) ** 2).sum()) for at in groups.values())
    return max(0.0, (total - within - (count - 1) * within / freedom) / total)


def _grouped(levels: list[Any]) -> list[Any]:
    """The values themselves, or their part of the range where nearly each is another."""
    numbers = [v for v in levels if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) < len(levels) or len(set(numbers)) <= max(LEVELS, len(levels) // 4):
        return [(type(v).__name__, v) for v in levels]
    edges = np.quantile(numbers, [i / LEVELS for i in range(LEVELS + 1)])
    inner = [b for a, b in pairwise(edges[:-1]) if b > a]
    return list(np.searchsorted(inner, numbers, side="right"))
