"""A figure of a page as a file of its own: SVG, PNG or PDF, with its title, its legend and light colors.

What is drawn is the page's own inline SVG, which is flat: paths, lines, rectangles, circles and texts.
"""

import re
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, PathPatch, Rectangle
from matplotlib.path import Path as Outline

from hwsim.report.drawing import LETTER, NAMESPACE, PALETTE, WIDTH
from hwsim.report.picture import Picture
from hwsim.report.plain import plain
from hwsim.storage import atomic_path

Format = Literal["png", "svg", "pdf"]

INKS = {
    "currentColor": "#1c2127",
    "var(--soft)": "#56606b",
    "var(--faint)": "#e4e7eb",
    "var(--ground)": "#ffffff",
}
"""Colors of the page that are no series, on light ground."""

TITLE, LEGEND = 12.0, 9.0
"""Sizes of the letters above a drawing."""

MARGIN = 8.0
DPI = 200


def save(picture: Picture, path: Path, form: Format) -> None:
    """Write the figure; equal figures give equal bytes."""
    root = standalone(picture)
    with atomic_path(path) as aside:
        if form == "svg":
            aside.write_text(ElementTree.tostring(root, encoding="unicode") + "\n", encoding="utf-8")
        else:
            _paint(root, aside, form, plain(picture.title))


def standalone(picture: Picture) -> ElementTree.Element:
    """The inline SVG with fixed colors on white, below its title and its legend; the caption describes it."""
    drawn = ElementTree.fromstring(picture.svg)  # noqa: S314 - what this package drew
    height = float(drawn.get("viewBox", "").split()[3])
    above, top = _heading(picture)
    whole, wide = height + top + 2 * MARGIN, WIDTH + 2 * MARGIN
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": NAMESPACE[1:-1],
            "viewBox": f"0 0 {wide:g} {whole:g}",
            "width": f"{wide:g}pt",
            "height": f"{whole:g}pt",
            "role": "img",
            "font-family": "DejaVu Sans, sans-serif",
        },
    )
    ElementTree.SubElement(root, "title").text = plain(picture.title)
    ElementTree.SubElement(root, "desc").text = plain(picture.caption)
    ground = {"width": f"{wide:g}", "height": f"{whole:g}", "style": "fill:#ffffff"}
    ElementTree.SubElement(root, "rect", ground)
    head = ElementTree.SubElement(root, "g", {"transform": f"translate({MARGIN:g} {MARGIN:g})"})
    head.extend(above)
    body = ElementTree.SubElement(root, "g", {"transform": f"translate({MARGIN:g} {top + MARGIN:g})"})
    for element in drawn:
        element.tag = element.tag.removeprefix(NAMESPACE)
        for inner in element:
            inner.tag = inner.tag.removeprefix(NAMESPACE)
        element.set("style", _fixed(element.get("style", "")))
        body.append(element)
    return root


def _fixed(style: str) -> str:
    for name, color in INKS.items():
        style = style.replace(name, color)
    return re.sub(r"var\(--(\w+)\)", lambda match: PALETTE[match[1]][0], style)


def _heading(picture: Picture) -> tuple[list[ElementTree.Element], float]:
    """Title and legend as elements, and the height that they take."""
    found, y = [], 0.0
    for line in textwrap.wrap(plain(picture.title), int(WIDTH / (LETTER * TITLE * 1.08))):
        y += TITLE * 1.25
        found.append(_text(0.0, y, line, TITLE, "font-weight:bold;"))
    for group, entries in picture.legend:
        if not entries:
            continue
        x, y = 0.0, y + LEGEND * 1.7
        if group:
            found.append(_text(x, y, group, LEGEND, ""))
            x += LETTER * LEGEND * (len(group) + 2)
        for label, series in entries:
            room = LETTER * LEGEND * (len(label) + 1) + 14.0
            if x and x + room > WIDTH:
                x, y = 0.0, y + LEGEND * 1.5
            box = {"x": f"{x:.1f}", "y": f"{y - 6.5:.1f}", "width": "7", "height": "7"}
            found.append(ElementTree.Element("rect", box | {"style": f"fill:{PALETTE[series][0]}"}))
            found.append(_text(x + 10.0, y, label, LEGEND, ""))
            x += room
    return found, y + 8.0


