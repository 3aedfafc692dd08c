"""Rows of runs.csv, layers.csv and searches.csv: what is done, kept from one report to the next."""

import csv
import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

from benchmarks.autosnn.__main__ import LAYERS, found_networks
from benchmarks.autosnn.plan import SMALL, Run, plan, searches
from benchmarks.autosnn.searches import Outcome, result_of
from benchmarks.csv_text import csv_text
from hwsim.methods.train import CARD
from hwsim.reproduction.autosnn import SEVERAL
from hwsim.reproduction.samples import Sample, Spread, pooled
from hwsim.storage import is_file

Of = Literal["accuracy", "spikes"]

SHOWN = ("macro", "causes")
"""Groups whose layers are kept, of the first seed."""


@dataclass(frozen=True)
class Row:
    """A finished training. ``spikes`` of a test image, over all steps; ``neurons``: with the outputs of max
    pools; ``rate``: spikes of these and step; ``minutes`` of processor time."""

    group: str
    row: str
    seed: int
    accuracy: float
    train_accuracy: float
    spikes: float
    neurons: int
    rate: float
    parameters: int
    timesteps: int
    epochs: int
    minutes: float


@dataclass(frozen=True)
class LayerRow:
    """A layer of a finished training, in the order in which they run."""

    group: str
    row: str
    seed: int
    place: int
    kind: str
    size: int
    spikes: float
    rate: float


@dataclass(frozen=True)
class Point:
    """Trainings that differ in their seeds: accuracies in % and thousands of spikes a sample, by seed.

    ``spreads``: between the seeds of trainings like these, for a point of one seed.
    """

    accuracies: Mapping[int, float]
    spikes: Mapping[int, float]
    rate: float
    parameters: int
    spreads: Mapping[Of, Spread] = field(default_factory=dict)

    def of(self, of: Of) -> Mapping[int, float]:
        return self.accuracies if of == "accuracy" else self.spikes

    def sample(self, of: Of) -> Sample:
        """As hwsim/reproduction/autosnn.py judges it."""
        tested = SMALL["test_samples"] if of == "accuracy" else None
        return Sample(tuple(self.of(of).values()), tested, lent=self.spreads.get(of))

    def of_seed(self, seed: int) -> "Point":
        """The training of one seed alone; its ``rate`` stays the mean of all."""
        return replace(self, accuracies={seed: self.accuracies[seed]}, spikes={seed: self.spikes[seed]})

    @property
    def told(self) -> str:
        return spread(list(self.accuracies.values()))

    @property
    def spikes_told(self) -> str:
        return f"{self.mean_spikes:.2f}"

    @property
    def accuracy(self) -> float:
        return statistics.fmean(self.accuracies.values())

    @property
    def mean_spikes(self) -> float:
        return statistics.fmean(self.spikes.values())


class Found:
    """All that is done."""

    def __init__(self, runs: Iterable[Row], layers: Iterable[LayerRow], outcomes: Iterable[Outcome]) -> None:
        self.runs, self.layers, self.outcomes = list(runs), list(layers), list(outcomes)

    def point(self, group: str, row: str) -> Point | None:
        """Over the seeds; None where nothing of it is done."""
        runs = [r for r in self.runs if (r.group, r.row) == (group, row)]
        if not runs:
            return None
        return replace(_point(runs), spreads=self.spreads)

    @cached_property
    def spreads(self) -> dict[Of, Spread]:
        """Between seeds, over all networks of SEVERAL that were trained in several; of spikes relative."""
        names = dict.fromkeys((r.group, r.row) for r in self.runs if r.group in SEVERAL)
        points = [_point([r for r in self.runs if (r.group, r.row) == name]) for name in names]
        columns: tuple[Of, ...] = ("accuracy", "spikes")
        found = {
            of: pooled((p.sample(of) for p in points), " and ".join(SEVERAL), relative=of == "spikes")
            for of in columns
        }
        return {of: spread for of, spread in found.items() if spread is not None}

    def group(self, group: str) -> dict[str, Point]:
        names = dict.fromkeys(r.row for r in self.runs if r.group == group)
        return {name: point for name in names if (point := self.point(group, name))}

    def searches(self, space: str, method: str, exponent: str) -> list[Outcome]:
        wanted = (space, method, exponent)
        return [o for o in self.outcomes if (o.space, o.method, o.exponent) == wanted]


def _point(runs: Sequence[Row]) -> Point:
    """Of trainings that differ in their seeds alone."""
    accuracies = {r.seed: 100 * r.accuracy for r in runs}
    spikes = {r.seed: r.spikes / 1000 for r in runs}
    return Point(accuracies, spikes, statistics.fmean(r.rate for r in runs), runs[0].parameters)


def spread(values: Sequence[float]) -> str:
    deviation = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.2f}{deviation} ({len(values)})"


def row_of(run: Run, store: Path) -> tuple[Row, list[LayerRow]] | None:
    """A finished run, and its layers where they are kept. Of a supernet no spikes are counted; its accuracy
    is that of the path that was drawn last."""
    directory = run.directory(store)
    counted = is_file(directory / LAYERS)
    if not is_file(directory / CARD) or not (counted or run.group == "supernet"):
        return None
    card = json.loads((directory / CARD).read_text(encoding="utf-8"))
    lines = (directory / LAYERS).read_text(encoding="utf-8").splitlines() if counted else []
    told = [json.loads(line) for line in lines]
    neurons, spikes = sum(one["size"] for one in told), sum(one["spikes"] for one in told)
    steps = card["timesteps"]
    rate = round(spikes / neurons / steps, 4) if counted else 0.0
    row = Row(
        run.group, run.row, run.seed, card["test_accuracy"], round(card["train_accuracy"], 4),
        round(float(spikes), 1), neurons, rate, card["parameters"], steps,
        card["epochs"], card["cpu_minutes"],
    )  # fmt: skip
    layers = [
        LayerRow(run.group, run.row, run.seed, place, one["kind"], one["size"], round(one["spikes"], 2),
                 round(one["spikes"] / one["size"] / steps, 5))
        for place, one in enumerate(told)
    ]  # fmt: skip
    return row, layers if run.group in SHOWN and run.seed == 0 else []


def load(store: Path, tables: Path) -> Found:
    """What is done in ``store``, and of the ``tables`` what is not there any more."""
    runs = {(r.group, r.row, r.seed): r for r in read(tables / "runs.csv", Row)}
    layers = {(r.group, r.row, r.seed, r.place): r for r in read(tables / "layers.csv", LayerRow)}
    outcomes = {o.search: o for o in read(tables / "searches.csv", Outcome)}
    for run in [*plan(), *found_networks(store)]:
        if found := row_of(run, store):
            runs[run.group, run.row, run.seed] = found[0]
            layers |= {(r.group, r.row, r.seed, r.place): r for r in found[1]}
    for search in searches():
        if outcome := result_of(search, store):
            outcomes[search] = outcome
    return Found(_sorted(runs), _sorted(layers), [outcomes[s] for s in searches() if s in outcomes])


def _sorted(found: Mapping[Any, Any]) -> list[Any]:
    return [found[key] for key in sorted(found)]


R = TypeVar("R")


def read(table: Path, kind: type[R]) -> list[R]:
    """Its rows; none where there is no such file."""
    if not table.is_file():
        return []
    kinds = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    with table.open(encoding="utf-8", newline="") as file:
        return [kind(**{n: kinds[n](v) for n, v in line.items()}) for line in csv.DictReader(file)]  # type: ignore[operator]


def written(rows: Sequence[Any], kind: type) -> str:
    return csv_text([f.name for f in fields(kind)], map(asdict, rows))
