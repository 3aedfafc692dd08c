"""What a candidate of a search costs: ``python -m benchmarks.autosnn.reuse`` writes reports/autosnn/reuse.md.

SNN_1 at 8 channels, five blocks a place, 16 x 16 images, T = 4: trained for an epoch, which decides no time
here. Each measurement is of other paths, in one process and thread; told is the median of processor times.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numba
import torch

from benchmarks.fashion16 import small_images
from hwsim import architectures
from hwsim.architectures import Candidates
from hwsim.methods.spike_aware.captured import network_of
from hwsim.methods.spike_aware.evolution import Architecture
from hwsim.methods.spike_aware.inherited import Inherited
from hwsim.methods.spike_aware.spec import ArchitectureSearch
from hwsim.methods.train import train
from hwsim.methods.train_spec import TrainSpec
from hwsim.reuse import Reuse
from hwsim.storage import write_text
from hwsim.tasks import Task, done

OUT, REPORT = Path("out/autosnn"), Path("reports/autosnn/reuse.md")
OPTIONS = ("skip", "scb3", "scb5", "srb3", "srb5")
IMAGES = {"validation": 500, "calibration": 500, "samples": 16}

FIRST: Architecture = ("srb5", "scb3", "srb3", "scb5", "srb3")
"""The path that was evaluated before."""

BEFORE: list[Architecture] = [(option,) * 5 for option in OPTIONS]
"""Evaluated before it, as of a search that has met every option at every place."""

CHANGED: dict[str, Callable[[str], Architecture]] = {
    "the last block": lambda option: (*FIRST[:4], option),
    "the third block": lambda option: (*FIRST[:2], option, *FIRST[3:]),
    "the first block": lambda option: (option, *FIRST[1:]),
}


def seconds(task: Task) -> float:
    began = time.process_time()
    if error := done(task).error:
        raise SystemExit(error)
    return time.process_time() - began


def estimated(candidates: Candidates, path: Architecture) -> float:
    """Seconds of the estimate alone, of a network that is known."""
    of = candidates.supernet
    images = of.validation(IMAGES["samples"])
    known = architectures.REUSE
    network = network_of(Inherited(of, path, IMAGES["calibration"], known), images)
    began = time.process_time()
    candidates.on.of_network(network, of.inputs(images), known)
    return time.process_time() - began


def evaluated(candidates: Candidates, path: Architecture) -> list[float]:
    """Seconds of accuracy, of the estimate, of all costs together."""
    accuracy = seconds(candidates.accuracy(path))
    began = time.process_time()
    estimate = estimated(candidates, path)
    seconds(candidates.costs(path))
    return [accuracy, estimate, time.process_time() - began]


def cells(rows: Sequence[Sequence[float]]) -> str:
    return " | ".join(f"{1e3 * median(column):.1f}" for column in zip(*rows, strict=True))


def main() -> None:
    """Measure and write the table; kernels are compiled first."""
    torch.set_num_threads(1)
    numba.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    supernet = OUT / "reuse"
    of: dict[str, Any] = {
        "model": "autosnn/supernet",
        "settings": ["channels=8", f"options={','.join(OPTIONS)}"],
    }
    small = {"data": str(small_images(OUT / "fashion16.npz")), "timesteps": 4, "epochs": 1, "device": "cpu"}
    train(TrainSpec.of(of | small | {"train_samples": 600, "test_samples": 100, "batch": 50}), supernet)
    searched = {"supernet": str(supernet), "cost": "energy_pj"} | IMAGES
    candidates = Candidates.of(ArchitectureSearch.of(searched))
    dearer = Candidates.of(ArchitectureSearch.of(searched | {"table": "horowitz45"}))
    for path in (FIRST, ("skip", "scb5", "srb5", "skip", "scb3")):
        evaluated(candidates, path)
    lines = [f"| nothing known | {cells([_fresh(candidates, option) for option in OPTIONS])} |"]
    for name, changed in CHANGED.items():
        rows = []
        for option in OPTIONS:
            if changed(option) != FIRST:
                architectures.REUSE = Reuse()
                for path in (*BEFORE, FIRST):
                    evaluated(candidates, path)
                rows.append(evaluated(candidates, changed(option)))
        lines.append(f"| {name} | {cells(rows)} |")
    prices = [[seconds(dearer.costs(FIRST))] for _ in OPTIONS]
    lines.append(f"| prices alone | 0 | | {cells(prices)} |")
    write_text(REPORT, "\n".join([*HEAD, *lines, ""]))


def _fresh(candidates: Candidates, option: str) -> list[float]:
    architectures.REUSE = Reuse()
    return evaluated(candidates, (*FIRST[:2], option, *FIRST[3:]))


HEAD = [
    "# What a candidate of a search costs",
    "",
    "`python -m benchmarks.autosnn.reuse`: SNN_1 of 8 channels on `sata`, 16 x 16 images, T = 4; accuracy on",
    "500 images after batch statistics of 500, costs of 16. Medians over paths, ms of one processor. *Costs*",
    "is the whole task: the network of the path, held against PyTorch, executed, lowered, cycled, priced;",
    "*estimate* is network to costs alone. Every option was met at every place before, in other paths, but",
    "for the row in which nothing is known.",
    "",
    "| changed since a path that is known | accuracy | estimate | costs |",
    "| --- | --- | --- | --- |",
]


if __name__ == "__main__":
    main()
