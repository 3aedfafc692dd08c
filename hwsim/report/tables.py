"""Tables of a page: cells with the values behind them, sorted and filtered by the page's script."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

SHORT = 4
"""Letters of a text that takes no room at the begin of a row, like its number."""


@dataclass(frozen=True)
class Cell:
    """What a table shows and, for a number, the value behind it.

    ``name``: a text that a user chose, which keeps its own direction and may be broken anywhere; ``code``: a
    name of hwsim's own; ``wide``: a sentence; ``link``: where it leads.
    """

    text: str
    value: float | None = None
    series: str | None = None
    name: bool = False
    code: bool = False
    wide: bool = False
    link: str | None = None


Cells = tuple[Cell, ...]


def row_html(cells: Cells, texts: int) -> Markup:
    """A row of a table, of which the first ``texts`` cells are no numbers. Every text is escaped."""
    parts = ["<tr>"]
    for i, cell in enumerate(cells):
        tag, begin = ("td", "td") if i else ("th", 'th scope="row"')
        look = ' class="n"' if i >= texts else ' class="wide"' if cell.wide else ""
        if not i and len(cell.text) <= SHORT:
            look = ' class="short"'
        value = "" if cell.value is None else f' data-v="{cell.value:.9g}"'
        parts.append(f"<{begin}{look}{value}>{_inside(cell)}</{tag}>")
    return Markup("".join(parts) + "</tr>")  # noqa: S704 - texts are escaped below


def _inside(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.link:
        text = Markup('<a href="{}" class="name" dir="auto">{}</a>').format(cell.link, text)
    elif cell.code:
        text = Markup("<code>{}</code>").format(text)
    elif cell.name:
        text = Markup('<span class="name" dir="auto">{}</span>').format(text)
    if cell.series:
        swatch = Markup('<i class="swatch" style="background:var(--{})"></i>').format(cell.series)
        return f"{swatch}{text}"
    return str(text)


@dataclass(frozen=True)
class Table:
    """``texts`` head the first columns, ``numbers`` the others, which stand to the right.

    ``total`` stays below, however rows are sorted. ``sorted_by``: the column whose order the rows have.
    """

    label: str
    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    rows: tuple[Cells, ...]
    total: Cells | None = None
    sorted_by: int | None = None

    @property
    def heads(self) -> tuple[tuple[str, bool], ...]:
        """Every head, and whether its column is of numbers."""
        return (*((h, False) for h in self.texts), *((h, True) for h in self.numbers))


def fields(
    label: str,
    values: dict[str, Any],
    skipped: tuple[str, ...] = (),
    sources: dict[str, str] | None = None,
) -> Table:
    """Nested values as dotted names and texts, with the source of each if there are any."""
    rows = []
    for name, text in _dotted(values, skipped):
        row = (Cell(name, code=True), Cell(text, wide=True))
        rows.append(row if sources is None else (*row, Cell(str(sources.get(name, "")), wide=True)))
    heads = ("field", "value") if sources is None else ("field", "value", "source")
    return Table(label, heads, (), tuple(rows))


def _dotted(values: dict[str, Any], skipped: tuple[str, ...] = (), prefix: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if name in skipped:
            continue
        if isinstance(value, dict) and value:
            found += _dotted(value, (), f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", _field(value)))
    return found


def _field(value: Any) -> str:
    if value is None or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
