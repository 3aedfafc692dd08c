"""Points in a plane as SVG: what each row costs in two ways, and the line of those that none beats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from xml.etree import ElementTree

from hwsim.report.drawing import LETTER, WIDTH, canvas
from hwsim.report.lettering import write
from hwsim.report.picture import scale
from hwsim.report.plain import plain

HEIGHT, LEFT, RIGHT, TOP, BELOW = 250.0, 44.0, 16.0, 26.0, 38.0
SIZE = 9.5
TICKS = 5
"""Ticks of an axis at most, but one more where both ends are round numbers."""

MOST_POINTS = 400


@dataclass(frozen=True)
class Point:
    """``name`` stands beside it where there is room, ``tip`` is what a pointer on it tells; ``best``: of the
    front."""

    name: str
    x: float
    y: float
    tip: str
    best: bool


@dataclass(frozen=True)
class Axis:
    """What it measures, and the units that its numbers may have: name and size of each, the largest first."""

    label: str
    units: tuple[tuple[str, float], ...]

    def scaled(self, values: Sequence[float]) -> tuple[str, float]:
        """Its label with the unit that fits these values, and the size of that unit."""
        chosen = scale(values, self.units)
        return f"{self.label}, {chosen.unit}" if chosen.unit else self.label, chosen.size


def scatter(alt: str, points: list[Point], x: Axis, y: Axis) -> str:
    """Points of the front are filled and joined from left to right; of more than MOST_POINTS, these come
    first. Every text is plain and escaped."""
    shown = sorted(points, key=lambda p: not p.best)[:MOST_POINTS]
    root = canvas(alt, HEIGHT)
    below, x_size = x.scaled([p.x for p in shown])
    beside, y_size = y.scaled([p.y for p in shown])
    shown = [replace(p, x=p.x / x_size, y=p.y / y_size) for p in shown]
    across, up = ticks([p.x for p in shown]), ticks([p.y for p in shown])

    def place(a: float, b: float) -> tuple[float, float]:
        return (
            LEFT + (WIDTH - LEFT - RIGHT) * (a - across[0]) / (across[-1] - across[0]),
            TOP + (HEIGHT - TOP - BELOW) * (up[-1] - b) / (up[-1] - up[0]),
        )

    for tick in across:
        at = place(tick, up[0])[0]
        _line(root, ((at, TOP), (at, HEIGHT - BELOW)), "stroke:var(--faint);stroke-width:0.8")
        write(root, at, HEIGHT - BELOW + 14, f"{tick:.6g}", "middle", SIZE)
    for tick in up:
        at = place(across[0], tick)[1]
        _line(root, ((LEFT, at), (WIDTH - RIGHT, at)), "stroke:var(--faint);stroke-width:0.8")
        write(root, LEFT - 6, at + 3.3, f"{tick:.6g}", "end", SIZE)
    write(root, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, below, "middle", SIZE)
    write(root, 2, 10, beside, "start", SIZE)
    front = sorted((p.x, p.y) for p in shown if p.best)
    _line(root, [place(*p) for p in front], "fill:none;stroke:var(--array);stroke-width:1.2;opacity:0.6")
    taken: list[tuple[float, float]] = []
    for point in reversed(shown):
        _dot(root, place(point.x, point.y), point)
    for point in shown:
        _name(root, point, place(point.x, point.y), taken)
    return ElementTree.tostring(root, encoding="unicode")


def ticks(values: Iterable[float]) -> list[float]:
    """Round numbers, rising by 1, 2 or 5 times a power of ten, around all values."""
    low, high = min(values := list(values)), max(values)
    if high <= low:
        low, high = (low * 0.9, high * 1.1) if low > 0 else (low - 1, high + 1)
    power = 10.0 ** floor(log10((high - low) / TICKS))
    step = next(m * power for m in (1, 2, 5, 10) if (high - low) / (m * power) <= TICKS)
    begin, end = floor(low / step), ceil(high / step)
    return [i * step for i in range(begin, end + 1)]


def _dot(root: ElementTree.Element, at: tuple[float, float], point: Point) -> None:
    style = (
        "fill:var(--array);stroke:none"
        if point.best
        else "fill:var(--ground);stroke:var(--dram);stroke-width:1.4"
    )
    circle = {"cx": f"{at[0]:.1f}", "cy": f"{at[1]:.1f}", "r": "4" if point.best else "3.4", "style": style}
    made = ElementTree.SubElement(root, "circle", circle)
    ElementTree.SubElement(made, "title").text = plain(point.tip)


def _name(
    root: ElementTree.Element, point: Point, at: tuple[float, float], taken: list[tuple[float, float]]
) -> None:
    """Beside the point, unless another name is there."""
    long = LETTER * SIZE * len(point.name)
    right = at[0] + 6 + long < WIDTH
    x, y = (at[0] + 6 if right else at[0] - 6 - long), at[1] - 5
    if any(abs(y - other) < SIZE and abs(x - begin) < long + 4 for begin, other in taken):
        return
    taken.append((x, y))
    write(root, x, y, point.name, "start", SIZE)


def _line(root: ElementTree.Element, points: Iterable[tuple[float, float]], style: str) -> None:
    told = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    ElementTree.SubElement(root, "polyline", {"points": told, "style": style})
