"""Roofline: what each layer does in a cycle against what the array, the buffers and the DRAM let it do."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any
from xml.etree import ElementTree

from hwsim.report.drawing import LETTER, WIDTH, canvas, shorten
from hwsim.report.lettering import write
from hwsim.report.picture import Picture
from hwsim.report.plain import plain

MOST_POINTS, MOST_NAMES = 200, 14
HEIGHT, LEFT, RIGHT, TOP, BELOW = 270.0, 38.0, 10.0, 24.0, 34.0
SIZE = 9.0

FORMULAS = (
    "Across: operations per byte, where operations are the useful accumulates and multiply-accumulates of "
    "the layer (ac + mac); bytes are those moved from and to DRAM (filled points), or words read and written "
    "in all buffers × their bits / 8 (rings). Up: operations / cycles of the array booked to the layer. "
    "Bounds: compute, rows × columns × parallel time lanes operations a cycle; DRAM, operations per byte × "
    "bandwidth / clock; SRAM, operations per byte × the bytes that the words of all buffers bring together "
    "in a cycle."
)

OF_TILES = (
    "Up: useful accumulates and multiply-accumulates of the layer (ac + mac) on all tiles, over all samples, "
    "/ cycles of these tiles' arrays. Across: the same per byte, of its weights (filled points), which the "
    "DRAM brings once, before the first tick, and nothing else moves there; or of the words read and written "
    "in all buffers (rings). Bounds are of a tile in use: compute, rows × columns × parallel time lanes "
    "operations a cycle; SRAM, what the words of its buffers bring together in a cycle; DRAM, its equal part "
    "of the bandwidth of all channels / clock, as if weights came while it computes."
)

BUFFERS = ("weight", "input", "output", "membrane", "partial_sum")


@dataclass(frozen=True)
class Point:
    """A layer: operations per cycle, and per byte of each level; None where nothing moves there.

    ``bound``: what limits it, the lower of the roofs over it.
    """

    name: str
    operations: int
    cycles: int
    per_cycle: float
    per_dram_byte: float | None
    per_buffer_byte: float | None
    bound: str | None


def points(values: dict[str, Any]) -> list[Point]:
    """Every layer that does operations in some time, in network order."""
    found = []
    for layer in values["layers"]:
        operations = sum(layer["counts"].get(a, 0) for a in ("ac", "mac"))
        if not operations or not layer["cycles"]:
            continue
        moved, buffered = layer["dram_bytes"], buffer_bytes(layer["counts"], values["hardware"])
        per_dram = operations / moved if moved else None
        per_buffer = operations / buffered if buffered else None
        rate = operations / layer["cycles"]
        bound = _bound(values, per_dram, per_buffer)
        found.append(Point(layer["name"], operations, layer["cycles"], rate, per_dram, per_buffer, bound))
    return found


def buffer_bytes(counts: dict[str, int], hardware: dict[str, Any]) -> float:
    """Bytes of all words read and written in the buffers that the chip has."""
    total = 0.0
    for name in BUFFERS:
        if buffer := hardware["buffers"].get(name):
            words = sum(counts.get(f"{name}_buffer_{way}", 0) for way in ("read", "write"))
            total += words * buffer["word_bits"] / 8
    return total


def roofs(values: dict[str, Any]) -> tuple[float, float, float]:
    """Operations per cycle of the array, bytes per cycle of the DRAM and of all buffers together."""
    bounds = values["bounds"]
    brought = sum(bounds["buffer_bytes_per_cycle"].values())
    return bounds["operations_per_cycle"], bounds["dram_bytes_per_cycle"], brought


def _bound(values: dict[str, Any], per_dram: float | None, per_buffer: float | None) -> str | None:
    if not values.get("bounds"):
        return None
    peak, dram, buffers = roofs(values)
    limits = {"compute": peak}
    if per_buffer is not None and buffers:
        limits["SRAM"] = per_buffer * buffers
    if per_dram is not None:
        limits["DRAM"] = per_dram * dram
    return min(limits, key=lambda name: limits[name])


def roofline(values: dict[str, Any], whose: str = "", formulas: str = FORMULAS) -> Picture:
    """The figure; a result without ``bounds`` has points and no roofs. ``whose``: of what the roofs are."""
    what, found = "Roofline: operations per byte and per cycle", points(values)
    shown = sorted(found, key=lambda p: -p.cycles)[:MOST_POINTS]
    if not shown:
        caption = f"No layer does operations that take time. {formulas}"
        return Picture(what, _empty(f"{what}. {caption}"), (), caption)
    told = _told(values, found, whose)
    left_out = f" Drawn are the {MOST_POINTS} layers with most cycles." if len(found) > len(shown) else ""
    svg = _drawn(values, shown, f"{what}. {told}")
    legend = (("", (("layers by DRAM bytes", "dram"), ("layers by bytes of buffers (rings)", "weight"))),)
    return Picture(what, svg, legend, f"{told}{left_out} {formulas}")


def _told(values: dict[str, Any], found: list[Point], whose: str) -> str:
    if not values.get("bounds"):
        return "This result does not say what the chip can do at most, so no bounds are drawn."
    peak, dram, buffers = roofs(values)
    by_bound = {bound: sum(p.bound == bound for p in found) for bound in ("compute", "SRAM", "DRAM")}
    counted = ", ".join(f"{n} by {bound}" for bound, n in by_bound.items() if n)
    best = max(found, key=lambda p: p.per_cycle)
    share = best.per_cycle / peak
    return (
        f"The array{whose} does {peak:,.5g} operations a cycle at most, DRAM brings {dram:,.4g} bytes, all "
        f"buffers {buffers:,.4g}. The lowest bound over a layer: {counted}. The fastest layer, "
        f"{plain(best.name)}, does {best.per_cycle:,.3g} a cycle, {share:.0%} of the compute bound; "
        "what a point lies below its bound is time lost to gated inputs, filling, imbalance and waiting."
    )


def _drawn(values: dict[str, Any], shown: list[Point], alt: str) -> str:
    across = [x for p in shown for x in (p.per_dram_byte, p.per_buffer_byte) if x is not None]
    up = [p.per_cycle for p in shown]
    bounds = values.get("bounds")
    if bounds:
        peak, dram, buffers = roofs(values)
        up.append(peak)
        across += [peak / rate for rate in (dram, buffers) if rate]
    begin, end = _around(across or [1.0])
    low, high = _around(up)
    room, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BELOW

    def x(value: float) -> float:
        return LEFT + room * (log10(value) - begin) / (end - begin)

    def y(value: float) -> float:
        return TOP + tall * (high - log10(value)) / (high - low)

    root = canvas(alt, HEIGHT)
    _axes(root, (begin, end), (low, high), x, y)
    if bounds:
        _roofs(root, values, (10.0**begin, 10.0**end), 10.0**low, x, y)
    taken: list[tuple[float, float, float]] = []
    for i, point in enumerate(shown):
        for per_byte, level in ((point.per_buffer_byte, "buffer"), (point.per_dram_byte, "DRAM")):
            if per_byte is None:
                continue
            place = x(per_byte), y(point.per_cycle)
            tip = (
                f"{point.name}: {point.per_cycle:,.3g} operations a cycle, {per_byte:,.3g} per {level} byte"
                + (f"; lowest bound: {point.bound}" if point.bound else "")
            )
            style = (
                "fill:var(--dram);stroke:none"
                if level == "DRAM"
                else "fill:none;stroke:var(--weight);stroke-width:1.4"
            )
            circle = {"cx": f"{place[0]:.1f}", "cy": f"{place[1]:.1f}", "r": "3.4", "style": style}
            ElementTree.SubElement(ElementTree.SubElement(root, "circle", circle), "title").text = plain(tip)
            if level == "DRAM" and i < MOST_NAMES:
                _name(root, point.name, place, taken)
    return ElementTree.tostring(root, encoding="unicode")


def _empty(alt: str) -> str:
    root = canvas(alt, HEIGHT)
    write(root, WIDTH / 2, HEIGHT / 2, "nothing to draw", "middle", SIZE)
    return ElementTree.tostring(root, encoding="unicode")


def _around(values: list[float]) -> tuple[float, float]:
    """Exponents of ten a little around all values, one apart at least."""
    begin, end = log10(min(values)) - 0.25, log10(max(values)) + 0.25
    lacking = max(0.0, 1.0 - (end - begin)) / 2
    return begin - lacking, end + lacking


def _axes(
    root: ElementTree.Element,
    across: tuple[float, float],
    up: tuple[float, float],
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> None:
    ends = (HEIGHT - BELOW, TOP), (LEFT, WIDTH - RIGHT)
    for power in _powers(across):
        at = x(10.0**power)
        _line(root, (at, ends[0][0]), (at, ends[0][1]), "stroke:var(--faint);stroke-width:0.6")
        write(root, at, HEIGHT - BELOW + 13, _power(power), "middle", SIZE)
    for power in _powers(up):
        at = y(10.0**power)
        _line(root, (ends[1][0], at), (ends[1][1], at), "stroke:var(--faint);stroke-width:0.6")
        write(root, LEFT - 5, at + 3, _power(power), "end", SIZE)
    write(root, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "operations per byte", "middle", SIZE)
    write(root, 0.0, 10.0, "operations per cycle", "start", SIZE)


def _powers(ends: tuple[float, float]) -> range:
    """Exponents of the ticks, eight at most."""
    first, last = ceil(ends[0]), floor(ends[1])
    return range(first, last + 1, max(1, -(-(last - first) // 8)))


def _roofs(
    root: ElementTree.Element,
    values: dict[str, Any],
    across: tuple[float, float],
    floor_at: float,
    x: Callable[[float], float],
    y: Callable[[float], float],
) -> None:
    peak, dram, buffers = roofs(values)
    _line(root, (x(across[0]), y(peak)), (x(across[1]), y(peak)), "stroke:var(--array);stroke-width:1.6")
    write(root, WIDTH - RIGHT, y(peak) - 4, f"compute bound, {peak:,.5g} a cycle", "end", SIZE)
    lines = ((dram, buffers, "DRAM", "dram", ""), (buffers, dram, "SRAM", "weight", ";stroke-dasharray:4 3"))
    for rate, other, name, series, dashes in lines:
        if not rate:
            continue
        begin = max(across[0], floor_at / rate)
        end = min(across[1], peak / rate)
        if begin < end:
            style = f"stroke:var(--{series});stroke-width:1.6{dashes}"
            _line(root, (x(begin), y(begin * rate)), (x(end), y(end * rate)), style)
            high = begin * (end / begin) ** 0.7
            right = rate < other
            write(root, x(high) + (6 if right else -6), y(high * rate) + (6 if right else 0), name,
                   "start" if right else "end", SIZE)  # fmt: skip


def _line(root: ElementTree.Element, a: tuple[float, float], b: tuple[float, float], style: str) -> None:
    ends = {"x1": f"{a[0]:.1f}", "y1": f"{a[1]:.1f}", "x2": f"{b[0]:.1f}", "y2": f"{b[1]:.1f}"}
    ElementTree.SubElement(root, "line", ends | {"style": style})


def _name(
    root: ElementTree.Element, name: str, place: tuple[float, float], taken: list[tuple[float, float, float]]
) -> None:
    """Beside the point, where no other name is yet."""
    text = shorten(plain(name), 16)
    long = LETTER * SIZE * len(text)
    for begin, anchor in ((place[0] + 6, "start"), (place[0] - 6 - long, "end")):
        free = all(
            abs(place[1] - y) > SIZE or begin + long < left or begin > right for left, right, y in taken
        )
        if free and begin > LEFT and begin + long < WIDTH:
            taken.append((begin, begin + long, place[1]))
            write(root, begin if anchor == "start" else begin + long, place[1] + 3, text, anchor, SIZE)
            return


def _power(power: int) -> str:
    return f"{10.0**power:,.10g}" if -3 <= power <= 5 else f"1e{power}"
