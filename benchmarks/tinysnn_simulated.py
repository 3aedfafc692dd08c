"""Answers by counts beside the simulated chip: the stored test images, twice."""

from dataclasses import dataclass
from functools import cached_property

from benchmarks.tinysnn_steps import DATA, PIXELS, Step
from benchmarks.tinysnn_text import table_of
from hwsim.cost import CostTable
from hwsim.cost import price as price_ledger
from hwsim.datasets import load_dataset
from hwsim.execute.executor import encode, execute
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.methods.learning_cost.prices import LearningCost, price
from hwsim.methods.learning_cost.words import Task, Words
from hwsim.methods.load import load_inputs
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.learn import INPUTS, NETWORK, STORED
from hwsim.methods.stdp.learner import TEST, Learner, pixels
from hwsim.methods.stdp.state import load_state
from hwsim.network import Network
from hwsim.pipeline import simulate

SHOWN = (
    "pe_array", "lif_units", "weight_buffer", "input_buffer", "output_buffer", "membrane_buffer", "dram",
)  # fmt: skip


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


def checked(simulated: dict[str, Simulated]) -> str:
    """Counts of an image, by counts and simulated."""
    rows = []
    for label, one in simulated.items():
        counts = one.counts
        updates, useful = one.of_layers("lif_update"), one.of_layers("ac")
        arriving = counts.inhibition_operations // (one.step.neurons - 1)
        own = sum(n for layer, n in updates.items() if layer != "label")
        done = sum(n for layer, n in useful.items() if layer != "label")
        rows += [
            (label, "LIF updates", *_both(counts.lif_updates, own), ""),
            (
                label, "synaptic operations", *_both(counts.synaptic_operations, done),
                f"{arriving:,} weights of 0 from a neuron to itself: "
                f"{'equal without them' if done - arriving == counts.synaptic_operations else 'NOT EQUAL'}",
            ),
            (label, "of the label readout", *_both(0, useful["label"]), "left out of learning and test"),
        ]  # fmt: skip
    header = ("network", "count", f"by counts, {STORED} images", "simulated", "difference")
    return table_of(header, rows)


def _both(mine: int, theirs: int) -> tuple[str, str]:
    return f"{mine:,}", f"{theirs:,}"


def energies(simulated: dict[str, Simulated]) -> str:
    rows = []
    for label, one in simulated.items():
        theirs, mine = one.energies()
        for name, of in (("by counts", mine), ("simulated", theirs)):
            cells = (f"{of.get(part, 0.0):.3f}" for part in SHOWN)
            rows.append((label, name, *cells, f"{sum(of.values()):.2f}"))
    names = (name.replace("_", " ") for name in SHOWN)
    return table_of(("network", "uJ an image", *names, "sum"), rows)
