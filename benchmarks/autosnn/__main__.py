"""Train what reports/autosnn shows: ``python -m benchmarks.autosnn [NAME...] [--workers N]``.

``make autosnn`` trains all and writes the report. Trainings lie in out/autosnn, each in a directory that is
resumed, and are not run again once they are done. NAME is the beginning of names, e.g. macro_ or random.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.autosnn.plan import Run, plan
from benchmarks.fashion16 import small_images
from hwsim.errors import HwsimError
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec

OUT = Path("out/autosnn")


def one(run: Run, data: str) -> tuple[str, float, float]:
    """Do one, in a process of one thread: its name, its accuracy, seconds."""
    torch.set_num_threads(1)
    began = time.perf_counter()
    spec = TrainSpec.of({"data": data, "seed": run.seed} | run.values)
    trained = train(spec, run.directory(OUT), command=f"python -m benchmarks.autosnn {run.name}")
    return run.name, trained.card["test_accuracy"], time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names; default: all")
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    data = str(small_images(OUT / "fashion16.npz"))
    runs = [run for run in plan() if not asked.names or run.name.startswith(tuple(asked.names))]
    failed: list[str] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar, ProcessPoolExecutor(asked.workers) as pool:
        task = bar.add_task("trainings", total=len(runs))
        for done in as_completed([pool.submit(one, run, data) for run in runs]):
            bar.advance(task)
            try:
                name, accuracy, seconds = done.result()
            except HwsimError as error:
                failed.append(str(error))
            else:
                bar.console.print(f"{name}: {accuracy:.2%} in {seconds:.0f} s")
    if failed:
        raise SystemExit("\n".join([f"{len(failed)} of {len(runs)} trainings failed:", *failed]))


if __name__ == "__main__":
    main()
