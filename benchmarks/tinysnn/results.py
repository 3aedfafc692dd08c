"""Rows of accuracy.csv: what runs are finished, kept from one report to the next, and means over seeds."""

import csv
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from benchmarks.csv_text import csv_text
from benchmarks.tinysnn.plan import plan
from benchmarks.tinysnn.run import row_of

CRITICAL = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}
"""Student's t, two-sided, 95 %, of so many pairs."""


@dataclass(frozen=True)
class Row:
    """A finished run (:class:`benchmarks.tinysnn.plan.Run`). ``weights``, ``membrane``, ``theta``: bits and
    fraction bits; ``images`` learned, all passes; ``spikes`` for a test image and ``weight_writes`` for one
    that is learned; ``minutes`` of learning, of ptq those of labels and test."""

    data: str
    network: str
    rule: str
    neurons: int
    passes: int
    seed: int
    scheme: str
    parts: str
    bits: int
    rounding: str
    changes: str
    weights: str
    membrane: str
    theta: str
    images: int
    accuracy: float
    spikes: float
    weight_writes: float
    minutes: float

    @property
    def run(self) -> tuple[object, ...]:
        """Which run it is."""
        return tuple(asdict(self).values())[:11]


@dataclass(frozen=True)
class Point:
    """Runs that differ in their seeds: accuracies in %, by seed."""

    accuracies: Mapping[int, float]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.accuracies.values())

    @property
    def deviation(self) -> float | None:
        values = list(self.accuracies.values())
        return statistics.stdev(values) if len(values) > 1 else None

    @property
    def told(self) -> str:
        spread = "" if self.deviation is None else f" ± {self.deviation:.2f}"
        return f"{self.mean:.2f}{spread} ({len(self.accuracies)})"

    def minus(self, other: "Point") -> "Difference":
        pairs = [a - other.accuracies[s] for s, a in self.accuracies.items() if s in other.accuracies]
        return Difference(tuple(pairs))


@dataclass(frozen=True)
class Difference:
    """Of accuracies in percentage points, seed by seed."""

    pairs: tuple[float, ...]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.pairs)

    @property
    def significant(self) -> bool:
        """Whether |mean| > t s / sqrt(n) at 95 %; never of a single pair."""
        if len(self.pairs) < 2:
            return False
        error = statistics.stdev(self.pairs) / len(self.pairs) ** 0.5
        return abs(self.mean) > CRITICAL[len(self.pairs)] * error

    @property
    def told(self) -> str:
        spread = f" ± {statistics.stdev(self.pairs):.2f}" if len(self.pairs) > 1 else ""
        return f"{self.mean:+.2f}{spread}{' *' if self.significant else ''}"


class Found:
    """All rows, by what they are."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.rows = list(rows)

    def point(
        self,
        data: str = "mnist",
        network: str = "lateral",
        rule: str = "tinysnn",
        neurons: int = 100,
        scheme: str = "float",
        parts: str = "",
        bits: int = 32,
        rounding: str = "",
        changes: str = "",
    ) -> Point | None:
        """Over the seeds; None where nothing of it is done."""
        wanted = (data, network, rule, neurons, scheme, parts, bits, rounding, changes)
        found = {
            r.seed: 100 * r.accuracy
            for r in self.rows
            if (r.data, r.network, r.rule, r.neurons, r.scheme, r.parts, r.bits, r.rounding, r.changes)
            == wanted
        }
        return Point(found) if found else None


def load(store: Path, table: Path) -> list[Row]:
    """Runs of the plan that are done in ``store``, and those of the ``table`` where they are not there."""
    kept = {row.run: row for row in read(table)} if table.is_file() else {}
    for run in plan():
        if found := row_of(run, store):
            row = Row(**found)
            kept[row.run] = row
    order = [
        (r.data, r.network, r.rule, r.neurons, r.scheme, r.parts, r.bits, r.rounding) for r in kept.values()
    ]
    return [row for _, row in sorted(zip(order, kept.values(), strict=True), key=lambda pair: pair[0])]


def read(table: Path) -> list[Row]:
    kinds = {f.name: f.type for f in fields(Row)}
    with table.open(encoding="utf-8", newline="") as file:
        return [
            Row(**{name: kinds[name](value) for name, value in line.items()})  # type: ignore[operator]
            for line in csv.DictReader(file)
        ]


def written(rows: Iterable[Row]) -> str:
    return csv_text([f.name for f in fields(Row)], map(asdict, rows))
