"""The steps of tinySNN from its baseline on, each learned, and priced as learning and as answering."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from hwsim.cost import CostTable, load_table
from hwsim.cost import price as price_ledger
from hwsim.datasets import load_dataset
from hwsim.execute.executor import encode, execute
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.methods.learning_cost.prices import LearningCost, price
from hwsim.methods.learning_cost.words import Layout, Task, Traces, Words
from hwsim.methods.load import load_inputs
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.learn import INPUTS, NETWORK, STORED, Learned, learn
from hwsim.methods.stdp.learner import TEST, Learner, pixels
from hwsim.methods.stdp.spec import LearnSpec
from hwsim.methods.stdp.state import load_state
from hwsim.network import Network
from hwsim.pipeline import simulate

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


@dataclass(frozen=True)
class Simulated:
    """The stored test images answered twice on one chip at its own widths: by counts, and simulated."""

    step: Step
    chip: Hardware
    table: CostTable

    @cached_property
    def counts(self) -> Counts:
        """Of the learner on those images."""
        spec = self.step.spec
        state = load_state(self.step.learned.directory, (PIXELS, spec.neurons))
        assert state is not None
        learner = Learner(spec, PIXELS)
        learner.weights, learner.theta = state.weights, state.theta
        images = pixels(load_dataset(DATA).test.arrays[:STORED])
        return learner.answer(images, 0, TEST)[2]

    @cached_property
    def by_counts(self) -> LearningCost:
        spec = self.step.spec
        task = Task(spec, PIXELS, self.chip, Words.of(spec, self.chip, "chip"))
        return price(task, self.counts, False, self.table)

    @cached_property
    def ledger(self) -> Ledger:
        directory = self.step.learned.directory
        network = Network.load(directory / NETWORK)
        trace = execute(network, encode(network, load_inputs(directory / INPUTS, STORED).values))
        ledgers = simulate(Lowering(network, self.chip, Mapping()), trace)
        return sum(ledgers[1:], start=ledgers[0])

    def of_layers(self, *actions: str) -> dict[str, int]:
        """Counts of all images, a layer each."""
        return dict(zip(self.ledger.layers, self.ledger.per_layer(*actions).tolist(), strict=True))

    def energies(self) -> tuple[dict[str, float], dict[str, float]]:
        """By component (uJ an image), of the simulated chip without the label readout, and by counts."""
        priced = price_ledger(self.ledger, self.chip, self.table).by_layer()
        layers = [parts for layer, parts in priced.items() if layer != "label"]
        mine = self.by_counts.by_component()
        scale = 1e6 * STORED
        return {name: sum(parts[name] for parts in layers) / scale for name in mine}, {
            name: pj / scale for name, pj in mine.items()
        }


def float_table() -> CostTable:
    return load_table("horowitz45")
