"""ASGL: adaptive smoothing gradient learning, a surrogate that mixes smooth values into the spikes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import torch
from torch import Tensor, nn

from hwsim.nn.neurons import SpikingNeuron
from hwsim.nn.shapes import SHAPES, Shape
from hwsim.nn.surrogate import Surrogate, emit, step

SMALLEST = 1e-2
"""No alpha falls below this."""


class ASGL(nn.Module, Surrogate):
    """The ``surrogate`` of a layer of neurons that learns by adaptive smoothing gradients.

    In training mode, x = membrane - threshold:  s = H(x) + m stop(Theta(x) - H(x)),  m ~ Bernoulli(p) for
    each element, p = ``spike_fraction``, stop detaches: where m = 1 the neuron emits its spike, elsewhere
    the graded H(x). The gradient is that of H everywhere: ds/dx = H'(x), ds/dalpha = dH/dalpha. p = 1 is a
    surrogate gradient with a learnable alpha, p = 0 a network of smooth activations. In evaluation mode
    s = Theta(x): the plain neuron.

    shape       H(x)                                                    alpha is
    "clip"      clip(x / alpha + 1/2, 0, 1)                             a width
    "sigmoid"   1 / (1 + exp(-alpha x))                                 a steepness
    "tanh"      tanh(alpha x) / 2 + 1/2                                 a steepness
    "dspike"    tanh(x / alpha) / (2 tanh(1 / (2 alpha))) + 1/2,        as a width: 1 / temperature
                0 below x = -1/2, 1 above 1/2

    dH/dalpha of "clip" is -x / alpha^2 where |x| <= alpha / 2, else 0 (the paper's 1 / (2 alpha) is a slip).
    ASGL's Table 13 does not define its alpha of Dspike: 1 / temperature is the reading in which accuracy
    falls towards small alpha only, and large alpha is "clip" of width 1, as its numbers are.

    ``alpha`` is one parameter a layer (a buffer unless ``learnable``). It stays positive by projection: what
    an optimizer step leaves below ``SMALLEST`` is set to it by :meth:`project`, at the latest at the next
    call in training mode.
    The mask comes from torch's generator of the device: ``torch.manual_seed`` repeats it. It resolves p to
    2^-16.
    With ``counting`` on, ``counts`` adds up the emitted values: graded (strictly between 0 and 1), spikes
    (1), all.

    Raises ValueError for an unknown shape, an alpha below SMALLEST, a fraction outside [0, 1].
    Source: ASGL; shapes of Tables 2, 8 and 13.
    """

    alpha: Tensor

    def __init__(
        self,
        shape: Shape = "clip",
        alpha: float = 1.0,
        spike_fraction: float = 0.8,
        learnable: bool = True,
    ) -> None:
        super().__init__()
        if shape not in SHAPES:
            raise ValueError(f"ASGL shape is {shape!r}; allowed: {', '.join(get_args(Shape))}")
        if not SMALLEST <= alpha < math.inf:
            raise ValueError(f"ASGL alpha is {alpha}; it must be finite and at least {SMALLEST}")
        self.shape: Shape = shape
        self.spike_fraction = checked_fraction(spike_fraction)
        start = torch.tensor(float(alpha))
        if learnable:
            self.alpha = nn.Parameter(start)
        else:
            self.register_buffer("alpha", start)
        self.counting = False
        self.counts = [0, 0, 0]

    def forward(self, distance: Tensor, inclusive: bool = True) -> Tensor:
        return emit(self, distance, inclusive)

    def learned(self) -> Tensor:
        return self.alpha

    def slope(self, distance: Tensor) -> Tensor:
        return SHAPES[self.shape].slope(distance, self.alpha.detach())

    def by_alpha(self, distance: Tensor, slope: Tensor) -> Tensor:
        return SHAPES[self.shape].by_alpha(distance, self.alpha.detach(), slope)

    def activate(self, distance: Tensor, inclusive: bool) -> Tensor:
        if self.training:
            self.project()
        if not self.training or self.spike_fraction == 1.0:
            values = step(distance, inclusive)
        else:
            values = SHAPES[self.shape].value(distance, self.alpha.detach())
            if self.spike_fraction > 0.0:
                mask = _mask(distance, self.spike_fraction)
                values = torch.where(mask, step(distance, inclusive), values)
        if self.counting:
            self._count(values)
        return values

    def project(self) -> None:
        """Bring a learned alpha back to ``SMALLEST`` or above."""
        if isinstance(self.alpha, nn.Parameter):
            self.alpha.data.clamp_(min=SMALLEST)

    def _count(self, values: Tensor) -> None:
        ones = int((values == 1).count_nonzero())
        self.counts[0] += int(values.count_nonzero()) - ones
        self.counts[1] += ones
        self.counts[2] += values.numel()

    def extra_repr(self) -> str:
        return f"shape={self.shape!r}, alpha={self.alpha.item():g}, spike_fraction={self.spike_fraction}"


def _mask(like: Tensor, fraction: float) -> Tensor:
    """True in a ``fraction`` of the elements. 16 random bits an element: a quarter of bernoulli_()'s time."""
    words = torch.empty(-(-like.numel() // 4), dtype=torch.int64, device=like.device)
    below = min(max(round(fraction * 2**16), 1), 2**16 - 1) - 2**15
    return words.random_(-(2**63), None).view(torch.int16)[: like.numel()].view(like.shape) < below


def checked_fraction(spike_fraction: float) -> float:
    """Raises ValueError for a fraction outside [0, 1]."""
    if not 0.0 <= spike_fraction <= 1.0:
        raise ValueError(f"ASGL spike_fraction is {spike_fraction}; it must lie in [0, 1]")
    return spike_fraction


def use_surrogate(model: nn.Module, make: Callable[[], Callable[[Tensor, bool], Tensor]]) -> int:
    """Give every layer of neurons its own surrogate from ``make``; how many layers there are.

    ``use_surrogate(model, ASGL)`` prepares a model for ASGL, ``use_surrogate(model, lambda: arctan)`` gives
    the plain one back, without the parameters alpha. A module lies on the model's device.
    Raises ValueError if the model has no neurons.
    """
    neurons = [m for m in model.modules() if isinstance(m, SpikingNeuron) and hasattr(m, "surrogate")]
    if not neurons:
        raise ValueError(f"{type(model).__name__} has no layer of neurons of hwsim.nn")
    weight = next(model.parameters(), None)
    for neuron in neurons:
        surrogate = make()
        if isinstance(surrogate, nn.Module):
            surrogate.train(neuron.training)
            if weight is not None:
                surrogate.to(weight.device)
        del neuron.surrogate
        neuron.surrogate = surrogate  # type: ignore[assignment]
    return len(neurons)


def smoothings(model: nn.Module) -> dict[str, ASGL]:
    """The model's :class:`ASGL` modules by their names."""
    return {name: module for name, module in model.named_modules() if isinstance(module, ASGL)}


def parameter_groups(model: nn.Module, rate: float, alpha_rate: float) -> list[dict[str, Any]]:
    """Groups for an optimizer: all other parameters at ``rate``; the alphas at ``alpha_rate``, not decayed.

    A group without parameters is left out.
    """
    alphas = [m.alpha for m in smoothings(model).values() if isinstance(m.alpha, nn.Parameter)]
    own = {id(alpha) for alpha in alphas}
    others = [p for p in model.parameters() if id(p) not in own]
    groups: list[dict[str, Any]] = [
        {"params": others, "lr": rate},
        {"params": alphas, "lr": alpha_rate, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def spike_fraction_schedule(start: float, zeta: float, milestones: Sequence[int], epoch: int) -> float:
    """p of ``epoch`` (from 0): p <- 1 - (1 - p) zeta at each milestone that is at or before it.

    Source: ASGL, Table 7. Raises ValueError for a start or a zeta outside [0, 1].
    """
    checked_fraction(start)
    if not 0.0 <= zeta <= 1.0:
        raise ValueError(f"ASGL zeta is {zeta}; it must lie in [0, 1]")
    passed = sum(epoch >= milestone for milestone in milestones)
    return float(1.0 - (1.0 - start) * zeta**passed)


def set_spike_fraction(model: nn.Module, spike_fraction: float) -> None:
    """Set p of every layer. Raises ValueError for a fraction outside [0, 1]."""
    for module in smoothings(model).values():
        module.spike_fraction = checked_fraction(spike_fraction)


@dataclass(frozen=True)
class Emitted:
    """Values that a layer emitted: ``graded`` strictly between 0 and 1, ``spikes`` of 1, ``all``."""

    graded: int
    spikes: int
    all: int

    @property
    def graded_share(self) -> float:
        """The share of all values that are graded."""
        return self.graded / self.all if self.all else 0.0

    @property
    def mac_share(self) -> float:
        """The share of the values other than 0 that are graded: of the operations of a next layer of equal
        fan-out, those that are multiply-accumulates; the others are accumulates."""
        return self.graded / (self.graded + self.spikes) if self.graded + self.spikes else 0.0


def count_emitted(model: nn.Module, counting: bool = True) -> None:
    """Switch counting on, from zero, or off."""
    for module in smoothings(model).values():
        module.counting, module.counts = counting, [0, 0, 0]


def emitted(model: nn.Module) -> dict[str, Emitted]:
    """What every layer emitted since :func:`count_emitted`, by the name of its ASGL module."""
    return {name: Emitted(*module.counts) for name, module in smoothings(model).items()}
