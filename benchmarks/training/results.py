"""Finished trainings by group and row: accuracies over seeds, and what their networks are made of."""

import csv
import io
import json
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.training.plan import Run, plan
from hwsim.commands import inspect
from hwsim.methods.train import CARD, METRICS
from hwsim.storage import is_file, write_text
from hwsim.workloads import WorkloadSpec

RESULT = "result.json"


@dataclass(frozen=True, eq=False)
class Row:
    """One row of a table: the trainings of all seeds."""

    group: str
    name: str
    runs: tuple[Path, ...]

    @cached_property
    def cards(self) -> list[dict[str, Any]]:
        return [json.loads((run / CARD).read_text(encoding="utf-8")) for run in self.runs]

    @property
    def accuracies(self) -> list[float]:
        return [card["test_accuracy"] for card in self.cards]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.accuracies)

    @property
    def deviation(self) -> float | None:
        """Standard deviation over the seeds, where there are several."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else None

    @property
    def told(self) -> str:
        deviation = "" if self.deviation is None else f" ± {100 * self.deviation:.2f}"
        return f"{100 * self.mean:.2f}{deviation} ({len(self.runs)})"

    @property
    def spike_rate(self) -> float:
        """Spikes per neuron and step: mean of the layers, mean of the seeds."""
        return statistics.fmean(statistics.fmean(card["spike_rates"].values()) for card in self.cards)

    @property
    def minutes(self) -> float:
        return float(sum(card["cpu_minutes"] for card in self.cards))

    def history(self, run: int = 0) -> list[dict[str, Any]]:
        lines = (self.runs[run] / METRICS).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    @cached_property
    def network(self) -> dict[str, Any]:
        """As ``hwsim inspect`` tells of the first seed's."""
        return inspect(WorkloadSpec(str(self.runs[0])))[1]


@dataclass(frozen=True)
class Looked:
    """A run that is no training with a card: what it found, and how long it took."""

    run: Run
    found: Any
    minutes: float

    @staticmethod
    def of(run: Run, store: Path) -> "Looked | None":
        """The finished one; None where there is none, or one of other values."""
        path = run.directory(store) / RESULT
        told = json.loads(path.read_text(encoding="utf-8")) if is_file(path) else None
        same = told is not None and told["values"] == run.asked
        return Looked(run, told["found"], told["cpu_minutes"]) if same else None

    def save(self, store: Path) -> None:
        told = {"values": self.run.asked, "cpu_minutes": self.minutes, "found": self.found}
        write_text(self.run.directory(store) / RESULT, json.dumps(told, indent=1) + "\n")


def looked(store: Path, group: str) -> dict[str, list[Looked]]:
    """Every finished run of a group, by row, one a seed."""
    found: dict[str, list[Looked]] = defaultdict(list)
    for run in plan():
        if run.group == group and (one := Looked.of(run, store)):
            found[run.row].append(one)
    return found


Found = Mapping[tuple[str, str], Row]
Curves = dict[str, tuple[Sequence[float], Sequence[float]]]


def rows(store: Path) -> dict[tuple[str, str], Row]:
    """What of the plan is finished in ``store``, by group and row."""
    found: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for run in plan():
        if is_file(run.directory(store) / CARD):
            found[run.group, run.row].append(run.directory(store))
    return {(group, row): Row(group, row, tuple(runs)) for (group, row), runs in found.items()}


def markdown(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    every = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in every)


def accuracy(found: Found, group: str, name: str) -> str:
    row = found.get((group, name))
    return row.told if row else "not trained"


def printed(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def mean(values: Mapping[str, float]) -> float:
    return statistics.fmean(values.values())


def runs_csv(found: Found) -> str:
    """A line a training."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("group", "row", "seed", "accuracy", "train_accuracy", "spike_rate", "cpu_minutes"))
    for row in found.values():
        for card in row.cards:
            rate = sum(card["spike_rates"].values()) / len(card["spike_rates"])
            accuracies = f"{card['test_accuracy']:.4f}", f"{card['train_accuracy']:.4f}"
            writer.writerow(
                (row.group, row.name, card["seed"], *accuracies, f"{rate:.4f}", f"{card['cpu_minutes']:.2f}")
            )
    return text.getvalue()
