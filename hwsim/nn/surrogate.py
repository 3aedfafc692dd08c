"""Surrogate gradients: a step forward, a smooth slope backward.

A surrogate is called with the distance x = membrane - threshold. Forward it is the step function, 1 at x = 0
if ``inclusive``; backward it has the slope that its class states.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hwsim.nn.shapes import SHAPES


def step(distance: Tensor, inclusive: bool) -> Tensor:
    """Theta(x): 1 where ``distance`` is at or above zero (above zero unless ``inclusive``), 0 elsewhere."""
    return (distance >= 0 if inclusive else distance > 0).to(distance.dtype)


class _Emit(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, distance: Tensor, learned: Tensor | None, inclusive: bool, surrogate: "Surrogate"
    ) -> Tensor:
        ctx.save_for_backward(distance, learned)
        ctx.surrogate = surrogate
        return surrogate.activate(distance, inclusive)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        distance, learned = ctx.saved_tensors
        (grad,) = grads
        slope, by_alpha = ctx.surrogate.slope(distance), None
        if learned is not None and ctx.needs_input_grad[1]:
            by_alpha = (grad * ctx.surrogate.by_alpha(distance, slope)).sum()
        return grad * slope, by_alpha, None, None


class Surrogate:
    """A step forward; backward the gradient times ``slope(distance)``.

    One that emits other values overrides :meth:`activate`; one with a parameter :meth:`learned` and
    :meth:`by_alpha`.
    """

    def activate(self, distance: Tensor, inclusive: bool) -> Tensor:
        """What is emitted at ``distance``, without its gradient."""
        return step(distance, inclusive)

    def slope(self, distance: Tensor) -> Tensor:
        """ds/dx at ``distance`` x; the same shape."""
        raise NotImplementedError(f"{type(self).__name__} has no slope()")

    def learned(self) -> Tensor | None:
        """The parameter alpha, a scalar; None without one."""
        return None

    def by_alpha(self, distance: Tensor, slope: Tensor) -> Tensor:
        """ds/dalpha at ``distance``, where ds/dx is ``slope``; the same shape."""
        raise NotImplementedError(f"{type(self).__name__} has no parameter")

    def __call__(self, distance: Tensor, inclusive: bool = True) -> Tensor:
        return emit(self, distance, inclusive)


def emit(surrogate: Surrogate, distance: Tensor, inclusive: bool) -> Tensor:
    """``surrogate.activate`` with its gradient."""
    emitted: Tensor = _Emit.apply(  # type: ignore[no-untyped-call]
        distance, surrogate.learned(), inclusive, surrogate
    )
    return emitted


def _positive(owner: object, name: str, value: float) -> None:
    if not 0.0 < value < math.inf:
        raise ValueError(f"{type(owner).__name__} {name} is {value}; it must be positive")


@dataclass(frozen=True)
class Arctan(Surrogate):
    """Forward: [x >= 0]. Backward: 1 / (1 + (pi x)^2), the slope of arctan(pi x) / pi + 1/2.

    Source: EfficientLIF-Net, section III.
    """

    def slope(self, distance: Tensor) -> Tensor:
        return (distance * math.pi).square_().add_(1.0).reciprocal_()


@dataclass(frozen=True)
class Cauchy(Surrogate):
    """Forward: [x >= 0]. Backward: 1 / (1 + x^2).

    Source: AutoSNN, Eq. 10. Its public code trains with :data:`arctan` instead.
    """

    def slope(self, distance: Tensor) -> Tensor:
        return distance.square().add_(1.0).reciprocal_()


@dataclass(frozen=True)
class Rectangle(Surrogate):
    """Forward: [x >= 0]. Backward: 1 / width where |x| <= width / 2, else 0.

    ``width`` is a width: ASGL's alpha of the shape "clip". Raises ValueError unless it is positive.
    Source: Wu et al., "Spatio-Temporal Backpropagation", Frontiers in Neuroscience 2018; ASGL, Table 2.
    """

    width: float = 1.0

    def __post_init__(self) -> None:
        _positive(self, "width", self.width)

    def slope(self, distance: Tensor) -> Tensor:
        return SHAPES["clip"].slope(distance, self.width)


@dataclass(frozen=True)
class Sigmoid(Surrogate):
    """Forward: [x >= 0]. Backward: a h (1 - h) with h = 1 / (1 + exp(-a x)).

    ``steepness`` a is a steepness: ASGL's alpha of the shape "sigmoid". Raises ValueError unless it is
    positive. Source: ASGL.
    """

    steepness: float = 4.0

    def __post_init__(self) -> None:
        _positive(self, "steepness", self.steepness)

    def slope(self, distance: Tensor) -> Tensor:
        return SHAPES["sigmoid"].slope(distance, self.steepness)


@dataclass(frozen=True)
class Tanh(Surrogate):
    """Forward: [x >= 0]. Backward: (a / 2) (1 - tanh(a x)^2), the slope of tanh(a x) / 2 + 1/2.

    ``steepness`` a is a steepness: ASGL's alpha of the shape "tanh". Raises ValueError unless it is
    positive. Source: ASGL.
    """

    steepness: float = 2.0

    def __post_init__(self) -> None:
        _positive(self, "steepness", self.steepness)

    def slope(self, distance: Tensor) -> Tensor:
        return SHAPES["tanh"].slope(distance, self.steepness)


@dataclass(frozen=True)
class Dspike(Surrogate):
    """Forward: [x >= 0]. Backward, where |x| <= 1/2: b (1 - tanh(b x)^2) / (2 tanh(b / 2)), else 0.

    ``temperature`` b is a steepness: towards 0 the slope is :class:`Rectangle` of width 1, a large b
    gathers it at the threshold. ASGL's alpha of the shape "dspike" is 1 / b. Raises ValueError unless it is
    positive. Source: Li et al., "Differentiable Spike", NeurIPS 2021, with the threshold in the middle.
    """

    temperature: float = 3.0

    def __post_init__(self) -> None:
        _positive(self, "temperature", self.temperature)

    def slope(self, distance: Tensor) -> Tensor:
        return SHAPES["dspike"].slope(distance, 1.0 / self.temperature)


arctan = Arctan()
cauchy = Cauchy()
