"""Small random networks, drawn from a generator: convolutions, dense layers, sums, pools, branches."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from hwsim.geometry import output_plane
from hwsim.network import Coding, Network, Population, PopulationKind, Projection

MAX_SIDE = 7
"""Planes stay this small."""
DECAYS = (0.0, 0.25, 0.5, 0.75, 1.0, 3 / 4096)

Shape = tuple[int, ...]
Pair = tuple[int, int]


def chance(rng: Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def pick(rng: Generator, choices: Any) -> Any:
    return choices[int(rng.integers(len(choices)))]


def draw_pair(rng: Generator, low: int, high: int) -> Pair:
    """Two numbers in ``low`` to ``high``, equal ones more often."""
    first, second = (int(n) for n in rng.integers(low, high + 1, 2))
    return (first, first) if chance(rng, 0.6) else (first, second)


@dataclass
class Growing:
    """A network while populations are appended to it."""

    rng: Generator
    integer: bool
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)

    def emitting(self, *, spatial: bool = False, shape: Shape | None = None) -> list[Population]:
        return [
            p
            for p in self.populations
            if p.kind != "readout"
            and (len(p.shape) == 3 or not spatial)
            and (shape is None or p.shape == shape)
        ]

    def late(self, choices: list[Population]) -> Population:
        """One of the populations, the last ones more often: deep networks, some with branches."""
        return choices[-1] if chance(self.rng, 0.6) else pick(self.rng, choices)

    def add(self, shape: Shape, kind: PopulationKind) -> Population:
        rng = self.rng
        population = Population(
            f"p{len(self.populations)}",
            shape,
            kind,
            decay=pick(rng, DECAYS) if kind == "lif" else 1.0,
            threshold=float(rng.integers(1, 4)) if kind == "lif" else 1.0,
            reset=pick(rng, ("subtract", "zero")),
            compare=pick(rng, (">=", ">")),
        )
        self.populations.append(population)
        return population

    def connect(self, source: Population, target: Population, kind: str, **parts: Any) -> None:
        name = f"{kind}{len(self.projections)}"
        self.projections.append(Projection(name, source.name, target.name, kind, **parts))  # type: ignore[arg-type]

    def weights(self, *shape: int) -> NDArray[Any]:
        if self.integer:
            return self.rng.integers(-4, 5, shape).astype(np.int8)
        return self.rng.integers(-8, 9, shape).astype(np.float32) / 4

    def bias(self, channels: int) -> NDArray[Any] | None:
        return self.weights(channels) if chance(self.rng, 0.4) else None

    def neuron(self) -> PopulationKind:
        kinds: tuple[PopulationKind, ...] = ("lif", "lif", "lif", "relay", "relu", "readout")
        kind: PopulationKind = pick(self.rng, kinds)
        return kind


def draw_network(rng: Generator, layers: int, timesteps: int, *, chains: bool = False) -> Network:
    """An input and ``layers`` populations after it; ``chains`` adds runs of LIF layers of one size."""
    growing = Growing(rng, integer=chance(rng, 0.5))
    coding: Coding = pick(rng, ("frames", "frames", "spikes", "spikes", "series"))
    shape: Shape = (int(rng.integers(1, 7)), *(int(n) for n in rng.integers(1, MAX_SIDE + 1, 2)))
    growing.add(shape if chance(rng, 0.85) else (int(rng.integers(1, 20)),), "input")
    grow = (grow_conv, grow_conv, grow_conv, grow_residual, grow_dense, grow_pool, grow_pool, grow_identity)
    grow = (*grow, grow_chain, grow_chain) if chains else grow
    while len(growing.populations) <= layers:
        pick(rng, grow)(growing)
    network = Network(
        name="random",
        populations=tuple(growing.populations),
        projections=tuple(growing.projections),
        readout=growing.populations[-1].name,
        timesteps=timesteps,
        coding=coding,
        integer=growing.integer,
    )
    network.verify()
    return network


def draw_window(rng: Generator, plane: Pair) -> tuple[Pair, Pair, Pair] | None:
    """Kernel, stride and padding of a window that fits into the plane; windows may overlap or leave gaps."""
    kernel, stride = draw_pair(rng, 1, 3), draw_pair(rng, 1, 3)
    padding = draw_pair(rng, 0, 2)
    fits = min(output_plane(plane, kernel, stride, padding)) >= 1
    return (kernel, stride, padding) if fits else None


def matching_window(rng: Generator, plane: Pair, wanted: Pair) -> tuple[Pair, Pair, Pair] | None:
    """Another window that gives the ``wanted`` plane, if a few draws find one."""
    for _ in range(20):
        window = draw_window(rng, plane)
        if window and output_plane(plane, *window) == wanted:
            return window
    return None


def connect_conv(
    g: Growing, source: Population, target: Population, window: tuple[Pair, Pair, Pair], groups: int
) -> None:
    kernel, stride, padding = window
    weights = g.weights(target.channels, source.channels // groups, *kernel)
    g.connect(
        source,
        target,
        "conv2d",
        weights=weights,
        bias=g.bias(target.channels),
        kernel=kernel,
        stride=stride,
        padding=padding,
        groups=groups,
    )


def grow_conv(g: Growing) -> None:
    """A convolution, grouped or depthwise at times; at times a second one or an identity in parallel."""
    rng = g.rng
    choices = g.emitting(spatial=True)
    source = g.late(choices) if choices else None
    window = draw_window(rng, source.plane) if source else None
    if source is None or window is None:
        return
    groups = pick(rng, [n for n in range(1, source.channels + 1) if source.channels % n == 0])
    groups = groups if chance(rng, 0.5) else 1
    channels = groups * int(rng.integers(1, 4 if groups > 1 else 9))
    plane = output_plane(source.plane, *window)
    target = g.add((channels, *plane), g.neuron())
    connect_conv(g, source, target, window, groups)
    if chance(rng, 0.35):
        second = pick(rng, choices)
        window = matching_window(rng, second.plane, plane)
        same = chance(rng, 0.5) and second.channels % groups == 0
        if window:
            connect_conv(g, second, target, window, groups if same else 1)
    add_shortcuts(g, target, 0.3)


def grow_residual(g: Growing) -> None:
    """A convolution that keeps the shape beside identities of its own input and others."""
    choices = g.emitting(spatial=True)
    if not choices:
        return
    source = g.late(choices)
    half = draw_pair(g.rng, 0, 1)
    kernel = (2 * half[0] + 1, 2 * half[1] + 1)
    groups = pick(g.rng, (1, source.channels))
    target = g.add(source.shape, g.neuron())
    connect_conv(g, source, target, (kernel, (1, 1), half), groups)
    add_shortcuts(g, target, 0.9)


def add_shortcuts(g: Growing, target: Population, probability: float) -> None:
    for source in g.emitting(shape=target.shape):
        if source is not target and chance(g.rng, probability):
            bias = g.bias(target.channels) if chance(g.rng, 0.2) else None
            g.connect(source, target, "identity", bias=bias)


def connect_dense(g: Growing, source: Population, target: Population) -> None:
    weights = g.weights(target.size, source.size)
    g.connect(source, target, "dense", weights=weights, bias=g.bias(target.size))


def grow_dense(g: Growing) -> None:
    """A fully connected layer, at times of two sources or beside an identity."""
    source, other = g.late(g.emitting()), pick(g.rng, g.emitting())
    if source.size > 150:
        return
    same_shape = len(source.shape) == 1 and chance(g.rng, 0.4)
    target = g.add(source.shape if same_shape else (int(g.rng.integers(1, 14)),), g.neuron())
    connect_dense(g, source, target)
    if chance(g.rng, 0.3) and other.size <= 150:
        connect_dense(g, other, target)
    add_shortcuts(g, target, 0.4)


def grow_pool(g: Growing) -> None:
    """A max or average pool into a relay."""
    choices = g.emitting(spatial=True)
    weighted = {p.target for p in g.projections if p.has_weights}
    if chance(g.rng, 0.5):
        choices = [p for p in choices if p.name in weighted] or choices
    source = g.late(choices) if choices else None
    window = draw_window(g.rng, source.plane) if source else None
    if source is None or window is None:
        return
    kernel, stride, padding = window
    target = g.add((source.channels, *output_plane(source.plane, *window)), "relay")
    kind: Literal["max_pool", "avg_pool"] = pick(g.rng, ("max_pool", "max_pool", "avg_pool"))
    divisor = float(kernel[0] * kernel[1]) if kind == "avg_pool" and not g.integer else 1.0
    g.connect(source, target, kind, kernel=kernel, stride=stride, padding=padding, divisor=divisor)


def grow_identity(g: Growing) -> None:
    """Identities alone: a neuron, or a relay that sums."""
    source = g.late(g.emitting())
    target = g.add(source.shape, g.neuron())
    g.connect(source, target, "identity", bias=g.bias(target.channels))
    add_shortcuts(g, target, 0.4)


def grow_chain(g: Growing) -> None:
    """Two or three LIF layers of one size, one after the other, as layers that share states are."""
    source = g.late(g.emitting())
    if source.size > 150:
        return
    channels = pick(g.rng, (2, 4, 4, 8))
    for _ in range(int(g.rng.integers(2, 4))):
        target = g.add((channels, *source.shape[1:]), "lif")
        if len(source.shape) == 3:
            half = draw_pair(g.rng, 0, 1)
            connect_conv(g, source, target, ((2 * half[0] + 1, 2 * half[1] + 1), (1, 1), half), 1)
        else:
            connect_dense(g, source, target)
        source = target
