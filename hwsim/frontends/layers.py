"""One rule a kind of operation: what it makes of the signals that it reads.

Batch normalization folds into the layer before it: w' = w * g, b' = (b - mean) * g + beta,
g = gamma / sqrt(var + eps), in float64, rounded once; after a population it is a convolution of 1 x 1.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends.neurons import describe, is_neuron
from hwsim.frontends.signals import Array, Current, Draft, Emitted, Joined, Made, Recent, Signal, planar
from hwsim.frontends.timing import Node, Read
from hwsim.network import Population, ProjectionKind
from hwsim.nn import Synapse, Vote, Window

if TYPE_CHECKING:
    from hwsim.frontends.lowering import Lowering

Rule = Callable[["Lowering", Node], Signal]

WRAPPERS = ("spikingjelly.activation_based.layer",)
"""Modules of other libraries whose subclasses of torch.nn differ only in how they carry time."""


def is_population(node: Node) -> bool:
    return node.module is not None and is_neuron(node.module)


def inputs(node: Node) -> tuple[Read, ...]:
    """The reads that carry signals; a neuron's own states handed back to it do not."""
    return node.reads[:1] if is_population(node) else node.reads


def rule(node: Node) -> Rule | None:
    """The rule of the module's class; a subclass that computes something else has none."""
    module = node.module
    if module is None:
        return OPERATIONS.get(node.kind)
    if is_population(node):
        return neurons
    forward = type(module).forward
    wrapped = type(module).__module__.startswith(WRAPPERS)
    for kinds, lower in ((NEUTRAL, reshaped), *(((kind,), found) for kind, found in RULES.items())):
        if any(isinstance(module, kind) and (wrapped or forward is kind.forward) for kind in kinds):
            return lower
    return None


def where(node: Node) -> str:
    return f"module {node.path!r} ({node.kind})"


def source(lowering: "Lowering", node: Node) -> Signal:
    """The network's input."""
    population = Population("input", planar(node.shape), "input")
    return lowering.add(population, Current((), node.shape, node.shape), Made(node.key))


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
    return _each(lowering.read(node), lambda part: _scaled(lowering, node, part, factor))


def _scaled(lowering: "Lowering", node: Node, signal: Signal, factor: Array) -> Current:
    current = lowering.as_current(signal, where(node))
    channels = current.natural[0]
    per_channel = factor.reshape(-1) if factor.size in (1, channels) else None
    if per_channel is None or (factor.size > 1 and factor.ndim < len(current.natural)):
        raise HwsimError(
            f"module {node.path!r}: multiplies a signal of shape {current.natural} by constants of shape "
            f"{factor.shape}; one number, or one a channel, can be lowered"
        )
    return current.scaled(np.broadcast_to(per_channel, channels))


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


def reduced(lowering: "Lowering", node: Node) -> Signal:
    """A mean or sum over all positions of a plane: one pool."""
    signal = lowering.plane_source(node)
    wide = node.leading + len(signal.shape)
    if node.details != tuple(range(node.leading + 1, wide)):
        raise HwsimError(
            f"module {node.path!r}: torch function {node.kind!r} over dimensions {node.details}; over time "
            "it must be the model's last operation, else it must cover all positions of a plane"
        )
    _, *plane = planar(signal.shape)
    window = (plane[0], plane[1])
    divisor = float(prod(plane)) if node.kind == "mean" else 1.0
    return _pooled(lowering, node, "avg_pool", (window, window, (0, 0)), divisor, node.shape)


def _each(signal: Signal, change: Callable[[Signal], Emitted | Current]) -> Signal:
    """``change`` of the signal, or of each part that it is joined from."""
    if not isinstance(signal, Joined):
        return change(signal)
    parts = tuple(change(part) for part in signal.parts)
    return Joined(parts, signal.shape)


def array(tensor: Tensor | None) -> Array | None:
    return None if tensor is None else tensor.detach().cpu().numpy().astype(np.float64)


def pair(value: Any) -> tuple[int, int]:
    """(vertical, horizontal); a layer in one dimension works along the width."""
    if isinstance(value, int):
        return int(value), int(value)
    numbers = tuple(int(v) for v in value)
    return numbers if len(numbers) == 2 else (numbers[0], numbers[0])


def _geometry(node: Node, names: Iterable[str]) -> list[tuple[int, int]]:
    """A layer's kernel, stride and padding; in one dimension the vertical ones are 1, 1 and 0."""
    module: Any = node.module
    flat = isinstance(module, nn.Conv1d | nn.MaxPool1d | nn.AvgPool1d)
    neutral = {"kernel_size": 1, "stride": 1, "padding": 0}
    return [
        (neutral[name], pair(getattr(module, name))[1]) if flat else pair(getattr(module, name))
        for name in names
    ]


