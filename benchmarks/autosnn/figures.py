"""Pictures of reports/autosnn: layers (Figs. 2, 3) and the search space (Fig. 4)."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.autosnn.plan import MACROS
from benchmarks.autosnn.reasons import layers_of
from benchmarks.autosnn.results import Found
from benchmarks.autosnn.trends import paper_nets, winners
from benchmarks.pictures import Panel, panels
from hwsim.storage import atomic_path


def layers(found: Found, path: Path) -> None:
    """Spikes and rates by layer of SNN_1 to SNN_4, with what max pools hand on."""
    shown = {f"SNN_{m[-1]}": layers_of(found, "macro", f"{m}-scb3") for m in MACROS}
    places = {name: [float(row.place) for row in rows] for name, rows in shown.items()}
    spikes = {n: (places[n], [r.spikes / 1000 for r in rows]) for n, rows in shown.items() if rows}
    rates = {n: (places[n], [r.rate for r in rows]) for n, rows in shown.items() if rows}
    axis = "layer, from the stem to the votes, pools among them"
    panels(
        path,
        [
            Panel("spikes, scb3", (axis, "thousands an image"), spikes),
            Panel("firing rates, scb3", (axis, "spikes per neuron and step"), rates),
        ],
    )


def space(found: Found, path: Path) -> None:
    """Accuracy against spikes of networks trained from scratch."""
    hand = {p.mean_spikes: p for p in found.group("hand").values()}
    groups = {
        "random of SNN_1": list(found.group("random").values()),
        "the paper's four": list(paper_nets(found).values()),
        "found here": list(winners(found).values()),
        "hand-made": list(hand.values()),
    }
    figure = Figure(figsize=(6.5, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for (name, points), marker in zip(groups.items(), "os^x", strict=True):
        if points:
            axes.scatter(
                [p.mean_spikes for p in points], [p.accuracy for p in points], marker=marker, label=name
            )
    axes.set(xlabel="thousands of spikes an image", ylabel="accuracy, %")
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    if any(groups.values()):
        axes.legend(frameon=False, fontsize=8)
    with atomic_path(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
