"""Searches on trained supernets: evolution and random search over weights that are shared."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.autosnn.plan import CHOICES, PLACES, Search, supernet
from benchmarks.autosnn.spikes import answered, spikes_of
from hwsim.methods.spike_aware.evolution import Architecture, Evolution, Space, evolve, search_at_random
from hwsim.methods.spike_aware.fitness import power
from hwsim.methods.spike_aware.inherited import Inherited
from hwsim.methods.spike_aware.supernet import Supernet
from hwsim.storage import is_file, write_text

HOW = Evolution(rounds=10, pool=10, mutations=5, crossovers=5, top=5, rho=0.2)
HELD_OUT, CALIBRATION = 300, 200
"""Training images behind those that train, which a fitness is of, and those that batch statistics are of."""
SAMPLED = 50
"""Random paths whose mean spikes stand for those of the paths that training sampled."""


@dataclass(frozen=True)
class Outcome:
    """A finished search: its best path, what that is in the supernet, and how many paths were evaluated.
    ``best`` is the highest fitness after each round."""

    space: str
    method: str
    exponent: str
    seed: int
    winner: str
    accuracy: float
    spikes: float
    fitness: float
    mean_spikes: float
    evaluated: int
    best: str
    seconds: float

    @property
    def search(self) -> Search:
        return Search(self.space, self.method, self.exponent, self.seed)


class Paths:
    """Accuracy and spikes of paths of one supernet, each evaluated once, kept beside its weights."""

    def __init__(self, name: str, store: Path) -> None:
        self.space = Space.of(CHOICES, PLACES[name])
        self.directory = supernet(name).directory(store)
        self.kept = self.directory / "paths.json"
        self.known: dict[str, list[float]] = {}
        if is_file(self.kept):
            self.known = json.loads(self.kept.read_text(encoding="utf-8"))

    def of(self, architectures: Sequence[Architecture]) -> list[list[float]]:
        """[accuracy, spikes] of each."""
        fresh = [a for a in architectures if "-".join(a) not in self.known]
        for architecture in fresh:
            model = Inherited(self._supernet, architecture, CALIBRATION).model
            accuracy, layers = answered(model, self._supernet.feed, self._supernet.validation(HELD_OUT))
            self.known["-".join(architecture)] = [accuracy, spikes_of(layers)]
        if fresh:
            write_text(self.kept, json.dumps(self.known, indent=0) + "\n")
        return [self.known["-".join(a)] for a in architectures]

    @cached_property
    def mean_spikes(self) -> float:
        rng = np.random.default_rng(0)
        return fmean(spikes for _, spikes in self.of([self.space.drawn(rng) for _ in range(SAMPLED)]))

    @cached_property
    def _supernet(self) -> Supernet:
        return Supernet.of(self.directory)


def result_of(search: Search, store: Path) -> Outcome | None:
    path = search.path(store)
    return Outcome(**json.loads(path.read_text(encoding="utf-8"))) if is_file(path) else None


def run_search(search: Search, store: Path) -> Outcome:
    """Do it where it is not done. A search of an ANN, which has no spikes, is for accuracy alone."""
    if done := result_of(search, store):
        return done
    began = time.perf_counter()
    paths, exponent = Paths(search.space, store), float(search.exponent)
    mean = paths.mean_spikes or 1.0

    def evaluate(architectures: Sequence[Architecture]) -> list[float]:
        return [
            power(accuracy, spikes or mean, mean, exponent) for accuracy, spikes in paths.of(architectures)
        ]

    find = evolve if search.method == "evolution" else search_at_random
    best = []
    for history in find(paths.space, evaluate, HOW, search.seed):
        best.append(history.best(1)[0])
    [(accuracy, spikes)] = paths.of([best[-1].architecture])
    outcome = Outcome(
        **asdict(search), winner="-".join(best[-1].architecture), accuracy=accuracy, spikes=round(spikes, 1),
        fitness=best[-1].fitness, mean_spikes=round(mean, 1), evaluated=len(history.seen),
        best=" ".join(f"{one.fitness:.4f}" for one in best), seconds=round(time.perf_counter() - began, 1),
    )  # fmt: skip
    write_text(search.path(store), json.dumps(asdict(outcome), indent=1) + "\n")
    return outcome
