"""The two arithmetics in which a Network runs densely in PyTorch: integers with formats, and float64."""

from typing import Any

import torch
from torch import Tensor

from hwsim.network import Population
from hwsim.nn.surrogate import arctan

EXACT = 2**53
"""Integers below it are exact in float64."""


class Integers:
    """int64; what a quantized network computes (docs/quantization.md)."""

    dtype: Any = torch.int64

    def parameter(self, p: Population, name: str) -> Tensor:
        """Codes of the state's scale, one or one a neuron."""
        return torch.from_numpy(p.parameter(name).copy()).round().to(torch.int64)

    def leaked(self, p: Population, name: str, state: Tensor) -> Tensor:
        bits = p.decay_bits(name)
        code = torch.from_numpy(p.parameter(name) * 2.0**bits).round().to(torch.int64)
        return _rounded(state * code, bits, p.rounding == "nearest")

    def stepped(self, p: Population, state: Tensor, x: Tensor) -> Tensor:
        return self.leaked(p, "decay", state) + x

    def aligned(self, p: Population, x: Tensor, right: int) -> Tensor:
        """A sum of inputs in the scale of the state."""
        return _rounded(x, right, p.rounding == "nearest")

    def raised(self, x: Tensor, left: int) -> Tensor:
        return x << left

    def kept(self, p: Population, name: str, x: Tensor) -> Tensor:
        """What the word of that format can hold: it saturates."""
        of = p.formats.get(name)
        return x if of is None else x.clamp(of.low, of.high)

    def fired(self, above: Tensor, height: Tensor, inclusive: bool) -> Tensor:
        """1 where ``above`` reaches (``inclusive``) or passes ``height``, else 0."""
        return (above >= height if inclusive else above > height).to(self.dtype)

    def count(self, above: Tensor, height: Tensor) -> Tensor:
        return torch.div(above, height, rounding_mode="floor")

    def linear(self, work: Any, x: Tensor, weights: Tensor) -> Tensor:
        """``work`` (a convolution, a product) of integers: in float64, which is faster, where it is exact."""
        rows = weights.abs().flatten(1).sum(1).max() if weights.numel() else 0
        peak = x.abs().max() if x.numel() else 0
        if float(rows) * float(peak) < EXACT:
            return Tensor(work(x.double(), weights.double())).to(torch.int64)
        return Tensor(work(x, weights))


class Reals:
    """float64; what the network would compute without rounding."""

    dtype: Any = torch.float64

    def parameter(self, p: Population, name: str) -> Tensor:
        return torch.from_numpy(p.parameter(name).copy())

    def leaked(self, p: Population, name: str, state: Tensor) -> Tensor:
        return self.parameter(p, name) * state

    def stepped(self, p: Population, state: Tensor, x: Tensor) -> Tensor:
        decay, rest = self.parameter(p, "decay"), self.parameter(p, "rest")
        if p.leak == "relax":
            return state + (x - (state - rest)) * decay
        if p.leak == "relax_divide":
            return state + (x - (state - rest)) / decay
        if p.leak == "leak_divide":
            return state - (state - rest) / decay + x
        return decay * state + x

    def aligned(self, _p: Population, x: Tensor, _right: int) -> Tensor:
        return x

    def raised(self, x: Tensor, _left: int) -> Tensor:
        return x

    def kept(self, _p: Population, _name: str, x: Tensor) -> Tensor:
        return x

    def fired(self, above: Tensor, height: Tensor, inclusive: bool) -> Tensor:
        return (above >= height if inclusive else above > height).to(self.dtype)

    def count(self, above: Tensor, height: Tensor) -> Tensor:
        return torch.floor(above / height)

    def linear(self, work: Any, x: Tensor, weights: Tensor) -> Tensor:
        return Tensor(work(x, weights))


class Straight:
    """Integers as float64, to train with: forward what :class:`Integers` computes, exact below 2^53; backward
    every rounding is the identity, saturation stops the gradient, and a spike has the slope of the arctan
    surrogate of the distance to the threshold over the threshold."""

    dtype: Any = torch.float64

    def parameter(self, p: Population, name: str) -> Tensor:
        return torch.from_numpy(p.parameter(name).copy())

    def leaked(self, p: Population, name: str, state: Tensor) -> Tensor:
        return straight(self.parameter(p, name) * state, p.rounding == "nearest")

    def stepped(self, p: Population, state: Tensor, x: Tensor) -> Tensor:
        return self.leaked(p, "decay", state) + x

    def aligned(self, p: Population, x: Tensor, right: int) -> Tensor:
        return straight(x / 2.0**right, p.rounding == "nearest") if right else x

    def raised(self, x: Tensor, left: int) -> Tensor:
        return x * 2.0**left

    def kept(self, p: Population, name: str, x: Tensor) -> Tensor:
        of = p.formats.get(name)
        return x if of is None else x.clamp(of.low, of.high)

    def fired(self, above: Tensor, height: Tensor, inclusive: bool) -> Tensor:
        return arctan((above - height) / height.abs().clamp(min=1.0), inclusive)

    def count(self, above: Tensor, height: Tensor) -> Tensor:
        return torch.floor(above / height)

    def linear(self, work: Any, x: Tensor, weights: Tensor) -> Tensor:
        return Tensor(work(x, weights))


Arithmetic = Integers | Reals | Straight


def straight(x: Tensor, nearest: bool) -> Tensor:
    """x rounded by magnitude, toward zero or to the nearest; its gradient is that of x."""
    size = x.detach().abs()
    whole = torch.floor(size + 0.5) if nearest else torch.floor(size)
    return x + (torch.copysign(whole, x) - x).detach()


def _rounded(x: Tensor, right: int, nearest: bool) -> Tensor:
    """x / 2^right, by magnitude: toward zero, or to the nearest with ties away from zero."""
    if right == 0:
        return x
    half = 1 << (right - 1) if nearest else 0
    size = (x.abs() + half) >> right
    return torch.where(x < 0, -size, size)
