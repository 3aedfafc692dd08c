"""search.html: score against cost of the cells of a search, and the commands that train the front's."""

from pathlib import Path
from typing import Any

from hwsim.report.compare_page import SHOWN, UNITS
from hwsim.report.numbers import NONE, quantity
from hwsim.report.page import template
from hwsim.report.picture import Picture
from hwsim.report.plain import cleaned
from hwsim.report.scatter import MOST_POINTS, Axis, Point, scatter
from hwsim.report.tables import Cell, Table
from hwsim.storage import write_text

BEST = 200
"""Cells that the page's table has, by falling score; search.csv has all."""

UNITLESS = (("", 1.0),)
NOTE = (
    "Scores and costs are of untrained networks with the random weights of one seed, costs by their own "
    "spikes with normalizations as they were when scored. A trained network of the same cell fires "
    "otherwise: docs/search.md tells how well these costs order those of trained ones"
)


def write(values: dict[str, Any], path: Path) -> Path:
    """Write the page of a search with costs (search.json's values)."""
    write_text(path, render(values))
    return path


def render(values: dict[str, Any]) -> str:
    """The page as text. Equal values give equal pages."""
    shown = cleaned(values)
    spec, cost, cells = shown["spec"], shown["cost"], shown["cells"]
    front = [one for one in cells if one["front"]]
    return template("cells.html.j2").render(
        heading=f"{len(cells):,} cells of {spec['data']}",
        told=f"{spec['edges']}, scored by {spec['kernel']}, {cost_head(shown)} of a sample on {cost['chip']}",
        picture=picture(shown),
        front=table(shown, "Front", front),
        best=table(shown, "Best by score", cells[:BEST]),
        commands=[one["train"] for one in front],
        refused=sorted({one["refused"] for one in cells if one["refused"]}),
        note=NOTE,
        hwsim=shown["hwsim"],
    )


def picture(values: dict[str, Any]) -> Picture:
    """Score over cost."""
    kernel, name, head = values["spec"]["kernel"], values["cost"]["cost"], cost_head(values)
    points = [
        Point(
            one["cell"] if one["front"] else "", one["costs"][name], one[kernel],
            f"{one['cell']}: {kernel} {score_text(one[kernel])}, {head} {amount(values, one)}",
            one["front"],
        )
        for one in values["cells"]
        if name in one["costs"] and one[kernel] is not None
    ]  # fmt: skip
    what = f"{kernel} over {head}"
    best = sum(point.best for point in points)
    caption = f"No other of {len(points):,} cells has a higher score at a lower cost than {best} of them."
    if len(points) > MOST_POINTS:
        caption += f" Drawn: the front and the best others by score, {MOST_POINTS} together."
    key = (("", (("the front", "array"), ("beaten (rings)", "dram"))),)
    if not points:
        return Picture(what, "", key, "No cell has a score and a cost.")
    across = Axis(head, UNITS.get(name, UNITLESS))
    return Picture(what, scatter(f"{what}. {caption}", points, across, Axis(kernel, UNITLESS)), key, caption)


def table(values: dict[str, Any], label: str, cells: list[dict[str, Any]]) -> Table:
    name = values["cost"]["cost"]
    rows = tuple(
        (
            Cell(one["cell"], code=True),
            *(Cell(score_text(one[k]), one[k]) for k in ("sahd", "hd")),
            Cell(quantity(one["parameters"]), one["parameters"]),
            Cell(amount(values, one), one["costs"].get(name)),
        )
        for one in cells
    )
    return Table(label, ("cell",), ("sahd", "hd", "parameters", cost_head(values)), rows, sorted_by=1)


def cost_head(values: dict[str, Any]) -> str:
    name = str(values["cost"]["cost"])
    return SHOWN[name][0] if name in SHOWN else name.replace("_", " ")


def amount(values: dict[str, Any], one: dict[str, Any]) -> str:
    """The cost of a cell with its unit."""
    name = values["cost"]["cost"]
    value = one["costs"].get(name)
    if value is None:
        return NONE
    return SHOWN[name][1](value) if name in SHOWN else quantity(value)


def score_text(value: float | None) -> str:
    return "-inf" if value is None else f"{value:.2f}"
