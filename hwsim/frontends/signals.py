"""What travels between two operations of a timestep, before it has populations at both ends."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.frontends.timing import Key
from hwsim.network import ProjectionKind

Array = NDArray[Any]


@dataclass(frozen=True)
class Made:
    """Which tensor holds a population's output: the operation's, from element ``start`` of a sample on."""

    key: Key
    start: int = 0


@dataclass(frozen=True)
class Emitted:
    """The output of a population ``delay`` steps ago, perhaps reshaped to ``shape``."""

    population: str
    shape: tuple[int, ...]
    delay: int = 0


@dataclass(frozen=True)
class Draft:
    """A projection without a target. Weights and bias are float64 until the network is built."""

    source: str
    kind: ProjectionKind
    weights: Array | None = None
    bias: Array | None = None
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1
    divisor: float = 1.0
    delay: int = 0

    def scaled(self, scale: Array, shift: Array | None) -> "Draft":
        """Every target channel's input times ``scale`` (channels,), plus ``shift``.

        An identity becomes a convolution of 1 x 1 with a group a channel.
        """
        weights, groups = self.weights, self.groups
        if weights is None:
            weights, groups = np.ones((len(scale), 1, 1, 1)), len(scale)
        weights = weights * scale.reshape(-1, *[1] * (weights.ndim - 1))
        bias = None if self.bias is None and shift is None else _or_zero(self.bias) * scale + _or_zero(shift)
        kind: ProjectionKind = "conv2d" if self.kind == "identity" else self.kind
        return replace(self, kind=kind, weights=weights, bias=bias, groups=groups)


@dataclass(frozen=True)
class Current:
    """A sum of drafts, of ``natural`` shape, perhaps reshaped to ``shape``.

    With ``filter`` d it is the leaky sum c[t] = d * c[t-1] + (the drafts' sum) instead.
    """

    drafts: tuple[Draft, ...]
    natural: tuple[int, ...]
    shape: tuple[int, ...]
    filter: float | None = None

    @property
    def weighted(self) -> bool:
        """Whether it costs more than to look at what other populations emit."""
        return self.filter is not None or any(d.weights is not None for d in self.drafts)

    @property
    def linear(self) -> bool:
        """Whether it is a sum of dense layers and nothing else."""
        return self.filter is None and all(d.kind == "dense" for d in self.drafts)

    def scaled(self, scale: Array, shift: Array | None = None) -> "Current":
        drafts = [d.scaled(scale, shift if i == 0 else None) for i, d in enumerate(self.drafts)]
        return replace(self, drafts=tuple(drafts))

    def plus(self, other: "Current") -> "Current":
        return replace(self, drafts=self.drafts + other.drafts)


@dataclass(frozen=True)
class Recent:
    """The last ``length`` outputs of a flat population: of shape (neurons, length), the newest last."""

    population: str
    shape: tuple[int, ...]
    delay: int


@dataclass(frozen=True)
class Joined:
    """Parts one after the other along the channels, or along the neurons where they are flat."""

    parts: tuple[Emitted | Current, ...]
    shape: tuple[int, ...]

    def aligned(self, other: "Joined") -> bool:
        """Whether its parts are as wide as the other's."""
        return [p.shape for p in self.parts] == [p.shape for p in other.parts]


Signal = Emitted | Current | Recent | Joined


def _or_zero(array: Array | None) -> Array | float:
    return 0.0 if array is None else array


def planar(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a population that holds a signal of ``shape``: (channels, length) gets a height of 1."""
    return (shape[0], 1, shape[1]) if len(shape) == 2 else shape


def each(signal: Signal, change: Callable[[Signal], Emitted | Current]) -> Signal:
    """``change`` of the signal, or of each part that it is joined from."""
    if not isinstance(signal, Joined):
        return change(signal)
    parts = tuple(change(part) for part in signal.parts)
    return Joined(parts, signal.shape)
