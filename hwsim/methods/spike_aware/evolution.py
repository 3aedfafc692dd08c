"""Evolution over architectures, none evaluated twice (AutoSNN, Algorithm 1), and random search beside it."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from hwsim.errors import HwsimError

Architecture = tuple[str, ...]
"""A choice for each place, by name."""

Evaluate = Callable[[Sequence[Architecture]], list[float]]
"""Fitness of each, higher is better. It is asked for each architecture once."""


@dataclass(frozen=True)
class Space:
    """Of each place its ``options``; ``size`` architectures in all."""

    options: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if len(self.options) < 2 or any(len(o) < 2 or len(set(o)) < len(o) for o in self.options):
            told = "; ".join(",".join(o) for o in self.options)
            raise HwsimError(
                f"a space of places {told}; it has 2 places and 2 different options each at least"
            )

    @staticmethod
    def of(choices: Sequence[str], places: int) -> "Space":
        """The same ``choices`` at every place."""
        return Space((tuple(choices),) * places)

    @property
    def size(self) -> int:
        return math.prod(len(o) for o in self.options)

    def drawn(self, rng: np.random.Generator) -> Architecture:
        return tuple(o[int(rng.integers(len(o)))] for o in self.options)


@dataclass(frozen=True)
class Evolution:
    """Algorithm 1: in each of ``rounds`` a pool of ``pool`` architectures is evaluated; the next pool is
    ``mutations`` of the ``top`` best so far (each place drawn anew with probability ``rho``), ``crossovers``
    of two of them (cut at a place) and random ones up to its size."""

    rounds: int = 10
    pool: int = 20
    mutations: int = 10
    crossovers: int = 10
    top: int = 10
    rho: float = 0.2

    def __post_init__(self) -> None:
        if min(self.rounds, self.pool, self.top) < 1 or min(self.mutations, self.crossovers) < 0:
            raise HwsimError(
                "evolution: rounds, pool and top are 1 or more, mutations and crossovers 0 or more"
            )
        if self.mutations + self.crossovers > self.pool:
            raise HwsimError(
                f"evolution: {self.mutations} mutations and {self.crossovers} crossovers do not fit into a "
                f"pool of {self.pool}"
            )
        if not 0.0 < self.rho <= 1.0:
            raise HwsimError(f"evolution: rho is {self.rho:g}; it must lie in (0, 1]")

    @property
    def budget(self) -> int:
        """Architectures that are evaluated."""
        return self.rounds * self.pool


@dataclass(frozen=True)
class Seen:
    """An architecture, its fitness, and the round (from 1) in which it was evaluated."""

    architecture: Architecture
    fitness: float
    round: int


@dataclass
class History:
    """Everything evaluated, in order."""

    seen: list[Seen] = field(default_factory=list)

    def best(self, count: int) -> list[Seen]:
        """The fittest, of equal ones the earliest."""
        return sorted(self.seen, key=lambda one: -one.fitness)[:count]

    def add(self, pool: Sequence[Architecture], fitness: Sequence[float], number: int) -> None:
        self.seen += [Seen(a, f, number) for a, f in zip(pool, fitness, strict=True)]


TRIES = 200
"""How often a mutation or a crossover is drawn anew because it has been evaluated."""


def evolve(space: Space, evaluate: Evaluate, how: Evolution, seed: int) -> Iterator[History]:
    """Everything seen after each round. Ends early where the whole space has been evaluated.

    What is drawn follows from ``seed`` and the fitness told: the same evaluations give the same search.
    Source: AutoSNN, Algorithm 1.
    """
    rng = np.random.default_rng(seed)
    history, known = History(), set[Architecture]()
    for number in range(1, how.rounds + 1):
        parents = [one.architecture for one in history.best(how.top)]
        pool: list[Architecture] = []
        if parents:
            _fill(pool, known, how.mutations, partial(mutated, space, parents, how.rho, rng))
            _fill(pool, known, len(pool) + how.crossovers, partial(crossed, parents, rng))
        _refill(pool, known, how.pool, space, rng)
        if not pool:
            return
        history.add(pool, evaluate(pool), number)
        yield history


def search_at_random(space: Space, evaluate: Evaluate, how: Evolution, seed: int) -> Iterator[History]:
    """The same budget in the same rounds, every architecture drawn at random, none twice."""
    rng = np.random.default_rng(seed)
    history, known = History(), set[Architecture]()
    for number in range(1, how.rounds + 1):
        pool: list[Architecture] = []
        _refill(pool, known, how.pool, space, rng)
        if not pool:
            return
        history.add(pool, evaluate(pool), number)
        yield history


def mutated(
    space: Space, parents: Sequence[Architecture], rho: float, rng: np.random.Generator
) -> Architecture:
    """One of the parents, each place drawn anew with probability ``rho``."""
    parent, fresh = parents[int(rng.integers(len(parents)))], space.drawn(rng)
    anew = rng.random(len(parent)) < rho
    return tuple(new if change else old for old, new, change in zip(parent, fresh, anew, strict=True))


def crossed(parents: Sequence[Architecture], rng: np.random.Generator) -> Architecture:
    """The first places of one parent and the others of another, cut at 1 to places - 1."""
    one, other = (parents[int(n)] for n in rng.integers(len(parents), size=2))
    cut = int(rng.integers(1, len(one)))
    return one[:cut] + other[cut:]


def _fill(
    pool: list[Architecture], known: set[Architecture], size: int, draw: Callable[[], Architecture]
) -> None:
    """Draw until the pool has ``size``, or TRIES in a row gave nothing new."""
    tries = 0
    while len(pool) < size and tries < TRIES:
        one = draw()
        tries += 1
        if one not in known:
            known.add(one)
            pool.append(one)
            tries = 0


def _refill(
    pool: list[Architecture], known: set[Architecture], size: int, space: Space, rng: np.random.Generator
) -> None:
    while len(pool) < size and len(known) < space.size:
        one = space.drawn(rng)
        if one not in known:
            known.add(one)
            pool.append(one)
