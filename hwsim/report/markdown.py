"""A result's headline, tables and figures as Markdown."""

import html
import re
from collections.abc import Iterable

from hwsim.report.headline import Tile
from hwsim.report.picture import Picture
from hwsim.report.tables import Cells, Table

ROWS = 200
"""Rows of a table that are written."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")


def escaped(text: str) -> str:
    """A text that no reader of Markdown takes as markup, on one line."""
    return html.escape(_SPECIAL.sub(r"\\\1", " ".join(text.split())), quote=False)


def page(
    title: str,
    lead: str,
    tiles: Iterable[Tile],
    tables: Iterable[Table],
    pictures: dict[str, tuple[Picture, str | None]],
    notes: Iterable[str] = (),
) -> str:
    """``pictures``: each with the path of its file, None where there is none that Markdown can show."""
    parts = [f"# {escaped(title)}", escaped(lead)]
    head = ["| mean | | |", "| --- | ---: | --- |"]
    parts.append(
        "\n".join([*head, *(f"| {escaped(t.name)} | {escaped(t.text)} | {escaped(t.note)} |" for t in tiles)])
    )
    parts += [escaped(note) for note in notes]
    for picture, file in pictures.values():
        if file is not None:
            parts += [
                f"## {escaped(picture.title)}",
                f"![{escaped(picture.title)}]({file})",
                escaped(picture.caption),
            ]
    for table in tables:
        parts += [f"## {escaped(table.label)}", _table(table)]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    lines = [
        _row(head for head, _ in table.heads),
        "| " + " | ".join("---:" if numeric else "---" for _, numeric in table.heads) + " |",
        *(_row(_texts(cells)) for cells in table.rows[:ROWS]),
    ]
    if table.total:
        lines.append(_row(_texts(table.total)))
    if len(table.rows) > ROWS:
        lines += ["", f"{len(table.rows) - ROWS:,} more rows are in the CSV and JSON files."]
    return "\n".join(lines)


def _texts(cells: Cells) -> Iterable[str]:
    return (cell.text for cell in cells)


def _row(texts: Iterable[str]) -> str:
    return "| " + " | ".join(map(escaped, texts)) + " |"
