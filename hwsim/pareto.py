"""Which of several choices nothing else beats: the Pareto front."""

import numpy as np
from numpy.typing import NDArray


def non_dominated(costs: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of points (n, k), each coordinate better the smaller it is, those that no other dominates.

    p dominates q where p is nowhere larger and somewhere smaller. Equal points do not dominate each other. A
    point with a coordinate that is not known (NaN) neither dominates nor is on the front.
    """
    known = costs[~np.isnan(costs).any(axis=1)]
    front = np.zeros(len(costs), np.bool_)
    for i, point in enumerate(costs):
        beaten = (known <= point).all(axis=1) & (known < point).any(axis=1)
        front[i] = not (np.isnan(point).any() or beaten.any())
    return front
