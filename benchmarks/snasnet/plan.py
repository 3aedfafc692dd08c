"""The trainings behind reports/snasnet: which cells, with which seeds, on what, each a value.

Small on purpose: 8 channels, 1,437 digits of 8 x 8, six epochs. Numbers are to be compared with each
other, not with the paper's accuracies.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsim.methods.training_free.candidate import MODEL
from hwsim.methods.training_free.cells import PAIRS, Codes, Edges, cell_of, random_cells, text_of
from hwsim.methods.training_free.search import SearchSpec

EDGES: tuple[Edges, ...] = ("both", "forward")
KERNELS = ("sahd", "hd")
COUNTS: dict[Edges, int] = {"both": 100, "forward": 40}
"""Random cells that are trained."""
SEVERAL: dict[Edges, int] = {"both": 8, "forward": 4}
"""Of them, the first so many have three seeds."""
DRAWN = 1
"""Seed of the cells that are trained; the search draws its own."""
SEEDS = (0, 1, 2)
TWO_SEEDS = (0, 1)
"""Of the trainings on Fashion-MNIST, and of the cells that feedback is added to."""
STEPS = (5, 10, 15)
SMALL, OTHER = "digits", "fashion16"
CHANNELS, INNER = 8, 64

IMAGES: dict[str, dict[str, Any]] = {
    SMALL: {"epochs": 6},
    OTHER: {"epochs": 4, "train_samples": 1_500, "test_samples": 2_000},
}
LEARNED: dict[str, Any] = {
    "batch": 50, "rate": 2e-2, "warmup": 0, "normalization": "each_step", "device": "cpu",
}  # fmt: skip
"""How cells are trained, on each data set and on both; statistics a step, as the public code has them."""

SEARCHED: dict[str, int] = {SMALL: 500, OTHER: 200}
"""Cells that are scored on each data set, of both kinds of edges."""

FEEDBACK: dict[str, tuple[int, ...]] = {"identity": (1,), "pool": (4,), "conv3": (3,), "conv3 x 2": (3, 3)}
"""What is added back in time: an operation for each of the first pairs of nodes that have none."""
BASES = 3
"""Forward cells that feedback is added to."""


@dataclass(frozen=True)
class Run:
    """A training of the ``cell`` with a ``seed`` on ``data`` for ``timesteps``; ``group``: what it is for."""

    group: str
    cell: str
    seed: int
    data: str = SMALL
    timesteps: int = 5

    @property
    def name(self) -> str:
        return f"{self.data}_T{self.timesteps}_{self.cell.replace(',', '-')}_{self.seed}"

    @property
    def settings(self) -> list[str]:
        return [f"matrix={self.cell}", f"channels={CHANNELS}", f"inner={INNER}"]

    def values(self, files: Mapping[str, Path]) -> dict[str, Any]:
        """A TrainSpec's; ``files``: where a data set lies that is a file."""
        return LEARNED | IMAGES[self.data] | {
            "model": MODEL, "settings": self.settings, "data": str(files.get(self.data, self.data)),
            "timesteps": self.timesteps, "seed": self.seed,
        }  # fmt: skip

    def directory(self, store: Path) -> Path:
        return store / self.name


def searched(data: str, edges: Edges, files: Mapping[str, Path]) -> SearchSpec:
    """The search whose best cells are trained."""
    return SearchSpec.of(
        {
            "data": str(files.get(data, data)),
            "cells": SEARCHED[data],
            "edges": edges,
            "channels": CHANNELS,
            "inner": INNER,
        }
    )


def drawn(edges: Edges) -> list[str]:
    return [text_of(cell) for cell in random_cells(DRAWN, COUNTS[edges], edges)]


def free(cell: Codes) -> list[tuple[int, int]]:
    """Pairs of nodes that are not connected."""
    return [(i, j) for i, j in PAIRS if not cell[i, j] and not cell[j, i]]


def bases() -> list[str]:
    """The first forward cells with two free pairs."""
    found = [text for text in drawn("forward") if len(free(cell_of(text))) >= 2]
    return found[:BASES]


def with_feedback(base: str, operations: tuple[int, ...]) -> str:
    """The forward cell ``base`` and connections back in time between nodes that were not connected."""
    cell = np.array(cell_of(base))
    for (i, j), operation in zip(free(cell), operations, strict=False):
        cell[j, i] = operation
    return text_of(cell)


def random_runs(edges: Edges) -> Iterator[Run]:
    yield from (Run(edges, cell, 0) for cell in drawn(edges))


def seed_runs() -> Iterator[Run]:
    for edges in EDGES:
        for cell in drawn(edges)[: SEVERAL[edges]]:
            yield from (Run(edges, cell, seed) for seed in SEEDS[1:])


def pair_runs(seed: int) -> Iterator[Run]:
    for base in bases():
        yield from (Run("pairs", with_feedback(base, of), seed) for of in ((), *FEEDBACK.values()))


def best_runs(best: Mapping[tuple[str, Edges, str], str]) -> Iterator[Run]:
    """``best``: cell by data set, edges and kernel."""
    for edges in EDGES:
        for kernel in KERNELS:
            yield from (Run("best", best[SMALL, edges, kernel], seed) for seed in SEEDS)


def step_runs(best: Mapping[tuple[str, Edges, str], str]) -> Iterator[Run]:
    for edges in EDGES:
        for timesteps in STEPS:
            cell = best[SMALL, edges, "sahd"]
            yield from (Run("steps", cell, seed, timesteps=timesteps) for seed in TWO_SEEDS)


def transfer_runs(best: Mapping[tuple[str, Edges, str], str]) -> Iterator[Run]:
    """The best of each data set on its own and on the other, and a random cell."""
    for edges in EDGES:
        yield from (Run("transfer", best[OTHER, edges, "sahd"], seed) for seed in SEEDS)
        for cell in (best[SMALL, edges, "sahd"], best[OTHER, edges, "sahd"], drawn(edges)[0]):
            yield from (Run("transfer", cell, seed, data=OTHER) for seed in TWO_SEEDS)


def plan(best: Mapping[tuple[str, Edges, str], str]) -> list[Run]:
    """All of it, each training once; what comes first is of the most use where not all is done."""
    runs = [
        *random_runs("both"), *best_runs(best), *pair_runs(0), *seed_runs(), *step_runs(best),
        *transfer_runs(best), *random_runs("forward"), *pair_runs(1),
    ]  # fmt: skip
    return list({run.name: run for run in runs}.values())
