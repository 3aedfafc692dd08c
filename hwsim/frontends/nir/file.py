"""A .nir file (HDF5) to a flat graph of nodes: checked types and sizes, sub-graphs unfolded.

Read without the ``nir`` package, whose type check turns down valid files (grouped convolutions, kernels
that are not square, sub-graphs).
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.frontends.hdf5 import Group, opened

MAX_NODES = 10_000
MAX_EDGES = 100_000
MAX_DEPTH = 32
MAX_DIMENSIONS = 8
MAX_SIDE = 1 << 20
MAX_NOTE = 1024

Array = NDArray[Any]

FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Input": ((), ("shape",)),
    "Output": ((), ("shape",)),
    "Affine": (("weight", "bias"), ()),
    "Linear": (("weight",), ()),
    "Scale": (("scale",), ()),
    "Conv1d": (("weight",), ("bias", "stride", "padding", "dilation", "groups", "input_shape")),
    "Conv2d": (("weight",), ("bias", "stride", "padding", "dilation", "groups", "input_shape")),
    "Delay": (("delay",), ()),
    "Flatten": ((), ("start_dim", "end_dim", "input_type")),
    "SumPool2d": (("kernel_size",), ("stride", "padding")),
    "AvgPool2d": (("kernel_size",), ("stride", "padding")),
    "Threshold": (("threshold",), ()),
    "I": (("r",), ()),
    "IF": (("r", "v_threshold"), ("v_reset",)),
    "LI": (("tau", "r", "v_leak"), ()),
    "LIF": (("tau", "r", "v_leak", "v_threshold"), ("v_reset",)),
    "CubaLI": (("tau_mem", "tau_syn", "r", "v_leak"), ("w_in",)),
    "CubaLIF": (("tau_mem", "tau_syn", "r", "v_leak", "v_threshold"), ("v_reset", "w_in")),
}
"""Kinds of nodes: the fields that one must have, and those that it may have."""

PASS = ("Input", "Output")
"""Kinds that hand their input on; inside of a sub-graph they are its ends."""


@dataclass(frozen=True)
class Node:
    """One node: its ``values`` as stored (weights in float32), and its ``words`` (padding 'same')."""

    name: str
    kind: str
    where: str
    values: dict[str, Array] = field(default_factory=dict, repr=False)
    words: dict[str, str] = field(default_factory=dict)

    def integers(self, name: str, count: int, default: int, low: int) -> tuple[int, ...]:
        """So many integers from ``low`` on; one number stands for all."""
        found = self.values.get(name)
        if found is None:
            return (default,) * count
        if found.size not in (1, count) or not np.array_equal(found, np.trunc(found)):
            raise HwsimError(f"{self.where}: {name} {_short(found)}; expected {count} integers")
        values = tuple(int(v) for v in np.broadcast_to(found.ravel(), (count,)))
        if min(values) < low or max(values) > MAX_SIDE:
            raise HwsimError(f"{self.where}: {name} {_short(found)}; allowed: {low}..{MAX_SIDE}")
        return values

    def shape(self, name: str) -> tuple[int, ...] | None:
        """A declared shape, or None where it is absent, empty or holds no positive integers."""
        found = self.values.get(name)
        if found is None or not np.array_equal(found, np.trunc(found)):
            return None
        shape = tuple(int(v) for v in found.ravel())
        return shape if shape and all(1 <= n <= MAX_SIDE for n in shape) else None


@dataclass
class Graph:
    """Nodes by name and edges between them; node ``b`` of sub-graph ``a`` is ``a.b``."""

    where: str
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)
    notes: dict[str, str] = field(default_factory=dict)

    def into(self, name: str) -> list[str]:
        return sorted(source for source, target in self.edges if target == name)


def read_graph(path: Path) -> Graph:
    """The graph of a file. Raises HwsimError, naming file, node and what was found."""
    with opened(path, "NIR") as file:
        graph = Graph(str(path))
        root = file.inner("node").named(str(path))
        if (kind := root.text("type")) != "NIRGraph":
            raise HwsimError(f"{path}: holds a node of type {kind!r}; expected a NIRGraph")
        _unfold(root, "", graph, 0)
        if "metadata" in root:
            graph.notes = _notes(root.inner("metadata"))
    return graph


def _unfold(group: Group, prefix: str, graph: Graph, depth: int) -> dict[str, list[str]]:
    """Add a (sub-)graph; the names of its Inputs and Outputs."""
    if depth > MAX_DEPTH:
        raise HwsimError(f"{group.where}: graphs are nested deeper than {MAX_DEPTH}")
    nodes = group.inner("nodes")
    ends: dict[str, dict[str, list[str]]] = {}
    own: dict[str, list[str]] = {kind: [] for kind in PASS}
    for name in nodes.members(MAX_NODES):
        full = prefix + name
        node = nodes.inner(name).named(f"{graph.where}: node {full!r}")
        kind = node.text("type")
        if kind == "NIRGraph":
            ends[name] = _unfold(node, f"{full}.", graph, depth + 1)
            continue
        if full in graph.nodes:
            raise HwsimError(f"{node.where}: two nodes have this name, one of them in a sub-graph")
        if len(graph.nodes) >= MAX_NODES:
            raise HwsimError(f"{graph.where}: more than {MAX_NODES} nodes")
        graph.nodes[full] = _node(node, full, kind)
        if kind in PASS:
            own[kind].append(full)
    if "edges" not in group:
        raise HwsimError(f"{group.where}: 'edges' is missing")
    known = {*nodes.members(MAX_NODES)}
    for pair in group.pairs("edges", MAX_EDGES):
        for end in pair:
            if end not in known:
                raise HwsimError(f"{group.where}: edge {pair[0]!r} -> {pair[1]!r}: there is no node {end!r}")
        source = _end(pair[0], "Output", prefix, ends, group)
        graph.edges.add((source, _end(pair[1], "Input", prefix, ends, group)))
        if len(graph.edges) > MAX_EDGES:
            raise HwsimError(f"{graph.where}: more than {MAX_EDGES} edges")
    return own


def _end(name: str, side: str, prefix: str, ends: dict[str, dict[str, list[str]]], group: Group) -> str:
    """The node that an edge's end means: of a sub-graph its one Input or Output."""
    if name not in ends:
        return prefix + name
    found = ends[name][side]
    if len(found) != 1:
        raise HwsimError(
            f"{group.where}: an edge ends at sub-graph {name!r}, which has {len(found)} {side} nodes; "
            "only one can be told apart"
        )
    return found[0]


