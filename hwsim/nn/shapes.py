"""Smooth steps with one parameter alpha: their value, their slope in x, and their derivative in alpha.

x is the distance of the membrane from the threshold. Sources: ASGL (clip, sigmoid, tanh); Li et al.,
"Differentiable Spike", NeurIPS 2021 (dspike).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Shape = Literal["clip", "sigmoid", "tanh", "dspike"]
Alpha = float | Tensor


@dataclass(frozen=True)
class Smooth:
    """H(x), dH/dx, each of (x, alpha), and dH/dalpha of (x, alpha, dH/dx)."""

    value: Callable[[Tensor, Alpha], Tensor]
    slope: Callable[[Tensor, Alpha], Tensor]
    by_alpha: Callable[[Tensor, Alpha, Tensor], Tensor]


def _within(x: Tensor, width: Alpha) -> Tensor:
    """1 where |x| <= width / 2, else 0."""
    return (x.abs() <= 0.5 * width).to(x.dtype)


def _wider(x: Tensor, alpha: Alpha, slope: Tensor) -> Tensor:
    """dH/dalpha of an H that depends on x / alpha alone."""
    return (x * slope).div_(-alpha)


def _steeper(x: Tensor, alpha: Alpha, slope: Tensor) -> Tensor:
    """dH/dalpha of an H that depends on alpha x alone."""
    return (x * slope).div_(alpha)


def _sigmoid_slope(x: Tensor, alpha: Alpha) -> Tensor:
    h = (alpha * x).sigmoid_()
    return h.addcmul_(h, h, value=-1.0).mul_(alpha)


def _half(alpha: Alpha, like: Tensor) -> Tensor:
    """tanh(1 / (2 alpha))."""
    return torch.tanh(0.5 / torch.as_tensor(alpha, dtype=like.dtype, device=like.device))


def _dspike(x: Tensor, alpha: Alpha) -> Tensor:
    inner = torch.tanh(x.clamp(-0.5, 0.5) / alpha)
    return inner / (2.0 * _half(alpha, x)) + 0.5


def _dspike_slope(x: Tensor, alpha: Alpha) -> Tensor:
    return (1.0 - torch.tanh(x / alpha) ** 2) * _within(x, 1.0) / (2.0 * alpha * _half(alpha, x))


def _dspike_by_alpha(x: Tensor, alpha: Alpha, slope: Tensor) -> Tensor:
    """With b = 1 / alpha: -b^2 dH/db; dH/db = x H' / b - tanh(b x) (1 - tanh(b/2)^2) / (4 tanh(b/2)^2)."""
    inner, half = torch.tanh(x / alpha), _half(alpha, x)
    by_steepness = x * slope * alpha - inner * _within(x, 1.0) * (1.0 - half**2) / (4.0 * half**2)
    return -by_steepness / alpha**2


SHAPES: dict[Shape, Smooth] = {
    "clip": Smooth(
        lambda x, alpha: (x / alpha).add_(0.5).clamp_(0.0, 1.0),
        lambda x, alpha: _within(x, alpha).div_(alpha),
        _wider,
    ),
    "sigmoid": Smooth(lambda x, alpha: (alpha * x).sigmoid_(), _sigmoid_slope, _steeper),
    "tanh": Smooth(
        lambda x, alpha: (alpha * x).tanh_().mul_(0.5).add_(0.5),
        lambda x, alpha: (alpha * x).tanh_().square_().mul_(-0.5).add_(0.5).mul_(alpha),
        _steeper,
    ),
    "dspike": Smooth(_dspike, _dspike_slope, _dspike_by_alpha),
}
