"""What AutoSNN's search maximizes: accuracy, held against a cost (Section 4.3)."""

import math
from collections.abc import Callable

from hwsim.errors import HwsimError

Fitness = Callable[[float, float, float, float], float]
"""Of accuracy, cost, the mean cost and lambda."""


def power(accuracy: float, cost: float, mean: float, exponent: float) -> float:
    """accuracy * (cost / mean)^lambda; lambda < 0 prefers cheap ones. Source: AutoSNN, Eq. 8."""
    return accuracy * math.pow(cost / mean, exponent)


def linear(accuracy: float, cost: float, mean: float, factor: float) -> float:
    """accuracy + lambda * cost / mean. Source: AutoSNN, appendix."""
    return accuracy + factor * cost / mean


FITNESS: dict[str, Fitness] = {"power": power, "linear": linear}


def checked_cost(name: str, cost: float) -> float:
    """Raises HwsimError for a cost that no fitness can be made of."""
    if not math.isfinite(cost) or cost <= 0:
        raise HwsimError(f"cost {name} is {cost:g}; a search needs costs above 0")
    return cost
