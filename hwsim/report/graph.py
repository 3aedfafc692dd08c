"""A network's graph as a drawing: one row a population, arrows for projections, a color a state memory.

Projections to the next row go straight down; those that skip rows run in lanes on the left, those
that go back (with a delay) in lanes on the right, as dashed lines. No two things share a place, however
the network is wired.
"""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from hwsim.network import Network, Projection
from hwsim.report.drawing import shorten
from hwsim.report.numbers import quantity
from hwsim.report.plain import plain
from hwsim.storage import atomic_path

PITCH = 44.0
"""Points from row to row."""

BOX_WIDTH, BOX_HEIGHT = 150.0, 24.0
LANE = 58.0
"""Points from lane to lane: room for a lane's label."""

COLUMNS = (("shape", 88.0), ("neurons", 62.0), ("state words", 86.0), ("MACs", 62.0))
"""What stands right of a box, and how wide."""

MARGIN, HEAD = 14.0, 44.0
SIZE, SMALL = 9.0, 7.5
DPI, MOST_PIXELS = 144.0, 12_000.0

INK, LINE = "#1b2330", "#5b6675"
PLAIN_FILL = {"input": "#ffffff", "relay": "#f0f2f5", "relu": "#f0f2f5", "readout": "#ffffff"}
OWN_FILL = "#d9e2ef"
"""Of neurons that share their state with nobody."""

SHARED_FILLS = (
    "#f6c89f", "#bfe3b4", "#f4b6c2", "#c9bdea", "#f3e29a", "#a9dcdc", "#dcbfa6", "#d4e08f", "#e6b3e0",
)  # fmt: skip
"""Of state memories that several layers use, in turn."""


@dataclass(frozen=True)
class Arc:
    """A projection that does not lead to the next row: its rows, and the lane that it runs in."""

    projection: Projection
    start: int
    end: int
    lane: int


def write(network: Network, values: dict[str, Any], directory: Path) -> dict[str, Path]:
    """Write ``graph.svg`` and ``graph.png`` for a network and its inspection; return their paths."""
    paths = {"graph": directory / "graph.svg", "picture": directory / "graph.png"}
    with _style():
        figure = draw(network, values)
        for path in paths.values():
            kind = path.suffix[1:]
            about = dict.fromkeys(("Date", "Creator")) if kind == "svg" else {"Software": None}
            largest = max(figure.get_size_inches())
            with atomic_path(path) as temporary:
                figure.savefig(temporary, format=kind, dpi=min(DPI, MOST_PIXELS / largest), metadata=about)
    return paths


