"""Train and search what reports/autosnn shows: ``python -m benchmarks.autosnn [NAME...]``.

``make autosnn`` does all and writes the report. Trainings lie in out/autosnn, each in a directory that is
resumed, and are not run again once they are done; then supernets are searched, and what was found is trained.
NAME is the beginning of names, e.g. macro_, search_base or winner_.
"""

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from benchmarks.autosnn.plan import Run, Search, plan, searches, winner
from benchmarks.autosnn.searches import result_of, run_search
from benchmarks.autosnn.spikes import answered
from benchmarks.fashion16 import small_images
from benchmarks.side_by_side import Done, side_by_side
from hwsim.datasets import load_dataset
from hwsim.methods.train import WEIGHTS, finished, train
from hwsim.methods.train_model import load_weights, prepared
from hwsim.methods.train_spec import TrainSpec
from hwsim.storage import is_file, write_text

OUT = Path("out/autosnn")
LAYERS = "layers.json"
"""Of a training: neurons and spikes of its layers on the test images."""


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
        failed += side_by_side(pool, "trainings", partial(one, data), [runs])
        asked_for = [s for s in searches() if s.name.startswith(names)]
        failed += side_by_side(pool, "searches", searched, [asked_for])
        winners = [run for run in found_networks(OUT) if run.name.startswith(names)]
        failed += side_by_side(pool, "networks found", partial(one, data), [winners])
    if failed:
        raise SystemExit("\n".join([f"{len(failed)} failed:", *failed]))


def found_networks(store: Path) -> list[Run]:
    """Trainings of what the finished searches found, each once."""
    outcomes = [(s, found) for s in searches() if (found := result_of(s, store))]
    runs = {run.name: run for s, found in outcomes for run in winner(s, found.winner)}
    return sorted(runs.values(), key=lambda run: run.seed)


if __name__ == "__main__":
    main()
