"""Load-latency curves of a network-on-chip, as a PNG or SVG."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hwsim.storage import atomic_path


def draw(path: Path, title: str, points: list[tuple[float, float, float, bool]]) -> None:
    """``points``: offered and accepted rate (flits per tile and cycle), mean latency (cycles), stable.

    Latency over the offered rate, the unstable ones as open marks; below, accepted over offered.
    """
    figure = Figure(figsize=(6.5, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, sharex=True, height_ratios=(2, 1))
    points = sorted(points)
    stable = [p for p in points if p[3]]
    unstable = [p for p in points if not p[3]]
    above.plot([p[0] for p in stable], [p[2] for p in stable], color="#2a4f9e", marker="o", label="stable")
    if unstable:
        above.plot(
            [p[0] for p in unstable], [p[2] for p in unstable], color="#9e2a2a", marker="o", fillstyle="none",
            linestyle="none", label="saturated or not converged",
        )  # fmt: skip
        if stable:
            above.set_ylim(0, 4 * max(p[2] for p in stable))
    above.set(ylabel="mean latency (cycles)")
    above.set_ylim(bottom=0)
    above.set_title(title, parse_math=False)
    above.legend(frameon=False)
    below.plot([p[0] for p in points], [p[1] for p in points], color="#2a4f9e", marker="o")
    below.axline((0, 0), slope=1, color="#66717b", linestyle=":")
    below.set(xlabel="offered (flits per tile and cycle)", ylabel="accepted", ylim=(0, None))
    for axes in (above, below):
        axes.grid(alpha=0.3)
    with atomic_path(path) as aside:
        figure.savefig(aside, format=path.suffix[1:], dpi=120)
