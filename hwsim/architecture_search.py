"""What ``hwsim search autosnn`` does: search a supernet into a directory, show and write what was found."""

import json
import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwsim.architectures import Candidates
from hwsim.computing import computing
from hwsim.configuration import save_yaml
from hwsim.delivery import interruptible, progress_bars, say, tell
from hwsim.errors import HwsimError
from hwsim.methods.run_directory import alone, as_path, check_origin, check_own, check_same, read_json
from hwsim.methods.spike_aware.evolution import (
    Architecture,
    History,
    Space,
    evolve,
    search_at_random,
)
from hwsim.methods.spike_aware.fitness import FITNESS, checked_cost
from hwsim.methods.spike_aware.spec import ArchitectureSearch
from hwsim.methods.train import CARD, Trained, finished, train
from hwsim.methods.train_spec import TrainSpec
from hwsim.pareto import non_dominated
from hwsim.report import console, search_console, search_page
from hwsim.report.csv_files import text_of
from hwsim.storage import check_file, is_file, write_text
from hwsim.task_store import TaskStore
from hwsim.tasks import Compute, Done, Task
from hwsim.tasks import values as results

SPEC, ORIGIN, TASKS = "search.yaml", "origin.json", "tasks.jsonl"
TOLD, TABLE, WINNER = "search.json", "search.csv", "winner"

Progress = Callable[[str, int, int], None]


def run(
    values: Mapping[str, Any],
    output: Path,
    workers: int | None,
    scheduler: str | None,
    known: Sequence[Path],
    retrain: bool,
    as_json: bool,
) -> None:
    """Search as the ``values`` of an ArchitectureSearch say, those that are None left out; show the best,
    write search.json, search.csv and search.html. ``known``: directories of other searches, whose evaluations
    are taken over; ``retrain``: train the best from scratch, as the supernet was.

    Ctrl-C ends with status 130 and says how to go on. Raises HwsimError for a directory of something else.
    """
    spec = ArchitectureSearch.of({name: value for name, value in values.items() if value is not None})
    check_own(output, SPEC, "search")
    with (
        interruptible(f"the same command goes on from what was evaluated in {output}"),
        progress_bars() as progress,
        computing(workers, scheduler) as compute,
    ):
        found = search(spec, output, compute, progress, known)
        trained = (
            retrained(spec, found, output, progress) if retrain else retrained_before(spec, found, output)
        )
    write_text(output / TOLD, json.dumps(found, indent=1, allow_nan=False) + "\n")
    write_text(output / TABLE, text_of(csv_rows(found)))
    page = search_page.write(found, output, None if trained is None else trained.card)
    if as_json:
        winner = None if trained is None else trained.card
        say(json.dumps(found | {"winner": winner}, indent=1, allow_nan=False))
        return
    search_console.show(found, console.terminal())
    tell({"json": output / TOLD, "table": output / TABLE, "report": page}, as_json)
    if trained is None:
        say(f"next: {train_command(spec, found, output)}")
    else:
        tested = trained.card["test_accuracy"]
        say(f"winner: {tested:.2%} on test images, trained from scratch in {trained.directory}")


