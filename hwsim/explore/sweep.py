"""A sweep: points asked for, evaluated where they are not known, told to the sampler, and kept."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hwsim import __version__
from hwsim.errors import HwsimError
from hwsim.explore.engine import Engine
from hwsim.explore.evaluate import Subject, evaluate
from hwsim.explore.points import Base, Settings, refused, settings_of, violations
from hwsim.explore.quantities import costs_of
from hwsim.explore.sample import Sampler, Told
from hwsim.explore.space import Point, Space, undecided
from hwsim.storage import canonical_json
from hwsim.task_store import TaskStore
from hwsim.tasks import Done, Shared, Task

Subjects = Callable[[Settings], Subject]
"""The network of a set of ``network.*`` options."""

MOST_IDLE = 10
"""Rounds in a row with no point that was not asked for before, after which a sampler has no more."""


@dataclass(frozen=True)
class Found:
    """A point of a sweep: what it sets, what came of it, or why it was ``refused`` or ``failed``.

    ``broken``: constraints of results that it does not keep, and by how much.
    """

    id: str
    point: Point
    settings: Settings
    values: dict[str, Any] | None = None
    refused: str | None = None
    failed: str | None = None
    broken: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def kept(self) -> bool:
        """Whether it counts: evaluated, and within all constraints."""
        return self.values is not None and not self.broken


@dataclass
class Sweep:
    """What a sweep needs, and its points so far by their ids. ``known``: those that the store had before."""

    space: Space
    base: Base
    subjects: Subjects
    objectives: list[str]
    store: TaskStore
    found: dict[str, Found] = field(default_factory=dict)
    known: int = 0
    evaluated: int = 0

    def run(
        self, sampler: Sampler, engine: Engine, budget: int, progress: Callable[[int, int], None]
    ) -> list[Found]:
        """All points in the order in which they were first asked for; ``budget`` counts those evaluated,
        also in vain. Raises HwsimError for a store that cannot be written.
        """
        idle, before = 0, set(self.store.known)
        while (left := budget - self.evaluated) > 0 and idle < MOST_IDLE:
            points = sampler.ask(left)
            if not points:
                break
            so_far = len(self.found)
            ids = [self._take(point) for point in points]
            idle = 0 if len(self.found) > so_far else idle + 1
            tasks = list(self._tasks(ids))
            for one in self.store.compute(tasks, engine.compute):
                self.known += one.id in before
                self.evaluated += 1
                self.found[one.id] = self._judged(self.found[one.id], one)
                progress(min(self.evaluated, budget), budget)
            sampler.tell([self._told(self.found[name]) for name in ids])
        return list(self.found.values())

    def _take(self, point: Point) -> str:
        """The id of a point, which is new or was asked for before."""
        settings: Settings = {}
        if (why := undecided(self.space, point)) is None:
            try:
                settings = settings_of(self.space, self.base, point)
                why = refused(self.space, self.base, point, settings)
            except HwsimError as error:
                why = str(error)
        if why is not None:
            name = f"refused {canonical_json(point)}"
            self.found.setdefault(name, Found(name, point, settings, refused=why))
            return name
        task = self._task(settings)
        self.found.setdefault(task.id, Found(task.id, point, settings))
        return task.id

    def _tasks(self, ids: Sequence[str]) -> Iterator[Task]:
        for name in dict.fromkeys(ids):
            one = self.found[name]
            if one.values is None and one.refused is None and one.failed is None:
                yield self._task(one.settings)

    def _task(self, settings: Settings) -> Task:
        options = {n: v for n, v in settings.items() if n.startswith("network.")}
        subject = self.subjects(options)
        others = {n: v for n, v in settings.items() if n not in options}
        arguments = {
            "settings": others, "of": subject.id, "on": self.base.id, "by": __version__,
        }  # fmt: skip
        places = {"base": Shared(self.base.id, self.base), "subject": Shared(subject.id, subject)}
        return Task(evaluate, arguments, places)

    def _judged(self, one: Found, done: Done) -> Found:
        if done.error is not None:
            return Found(one.id, one.point, one.settings, failed=done.error, seconds=done.seconds)
        if "refused" in done.value:
            why = str(done.value["refused"])
            return Found(one.id, one.point, one.settings, refused=why, seconds=done.seconds)
        try:
            broken = violations(self.space, self.base, one.point, one.settings, done.value)
        except HwsimError as error:
            return Found(one.id, one.point, one.settings, refused=str(error), seconds=done.seconds)
        return Found(one.id, one.point, one.settings, done.value, broken=broken, seconds=done.seconds)

    def _told(self, one: Found) -> Told:
        if one.values is None:
            return None, {}
        values = [one.values[name] for name in self.objectives]
        if any(v is None for v in values):
            return None, {}
        of = self.space.of_results
        return values, {t: one.broken.get(t, 0.0) for t in self.space.constraints if of(t)}


def costs(found: Sequence[Found], objectives: list[str]) -> list[list[float]]:
    """Objectives of the points that count, less being better; NaN of others."""
    return [
        costs_of(one.values, objectives) if one.values and one.kept else [float("nan")] * len(objectives)
        for one in found
    ]


def check_known(found: Sequence[Found], objectives: list[str]) -> None:
    """Raises HwsimError where an objective is known of no point."""
    told = [one.values for one in found if one.values]
    for name in objectives:
        if told and all(values[name] is None for values in told):
            raise HwsimError(
                f"{name} is known of no point: the table has no such number, or there are no labels"
            )
