"""Small .nir files, written with h5py alone."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Nodes = dict[str, dict[str, Any]]
Edges = list[tuple[str, str]]


def store(group: Any, fields: dict[str, Any]) -> None:
    """Words, arrays and groups of a node; None is an empty dataset."""
    for name, value in fields.items():
        if isinstance(value, dict):
            store(group.create_group(name), value)
        elif value is None:
            group.create_dataset(name, data=h5py.Empty("f4"))
        elif isinstance(value, str):
            group.create_dataset(name, data=value, dtype=h5py.string_dtype())
        else:
            group.create_dataset(name, data=np.asarray(value))


def graph(nodes: Nodes, edges: Edges) -> dict[str, Any]:
    """A NIRGraph as the fields of a node."""
    pairs = np.array(edges, dtype=h5py.string_dtype()).reshape(-1, 2)
    return {"type": "NIRGraph", "nodes": nodes, "edges": pairs}


def write(path: Path, nodes: Nodes, edges: Edges | None = None) -> Path:
    """A file; without ``edges`` the nodes are a chain."""
    names = list(nodes)
    with h5py.File(path, "w") as file:
        store(file.create_group("node"), graph(nodes, [*pairwise(names)] if edges is None else edges))
    return path


def chain(*inner: dict[str, Any], inputs: Any = (2,), outputs: Any = None) -> Nodes:
    """input -> n0 -> n1 ... -> output"""
    named = {f"n{i}": node for i, node in enumerate(inner)}
    return {"input": end("Input", inputs), **named, "output": end("Output", outputs)}


def end(kind: str, shape: Any) -> dict[str, Any]:
    return {"type": kind, "shape": None if shape is None else np.array(shape)}


def affine(weight: Any, bias: Any = None) -> dict[str, Any]:
    weight = np.array(weight, np.float32)
    if bias is None:
        return {"type": "Linear", "weight": weight}
    return {"type": "Affine", "weight": weight, "bias": np.array(bias, np.float32)}


def conv2d(weight: Any, **fields: Any) -> dict[str, Any]:
    weight = np.array(weight, np.float32)
    usual = {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}
    bias = np.zeros(len(weight), np.float32)
    return {"type": "Conv2d", "weight": weight, "bias": bias, "input_shape": None} | usual | fields


def integrate(size: Any = (2,), threshold: float = 1.0, r: float = 1.0) -> dict[str, Any]:
    """IF neurons that add up r * dt times their input."""
    return {"type": "IF", "r": np.full(size, r), "v_threshold": np.full(size, threshold)}


def lif(size: Any = (2,), tau: float = 2.0, r: float = 2.0, **fields: Any) -> dict[str, Any]:
    """With dt = 1: keeps 1 - 1/tau and adds r/tau of its input; the usual ones halve and add all of it."""
    zero, one = np.zeros(size), np.ones(size)
    return {"type": "LIF", "tau": one * tau, "r": one * r, "v_leak": zero, "v_threshold": one} | fields
