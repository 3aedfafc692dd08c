"""search.html: the population of a search over its rounds, the front of accuracy and cost, every path."""

from pathlib import Path
from typing import Any

import hwsim
from hwsim.report.page import template
from hwsim.report.picture import ENERGY, Picture
from hwsim.report.plain import cleaned
from hwsim.report.scatter import Axis, Point, scatter
from hwsim.report.search_console import amount, noise, title
from hwsim.report.tables import Cell, Table, fields
from hwsim.storage import write_text

UNITS = {
    "energy_pj": ENERGY,
    "latency_ns": (("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)),
    "area_um2": (("mm²", 1e6), ("µm²", 1.0)),
}
"""Units of an axis; of other costs millions, thousands."""

COUNTED = (("billions", 1e9), ("millions", 1e6), ("thousands", 1e3), ("", 1.0))
PERCENT = (("%", 0.01),)


def write(values: dict[str, Any], directory: Path, winner: dict[str, Any] | None = None) -> Path:
    """Write ``search.html`` for a search (the values of search.json); return its path. ``winner``: the card
    of the best, trained from scratch."""
    path = directory / "search.html"
    write_text(path, render(values, winner))
    return path


def render(values: dict[str, Any], winner: dict[str, Any] | None = None) -> str:
    """The page as text. Equal values give equal pages."""
    shown = cleaned(values)
    rows, best = shown["candidates"], shown["candidates"][shown["best"]]
    return template("search.html.j2").render(
        title=title(shown),
        best=" ".join(best["path"]),
        told=_told(best, shown["spec"]["cost"]),
        doubt=noise(shown),
        pictures=[front(shown), population(shown)],
        rows=_table(shown),
        refused=sum(row["refused"] is not None for row in rows),
        spec=fields("Search", shown["spec"]),
        winner=None if winner is None else fields("The best, trained from scratch", cleaned(winner)),
        hwsim=hwsim.__version__,
    )


def front(values: dict[str, Any]) -> Picture:
    """Accuracy over cost; the front filled."""
    cost, chosen = values["spec"]["cost"], set(values["front"])
    points = [
        Point(
            " ".join(row["path"]) if i == values["best"] else "",
            row["costs"][cost], row["accuracy"], _tip(row, cost), i in chosen,
        )
        for i, row in enumerate(values["candidates"])
        if row["refused"] is None
    ]  # fmt: skip
    caption = (
        f"{len(chosen)} of {len(points)} paths are such that no other is better in both; named: the best."
    )
    svg = scatter(
        f"Accuracy over {cost}. {caption}", points, Axis(cost, UNITS.get(cost, COUNTED)), _percent()
    )
    key = (("", (("no other path is better in both", "array"), ("beaten (rings)", "dram"))),)
    return Picture(f"Accuracy over {cost}", svg, key, caption)


def population(values: dict[str, Any]) -> Picture:
    """Fitness over the rounds; filled: better than all paths of the rounds before."""
    cost, points, most, least = values["spec"]["cost"], [], float("-inf"), float("-inf")
    number = 0
    for row in values["candidates"]:
        if row["fitness"] is None:
            continue
        if row["round"] != number:
            number, least = row["round"], most
        most = max(most, row["fitness"])
        better = row["fitness"] == most and most > least
        points.append(Point("", row["round"], row["fitness"], _tip(row, cost), better))
    caption = (
        "Every path, in the round in which it was evaluated; filled: better than all of the rounds before."
    )
    svg = scatter(
        f"Fitness by round. {caption}", points, Axis("round", (("", 1.0),)), Axis("fitness", (("", 1.0),))
    )
    return Picture(
        "Fitness by round", svg, (("", (("best so far", "array"), ("others (rings)", "dram"))),), caption
    )


def _percent() -> Axis:
    return Axis("accuracy", PERCENT)


def _tip(row: dict[str, Any], cost: str) -> str:
    return f"{' '.join(row['path'])}, round {row['round']}: {_told(row, cost)}"


def _told(row: dict[str, Any], cost: str) -> str:
    spent = "" if row["costs"] is None else f", {cost} {amount(cost, row['costs'][cost])}"
    return f"accuracy {row['accuracy']:.2%}{spent}, {row['parameters']:,} parameters"


def _table(values: dict[str, Any]) -> Table:
    """Every path."""
    rows = values["candidates"]
    names = list(next(row["costs"] for row in rows if row["costs"] is not None))
    made = []
    for i, row in enumerate(rows):
        costs = row["costs"] or {}
        fitness = Cell("–") if row["fitness"] is None else Cell(f"{row['fitness']:.4f}", row["fitness"])
        made.append((
            Cell(" ".join(row["path"]), name=True),
            Cell("front" if i in values["front"] else row["refused"] or "", wide=bool(row["refused"])),
            Cell(str(row["round"]), row["round"]), fitness,
            Cell(f"{row['accuracy']:.2%}", row["accuracy"]),
            Cell(f"{row['parameters']:,}", row["parameters"]),
            *(Cell(amount(n, costs[n]), costs[n]) if n in costs else Cell("–") for n in names),
        ))  # fmt: skip
    heads = ("round", "fitness", "accuracy", "parameters", *names)
    return Table("Paths", ("path", ""), heads, tuple(made), sorted_by=2)
