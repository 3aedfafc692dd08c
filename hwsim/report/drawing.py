"""Drawings: horizontal bars as SVG that lives inside an HTML page.

Matplotlib lays them out; what is left of its SVG is a flat list of paths and texts without ids, fonts
or fixed colors: series are CSS variables (``PALETTE`` holds their values), everything else is
``currentColor``. Texts are texts, and no text is ever read as mathematics or markup.
"""

import io
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from hwsim.report.plain import plain

PALETTE: dict[str, tuple[str, str]] = {
    "array": ("#2a4f9e", "#4672c4"),
    "fill": ("#58a4e0", "#7fbdf7"),
    "lif": ("#c8551b", "#ea7030"),
    "vector": ("#d06cb0", "#e3b0d8"),
    "weight": ("#129c6b", "#4fd09c"),
    "input": ("#c59a1a", "#efe070"),
    "output": ("#80502c", "#b07c50"),
    "membrane": ("#8a35c4", "#9450e0"),
    "hold": ("#3b271a", "#8a6248"),
    "sums": ("#0f7f8c", "#49c3d1"),
    "imbalance": ("#8f2d56", "#d8739d"),
    "dram": ("#66717b", "#7f8891"),
    "idle": ("#d3d7db", "#363c44"),
}
"""Color of each series on light and on dark ground; told apart with each kind of color blindness."""

WIDTH = 370.0
"""Units of a drawing's width; a text of size 10 is 10 units high."""

LETTER = 0.58
"""Width of a letter in font sizes, generously."""

TICK_SIZE = 9.5

INK, FAINT = "#010101", "#020202"
NAMESPACE = "{http://www.w3.org/2000/svg}"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "hwsim",
    "text.parse_math": False,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.spines.bottom": False,
    "axes.facecolor": "none",
    "xtick.color": INK,
    "xtick.labelsize": TICK_SIZE,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
}


@dataclass(frozen=True)
class Segment:
    """One stretch of a bar: its series, its length in the axis' unit, what a pointer on it tells."""

    series: str
    value: float
    tip: str
    outline: bool = False


@dataclass(frozen=True)
class Bar:
    """A row: its label, its segments from left to right, and the text behind them."""

    label: str
    segments: tuple[Segment, ...]
    note: str

    @property
    def length(self) -> float:
        return sum(s.value for s in self.segments)


@dataclass(frozen=True)
class Grid:
    """Values beside the bars, one row per bar and one column per step; None leaves a row empty."""

    rows: tuple[tuple[float, ...] | None, ...]
    columns: tuple[str, ...]
    axis: str
    series: str


def shorten(text: str, limit: int) -> str:
    """At most ``limit`` characters: the middle of a longer text becomes an ellipsis."""
    head = limit // 2 - 2
    return text if len(text) <= limit else f"{text[:head]}\u2026{text[head + 1 - limit :]}"


def row_labels(names: Sequence[str], limit: int) -> list[str]:
    """Names in at most ``limit`` characters each: first without the dotted parts that all begin with,
    then shortened; names that would look the same get their number in front.
    """
    if all(len(name) <= limit for name in names):
        return list(names)
    paths = [name.split(".") for name in names]
    shared = 0
    while len({tuple(path[: shared + 1]) for path in paths}) == 1 and shared + 1 < min(map(len, paths)):
        shared += 1
    tails = ["\u2026" * (shared > 0) + ".".join(path[shared:]) for path in paths]
    labels = [shorten(tail, limit) for tail in tails]
    return [
        label if labels.count(label) == 1 else f"{number} {shorten(tail, limit - 4)}"
        for number, (label, tail) in enumerate(zip(labels, tails, strict=True), 1)
    ]


def bars(alt: str, rows: Sequence[Bar], axis: str, grid: Grid | None = None, right: float = 46.0) -> str:
    """SVG of horizontal bars in the given order, optionally with a grid of shaded cells beside them."""
    pitch = 24.0 if len(rows) <= 3 else 19.0 if len(rows) <= 12 else 15.0 if len(rows) <= 30 else 11.5
    size = min(10.0, pitch * 0.72)
    labels = row_labels([plain(row.label) for row in rows], int(WIDTH * 0.4 / (LETTER * size)))
    left = min(max(map(_breadth, labels), default=0.0) * size, WIDTH * 0.4) + 8.0
    height = pitch * max(len(rows), 1) + 36.0
    tips: list[str] = []

    with _style():
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        figure.patch.set_visible(False)
        place = _placer(figure, height, len(rows))
        room = WIDTH - left - 6.0
        bar_room = (room * 0.58 if grid else room) - right
        axes = place(left, bar_room)
        top = max((row.length for row in rows), default=0.0) or 1.0
        axes.set_xlim(0.0, top)
        _value_axis(axes, axis, 4 if bar_room > 130 else 3)
        for y, (row, label) in enumerate(zip(rows, labels, strict=True)):
            _row_text(axes, -5.0, y, label, size, "right")
            _bar(axes, y, row, tips)
            note = row.length / top * bar_room + 4.0
            _row_text(axes, note, y, plain(row.note), size * 0.94, "left")
        if grid:
            start = left + bar_room + right
            _cells(place(start, WIDTH - start - 6.0), WIDTH - start - 6.0, grid, rows, size, tips)
        drawn = _saved(figure)
    return _finished(drawn, alt, tips, height)


