"""Placement algorithms by name, each timed, and what their placements cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from hwsim.errors import HwsimError, nearest
from hwsim.place.algorithms import annealed, greedy, hilbert, row_major
from hwsim.place.metrics import Metrics, Objective, Problem
from hwsim.place.reach import Int

CONSTRUCTIVE: dict[str, Callable[[Problem], Int]] = {
    "row_major": row_major,
    "hilbert": hilbert,
    "greedy": greedy,
}

ALGORITHMS = (*CONSTRUCTIVE, "anneal")

GIVEN = "given"
"""What a placement is called that came with the mapping."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Placement:
    """``place`` (cores,): the grid's core of each core; CPU ``seconds`` that the algorithm itself took."""

    algorithm: str
    place: Int
    metrics: Metrics
    seconds: float


def check_algorithm(name: str) -> tuple[str, ...]:
    """The algorithms that ``all`` or one name stands for."""
    if name != "all" and name not in ALGORITHMS:
        raise HwsimError(f"--algorithm {name!r}.{nearest(name, ['all', *ALGORITHMS])}")
    return ALGORITHMS if name == "all" else (name,)


def run(
    problem: Problem,
    algorithms: tuple[str, ...],
    objective: Objective,
    seed: int,
    moves: int | None,
    progress: Progress,
    given: Int | None = None,
) -> list[Placement]:
    """A placement of each algorithm; annealing begins with the best of the others and of ``given``."""
    started = [] if given is None else [Placement(GIVEN, given, problem.metrics(given), 0.0)]
    wanted = [a for a in CONSTRUCTIVE if a in algorithms or "anneal" in algorithms]
    problem.metrics(row_major(problem))  # compiles what it does not find in the cache, before the clock runs
    for name in wanted:
        begun = time.thread_time()
        place = CONSTRUCTIVE[name](problem)
        started.append(Placement(name, place, problem.metrics(place), time.thread_time() - begun))
    found = [p for p in started if p.algorithm in (GIVEN, *algorithms)]
    if "anneal" in algorithms:
        start = best(started, objective).place
        annealed(problem, start, objective, seed, 0)
        begun = time.thread_time()
        place = annealed(problem, start, objective, seed, moves, lambda d, n: progress("anneal", d, n))
        found.append(Placement("anneal", place, problem.metrics(place), time.thread_time() - begun))
    return found


def best(found: list[Placement], objective: Objective) -> Placement:
    """The one with the least of the objective, the first of equals."""
    return min(found, key=lambda p: p.metrics.of(objective))
