"""explore.html: the front of a sweep, its points, which parameter matters, how to have a point again."""

from itertools import combinations
from typing import Any

import numpy as np

from hwsim.pareto import non_dominated
from hwsim.report.compare_page import UNITS
from hwsim.report.headline import Tile
from hwsim.report.numbers import NONE, area, duration, joules, quantity
from hwsim.report.page import template
from hwsim.report.parallel import MOST_LINES, axis, lines
from hwsim.report.picture import Picture, size_text
from hwsim.report.plain import cleaned
from hwsim.report.scatter import MOST_POINTS, Axis, Point, scatter
from hwsim.report.tables import Cell, Table, fields

NAME = "explore.html"

SHOWN: dict[str, tuple[str, Any]] = {
    "energy_pj": ("energy", joules),
    "latency_ns": ("time", duration),
    "area_um2": ("area", area),
    "dram_bytes": ("DRAM traffic", size_text),
    "edp_pj_ns": ("energy \N{MULTIPLICATION SIGN} time, pJ ns", quantity),
    "spikes": ("spikes", quantity),
    "lif_memory_bytes": ("LIF memory", size_text),
    "weight_bytes": ("weights", size_text),
    "accuracy": ("accuracy", lambda share: f"{share:.1%}"),
    "utilization": ("issued", lambda share: f"{share:.1%}"),
}
"""Head and form of every quantity."""

MOST_POINTS_LISTED = 2000


def render(values: dict[str, Any]) -> str:
    """The page of explore.json's values as text. Equal dictionaries give equal pages."""
    shown = cleaned(values)
    return template("explore.html.j2").render(
        heading=shown["description"] or "Design space",
        told=sentence(shown),
        tiles=tiles(shown),
        fronts=fronts(shown),
        parallel=parallel(shown),
        best=best(shown),
        importance=importance(shown),
        points=points(shown),
        listed=MOST_POINTS_LISTED,
        count=len(shown["points"]),
        commands=commands(shown),
        troubles=troubles(shown),
        constraints=shown["constraints"],
        setup=fields("Sweep", shown["run"] | {"model": shown["model"], "samples": shown["samples"]}),
        parameters=fields("Parameters", {n: ", ".join(map(str, v)) for n, v in shown["parameters"].items()}),
        hwsim=shown["hwsim"],
        schema=shown["schema"],
    )


def sentence(values: dict[str, Any]) -> str:
    """How many points there are, and of what kind."""
    c = values["counts"]
    others = [
        f"{c[name]} {what}"
        for name, what in (("refused", "refused: no legal design"), ("failed", "failed"))
        if c[name]
    ]
    broken = c["evaluated"] - c["within_constraints"]
    others += [f"{broken} beyond a constraint"] if broken else []
    left_out = ", ".join(others) or "none left out"
    return f"{c['evaluated']} designs evaluated, {len(values['front'])} on the front; {left_out}"


def told(name: str, value: float | None) -> str:
    return NONE if value is None else str(SHOWN[name][1](value))


def tiles(values: dict[str, Any]) -> list[Tile]:
    """The best of the front in each objective."""
    found = []
    for name, direction in values["objectives"].items():
        known = {i: values["points"][i]["values"][name] for i in values["front"]}
        if known:
            place = (max if direction == "maximize" else min)(known, key=known.__getitem__)
            what = "highest" if direction == "maximize" else "least"
            head = f"{what} {SHOWN[name][0]}"
            found.append(Tile(head, told(name, known[place]), known[place], name, f"point {place}"))
    return found


def kept(values: dict[str, Any]) -> list[int]:
    return [i for i, p in enumerate(values["points"]) if p["values"] and not p["broken"]]


def fronts(values: dict[str, Any]) -> list[Picture]:
    """Each pair of objectives: its own front, of the points within all constraints."""
    found = []
    for x, y in combinations(values["objectives"], 2):
        places = [i for i in kept(values) if None not in (values["points"][i]["values"][n] for n in (x, y))]
        if not places:
            continue
        each = [values["points"][i]["values"] for i in places]
        signs = [-1.0 if values["objectives"][n] == "maximize" else 1.0 for n in (x, y)]
        front = non_dominated(np.array([[one[x], one[y]] for one in each], np.float64) * signs)
        drawn = [
            Point(
                str(i), one[x], one[y],
                f"point {i}, {label(values, i)}: {SHOWN[x][0]} {told(x, one[x])}, "
                f"{SHOWN[y][0]} {told(y, one[y])}",
                bool(on),
            )
            for i, one, on in zip(places, each, front, strict=True)
        ]  # fmt: skip
        what = f"{SHOWN[y][0][:1].upper()}{SHOWN[y][0][1:]} over {SHOWN[x][0]}"
        caption = f"{int(front.sum())} of {len(places)} designs are such that no other is better in both."
        if len(places) > MOST_POINTS:
            caption += f" {MOST_POINTS} are drawn, the front first."
        svg = scatter(f"{what}. {caption}", drawn, _axis(x), _axis(y))
        key = (("", (("no other design is better in both", "array"), ("beaten (rings)", "dram"))),)
        found.append(Picture(what, svg, key, caption))
    return found


