"""From a graph's nodes to populations and projections, node by node in the order of computation."""

from collections import defaultdict
from dataclasses import replace
from typing import Any

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends.nir.file import Graph, Node
from hwsim.frontends.nir.layers import LAYERS, layer_draft
from hwsim.frontends.nir.neurons import NEURONS, neurons
from hwsim.frontends.nir.order import Edge, Order
from hwsim.frontends.nir.producers import Producer
from hwsim.frontends.nir.signals import (
    Current,
    Draft,
    Emitted,
    Shape,
    Signal,
    as_current,
    fitted,
    per_channel,
    scaled,
    total,
)
from hwsim.geometry import output_plane
from hwsim.population import MAX_NEURONS, Population, Projection, ProjectionKind

MAX_DIAGONAL = 4096
"""Most elements of a flat signal that is scaled without weights before it: the scales become a matrix."""


class Lowering:
    """Builds populations and projections from an ordered graph.

    An edge that closes a loop is connected at the end, one step late: its target is a population, or a
    relay "<node>.in" that sums what enters a node which is none. Biases on such an edge act at every step.
    """

    def __init__(self, graph: Graph, order: Order, rule: Producer, dt: float, steps: dict[str, int]) -> None:
        self.graph, self.order, self.rule, self.dt, self.steps = graph, order, rule, dt, steps
        self.populations: list[Population] = []
        self.projections: list[Projection] = []
        self.signals: dict[str, Signal] = {}
        self.readout = ""
        self.notes: dict[str, str] = {}
        self.names: set[str] = set()
        self.cut = order.late | order.delayed
        self.sources: dict[str, list[str]] = defaultdict(list)
        for source, target in sorted(graph.edges - self.cut):
            self.sources[target].append(source)

    def build(self, start: str, shape: Shape, end: str) -> None:
        """Everything from the Input node ``start``, whose shape is known, to the Output node ``end``."""
        for name in self.order.names:
            node = self.graph.nodes[name]
            if name == start:
                self._input(node, shape)
            elif node.kind == "Delay" and any(b == name for _, b in self.order.delayed):
                self._looped_delay(node)
            else:
                self.signals[name] = self._node(node, self._entering(node))
        self._close_loops()
        self._output(self.graph.nodes[end])

    def _input(self, node: Node, shape: Shape) -> None:
        natural = _natural(node, shape)
        self._add(Population(self._unused(node.name), natural, "input"))
        self.signals[node.name] = Emitted(node.name, natural, shape)
        if any(b == node.name for _, b in self.cut):
            raise HwsimError(f"{node.where}: an edge leads into the graph's input")

    def _entering(self, node: Node) -> Signal:
        signal = total([self.signals[s] for s in self.sources[node.name]], node.where)
        looped = any(b == node.name for _, b in self.order.late)
        if looped and node.kind not in NEURONS:
            return self._relay(signal, f"{node.name}.in")
        return signal

    def _node(self, node: Node, signal: Signal) -> Signal:
        if node.kind in NEURONS:
            current = as_current(signal)
            population = neurons(node, self.rule, self.dt, current.natural, current.shape)
            return self._emit(replace(population, name=self._unused(node.name)), current)
        if node.kind in LAYERS:
            emitted = self._emitted(signal, f"{node.name}.in")
            draft, shape, view = layer_draft(node, emitted)
            if draft.kind == "dense" and max(emitted.shape) < np.prod(emitted.shape):
                self.notes.setdefault(
                    "flattened",
                    f"node {node.name!r} ({node.kind}) reads a signal of shape {emitted.shape} flat, though "
                    "no Flatten comes before it",
                )
            return Current((draft,), shape, view)
        if node.kind in ("SumPool2d", "AvgPool2d"):
            return self._pool(node, self._emitted(signal, f"{node.name}.in"))
        if node.kind == "Flatten":
            return replace(signal, shape=_flattened(node, signal.shape))
        handed_on = {"Scale": self._scale, "Delay": self._delay}.get(node.kind)
        return handed_on(node, signal) if handed_on else signal  # Input and Output of sub-graphs

    def _scale(self, node: Node, signal: Signal) -> Signal:
        given = np.asarray(node.values["scale"], np.float64)
        scale = fitted(given, signal.natural, signal.shape, f"{node.where}: scale")
        if (scale == 1).all():
            return signal
        if isinstance(signal, Current) and all(d.weights is not None for d in signal.drafts):
            return scaled(signal, scale, node.where)
        emitted = self._emitted(signal, f"{node.name}.in")
        natural = emitted.natural
        if len(natural) == 3:
            weights = per_channel(scale, natural, node.where).astype(np.float32).reshape(-1, 1, 1, 1)
            draft = Draft(
                node.name, emitted.population, "conv2d", weights, groups=natural[0], delay=emitted.delay
            )
        elif natural[0] > MAX_DIAGONAL:
            raise HwsimError(
                f"{node.where}: scales a flat signal of {natural[0]} elements alone; {MAX_DIAGONAL} at most"
            )
        else:
            matrix = np.diag(np.broadcast_to(scale.ravel(), natural)).astype(np.float32)
            draft = Draft(node.name, emitted.population, "dense", matrix, delay=emitted.delay)
        return Current((draft,), natural, emitted.shape)

    def _delay(self, node: Node, signal: Signal) -> Signal:
        steps = self.steps[node.name]
        if steps == 0:
            return signal
        if isinstance(signal, Current) and any(d.bias is not None for d in signal.drafts):
            signal = self._relay(signal, f"{node.name}.in")  # before the delay has passed, the bias is 0 too
        if isinstance(signal, Emitted):
            return replace(signal, delay=signal.delay + steps)
        return replace(signal, drafts=tuple(replace(d, delay=d.delay + steps) for d in signal.drafts))

    def _looped_delay(self, node: Node) -> None:
        """A Delay inside of a loop is a relay, reached when the loop is closed."""
        shape = node.values["delay"].shape
        if self.sources[node.name] or len(shape) not in (1, 3):
            raise HwsimError(
                f"{node.where}: in a loop, a Delay needs the shape of its signal, one value an element, and "
                f"no input from outside of the loop; it has shape {shape} and inputs "
                f"{self.sources[node.name]}"
            )
        name = self._unused(node.name)
        self._add(Population(name, shape, "relay"))
        self.signals[node.name] = Emitted(name, shape, shape)

    def _pool(self, node: Node, signal: Emitted) -> Emitted:
        if len(signal.shape) != 3 or signal.shape != signal.natural:
            raise HwsimError(f"{node.where}: its input has shape {signal.shape}; a pool needs (C, H, W)")
        kernel = node.integers("kernel_size", 2, 1, 1)
        stride = node.integers("stride", 2, 0, 1) if "stride" in node.values else kernel
        padding = node.integers("padding", 2, 0, 0)
        plane = output_plane(signal.natural[1:], kernel, stride, padding)  # type: ignore[arg-type]
        if min(plane) < 1:
            raise HwsimError(f"{node.where}: a window of {kernel} does not fit into {signal.natural[1:]}")
        shape = (signal.natural[0], *plane)
        name = self._unused(node.name)
        self._add(Population(name, shape, "relay"))
        divisor = float(kernel[0] * kernel[1]) if node.kind == "AvgPool2d" else 1.0
        self._project(
            f"{signal.population}->{name}", signal.population, name, "avg_pool", kernel=kernel, stride=stride,
            padding=padding, divisor=divisor, delay=signal.delay,
        )  # fmt: skip
        return Emitted(name, shape, shape)

    def _close_loops(self) -> None:
        for edge in sorted(self.cut):
            source, target = edge
            node = self.graph.nodes[target]
            signal = self.signals[source]
            late = 1 if edge in self.order.late else self.steps[target]
            if edge in self.order.delayed and isinstance(signal, Current):
                signal = self._relay(signal, f"{target}.in")
            self._connect(edge, signal, self._population_of(node), late)

    def _connect(self, edge: Edge, signal: Signal, target: Population, late: int) -> None:
        current = as_current(signal)
        if current.natural != target.shape:
            raise HwsimError(
                f"{self.graph.where}: edge {edge[0]!r} -> {edge[1]!r}: {current.natural} into {target.shape}"
            )
        self._add_drafts(current, target.name, late)

    def _population_of(self, node: Node) -> Population:
        """Where an edge into a node ends that closes a loop."""
        name = f"{node.name}.in" if node.kind not in (*NEURONS, "Delay") else node.name
        return next(p for p in self.populations if p.name == name)

    def _output(self, node: Node) -> None:
        signal = self.signals[node.name]
        kinds = {p.name: p.kind for p in self.populations}
        if isinstance(signal, Emitted) and not signal.delay and kinds[signal.population] in ("lif", "li"):
            self.readout = signal.population
            return
        current = as_current(signal)
        name = self._unused(node.name)
        self._add(Population(name, current.natural, "readout"))
        self._add_drafts(current, name, 0)
        self.readout = name

    def _emitted(self, signal: Signal, name: str) -> Emitted:
        return signal if isinstance(signal, Emitted) else self._relay(signal, name)

    def _relay(self, signal: Signal, name: str) -> Emitted:
        current = as_current(signal)
        return self._emit(Population(self._unused(name), current.natural, "relay"), current)

    def _emit(self, population: Population, current: Current) -> Emitted:
        self._add(population)
        self._add_drafts(current, population.name, 0)
        return Emitted(population.name, current.natural, current.shape)

    def _add(self, population: Population) -> None:
        if population.size > MAX_NEURONS:
            raise HwsimError(f"{self.graph.where}: {population.name!r} has shape {population.shape}")
        self.populations.append(population)

    def _add_drafts(self, current: Current, target: str, late: int) -> None:
        for d in current.drafts:
            end = self._end(d.groups, target)
            self._project(
                d.name or f"{d.source}->{end}", d.source, end, d.kind, weights=d.weights, bias=d.bias,
                kernel=d.kernel, stride=d.stride, padding=d.padding, groups=d.groups, delay=d.delay + late,
            )  # fmt: skip

    def _end(self, groups: int, target: str) -> str:
        """Where a projection ends: a population takes those of one number of groups beside those of one
        group; what has another goes through a relay."""
        taken = {p.groups for p in self.projections if p.target == target and p.groups > 1}
        if groups == 1 or taken <= {groups}:
            return target
        number = next(i for i, p in enumerate(self.populations) if p.name == target)
        name = self._unused(f"{target}.{groups} groups")
        self.populations.insert(number, Population(name, self.populations[number].shape, "relay"))
        self._project(f"{name}->{target}", name, target, "identity")
        return name

    def _project(self, name: str, source: str, target: str, kind: ProjectionKind, **options: Any) -> None:
        taken = {p.name for p in self.projections}
        free = next(n for n in (name, *(f"{name} {i}" for i in range(2, len(taken) + 3))) if n not in taken)
        self.projections.append(Projection(free, source, target, kind, **options))

    def _unused(self, name: str) -> str:
        if name in self.names:
            raise HwsimError(f"{self.graph.where}: two populations would be named {name!r}; rename a node")
        self.names.add(name)
        return name


def _natural(node: Node, shape: Shape) -> Shape:
    """As a population's shape: a signal of (channels, length) has height 1."""
    if len(shape) == 2:
        return (shape[0], 1, shape[1])
    if len(shape) in (1, 3):
        return shape
    raise HwsimError(f"{node.where}: shape {shape}; it must have 1, 2 or 3 dimensions")


def _flattened(node: Node, shape: Shape) -> Shape:
    """torch.flatten without the batch: dimensions from start_dim up to end_dim become one."""
    count = len(shape)
    given = [
        int(v.flat[0]) if (v := node.values.get(n)) is not None and v.size else d
        for n, d in (("start_dim", 1), ("end_dim", -1))
    ]
    first, last = (d + count if d < 0 else d for d in given)
    if not 0 <= first <= last < count:
        raise HwsimError(
            f"{node.where}: flattens dimensions {given[0]} to {given[1]} of a signal of shape {shape}"
        )
    return (*shape[:first], int(np.prod(shape[first : last + 1])), *shape[last + 1 :])
