"""What ``hwsim explore`` and ``hwsim combine`` do: a space, a sweep on an engine, its files."""

import os
import sys
import time
import warnings
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hwsim.commands import chip, choice
from hwsim.configuration import load_yaml, save_yaml
from hwsim.delivery import interruptible, progress_bars, say, tell
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.explore import outputs
from hwsim.explore.engine import Cluster, Engine, Here, check_memory
from hwsim.explore.evaluate import Subject, reused
from hwsim.explore.points import Base, Settings, opened
from hwsim.explore.sample import SamplerName, check_seed, sampler
from hwsim.explore.space import Space, check_objectives, load_space
from hwsim.explore.sweep import Found, Sweep, check_known
from hwsim.lists import parts_of
from hwsim.methods.run_directory import alone, check_own, differences
from hwsim.pipeline import Progress
from hwsim.report import console, explore_console
from hwsim.storage import canonical_json, is_dir, is_file
from hwsim.task_store import TaskStore, merged

SPEC, STORE = "sweep.yaml", "points.jsonl"
BUDGET = 500
"""Designs that are evaluated if nobody says how many."""


@dataclass(frozen=True)
class Asked:
    """A space and how it is explored. ``sampler`` None: the grid where it is within the budget, else nsga2,
    or tpe of one objective. ``workers`` 0: in this process."""

    space: Space
    base: Base
    objectives: list[str]
    budget: int
    sampler: SamplerName
    seed: int
    population: int
    workers: int | None
    scheduler: str | None
    limit_s: float | None
    memory: str

    @staticmethod
    def of(
        path: Path,
        objectives: str | None = None,
        budget: int | None = None,
        kind: str | None = None,
        seed: int = 0,
        population: int = 32,
        workers: int | None = None,
        scheduler: str | None = None,
        limit_s: float | None = None,
        memory: str = "auto",
    ) -> "Asked":
        """From texts. Raises HwsimError for what they cannot be, before any work begins."""
        check_seed(seed)
        if memory != "auto":
            check_memory(memory)
        space = load_space(path)
        base = _opened(path, space)
        chosen = space.objectives if objectives is None else parts_of("objectives", objectives)
        try:
            check_objectives(chosen)
        except ValueError as error:
            raise HwsimError(f"--objectives: {error}") from None
        if workers is not None and scheduler is not None:
            raise HwsimError("--workers are of this machine, --scheduler names a cluster: leave one out")
        most = BUDGET if budget is None else budget
        name = kind or _sampler(space, most, chosen)
        found: SamplerName = choice("sampler", name, SamplerName)
        if found == "grid" and space.size is not None and kind and budget and space.size > budget:
            raise HwsimError(
                f"--budget {budget}: the grid has up to {space.size} points; take --sampler random, tpe or "
                "nsga2, or a larger budget"
            )
        if found == "grid" and budget is None:
            most = space.size or most
        return Asked(
            space, base, chosen, most, found, seed, population, workers, scheduler, limit_s, memory
        )  # fmt: skip


def run(asked: Asked, output: Path, resume: bool, as_json: bool) -> None:
    """Explore into a directory, or go on there, and write and show what was found.

    Ctrl-C ends with status 130. Raises HwsimError for a directory of another space or something else, for a
    lost scheduler, and for a disk that takes no more; then the store has what was finished.
    """
    _check(output, asked.space, resume)
    with interruptible(f"the same command goes on with the designs in {output}"), ExitStack() as stack:
        progress = stack.enter_context(progress_bars())
        save_yaml(output / SPEC, asked.space)
        stack.enter_context(alone(output))
        began = time.perf_counter()
        subjects = Networks(asked.space, progress)
        sweep = Sweep(asked.space, asked.base, subjects, asked.objectives, TaskStore(output / STORE))
        engine: Engine = stack.enter_context(_engine(asked))
        if engine.address and not as_json:
            sys.stderr.write(f"dashboard: {engine.address}\n")
        method = sampler(asked.space, asked.objectives, asked.sampler, asked.seed, asked.population)
        found = sweep.run(method, engine, asked.budget, lambda d, n: progress("designs", d, n))
        seconds = time.perf_counter() - began
        layers = engine.everywhere(reused)
    told = _told(asked, found, sweep, seconds, layers)
    paths = outputs.write(output, asked.base, told, found)
    if as_json:
        say(canonical_json({name: value for name, value in told.items() if name != "points"}))
    else:
        explore_console.show(told, console.terminal())
    tell(paths, as_json)