def _text(x: float, y: float, text: str, size: float, weight: str) -> ElementTree.Element:
    style = f"fill:{INKS['currentColor']};{weight}font-size:{size:g}px;text-anchor:start"
    element = ElementTree.Element("text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "style": style})
    element.text = text
    return element


def _paint(root: ElementTree.Element, path: Path, form: Format, title: str) -> None:
    wide, height = map(float, root.get("viewBox", "").split()[2:])
    with mpl.rc_context(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        mpl.rcdefaults()
        mpl.rcParams.update({"text.parse_math": False, "pdf.fonttype": 42})
        figure = Figure(figsize=(wide / 72, height / 72))
        (FigureCanvasAgg if form == "png" else FigureCanvasPdf)(figure)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_xlim(0.0, wide)
        axes.set_ylim(height, 0.0)
        axes.set_axis_off()
        for order, (element, right, down) in enumerate(_flat(root)):
            _element(axes, element, right, down, order)
        facts: dict[str, Any] = {"Title": title, "CreationDate" if form == "pdf" else "Software": None}
        figure.savefig(path, format=form, dpi=DPI, metadata=facts)


def _flat(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, float, float]]:
    """Every shape and text, and how far its group is moved."""
    for element in root:
        if element.tag == "g":
            right, down = re.findall(r"[-\d.]+", element.get("transform", ""))
            yield from ((inner, float(right), float(down)) for inner in element)
        elif element.tag == "rect":
            yield element, 0.0, 0.0


def _element(axes: Axes, element: ElementTree.Element, right: float, down: float, order: int) -> None:
    style = dict(part.split(":", 1) for part in element.get("style", "").split(";") if ":" in part)

    def at(name: str, moved: float = 0.0) -> float:
        return float(element.get(name, "0")) + moved

    if element.tag == "text":
        align = {"middle": "center", "end": "right"}.get(style.get("text-anchor", ""), "left")
        letters: dict[str, Any] = {
            "color": style["fill"],
            "ha": align,
            "va": "baseline",
            "size": float(style.get("font-size", "10px").removesuffix("px")),
            "weight": style.get("font-weight", "normal"),
        }
        axes.text(
            at("x", right), at("y", down), element.text or "", parse_math=False, zorder=order, **letters
        )
        return
    look = _look(style) | {"zorder": order}
    if element.tag == "line":
        dashes = style.get("stroke-dasharray")
        line = Line2D(
            [at("x1", right), at("x2", right)],
            [at("y1", down), at("y2", down)],
            color=look["edgecolor"],
            linewidth=look["linewidth"],
            linestyle=(0, tuple(map(float, dashes.split()))) if dashes else "-",
            solid_capstyle="butt",
            dash_capstyle="butt",
            zorder=order,
        )
        axes.add_line(line)
    elif element.tag == "rect":
        axes.add_patch(Rectangle((at("x", right), at("y", down)), at("width"), at("height"), **look))
    elif element.tag == "circle":
        axes.add_patch(Circle((at("cx", right), at("cy", down)), at("r"), **look))
    elif element.tag == "path":
        axes.add_patch(PathPatch(_outline(element.get("d", ""), right, down), **look))


def _look(style: dict[str, str]) -> dict[str, Any]:
    fill, stroke = style.get("fill", "#000000"), style.get("stroke", "none")
    alpha = float(style.get("opacity", "1"))
    color: Any = fill if fill == "none" else (fill, alpha * float(style.get("fill-opacity", "1")))
    return {
        "facecolor": color,
        "edgecolor": stroke if stroke == "none" else (stroke, alpha),
        "linewidth": float(style.get("stroke-width", "1").removesuffix("px")),
    }


POINTS = {
    "M": (Outline.MOVETO, 1),
    "L": (Outline.LINETO, 1),
    "Q": (Outline.CURVE3, 2),
    "C": (Outline.CURVE4, 3),
}


def _outline(text: str, right: float, down: float) -> Outline:
    tokens = re.findall(r"[A-Za-z]|-?\d+(?:\.\d+)?", text)
    points: list[tuple[float, float]] = []
    codes: list[Any] = []
    i = 0
    while i < len(tokens):
        if tokens[i] in "zZ":
            points.append(points[-1])
            codes.append(Outline.CLOSEPOLY)
            i += 1
            continue
        code, count = POINTS[tokens[i]]
        numbers = [float(n) for n in tokens[i + 1 : i + 1 + 2 * count]]
        points += [(x + right, y + down) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        codes += [code] * count
        i += 1 + 2 * count
    return Outline(points, codes)
