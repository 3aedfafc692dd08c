"""The course of a training as a PNG: loss, accuracies, spikes, and with ASGL the widths."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hwsim.storage import atomic_path

LOSS, TRAIN, TEST = "#66717b", "#58a4e0", "#2a4f9e"


def draw(path: Path, title: str, history: Sequence[dict[str, Any]]) -> None:
    """``history``: rows of metrics.jsonl. Epoch 0, of weights taken over, has no loss."""
    widths = any("alphas" in row for row in history)
    figure = Figure(figsize=(6.5, 8 if widths else 6.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(4 if widths else 3, sharex=True)
    epochs = [row["epoch"] for row in history]
    axes[0].plot(epochs, [row.get("loss", math.nan) for row in history], color=LOSS, marker="o")
    axes[0].set(ylabel="loss", ylim=(0, None))
    axes[0].set_title(title, parse_math=False)
    for name, color in (("train", TRAIN), ("test", TEST)):
        shares = [100 * row.get(f"{name}_accuracy", math.nan) for row in history]
        axes[1].plot(epochs, shares, color=color, marker="o", label=name)
    axes[1].set(ylabel="accuracy (%)")
    axes[1].legend(frameon=False)
    _lines(axes[2], epochs, [row["spike_rates"] for row in history])
    axes[2].set(ylabel="spikes per neuron\nand step (test)", ylim=(0, None))
    if widths:
        _lines(axes[3], epochs, [row.get("alphas", {}) for row in history])
        axes[3].set(ylabel="alpha")
    axes[-1].set(xlabel="epoch")
    for one in axes:
        one.grid(alpha=0.3)
        one.xaxis.set_major_locator(MaxNLocator(integer=True))
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)


def _lines(axes: Axes, epochs: list[int], rows: list[dict[str, float]]) -> None:
    """A line for each layer, from light (first) to dark (last)."""
    names = list(rows[-1])
    for i, name in enumerate(names):
        part = 0.25 + 0.75 * (i + 1) / len(names)
        axes.plot(epochs, [row.get(name, math.nan) for row in rows], color=TEST, alpha=part, marker=".")
