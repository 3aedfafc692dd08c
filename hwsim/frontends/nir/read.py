"""NIR files to networks."""

import warnings
from pathlib import Path

import networkx
import numpy as np

from hwsim.errors import HwsimError, HwsimWarning
from hwsim.frontends.hdf5 import readable
from hwsim.frontends.nir.file import Graph, Node, read_graph
from hwsim.frontends.nir.layers import LAYERS, wanted_shape
from hwsim.frontends.nir.lowering import Lowering
from hwsim.frontends.nir.neurons import NEURONS
from hwsim.frontends.nir.order import order
from hwsim.frontends.nir.producers import PRODUCERS, Producer, find_dt, producer
from hwsim.frontends.nir.signals import Shape
from hwsim.network import Network
from hwsim.population import Coding

MAX_DELAY = 1 << 20


def read_nir(
    path: Path,
    timesteps: int,
    producer: str | None = None,
    dt: float | None = None,
    coding: Coding = "spikes",
) -> Network:
    """The network of a .nir file, to run for ``timesteps`` steps.

    ``producer`` names the tool whose rule the file follows (:data:`PRODUCERS`), perhaps with options:
    "snntorch,reset=zero,delayed=no". Without it the file's own note counts, as write_nir leaves one; else
    NIR is taken literally and an HwsimWarning says what that means. ``dt`` is the step in the file's unit of
    time; without it the producer's own, or the one that makes every gain 1. What was assumed is in
    ``notes``. ``coding``: what the inputs will be, :class:`hwsim.network.Network`.

    All primitives of NIR 1.0; several edges into a node add up; an edge that closes a loop takes one step,
    unless the loop has a Delay (:func:`hwsim.frontends.nir.order.order`). A Delay must be a whole number of
    steps. The answer is what enters the Output: a population that emits, or the sum of a layer's currents.

    Raises HwsimError, naming file, node and what was found, for damaged files and for everything that
    cannot be carried over exactly.
    """
    path = Path(path)
    graph = read_graph(path)
    with readable(path, "NIR"):
        network = _network(path, graph, timesteps, producer, dt, coding)
    try:
        network.verify()
    except HwsimError as error:
        raise HwsimError(f"{path}: {error}") from None
    return network


def _network(
    path: Path, graph: Graph, timesteps: int, spec: str | None, dt: float | None, coding: Coding
) -> Network:
    given = spec or graph.notes.get("producer")
    rule = _rule(path, given)
    step, found = _step(path, graph, rule, dt)
    notes = {"source": "NIR", "producer": rule.spec, "rule": rule.sentence, "dt": f"{step:g} ({found})"}
    if given is None:
        notes["assumed"] = (
            f"no producer is known for {path.name}: read as NIR is written, with dt = {step:g} ({found}): "
            f"{rule.sentence}. Tools differ in this; name the one that wrote the file: "
            f"producer= or --producer {', '.join(PRODUCERS)}"
        )
        warnings.warn(f"{path}: {notes['assumed']}", HwsimWarning, stacklevel=4)
    start, end = _ends(graph)
    steps = {n.name: _delay(n, step) for n in graph.nodes.values() if n.kind == "Delay"}
    ordered = order(graph, start, frozenset(name for name, count in steps.items() if count > 0))
    shape, assumed = _input_shape(graph, start)
    if assumed:
        notes["input"] = assumed
    lowering = Lowering(graph, ordered, rule, step, steps)
    lowering.build(start, shape, end)
    notes |= lowering.notes
    declared, given_shape = graph.nodes[end].shape("shape"), lowering.signals[end].shape
    if declared is not None and np.prod(declared) != np.prod(given_shape):
        notes["output"] = f"the output's shape {declared} in the file is not what enters it: {given_shape}"
    for odd in ("input", "flattened", "output"):
        if odd in notes:
            warnings.warn(f"{path}: {notes[odd]}", HwsimWarning, stacklevel=4)
    populations, projections = tuple(lowering.populations), tuple(lowering.projections)
    return Network(path.stem, populations, projections, lowering.readout, timesteps, coding, False, notes)


def _rule(path: Path, spec: str | None) -> Producer:
    if spec is None:
        return PRODUCERS["nir"]
    try:
        return producer(spec)
    except HwsimError as error:
        raise HwsimError(f"{path}: {error}") from None


