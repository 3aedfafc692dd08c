"""A search of architectures, as a table for a terminal."""

import math
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.numbers import area, duration, joules, quantity
from hwsim.report.plain import cleaned

SHOWN = 10
"""Paths that a terminal is told of."""


def show(values: dict[str, Any], console: Console) -> None:
    """The best paths by fitness, each once, and the front of accuracy and cost."""
    values = cleaned(values)
    spec, rows = values["spec"], values["candidates"]
    table = Table(title=escape(title(values)), title_justify="left")
    table.add_column("path")
    for name in ("fitness", "accuracy", spec["cost"], "parameters", "round"):
        table.add_column(name, justify="right")
    known = [row for row in rows if row["refused"] is None]
    best = sorted(known, key=lambda row: -row["fitness"])[:SHOWN]
    for row in best:
        table.add_row(
            escape(" ".join(row["path"])), f"{row['fitness']:.4f}", f"{row['accuracy']:.2%}",
            amount(spec["cost"], row["costs"][spec["cost"]]), f"{row['parameters']:,}", str(row["round"]),
        )  # fmt: skip
    console.print(table)
    told = [rows[i] for i in values["front"]]
    console.print(f"front of accuracy and {spec['cost']}: {len(told)} path{'s' * (len(told) != 1)}")
    for row in sorted(told, key=lambda row: -row["accuracy"]):
        spent = amount(spec["cost"], row["costs"][spec["cost"]])
        console.print(f"  {row['accuracy']:.2%}  {spent}  {escape(' '.join(row['path']))}")
    if refused := len(rows) - len(known):
        first = next(row["refused"] for row in rows if row["refused"])
        console.print(f"{refused} paths have no fitness on {escape(spec['hardware'])}: {escape(first)}")
    if doubt := noise(values):
        console.print(doubt)


def noise(values: dict[str, Any]) -> str | None:
    """Says so where the best and the worst path are less than two standard errors of a difference apart."""
    found = [row["accuracy"] for row in values["candidates"] if row["refused"] is None]
    images, least, most = values["spec"]["validation"], min(found), max(found)
    error = math.sqrt((least * (1 - least) + most * (1 - most)) / images)
    if len(found) < 2 or most - least > 2 * error:
        return None
    return (
        f"accuracies from {least:.2%} to {most:.2%} on {images} images are within noise: the cost decides; "
        "train the supernet longer, or take more images (--validation)"
    )


def title(values: dict[str, Any]) -> str:
    """What was searched, where and for what."""
    spec = values["spec"]
    weighed = f"accuracy, {spec['cost']}^{spec['factor']:g} on {spec['hardware']}"
    if spec["fitness"] == "linear":
        weighed = f"accuracy {spec['factor']:+g} {spec['cost']} on {spec['hardware']}"
    if not spec["factor"]:
        weighed = "accuracy alone"
    return (
        f"{len(values['candidates'])} paths of {values['supernet']['model']} by {spec['sampler']}: {weighed}"
    )


def amount(name: str, value: float) -> str:
    """A cost in its unit."""
    if name.endswith("_pj"):
        return joules(value)
    if name.endswith("_um2"):
        return area(value)
    return duration(value) if name == "latency_ns" else quantity(value)