def conv(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    if set(pair(module.dilation)) != {1} or module.padding_mode != "zeros":
        raise HwsimError(
            f"{where(node)}: dilation {module.dilation}, padding mode {module.padding_mode!r}; "
            "only dilation 1 and zero padding can be lowered"
        )
    if isinstance(module.padding, str):
        raise HwsimError(f"{where(node)}: padding {module.padding!r}; give it as numbers")
    weights, bias = array(module.weight), array(module.bias)
    assert weights is not None
    signal = lowering.as_emitted(node)
    if isinstance(signal, Recent):
        return _over_time(node, signal, weights, bias, module)
    signal = lowering.plane_source(node)
    weights = weights[:, :, None] if weights.ndim == 3 else weights
    kernel, stride, padding = _geometry(node, ("kernel_size", "stride", "padding"))
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
        if isinstance(part, Current):
            raise HwsimError(f"{where(node)}: reads a concatenation of sums; put a neuron before it")
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

    return _each(lowering.read(node), normalized)


def max_pool(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    if set(pair(module.dilation)) != {1} or module.ceil_mode or module.return_indices:
        raise HwsimError(f"{where(node)}: dilation, ceil_mode and return_indices cannot be lowered")
    return _pooled(lowering, node, "max_pool", _windows(node), 1.0, node.shape)


def avg_pool(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    window, stride, padding = _windows(node)
    if isinstance(module, nn.AvgPool1d) and node.shape[0] == 1 and (window, padding) == (stride, (0, 0)):
        return vote(lowering, node)
    if module.ceil_mode or (padding != (0, 0) and not module.count_include_pad):
        raise HwsimError(f"{where(node)}: ceil_mode and count_include_pad=False cannot be lowered")
    divisor = float(getattr(module, "divisor_override", None) or prod(window))
    return _pooled(lowering, node, "avg_pool", (window, stride, padding), divisor, node.shape)


def adaptive_avg_pool(lowering: "Lowering", node: Node) -> Signal:
    signal = lowering.plane_source(node)
    planes = planar(signal.shape)[1:], planar(node.shape)[1:]
    if any(n % m for n, m in zip(*planes, strict=True)):
        raise HwsimError(
            f"{where(node)}: {planes[0]} positions to {planes[1]}; only windows of equal size can be lowered"
        )
    down, across = (n // m for n, m in zip(*planes, strict=True))
    window = (down, across)
    divisor = float(down * across)
    return _pooled(lowering, node, "avg_pool", (window, window, (0, 0)), divisor, node.shape)


Windows = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def _windows(node: Node) -> Windows:
    kernel, stride, padding = _geometry(node, ("kernel_size", "stride", "padding"))
    return kernel, stride, padding


def _pooled(
    lowering: "Lowering",
    node: Node,
    kind: ProjectionKind,
    windows: Windows,
    divisor: float,
    shape: tuple[int, ...],
) -> Signal:
    """A relay that pools each part; ``shape`` is that of the whole."""
    kernel, stride, padding = windows
    signal = lowering.plane_source(node)
    parts = signal.parts if isinstance(signal, Joined) else (signal,)
    rest, made, start = shape[1:], [], 0
    for part in parts:
        assert isinstance(part, Emitted)
        own = (part.shape[0], *rest)
        natural = planar(own) if rest else (*own, 1, 1)
        draft = Draft(
            part.population, kind, kernel=kernel, stride=stride, padding=padding, divisor=divisor,
            delay=part.delay,
        )  # fmt: skip
        population = Population(lowering.unused_name(node.path or "pool"), natural, "relay")
        made.append(lowering.add(population, Current((draft,), natural, own), Made(node.key, start)))
        start += prod(own)
    return Joined(tuple(made), shape) if isinstance(signal, Joined) else made[0]


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


def synapse(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    current = lowering.as_current(lowering.read(node), where(node))
    if current.filter is not None:
        raise HwsimError(f"{where(node)}: follows another synapse; put a neuron between them")
    return replace(current, filter=float(module.decay))


def window(lowering: "Lowering", node: Node) -> Signal:
    emitted = lowering.as_emitted(node)
    if not isinstance(emitted, Emitted) or len(emitted.shape) != 1:
        raise HwsimError(f"{where(node)}: reads a signal of shape {emitted.shape}; expected (neurons,)")
    return Recent(emitted.population, node.shape, emitted.delay)


def neurons(lowering: "Lowering", node: Node) -> Signal:
    assert node.module is not None
    computed = describe(node.path, node.module)
    wanted = "sequence" if computed.all_steps else "step"
    if node.form != wanted:
        raise HwsimError(
            f"{where(node)}: computes {'all timesteps' if computed.all_steps else 'one timestep'} a call, "
            f"but its input holds {'one' if computed.all_steps else 'all of them'}; set its step mode"
        )
    if node.path in lowering.neurons:
        raise HwsimError(
            f"{where(node)}: is called twice in one timestep, so that two layers would share one membrane; "
            "give each layer its own"
        )
    lowering.neurons.add(node.path)
    start = 0

    def population(signal: Signal) -> Emitted:
        nonlocal start
        current = lowering.as_current(signal, where(node))
        fields = dict(computed.fields)
        kind = fields.pop("kind", "lif")
        if current.filter is not None:
            if fields.get("current_decay") is not None or kind != "lif" or fields.get("gain", 1.0) != 1.0:
                raise HwsimError(f"{where(node)}: has a current of its own and follows a synapse")
            fields["current_decay"] = current.filter
        own = slice(start, start + prod(current.shape))
        start = own.stop
        single, vectors = _parameters(node, fields, own)
        name = lowering.unused_name(node.path or "lif")
        made = Population(name, current.natural, kind, **single, vectors=vectors)
        emitted = lowering.add(made, replace(current, filter=None), Made(node.key, own.start))
        if computed.recurrent is not None:
            lowering.connect(name, (_recurrence(node, computed.recurrent, made),))
        return emitted

    signal = lowering.read(node)
    if isinstance(signal, Joined) and computed.recurrent is not None:
        raise HwsimError(f"{where(node)}: is recurrent and reads a concatenation")
    return _each(signal, population)


def _parameters(node: Node, fields: dict[str, Any], own: slice) -> tuple[dict[str, Any], dict[str, Array]]:
    """Fields of one value, and those of one a neuron, of the neurons ``own`` of the layer."""
    vectors = {}
    for name, value in fields.items():
        if isinstance(value, np.ndarray):
            try:
                vectors[name] = np.broadcast_to(value, node.shape).ravel()[own].copy()
            except ValueError:
                raise HwsimError(
                    f"{where(node)}: {name} has shape {value.shape}; its neurons have {node.shape}"
                ) from None
    return {n: v for n, v in fields.items() if n not in vectors}, vectors


def _recurrence(node: Node, layer: Any, population: Population) -> Draft:
    """The projection from a layer's output of the step before to itself."""
    name, shape = population.name, population.shape
    if isinstance(layer, nn.Linear):
        return Draft(name, "dense", array(layer.weight), array(layer.bias), delay=1)
    if isinstance(layer, nn.Conv2d):
        if pair(layer.dilation) != (1, 1) or isinstance(layer.padding, str) or layer.padding_mode != "zeros":
            raise HwsimError(f"{where(node)}: its recurrent convolution has dilation or named padding")
        return Draft(
            name, "conv2d", array(layer.weight), array(layer.bias), pair(layer.kernel_size),
            pair(layer.stride), pair(layer.padding), layer.groups, delay=1,
        )  # fmt: skip
    factor = np.asarray(layer, np.float64).reshape(-1)
    if factor.size not in (1, shape[0]):
        raise HwsimError(
            f"{where(node)}: recurrent weights of shape {np.shape(layer)}; expected one number or {shape[0]}"
        )
    return Draft(name, "identity", delay=1).scaled(np.broadcast_to(factor, shape[0]), None)


NEUTRAL: tuple[type[nn.Module], ...] = (
    nn.Flatten, nn.Unflatten, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity,
)  # fmt: skip

RULES: dict[type[nn.Module], Rule] = {
    Vote: vote,
    Synapse: synapse,
    Window: window,
    nn.Conv1d: conv,
    nn.Conv2d: conv,
    nn.Linear: linear,
    nn.BatchNorm1d: batch_norm,
    nn.BatchNorm2d: batch_norm,
    nn.MaxPool1d: max_pool,
    nn.MaxPool2d: max_pool,
    nn.AvgPool1d: avg_pool,
    nn.AvgPool2d: avg_pool,
    nn.AdaptiveAvgPool1d: adaptive_avg_pool,
    nn.AdaptiveAvgPool2d: adaptive_avg_pool,
}

OPERATIONS: dict[str, Rule] = {
    "input": source,
    "add": added,
    "add_constant": constant_added,
    "scale": scaled,
    "reshape": reshaped,
    "repeat": reshaped,
    "alias": same,
    "stack": same,
    "select": same,
    "swap": swapped,
    "cat": joined,
    "mean": reduced,
    "sum": reduced,
}
