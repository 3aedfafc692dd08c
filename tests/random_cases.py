"""Small random chips, networks, traces and mappings, drawn from a seed and a few sizes that shrink.

``cases()`` is the hypothesis strategy, ``draw_case`` the generator behind it; some cases are illegal
mappings on their chip, which ``is_legal`` tells.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st
from numpy.random import Generator
from numpy.typing import NDArray

from hwsim.cycle.reference.jobs import plan
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.geometry import output_plane
from hwsim.hardware import Buffer, Hardware
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Coding, Network, Population, PopulationKind, Projection

MAX_SIDE = 7
"""Planes stay this small."""
DENSITIES = (0.0, 0.05, 0.2, 0.5, 0.9, 1.0)
DECAYS = (0.0, 0.25, 0.5, 0.75, 1.0, 3 / 4096)

Shape = tuple[int, ...]
Pair = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Case:
    """Everything that one simulation takes; printed by its seed and sizes."""

    seed: int
    network: Network
    trace: EventTrace
    sample: int
    hardware: Hardware
    mapping: Mapping

    @property
    def arguments(self) -> tuple[Network, EventTrace, int, Hardware, Mapping]:
        return self.network, self.trace, self.sample, self.hardware, self.mapping

    def __repr__(self) -> str:
        shapes = [f"{p.name}:{p.kind}{p.shape}" for p in self.network.populations]
        arrows = [f"{p.source}-{p.kind}->{p.target}" for p in self.network.projections]
        return f"Case(seed={self.seed}, {shapes}, {arrows}, {self.hardware!r}, {self.mapping!r})"


def cases(
    max_layers: int = 4, max_timesteps: int = 4, *, max_rows: int = 5, max_columns: int = 5
) -> st.SearchStrategy[Case]:
    """Random cases whose sizes shrink; filter the legal ones with ``.filter(is_legal)``."""
    return st.builds(
        draw_case,
        st.integers(0, 2**32 - 1),
        layers=st.integers(1, max_layers),
        timesteps=st.integers(1, max_timesteps),
        rows=st.integers(1, max_rows),
        columns=st.integers(1, max_columns),
    )


def is_legal(case: Case) -> bool:
    """Whether the chip can hold what the mapping asks of it."""
    try:
        plan(case.network, case.hardware, case.mapping)
    except HwsimError:
        return False
    return True


def draw_case(
    seed: int,
    *,
    layers: int | None = None,
    timesteps: int | None = None,
    rows: int | None = None,
    columns: int | None = None,
) -> Case:
    """A case that depends on nothing but the arguments; sizes left out are drawn."""
    rng = np.random.default_rng(seed)
    drawn = (int(rng.integers(1, 5)) for _ in range(4))
    given = (layers, timesteps, rows, columns)
    layers, timesteps, rows, columns = (g or d for g, d in zip(given, drawn, strict=True))
    network = draw_network(rng, layers, timesteps)
    trace = draw_trace(rng, network)
    hardware = draw_hardware(rng, network, rows, columns)
    sample = int(rng.integers(trace.samples))
    case = Case(seed, network, trace, sample, hardware, draw_mapping(rng, network))
    return snug(rng, case) if chance(rng, 0.85) else case


def snug(rng: Generator, case: Case) -> Case:
    """The case with weight and input buffers just large enough for its mapping, if they were too small."""
    for _ in range(60):
        if is_legal(case):
            break
        buffers = case.hardware.buffers
        part: Literal["weight", "input"] = pick(rng, ("weight", "input"))
        buffer: Buffer = getattr(buffers, part)
        larger = buffer.model_copy(update={"capacity_bytes": buffer.capacity_bytes * 3 // 2 + 1})
        buffers = buffers.model_copy(update={part: larger})
        case = replace(case, hardware=case.hardware.model_copy(update={"buffers": buffers}))
    return case


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


def draw_network(rng: Generator, layers: int, timesteps: int) -> Network:
    """An input and ``layers`` populations after it."""
    growing = Growing(rng, integer=chance(rng, 0.5))
    coding: Coding = pick(rng, ("frames", "frames", "spikes", "spikes", "series"))
    shape: Shape = (int(rng.integers(1, 7)), *(int(n) for n in rng.integers(1, MAX_SIDE + 1, 2)))
    growing.add(shape if chance(rng, 0.85) else (int(rng.integers(1, 20)),), "input")
    grow = (grow_conv, grow_conv, grow_conv, grow_residual, grow_dense, grow_pool, grow_pool, grow_identity)
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


def draw_trace(rng: Generator, network: Network) -> EventTrace:
    """Events at random, of any density; they need not follow from the weights."""
    samples = int(rng.integers(1, 3))
    events = {}
    for population in network.populations:
        if population.kind == "readout":
            continue
        steps = 1 if population.name in network.constant else network.timesteps
        shape = (samples, steps, population.size)
        live = rng.random(shape) < pick(rng, DENSITIES)
        values = rng.integers(1, 6, shape) * rng.choice((-1, 1), shape)
        if network.is_binary(population.name):
            dense = live.astype(np.float32)
        elif network.integer:
            dense = (live * values).astype(np.int32)
        else:
            dense = (live * values / 4).astype(np.float32)
        events[population.name] = Events.from_dense(dense, network.is_binary(population.name))
    outputs = np.zeros((samples, network.timesteps, network.population[network.readout].size), np.float32)
    trace = EventTrace(network.id, network.timesteps, events, outputs)
    trace.verify(network)
    return trace


def draw_hardware(rng: Generator, network: Network, rows: int, columns: int) -> Hardware:
    """A chip whose buffers are sized to the network: from ample to too small for it."""
    precision = {
        "weight_bits": int(rng.integers(1, 10)),
        "partial_sum_bits": int(rng.integers(2, 21)),
        "state_bits": int(rng.integers(1, 21)),
        "activation_bits": int(rng.integers(1, 9)),
    }
    fold_bits = rows * columns * sum(precision[f"{p}_bits"] for p in ("state", "partial_sum", "activation"))
    weights = [p.weights.size for p in network.projections if p.weights is not None]
    weight_bytes = 1 + sum(weights) * precision["weight_bits"] // 8
    input_bytes = 1 + max(p.size for p in network.populations) * precision["activation_bits"] // 8
    membrane = None
    if chance(rng, 0.5):
        state_bytes = sum(p.size * precision["state_bits"] for p in network.populations if p.has_state) // 8
        membrane = {"capacity_bytes": fraction(rng, state_bytes, 1.5), "word_bits": draw_word(rng)}
    clock = int(rng.integers(1, 1000))
    hardware = Hardware.model_validate(
        {
            "name": "random",
            "description": "",
            "clock_hz": clock,
            "node_nm": 28,
            "pe_array": {
                "rows": rows,
                "columns": columns,
                "skip": pick(rng, ("dense", "gate", "event")),
                "partial_sum_banks": int(rng.integers(1, 4)),
            },
            "lif": {"units": int(rng.integers(1, 31)), "vector_lanes": int(rng.integers(1, 7))},
            "precision": precision,
            "buffers": {
                "weight": {"capacity_bytes": fraction(rng, weight_bytes, 2.5), "word_bits": draw_word(rng)},
                "input": {"capacity_bytes": fraction(rng, input_bytes, 4.0), "word_bits": draw_word(rng)},
                "output": {
                    "capacity_bytes": -(-fold_bits // 8) * int(rng.integers(1, 4)) + int(rng.integers(3)),
                    "word_bits": draw_word(rng),
                },
                "membrane": membrane,
                "double_buffered": chance(rng, 0.5),
            },
            "dram": {
                "bandwidth_bytes_per_s": max(1, int(clock * 2.0 ** rng.uniform(-3, 6))),
                "burst_bytes": pick(rng, (1, 8, 64)),
            },
            "sources": {},
        }
    )
    hardware.verify()
    return hardware


def fraction(rng: Generator, size: int, most: float) -> int:
    """From nearly nothing up to ``most`` times the size, small sizes as likely as large ones."""
    return max(1, int(size * most * 2.0 ** rng.uniform(-7, 0)))


def draw_word(rng: Generator) -> int:
    return int(pick(rng, (1, 7, 8, 16, 32, 64)))


def draw_mapping(rng: Generator, network: Network) -> Mapping:
    orders = ("auto", "m_outer", "n_outer")
    layers = {
        p.name: LayerMapping(fold_order=pick(rng, orders))
        for p in network.populations[1:]
        if chance(rng, 0.2)
    }
    return Mapping(
        schedule=pick(rng, ("layer_major", "step_major")),
        fold_order=pick(rng, orders),
        direct_coding=pick(rng, ("once", "each_step")),
        layers=layers,
    )
