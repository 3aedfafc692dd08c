"""Points of many coordinates as lines between upright axes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from hwsim.report.drawing import canvas
from hwsim.report.lettering import HALO, write
from hwsim.report.plain import plain

WIDTH, HEIGHT, SIDE, TOP, BELOW = 760.0, 300.0, 46.0, 18.0, 34.0
SIZE = 9.0
MOST_LINES = 300


@dataclass(frozen=True)
class Upright:
    """An axis: its name, where each line crosses it (0 below to 1 above, None: it does not), and the texts at
    some of its places."""

    name: str
    at: tuple[float | None, ...]
    ticks: tuple[tuple[float, str], ...]


def axis(name: str, values: Sequence[Any], told: Any = lambda v: f"{v:.4g}") -> Upright:
    """An axis of numbers, by their size, or of other values, each at a place of its own."""
    present = list(dict.fromkeys(v for v in values if v is not None))
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in present)
    if numbers and len(present) > LISTED:
        low, high = min(present), max(present)
        wide = high - low or 1.0
        at = tuple(None if v is None else (v - low) / wide for v in values)
        return Upright(name, at, ((0.0, told(low)), (1.0, told(high))))
    ordered = sorted(present) if numbers else present
    place = {v: i / max(1, len(ordered) - 1) for i, v in enumerate(ordered)}
    ticks = tuple((p, told(v) if numbers else str(v)) for v, p in place.items())
    return Upright(name, tuple(None if v is None else place[v] for v in values), ticks)


LISTED = 12
"""Numbers up to which an axis gives each a place of its own."""


def lines(alt: str, axes: Sequence[Upright], best: Sequence[bool], tips: Sequence[str]) -> str:
    """An SVG; lines of the best points are drawn over the others, of which at most MOST_LINES are drawn."""
    root = canvas(alt, HEIGHT, WIDTH)
    step = (WIDTH - 2 * SIDE) / max(1, len(axes) - 1)

    def place(i: int, share: float) -> tuple[float, float]:
        return SIDE + i * step, HEIGHT - BELOW - share * (HEIGHT - TOP - BELOW)

    ordered = sorted(range(len(best)), key=lambda i: not best[i])[:MOST_LINES]
    for i in reversed(ordered):
        points = [place(k, at) for k, one in enumerate(axes) if (at := one.at[i]) is not None]
        style = (
            "fill:none;stroke:var(--array);stroke-width:1.3;opacity:0.75"
            if best[i]
            else "fill:none;stroke:var(--dram);stroke-width:0.6;opacity:0.3"
        )
        told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        line = ElementTree.SubElement(root, "polyline", {"points": told, "style": style})
        ElementTree.SubElement(line, "title").text = plain(tips[i])
    for k, one in enumerate(axes):
        (x, low), (_, high) = place(k, 0), place(k, 1)
        upright = {
            "points": f"{x:.1f},{low:.1f} {x:.1f},{high:.1f}",
            "style": "stroke:currentColor;stroke-width:0.8",
        }
        ElementTree.SubElement(root, "polyline", upright)
        write(root, x, HEIGHT - 6 - (k % 2) * 12, one.name, "middle", SIZE, HALO)
        for share, text in one.ticks:
            beside = (x - 3, "end") if k == len(axes) - 1 else (x + 3, "start")
            write(root, beside[0], place(k, share)[1] + 3, text, beside[1], SIZE, HALO)
    return ElementTree.tostring(root, encoding="unicode")
