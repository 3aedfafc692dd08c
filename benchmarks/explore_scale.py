"""What 10^6 and 10^9 designs take: ``python -m benchmarks.explore_scale`` writes reports/explore/scale.md.

Measures what one process does for every design (its task, its line in the store, reading it back, the
front), takes seconds of a design and of a bundle from out/explore/measured.json (``python -m
benchmarks.explore``), and plays sweeps on more workers with SimPy: workers that compute bundles, one process
that hands them out and keeps what comes back.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import simpy

from hwsim.commands import chip
from hwsim.explore.engine import IN_FLIGHT, MOST_TOGETHER, TOGETHER_S
from hwsim.explore.evaluate import evaluate
from hwsim.explore.points import opened, refused, settings_of
from hwsim.explore.space import grid, load_space
from hwsim.pareto import non_dominated
from hwsim.storage import write_text
from hwsim.task_store import TaskStore
from hwsim.tasks import Done, Task

SPACE, MEASURED = Path("models/spaces/fashion.yaml"), Path("out/explore/measured.json")
REPORT = Path("reports/explore/scale.md")
POINTS = 500


@dataclass(frozen=True)
class Costs:
    """Seconds: of a design on a worker; of the process that hands out, for each bundle and each design."""

    design_s: float
    bundle_s: float
    handed_s: float

    @property
    def together(self) -> int:
        """Designs of a bundle, as the engine chooses it."""
        return max(1, min(MOST_TOGETHER, int(TOGETHER_S / self.design_s)))


def played(costs: Costs, workers: int, designs: int) -> float:
    """Seconds of a sweep. Bundles wait for a worker, IN_FLIGHT for each are out; the one process serves ends
    and begins of bundles in turn."""
    world = simpy.Environment()
    driver, pool = simpy.Resource(world, 1), simpy.Resource(world, workers)
    out = simpy.Container(world, IN_FLIGHT * workers, init=IN_FLIGHT * workers)
    serving = costs.bundle_s / 2 + costs.together * costs.handed_s / 2

    def served() -> Iterator[Any]:
        with driver.request() as mine:
            yield mine
            yield world.timeout(serving)

    def bundle() -> Iterator[Any]:
        with pool.request() as worker:
            yield worker
            yield world.timeout(costs.together * costs.design_s)
        yield from served()
        yield out.put(1)

    def sweep() -> Iterator[Any]:
        for _ in range(-(-designs // costs.together)):
            yield out.get(1)
            yield from served()
            world.process(bundle())

    world.process(sweep())
    world.run()
    return float(world.now)


def measured_here() -> dict[str, float]:
    """Seconds a design of this process's own work, bytes of its line, seconds of a front of 10,000."""
    space = load_space(SPACE)
    base = opened(space, lambda name: chip(name, None))
    points = list(islice(grid(space), POINTS))
    began = time.process_time()
    tasks = []
    for point in points:
        settings = settings_of(space, base, point)
        refused(space, base, point, settings)
        tasks.append(Task(evaluate, {"settings": settings, "of": "0" * 16, "on": base.id, "by": "0"}))
        assert tasks[-1].id
    made = (time.process_time() - began) / POINTS
    value = dict.fromkeys(("energy_pj", "latency_ns", "area_um2", "dram_bytes", "spikes"), 123456.789012345)
    with TemporaryDirectory(dir="out") as directory:
        store = TaskStore(Path(directory) / "points.jsonl")
        began = time.perf_counter()
        for task in tasks:
            store.add(task, Done(task.id, value, None, 0.01))
        kept = (time.perf_counter() - began) / POINTS
        began = time.process_time()
        TaskStore(store.path)
        read = (time.process_time() - began) / POINTS
    costs = np.random.default_rng(0).random((10_000, 3))
    began = time.process_time()
    non_dominated(costs)
    return {"made_s": made, "kept_s": kept, "read_s": read, "front_s": time.process_time() - began}


def table(rows: list[list[str]]) -> list[str]:
    head, *others = rows
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *others)]


def span(seconds: float) -> str:
    for size, name in ((86400 * 365.25, "years"), (86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds:.3g} s"


def text(run: dict[str, Any], here: dict[str, float]) -> str:
    """The report as Markdown."""
    one, two, whole, empty = run["one"], run["two"], run["whole"], run["empty"][0]
    handed = here["made_s"] + here["kept_s"]
    bundle = empty["bundle_s"]
    fitted = Costs(one["tasks_s"] / one["evaluated"], bundle, handed)
    checks = [["workers", "designs", "measured, s", "played, s"]]
    for told in (one, two):
        costs = Costs(told["tasks_s"] / told["evaluated"], bundle, handed)
        alone = played(costs, told["workers"], told["evaluated"])
        measured = f"{told['seconds']:.0f}"
        checks.append([str(told["workers"]), str(told["evaluated"]), measured, f"{alone:.0f}"])
    counts = (1, 2, 8, 32, 128, 512)
    sweeps = [["design on a worker", *(f"{n} workers" for n in counts)]]
    for name, costs in (
        (f"{fitted.design_s:.3f} s (fashion here)", fitted),
        ("1 s", Costs(1.0, bundle, handed)),
        ("60 s", Costs(60.0, bundle, handed)),
    ):
        rates = []
        for n in counts:
            designs = 4 * IN_FLIGHT * n * costs.together
            rates.append(designs / played(costs, n, designs))
        sweeps.append([name, *(f"{rate:.3g}/s, {span(1e6 / rate)}" for rate in rates)])
    most = 1 / (bundle / fitted.together + handed)
    size = whole["store_bytes"] / whole["evaluated"]
    return "\n".join(
        [
            "# Sweeps past one machine",
            "",
            "`python -m benchmarks.explore_scale`, from `make explore` and what one process does a design:",
            "",
            *table(
                [
                    ["", "a design"],
                    ["its settings, constraints, task and id", f"{1e6 * here['made_s']:.0f} us"],
                    ["its line in the store, on the disk", f"{1e6 * here['kept_s']:.0f} us"],
                    ["reading its line again", f"{1e6 * here['read_s']:.0f} us"],
                    ["a bundle through Dask and this process", f"{1e3 * bundle:.0f} ms"],
                    ["on a worker (fashion, 4 samples)", f"{1e3 * fitted.design_s:.1f} ms"],
                    ["its line", f"{size:.0f} bytes"],
                    ["front of 10,000 designs of 3 objectives", f"{here['front_s']:.2f} s"],
                ]
            ),
            "",
            "The play (SimPy) against the sweeps that ran. A design's seconds are those sweeps' own, a",
            "bundle's are measured alone, of tasks that do nothing:",
            "",
            *table(checks),
            "",
            "10^6 designs, rate and time:",
            "",
            *table(sweeps),
            "",
            f"One process hands out and keeps at most {most:.0f} designs a second: 10^6 take it",
            f"{span(1e6 / most)} at least, 10^9 {span(1e9 / most)}.",
            f"Their stores have {1e6 * size / 1e9:.2g} GB and {1e9 * size / 1e12:.2g} TB; reading them takes",
            f"{span(1e6 * here['read_s'])} and {span(1e9 * here['read_s'])}.",
            "",
        ]
    )


def main() -> None:
    run = json.loads(MEASURED.read_text(encoding="utf-8"))
    write_text(REPORT, text(run, measured_here()))


if __name__ == "__main__":
    main()