@dataclass
class Networks:
    """Networks by their options, each captured and executed once."""

    space: Space
    progress: Progress

    def __post_init__(self) -> None:
        self._known: dict[str, Subject] = {}

    def __call__(self, options: Settings) -> Subject:
        from hwsim.explore.networks import subject_of  # noqa: PLC0415 - PyTorch only where something runs

        key = canonical_json(options)
        if key not in self._known:
            found = self._known[key] = subject_of(self.space, options, self.progress)
            if found.warning:
                warnings.warn(found.warning, HwsimWarning, stacklevel=2)
        return self._known[key]


def combine(directories: Sequence[str], output: Path, as_json: bool) -> None:
    """Merge sweeps of one space from several directories into one; the command that made them then finds all
    points known. Raises HwsimError where they are of different spaces, and where a point has two values."""
    places = [Path(name) for name in directories]
    for place in places:
        if not is_file(place / SPEC) or not is_file(place / STORE):
            raise HwsimError(f"{place}: no directory of hwsim explore; it has {SPEC} and {STORE}")
    spaces = [load_yaml(place / SPEC, Space) for place in places]
    for place, space in zip(places[1:], spaces[1:], strict=True):
        if told := differences(spaces[0], space):
            raise HwsimError(f"{place} is of another space than {places[0]} ({told})")
    _check(output, spaces[0], resume=False)
    save_yaml(output / SPEC, spaces[0])
    with alone(output):
        here = [output / STORE] if is_file(output / STORE) else []
        count, twice = merged([*here, *(place / STORE for place in places)], output / STORE)
    if as_json:
        say(canonical_json({"designs": count, "known_twice": twice, "store": str(output / STORE)}))
    else:
        say(f"{count} designs, {twice} of them known twice: {output / STORE}")


def _opened(path: Path, space: Space) -> Base:
    try:
        return opened(space, lambda name: chip(name, None))
    except HwsimError as error:
        raise HwsimError(f"{path}: {error}") from None


def _sampler(space: Space, budget: int, objectives: list[str]) -> str:
    if space.size is not None and space.size <= budget:
        return "grid"
    return "nsga2" if len(objectives) > 1 else "tpe"


def _engine(asked: Asked) -> AbstractContextManager[Engine]:
    if asked.scheduler is None and asked.workers == 0:
        return Here()
    workers = asked.workers or os.cpu_count() or 1
    return Cluster(workers, asked.scheduler, asked.limit_s, asked.memory)


def _told(
    asked: Asked, found: list[Found], sweep: Sweep, seconds: float, layers: list[dict[str, int]]
) -> dict[str, Any]:
    check_known(found, asked.objectives)
    run = {
        "sampler": asked.sampler,
        "seed": asked.seed,
        "budget": asked.budget,
        "workers": len(layers),
        "known_before": sweep.known,
        "seconds": round(seconds, 3),
        "base": asked.base.id,
        "layers_reused": sum(one["found"] for one in layers),
        "layers_made": sum(one["made"] for one in layers),
    }
    return outputs.described(asked.space, asked.base, found, asked.objectives, run)


def _check(output: Path, space: Space, resume: bool) -> None:
    """Raises HwsimError where the directory is of another space, or holds something else."""
    path = output / SPEC
    if is_file(path) and (told := differences(load_yaml(path, Space), space)):
        raise HwsimError(f"{output} is of another space ({told}); name another directory")
    if resume and not is_file(path):
        raise HwsimError(f"--resume: {output} has no {SPEC}; nothing was begun there")
    if is_dir(output):
        check_own(output, SPEC, "exploration")
