"""Train what reports/training shows: ``python -m benchmarks.training [NAME...] [--workers N]``.

``make training`` trains all and writes the report. Trainings lie in out/training, each in a directory that
is resumed, and are not run again once they are done. NAME is the beginning of names, e.g. vgg_ or widths_sg.
"""

import argparse
import os
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from benchmarks.fashion16 import small_images
from benchmarks.side_by_side import Done, side_by_side
from benchmarks.training.plan import RECONSTRUCTION, WATCHED, Run, plan
from benchmarks.training.reconstruction import reconstruct
from benchmarks.training.results import Looked
from benchmarks.training.watched import watched
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec

OUT = Path("out/training")


def one(run: Run, data: str) -> Done:
    """Do one, in a process of one thread: its name, what came out, seconds."""
    torch.set_num_threads(1)
    began, directory = time.perf_counter(), run.directory(OUT)
    if run.group in (RECONSTRUCTION, WATCHED):
        if not Looked.of(run, OUT):
            worked = time.process_time()
            if run.group == RECONSTRUCTION:
                found: Any = asdict(reconstruct(**run.asked))
            else:
                found = watched({"data": data} | run.asked)
            Looked(run, found, (time.process_time() - worked) / 60).save(OUT)
        return run.name, "done", time.perf_counter() - began
    values = {"data": data} | run.asked
    if run.initial is not None:
        values["initial"] = str(run.initial.directory(OUT))
    trained = train(TrainSpec.of(values), directory, command=f"python -m benchmarks.training {run.name}")
    return run.name, f"{trained.card['test_accuracy']:.2%}", time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names; default: all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    data = str(small_images(OUT / "fashion16.npz"))
    runs = [run for run in plan() if not asked.names or run.name.startswith(tuple(asked.names))]
    rounds = [r for r in runs if r.initial is None], [r for r in runs if r.initial is not None]
    with ProcessPoolExecutor(asked.workers) as pool:
        failed = side_by_side(pool, "trainings", partial(one, data=data), rounds)
    if failed:
        raise SystemExit("\n".join([f"{len(failed)} of {len(runs)} trainings failed:", *failed]))


if __name__ == "__main__":
    main()
