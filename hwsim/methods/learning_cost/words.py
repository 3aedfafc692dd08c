"""Widths of what a learner computes with, and where its variables lie on a chip (rules Y1, Y2)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from hwsim.hardware import Hardware
from hwsim.methods.stdp.learner import plasticity_of
from hwsim.methods.stdp.spec import LearnSpec

Widths = Literal["learned", "chip"]
Traces = Literal["lazy", "decay"]
Layout = Literal["input", "neuron"]

FLOAT_BITS = 32


@dataclass(frozen=True)
class Word:
    """``bits`` of an integer, or ``real``: of a floating-point number."""

    bits: int
    real: bool = False


@dataclass(frozen=True)
class Words:
    """Of a weight (also a trace and a change of a weight), a sum, a membrane and a theta (Y1)."""

    weight: Word
    sum: Word
    state: Word
    theta: Word

    @staticmethod
    def of(spec: LearnSpec, hardware: Hardware, widths: Widths) -> "Words":
        """``learned``: the formats that it learned in, else float32; ``chip``: the chip's, all integers."""
        own = hardware.precision
        if widths == "chip":
            state = Word(own.state_bits)
            return Words(Word(own.weight_bits), Word(own.partial_sum_bits), state, state)

        def of(name: Literal["weights", "membrane", "theta"]) -> Word:
            given = spec.formats.get(name)
            return Word(FLOAT_BITS, real=True) if given is None else Word(given.bits)

        weight, state = of("weights"), of("membrane")
        real = weight.real or state.real
        total = Word(FLOAT_BITS, real=True) if real else Word(max(own.partial_sum_bits, weight.bits))
        return Words(weight, total, state, of("theta"))


@dataclass(frozen=True)
class Variable:
    """``cells`` of ``bits`` that lie together; they are swept ``fold`` cells at a time."""

    name: str
    cells: int
    bits: int
    fold: int

    @property
    def bytes(self) -> int:
        return ceil_div(self.cells * self.bits, 8)

    def swept(self, unit_bits: int) -> int:
        """Units of so many bits that all folds take."""
        whole, rest = divmod(self.cells, self.fold)
        return whole * ceil_div(self.fold * self.bits, unit_bits) + ceil_div(rest * self.bits, unit_bits)


@dataclass(frozen=True)
class Task:
    """A learning of ``inputs`` pixels on a chip: what is stored, how wide, and where."""

    spec: LearnSpec
    inputs: int
    hardware: Hardware
    words: Words
    traces: Traces = "lazy"
    layout: Layout = "input"

    @property
    def neurons(self) -> int:
        return self.spec.neurons

    @property
    def fold(self) -> int:
        """Neurons that the array holds side by side (W3)."""
        return min(self.neurons, self.hardware.pe_array.extent("N"))

    @property
    def traced(self) -> int:
        """Traces: of inputs, and of neurons where a rule reads those."""
        return self.inputs + self.neurons * (self.spec.learning.pre_rate > 0)

    @property
    def time_bits(self) -> int:
        """Of the step of a last spike, or none."""
        return self.spec.timesteps.bit_length()

    @property
    def fades(self) -> bool:
        """Whether theta fades after each image."""
        return bool(plasticity_of(self.spec).fading < 1)

    @property
    def weight_bytes(self) -> int:
        """All weights that learn, relay and inhibit, each layer whole bytes (B1)."""
        n, bits = self.neurons, self.words.weight.bits
        relays = ceil_div(n * bits, 8) if self.spec.relayed else 0
        return ceil_div((self.inputs + n) * n * bits, 8) + relays

    @property
    def pinned(self) -> bool:
        """Whether all weights stay in the weight buffer; else they lie in DRAM (B1)."""
        return self.weight_bytes <= self.hardware.buffers.weight.capacity_bytes

    def membranes(self) -> dict[str, Variable]:
        """Of each layer, with its refractory counter (M1)."""
        spec, state = self.spec, self.words.state.bits
        layers = {"excitatory": spec.excitatory} | ({"inhibitory": spec.inhibitory} if spec.relayed else {})
        return {
            name: Variable(name, self.neurons, state + of.refractory.bit_length(), self.fold)
            for name, of in layers.items()
        }

    def learned(self) -> dict[str, Variable]:
        """What only learning keeps: theta, traces, and a table of what is left of a trace (Y6)."""
        trace = self.words.weight.bits
        lazy = self.traces == "lazy"
        kept = [
            Variable("theta", self.neurons, self.words.theta.bits, self.neurons),
            Variable("traces", self.traced, self.time_bits if lazy else trace, self.traced),
        ]
        if lazy:
            steps = self.spec.timesteps + 1
            kept.append(Variable("trace_table", steps, trace, steps))
        return {one.name: one for one in kept}

    @cached_property
    def on_chip(self) -> frozenset[str]:
        """Variables in the membrane buffer, filled in order while they fit (M3); the others are in DRAM."""
        buffer = self.hardware.buffers.membrane
        room, found = buffer.capacity_bytes if buffer else 0, set()
        for one in (*self.membranes().values(), *self.learned().values()):
            if one.bytes <= room:
                room -= one.bytes
                found.add(one.name)
        return frozenset(found)

    @property
    def state_bytes(self) -> int:
        """Of membranes with their counters, theta and traces."""
        return sum(one.bytes for one in (*self.membranes().values(), *self.learned().values()))

    def burst(self, size_bytes: int) -> int:
        unit = self.hardware.dram.burst
        return ceil_div(size_bytes, unit) * unit


def ceil_div(amount: int, unit: int) -> int:
    return -(-amount // unit)
