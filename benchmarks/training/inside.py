"""Sections of the report that look inside: what layers do while they learn, pruned and taken-over weights."""

import json
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.training.plan import METHODS, RECONSTRUCTION, STEEPNESSES, WATCHED, plan
from benchmarks.training.results import Row, markdown
from hwsim.execute.executor import encode, execute
from hwsim.methods.pruning import dead_neurons
from hwsim.storage import is_file
from hwsim.workloads import WorkloadSpec

PAPER_RECONSTRUCTION = {
    "sg": ((11.91, 0.21), (17.75, 0.80), (16.55, 0.73), (15.27, 0.65), (14.66, 0.59)),
    "asgl": ((17.36, 0.78), (17.75, 0.80), (16.79, 0.74), (16.09, 0.70), (15.79, 0.68)),
}
"""ASGL, Table 8: PSNR in dB and SSIM, steepness .1 to 5."""

EXECUTED = 64
"""Images on which dead neurons are counted."""


def looked(store: Path, group: str) -> dict[str, Any]:
    """result.json of every finished run of a group, by row."""
    paths = {run.row: run.directory(store) / "result.json" for run in plan() if run.group == group}
    return {row: json.loads(path.read_text(encoding="utf-8")) for row, path in paths.items() if is_file(path)}


def reconstruction_table(store: Path) -> str:
    found = looked(store, RECONSTRUCTION)
    lines = []
    for i, steepness in enumerate(STEEPNESSES):
        told = []
        for method in METHODS:
            one = found.get(f"{method}-{steepness:g}")
            psnr, ssim = PAPER_RECONSTRUCTION[method][i]
            told += [f"{one['psnr_db']:.2f}, {one['ssim']:.2f}" if one else "not trained"]
            told += [f"{psnr:.2f}, {ssim:.2f}"]
        lines.append([f"{steepness:g}", *told])
    return markdown(("steepness", "SG", "paper SG", "ASGL", "paper ASGL"), lines)


def mean(values: Mapping[str, float]) -> float:
    return statistics.fmean(values.values())


def layers_table(store: Path) -> str:
    """Dead neurons and smoothing error after the last epoch, over the first width (Fig. 6)."""
    lines = []
    for row, epochs in looked(store, WATCHED).items():
        last = epochs[-1]
        widths = (
            f"{min(last['alphas'].values()):.2f} to {max(last['alphas'].values()):.2f}"
            if "alphas" in last
            else ""
        )
        lines.append(
            [row, f"{last['test_accuracy']:.2%}", f"{mean(last['dead']):.1%}",
             f"{mean(last['smoothing_error']):.4f}", widths]
        )  # fmt: skip
    return markdown(
        ("first width", "accuracy", "dead neurons", "smoothing error", "widths at the end"), lines
    )


def epochs_table(store: Path, row: str) -> str:
    """Noisy network against the embedded one, graded activations, widths, by epoch (Figs. 3e, 5, 7)."""
    lines = []
    for epoch in looked(store, WATCHED).get(row, []):
        lines.append(
            [str(epoch["epoch"]), f"{epoch['answers_similarity']:.4f}", f"{mean(epoch['similarity']):.4f}",
             f"{mean(epoch['graded']):.2%}", f"{mean(epoch['graded_of_nonzero']):.2%}",
             f"{max(epoch['graded_at_validation'].values()):.2%}",
             f"{mean(epoch['alphas']):.3f}"]
        )  # fmt: skip
    head = (
        "epoch",
        "similarity of answers",
        "of layers",
        "graded of all",
        "graded of nonzero (MACs)",
        "graded at validation, highest layer",
        "mean width",
    )
    return markdown(head, lines)


def transfer_table(found: Mapping[tuple[str, str], Row]) -> str:
    """Weights of one scheme under another: as they are, and after two epochs more (Fig. 6)."""
    lines = []
    for (group, name), row in found.items():
        if group == "transfer":
            begun, scheme = name.split(" to ")
            history = row.history()
            lines.append([begun, scheme, *(f"{history[i]['test_accuracy']:.2%}" for i in (0, -1))])
    return markdown(("trained with", "taken over by", "as it is", "two epochs later"), lines)


def pruned_table(found: Mapping[tuple[str, str], Row]) -> str:
    """Magnitude pruning: accuracy, weights that are left, neurons that never fire (Fig. 9)."""
    chosen = [row for (group, _), row in found.items() if group == "pruned"]
    chosen += [found["resnet", name] for name in ("none", "L+C2") if ("resnet", name) in found]
    lines = []
    for row in sorted(chosen, key=lambda row: (row.name.split()[0], row.cards[0]["sparsity"] or 0.0)):
        spec = WorkloadSpec(str(row.runs[0]), samples=EXECUTED)
        work, _ = spec.workload(EXECUTED)
        trace = execute(work.network, encode(work.network, work.inputs))
        dead = sum(dead_neurons(work.network, trace).values())
        neurons = sum(p.size for p in work.network.populations if p.spikes)
        share = row.cards[0]["sparsity"] or 0.0
        left = round((1 - share) * row.cards[0]["parameters"] * 4 / 1024)
        lines.append(
            [
                row.name.split()[0],
                f"{share:.1%}",
                f"{100 * row.mean:.2f}",
                f"{left:,}",
                f"{dead / neurons:.1%}",
            ]
        )
    return markdown(("sharing", "weights pruned", "accuracy, %", "weights left, KiB", "dead neurons"), lines)


def series_table(found: Mapping[tuple[str, str], Row]) -> str:
    names = {"digits": "spoken digits, recurrent LIF (FSDD)", "vowels": "Japanese vowels, C-LIF"}
    lines = [
        [told, *(found[group, m].told if (group, m) in found else "not trained" for m in METHODS)]
        for group, told in names.items()
    ]
    return markdown(("task", "SG, %", "ASGL, %"), lines)