@contextmanager
def _style() -> Iterator[None]:
    """Matplotlib's own defaults and STYLE, whatever the user configured; glyphs are the browser's matter."""
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def _placer(figure: Figure, height: float, rows: int) -> Callable[[float, float], Axes]:
    def place(left: float, width: float) -> Axes:
        box = (left / WIDTH, 32.0 / height, width / WIDTH, (height - 36.0) / height)
        axes = figure.add_axes(box)
        axes.set_ylim(max(rows, 1) - 0.5, -0.5)
        axes.set_yticks([])
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        return axes

    return place


def _value_axis(axes: Axes, label: str, intervals: int) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(intervals, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.grid(axis="x", clip_on=False)
    axes.set_xlabel(label)


def _row_text(axes: Axes, offset: float, y: int, text: str, size: float, align: str) -> None:
    axes.annotate(
        text, (0.0, y), (offset, 0.0), textcoords="offset points", size=size, ha=align, va="center_baseline",
        annotation_clip=False, parse_math=False,
    )  # fmt: skip


def _bar(axes: Axes, y: int, row: Bar, tips: list[str]) -> None:
    at = 0.0
    for segment in row.segments:
        if segment.value > 0:
            color = PALETTE[segment.series][0]
            look = {"edgecolor": color, "facecolor": "none"} if segment.outline else {"facecolor": color}
            _block(axes, (at, y - 0.34), segment.value, 0.68, look, segment.tip, tips)
        at += segment.value


def _cells(axes: Axes, room: float, grid: Grid, rows: Sequence[Bar], size: float, tips: list[str]) -> None:
    columns = len(grid.columns)
    axes.set_xlim(0.0, columns)
    every = ceil((max(map(_breadth, grid.columns)) + 0.5) * TICK_SIZE * columns / room)
    axes.set_xticks([i + 0.5 for i in range(0, columns, every)], grid.columns[::every])
    axes.set_xlabel(grid.axis)
    top = max((v for values in grid.rows for v in values or ()), default=0.0) or 1.0
    color = PALETTE[grid.series][0]
    written = room / columns > 2.6 * size and len(rows) <= 30
    for y, (row, values) in enumerate(zip(rows, grid.rows, strict=True)):
        for x, value in enumerate(values or ()):
            look = {"facecolor": color, "alpha": 0.07 + 0.5 * value / top}
            tip = f"{row.label}, {grid.axis} {grid.columns[x]}: {value:.3f}"
            _block(axes, (x + 0.03, y - 0.45), 0.94, 0.9, look, tip, tips)
            if written:
                axes.text(x + 0.5, y, f"{value:.2f}", size=size * 0.9, ha="center", va="center_baseline")


def _block(
    axes: Axes, corner: tuple[float, float], width: float, height: float, look: dict[str, Any], tip: str,
    tips: list[str],
) -> None:  # fmt: skip
    block = Rectangle(corner, width, height, clip_on=False, **look)
    block.set_gid(f"tip-{len(tips)}")
    tips.append(plain(tip))
    axes.add_patch(block)


def _saved(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")), transparent=True
    )
    return buffer.getvalue()


_VARIABLES = {
    INK: "currentColor",
    FAINT: "var(--faint)",
    **{light: f"var(--{name})" for name, (light, _) in PALETTE.items()},
}
_NUMBER = re.compile(r"-?\d+\.\d+")
_COLOR = re.compile(r"#[0-9a-f]{6}")


def canvas(alt: str, height: float, width: float = WIDTH) -> ElementTree.Element:
    """An empty SVG with ``alt`` as its name."""
    box = f"0 0 {width:g} {height:g}"
    return ElementTree.Element(
        "svg", {"xmlns": NAMESPACE[1:-1], "viewBox": box, "role": "img", "aria-label": plain(alt)}
    )


def _finished(drawn: str, alt: str, tips: Sequence[str], height: float) -> str:
    """A flat SVG with ``alt`` as its name: no ids, no definitions, nothing that refers to anything."""
    root = canvas(alt, height)
    parsed = ElementTree.fromstring(drawn)  # noqa: S314 - matplotlib's own output
    for group in parsed.iter(f"{NAMESPACE}g"):
        name = group.get("id", "")
        for element in group:
            if element.tag == f"{NAMESPACE}path" and element.get("style") != "fill: none":
                path = ElementTree.SubElement(root, "path", _path(element))
                if name.startswith("tip-"):
                    ElementTree.SubElement(path, "title").text = tips[int(name[4:])]
            elif element.tag == f"{NAMESPACE}text":
                ElementTree.SubElement(root, "text", _text(element)).text = element.text
    return ElementTree.tostring(root, encoding="unicode")


def _declarations(element: ElementTree.Element) -> dict[str, str]:
    pairs = (part.split(":", 1) for part in element.get("style", "").split(";") if part.strip())
    return {name.strip(): value.strip() for name, value in pairs}


def _path(element: ElementTree.Element) -> dict[str, str]:
    kept = ("fill", "stroke", "stroke-width", "opacity")
    style = {k: v for k, v in _declarations(element).items() if k in kept}
    return {"d": _rounded(" ".join(element.get("d", "").split())), "style": _styled(style)}


def _text(element: ElementTree.Element) -> dict[str, str]:
    style = {k: v for k, v in _declarations(element).items() if k in ("font-size", "text-anchor")}
    place = {k: _rounded(element.get(k, "0")) for k in ("x", "y")}
    return {**place, "style": _styled({"fill": INK, **style})}


def _styled(style: dict[str, str]) -> str:
    text = ";".join(f"{name}:{value}" for name, value in style.items())
    return _COLOR.sub(lambda match: _VARIABLES[match[0]], text)


def _rounded(text: str) -> str:
    return _NUMBER.sub(lambda match: f"{float(match[0]):.1f}", text)


def _breadth(text: str) -> float:
    """Width of a text in font sizes."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WF" else LETTER for c in text)
