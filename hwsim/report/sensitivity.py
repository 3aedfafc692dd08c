"""What the same counts come to under every table, and what an answer costs after fewer steps: of one
inference, as figures, tables and sentences. Results of before may have neither."""

from typing import Any

import numpy as np

from hwsim.pareto import non_dominated
from hwsim.report.numbers import NONE, duration, joules, percent
from hwsim.report.picture import ENERGY, Picture, legend, size_text, stacked
from hwsim.report.scatter import Axis, Point, scatter
from hwsim.report.series import COMPONENTS
from hwsim.report.tables import Cell, Table


def of(values: dict[str, Any]) -> dict[str, Any] | None:
    """The sensitivity, where there is one with rows."""
    found: dict[str, Any] | None = values.get("sensitivity")
    return found if found and found["rows"] else None


def table(values: dict[str, Any]) -> Table | None:
    """A row a table: energy beside the ANN's, and the constant that weighs most."""
    found, samples = of(values), values["samples"]
    if found is None:
        return None
    rows = []
    for i, row in enumerate(found["rows"], 1):
        heaviest, ann = row["dominating"], row["ann_energy_pj"]
        own = " (this result's)" if row["table"] in _own(values) else ""
        rows.append(
            (
                Cell(f"{row['table']}{own}", i, name=True),
                Cell(
                    ("" if row["complete"] else "at least ") + joules(row["energy_pj"] / samples),
                    row["energy_pj"] / samples,
                ),
                Cell(NONE) if ann is None else Cell(joules(ann / samples), ann / samples),
                Cell(NONE) if row["ratio"] is None else Cell(f"{row['ratio']:.4g}", row["ratio"]),
                Cell(percent(heaviest["share"], 1.0), heaviest["share"]) if heaviest else Cell(NONE),
                Cell(heaviest["constant"] if heaviest else NONE, code=bool(heaviest)),
                Cell(", ".join(row["unpriced"]) or "none", wide=True),
            )
        )
    numbers = ("SNN", "ANN", "SNN / ANN", "share of the heaviest")
    return Table(
        "Sensitivity to constants, energy per inference", ("table",), numbers, tuple(rows),
        after=("constant that weighs most", "without a price"),
    )  # fmt: skip


def _own(values: dict[str, Any]) -> tuple[str, ...]:
    """The tables that price the result itself; several of a chip of event-driven cores."""
    return (values["table"],) if "table" in values else tuple(row["prices"] for row in values["energy"])


def figure(values: dict[str, Any], components: dict[str, tuple[str, str]] = COMPONENTS) -> Picture | None:
    """Energy by component, a bar for every table; ``components``: label and series of each."""
    found, samples = of(values), values["samples"]
    if found is None:
        return None
    rows = [
        (row["table"], {c: row["energy_pj_by_component"].get(c, 0.0) / samples for c in components})
        for row in found["rows"]
    ]
    what, caption = "The same counts under every table", told(found)
    return Picture(what, stacked(what, rows, components, ENERGY, caption), legend(rows, components), caption)


def told(found: dict[str, Any]) -> str:
    """Range in words, and the verdict that all tables share; where they do not, :func:`turns` has it."""
    text = "1 table prices" if len(found["rows"]) == 1 else f"{len(found['rows'])} tables price"
    text += " these counts"
    text += f"; the most is {found['span']:,.3g} times the least." if found["span"] else "."
    verdicts = [how for how, names in found["ann_verdicts"].items() if names]
    if verdicts and not found["flips"]:
        (how,) = verdicts
        every = len(found["ann_verdicts"][how]) == len(found["rows"])
        text += f" Under all {'of them' if every else 'that price both'} the SNN is {how} "
        text += "to the ANN." if how == "equal" else "than the ANN."
    return text


TURNS = "Which costs less, SNN or ANN, turns with the table"


def turns(values: dict[str, Any]) -> str | None:
    """What each table says of SNN and ANN, ``(in part)`` of one that does not price all; None where
    none contradicts another."""
    found = of(values)
    if found is None or not found["flips"]:
        return None
    verdicts = {how: names for how, names in found["ann_verdicts"].items() if names}
    partly = {row["table"] for row in found["rows"] if not row["complete"]}
    each = [
        f"{how} under {', '.join(f'{name} (in part)' if name in partly else name for name in names)}"
        for how, names in verdicts.items()
    ]
    return f"the SNN is {'; '.join(each)}"


def over_time_figure(values: dict[str, Any]) -> Picture | None:
    """Accuracy over energy, a point for every number of steps; None where no accuracy is known."""
    samples = values["samples"]
    known = [row for row in values.get("over_time") or () if row["accuracy"] is not None]
    if len(known) < 2:
        return None
    costs = [(row["totals"]["energy_pj"] / samples, row["accuracy"]) for row in known]
    best = non_dominated(np.array([(energy, -share) for energy, share in costs]))
    points = [
        Point(
            f"T = {(t := row['timesteps'])}",
            energy,
            share,
            f"T = {t}: {share:.1%}, {joules(energy)}",
            bool(b),
        )
        for row, (energy, share), b in zip(known, costs, best, strict=True)
    ]
    what = "Accuracy over energy, read out after fewer steps"
    named = ", ".join(p.name for p in points if p.best)
    caption = f"Of one run, read out after every step. No other is both better and cheaper than {named}."
    svg = scatter(f"{what}. {caption}", points, Axis("energy", ENERGY), Axis("accuracy", (("%", 0.01),)))
    return Picture(what, svg, (), caption)


def over_time(values: dict[str, Any]) -> Table | None:
    """What an answer that is read out after fewer steps is worth and costs."""
    if not values.get("over_time"):
        return None
    samples, rows = values["samples"], []
    for row in values["over_time"]:
        totals, right = row["totals"], row["accuracy"]
        shown = (("energy_pj", joules), ("latency_ns", duration), ("dram_bytes", size_text))
        rows.append(
            (
                Cell(f"{row['timesteps']}", row["timesteps"]),
                Cell(NONE) if right is None else Cell(f"{right:.1%}", right),
                *(Cell(form(totals[name] / samples), totals[name] / samples) for name, form in shown),
            )
        )
    numbers = ("accuracy", "energy", "latency", "DRAM traffic")
    return Table("Read out after fewer timesteps", ("timesteps",), numbers, tuple(rows), sorted_by=0)
