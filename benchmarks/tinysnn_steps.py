"""The steps of tinySNN from its baseline on, each learned, and priced as learning and as answering."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwsim.cost import CostTable, load_table
from hwsim.hardware import Hardware
from hwsim.methods.learning_cost.prices import LearningCost, price
from hwsim.methods.learning_cost.words import Layout, Task, Traces, Words
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.learn import Learned, learn
from hwsim.methods.stdp.spec import LearnSpec

PIXELS = 784
DATA, IMAGES = "mnist", 10_000
WHOLE = 60_000
"""Images of MNIST's training split."""

WEIGHTS = {"weights": {"bits": 8, "fraction": 7}}
ALL = {
    "weights": {"bits": 8, "fraction": 7, "rounding": "stochastic"},
    "membrane": {"bits": 8, "fraction": 0, "rounding": "stochastic"},
    "theta": {"bits": 8, "fraction": 3, "rounding": "stochastic"},
}
BASELINE, PAIRWISE, LATERAL, QW, QWN = (
    "baseline", "lateral, same rule", "lateral", "lateral+qW", "lateral+qWN",
)  # fmt: skip
STEPS: dict[str, dict[str, Any]] = {
    BASELINE: {"model": "tinysnn/baseline", "rule": "stdp"},
    PAIRWISE: {"model": "tinysnn/lateral", "rule": "stdp"},
    LATERAL: {"model": "tinysnn/lateral", "rule": "tinysnn"},
    QW: {"model": "tinysnn/lateral", "rule": "tinysnn", "formats": WEIGHTS},
    QWN: {"model": "tinysnn/lateral", "rule": "tinysnn", "formats": ALL},
}


@dataclass(frozen=True)
class Step:
    """One of STEPS at a size, learned."""

    name: str
    neurons: int
    learned: Learned

    @staticmethod
    def of(name: str, neurons: int, folder: Path) -> "Step":
        given = STEPS[name] | {"neurons": neurons, "data": DATA, "train_samples": IMAGES}
        place = folder / f"{name.replace(', ', '_').replace(' ', '_')}_{neurons}"
        return Step(name, neurons, learn(LearnSpec.of(given), place))

    @property
    def spec(self) -> LearnSpec:
        return self.learned.spec

    def counts(self, learns: bool) -> Counts:
        return Counts.of_plain(self.learned.card["learning_counts" if learns else "test_counts"])

    def task(self, chip: Hardware, traces: Traces = "lazy", layout: Layout = "input") -> Task:
        return Task(self.spec, PIXELS, chip, Words.of(self.spec, chip, "learned"), traces, layout)

    def cost(self, chip: Hardware, table: CostTable, learns: bool) -> LearningCost:
        return price(self.task(chip), self.counts(learns), learns, table)


def float_table() -> CostTable:
    return load_table("horowitz45")
