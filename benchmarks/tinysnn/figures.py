"""Accuracy against bits, as Fig. 6 of tinySNN: a panel for each scheme and parts, a line a rounding."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.tinysnn.plan import BITS, PARTS, ROUNDINGS
from benchmarks.tinysnn.results import Found
from hwsim.storage import atomic_path

TITLES = {"ptq": "after learning (PTQ)", "itq": "while learning (ITQ)"}
LINES = {"truncate": ("#c1432b", "v"), "nearest": ("#1f6f8b", "o"), "stochastic": ("#7a8c2e", "s")}


def draw(found: Found, path: Path) -> None:
    """N = 100; bars are one standard deviation over the seeds, the band is that of float32."""
    figure = Figure(figsize=(9, 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    base = found.point()
    for axes, (scheme, parts) in zip(
        figure.subplots(2, 2, sharex=True, sharey=True).flat,
        [(scheme, parts) for scheme in TITLES for parts in PARTS],
        strict=True,
    ):
        if base is not None:
            axes.axhline(base.mean, color="#22292f", linewidth=0.9, linestyle="--", label="float32")
            spread = base.deviation or 0.0
            axes.axhspan(base.mean - spread, base.mean + spread, color="#22292f", alpha=0.12)
        for rounding in ROUNDINGS:
            points = [found.point(scheme=scheme, parts=parts, bits=b, rounding=rounding) for b in BITS]
            done = [(i, p) for i, p in enumerate(points) if p is not None]
            color, marker = LINES[rounding]
            axes.errorbar(
                [i for i, _ in done], [p.mean for _, p in done], [p.deviation or 0.0 for _, p in done],
                color=color, marker=marker, markersize=4, capsize=2, linewidth=1.2, label=rounding,
            )  # fmt: skip
        axes.set_xticks(range(len(BITS)), [str(b) for b in BITS])
        axes.set_ylim(0, 100)
        axes.grid(alpha=0.3)
        axes.set_title(f"{parts}, {TITLES[scheme]}", fontsize=10)
        if scheme == "itq":
            axes.set_xlabel("bits")
        if parts == PARTS[0]:
            axes.set_ylabel("accuracy, %")
    figure.axes[0].legend(frameon=False, fontsize=8, loc="lower right")
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
