"""Rules of pools: each makes a relay."""

from math import prod
from typing import TYPE_CHECKING, Any

from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends import weighted
from hwsim.frontends.reading import Windows, pair, where, windows
from hwsim.frontends.signals import Current, Draft, Emitted, Joined, Made, Signal, planar
from hwsim.frontends.timing import Node
from hwsim.network import Population, ProjectionKind

if TYPE_CHECKING:
    from hwsim.frontends.lowering import Lowering


def max_pool(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    if set(pair(module.dilation)) != {1} or module.ceil_mode or module.return_indices:
        raise HwsimError(f"{where(node)}: dilation, ceil_mode and return_indices cannot be lowered")
    return _pooled(lowering, node, "max_pool", windows(node), 1.0, node.shape)


def avg_pool(lowering: "Lowering", node: Node) -> Signal:
    module: Any = node.module
    window, stride, padding = windows(node)
    if isinstance(module, nn.AvgPool1d) and node.shape[0] == 1 and (window, padding) == (stride, (0, 0)):
        return weighted.vote(lowering, node)
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


def _pooled(
    lowering: "Lowering",
    node: Node,
    kind: ProjectionKind,
    geometry: Windows,
    divisor: float,
    shape: tuple[int, ...],
) -> Signal:
    """A relay that pools each part; ``shape`` is that of the whole."""
    kernel, stride, padding = geometry
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
