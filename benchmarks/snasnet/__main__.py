"""Train what reports/snasnet shows: ``python -m benchmarks.snasnet [--workers N]``.

``make snasnet`` does all and writes the report. Searches and trainings lie in out/snasnet, each in a
directory that is resumed, and are not done again.
"""

import argparse
import os
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import torch

from benchmarks.fashion16 import small_images
from benchmarks.side_by_side import Done, side_by_side
from benchmarks.snasnet.plan import EDGES, KERNELS, OTHER, SEARCHED, Run, plan, searched
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.training_free.cells import Edges
from hwsim.methods.training_free.search import Scored, search

OUT = Path("out/snasnet")

Searches = dict[tuple[str, Edges], list[Scored]]


def files(store: Path) -> dict[str, Path]:
    """The data sets that are files, made where they are not there."""
    return {OTHER: small_images(store / f"{OTHER}.npz")}


def searches(store: Path) -> Searches:
    """Every scored cell by data set and edges; the best by SAHD comes first."""
    at = files(store)
    return {
        (data, edges): search(searched(data, edges, at), store / f"search_{data}_{edges}")
        for data in SEARCHED
        for edges in EDGES
    }


def best_of(found: Searches) -> dict[tuple[str, Edges, str], str]:
    return {
        (data, edges, kernel): max(cells, key=lambda one, k=kernel: (one.score(k), -one.number)).cell  # type: ignore[misc]
        for (data, edges), cells in found.items()
        for kernel in KERNELS
    }


def one(run: Run, store: Path, at: Mapping[str, Path]) -> Done:
    """Train it where it is not done, in one thread: its name, accuracy, seconds."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    trained = train(TrainSpec.of(run.values(at)), run.directory(store), command="make snasnet")
    return run.name, f"{trained.card['test_accuracy']:.2%}", time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    at = files(OUT)
    runs = plan(best_of(searches(OUT)))
    with ProcessPoolExecutor(asked.workers) as pool:
        failed = side_by_side(pool, "trainings", partial(one, store=OUT, at=at), [runs])
    if failed:
        raise SystemExit("\n".join([f"{len(failed)} of {len(runs)} trainings failed:", *failed]))


if __name__ == "__main__":
    main()
