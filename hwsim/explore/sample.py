"""Samplers: which points a sweep asks for next. Grid by enumeration, the others by Optuna's ask and tell."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Literal, Protocol, get_args

from hwsim.errors import HwsimError
from hwsim.explore.quantities import QUANTITIES
from hwsim.explore.space import Parameter, Point, Space, Value, grid, is_active

SamplerName = Literal["grid", "random", "tpe", "nsga2"]
SAMPLERS: tuple[str, ...] = get_args(SamplerName)

MOST_SEED = 2**32 - 1
"""The largest that NumPy's generators, which Optuna's samplers have, take."""

TOGETHER: dict[str, int] = {"random": 64, "tpe": 8}
"""Points that are asked for before any of them is told. Of nsga2 it is the population."""

Told = tuple[list[float] | None, dict[str, float]]
"""What came of a point: its objectives, None where it is refused or failed, and how far constraints are not
kept."""


class Sampler(Protocol):
    """Asks for points in rounds; the next round depends on what was told of the ones before and on nothing
    else: not on workers, nor on whether a result was kept from an earlier run."""

    def ask(self, most: int) -> list[Point]:
        """At most so many; empty where there are no more."""

    def tell(self, results: Sequence[Told]) -> None:
        """What came of the round, in the order asked."""


class Grid:
    """Every combination, in the order of the file."""

    def __init__(self, space: Space) -> None:
        self._points: Iterator[Point] = grid(space)

    def ask(self, most: int) -> list[Point]:
        return [point for _, point in zip(range(most), self._points, strict=False)]

    def tell(self, results: Sequence[Told]) -> None:
        """A grid asks for the same, whatever comes of it."""


class Optuna:
    """Random, TPE or NSGA-II. ``population``: of nsga2, the points of a generation."""

    def __init__(
        self, space: Space, objectives: Sequence[str], kind: SamplerName, seed: int, population: int
    ) -> None:
        import optuna  # noqa: PLC0415 - only where it samples

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._failed = optuna.trial.TrialState.FAIL
        self._space, self._asked = space, list[Any]()
        self._together = population if kind == "nsga2" else TOGETHER[kind]

        makers: dict[str, Callable[[], Any]] = {
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
            "nsga2": lambda: optuna.samplers.NSGAIISampler(population_size=population, seed=seed),
        }
        directions = [QUANTITIES[name] for name in objectives]
        self._study = optuna.create_study(directions=directions, sampler=makers[kind]())

    def ask(self, most: int) -> list[Point]:
        """A whole round, whatever ``most`` is, so that rounds do not depend on the budget."""
        self._asked = [self._study.ask() for _ in range(self._together)]
        return [self._point(trial) for trial in self._asked][:most]

    def tell(self, results: Sequence[Told]) -> None:
        for trial, (values, violations) in zip(self._asked, results, strict=False):
            if values is None or not all(map(math.isfinite, values)):
                self._study.tell(trial, state=self._failed)
            else:
                for name, by in violations.items():
                    trial.set_constraint(name, by)
                self._study.tell(trial, values)

    def _point(self, trial: Any) -> Point:
        """It ends where a ``when`` has no value, as in :func:`hwsim.explore.space.grid`."""
        point: Point = {}
        with suppress(HwsimError):
            for name, parameter in self._space.parameters.items():
                if is_active(parameter, point):
                    point[name] = _suggested(trial, name, parameter)
        return point


def sampler(
    space: Space, objectives: Sequence[str], kind: SamplerName, seed: int = 0, population: int = 32
) -> Sampler:
    """A sampler by its name. Raises HwsimError for a grid of a space that has no end, and for a seed that no
    generator takes."""
    check_seed(seed)
    if kind == "grid":
        if space.size is None:
            list(zip(range(1), grid(space), strict=False))
        return Grid(space)
    if kind not in SAMPLERS:
        raise HwsimError(f"--sampler {kind!r}; allowed: {', '.join(SAMPLERS)}")
    return Optuna(space, objectives, kind, seed, population)


def check_seed(seed: int) -> None:
    """Raises HwsimError for a seed out of its range."""
    if not 0 <= seed <= MOST_SEED:
        raise HwsimError(f"--seed {seed}; allowed: 0 to {MOST_SEED}")


def _suggested(trial: Any, name: str, parameter: Parameter) -> Value:
    """Ordered numbers by their place, so that a sampler knows which are near; other values as categories."""
    choices = parameter.choices
    if choices is None:
        found: Value = (trial.suggest_int if parameter.whole else trial.suggest_float)(
            name, parameter.low, parameter.high, log=parameter.log
        )
        return found
    numbers = [c for c in choices if isinstance(c, int | float) and not isinstance(c, bool)]
    if len(numbers) == len(choices) > 1 and numbers == sorted(numbers):
        return choices[int(trial.suggest_int(name, 0, len(choices) - 1))]
    return choices[int(trial.suggest_categorical(name, list(range(len(choices)))))]
