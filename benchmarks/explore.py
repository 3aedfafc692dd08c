"""Design-space sweeps measured: ``python -m benchmarks.explore`` writes reports/explore.

A sweep of 1,280 designs of a trained network, begun with one worker and gone on with by two, what Dask and
this process cost a design, layers that were taken over, samplers against the whole grid, and designs of the
same space on two clusters started by hand. What is finished in out/explore is not run again.
"""

import json
import os
import shutil
import signal
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
from hwsim.explore import engine
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
SEEDS, GRID = range(5), ("--sampler", "grid")
SHARE = 10
"""The samplers have a tenth of the grid's evaluations."""

EMPTY_TASKS = 2000

ALONE, BY_HAND = 200, 40
"""Designs that one worker does before two do the others; designs of each of two clusters by hand."""


def nothing(number: int) -> int:
    return number


def swept(name: str, workers: int, most: int | None, *options: str) -> dict[str, Any]:
    """Go on with a sweep, to its end or until ``most`` designs are done: the rate from the first of them to
    the last, without the start of processes and networks, and the load of the machine."""
    told, store = OUT / f"{name}-{workers}.json", OUT / name / STORE
    if told.is_file():
        return dict(json.loads(told.read_text(encoding="utf-8")))
    before, load, began = len(lines(store)), os.getloadavg()[0], time.perf_counter()
    command = [sys.executable, "-m", "hwsim", "explore", str(SPACE), "-o", str(OUT / name), *options]
    running = subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.DEVNULL)  # noqa: S603
    first = last = (before, began)
    while running.poll() is None:
        time.sleep(0.1)
        if (count := len(lines(store))) > last[0]:
            last = count, time.perf_counter()
            first = last if first[0] == before else first
            if most is not None and count - first[0] >= most:
                running.send_signal(signal.SIGINT)
                running.wait()
    seconds = sorted(one["seconds"] for one in lines(store)[first[0] : last[0]])
    summary = {
        "workers": workers, "evaluated": last[0] - first[0], "seconds": last[1] - first[1],
        "start_s": first[1] - began, "tasks_s": sum(seconds), "median_s": seconds[len(seconds) // 2],
        "load": (load, os.getloadavg()[0]),
    }  # fmt: skip
    write_text(told, json.dumps(summary, indent=1))
    return summary


def lines(store: Path) -> list[dict[str, Any]]:
    if not store.is_file():
        return []
    return [json.loads(line) for line in store.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


def empty(workers: int) -> dict[str, float]:
    """Seconds that a task costs which does nothing: in bundles, as a sweep's go, and in this process."""
    tasks = [Task(nothing, {"number": n}) for n in range(EMPTY_TASKS)]
    most, began = engine.MOST_TOGETHER, time.perf_counter()
    with Cluster(workers) as cluster:
        started = time.perf_counter()
        assert len(list(cluster.compute(tasks))) == EMPTY_TASKS
        done = time.perf_counter()
        engine.MOST_TOGETHER = 1
        assert len(list(cluster.compute(tasks[:ALONE]))) == ALONE
        alone = time.perf_counter()
        engine.MOST_TOGETHER = most
    here = time.perf_counter()
    assert len(list(Here().compute(tasks))) == EMPTY_TASKS
    return {
        "start_s": started - began, "task_s": (done - started) / EMPTY_TASKS,
        "bundle_s": (alone - done) / ALONE,
        "here_s": (time.perf_counter() - here) / EMPTY_TASKS,
    }  # fmt: skip


def samplers() -> dict[str, Any]:
    """Of each sampler and seed the share of the grid's hypervolume that a tenth of its evaluations have."""
    space = load_space(SPACE)
    base, networks = opened(space, lambda name: chip(name, None)), Networks(space, silent)

    def run(kind: Any, seed: int, budget: int, population: int) -> np.ndarray:
        sweep = Sweep(space, base, networks, space.objectives, TaskStore(OUT / "grid" / STORE))
        method = sampler(space, space.objectives, kind, seed, population)
        found = sweep.run(method, Here(), budget, lambda _done, _of: None)
        assert sweep.known == sweep.evaluated, "every design of the grid is in the store"
        return np.array(costs(found, space.objectives))

    whole = run("grid", 0, 10**6, 2)
    reference = np.nanmax(whole, axis=0) * 1.01
    budget = len(whole) // SHARE
    shares: dict[str, list[float]] = {}
    for name, kind, population in (("random", "random", 2), ("nsga2", "nsga2", 16), ("tpe", "tpe", 2)):
        for seed in SEEDS:
            found = run(kind, seed, budget, population)
            for told, form in ((name, np.asarray), (f"{name} (logarithms)", np.log)):
                of = hypervolume(form(found), form(reference)) / hypervolume(form(whole), form(reference))
                shares.setdefault(told, []).append(of)
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
    """Designs drawn with a seed each by two clusters that know nothing of each other, then combined."""
    with cluster_by_hand(1, 18786) as first, cluster_by_hand(1, 18787) as second:
        for seed, address in enumerate((first, second)):
            options = ["--scheduler", address, "--sampler", "random", "--seed", str(seed)]
            options += ["--budget", str(BY_HAND), "-o", str(OUT / f"hand{seed}")]
            run("explore", str(SPACE), *options)
    shutil.rmtree(OUT / "both", ignore_errors=True)
    told = run("combine", "--json", str(OUT / "hand0"), str(OUT / "hand1"), "-o", str(OUT / "both"))
    return {"combined": json.loads(told), "equal": known("both").items() <= known("grid").items()}


def run(*arguments: str) -> str:
    command = [sys.executable, "-m", "hwsim", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def known(name: str) -> dict[str, Any]:
    return {key: one.value for key, one in TaskStore(OUT / name / STORE).known.items()}


def main() -> None:
    """Everything, and the report; first a few designs, so that no kernel is compiled in what is measured."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # sweeps inherit it: ignored, nothing ends them
    swept("warm", 1, None, "--sampler", "random", "--budget", "8")
    measured: dict[str, Any] = {"one": swept("grid", 1, ALONE, *GRID), "two": swept("grid", 2, None, *GRID)}
    whole = json.loads((OUT / "grid" / "explore.json").read_text(encoding="utf-8"))
    measured["whole"] = whole["run"] | whole["counts"] | {
        "front": len(whole["front"]), "store_bytes": (OUT / "grid" / STORE).stat().st_size,
    }  # fmt: skip
    measured |= {"samplers": samplers(), "empty": [empty(1), empty(2)], "hand": by_hand()}
    measured["cores"] = os.cpu_count()
    write_text(OUT / "measured.json", json.dumps(measured, indent=1))
    write_text(REPORT / "README.md", text(measured))
    for name in ("explore.html", "points.csv"):
        shutil.copy(OUT / "grid" / name, REPORT / name)


if __name__ == "__main__":
    main()
