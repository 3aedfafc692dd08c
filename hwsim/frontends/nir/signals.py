"""What flows between the nodes of a graph while it becomes a network."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.nir.file import Array
from hwsim.population import ProjectionKind

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Emitted:
    """The output of a population, ``delay`` steps late, perhaps reshaped to ``shape``.

    ``natural`` is the population's own shape, (channels, height, width) or (neurons,).
    """

    population: str
    natural: Shape
    shape: Shape
    delay: int = 0


@dataclass(frozen=True)
class Draft:
    """A projection without a target, named after the node that it comes from."""

    name: str
    source: str
    kind: ProjectionKind
    weights: Array | None = None
    bias: Array | None = None
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    groups: int = 1
    delay: int = 0


@dataclass(frozen=True)
class Current:
    """A sum of drafts of ``natural`` shape, perhaps reshaped to ``shape``."""

    drafts: tuple[Draft, ...]
    natural: Shape
    shape: Shape


Signal = Emitted | Current


def as_current(signal: Signal) -> Current:
    """A sum; a population's output is one projection of weight 1."""
    if isinstance(signal, Current):
        return signal
    draft = Draft("", signal.population, "identity", delay=signal.delay)
    return Current((draft,), signal.natural, signal.shape)


def total(signals: Iterable[Signal], where: str) -> Signal:
    """The sum of all edges into one node. Raises HwsimError where their shapes differ."""
    signals = list(signals)
    if len(signals) == 1:
        return signals[0]
    currents = [as_current(s) for s in signals]
    first = currents[0]
    for other in currents[1:]:
        if (other.natural, other.shape) != (first.natural, first.shape):
            raise HwsimError(f"{where}: adds up signals of shapes {first.shape} and {other.shape}")
    drafts = tuple(d for c in currents for d in c.drafts)
    return Current(drafts, first.natural, first.shape)


def scaled(current: Current, scale: Array, where: str) -> Current:
    """A sum with every element multiplied: weights and biases are; float64, rounded once.

    ``scale`` is one value or has the sum's natural shape.
    """
    drafts = []
    for d in current.drafts:
        if d.weights is None:
            raise HwsimError(f"{where}: scales a sum that a population is part of without weights")
        if d.kind == "conv2d":
            each = per_channel(scale, current.natural, where)
            factor = each.reshape(-1, 1, 1, 1)
        else:
            each = np.broadcast_to(scale.ravel(), current.natural)
            factor = each[:, None]
        with np.errstate(over="ignore"):
            weights = (d.weights * factor).astype(np.float32)
            bias = None if d.bias is None else (d.bias * each).astype(np.float32)
        drafts.append(replace(d, weights=weights, bias=bias))
    return replace(current, drafts=tuple(drafts))


def fitted(given: Array, natural: Shape, shape: Shape, where: str) -> Array:
    """A parameter as one value, or one an element in the ``natural`` shape of a signal of ``shape``.

    It has the signal's shape, one that broadcasts to it, or is flat, an element after the other; leading
    dimensions of 1 count for nothing. For (channels, length) it may be one value a channel, too.
    Raises HwsimError for other shapes, and for one that can be read in two ways.
    """
    if given.size == 1:
        return given.ravel()
    own = given.shape
    while len(own) > len(shape) and own[0] == 1:
        own = own[1:]
    values = given.reshape(own)
    if len(shape) == 2 and own == (shape[0],):
        if shape[0] == shape[1] and not (values == values[0]).all():
            raise HwsimError(
                f"{where} has shape {own}; its input has {shape}: one a channel or one a position? Write "
                f"{(shape[0], 1)} or {(1, shape[1])}"
            )
        return np.broadcast_to(values[:, None], shape).reshape(natural)
    if own in (shape, natural, (int(np.prod(shape)),)):
        return values.reshape(natural)
    for target in (shape, natural):
        if (target == shape or len(own) == len(target)) and _broadcasts(own, target):
            return np.broadcast_to(values, target).reshape(natural)
    raise HwsimError(f"{where} has shape {given.shape}; its input has {shape}")


def _broadcasts(given: Shape, shape: Shape) -> bool:
    return len(given) <= len(shape) and all(
        g in (1, n) for g, n in zip(given[::-1], shape[::-1], strict=False)
    )


def per_channel(scale: Array, natural: Shape, where: str) -> Array:
    """One factor a channel of a (channels, height, width) signal, from one an element or one for all."""
    rows = np.broadcast_to(scale, natural).reshape(natural[0], -1)
    if not (rows == rows[:, :1]).all():
        raise HwsimError(f"{where}: its scales differ within a channel, which no projection holds")
    return rows[:, 0]