def _step(path: Path, graph: Graph, rule: Producer, dt: float | None) -> tuple[float, str]:
    if dt is not None:
        if not (0 < dt < np.inf):
            raise HwsimError(f"dt {dt}; it must be positive")
        return dt, "given"
    written = graph.notes.get("dt")
    if written is not None:
        try:
            step = float(written)
        except ValueError:
            step = np.nan
        if not (0 < step < np.inf):
            raise HwsimError(f"{path}: its note dt is {written!r}; expected a positive number")
        return step, "noted in the file"
    nodes = [n for n in graph.nodes.values() if n.kind in NEURONS]
    return find_dt(rule, nodes, str(path))


def _ends(graph: Graph) -> tuple[str, str]:
    """The one Input and the one Output that no sub-graph's edge leads into or out of."""
    entered, left = {b for _, b in graph.edges}, {a for a, _ in graph.edges}
    starts = [n for n in graph.nodes.values() if n.kind == "Input" and n.name not in entered]
    ends = [n for n in graph.nodes.values() if n.kind == "Output" and n.name not in left]
    for nodes, kind in ((starts, "Input"), (ends, "Output")):
        if len(nodes) != 1:
            names = ", ".join(repr(n.name) for n in nodes[:8]) or "none"
            raise HwsimError(f"{graph.where}: needs one {kind} node, found {len(nodes)} ({names})")
    return starts[0].name, ends[0].name


def _delay(node: Node, dt: float) -> int:
    """A Delay in steps. Raises HwsimError unless it is a whole number, the same for all elements."""
    delays = np.unique(np.asarray(node.values["delay"], np.float64))
    if len(delays) > 1:
        raise HwsimError(
            f"{node.where}: delays from {delays[0]:g} to {delays[-1]:g}; "
            "only one for all elements is supported"
        )
    steps = float(delays[0]) / dt
    if not (0 <= steps <= MAX_DELAY) or abs(steps - round(steps)) > 1e-4 * max(1.0, steps):
        raise HwsimError(
            f"{node.where}: delay {delays[0]:g} is {steps:g} steps of dt = {dt:g}; it must be a whole number "
            f"up to {MAX_DELAY}"
        )
    return round(steps)


def _input_shape(graph: Graph, start: str) -> tuple[Shape, str]:
    """The shape of the inputs, and what had to be done to know it, if anything."""
    node = graph.nodes[start]
    declared = node.shape("shape")
    if declared is not None and len(declared) > 3 and set(declared[:-3]) == {1}:
        declared = declared[-3:]
    wanted, weighted = _wanted(graph, start)
    if declared is None and wanted is None:
        raise HwsimError(f"{node.where}: has no shape, and no node after it tells one")
    if declared is None:
        assert wanted is not None
        return wanted, f"the file has no input shape; {wanted} is what the nodes after it take"
    if wanted is None or wanted == declared or (not weighted and _spreads(wanted, declared)):
        return declared, ""
    if np.prod(wanted) == np.prod(declared) and len(wanted) == 1:
        return declared, ""
    if np.prod(wanted) == np.prod(declared) and not weighted:
        return declared, ""  # what does not fit is refused where it is used
    if weighted and len(wanted) == 1 and len(declared) > 1 and declared[-1] == wanted[0]:
        raise HwsimError(
            f"{node.where}: its shape is {declared}, and the layer after it takes {wanted[0]} inputs: a "
            "layer along the last dimension alone is not supported"
        )
    return (
        wanted,
        f"the input's shape {declared} in the file does not fit the nodes after it, which take {wanted}",
    )


def _spreads(given: Shape, shape: Shape) -> bool:
    """Whether parameters of shape ``given`` serve a signal of ``shape``, as (channels, 1, 1) do."""
    return len(given) == len(shape) and all(g in (1, n) for g, n in zip(given, shape, strict=True))


def _wanted(graph: Graph, start: str) -> tuple[Shape | None, bool]:
    """What the first node that knows says about the input's shape, and whether it is a layer's own.

    Nodes that keep the shape are passed; their parameters tell it too.
    """
    following = networkx.DiGraph(graph.edges)
    following.add_nodes_from(graph.nodes)
    waiting, seen = [start], {start}
    while waiting:
        name = waiting.pop(0)
        for target in sorted(following.successors(name)):
            node = graph.nodes[target]
            shape = wanted_shape(node)
            if shape is not None:
                return shape, node.kind in (*LAYERS, "Flatten")
            if target not in seen and node.kind in (
                "Input",
                "Output",
                "Threshold",
                *NEURONS,
                "Delay",
                "Scale",
            ):
                seen.add(target)
                waiting.append(target)
    return None, False
