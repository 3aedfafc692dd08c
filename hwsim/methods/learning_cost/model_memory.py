"""tinySNN's memory of a model, M = N_w B_w + N_n B_n, with synapses counted in three ways."""

from dataclasses import dataclass
from typing import Literal

from hwsim.methods.learning_cost.words import FLOAT_BITS, ceil_div
from hwsim.methods.stdp.spec import LearnSpec

Counted = Literal["learned", "sparse", "dense"]


@dataclass(frozen=True)
class ModelMemory:
    """Synapses and neurons of a network and the bits of each."""

    synapses: int
    neurons: int
    weight_bits: int
    parameter_bits: int

    @property
    def bits(self) -> int:
        return self.synapses * self.weight_bits + self.neurons * self.parameter_bits

    @property
    def bytes(self) -> int:
        return ceil_div(self.bits, 8)


def synapses(spec: LearnSpec, inputs: int, counted: Counted) -> int:
    """``learned``: those from inputs. ``sparse``: also those of an inhibitory layer, N there and N (N - 1)
    back; direct inhibition is one number for all. ``dense``: every projection between neurons N^2."""
    n = spec.neurons
    between = {"learned": 0, "sparse": n * n if spec.relayed else 0, "dense": n * n * (1 + spec.relayed)}
    return inputs * n + between[counted]


def model_memory(spec: LearnSpec, inputs: int, counted: Counted) -> ModelMemory:
    """Of a learning with its formats, 32 bits without: two parameters a neuron, membrane and threshold.

    A threshold has the bits of theta.
    """
    bits = {name: of.bits for name, of in spec.formats.items()}
    of_neuron = bits.get("membrane", FLOAT_BITS) + bits.get("theta", FLOAT_BITS)
    neurons = spec.neurons * (1 + spec.relayed)
    return ModelMemory(synapses(spec, inputs, counted), neurons, bits.get("weights", FLOAT_BITS), of_neuron)
