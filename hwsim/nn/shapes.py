"""Smooth steps with one parameter alpha: their value, their slope in x, and their derivative in alpha.

x is the distance of the membrane from the threshold. Sources: ASGL, section 4 and appendix (clip, sigmoid,
tanh); Li et al., "Differentiable Spike", NeurIPS 2021 (dspike).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Shape = Literal["clip", "sigmoid", "tanh", "dspike"]
Alpha = float | Tensor
Curve = Callable[[Tensor, Alpha], Tensor]


@dataclass(frozen=True)
class Smooth:
    """H(x), dH/dx and dH/dalpha, each of (x, alpha); ``width``: whether a larger alpha is a wider step."""

    value: Curve
    slope: Curve
    by_alpha: Curve
    width: bool


def _inside(x: Tensor, width: Alpha) -> Tensor:
    return x.abs() <= 0.5 * width


def _clip_by_alpha(x: Tensor, alpha: Alpha) -> Tensor:
    return torch.where(_inside(x, alpha), -x / alpha**2, 0.0)


def _bell(x: Tensor, alpha: Alpha) -> Tensor:
    """The derivative of the logistic function at alpha x."""
    h = torch.sigmoid(alpha * x)
    return h * (1.0 - h)


def _arch(x: Tensor, alpha: Alpha) -> Tensor:
    """Half the derivative of tanh at alpha x."""
    return 0.5 - 0.5 * torch.tanh(alpha * x) ** 2


def _half(alpha: Alpha, like: Tensor) -> Tensor:
    """tanh(1 / (2 alpha))."""
    return torch.tanh(0.5 / torch.as_tensor(alpha, dtype=like.dtype, device=like.device))


def _dspike(x: Tensor, alpha: Alpha) -> Tensor:
    inner = torch.tanh(x.clamp(-0.5, 0.5) / alpha)
    return inner / (2.0 * _half(alpha, x)) + 0.5


def _dspike_slope(x: Tensor, alpha: Alpha) -> Tensor:
    slope = (1.0 - torch.tanh(x / alpha) ** 2) / (2.0 * alpha * _half(alpha, x))
    return torch.where(_inside(x, 1.0), slope, 0.0)


def _dspike_by_alpha(x: Tensor, alpha: Alpha) -> Tensor:
    inner, half = torch.tanh(x / alpha), _half(alpha, x)
    by_steepness = x * (1.0 - inner**2) / (2.0 * half) - inner * (1.0 - half**2) / (4.0 * half**2)
    return torch.where(_inside(x, 1.0), -by_steepness / alpha**2, 0.0)


SHAPES: dict[Shape, Smooth] = {
    "clip": Smooth(
        lambda x, alpha: (x / alpha + 0.5).clamp(0.0, 1.0),
        lambda x, alpha: _inside(x, alpha).to(x.dtype) / alpha,
        _clip_by_alpha,
        width=True,
    ),
    "sigmoid": Smooth(
        lambda x, alpha: torch.sigmoid(alpha * x),
        lambda x, alpha: alpha * _bell(x, alpha),
        lambda x, alpha: x * _bell(x, alpha),
        width=False,
    ),
    "tanh": Smooth(
        lambda x, alpha: 0.5 * torch.tanh(alpha * x) + 0.5,
        lambda x, alpha: alpha * _arch(x, alpha),
        lambda x, alpha: x * _arch(x, alpha),
        width=False,
    ),
    "dspike": Smooth(_dspike, _dspike_slope, _dspike_by_alpha, width=True),
}
