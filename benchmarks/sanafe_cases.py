"""Nets on cores of a mesh of 8 x 4 routers that hwsim and SANA-FE both run (benchmarks.against_sanafe)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from benchmarks.sanafe_exchange import SCALE, Case
from hwsim.chip.config import Chip
from hwsim.configuration import load_yaml
from hwsim.execute.executor import encode, execute
from hwsim.grid import Grid
from hwsim.network import Network, Population, Projection
from hwsim.place.reach import Box
from hwsim.place.slices import Slice, Sliced

CHIP = Path(__file__).with_name("sanafe_chip.yaml")
DVS = Path(".venv-sanafe/lib/python3.11/site-packages/sanafe/examples/dvs_challenge.npz")
LEAK = 4095 / 4096
"""Decay of the gesture net's neurons: what Loihi's own software makes of an integrator."""

Shape = tuple[int, ...]
Cuts = dict[str, tuple[int, int]]

GESTURE = {
    "l0": (48, 1, 1),
    "l1": (40, 8, 1),
    "l2": (32, 8, 1),
    "l3": (10, 2, 11),
    "l4": (1, 1, 9),
    "l5": (0, 1, 1),
}
"""By layer SANA-FE's first core, and how many parts of channels and of positions there are."""


def chip() -> Chip:
    return load_yaml(CHIP, Chip)


def lif(name: str, shape: Shape, threshold: int, **parts: Any) -> Population:
    return Population(name, shape, "lif", threshold=float(threshold), compare=">", **parts)


def boxes(population: Population, channels: int, positions: int) -> list[Box]:
    """Channels cut into so many parts, positions too."""
    places = population.plane[0] * population.plane[1]
    return [
        Box(int(c[0]), int(c[-1]), int(p[0]), int(p[-1]))
        for p in np.array_split(np.arange(places), positions)
        for c in np.array_split(np.arange(population.channels), channels)
    ]