@contextmanager
def _style() -> Iterator[None]:
    """Matplotlib's own defaults, whatever the user configured; names are never read as mathematics."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()
        mpl.rcParams.update(
            {"svg.fonttype": "none", "svg.hashsalt": "hwsim", "text.parse_math": False, "text.color": INK}
        )
        yield


def draw(network: Network, values: dict[str, Any]) -> Figure:
    """The drawing of a network; ``values`` is the dictionary of hwsim.inspection.describe."""
    rows = {p.name: i for i, p in enumerate(network.populations)}
    skips, backs = arcs(network.projections, rows)
    left = MARGIN + LANE * lanes(skips)
    right = LANE * lanes(backs) + 12.0
    colors = fills(network)
    shared = [group for group in _groups(network) if len(group) > 1]
    width = left + BOX_WIDTH + right + sum(w for _, w in COLUMNS) + MARGIN
    height = HEAD + PITCH * len(rows) + 16.0 * (len(shared) + 1)
    figure = Figure(figsize=(width / 72, height / 72), facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width)
    axes.set_ylim(height, 0.0)
    axes.axis("off")
    title = f"{values['name']}, {values['timesteps']} timesteps"
    axes.text(MARGIN, 14.0, shorten(plain(title), 60), size=SIZE + 2, weight="bold", va="center")
    _columns(axes, left + BOX_WIDTH + right, 34.0, [name for name, _ in COLUMNS], {"color": LINE})
    for name, row in rows.items():
        _row(axes, left, _y(row), name, values["layers"][row], colors[name])
        _columns(axes, left + BOX_WIDTH + right, _y(row), _cells(values["layers"][row]), {})
    for projection in network.projections:
        if rows[projection.target] == rows[projection.source] + 1 and not projection.delay:
            _straight(axes, left + BOX_WIDTH / 2, rows[projection.source], projection)
    for arc in skips:
        _bent(axes, left, -1.0, arc)
    for arc in backs:
        _bent(axes, left + BOX_WIDTH, 1.0, arc)
    for i, group in enumerate(shared):
        y = HEAD + PITCH * len(rows) + 16.0 * i + 4.0
        axes.add_patch(_box(MARGIN, y - 4.0, 14.0, 8.0, colors[group[0]]))
        told = shorten(plain(", ".join(group)), 90)
        axes.text(MARGIN + 20.0, y, f"one state memory: {told}", size=SMALL, va="center")
    return figure


def arcs(projections: Sequence[Projection], rows: dict[str, int]) -> tuple[list[Arc], list[Arc]]:
    """Projections that skip rows, and those that go back or to their own row, each in a free lane. Short arcs
    lie inside; arcs of one lane do not overlap, but one that skips may begin at the row where one ends."""
    skips, backs = [], []
    for p in projections:
        start, end = rows[p.source], rows[p.target]
        if end <= start or p.delay:
            backs.append((p, start, end))
        elif end > start + 1:
            skips.append((p, start, end))
    return _laned(skips, 0), _laned(backs, 1)


def _laned(edges: Sequence[tuple[Projection, int, int]], gap: int) -> list[Arc]:
    taken: list[list[tuple[int, int]]] = []
    placed = []
    for p, start, end in sorted(edges, key=lambda e: (abs(e[2] - e[1]), min(e[1], e[2]))):
        low, high = min(start, end), max(start, end)
        free = (i for i, used in enumerate(taken) if all(high + gap <= a or low >= b + gap for a, b in used))
        lane = next(free, len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        placed.append(Arc(p, start, end, lane))
    return placed


def lanes(placed: Sequence[Arc]) -> int:
    return max((arc.lane + 1 for arc in placed), default=0)


def fills(network: Network) -> dict[str, str]:
    """A color for each population; layers that share a state have the same, and no other layer has it until
    the colors are used up."""
    colors = {p.name: PLAIN_FILL.get(p.kind, OWN_FILL) for p in network.populations}
    shared = (group for group in _groups(network) if len(group) > 1)
    for i, group in enumerate(shared):
        colors |= dict.fromkeys(group, SHARED_FILLS[i % len(SHARED_FILLS)])
    return colors


def _groups(network: Network) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for p in network.populations:
        if p.state_group:
            groups.setdefault(p.state_group, []).append(p.name)
    return list(groups.values())


def _y(row: int) -> float:
    return HEAD + PITCH * (row + 0.5)


def _box(x: float, y: float, width: float, height: float, color: str) -> FancyBboxPatch:
    return FancyBboxPatch(
        (x, y), width, height, boxstyle="round,pad=0,rounding_size=4", facecolor=color, edgecolor=LINE,
        linewidth=0.9,
    )  # fmt: skip


def _row(axes: Axes, left: float, y: float, name: str, layer: dict[str, Any], color: str) -> None:
    axes.add_patch(_box(left, y - BOX_HEIGHT / 2, BOX_WIDTH, BOX_HEIGHT, color))
    axes.text(left + 8.0, y, shorten(plain(name), 16), size=SIZE, weight="bold", va="center")
    kind = layer["kind"] + (f" C{layer['channel_groups']}" if layer["channel_groups"] > 1 else "")
    axes.text(left + BOX_WIDTH - 8.0, y, kind, size=SMALL, va="center", ha="right", color=LINE)


def _cells(layer: dict[str, Any]) -> list[str]:
    state = "" if not layer["state_words"] else quantity(layer["state_words"])
    if layer["state_of"] is not None:
        state = f"of {shorten(plain(layer['state_of']), 14)}"
    macs = quantity(layer["macs"]) if layer["macs"] else ""
    return ["\N{MULTIPLICATION SIGN}".join(map(str, layer["shape"])), quantity(layer["neurons"]), state, macs]


def _columns(axes: Axes, left: float, y: float, texts: Sequence[str], look: dict[str, Any]) -> None:
    for text, (_, width) in zip(texts, COLUMNS, strict=True):
        left += width
        axes.text(left, y, text, size=SMALL, va="center", ha="right", **look)


def label(p: Projection) -> str:
    """What a projection is, in two lines: its kind with kernel and stride, its weights or its delay."""
    window = "\N{MULTIPLICATION SIGN}".join(map(str, p.kernel))
    name = {"conv2d": f"conv {window}", "max_pool": f"max {window}", "avg_pool": f"avg {window}"}.get(
        p.kind, p.kind
    )
    if p.kind == "conv2d" and max(p.stride) > 1:
        name += f" /{p.stride[0]}"
    if p.groups > 1:
        name += f" g{p.groups}"
    below = [] if p.weights is None else [quantity(p.weights.size)]
    below += [f"delay {p.delay}"] if p.delay else []
    return "\n".join([name, *below])


def _straight(axes: Axes, x: float, row: int, p: Projection) -> None:
    top, bottom = _y(row) + BOX_HEIGHT / 2, _y(row + 1) - BOX_HEIGHT / 2
    axes.annotate("", (x, bottom), (x, top), arrowprops=_arrow("-"))
    text = label(p).replace("\n", ", ")
    axes.text(x + 6.0, (top + bottom) / 2, text, size=SMALL, va="center", color=LINE)


def _bent(axes: Axes, edge: float, side: float, arc: Arc) -> None:
    """Out of a box's side, along its lane, into the other box's side; the label stands beside the lane
    between two rows, where no other arc leaves or arrives."""
    style = "--" if side > 0 else "-"
    x = edge + side * (12.0 + LANE * arc.lane)
    down = 6.0 if arc.end >= arc.start else -6.0
    leave, arrive = _y(arc.start) + down, _y(arc.end) - (down if arc.end != arc.start else 6.0)
    axes.plot([edge, x, x], [leave, leave, arrive], linestyle=style, color=LINE, linewidth=0.9)
    axes.annotate("", (edge, arrive), (x, arrive), arrowprops=_arrow(style))
    middle = _y(arc.start) if arc.start == arc.end else _y((arc.start + arc.end) // 2) + PITCH / 2
    axes.text(
        x + side * 4.0, middle, label(arc.projection), size=SMALL, va="center",
        ha="right" if side < 0 else "left", color=LINE, linespacing=1.1,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
    )  # fmt: skip


def _arrow(style: str) -> dict[str, Any]:
    return {
        "arrowstyle": "-|>", "color": LINE, "linewidth": 0.9, "linestyle": style, "shrinkA": 0, "shrinkB": 0,
    }  # fmt: skip
