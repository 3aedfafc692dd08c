"""Pictures of a comparison: energy, time and area, DRAM traffic by operand, what sharing saves of it."""

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

PLACE = ("sharing", "bits", "hardware", "schedule", "batch")


def draw(rows: list[dict[str, Any]], directory: Path) -> dict[str, Path]:
    """costs.png; dram.png of chips of one tile; saving.png if several sharings run on them in several
    mini-batches. Rows as in compare.json."""
    paths = {"costs": directory / "costs.png"}
    costs(rows, paths["costs"])
    shown = whatever_the_table([row for row in rows if row["many_cores"] is None])
    if shown:
        paths["dram"] = directory / "dram.png"
        _traffic(shown, paths["dram"])
    curves = savings(shown)
    if any(len(points) > 1 for points in curves.values()):
        paths["saving"] = directory / "saving.png"
        saving_curves(curves, paths["saving"])
    return paths


RUN = ("model", "saved", "sharing", "bits", "hardware", "schedule", "batch")
"""What tells one run from another, whatever table prices it."""


def whatever_the_table(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first row of each run: bytes are the same under every energy table."""
    runs: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        runs.setdefault(tuple(row.get(key) for key in RUN), row)
    return list(runs.values())


def costs(rows: list[dict[str, Any]], path: Path) -> None:
    """Energy and time of an inference and area of the chip, a bar a row with its number, as a PNG; ? where it
    is not known."""
    panels: dict[str, list[float | None]] = {
        "energy, uJ per inference": [r["totals"]["energy_pj"] / r["samples"] / 1e6 for r in rows],
        "time, us per inference": [r["totals"]["latency_ns"] / r["samples"] / 1e3 for r in rows],
        "area, mm2": [None if (a := r["totals"]["area_um2"]) is None else a / 1e6 for r in rows],
    }
    figure = Figure(figsize=(11, 1.2 + 0.32 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    each = figure.subplots(1, len(panels), sharey=True)
    for axes, (label, values) in zip(each, panels.items(), strict=True):
        made = axes.barh(range(len(rows)), [value or 0.0 for value in values], color=PALETTE["array"][0])
        told = ["?" if value is None else f"{value:,.4g}" for value in values]
        axes.bar_label(made, told, padding=3, fontsize=8)
        axes.margins(x=0.25)
        axes.set_xlabel(label)
    each[0].set_yticks(range(len(rows)), _names(rows, (*PLACE, "table")), parse_math=False)
    each[0].invert_yaxis()
    figure.suptitle(rows[0]["model"], parse_math=False)
    _write(figure, path)


def _names(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> list[str]:
    """What tells each row from the others."""
    varying = [k for k in keys if len({row[k] for row in rows}) > 1]
    return [", ".join(str(row[k]) for k in varying) or row["hardware"] for row in rows]


def savings(rows: list[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """By curve: (mini-batch, share of the DRAM bytes that the first sharing has and this one has not).

    Bytes of an inference, of one model, chip, schedule and mini-batch; a row without such another has none.
    """
    if not rows:
        return {}
    base = rows[0]["sharing"]
    place = ("model", "bits", "hardware", "schedule", "batch")
    several = len({row["model"] for row in rows}) > 1
    plain: dict[tuple[Any, ...], float] = {}
    for row in rows:
        if row["sharing"] == base:
            plain.setdefault(tuple(row[k] for k in place), row["totals"]["dram_bytes"] / row["samples"])
    curves: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        before = plain.get(tuple(row[k] for k in place))
        if row["sharing"] != base and before:
            named = (row["sharing"], row["hardware"], row["schedule"])
            name = ", ".join((row["model"], *named) if several else named)
            after = row["totals"]["dram_bytes"] / row["samples"]
            curves.setdefault(name, []).append((row["batch"], 1 - after / before))
    return {name: sorted(points) for name, points in curves.items()}


def _traffic(rows: list[dict[str, Any]], path: Path) -> None:
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
    axes.set_yticks(range(len(rows)), _names(rows, PLACE), parse_math=False)
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
