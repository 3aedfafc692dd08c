"""Trainings of one kind: their mean, how much seeds move it, and what a training of one seed borrows."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import sqrt
from statistics import fmean, variance

LEAST_SPREAD = 0.025
"""Of a mean, the least standard deviation of what is not an accuracy: seeds that agree by chance prove no
less."""


@dataclass(frozen=True)
class Spread:
    """Variance between seeds of one kind of training: sum (n - 1) s^2 / sum (n - 1) over ``freedom``.

    In the quantity's own unit squared, or ``relative``: in squares of the mean. ``source``: of which
    trainings.
    """

    variance: float
    freedom: int
    source: str
    relative: bool = False

    def of(self, mean: float) -> float:
        """The variance of a training around ``mean``."""
        return self.variance * mean**2 if self.relative else self.variance

    @property
    def told(self) -> str:
        deviation = sqrt(self.variance)
        size = f"{100 * deviation:.2g} % of the mean" if self.relative else f"{deviation:.2g} points"
        return f"{size} between seeds ({self.freedom} degrees of freedom: {self.source})"


@dataclass(frozen=True)
class Sample:
    """Values of a quantity, a training each. ``tested``: images of the test split, of an accuracy in %.

    ``lent``: the spread of trainings of the same kind, for a sample of one.
    """

    values: tuple[float, ...]
    tested: int | None = None
    minutes: float | None = None
    lent: Spread | None = None

    @property
    def mean(self) -> float:
        return fmean(self.values)

    @property
    def borrows(self) -> bool:
        return len(self.values) == 1 and self.lent is not None

    @property
    def variance_of_mean(self) -> float | None:
        """Of the seeds, and no less than the test images, or LEAST_SPREAD, allow.

        Of one seed by the spread that is lent to it; None, not known, if none is.
        """
        mean, count = self.mean, len(self.values)
        least = mean * (100 - mean) / self.tested if self.tested else (LEAST_SPREAD * mean) ** 2
        if count > 1:
            return max(variance(self.values), least) / count
        return None if self.lent is None else max(self.lent.of(mean), least)

    def lending(self, spread: Spread | None) -> "Sample":
        return replace(self, lent=spread)


def pooled(samples: Iterable[Sample], source: str, relative: bool = False) -> Spread | None:
    """The spread between seeds of samples, those of two values and more; None if there are none."""
    several = [s for s in samples if len(s.values) > 1]
    freedom = sum(len(s.values) - 1 for s in several)
    if not freedom:
        return None
    squares = sum(
        (len(s.values) - 1) * variance(s.values) / (s.mean**2 if relative else 1.0) for s in several
    )
    return Spread(squares / freedom, freedom, source, relative)
