"""A row of a reproduction: the paper's number, ours, how ours was obtained, and the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import Literal

from hwsim.reproduction.printed import Printed
from hwsim.reproduction.samples import Sample

How = Literal["computed", "by the paper's formula", "simulated", "trained small", "not reproduced"]
Taken = Literal["given", "fitted"]

FORMULA: How = "by the paper's formula"
"""Of what checks a formula and the network that it is of, and no model or measurement of ours."""

LIMITS = (1, 2, 5, 10, 20)
"""Percent of the paper's number that ``within N %`` may say."""

NONE = 1e-9
"""Differences of printed numbers below it are rounding of floats."""

RULES = {
    "equal": "ours rounds to the paper's number at the digits that it prints, and nothing of ours was taken "
    "from it. Where the column says *by the paper's formula*, its formula was computed again from the "
    "network as it is built here: a check of both, not of what a machine does",
    "within N %": "it does not, and is off by no more than N % of it, N the least of 1, 2, 5, 10, 20",
    "differs": "off by more than 20 %",
    "given": "ours was taken over from the paper: that it is the same says nothing",
    "fitted": "a parameter, or a choice that the paper leaves open, was taken from this number, or from "
    "several of which it is one: that ours comes near says little",
    "trend holds": "a difference of two of our means has the sign of the paper's, beyond two standard "
    "errors; where the paper has no difference of accuracy, our interval has 0 in it and is no wider than "
    "half the least difference, other than 0, that the same table of the paper has among the trends. The "
    "standard error is of our seeds and no less than the test images allow; a mean of one seed has the "
    "spread of those trainings of its kind that do have several seeds, which the row names",
    "trend absent": "the opposite, beyond two standard errors; of a number that is the same quantity at any "
    "size (Kendall's tau) also where our interval has 0 in it and leaves out the paper's number",
    "open": "our interval has 0 in it: more seeds or images would have to tell. Where the paper has no "
    "difference: it has, but is too wide to say that there is none",
    "one seed": "ours is of one training, and no spread between seeds of its kind is known",
    "not comparable": "ours is of a smaller network, other data or another machine; the trends are what may "
    "be compared",
    "not reproduced": "we have no such number; the row says why",
    "beside": "the paper prints no such number; ours explains one that it does",
}
"""What each verdict means."""


@dataclass(frozen=True)
class Ours:
    """Our number of a place in a paper, or why there is none (``note``).

    ``source``: the file that it was read from, or what computed it. ``seeds``: how many trainings are in it;
    ``minutes``: of one CPU core that they took. Not ``comparable``: of another size than the paper's.
    ``taken``: the number itself, or a parameter of ours, is from the paper's number.
    """

    value: float | None
    how: How
    source: str
    note: str = ""
    seeds: int | None = None
    minutes: float | None = None
    comparable: bool = True
    taken: Taken | None = None


@dataclass(frozen=True)
class Row:
    """``interval``: of a ``trend``'s difference, None where no spread is known. ``lent``: the spreads of
    other trainings in it."""

    printed: Printed
    ours: Ours
    verdict: str
    trend: bool = False
    interval: tuple[float, float] | None = None
    lent: tuple[str, ...] = ()

    @property
    def difference(self) -> float | None:
        number, ours = self.printed.number, self.ours.value
        return None if number is None or ours is None or self.trend else ours - number


def missing(why: str) -> Ours:
    """A number that we have not."""
    return Ours(None, "not reproduced", "", why)


def cell(printed: Printed, ours: Ours) -> Row:
    return Row(printed, ours, judged(printed, ours))


def judged(printed: Printed, ours: Ours) -> str:
    """The verdict of a number, or of a word (RULES)."""
    if ours.how == "not reproduced":
        return "not reproduced"
    if not printed.text or ours.value is None:
        return "beside"
    if not ours.comparable or printed.number is None:
        return "not comparable"
    if ours.taken is not None:
        return ours.taken
    off = abs(ours.value - printed.number)
    if off <= printed.half_digit * (1 + 1e-9):
        return "equal"
    share = 100 * off / abs(printed.number) if printed.number else float("inf")
    return next((f"within {limit} %" for limit in LIMITS if share <= limit), "differs")


def trained_small(found: Sample, source: str, note: str, seeds: int | None = None) -> Ours:
    """The mean of small trainings; of so many ``seeds``, as many as there are trainings if not told."""
    count = len(found.values) if seeds is None else seeds
    return Ours(found.mean, "trained small", source, note, count, found.minutes, comparable=False)


def trend(printed: Printed, first: Sample, second: Sample, source: str, note: str = "") -> Row:
    """``printed``: the paper's second number less its first. Ours are the means of the samples."""
    variances = [s.variance_of_mean for s in (first, second)]
    known = [v for v in variances if v is not None]
    minutes = [s.minutes for s in (first, second) if s.minutes is not None]
    difference = second.mean - first.mean
    ours = Ours(
        difference,
        "trained small",
        source,
        note,
        min(len(first.values), len(second.values)),
        sum(minutes) if minutes else None,
    )
    lent = tuple(dict.fromkeys(s.lent.told for s in (first, second) if s.borrows and s.lent is not None))
    interval = around(difference, 2 * sqrt(sum(known))) if len(known) == len(variances) else None
    return trend_of(printed, ours, interval, lent=lent)


def around(middle: float, reach: float) -> tuple[float, float]:
    return middle - reach, middle + reach


def trend_of(
    printed: Printed,
    ours: Ours,
    interval: tuple[float, float] | None,
    same_quantity: bool = False,
    lent: tuple[str, ...] = (),
) -> Row:
    """A trend whose interval is known otherwise. ``same_quantity``: its size may be held against ours."""
    assert printed.number is not None
    return Row(printed, ours, judged_trend(printed.number, interval, same_quantity), True, interval, lent)


def beside_their_table(rows: Sequence[Row]) -> list[Row]:
    """Trends of which the paper has no difference judged anew, by the least that its table has elsewhere.

    Points of accuracy alone, and none whose sign is all that the paper gives: other quantities of smaller
    networks are of another size than the paper's.
    """
    made = []
    for row in rows:
        number, unit = row.printed.number, row.printed.unit
        if row.trend and number is not None and abs(number) < NONE and unit == "points":
            others = [
                abs(r.printed.number)
                for r in rows
                if r.trend and (r.printed.table, r.printed.unit) == (row.printed.table, unit)
                if r.printed.number is not None and abs(r.printed.number) >= NONE
            ]
            widest = min(others) / 2 if others else None
            made.append(replace(row, verdict=judged_trend(number, row.interval, widest=widest)))
        else:
            made.append(row)
    return made


def judged_trend(
    printed: float,
    interval: tuple[float, float] | None,
    same_quantity: bool = False,
    widest: float | None = None,
) -> str:
    """The verdict of a difference by the interval of ours (RULES).

    ``widest``: an interval from below 0 to above it and no wider says that there is no difference; without
    one none does.
    """
    if interval is None:
        return "one seed"
    low, high = interval
    none = low <= 0 <= high
    if abs(printed) < NONE:
        if not none:
            return "trend absent"
        return "trend holds" if widest is not None and high - low <= widest else "open"
    if none:
        excluded = same_quantity and not low <= printed <= high
        return "trend absent" if excluded else "open"
    return "trend holds" if (low > 0) == (printed > 0) else "trend absent"
