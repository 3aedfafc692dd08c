"""Search, cross-judge and train what reports/codesign shows: ``python -m benchmarks.codesign``.

Needs the supernet of ``make autosnn``. All of it lies in out/codesign and is gone on with.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from rich.progress import Progress

from benchmarks.codesign.plan import CHIPS, SUPERNET, TRAINED_SEEDS, TRAINING, Search, searches
from hwsim.architecture_search import TASKS, search
from hwsim.architectures import Candidates
from hwsim.costing import OnChip
from hwsim.frontends.capture import structure
from hwsim.frontends.loading import load_inputs
from hwsim.methods.spike_aware.evolution import Architecture
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.trained import open_training
from hwsim.methods.workers import one_thread
from hwsim.reuse import Reuse
from hwsim.storage import write_text
from hwsim.task_store import TaskStore
from hwsim.tasks import Compute, in_processes, values

OUT = Path("out/codesign")
TESTED = 64
"""Test images that costs of trained winners are of."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--supernet", type=Path, default=SUPERNET)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    began = time.perf_counter()
    with in_processes(asked.workers, one_thread) as compute, Progress() as bar:
        todo = bar.add_task("searches", total=len(searches()))
        found = {}
        for one in searches():
            found[one] = searched(one, asked.supernet, compute)
            bar.advance(todo)
        judged = across(asked.supernet, found, compute)
    one_thread()
    trained = [row for path in winners(found) for row in from_scratch(asked.supernet, path)]
    told = {
        "searches": [_told(one, values_of) for one, values_of in found.items()],
        "paths": judged,
        "trained": trained,
        "minutes": (time.perf_counter() - began) / 60,
    }
    write_text(OUT / "found.json", json.dumps(told, indent=1) + "\n")


def searched(one: Search, supernet: Path, compute: Compute) -> dict[str, Any]:
    """Its values; evaluations of the other searches are taken over."""
    known = [OUT / other.name for other in searches() if (OUT / other.name / TASKS).is_file()]
    return search(one.spec(supernet), OUT / one.name, compute, known=[k for k in known if k.name != one.name])


def across(supernet: Path, found: dict[Search, dict[str, Any]], compute: Compute) -> list[dict[str, Any]]:
    """Accuracy and the costs on every chip of every path that any search evaluated."""
    rows: dict[Architecture, dict[str, Any]] = {}
    for one in found.values():
        for row in one["candidates"]:
            told = {
                "path": " ".join(row["path"]),
                "accuracy": row["accuracy"],
                "parameters": row["parameters"],
            }
            rows.setdefault(tuple(row["path"]), told)
    store, others = TaskStore(OUT / "costs.jsonl"), [TaskStore(OUT / one.name / TASKS) for one in found]
    for chip in CHIPS:
        first = next(one for one in found if one.objective.chip == chip)
        candidates = Candidates.of(first.spec(supernet))
        tasks = [candidates.costs(path) for path in rows]
        store.take(tasks, others)
        done = {one.id: one for one in store.compute(tasks, compute)}
        for row, told in zip(rows.values(), values([done[task.id] for task in tasks]), strict=True):
            row[chip] = told["costs"]
    return list(rows.values())


def winners(found: dict[Search, dict[str, Any]]) -> list[Architecture]:
    """The best path of each search, each once."""
    return list(dict.fromkeys(tuple(one["candidates"][one["best"]]["path"]) for one in found.values()))


def from_scratch(supernet: Path, path: Architecture) -> list[dict[str, Any]]:
    """The path trained alone, as the supernet was but shorter, and its costs on every chip."""
    first = searches()[0].spec(supernet)
    of = Candidates.of(first).supernet.spec.model_dump() | TRAINING | {"path": list(path), "initial": None}
    rows = []
    for seed in TRAINED_SEEDS:
        directory = OUT / f"trained_{'-'.join(path)}_{seed}"
        trained = train(TrainSpec.of(of | {"seed": seed}), directory, command="python -m benchmarks.codesign")
        opened = open_training(directory)
        assert opened.inputs is not None
        inputs = load_inputs(opened.inputs, TESTED).values
        network = structure(opened.model, inputs[:1], trained.card["timesteps"], opened.name, opened.coding)
        costs = {chip: OnChip.of(chip).of_network(network, inputs, Reuse()) for chip in CHIPS}
        rows.append({"path": " ".join(path), "seed": seed, "accuracy": trained.card["test_accuracy"]} | costs)
    return rows


def _told(one: Search, found: dict[str, Any]) -> dict[str, Any]:
    best = found["candidates"][found["best"]]
    return {
        "objective": one.objective.name, "chip": one.objective.chip, "cost": one.objective.cost,
        "seed": one.seed, "winner": " ".join(best["path"]), "fitness": best["fitness"],
        "mean_cost": found["mean_cost"], "evaluated": len(found["candidates"]),
    }  # fmt: skip


if __name__ == "__main__":
    main()
