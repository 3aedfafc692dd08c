"""Rules of layers with weights.

Batch normalization folds into the layer before it: w' = w * g, b' = (b - mean) * g + beta,
g = gamma / sqrt(var + eps), in float64, rounded once; after a population it is a convolution of 1 x 1.
"""

from collections.abc import Iterable
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.reading import array, pair, where, windows
from hwsim.frontends.signals import Array, Current, Draft, Emitted, Joined, Recent, Signal, each, planar
from hwsim.frontends.timing import Node

if TYPE_CHECKING:
    from hwsim.frontends.lowering import Lowering


def conv(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    if set(pair(module.dilation)) != {1} or module.padding_mode != "zeros":
        raise HwsimError(
            f"{where(node)}: dilation {module.dilation}, padding mode {module.padding_mode!r}; "
            "only dilation 1 and zero padding can be lowered"
        )
    weights, bias = array(module.weight), array(module.bias)
    assert weights is not None
    signal = lowering.as_emitted(node)
    if isinstance(signal, Recent):
        return _over_time(node, signal, weights, bias, module)
    signal = lowering.plane_source(node)
    weights = weights[:, :, None] if weights.ndim == 3 else weights
    kernel, stride, padding = windows(node)
    drafts = []
    parts = signal.parts if isinstance(signal, Joined) else (signal,)
    for i, (part, piece) in enumerate(zip(parts, _input_slices(node, parts, weights), strict=True)):
        assert isinstance(part, Emitted)
        drafts.append(
            Draft(
                part.population, "conv2d", piece, bias if i == 0 else None, kernel, stride, padding,
                module.groups, delay=part.delay,
            )
        )  # fmt: skip
    return Current(tuple(drafts), planar(node.shape), node.shape)


def _input_slices(node: Node, parts: Iterable[Any], weights: Array) -> list[Array]:
    """The weights of each of the joined ``parts``, by its channels or neurons."""
    sizes = [part.shape[0] for part in parts]
    groups = getattr(node.module, "groups", 1)
    if len(sizes) > 1 and groups > 1:
        raise HwsimError(f"{where(node)}: a grouped convolution of a concatenation cannot be lowered")
    return np.split(weights, np.cumsum(sizes)[:-1], axis=1) if len(sizes) > 1 else [weights]


def _over_time(node: Node, signal: Recent, weights: Array, bias: Array | None, module: Any) -> Current:
    """A convolution over the last values: one dense projection a delay, the longest first."""
    length = signal.shape[1]
    kernel = weights.shape[2] if weights.ndim == 3 else 0
    if kernel != length or pair(module.padding)[1] or pair(module.stride)[1] != 1 or module.groups != 1:
        raise HwsimError(
            f"{where(node)}: reads a window of {length} steps; its kernel must be that long, without "
            "padding, stride and groups"
        )
    drafts = tuple(
        Draft(
            signal.population, "dense", weights[:, :, k], bias if k == length - 1 else None,
            delay=signal.delay + length - 1 - k,
        )
        for k in range(length)
    )  # fmt: skip
    return Current(drafts, (weights.shape[0],), node.shape)


def linear(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    signal = lowering.as_emitted(node)
    if isinstance(signal, Recent) or len(signal.shape) != 1:
        raise HwsimError(f"{where(node)}: reads a signal of shape {signal.shape}; flatten it first")
    weights, bias = array(module.weight), array(module.bias)
    assert weights is not None
    parts = signal.parts if isinstance(signal, Joined) else (signal,)
    drafts = []
    for i, (part, piece) in enumerate(zip(parts, _input_slices(node, parts, weights), strict=True)):
        assert isinstance(part, Emitted)
        drafts.append(Draft(part.population, "dense", piece, bias if i == 0 else None, delay=part.delay))
    return Current(tuple(drafts), planar(node.shape), node.shape)


def batch_norm(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    mean, var = array(module.running_mean), array(module.running_var)
    if mean is None or var is None:
        raise HwsimError(f"{where(node)}: keeps no running statistics; set track_running_stats=True")
    gamma, beta = array(module.weight), array(module.bias)
    scale = (np.ones_like(mean) if gamma is None else gamma) / np.sqrt(var + module.eps)
    shift = (np.zeros_like(mean) if beta is None else beta) - mean * scale
    start = 0

    def normalized(signal: Signal) -> Current:
        nonlocal start
        current = lowering.as_current(signal, where(node))
        if current.filter is not None:
            raise HwsimError(f"{where(node)}: comes after a synapse; normalize before it")
        channels = current.natural[0]
        if planar(current.shape) != current.natural and current.shape[:1] != current.natural:
            raise HwsimError(f"{where(node)}: comes after a flatten; normalize before flattening")
        part = slice(start, start + channels)
        start += channels
        return current.scaled(scale[part], shift[part])

    return each(lowering.read(node), normalized)


def vote(lowering: "Lowering", node: Node) -> Signal:
    """The mean of neighbouring outputs: folded into a linear layer before it, else a layer of its own."""
    module: Any = node.module
    votes, classes = pair(module.kernel_size)[1], node.shape[-1]
    mean = np.kron(np.eye(classes), np.full((1, votes), 1.0 / votes))
    signal = lowering.read(node)
    if (
        isinstance(signal, Current)
        and signal.filter is None
        and all(d.kind == "dense" for d in signal.drafts)
    ):
        drafts = tuple(
            replace(d, weights=mean @ d.weights, bias=None if d.bias is None else mean @ d.bias)
            for d in signal.drafts
        )
        return Current(drafts, (classes,), node.shape)
    emitted = lowering.as_emitted(node)
    if not isinstance(emitted, Emitted) or prod(emitted.shape) != classes * votes:
        raise HwsimError(
            f"{where(node)}: reads a signal of shape {emitted.shape}; expected ({classes * votes},)"
        )
    draft = Draft(emitted.population, "dense", mean, delay=emitted.delay)
    return Current((draft,), (classes,), node.shape)
