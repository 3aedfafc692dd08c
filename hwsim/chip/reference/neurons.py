"""One neuron: its state and what it emits, straight from the docstring of Population."""

from typing import Any

import numpy as np

from hwsim.network import Population

Number = Any
"""np.float32, or int in integer networks."""


class Neuron:
    """Neuron ``number`` of a population. ``output``: the running sum of a readout; ``right``: the bits by
    which its inputs are shifted right, to the scale of its state."""

    def __init__(self, p: Population, number: int, integer: bool, divisor: float, right: int = 0) -> None:
        self.p, self.number, self.integer, self.divisor, self.right = p, number, integer, divisor, right
        zero = self.of(0)
        self.v = self.value("initial") if p.has_state and p.kind != "readout" else zero
        self.u = self.adapted = self.late = self.output = zero
        self.waits = 0

    def of(self, value: float) -> Number:
        return int(value) if self.integer else np.float32(value)

    def value(self, name: str) -> Number:
        return self.of(self.raw(name))

    def raw(self, name: str) -> float:
        given = self.p.parameter(name)
        return float(given[self.number if len(given) > 1 else 0])

    def leaked(self, name: str, word: Number) -> Number:
        """decay * word; in integers the product with the decay's code, rounded."""
        if not self.integer:
            return self.value(name) * word
        bits = self.p.decay_bits(name)
        return self.rounded(round(2**bits * self.raw(name)) * word, bits)

    def rounded(self, value: Number, bits: int) -> Number:
        """value / 2^bits, toward zero, or to the nearest with ties away from zero."""
        if bits == 0:
            return value
        up = 2 ** (bits - 1) if self.p.rounding == "nearest" else 0
        return (value + up) // 2**bits if value >= 0 else -((up - value) // 2**bits)

    def kept(self, name: str, word: Number) -> Number:
        """What a word with a format can hold of ``word``: it saturates."""
        if name not in self.p.formats:
            return word
        of = self.p.formats[name]
        low, high = (-(2 ** (of.bits - 1)), 2 ** (of.bits - 1) - 1) if of.signed else (0, 2**of.bits - 1)
        return min(max(word, low), high)

    def step(self, x: Number) -> Number:
        """What the neuron emits for the sum of its inputs, 0 for no event."""
        x = self.rounded(int(x), self.right) if self.integer else self.of(x)
        if self.p.kind == "readout":
            self.output = self.kept("state", self.output + x)
            return self.of(0)
        if self.p.kind in ("relay", "relu"):
            x = self.kept("output", x) if self.integer else x / np.float32(self.divisor)
            return max(x, self.of(0)) if self.p.kind == "relu" else x
        if self.p.kind == "clif":
            return self.clif(x)
        v = self.leaky(x)
        if self.p.kind == "li":
            self.v = self.kept("state", v)
            return self.v
        return self.lif(v)

    def leaky(self, x: Number) -> Number:
        """Steps 1 and 2."""
        p, v, rest = self.p, self.v, self.value("rest")
        x = self.value("gain") * x
        if p.has_current:
            self.u = x = self.kept("current", self.leaked("current_decay", self.u) + x)
        if self.waits:
            x = self.of(0)
        if p.leak == "decay":
            return self.leaked("decay", v) + x
        decay = self.value("decay")
        if p.leak == "relax":
            return v + (x - (v - rest)) * decay
        if p.leak == "relax_divide":
            return v + (x - (v - rest)) / decay
        return v - (v - rest) / decay + x

    def lif(self, v: Number) -> Number:
        """Steps 3 to 6."""
        p, zero = self.p, self.of(0)
        level = {"zero": zero, "value": self.value("reset_value")}.get(p.reset)
        if self.late:
            v = v - self.late if level is None else level
            self.late = zero
        v = self.kept("state", v)
        h = self.value("threshold") + self.adapted
        s = zero
        if not self.waits and (v >= h if p.compare == ">=" else v > h):
            s = self.of(np.floor_divide(v, h)) if p.multispike else self.of(1)
        self.waits = max(self.waits - 1, 0)
        if s > 0:
            self.waits = p.refractory
            if p.delayed_reset:
                self.late = h * s if level is None else self.of(1)
            else:
                v = v - h * s if level is None else level
        self.v = self.kept("state", max(v, self.value("floor")) if p.floored else v)
        grown = self.leaked("adaptation_decay", self.adapted) + self.value("adaptation") * s
        self.adapted = self.kept("adaptation", grown)
        return max(s, zero)

    def clif(self, x: Number) -> Number:
        """``u`` is m and ``adapted`` e; ``late`` is the spike of the step before."""
        h = self.value("threshold")
        x = self.value("gain") * x
        self.u = self.kept("current", self.leaked("current_decay", self.u) + x)
        self.v = self.kept("state", self.leaked("decay", self.v) + x)
        self.adapted = self.kept("adaptation", self.leaked("current_decay", self.adapted) + h * self.late)
        over = self.u - self.v - self.adapted
        self.late = self.of(1 if (over >= h if self.p.compare == ">=" else over > h) else 0)
        return self.late
