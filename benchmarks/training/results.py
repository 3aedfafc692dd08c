"""Finished trainings by group and row: accuracies over seeds, and what their networks are made of."""

import json
import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.training.plan import plan
from hwsim.commands import inspect
from hwsim.methods.train import CARD, METRICS
from hwsim.storage import is_file
from hwsim.workloads import WorkloadSpec


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