def on_cores(network: Network, cuts: Cuts, grid: Grid, rng: Generator) -> Sliced:
    """Each population cut into channels x positions, its slices on random ones of few cores."""
    most = max(channels * positions for channels, positions in cuts.values())
    used = rng.choice(grid.cores, most + most // 4, replace=False)
    slices = []
    for name, cut in cuts.items():
        pieces = boxes(network.population[name], *cut)
        cores = rng.choice(used, len(pieces), replace=False).tolist()
        slices += [Slice(name, box, core) for box, core in zip(pieces, cores, strict=True)]
    return Sliced(network, tuple(slices), grid.cores)


def dense(steps: int = 20, seed: int = 1) -> Case:
    """Dense layers of 256, 128 and 10 neurons with a leak of 1/8 and reset to zero."""
    rng, rate = np.random.default_rng(seed), 0.1
    sizes, cuts = (256, 256, 128, 10), {"p1": (8, 1), "p2": (4, 1), "p3": (1, 1)}
    populations, projections = [Population("p0", (256,), "input")], []
    for i in (1, 2, 3):
        # A tenth of the sources send weights of 2 in the mean: past the threshold every few steps.
        threshold = int(sizes[i - 1] * rate * 8)
        populations.append(lif(f"p{i}", (sizes[i],), threshold, decay=7 / 8, reset="zero"))
        weights = rng.integers(-28, 33, (sizes[i], sizes[i - 1])).astype(np.int8)
        projections.append(Projection(f"q{i}", f"p{i - 1}", f"p{i}", "dense", weights))
    return _case("dense", populations, projections, cuts, steps, rate, rng)


def convolutional(steps: int = 20, seed: int = 2) -> Case:
    """Two convolutions with padding 1, the second with stride 2, and a dense layer; reset by subtraction."""
    rng = np.random.default_rng(seed)
    populations = [
        Population("p0", (2, 12, 12), "input"),
        lif("p1", (8, 12, 12), 60),
        lif("p2", (16, 6, 6), 200),
        lif("p3", (10,), 900),
    ]
    shapes = ((8, 2, 3, 3), (16, 8, 3, 3), (10, populations[2].size))
    first, second, last = (rng.integers(-28, 41, shape).astype(np.int8) for shape in shapes)
    around: dict[str, Any] = {"kernel": (3, 3), "padding": (1, 1)}
    projections = [
        Projection("q1", "p0", "p1", "conv2d", first, **around),
        Projection("q2", "p1", "p2", "conv2d", second, stride=(2, 2), **around),
        Projection("q3", "p2", "p3", "dense", last),
    ]
    cuts = {"p1": (2, 4), "p2": (4, 2), "p3": (1, 1)}
    return _case("convolutional", populations, projections, cuts, steps, 0.15, rng)


def pointwise(steps: int = 10, seed: int = 3) -> Case:
    """Two 1 x 1 convolutions of 4096 neurons on 64 cores; spikes go to 16 of them, few synapses in each."""
    rng, shape = np.random.default_rng(seed), (64, 8, 8)
    populations = [Population("p0", (16, 8, 8), "input"), lif("p1", shape, 20), lif("p2", shape, 60)]
    first, second = (rng.integers(-28, 33, (64, n, 1, 1)).astype(np.int8) for n in (16, 64))
    projections = [
        Projection("q1", "p0", "p1", "conv2d", first),
        Projection("q2", "p1", "p2", "conv2d", second),
    ]
    return _case("pointwise", populations, projections, {"p1": (16, 4), "p2": (16, 4)}, steps, 0.1, rng)


def _case(
    name: str, populations: list[Population], projections: list[Projection], cuts: Cuts, steps: int,
    rate: float, rng: Generator,
) -> Case:  # fmt: skip
    """Integers with random input spikes at ``rate``."""
    last, grid = populations[-1].name, chip().grid
    network = Network(name, tuple(populations), tuple(projections), last, steps, "spikes", integer=True)
    network.verify()
    given = (rng.random((1, steps, *populations[0].shape)) < rate).astype(np.int32)
    return Case(name, on_cores(network, cuts, grid, rng), execute(network, encode(network, given)), grid)


def gesture(steps: int = 128, boxed: bool = False) -> Case:
    """The gesture net whose weights SANA-FE's wheel ships, on the 49 cores of SANA-FE's snn/dvs.yaml.

    Pixels are a bias of 1024 input neurons; four convolutions of 3 x 3 and a dense layer; reset to zero.
    That file counts neurons position by position where it maps them and channel by channel where it connects
    them, so that spikes go to many cores; ``boxed``: channel by channel in both.
    """
    with np.load(DVS) as file:
        data = dict(file)
    grid = chip().grid
    shapes: list[Shape] = [(1, 32, 32), (16, 15, 15), (32, 13, 13), (64, 11, 11), (11, 9, 9), (11,)]
    populations = [Population("pixels", shapes[0], "input")]
    projections = [Projection("bias", "pixels", "l0", "identity")]
    for i, (shape, threshold) in enumerate(zip(shapes, data["thresholds"], strict=True)):
        populations.append(lif(f"l{i}", shape, SCALE * int(threshold), decay=LEAK, reset="zero"))
        if 0 < i < 5:
            kernel = np.ascontiguousarray(data[f"conv{i}"].transpose(3, 2, 0, 1))
            stride = (2, 2) if i == 1 else (1, 1)
            weights = SCALE * kernel.astype(np.int32)
            projections.append(
                Projection(f"c{i}", f"l{i - 1}", f"l{i}", "conv2d", weights, kernel=(3, 3), stride=stride)
            )
    weights = SCALE * np.ascontiguousarray(data["dense1"].T).astype(np.int32)
    projections.append(Projection("d5", "l4", "l5", "dense", weights))
    network = Network("gesture", tuple(populations), tuple(projections), "l5", steps, "frames", integer=True)
    network.verify()
    slices: list[Slice] = []
    for name, (first, *cut) in GESTURE.items():
        pieces = [
            Slice(name, box, core) for core, box in enumerate(boxes(network.population[name], *cut), first)
        ]
        slices += pieces if boxed else renumbered(network.population[name], pieces)
    slices = [replace(s, core=column_wise(s.core, grid)) for s in slices]
    frame = SCALE * data["inputs"].astype(np.int32).reshape(1, 1, 32, 32)
    trace = execute(network, encode(network, frame))
    return Case("gesture", Sliced(network, tuple(slices), grid.cores), trace, grid)


def renumbered(population: Population, pieces: list[Slice]) -> list[Slice]:
    """A slice for each run of neurons on a core, if neuron n is mapped as position n // C, channel n % C."""
    places = population.plane[0] * population.plane[1]
    core_of = np.zeros((places, population.channels), np.int64)
    for s in pieces:
        core_of[s.box.p0 : s.box.p1 + 1, s.box.c0 : s.box.c1 + 1] = s.core
    cores = core_of.ravel()
    # A run ends with its channel: a slice is a box (G2).
    last = (np.diff(cores) != 0) | (np.arange(1, population.size) % places == 0)
    ends = [*np.flatnonzero(last).tolist(), population.size - 1]
    starts = [0, *(end + 1 for end in ends[:-1])]
    return [
        Slice(population.name, Box.of(start, end, places), int(cores[start]))
        for start, end in zip(starts, ends, strict=True)
    ]


def column_wise(core: int, grid: Grid) -> int:
    """hwsim's number of a core counted down the columns of routers."""
    tile, offset = divmod(core, grid.cores_per_router)
    x, y = divmod(tile, grid.network.height)
    return (y * grid.network.width + x) * grid.cores_per_router + offset
