"""Pictures of a run on a chip of many cores, as files of their own."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hwsim.report import placement
from hwsim.report.chip_figures import CAUSES, COMPONENTS
from hwsim.report.drawing import PALETTE
from hwsim.report.plain import cleaned
from hwsim.storage import atomic_path


def draw_links(path: Path, values: dict[str, Any]) -> None:
    """Routers and links by packets of a sample (hwsim.report.placement)."""
    shown = cleaned(values)
    network = shown["network"]
    labels: list[list[str]] = [[] for _ in network["injected"]]
    for core in shown["cores"]:
        on = labels[core["x"] + network["width"] * core["y"]]
        on += [name for name in core["populations"] if name not in on]
    links = np.array([network["links"][side] for side in ("+x", "-x", "+y", "-y")], np.int64)
    title = f"{shown['model']['name']} on {shown['chip']['name']}, barrier {shown['chip']['barrier']}"
    sent = np.array(network["injected"], np.int64)
    placement.draw(
        path, title, network["width"], links, sent, ["\n".join(on) for on in labels], shown["samples"]
    )


def draw_ticks(path: Path, values: dict[str, Any]) -> None:
    """Tick by tick, means of a sample: spikes and packets, time by cause, energy by row and component where
    it is known of each tick."""
    shown = cleaned(values)
    ticks, samples = np.arange(shown["ticks"]), shown["samples"]
    rows = [row for row in shown["energy"] if row.get("by_tick_pj")]
    figure = Figure(figsize=(10, 2.4 * (2 + len(rows))), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 + len(rows), 1, sharex=True, squeeze=False)[:, 0]
    for name, label, series in (("fired", "spikes", "lif"), ("sent", "packets", "array")):
        axes[0].plot(
            ticks, [t[name] / samples for t in shown["by_tick"]], label=label, color=PALETTE[series][0]
        )
    axes[0].set(ylabel="in a tick", ylim=(0, None))
    cores = shown["placement"]["cores_used"]
    ns = shown["totals"]["latency_ns"] / (shown["totals"]["cycles"] or 1) / samples / cores
    spent = {c: np.array([t[f"{c}_cycles"] for t in shown["by_tick"]]) * ns / 1e3 for c in CAUSES}
    _stack(axes[1], ticks, spent, CAUSES)
    axes[1].set_ylabel("us of a core")
    for axis, row in zip(axes[2:], rows, strict=True):
        parts = {c: np.array(row["by_tick_pj"][c]) / samples / 1e3 for c in COMPONENTS}
        _stack(axis, ticks, parts, COMPONENTS)
        axis.set_ylabel("nJ")
        axis.set_title(row["prices"], fontsize=9, parse_math=False)
    axes[-1].set_xlabel("tick")
    for axis in axes:
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        axis.spines[["top", "right"]].set_visible(False)
    with atomic_path(path) as aside:
        figure.savefig(aside, format=path.suffix[1:], dpi=110)


def _stack(axis: Any, ticks: Any, parts: dict[str, Any], labels: dict[str, tuple[str, str]]) -> None:
    floor = np.zeros(len(ticks))
    for name, (label, series) in labels.items():
        if parts[name].any():
            axis.bar(ticks, parts[name], bottom=floor, width=0.9, label=label, color=PALETTE[series][0])
            floor = floor + parts[name]
