"""Rules of the functions between layers: sums, factors, reshapes, concatenation."""

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.reading import where
from hwsim.frontends.signals import Array, Current, Emitted, Joined, Recent, Signal, each
from hwsim.frontends.timing import Node

if TYPE_CHECKING:
    from hwsim.frontends.lowering import Lowering


def added(lowering: "Lowering", node: Node) -> Signal:
    left, right = (lowering.read(node, i) for i in range(2))
    if isinstance(left, Joined) and isinstance(right, Joined) and left.aligned(right):
        pairs = zip(left.parts, right.parts, strict=True)
        return replace(left, parts=tuple(_added(lowering, node, a, b) for a, b in pairs))
    return _added(lowering, node, left, right)


def _added(lowering: "Lowering", node: Node, left: Signal, right: Signal) -> Current:
    first, second = (lowering.as_current(s, where(node)) for s in (left, right))
    if first.natural != second.natural:
        raise HwsimError(
            f"module {node.path!r}: adds signals of shapes {first.natural} and {second.natural}; "
            "they must be equal"
        )
    if first.filter is not None or second.filter is not None:
        raise HwsimError(f"module {node.path!r}: adds to the output of a synapse; put a neuron after it")
    if node.details == -1.0:
        second = second.scaled(np.full(second.natural[0], -1.0))
    return first.plus(second)


def constant_added(_lowering: "Lowering", node: Node) -> Signal:
    raise HwsimError(f"{node.details}: adds a constant to a signal; put it into the bias of a layer")


def scaled(lowering: "Lowering", node: Node) -> Signal:
    factor = np.asarray(node.details, np.float64)
    return each(lowering.read(node), lambda part: _scaled(lowering, node, part, factor))


def _scaled(lowering: "Lowering", node: Node, signal: Signal, factor: Array) -> Current:
    current = lowering.as_current(signal, where(node))
    channels = current.natural[0]
    ahead = node.leading + len(node.shape) - factor.ndim
    place = [n for n in enumerate((1,) * ahead + factor.shape) if n[1] != 1]
    if factor.size > 1 and (place != [(node.leading, channels)] or node.shape[0] != channels):
        raise HwsimError(
            f"module {node.path!r}: multiplies a signal of shape {current.natural} by constants of shape "
            f"{factor.shape}; one number, or one a channel, can be lowered"
        )
    return current.scaled(np.broadcast_to(factor.reshape(-1), channels))


def reshaped(lowering: "Lowering", node: Node) -> Signal:
    """A reshape, or a layer that does nothing when it is not trained."""
    signal = lowering.read(node)
    if not isinstance(signal, Joined):
        return replace(signal, shape=node.shape)
    if node.shape == signal.shape:
        return signal
    if len(node.shape) != 1:
        raise HwsimError(
            f"{where(node)}: reshapes a concatenation to {node.shape}; only a flatten can follow"
        )
    parts = tuple(replace(p, shape=(prod(p.shape),)) for p in signal.parts)
    return Joined(parts, node.shape)


def repeated(lowering: "Lowering", node: Node) -> Signal:
    """Something that is the same at every step, repeated over the timesteps."""
    return reshaped(lowering, _whole(lowering, node, "repeats"))


def selected(lowering: "Lowering", node: Node) -> Signal:
    """One timestep of a sequence."""
    return same(lowering, _whole(lowering, node, "takes a slice of"))


def _whole(lowering: "Lowering", node: Node, does: str) -> Node:
    signal = lowering.read(node)
    shape = signal.shape if isinstance(signal, Recent | Joined) else lowering.as_current(signal, "").natural
    if prod(shape) != prod(node.shape):
        raise HwsimError(
            f"module {node.path!r}: {does} a signal of shape {shape}, along other dimensions than time"
        )
    return node


def same(lowering: "Lowering", node: Node) -> Signal:
    return lowering.read(node)


def swapped(lowering: "Lowering", node: Node) -> Signal:
    if node.leading != 2:
        raise HwsimError(f"module {node.path!r}: swaps dimensions that are not batch and time")
    return lowering.read(node)


def joined(lowering: "Lowering", node: Node) -> Signal:
    wide = len(node.shape) + node.leading
    if node.details % wide != node.leading:
        raise HwsimError(
            f"module {node.path!r}: concatenates along dimension {node.details}; only channels can be joined"
        )
    parts: list[Emitted | Current] = []
    for i in range(len(node.reads)):
        signal = lowering.read(node, i)
        if isinstance(signal, Recent):
            raise HwsimError(f"module {node.path!r}: concatenates a window")
        parts += signal.parts if isinstance(signal, Joined) else [signal]
    return Joined(tuple(parts), node.shape)
