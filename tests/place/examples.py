"""Grids for tests, small traffic, and the slow obvious way to count what the code counts."""

from itertools import product
from typing import Any

import numpy as np
from numpy.random import Generator

from hwsim.geometry import output_plane
from hwsim.grid import CoreLimits, Grid
from hwsim.network import Network, Projection
from hwsim.noc.config import load_noc
from hwsim.place.slices import HOST, Sliced
from hwsim.place.traffic import Traffic

FREE = {"neurons": None, "synapses": None, "weight_bytes": None, "axons_in": None, "axons_out": None}


def limits(shared: bool = True, **given: Any) -> CoreLimits:
    return CoreLimits.model_validate(FREE | given | {"shared_weights": shared})


def grid(width: int = 4, height: int = 4, each: int = 1, **parts: Any) -> Grid:
    """A mesh without limits, with the energies of Loihi."""
    shared = bool(parts.pop("shared", True))
    held = {name: parts.pop(name) for name in FREE if name in parts}
    return Grid.model_validate(
        {"noc": "booksim", "width": width, "height": height, "cores_per_router": each, "energy": "loihi"}
        | {"limits": limits(shared, **held).model_dump()}
        | parts
    )


def other_noc(tmp_path: Any, **changed: Any) -> str:
    """A file of booksim's row with some fields changed."""
    from hwsim.configuration import save_yaml  # noqa: PLC0415

    path = tmp_path / "noc.yaml"
    save_yaml(path, load_noc("booksim").changed(**changed))
    return str(path)


def synapses(network: Network, p: Projection) -> set[tuple[int, int]]:
    """All connections (source neuron, target neuron) of a projection, window by window."""
    source, target = network.population[p.source], network.population[p.target]
    if p.kind == "dense":
        return set(product(range(source.size), range(target.size)))
    if p.kind == "identity":
        return {(n, n) for n in range(source.size)}
    (height, width), (rows, columns) = source.plane, target.plane
    assert (rows, columns) == output_plane(source.plane, p.kernel, p.stride, p.padding)
    found = set()
    for d, row, column in product(range(target.channels), range(rows), range(columns)):
        if p.kind == "conv2d":
            outputs, inputs = target.channels // p.groups, source.channels // p.groups
            channels = range(d // outputs * inputs, (d // outputs + 1) * inputs)
        else:
            channels = range(d, d + 1)
        for c, i, j in product(channels, range(p.kernel[0]), range(p.kernel[1])):
            y, x = row * p.stride[0] - p.padding[0] + i, column * p.stride[1] - p.padding[1] + j
            if 0 <= y < height and 0 <= x < width:
                found.add(((c * height + y) * width + x, (d * rows + row) * columns + column))
    return found


def core_of_neuron(sliced: Sliced, name: str) -> dict[int, int]:
    """The core of each neuron of a population, from the boxes' definition."""
    p = sliced.network.population[name]
    positions = p.size // p.channels
    if p.kind == "input":
        return dict.fromkeys(range(p.size), HOST)
    found: dict[int, int] = {}
    for s in sliced.of_population[name]:
        for c, q in product(range(s.box.c0, s.box.c1 + 1), range(s.box.p0, s.box.p1 + 1)):
            assert c * positions + q not in found, "a neuron lies in two slices"
            found[c * positions + q] = s.core
    assert set(found) == set(range(p.size))
    return found


def reached_cores(sliced: Sliced, name: str) -> dict[int, set[int]]:
    """The cores that each neuron of a population reaches, connection by connection."""
    network = sliced.network
    found: dict[int, set[int]] = {n: set() for n in range(network.population[name].size)}
    for projection in network.out_of(name):
        cores = core_of_neuron(sliced, projection.target)
        for source, target in synapses(network, projection):
            found[source].add(cores[target])
    return found


def traffic_of(cores: int, flows: list[tuple[int, list[int], int]]) -> Traffic:
    """Traffic of (source core, target cores, packets) in one sample."""
    start = np.cumsum([0, *(len(t) for _, t, _ in flows)])
    targets = np.array([t for _, to, _ in flows for t in to], np.int64)
    packets = np.array([n for _, _, n in flows], np.int64)
    return Traffic(cores, 1, np.array([s for s, _, _ in flows], np.int64), start, targets, packets, packets)


def draw_traffic(rng: Generator, cores: int, flows: int) -> Traffic:
    """Random flows from cores and the host, each to some other cores."""
    drawn = []
    for _ in range(flows):
        source = int(rng.integers(-1, cores))
        others = [c for c in range(cores) if c != source]
        if not others:
            continue
        targets = sorted(rng.choice(others, int(rng.integers(1, len(others) + 1)), replace=False).tolist())
        drawn.append((source, targets, int(rng.integers(1, 50))))
    return traffic_of(cores, drawn or [(HOST, [0], 1)])