def parallel(values: dict[str, Any]) -> Picture | None:
    """Parameters and objectives of every point within the constraints, the front in color."""
    places = kept(values)
    if not places:
        return None
    of = [values["points"][i] for i in places]
    front = set(values["front"])
    axes = [axis(short, [p["point"].get(n) for p in of]) for n, short in shortened(values).items()]
    axes += [axis(SHOWN[n][0], [p["values"][n] for p in of], SHOWN[n][1]) for n in values["objectives"]]
    caption = "A line a design, the front in color; objectives last. Up to 12 numbers stand evenly apart."
    if len(places) > MOST_LINES:
        caption += f" {MOST_LINES} of {len(places)} are drawn, the front first."
    tips = [f"point {i}, {label(values, i)}" for i in places]
    svg = lines(caption, axes, [i in front for i in places], tips)
    key = (("", (("on the front of all objectives", "array"), ("beaten", "dram"))),)
    return Picture("All parameters and objectives", svg, key, caption)


def label(values: dict[str, Any], place: int) -> str:
    """What a point sets."""
    short = shortened(values)
    return ", ".join(f"{short[n]} {v}" for n, v in values["points"][place]["point"].items())


def shortened(values: dict[str, Any]) -> dict[str, str]:
    """Of each parameter as many last parts of its dotted name as no other ends with."""
    names, found = list(values["parameters"]), {}
    for name in names:
        parts = name.split(".")
        ends = (".".join(parts[-n:]) for n in range(1, len(parts) + 1))
        found[name] = next(
            (e for e in ends if not any(o != name and f".{o}".endswith(f".{e}") for o in names)), name
        )
    return found


def best(values: dict[str, Any]) -> Table:
    """The front, with every quantity."""
    return _rows("Pareto front", values, values["front"])


def points(values: dict[str, Any]) -> Table:
    """Evaluated points."""
    places = [i for i, p in enumerate(values["points"]) if p["values"]]
    return _rows("Designs", values, places[:MOST_POINTS_LISTED])


def _rows(head: str, values: dict[str, Any], places: list[int]) -> Table:
    names, known, short = list(values["parameters"]), list(SHOWN), shortened(values)
    rows = []
    for i in places:
        one = values["points"][i]
        texts = (Cell(NONE if (v := one["point"].get(n)) is None else str(v), name=True) for n in names)
        cells = (Cell(NONE) if (v := one["values"][n]) is None else Cell(told(n, v), float(v)) for n in known)
        rows.append((Cell(str(i), i), *texts, *cells))
    heads = ("point", *(short[n] for n in names))
    return Table(head, heads, tuple(SHOWN[n][0] for n in known), tuple(rows))


def importance(values: dict[str, Any]) -> Table | None:
    """Variance of each objective that a parameter explains alone."""
    by = values["importance"]
    if not by:
        return None
    rows = [
        (Cell(name, code=True), *(Cell(f"{by[o].get(name, 0):.1%}", by[o].get(name, 0)) for o in by))
        for name in values["parameters"]
    ]
    return Table("Which parameter matters", ("parameter",), tuple(SHOWN[o][0] for o in by), tuple(rows))


def commands(values: dict[str, Any]) -> Table:
    """How to have each point of the front again."""
    rows = [(Cell(i, int(i)), Cell(text, code=True)) for i, text in values["commands"].items()]
    return Table("Commands", ("point", "from the folder of this page"), (), tuple(rows))


def troubles(values: dict[str, Any]) -> Table | None:
    """Reasons of points that are refused or failed, and how many there are of each."""
    reasons: dict[tuple[str, str], int] = {}
    for one in values["points"]:
        for kind in ("refused", "failed"):
            if one[kind]:
                key = (kind, one[kind])
                reasons[key] = reasons.get(key, 0) + 1
    rows = [
        (Cell(kind), Cell(why, wide=True), Cell(quantity(n), n))
        for (kind, why), n in sorted(reasons.items(), key=lambda item: -item[1])[:MOST_POINTS_LISTED]
    ]
    return Table("Left out", ("kind", "reason"), ("designs",), tuple(rows)) if rows else None


def _axis(name: str) -> Axis:
    return Axis(SHOWN[name][0], UNITS.get(name, (("", 1.0),)))
