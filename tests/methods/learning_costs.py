"""A learning of two inputs and two neurons, a chip and a table, whose every picojoule follows by hand."""

from typing import Any

from hwsim.cost import CostTable
from hwsim.hardware import Hardware
from hwsim.methods.learning_cost.prices import LearningCost, price
from hwsim.methods.learning_cost.words import Task, Words
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.spec import LearnSpec
from tests.cost.priced import table
from tests.examples import chip

INTEGERS = (
    {"item": "add", "bits": 8, "energy_pj": 1.0},
    {"item": "add", "bits": 16, "energy_pj": 2.0},
    {"item": "add", "bits": 32, "energy_pj": 4.0},
    {"item": "multiply", "bits": 8, "energy_pj": 3.0},
    {"item": "multiply", "bits": 32, "energy_pj": 40.0},
    {"item": "compare", "bits": 8, "energy_pj": 0.5},
    {"item": "compare", "bits": 32, "energy_pj": 1.5},
    {"item": "register", "bits": 1, "energy_pj": 0.25},
    {"item": "register", "bits": 8, "energy_pj": 0.5},
    {"item": "register", "bits": 32, "energy_pj": 2.0},
    {"item": "dram_byte", "energy_pj": 0.5},
)
FLOATS = (
    {"item": "float_add", "bits": 32, "energy_pj": 10.0},
    {"item": "float_multiply", "bits": 32, "energy_pj": 20.0},
)
MEMORY = {
    "word": {"word_bits": 64, "read_pj": 8.0, "write_pj": 10.0},
    "status": "published",
    "source": "made up for a test",
}


def prices(*rows: dict[str, Any], **fields: Any) -> CostTable:
    return table(*(rows or (*INTEGERS, *FLOATS)), sram=MEMORY, **fields)


def tile(**fields: Any) -> Hardware:
    """Words of 64 bits, bursts of 64 bytes, one fold of two neurons, everything fits."""
    room = {"membrane": 1024, "weight": 1024, "inputs": 1024, "output": 1024, "double": False}
    return chip(1, 2, "event", burst=64, fill="broadcast", **(room | fields))


EIGHT_BITS = {
    "weights": {"bits": 8, "fraction": 7},
    "membrane": {"bits": 8, "fraction": 0},
    "theta": {"bits": 8, "fraction": 3},
}


def spec(formats: dict[str, Any] | None = None, **fields: Any) -> LearnSpec:
    plain = {"model": "tinysnn/lateral", "neurons": 2, "data": "none", "timesteps": 4}
    return LearnSpec.of(plain | {"formats": EIGHT_BITS if formats is None else formats} | fields)


ONE_IMAGE = Counts(
    images=1, steps=4, input_spikes=3, excitatory_spikes=1, excitatory_updates=8, input_operations=6,
    inhibition_operations=1, trace_writes=4, trace_reads=3, trace_decays=16, weight_reads=3, weight_writes=3,
    norm_reads=4, norm_writes=2, theta_updates=3, depressed_rows=2, depressed_weights=2,
    potentiated_neurons=1,
)  # fmt: skip
"""Pair-wise STDP: input a spikes at steps 0 and 1, b at 2; neuron 0 fires at 1, its inhibition comes at 2.

From the first spike on it is depressed, by a at 1 and b at 2; at 1 it is potentiated from a, all it has seen.
One column of two weights is normalized. The theta of neuron 0 grows once, both fade at the end."""


def cost(
    counts: Counts = ONE_IMAGE,
    learns: bool = True,
    *,
    of: LearnSpec | None = None,
    on: Hardware | None = None,
    by: CostTable | None = None,
    inputs: int = 2,
    widths: Any = "learned",
    **choices: Any,
) -> LearningCost:
    made, hardware = of or spec(), on or tile()
    task = Task(made, inputs, hardware, Words.of(made, hardware, widths), **choices)
    return price(task, counts, learns, by or prices())
