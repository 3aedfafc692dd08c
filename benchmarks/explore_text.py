"""reports/explore/README.md from what benchmarks.explore measured."""

from typing import Any

import numpy as np


def text(of: dict[str, Any]) -> str:
    """The report as Markdown."""
    one, two, whole = of["one"], of["two"], of["whole"]
    found = of["samplers"]
    lines = [
        "# Design-space exploration",
        "",
        "`make explore`: the space of `models/spaces/fashion.yaml` (PE rows and columns, dataflow, weight",
        "and input buffers, LIF sharing, mini-batch) of the trained network fashion, every design on its",
        "spikes for 4 images. [explore.html](explore.html): fronts, parallel coordinates, sensitivity,",
        "commands; [points.csv](points.csv): every design.",
        "",
        f"{whole['evaluated']} designs evaluated, {whole['refused']} refused, {whole['failed']} failed,",
        f"{whole['within_constraints']} within the constraint; {whole['front']} on the front of energy, time",
        f"and area. Of the streams of layers that were asked for, {reused(whole):.1%} were taken over from",
        "designs before (counted in the workers that ended the sweep).",
        "",
        "| | 1 worker | 2 workers |",
        "|---|---|---|",
        *(f"| {name} | {form(one)} | {form(two)} |" for name, form in ROWS.items()),
        "",
        "One worker did the first designs of the grid, two did those that were missing. From the first to",
        "the last design of each; overhead is wall time times workers less the designs' own seconds, a",
        f"design. The machine has {of['cores']} cores; where the load before is low, nothing else ran on "
        f"them.",
        "",
        *empty(of.get("empty", [])),
        f"The store takes {whole['store_bytes'] / whole['evaluated']:.0f} bytes a design.",
        "",
        "## Samplers against the whole grid",
        "",
        f"Share of the hypervolume of all {found['designs']} designs (energy, time, area; reference: 1 %",
        f"beyond the worst of each; also of logarithms) that {found['budget']} evaluations have, by seeds:",
        "",
        "| sampler | seeds | mean | least | most |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {len(v)} | {np.mean(v):.2%} | {min(v):.2%} | {max(v):.2%} |"
            for name, v in found["shares"].items()
        ),
        "",
        *by_hand(of.get("hand")),
    ]
    return "\n".join(lines)


def empty(of: list[dict[str, float]]) -> list[str]:
    if not of:
        return []
    told = (
        f"{1e3 * e['task_s']:.2f} ms, workers {int(e.get('workers', n))}, started in {e['start_s']:.1f} s"
        for n, e in enumerate(of, 1)
    )
    return [
        f"A task that does nothing, of 2,000: {'; '.join(told)}",
        f"and {1e6 * of[0]['here_s']:.0f} us in this process (`--workers 0`).",
        "",
    ]


def by_hand(of: dict[str, Any] | None) -> list[str]:
    if of is None:
        return []
    both, equal = of["combined"], "equal" if of["equal"] else "NOT equal"
    return [
        "## Two clusters started by hand",
        "",
        "Two schedulers with a worker each on loopback, `--scheduler tcp://127.0.0.1:PORT`, designs drawn at",
        f"random with another seed each, `hwsim combine` of both: {both['designs']} designs, of which both",
        f"know {both['known_twice']}, with equal values; all {equal} to those of the sweep above.",
        "",
    ]


def busy(run: dict[str, Any]) -> float:
    return float(run["tasks_s"] / (run["seconds"] * run["workers"]))


def overhead(run: dict[str, Any]) -> float:
    return float(1e3 * (run["seconds"] * run["workers"] - run["tasks_s"]) / run["evaluated"])


def reused(run: dict[str, Any]) -> float:
    return float(run["layers_reused"] / (run["layers_reused"] + run["layers_made"]))


ROWS: dict[str, Any] = {
    "designs of this measurement": lambda r: f"{r['evaluated']}",
    "designs a second": lambda r: f"{r['evaluated'] / r['seconds']:.2f}",
    "seconds of a design on its worker, mean": lambda r: f"{r['tasks_s'] / r['evaluated']:.2f}",
    "share of the workers' time in designs": lambda r: f"{busy(r):.0%}",
    "overhead a design, ms of a worker": lambda r: f"{overhead(r):.0f}",
    "load of the machine, before and after": lambda r: f"{r['load'][0]:.1f}, {r['load'][1]:.1f}",
}
