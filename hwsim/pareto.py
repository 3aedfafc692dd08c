"""Which of several choices nothing else beats: the Pareto front, and how much it covers."""

import numpy as np
from numpy.typing import NDArray


def non_dominated(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of points (n, k), each coordinate better the smaller it is, those that no other dominates.

    p dominates q where p is nowhere larger and somewhere smaller. Equal points do not dominate each other. A
    point with a coordinate that is not known (NaN) neither dominates nor is on the front. Time: n for each
    different point of the front.
    """
    left = np.flatnonzero(~np.isnan(costs).any(axis=1))
    left = left[np.lexsort(costs[left].T[::-1])]
    front = np.zeros(len(costs), np.bool_)
    while len(left):
        # none of those behind it in this order dominates the first
        point, others = costs[left[0]], costs[left]
        equal = (others == point).all(axis=1)
        front[left[equal]] = True
        left = left[(others < point).any(axis=1)]
    return front


def hypervolume(costs: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Volume of what points (n, k) dominate up to ``reference`` (k,), each coordinate better the smaller.

    By slices along the last coordinate, whose volumes of k - 1 coordinates are worked out the same way.
    Points that are not known (NaN) or not better than the reference everywhere cover nothing.
    """
    points = costs[(costs < reference).all(axis=1)]
    if not len(points):
        return 0.0
    if points.shape[1] == 1:
        return float(reference[0] - points.min())
    points = points[non_dominated(points)]
    points = points[np.argsort(points[:, -1], kind="stable")]
    ends = np.append(points[1:, -1], reference[-1])
    return sum(
        float(end - points[i, -1]) * hypervolume(points[: i + 1, :-1], reference[:-1])
        for i, end in enumerate(ends)
        if end > points[i, -1]
    )