def _node(group: Group, name: str, kind: str) -> Node:
    if kind not in FIELDS:
        raise HwsimError(
            f"{group.where}: type {kind!r} is not supported; known: {', '.join(FIELDS)}, NIRGraph"
        )
    group = group.named(f"{group.where} ({kind})")
    required, optional = FIELDS[kind]
    values: dict[str, Array] = {}
    words: dict[str, str] = {}
    for part in (*required, *optional):
        if part not in group and part in optional:
            continue
        if part == "padding" and group.is_text(part):
            words[part] = group.text(part)
            continue
        found = group.numbers(part, MAX_DIMENSIONS)
        if found is None and part in required:
            raise HwsimError(f"{group.where}: {part!r} holds no values")
        if found is not None:
            values[part] = _weights(group, part, found) if part in ("weight", "bias") else found
    return Node(name, kind, group.where, values, words)


def _weights(group: Group, name: str, values: Array) -> Array:
    if (np.abs(values) > np.finfo(np.float32).max).any():
        raise HwsimError(f"{group.where}: {name} holds values beyond float32")
    return values.astype(np.float32)


def _notes(group: Group) -> dict[str, str]:
    """The words of a graph's metadata; everything else in it is none of our business."""
    return {
        name: group.text(name, MAX_NOTE)
        for name in group.members()
        if name in ("producer", "dt", "lost") and group.is_text(name)
    }


def _short(values: Array) -> str:
    text = np.array2string(values.ravel()[:4], separator=", ")
    return text if values.size <= 4 else f"{text[:-1]}, ...] of shape {values.shape}"
