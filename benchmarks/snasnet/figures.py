"""Pictures of reports/snasnet: score against accuracy, and the shares of neurons that are active."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.snasnet.results import NOTHING
from benchmarks.snasnet.tables import PREDICTORS, Found, column
from hwsim.storage import atomic_path

COLORS = {"both": "#1f6f8b", "forward": "#c1432b"}


def scores(found: Found, path: Path) -> None:
    """A dot a trained cell; scores of minus infinity lie at the left."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, name in zip(figure.subplots(1, 3, sharey=True), ("sahd", "hd", "lif"), strict=True):
        for edges, color in COLORS.items():
            rows = found.drawn(edges)
            if not rows:
                continue
            x = column(rows, name)
            known = x > NOTHING
            x = np.where(known, x, x[known].min() if known.any() else 0.0)
            axes.plot(x, column(rows, "accuracy"), ".", color=color, label=edges, alpha=0.7)
        axes.set_xlabel(PREDICTORS[name])
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("accuracy, %")
    figure.axes[0].legend(frameon=False, fontsize=8)
    _save(figure, path)


def activity(found: Found, path: Path) -> None:
    """Of every layer of untrained networks: deviation of the share of active neurons over its mean."""
    figure = Figure(figsize=(6, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for kind, color in (("relu", "#b9a03a"), ("lif", "#1f6f8b")):
        rows = [row for row in found.files["activity"] if row["kind"] == kind]
        if rows:
            axes.plot(
                column(rows, "mean"), column(rows, "deviation"), ".", color=color, label=kind, alpha=0.6
            )
    axes.set_xlabel("share of neurons that are active")
    axes.set_ylabel("its deviation over samples")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
