"""A result as a fragment of HTML, as notebooks show it: no colors, no script, every text escaped."""

from typing import Any

from hwsim.report import batches, chip_page, headline, page_tables
from hwsim.report.page import template
from hwsim.report.plain import cleaned
from hwsim.report.tables import Table

ROWS = 60
"""Layers or cores that are shown."""


def estimate(values: dict[str, Any]) -> str:
    """Headline, layers and components of an estimate (the dictionary of Result.as_dict)."""
    shown = cleaned(values)
    title = f"{shown['model']['name']} on {shown['hardware']['name']}"
    ran = f"{shown['samples']:,} samples, {batches.beginning(shown)}"
    lead = f"Means per inference of {ran}; table {shown['table']}."
    tables = [page_tables.layers(shown), page_tables.components(shown)]
    return fragment(title, lead, headline.tiles(shown), tables, shown["caveats"])


def cores(values: dict[str, Any]) -> str:
    """Headline, energy and cores of a run on many cores (the dictionary of ChipResult.as_dict)."""
    shown = cleaned(values)
    title = f"{shown['model']['name']} on {shown['chip']['name']}"
    lead = f"Means of a tick; {shown['samples']:,} samples of {shown['ticks']} ticks."
    tables = [chip_page.energy(shown), chip_page.cores(shown)]
    notes = [caveat for row in shown["energy"] for caveat in row["caveats"]]
    return fragment(title, lead, chip_page.tiles(shown), tables, notes)


def fragment(title: str, lead: str, tiles: list[headline.Tile], tables: list[Table], notes: list[str]) -> str:
    """Headline numbers, tables that fold, and notes."""
    return template("notebook.html.j2").render(
        title=title, lead=lead, tiles=tiles, tables=tables, notes=notes, rows=ROWS
    )
