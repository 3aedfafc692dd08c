"""Bars and lines of reports, as PNG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hwsim.report.drawing import PALETTE
from hwsim.storage import atomic_path

INK = "#22292f"


def stacked(
    path: Path,
    bars: Sequence[tuple[str, Mapping[str, float]]],
    colors: Mapping[str, str],
    axis: str,
    notes: Sequence[str],
) -> None:
    """A horizontal bar a label, from the top down, of parts named in ``colors`` (series of PALETTE).

    ``notes`` stand behind the bars.
    """
    figure, axes = _figure(1.4 + 0.3 * len(bars))
    ends = [0.0] * len(bars)
    for part, series in colors.items():
        lengths = [values.get(part, 0.0) for _, values in bars]
        if any(lengths):
            axes.barh(range(len(bars)), lengths, left=ends, color=PALETTE[series][0], label=part)
            ends = [end + length for end, length in zip(ends, lengths, strict=True)]
    for y, (end, note) in enumerate(zip(ends, notes, strict=True)):
        axes.annotate(note, (end, y), (4, 0), textcoords="offset points", va="center", size=8, color=INK)
    axes.set_yticks(range(len(bars)), [label for label, _ in bars], parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.margins(x=0.12)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel(axis)
    figure.legend(frameon=False, fontsize=8, loc="outside upper center", ncols=6)
    _write(figure, path)


def lines(
    path: Path,
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    labels: tuple[str, str],
    across: tuple[float, str],
    at: tuple[float, str],
) -> None:
    """Curves by name, a horizontal line ``across`` and a vertical one ``at``, each with its name."""
    figure, axes = _figure(5.4)
    for name, (x, y) in curves.items():
        axes.plot(x, y, label=name)
    axes.axhline(across[0], color=INK, linewidth=0.9)
    axes.annotate(
        across[1], (1, across[0]), (-2, 4), ("axes fraction", "data"), "offset points", ha="right", size=8
    )
    axes.axvline(at[0], color=INK, linewidth=0.9, linestyle="--", label=at[1])
    axes.set(xlabel=labels[0], ylabel=labels[1])
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    figure.legend(frameon=False, fontsize=8, loc="outside lower center", ncols=2)
    _write(figure, path)


@dataclass(frozen=True)
class Panel:
    """Curves by name: x and y of each. ``logarithmic``: the x axis."""

    title: str
    labels: tuple[str, str]
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]
    logarithmic: bool = False


def panels(path: Path, shown: Sequence[Panel], columns: int = 2) -> None:
    """Panels side by side, each with a legend of its own."""
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(4.5 * columns, 3.2 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    places = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, panel in zip(places, shown, strict=False):
        for name, (x, y) in panel.curves.items():
            axes.plot(x, y, marker="o", markersize=3, label=name)
        if panel.logarithmic:
            axes.set_xscale("log")
            across = sorted({value for x, _ in panel.curves.values() for value in x})
            axes.set_xticks(across, [f"{value:g}" for value in across])
            axes.minorticks_off()
        axes.set(xlabel=panel.labels[0], ylabel=panel.labels[1])
        axes.set_title(panel.title, fontsize=10)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        if panel.curves:
            axes.legend(frameon=False, fontsize=7)
    for axes in places[len(shown) :]:
        axes.set_visible(False)
    _write(figure, path)


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure, axes


def _write(figure: Figure, path: Path) -> None:
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
