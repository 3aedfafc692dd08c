"""reports/explore/README.md from what benchmarks.explore measured."""

from typing import Any

import numpy as np


def text(of: dict[str, Any]) -> str:
    """The report as Markdown."""
    one, two, found, both = of["one"], of["two"], of["samplers"], of["hand"]["combined"]
    equal = "equal" if of["hand"]["equal"] else "NOT equal"
    lines = [
        "# Design-space exploration",
        "",
        "`make explore`: the space of `models/spaces/fashion.yaml` (PE rows and columns, dataflow, weight",
        "and input buffers, LIF sharing, mini-batch) of the trained network fashion, every design on its",
        "spikes for 4 images. [explore.html](explore.html): fronts, parallel coordinates, sensitivity,",
        "commands; [points.csv](points.csv): every design.",
        "",
        f"{one['evaluated']} designs evaluated, {one['refused']} refused, {one['failed']} failed,"
        f" {one['within_constraints']} within the constraint; {one['front']} on the front of energy, time",
        "and area.",
        "",
        "| | 1 worker | 2 workers |",
        "|---|---|---|",
        *(
            f"| {name} | {form(one)} | {form(two)} |"
            for name, form in (
                ("wall time of the sweep, s", lambda r: f"{r['seconds']:.0f}"),
                ("designs a second", lambda r: f"{rate(r):.2f}"),
                ("seconds of a design on its worker, median", lambda r: f"{r['median_s']:.3f}"),
                ("share of the workers' time in designs", lambda r: f"{busy(r):.0%}"),
                ("overhead a design, ms", lambda r: f"{overhead(r):.1f}"),
                ("streams of layers taken over", lambda r: f"{reused(r):.1%}"),
                (
                    "load of the machine, before and after",
                    lambda r: f"{r['load'][0]:.1f}, {r['load'][1]:.1f}",
                ),
            )
        ),
        "",
        "Overhead: wall time times workers less the designs' own seconds, a design; it has the start of the",
        "cluster, capture and execution of the four networks, and the store. Both stores are equal, value by",
        "value. The machine has 2 cores; other work ran beside (load as told).",
        "",
        "A task that does nothing, of 2,000: "
        + "; ".join(nothing(n, e) for n, e in enumerate(of["empty"], 1)),
        f"and {1e6 * of['empty'][0]['here_s']:.0f} us in this process (`--workers 0`).",
        f"The store takes {one['store_bytes'] / one['evaluated']:.0f} bytes a design.",
        "",
        "## Samplers against the whole grid",
        "",
        f"Share of the hypervolume of all {found['designs']} designs (energy, time, area; reference: 1 %",
        f"beyond the worst of each) that {found['budget']} evaluations have, five seeds:",
        "",
        "| sampler | mean | least | most |",
        "|---|---|---|---|",
        *(
            f"| {name} | {np.mean(v):.2%} | {min(v):.2%} | {max(v):.2%} |"
            for name, v in found["shares"].items()
        ),
        "",
        "## Two clusters started by hand",
        "",
        "Two schedulers with a worker each on loopback, `--scheduler tcp://127.0.0.1:PORT`, 64 designs drawn",
        f"at random with another seed each, `hwsim combine` of both: {both['designs']} designs, of which",
        f"both know {both['known_twice']}, with equal values; all {equal} to those of the sweep above.",
        "",
    ]
    return "\n".join(lines)


def nothing(workers: int, of: dict[str, float]) -> str:
    named = f"{workers} worker{'s' if workers > 1 else ''}"
    return f"{1e3 * of['task_s']:.2f} ms with {named} (started in {of['start_s']:.1f} s)"


def rate(run: dict[str, Any]) -> float:
    return float(run["evaluated"] / run["seconds"])


def workers(run: dict[str, Any]) -> int:
    return int(run["workers"])


def busy(run: dict[str, Any]) -> float:
    return float(run["tasks_s"] / (run["seconds"] * workers(run)))


def overhead(run: dict[str, Any]) -> float:
    return float(1e3 * (run["seconds"] * workers(run) - run["tasks_s"]) / run["evaluated"])


def reused(run: dict[str, Any]) -> float:
    return float(run["layers_reused"] / (run["layers_reused"] + run["layers_made"]))
