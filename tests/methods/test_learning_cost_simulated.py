"""Answers priced by counts against the simulated chip, action for action; memory by tinySNN's formula."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from hwsim.cost import load_table
from hwsim.cost import price as price_ledger
from hwsim.datasets import load_dataset
from hwsim.execute.executor import encode, execute
from hwsim.hardware import load_hardware
from hwsim.ledger import ACTIONS, Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.methods.learning_cost.model_memory import Counted, model_memory
from hwsim.methods.learning_cost.prices import LearningCost, price
from hwsim.methods.learning_cost.words import Task, Words
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.labels import assigned
from hwsim.methods.stdp.learner import TEST, Learner, pixels
from hwsim.methods.stdp.network import network_of
from hwsim.methods.stdp.spec import LearnSpec
from hwsim.pipeline import simulate
from tests.methods.stdp_small import of_digits

CHIP = load_hardware(str(Path(__file__).parents[2] / "benchmarks" / "tinysnn_chip.yaml"))
TABLE = load_table("sata_kernels@45nm_0.9V")


@cache
def answered(model: str, neurons: int = 10) -> tuple[LearnSpec, Counts, Ledger]:
    """Digits learned, the counts of answering 20 of them, and the ledger of the same on the chip."""
    data = load_dataset("digits")
    images, truth = pixels(data.train.arrays)[:40], data.train.labels[:40]
    learner = Learner(of_digits(model=model, neurons=neurons, timesteps=60), 64)
    learner.learn(images, 0, 0)
    responses, _, _ = learner.answer(images, 0, TEST)
    _, _, counts = learner.answer(images[:20], 0, TEST)
    labels = assigned(responses, truth, 10, "all")
    network = network_of(learner.spec, learner.weights, learner.theta, labels, "digits")
    spikes = learner.spikes(images[:20], 0, TEST)
    trace = execute(network, encode(network, spikes))
    ledgers = simulate(Lowering(network, CHIP, Mapping()), trace)
    return learner.spec, counts, sum(ledgers[1:], start=ledgers[0])


def priced(spec: LearnSpec, counts: Counts) -> LearningCost:
    return price(Task(spec, 64, CHIP, Words.of(spec, CHIP, "chip")), counts, False, TABLE)


@pytest.mark.parametrize("neurons", [10, 150])
def test_direct_inhibition_answers_by_the_actions_of_the_simulated_chip(neurons: int) -> None:
    spec, counts, ledger = answered("tinysnn/lateral", neurons)
    own = Ledger(("excitatory",), ledger.counts[:1], ledger.cycles[:1])
    mine = priced(spec, counts)
    arriving = counts.inhibition_operations // (neurons - 1)
    assert arriving > 20
    # dense weights from a neuron to itself, which are zero, are added by the chip and not by the learner
    differs = {"ac_issued": arriving, "pe_cycles": arriving}
    # the chip begins each image with an empty weight buffer, the learner loads once
    size = mine.count("dram_weight_read_bytes")
    differs["dram_weight_read_bytes"] = 19 * size
    differs["weight_buffer_write"] = 19 * size * 8 // 128
    actions = {row.action.action for row in mine.rows}
    for action in actions:
        assert own.total(action) == mine.count(action) + differs.get(action, 0), action
    counted = {action for action in ACTIONS if own.total(action)}
    assert counts.lif_updates == own.total("lif_update")
    assert counts.synaptic_operations == own.total("ac") - arriving
    # what the ledger has beside these is no cost: useful operations, events, elements
    free = {"ac", "lif_spike", "events_in", "events_out", "weight_reads", "input_reads", "output_writes"}
    assert counted - actions == free


def test_energies_of_answers_differ_by_what_their_actions_differ() -> None:
    spec, counts, ledger = answered("tinysnn/lateral")
    mine, theirs = priced(spec, counts), price_ledger(ledger, CHIP, TABLE)
    units = {row.action.action: row.unit_pj for row in mine.rows}
    assert units == {action: theirs.unit_pj[action] for action in units}
    excitatory = theirs.by_layer()["excitatory"]
    for name in ("lif_units", "membrane_buffer", "input_buffer", "output_buffer"):
        assert excitatory[name] == pytest.approx(mine.by_component()[name], rel=1e-12)


def test_an_inhibitory_layer_has_the_updates_and_the_operations_of_the_simulated_chip() -> None:
    spec, counts, ledger = answered("tinysnn/baseline")
    arriving = counts.inhibition_operations // 9
    without_label = [i for i, name in enumerate(ledger.layers) if name != "label"]
    own = Ledger(ledger.layers[:2], ledger.counts[without_label], ledger.cycles[without_label])
    mine = priced(spec, counts)
    for action, more in (("lif_update", 0), ("decay_multiply", 0), ("ac_issued", arriving)):
        assert own.total(action) == mine.count(action) + more, action
    assert counts.relay_operations > 20
    excitatory = Ledger(("excitatory",), ledger.counts[1:2], ledger.cycles[1:2])
    assert ledger.layers[1] == "excitatory"
    relays = counts.relay_operations
    assert excitatory.total("weight_buffer_read") == mine.count("weight_buffer_read") - relays


def tinysnn(neurons: int, baseline: bool, formats: dict[str, dict[str, int]]) -> LearnSpec:
    model = "tinysnn/baseline" if baseline else "tinysnn/lateral"
    return LearnSpec.of({"model": model, "neurons": neurons, "data": "none", "formats": formats})


WEIGHTS = {"weights": {"bits": 8, "fraction": 7}}
ALL = WEIGHTS | {"membrane": {"bits": 8, "fraction": 0}, "theta": {"bits": 8, "fraction": 3}}


@pytest.mark.parametrize(
    ("counted", "weights_only", "neurons_too"),
    [("learned", 3.980, 4.010), ("sparse", 6.000, 6.046), ("dense", 5.329, 5.356)],
)
def test_memory_saved_is_that_of_the_formula_in_three_ways(
    counted: Counted, weights_only: float, neurons_too: float
) -> None:
    # N = 400: (313,600 * 32 + 800 * 64) / (313,600 * 8 + 400 * 64) = 3.980, and so on
    base = model_memory(tinysnn(400, True, {}), 784, counted).bits
    for formats, expected in ((WEIGHTS, weights_only), (ALL, neurons_too)):
        saved = base / model_memory(tinysnn(400, False, formats), 784, counted).bits
        assert saved == pytest.approx(expected, abs=5e-4)


def test_dense_memory_of_4900_neurons_is_the_papers_200_megabytes() -> None:
    # (784 * 4900 + 2 * 4900^2) * 4 bytes, and 9800 neurons of 8 bytes
    assert model_memory(tinysnn(4900, True, {}), 784, "dense").bytes == 207_524_800


@pytest.mark.parametrize("model", ["tinysnn/lateral", "tinysnn/baseline"])
def test_synapses_are_those_of_the_network(model: str) -> None:
    spec, weights = of_digits(model=model), np.ones((64, 10), np.float32)
    labels = assigned(np.ones((10, 10), np.int32), np.arange(10), 10, "all")
    network = network_of(spec, weights, np.zeros(10, np.float32), labels, "n")
    synapses = {p.name: int((p.weights != 0).sum()) for p in network.projections if p.weights is not None}
    assert synapses["input->excitatory"] == model_memory(spec, 64, "learned").synapses
    if spec.relayed:
        del synapses["excitatory->label"]
        assert sum(synapses.values()) == model_memory(spec, 64, "sparse").synapses
