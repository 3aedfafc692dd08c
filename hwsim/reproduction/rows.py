"""A row of a reproduction: the paper's number, ours, how ours was obtained, and the verdict."""

from dataclasses import dataclass
from math import sqrt
from statistics import fmean, variance
from typing import Literal

from hwsim.reproduction.printed import Printed

How = Literal["computed", "simulated", "trained small", "not reproduced"]

LIMITS = (1, 2, 5, 10, 20)
"""Percent of the paper's number that ``within N %`` may say."""

RULES = {
    "equal": "ours rounds to the paper's number at the digits that it prints",
    "within N %": "it does not, and is off by no more than N % of it, N the least of 1, 2, 5, 10, 20",
    "differs": "off by more than 20 %",
    "trend holds": "a difference of two of our means has the sign of the paper's, beyond two standard "
    "errors; "
    "where the paper has no difference, ours is within two standard errors of none",
    "trend absent": "the opposite, beyond two standard errors",
    "open": "within two standard errors: more seeds or images would have to tell",
    "not comparable": "ours is of a smaller network, other data or another machine; the trends beside are",
    "not reproduced": "we have no such number; the row says why",
    "beside": "the paper prints no such number; ours explains one that it does",
}
"""What each verdict means."""

LEAST_SPREAD = 0.025
"""Of a mean, the least standard deviation of what is not an accuracy: trainings of one seed differ too."""


@dataclass(frozen=True)
class Ours:
    """Our number of a place in a paper, or why there is none (``note``).

    ``source``: the file that it was read from, or what computed it. ``seeds``: how many trainings are in it;
    ``minutes``: of one CPU core that they took. Not ``comparable``: of another size than the paper's.
    """

    value: float | None
    how: How
    source: str
    note: str = ""
    seeds: int | None = None
    minutes: float | None = None
    comparable: bool = True


@dataclass(frozen=True)
class Row:
    """``noise``: two standard errors of a trend's difference."""

    printed: Printed
    ours: Ours
    verdict: str
    noise: float | None = None

    @property
    def difference(self) -> float | None:
        number, ours = self.printed.number, self.ours.value
        return None if number is None or ours is None or self.noise is not None else ours - number


def missing(why: str) -> Ours:
    """A number that we have not."""
    return Ours(None, "not reproduced", "", why)


def cell(printed: Printed, ours: Ours) -> Row:
    return Row(printed, ours, judged(printed, ours))


def judged(printed: Printed, ours: Ours) -> str:
    """The verdict of a number (RULES)."""
    if ours.how == "not reproduced":
        return "not reproduced"
    if printed.number is None or ours.value is None:
        return "beside"
    if not ours.comparable:
        return "not comparable"
    off = abs(ours.value - printed.number)
    if off <= printed.half_digit * (1 + 1e-9):
        return "equal"
    share = 100 * off / abs(printed.number) if printed.number else float("inf")
    return next((f"within {limit} %" for limit in LIMITS if share <= limit), "differs")


@dataclass(frozen=True)
class Sample:
    """Values of a quantity, a training each. ``tested``: images of the test split, of an accuracy in %."""

    values: tuple[float, ...]
    tested: int | None = None
    minutes: float | None = None

    @property
    def mean(self) -> float:
        return fmean(self.values)

    @property
    def variance_of_mean(self) -> float:
        """Of the seeds, and no less than the test images, or LEAST_SPREAD, allow."""
        mean = self.mean
        least = mean * (100 - mean) / self.tested if self.tested else (LEAST_SPREAD * mean) ** 2
        seen = variance(self.values) if len(self.values) > 1 else 0.0
        return max(seen, least) / len(self.values)


def trained_small(found: Sample, source: str, note: str, seeds: int | None = None) -> Ours:
    """The mean of small trainings; of so many ``seeds``, as many as there are trainings if not told."""
    count = len(found.values) if seeds is None else seeds
    return Ours(found.mean, "trained small", source, note, count, found.minutes, comparable=False)


def trend(printed: Printed, first: Sample, second: Sample, source: str, note: str = "") -> Row:
    """``printed``: the paper's second number less its first. Ours are the means of the samples."""
    noise = 2 * sqrt(first.variance_of_mean + second.variance_of_mean)
    minutes = [s.minutes for s in (first, second) if s.minutes is not None]
    ours = Ours(
        second.mean - first.mean,
        "trained small",
        source,
        note,
        min(len(first.values), len(second.values)),
        sum(minutes) if minutes else None,
    )
    return Row(printed, ours, judged_trend(printed.number, ours.value, noise), noise)


def judged_trend(printed: float | None, ours: float | None, noise: float) -> str:
    """The verdict of a difference (RULES)."""
    assert printed is not None
    assert ours is not None
    if abs(printed) < 1e-9:
        return "trend holds" if abs(ours) <= noise else "trend absent"
    if abs(ours) <= noise:
        return "open"
    return "trend holds" if (ours > 0) == (printed > 0) else "trend absent"
