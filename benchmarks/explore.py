"""Design-space sweeps measured: ``python -m benchmarks.explore`` writes reports/explore.

A sweep of 1,280 designs of trained networks with 1 and with 2 workers, what Dask and this process cost a
design, layers that were taken over, samplers against the whole grid, and the same sweep on two clusters
started by hand. Sweeps are kept in out/explore: those that are finished are not run again.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.explore_text import text
from hwsim.commands import chip
from hwsim.explore.engine import Cluster, Here
from hwsim.explore.points import opened
from hwsim.explore.sample import sampler
from hwsim.explore.space import load_space
from hwsim.explore.sweep import Sweep, costs
from hwsim.exploring import STORE, Networks
from hwsim.pareto import hypervolume
from hwsim.pipeline import silent
from hwsim.storage import write_text
from hwsim.task_store import TaskStore
from hwsim.tasks import Task

SPACE = Path("models/spaces/fashion.yaml")
OUT, REPORT = Path("out/explore"), Path("reports/explore")
SEEDS = range(5)
SHARE = 10
"""The samplers have a tenth of the grid's evaluations."""

EMPTY_TASKS = 2000


def nothing(number: int) -> int:
    return number


def swept(name: str, *options: str) -> dict[str, Any]:
    """A sweep of the whole grid from nothing, with its wall time and the load of the machine."""
    directory, told = OUT / name, OUT / f"{name}.json"
    if not told.is_file():
        shutil.rmtree(directory, ignore_errors=True)
        load, began = os.getloadavg()[0], time.perf_counter()
        command = [sys.executable, "-m", "hwsim", "explore", str(SPACE), "-o", str(directory), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
        found = json.loads((directory / "explore.json").read_text(encoding="utf-8"))
        seconds = [one["seconds"] for one in found["points"]]
        summary = found["run"] | found["counts"] | {
            "wall": time.perf_counter() - began, "load": (load, os.getloadavg()[0]), "tasks_s": sum(seconds),
            "median_s": float(np.median(seconds)), "front": len(found["front"]),
            "store_bytes": (directory / STORE).stat().st_size,
        }  # fmt: skip
        write_text(told, json.dumps(summary, indent=1))
    return dict(json.loads(told.read_text(encoding="utf-8")))


def empty(workers: int) -> dict[str, float]:
    """Seconds that a task costs which does nothing: in bundles, as a sweep's go, and in this process."""
    tasks = [Task(nothing, {"number": n}) for n in range(EMPTY_TASKS)]
    began = time.perf_counter()
    with Cluster(workers) as cluster:
        started = time.perf_counter()
        assert len(list(cluster.compute(tasks))) == EMPTY_TASKS
        done = time.perf_counter()
    here = time.perf_counter()
    assert len(list(Here().compute(tasks))) == EMPTY_TASKS
    return {
        "start_s": started - began, "task_s": (done - started) / EMPTY_TASKS,
        "here_s": (time.perf_counter() - here) / EMPTY_TASKS,
    }  # fmt: skip


def samplers() -> dict[str, Any]:
    """Of each sampler and seed the share of the grid's hypervolume that a tenth of its evaluations have."""
    space = load_space(SPACE)
    base, networks = opened(space, lambda name: chip(name, None)), Networks(space, silent)

    def run(kind: Any, seed: int, budget: int, population: int) -> np.ndarray:
        sweep = Sweep(space, base, networks, space.objectives, TaskStore(OUT / "one" / STORE))
        method = sampler(space, space.objectives, kind, seed, population)
        found = sweep.run(method, Here(), budget, lambda _done, _of: None)
        assert sweep.known == sweep.evaluated, "every design of the grid is in the store"
        return np.array(costs(found, space.objectives))

    whole = run("grid", 0, 10**6, 2)
    reference = np.nanmax(whole, axis=0) * 1.01
    total, budget = hypervolume(whole, reference), len(whole) // SHARE
    shares: dict[str, list[float]] = {}
    for name, kind, population in (("random", "random", 2), ("tpe", "tpe", 2), ("nsga2", "nsga2", 16)):
        shares[name] = [hypervolume(run(kind, seed, budget, population), reference) / total for seed in SEEDS]
    return {"designs": len(whole), "budget": budget, "shares": shares}


@contextmanager
def cluster_by_hand(workers: int, port: int) -> Iterator[str]:
    """A scheduler and workers as their own processes, as a person starts them."""
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")
    started = [_dask(*scheduler)]
    try:
        for _ in range(workers):
            started.append(_dask("dask_worker", address, "--nthreads", "1", "--no-dashboard"))
        yield address
    finally:
        for process in started:
            process.terminate()
            process.wait()


def _dask(name: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", f"distributed.cli.{name}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def by_hand() -> dict[str, Any]:
    """The same sweep, half of it on each of two clusters that know nothing of each other, then combined."""
    with cluster_by_hand(1, 18786) as first, cluster_by_hand(1, 18787) as second:
        one = swept("first", "--scheduler", first, "--sampler", "random", "--budget", "64")
        two = swept("second", "--scheduler", second, "--sampler", "random", "--budget", "64", "--seed", "1")
    shutil.rmtree(OUT / "both", ignore_errors=True)
    command = [sys.executable, "-m", "hwsim", "combine", "--json", "-o", str(OUT / "both")]
    done = subprocess.run(  # noqa: S603
        [*command, str(OUT / "first"), str(OUT / "second")], check=True, capture_output=True, text=True
    )
    both = known("both")
    whole = known("one")
    return {
        "first": one,
        "second": two,
        "combined": json.loads(done.stdout),
        "equal": both.items() <= whole.items(),
    }


def known(name: str) -> dict[str, Any]:
    return {key: one.value for key, one in TaskStore(OUT / name / STORE).known.items()}


def main() -> None:
    """Everything, and the report; first a few designs, so that no kernel is compiled in what is measured."""
    swept("warm", "--workers", "1", "--sampler", "random", "--budget", "8")
    one, two = swept("one", "--workers", "1"), swept("two", "--workers", "2")
    assert known("one") == known("two")
    measured = {
        "one": one,
        "two": two,
        "empty": [empty(1), empty(2)],
        "samplers": samplers(),
        "hand": by_hand(),
    }
    write_text(OUT / "measured.json", json.dumps(measured, indent=1))
    write_text(REPORT / "README.md", text(measured))
    shutil.copy(OUT / "one" / "explore.html", REPORT / "explore.html")
    shutil.copy(OUT / "one" / "points.csv", REPORT / "points.csv")


if __name__ == "__main__":
    main()
