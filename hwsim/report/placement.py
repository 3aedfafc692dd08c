"""A placement as a picture: routers colored by what enters and passes them, links by their packets."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from hwsim.storage import atomic_path

TILES, LINKS = "Blues", "YlOrRd"
SIDE, GAP = 0.62, 0.11
"""Of a tile, and of a link from the middle of the wires in both directions; tiles are 1 apart."""


def draw(
    path: Path,
    title: str,
    width: int,
    links: NDArray[np.int64],
    sent: NDArray[np.int64],
    labels: list[str],
    samples: int,
) -> None:
    """``links`` (4, routers): packets that leave each router to +x, -x, +y, -y; ``sent`` (routers,): packets
    of its cores; ``labels`` (routers,): what lies on it. Router (0, 0) is at the top left.
    """
    height = len(sent) // width
    scale = max(5.0, min(13.0, 0.72 * max(width, height)))
    figure = Figure(figsize=(scale + 2.2, scale * height / width + 1.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    tiles = Normalize(0, max(1.0, float(sent.max(initial=0)) / samples))
    wires = Normalize(0, max(1.0, float(links.max(initial=0)) / samples))
    colors = ScalarMappable(tiles, TILES)
    axes.add_collection(_wires(width, links / samples, wires))
    for router, label in enumerate(labels):
        x, y = router % width, router // width
        value = sent[router] / samples
        corner = (x - SIDE / 2, y - SIDE / 2)
        face = colors.to_rgba(np.array([value]))[0] if label else (1.0, 1.0, 1.0, 1.0)
        axes.add_patch(
            Rectangle(corner, SIDE, SIDE, facecolor=tuple(face), edgecolor="#66717b", linewidth=0.5)
        )
        ink = "white" if value > 0.6 * float(tiles.vmax or 1) else "#22292f"
        axes.text(x, y, label, ha="center", va="center", fontsize=5, color=ink, parse_math=False)
    axes.set_xticks(range(width))
    axes.set_yticks(range(height))
    axes.set(xlim=(-0.7, width - 0.3), ylim=(height - 0.3, -0.7), aspect="equal", xlabel="x", ylabel="y")
    axes.set_title(title, parse_math=False, fontsize=10)
    figure.colorbar(colors, ax=axes, shrink=0.7, label="packets sent by a tile, per sample")
    figure.colorbar(
        ScalarMappable(wires, LINKS), ax=axes, shrink=0.7, label="packets over a link, per sample"
    )
    with atomic_path(path) as aside:
        figure.savefig(aside, format=path.suffix[1:], dpi=130)


def _wires(width: int, links: NDArray[np.float64], scale: Normalize) -> LineCollection:
    """Every link with packets, beside the one the other way; those around a torus end at the edge."""
    segments, values = [], []
    for side, (dx, dy) in enumerate(((1, 0), (-1, 0), (0, 1), (0, -1))):
        for router in np.nonzero(links[side])[0]:
            x, y = int(router) % width, int(router) // width
            aside = (GAP * dy, -GAP * dx)
            ends = [(x + aside[0] + f * dx, y + aside[1] + f * dy) for f in (SIDE / 2, 1 - SIDE / 2)]
            segments.append(ends)
            values.append(links[side, router])
    return LineCollection(segments, array=np.array(values), cmap=LINKS, norm=scale, linewidths=2.5)
