"""A search of cells, as tables for a terminal."""

from typing import Any

from rich.console import Console
from rich.table import Table

from hwsim.report.cells_page import amount, cost_head, score_text
from hwsim.report.plain import cleaned

SHOWN = 10
"""Cells that a terminal is told of, beside the front."""


def show(values: dict[str, Any], console: Console) -> None:
    """The best cells; where they are costed also the front."""
    values = cleaned(values)
    spec, cells = values["spec"], values["cells"]
    title = f"best of {len(cells):,} cells by {spec['kernel']}, {spec['edges']}"
    console.print(_table(values, title, cells[:SHOWN]))
    if values["cost"] is None:
        return
    front = [one for one in cells if one["front"]]
    costed = sum(bool(one["costs"]) for one in cells)
    title = f"no other of the {costed:,} that were costed has a higher score at a lower {cost_head(values)}"
    console.print(_table(values, title, front))
    refused = [one for one in cells if one["refused"]]
    if refused:
        console.print(
            f"{len(refused)} cells do not fit {values['cost']['chip']}: {refused[0]['refused']}", markup=False
        )


def _table(values: dict[str, Any], title: str, cells: list[dict[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("cell (row = source)")
    costed = values["cost"] is not None
    for name in ("sahd", "hd", "parameters", *([cost_head(values)] if costed else [])):
        table.add_column(name, justify="right")
    for one in cells:
        row = [score_text(one["sahd"]), score_text(one["hd"]), f"{one['parameters']:,}"]
        table.add_row(one["cell"], *row, *([amount(values, one)] if costed else []))
    return table
