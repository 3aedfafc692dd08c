"""Train and search what reports/autosnn shows: ``python -m benchmarks.autosnn [NAME...]``.

``make autosnn`` does all and writes the report. Trainings lie in out/autosnn, each in a directory that is
resumed, and are not run again once they are done; then supernets are searched, and what was found is trained.
NAME is the beginning of names, e.g. macro_, search_base or winner_.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.autosnn.plan import Run, Search, plan, searches, winner
from benchmarks.autosnn.searches import result_of, run_search
from benchmarks.autosnn.spikes import answered
from benchmarks.fashion16 import small_images
from hwsim.datasets import load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.train import WEIGHTS, finished, train
from hwsim.methods.train_model import load_weights, prepared
from hwsim.methods.train_spec import TrainSpec
from hwsim.storage import is_file, write_text

OUT = Path("out/autosnn")
LAYERS = "layers.json"
"""Of a training: neurons and spikes of its layers on the test images."""

Done = tuple[str, str, float]
"""A name, what came out, seconds."""


def one(data: str, run: Run) -> Done:
    """Train it, in a process of one thread, and count its spikes."""
    torch.set_num_threads(1)
    began, directory = time.perf_counter(), run.directory(OUT)
    spec = TrainSpec.of({"data": data, "seed": run.seed} | run.values)
    card = train(spec, directory, command=f"python -m benchmarks.autosnn {run.name}").card
    if run.group != "supernet" and not is_file(directory / LAYERS):
        write_text(directory / LAYERS, layers_of(directory))
    return run.name, f"{card['test_accuracy']:.2%}", time.perf_counter() - began


def layers_of(directory: Path) -> str:
    """A line a layer."""
    spec = finished(directory).spec
    model, feed = prepared(spec, load_dataset(spec.data))
    load_weights(model, directory / WEIGHTS)
    return "\n".join(json.dumps(asdict(layer)) for layer in answered(model, feed, feed.test)[1]) + "\n"


def searched(search: Search) -> Done:
    torch.set_num_threads(1)
    began, found = time.perf_counter(), run_search(search, OUT)
    return search.name, f"{found.winner} {found.fitness:.4f}", time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names; default: all")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    data, names = str(small_images(OUT / "fashion16.npz")), tuple(asked.names) or ("",)
    failed: list[str] = []
    with ProcessPoolExecutor(asked.workers) as pool:
        runs = [run for run in plan() if run.name.startswith(names)]
        failed += _all(pool, "trainings", partial(one, data), runs)
        failed += _all(pool, "searches", searched, [s for s in searches() if s.name.startswith(names)])
        winners = [run for run in found_networks(OUT) if run.name.startswith(names)]
        failed += _all(pool, "networks found", partial(one, data), winners)
    if failed:
        raise SystemExit("\n".join([f"{len(failed)} failed:", *failed]))


def found_networks(store: Path) -> list[Run]:
    """Trainings of what the finished searches found, each once."""
    outcomes = [(s, found) for s in searches() if (found := result_of(s, store))]
    runs = {run.name: run for s, found in outcomes for run in winner(s, found.winner)}
    return sorted(runs.values(), key=lambda run: run.seed)


def _all(pool: ProcessPoolExecutor, told: str, do: Callable[[Any], Done], parts: Sequence[Any]) -> list[str]:
    """Do them side by side; what failed."""
    failed = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        task = bar.add_task(told, total=len(parts))
        for done in as_completed([pool.submit(do, part) for part in parts]):
            bar.advance(task)
            try:
                name, outcome, seconds = done.result()
            except HwsimError as error:
                failed.append(str(error))
            else:
                bar.console.print(f"{name}: {outcome} in {seconds:.0f} s")
    return failed


if __name__ == "__main__":
    main()
