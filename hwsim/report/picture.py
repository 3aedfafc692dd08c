"""A figure: inline SVG with its legend and caption, stacked bars, and the units of its axes."""

from collections.abc import Iterable
from dataclasses import dataclass

from hwsim.report import spans
from hwsim.report.drawing import Bar, Segment, bars

Legend = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True)
class Picture:
    """A figure: its inline SVG, what its colors mean (group by group), and what to see in it."""

    title: str
    svg: str
    legend: Legend
    caption: str


@dataclass(frozen=True)
class Scale:
    """A unit for an axis and the texts beside it."""

    unit: str
    size: float

    def text(self, value: float) -> str:
        """Three digits in this unit, without its name."""
        scaled = value / self.size
        if 0 < scaled < 0.01:
            return "<0.01"
        return f"{scaled:,.0f}" if scaled >= 100 else f"{scaled:.3g}"


ENERGY = (("mJ", 1e9), ("µJ", 1e6), ("nJ", 1e3), ("pJ", 1.0))

BYTES = (("GiB", 2.0**30), ("MiB", 2.0**20), ("KiB", 2.0**10), ("bytes", 1.0))

CYCLES = (("billion cycles", 1e9), ("million cycles", 1e6), ("thousand cycles", 1e3), ("cycles", 1.0))


def scale(values: Iterable[float], units: tuple[tuple[str, float], ...]) -> Scale:
    """The largest unit that the greatest value reaches."""
    top = max(values, default=0.0)
    return Scale(*next((unit for unit in units if top >= unit[1]), units[-1]))


def size_text(count: float) -> str:
    """Bytes in their own unit."""
    chosen = scale([count], BYTES)
    return f"{chosen.text(count)} {chosen.unit}"


def stacked(
    what: str,
    table: list[tuple[str, dict[str, float]]],
    labels: dict[str, tuple[str, str]],
    unit: tuple[tuple[str, float], ...],
    told: str,
    per: str = "inference",
) -> str:
    """Bars of each row's parts, stacked in the order of ``labels``: label and series of each part."""
    shown = spans.together(table)
    chosen = scale([sum(parts.values()) for _, parts in shown], unit)
    rows = [
        Bar(name, segments(name, parts, labels, chosen), chosen.text(sum(parts.values())))
        for name, parts in shown
    ]
    return bars(f"{what}. {told}", rows, f"{chosen.unit} per {per}")


def segments(
    row: str, parts: dict[str, float], labels: dict[str, tuple[str, str]], chosen: Scale
) -> tuple[Segment, ...]:
    total = sum(parts.values()) or 1.0
    return tuple(
        Segment(
            series,
            parts.get(name, 0.0) / chosen.size,
            f"{row}, {label}: {chosen.text(parts.get(name, 0.0))} {chosen.unit} "
            f"({parts.get(name, 0.0) / total:.1%})",
        )
        for name, (label, series) in labels.items()
    )


def legend(table: list[tuple[str, dict[str, float]]], labels: dict[str, tuple[str, str]]) -> Legend:
    """The series that occur, in the order of the bars' segments."""
    return (("", tuple(entry for name, entry in labels.items() if total(table, name))),)


def total(table: list[tuple[str, dict[str, float]]], part: str) -> float:
    return sum(parts.get(part, 0.0) for _, parts in table)
