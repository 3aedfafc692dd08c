"""A sweep, as tables for a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.explore_page import SHOWN, label, sentence, told
from hwsim.report.plain import cleaned

MOST_SHOWN = 20


def show(values: dict[str, Any], console: Console) -> None:
    """Counts, the front, and what each parameter explains of each objective."""
    values = cleaned(values)
    console.print(escape(sentence(values)))
    table = Table(title="Pareto front", title_justify="left")
    table.add_column("point", justify="right")
    for name in values["objectives"]:
        table.add_column(SHOWN[name][0], justify="right")
    table.add_column("design")
    for place in values["front"][:MOST_SHOWN]:
        one = values["points"][place]["values"]
        cells = (told(name, one[name]) for name in values["objectives"])
        table.add_row(str(place), *cells, escape(label(values, place)))
    console.print(table)
    if len(values["front"]) > MOST_SHOWN:
        console.print(f"the first {MOST_SHOWN} of {len(values['front'])}; explore.html has all")
    for name, by in values["importance"].items():
        ranked = sorted(by.items(), key=lambda item: -item[1])
        shares = ", ".join(f"{escape(p)} {share:.0%}" for p, share in ranked if share >= 0.01)
        console.print(f"{SHOWN[name][0]} varies with: {shares or 'no parameter alone'}")
