"""The steps of tinySNN from its baseline on, each learned, and priced as learning and as answering."""

from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.tinysnn.plan import Run
from benchmarks.tinysnn.run import spec_of
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

BITS = 8
BASELINE, PAIRWISE, LATERAL, QW, QWN = (
    "baseline", "lateral, same rule", "lateral", "lateral+qW", "lateral+qWN",
)  # fmt: skip
FLOATS: dict[str, tuple[str, str]] = {
    BASELINE: ("baseline", "stdp"),
    PAIRWISE: ("lateral", "stdp"),
    LATERAL: ("lateral", "tinysnn"),
}
"""Network and rule of the steps in float32."""
QUANTIZED = {QW: "qW", QWN: "qWN"}
"""LATERAL with these words in BITS, as in the grid of accuracies (benchmarks.tinysnn)."""
STEPS = (*FLOATS, *QUANTIZED)


def run_of(name: str, neurons: int) -> Run:
    """The step as a run like those of the grid, of IMAGES images."""
    network, rule = FLOATS.get(name, FLOATS[LATERAL])
    run = Run(DATA, network, rule, neurons, 1, 0, changes={"train_samples": IMAGES})
    if name not in QUANTIZED:
        return run
    return replace(run, scheme="itq", parts=QUANTIZED[name], bits=BITS, rounding="stochastic")


@dataclass(frozen=True)
class Step:
    """One of STEPS at a size, learned."""

    name: str
    neurons: int
    learned: Learned

    @staticmethod
    def of(name: str, neurons: int, store: Path) -> "Step":
        """Formats have the range of the float learning of LATERAL in ``store``, which is learned first."""
        run = run_of(name, neurons)
        if name in QUANTIZED:
            learn(spec_of(run.source, store), run.source.directory(store))
        return Step(name, neurons, learn(spec_of(run, store), run.directory(store)))

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
