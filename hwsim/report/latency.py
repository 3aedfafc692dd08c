"""Latency of a DRAM's requests over the time of their arrival, as a PNG."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hwsim.storage import atomic_path


def draw(path: Path, title: str, columns: tuple[list[int], list[int], list[float], list[int]]) -> None:
    """Least, mean and largest latency (cycles) of stretches of requests over their arrival (cycle)."""
    arrival, least, mean, largest = columns
    figure = Figure(figsize=(8, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.fill_between(arrival, least, largest, alpha=0.3, color="#66717b", label="least to largest")
    axes.plot(arrival, mean, color="#2a4f9e", marker=".", markersize=3, label="mean")
    axes.set(xlabel="arrival (cycle)", ylabel="latency (cycles)", ylim=(0, None))
    axes.set_title(title, parse_math=False)
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
