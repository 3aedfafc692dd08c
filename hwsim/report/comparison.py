"""Pictures of a comparison: DRAM traffic by operand, and what sharing saves of it over mini-batches."""

from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hwsim.report.drawing import PALETTE
from hwsim.storage import atomic_path

LABELS = {
    "weight": "weights", "input": "inputs", "output": "outputs", "membrane": "membranes",
    "hold": "held sums", "spill": "partial sums",
}  # fmt: skip
SERIES = {"spill": "sums"}


def draw(rows: list[dict[str, Any]], directory: Path) -> dict[str, Path]:
    """dram.png, and saving.png if several sharings run in several mini-batches; rows as in compare.json."""
    first = rows[0]["table"]
    shown = [row for row in rows if row["table"] == first]
    paths = {"dram": directory / "dram.png"}
    _traffic(shown, paths["dram"])
    curves = savings(shown)
    if any(len(points) > 1 for points in curves.values()):
        paths["saving"] = directory / "saving.png"
        saving_curves(curves, paths["saving"])
    return paths


def savings(rows: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """By curve: (mini-batch, share of the DRAM bytes that the first sharing has and this one has not)."""
    base = rows[0]["sharing"]
    place = ("hardware", "schedule", "batch")
    plain = {tuple(r[k] for k in place): r["totals"]["dram_bytes"] for r in rows if r["sharing"] == base}
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        before = plain[tuple(row[k] for k in place)]
        if row["sharing"] != base and before:
            name = f"{row['sharing']}, {row['hardware']}, {row['schedule']}"
            curves.setdefault(name, []).append((row["batch"], 1 - row["totals"]["dram_bytes"] / before))
    return {name: sorted(points) for name, points in curves.items()}


def _traffic(rows: list[dict[str, Any]], path: Path) -> None:
    varying = [k for k in ("sharing", "hardware", "schedule", "batch") if len({r[k] for r in rows}) > 1]
    names = [", ".join(str(r[k]) for k in varying) or r["hardware"] for r in rows]
    figure = Figure(figsize=(8, 1.2 + 0.32 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    left = [0.0] * len(rows)
    for operand, label in LABELS.items():
        sizes = [row["dram_bytes"][operand] / row["samples"] / 2**20 for row in rows]
        if any(sizes):
            color = PALETTE[SERIES.get(operand, operand)][0]
            axes.barh(range(len(rows)), sizes, left=left, color=color, label=label)
            left = [a + b for a, b in zip(left, sizes, strict=True)]
    axes.set_yticks(range(len(rows)), names, parse_math=False)
    axes.invert_yaxis()
    axes.set(xlabel="DRAM traffic, MiB per inference")
    axes.set_title(rows[0]["model"], parse_math=False)
    axes.legend(frameon=False, fontsize=8)
    _write(figure, path)


def saving_curves(curves: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Share of DRAM traffic saved (0 to 1) over the samples of a mini-batch, a line a name, as a PNG."""
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, points in curves.items():
        batches, saved = zip(*points, strict=True)
        axes.plot(batches, [100 * s for s in saved], marker="o", markersize=4, label=name)
    axes.set_xscale("log", base=2)
    axes.set(xlabel="samples of a mini-batch", ylabel="DRAM traffic saved, %")
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.legend(frameon=False, fontsize=8)
    axes.grid(alpha=0.3)
    _write(figure, path)


def _write(figure: Figure, path: Path) -> None:
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
