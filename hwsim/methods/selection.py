"""Model selection: the candidate of the highest reward under limits (tinySNN, model selection)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from hwsim.configuration import shown
from hwsim.errors import HwsimError, nearest

MEMORY = "memory_bytes"
"""The cost in tinySNN's reward."""

COSTS = (MEMORY, "energy_pj", "learning_energy_pj", "dram_bytes", "latency_ns", "area_um2")
"""Costs that a candidate may have: of an inference, learning of an image."""


@dataclass(frozen=True)
class Candidate:
    """A model that could be taken: ``accuracy`` in [0, 1] and its ``costs`` by name, as ``memory_bytes``,
    ``energy_pj``, ``latency_ns``, ``area_um2``; one that is not known is left out."""

    name: str
    accuracy: float
    costs: Mapping[str, float]

    def __post_init__(self) -> None:
        """Raises HwsimError for an accuracy outside [0, 1], and for costs that are negative or no numbers."""
        if not 0.0 <= self.accuracy <= 1.0:
            raise HwsimError(f"candidate {self.name!r}: accuracy is {self.accuracy}; allowed are 0 to 1")
        for cost, amount in self.costs.items():
            if not (math.isfinite(amount) and amount >= 0.0):
                raise HwsimError(f"candidate {self.name!r}: {cost} is {amount}; a cost is 0 or more")


@dataclass(frozen=True)
class Choice:
    """``winner`` has the highest reward for every mu from ``low`` up to ``high``, which may be infinite."""

    low: float
    high: float
    winner: Candidate


@dataclass(frozen=True)
class Limit:
    """A cost that must not be above ``most``."""

    cost: str
    most: float

    @staticmethod
    def of(text: str) -> "Limit":
        """From ``energy_pj<=2e6``. Raises HwsimError for other texts."""
        name, sign, number = text.partition("<=")
        try:
            most = float(number)
        except ValueError:
            most = math.nan
        if not sign or not name.strip() or not math.isfinite(most):
            raise HwsimError(f"--limit {shown(text)}: write COST<=NUMBER, as in energy_pj<=2e6")
        return Limit(checked_cost("limit", name.strip()), most)

    def __str__(self) -> str:
        return f"{self.cost}<={self.most:g}"


def checked_cost(option: str, name: str) -> str:
    """Raises HwsimError for a name that is no cost."""
    if name not in COSTS:
        raise HwsimError(f"--{option}: {shown(name)} is no cost.{nearest(name, list(COSTS))}")
    return name


def reward(candidate: Candidate, mu: float, reference: float, cost: str = MEMORY) -> float:
    """R = accuracy - mu * M / M0, M the candidate's ``cost`` and M0 the ``reference``.

    Source: tinySNN, its reward for model selection.
    """
    return candidate.accuracy - mu * candidate.costs[cost] / reference


def selected(candidates: Sequence[Candidate], mu: float, reference: float, cost: str = MEMORY) -> Candidate:
    """The candidate of the highest reward; of equal ones the cheapest, then the first."""
    return max(candidates, key=lambda c: (reward(c, mu, reference, cost), -c.costs[cost]))


def choices(candidates: Sequence[Candidate], reference: float, cost: str = MEMORY) -> list[Choice]:
    """Who wins for which mu, from mu = 0 up to infinity.

    With x = M / M0 and y the accuracy, the winners are the corners of the upper convex hull of all (x, y),
    from the highest y to the lowest x; two neighbors have equal rewards at mu = (y_2 - y_1) / (x_2 - x_1).
    """

    def turn(cheap: Candidate, dear: Candidate) -> float:
        return (dear.accuracy - cheap.accuracy) * reference / (dear.costs[cost] - cheap.costs[cost])

    corners: list[Candidate] = []
    for one in sorted(candidates, key=lambda c: (c.costs[cost], -c.accuracy)):
        if corners and one.accuracy <= corners[-1].accuracy:
            continue
        while len(corners) > 1 and turn(corners[-2], corners[-1]) <= turn(corners[-1], one):
            corners.pop()
        corners.append(one)
    corners.reverse()
    turns = [turn(cheap, dear) for dear, cheap in pairwise(corners)]
    return [
        Choice(low, high, winner)
        for low, high, winner in zip([0.0, *turns], [*turns, math.inf], corners, strict=True)
    ]


def within(
    candidates: Sequence[Candidate], limits: Sequence[Limit]
) -> tuple[list[Candidate], dict[str, str]]:
    """The candidates that keep all limits, and why each of the others does not, by name.

    A cost that is not known keeps no limit.
    """
    refused = {}
    for one in candidates:
        broken = [f"{x.cost} {_amount(one, x)}, at most {x.most:g}" for x in limits if not _keeps(one, x)]
        if broken:
            refused[one.name] = "; ".join(broken)
    return [one for one in candidates if one.name not in refused], refused


def _keeps(one: Candidate, limit: Limit) -> bool:
    return limit.cost in one.costs and one.costs[limit.cost] <= limit.most


def _amount(one: Candidate, limit: Limit) -> str:
    return f"{one.costs[limit.cost]:g}" if limit.cost in one.costs else "not known"