@dataclass(frozen=True, eq=False)
class _Search:
    """Evaluations of one search, done once each and kept."""

    candidates: Candidates
    store: TaskStore
    known: Sequence[TaskStore]
    compute: Compute
    progress: Progress

    def costs(self, paths: Sequence[Architecture], stage: str) -> list[dict[str, Any]]:
        return self._done([self.candidates.costs(path) for path in paths], stage)

    def both(self, paths: Sequence[Architecture], stage: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Accuracy and costs of each."""
        found = self._done(
            [task for p in paths for task in (self.candidates.accuracy(p), self.candidates.costs(p))], stage
        )
        return list(zip(found[::2], found[1::2], strict=True))

    def mean_cost(self, space: Space) -> float:
        """Of paths drawn at random that the chip can hold (N_avg)."""
        spec = self.candidates.spec
        rng = np.random.default_rng([spec.seed, 1])
        drawn = list(dict.fromkeys(space.drawn(rng) for _ in range(spec.averaged)))
        told = self.costs(drawn, "mean cost")
        found = [one["costs"][spec.cost] for one in told if one["refused"] is None]
        if not found:
            raise HwsimError(f"no random path of {len(drawn)} runs on {spec.hardware}: {told[0]['refused']}")
        return float(np.mean(found))

    def _done(self, tasks: list[Task], stage: str) -> list[Any]:
        """What came of tasks. Raises HwsimError with the error of one that failed."""
        self.store.take(tasks, self.known)
        found: dict[str, Done] = {}
        self.progress(stage, 0, len(tasks))
        for number, one in enumerate(self.store.compute(tasks, self.compute), 1):
            found[one.id] = one
            self.progress(stage, number, len(tasks))
        return results([found[task.id] for task in tasks])


def search(
    spec: ArchitectureSearch,
    directory: Path,
    compute: Compute,
    progress: Progress = lambda _stage, _done, _total: None,
    known: Sequence[Path] = (),
) -> dict[str, Any]:
    """The search as JSON values: everything evaluated, the front of accuracy and cost, the best.

    A path that the chip cannot hold has no cost and is never the best. The result depends neither on
    ``compute`` nor on interruptions. Raises HwsimError for a directory of another search or of none, for a
    supernet, chip or cost that is none, and where no path can be run.
    """
    for other in known:
        check_file(other / TASKS)
    candidates = Candidates.of(spec)
    space = Space(candidates.supernet.options)
    directory.mkdir(parents=True, exist_ok=True)
    with alone(directory):
        begin(spec, candidates, directory)
        others = [TaskStore(other / TASKS) for other in known]
        work = _Search(candidates, TaskStore(directory / TASKS), others, compute, progress)
        mean = checked_cost(spec.cost, work.mean_cost(space)) if spec.factor else None
        rows: list[dict[str, Any]] = []

        def evaluate(pool: Sequence[Architecture]) -> list[float]:
            found, fitness = work.both(pool, f"round {1 + len(rows) // spec.pool}"), []
            for path, (right, cost) in zip(pool, found, strict=True):
                value, refused = _fitness(spec, right["accuracy"], cost, mean)
                fitness.append(value)
                told = {"path": list(path), "fitness": value if refused is None else None}
                rows.append(told | right | {"costs": cost["costs"], "refused": refused})
            return fitness

        find = evolve if spec.sampler == "evolution" else search_at_random
        history = History()
        for history in find(space, evaluate, spec.evolution, spec.seed):
            progress("rounds", history.seen[-1].round, spec.rounds)
    return _told(spec, candidates, mean, rows, history)


def begin(spec: ArchitectureSearch, candidates: Candidates, directory: Path) -> None:
    """Write down what the search is of. Raises HwsimError where the directory is of another one, and where
    the supernet or the chip is not what it began with."""
    has_begun = is_file(directory / ORIGIN)
    check_same(directory, SPEC, spec, "search", has_begun=has_begun)
    if has_begun:
        check_origin(directory, read_json(directory / ORIGIN), candidates.origin)
    save_yaml(directory / SPEC, spec)
    write_text(directory / ORIGIN, json.dumps(candidates.origin, indent=1) + "\n")


def _fitness(
    spec: ArchitectureSearch, accuracy: float, cost: dict[str, Any], mean: float | None
) -> tuple[float, str | None]:
    """Fitness, or minus infinity and why there is none."""
    if cost["refused"] is not None:
        return -math.inf, cost["refused"]
    if mean is None:
        return accuracy, None
    value = cost["costs"][spec.cost]
    if value <= 0 and spec.fitness == "power":
        return -math.inf, f"{spec.cost} is {value:g}, of which no power is a fitness; take --fitness linear"
    return FITNESS[spec.fitness](accuracy, value, mean, spec.factor), None


def _told(
    spec: ArchitectureSearch,
    candidates: Candidates,
    mean: float | None,
    rows: list[dict[str, Any]],
    history: History,
) -> dict[str, Any]:
    rounds = [{"round": seen.round} | row for seen, row in zip(history.seen, rows, strict=True)]
    known = [i for i, row in enumerate(rounds) if row["refused"] is None]
    if not known:
        raise HwsimError(f"no path runs on {spec.hardware}: {rounds[0]['refused']}")
    best = max(known, key=lambda i: (rounds[i]["fitness"], -rounds[i]["costs"][spec.cost], -i))
    points = np.array([(rounds[i]["costs"][spec.cost], -rounds[i]["accuracy"]) for i in known])
    return {
        "schema": 1,
        "spec": spec.model_dump(),
        "supernet": {"model": candidates.supernet.spec.model, "id": candidates.supernet.id},
        "mean_cost": mean,
        "best": best,
        "front": [known[i] for i in np.flatnonzero(non_dominated(points))],
        "candidates": rounds,
    }


def train_spec(spec: ArchitectureSearch, found: dict[str, Any]) -> TrainSpec:
    """How the best is trained from scratch: as the supernet was, that path alone."""
    of = finished(Path(spec.supernet)).spec
    path = found["candidates"][found["best"]]["path"]
    return TrainSpec.of(of.model_dump() | {"path": path, "initial": None})


def retrained(spec: ArchitectureSearch, found: dict[str, Any], output: Path, progress: Progress) -> Trained:
    """Train the best from scratch, or go on with that. Raises HwsimError as a training does."""
    return train(train_spec(spec, found), output / WINNER, progress, command="hwsim search autosnn --retrain")


def retrained_before(spec: ArchitectureSearch, found: dict[str, Any], output: Path) -> Trained | None:
    """The training of the best, where one is done; one that is damaged is not told of."""
    if not is_file(output / WINNER / CARD):
        return None
    try:
        trained = finished(output / WINNER)
    except HwsimError:
        return None
    return trained if trained.spec == train_spec(spec, found) else None


def train_command(spec: ArchitectureSearch, found: dict[str, Any], output: Path) -> str:
    """The command that trains the best from scratch."""
    of = train_spec(spec, found)
    given = ["hwsim", "train", of.model]
    for name, value in of.model_dump(exclude_defaults=True, exclude={"model", "settings"}).items():
        option = OPTIONS.get(name, f"--{name.replace('_', '-')}")
        given += [option, ",".join(map(str, value)) if isinstance(value, list) else str(value)]
    for setting in of.settings:
        given += ["--set", setting]
    return shlex.join([*given, "-o", as_path(output / WINNER)])


OPTIONS = {"data_directory": "--data-dir"}
"""Of the command line, where they are not the field's name."""


def csv_rows(told: dict[str, Any]) -> list[list[Any]]:
    """A head and a line a candidate."""
    names = list(next(row["costs"] for row in told["candidates"] if row["costs"] is not None))
    lines = [
        [
            row["round"], " ".join(row["path"]), row["fitness"], row["accuracy"], row["parameters"],
            *((row["costs"] or {}).get(name) for name in names), i in told["front"], row["refused"],
        ]
        for i, row in enumerate(told["candidates"])
    ]  # fmt: skip
    return [["round", "path", "fitness", "accuracy", "parameters", *names, "front", "refused"], *lines]
