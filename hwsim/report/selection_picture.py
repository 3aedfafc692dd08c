"""Accuracy against a cost: all candidates, and those that win for some mu (tinySNN, Fig. 9)."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hwsim.report.plain import cleaned
from hwsim.storage import atomic_path

INK, TAKEN, LEFT = "#22292f", "#1f6f8b", "#b9c1c7"


def draw(path: Path, values: dict[str, Any]) -> None:
    """Write the picture: candidates that a limit leaves out are grey, winners joined and named."""
    values = cleaned(values)
    cost, won = values["cost"], [one["name"] for one in values["ranges"]]
    found = {one["name"]: one for one in values["candidates"] if cost in one["costs"]}
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, one in found.items():
        color = LEFT if one["refused"] else (TAKEN if name in won else INK)
        axes.plot(
            one["costs"][cost], 100 * one["accuracy"], "o", color=color, markersize=7 if name in won else 4
        )
    hull = [(found[name]["costs"][cost], 100 * found[name]["accuracy"]) for name in won]
    axes.plot([x for x, _ in hull], [y for _, y in hull], color=TAKEN, linewidth=1)
    for name, (x, y) in zip(won, hull, strict=True):
        axes.annotate(name, (x, y), (5, -11), textcoords="offset points", size=8, color=INK, parse_math=False)
    axes.set_xscale("log")
    axes.set_xlabel(cost.replace("_", " "))
    axes.set_ylabel("accuracy, %")
    axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
