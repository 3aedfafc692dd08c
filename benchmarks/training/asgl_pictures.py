"""Pictures of ASGL's trainings: accuracy over widths, layers while they learn."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.pictures import Panel, panels
from benchmarks.training.plan import DEEP_WIDTHS, METHODS, WATCHED_WIDTHS, WIDTHS
from benchmarks.training.results import Curves, Found, mean

Epochs = Mapping[str, list[dict[str, Any]]]
NAMES = {"sg": "surrogate gradients", "asgl": "ASGL"}


def draw(found: Found, watched: Epochs, directory: Path) -> dict[str, Path]:
    """Write the pictures; their paths by name. A curve without trainings is left out."""
    shown = {
        "widths.png": [
            _over_widths(found, "widths", WIDTHS, "ResNet-18"),
            _over_widths(found, "deep", DEEP_WIDTHS, "VGG16"),
        ],
        "layers.png": [
            _epochs(watched, "answers_similarity", "noisy and embedded answers", "cosine similarity"),
            _epochs(watched, "alphas", "widths", "mean width of the layers"),
            _epochs(watched, "graded", "graded activations in training", "share of all values"),
            _last(watched, "dead", "neurons that never fire", "share"),
            _last(watched, "smoothing_error", "smoothing error", "mean |H - Theta|"),
        ],
    }
    paths = {name: directory / name for name in shown}
    for name, parts in shown.items():
        panels(paths[name], parts)
    return paths


def _over_widths(found: Found, group: str, widths: Sequence[float], title: str) -> Panel:
    curves: Curves = {}
    for method in METHODS:
        rows = [(w, found.get((group, f"{method}-{w:g}"))) for w in widths]
        told = [(w, 100 * row.mean) for w, row in rows if row]
        curves[NAMES[method]] = [w for w, _ in told], [accuracy for _, accuracy in told]
    return Panel(title, ("first width", "accuracy, %"), curves, logarithmic=True)


def _epochs(watched: Epochs, field: str, title: str, label: str) -> Panel:
    """Mean of the layers over epochs, a curve for each first width of ASGL."""
    curves: Curves = {}
    for width in WATCHED_WIDTHS:
        epochs = watched.get(f"asgl-{width:g}", [])
        values = [e[field] if isinstance(e[field], float) else mean(e[field]) for e in epochs]
        curves[f"width {width:g}"] = [e["epoch"] for e in epochs], values
    return Panel(title, ("epoch", label), curves)


def _last(watched: Epochs, field: str, title: str, label: str) -> Panel:
    """Mean of the layers after the last epoch, over the first width."""
    curves: Curves = {}
    for method in METHODS:
        told = [(w, watched[f"{method}-{w:g}"][-1]) for w in WATCHED_WIDTHS if f"{method}-{w:g}" in watched]
        curves[NAMES[method]] = [w for w, _ in told], [mean(epoch[field]) for _, epoch in told]
    return Panel(title, ("first width", label), curves, logarithmic=True)
