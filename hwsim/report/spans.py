"""Networks of many layers in figures of few rows: neighbors share a row."""

from collections.abc import Sequence

MOST_ROWS = 64
SPANS = 48

Row = tuple[str, dict[str, float]]


def spans(count: int) -> list[range]:
    """Layers by rows: one each, or of more than MOST_ROWS at most SPANS stretches of neighbors."""
    width = 1 if count <= MOST_ROWS else -(-count // SPANS)
    return [range(begin, min(begin + width, count)) for begin in range(0, count, width)]


def label(span: range, names: Sequence[str]) -> str:
    """The name of a row: its layer, or which of how many."""
    if len(span) == 1:
        return names[span[0]]
    return f"layers {span[0] + 1:,}\N{EN DASH}{span[-1] + 1:,}"


def together(table: Sequence[Row]) -> list[Row]:
    """Rows of parts, those of a stretch added up."""
    names = [name for name, _ in table]
    found = []
    for span in spans(len(table)):
        parts: dict[str, float] = {}
        for i in span:
            for part, value in table[i][1].items():
                parts[part] = parts.get(part, 0) + value
        found.append((label(span, names), parts))
    return found


def told(count: int) -> str:
    """What a caption says of rows that are several layers."""
    if count <= MOST_ROWS:
        return ""
    return f" Each row is up to {-(-count // SPANS):,} neighboring layers of {count:,}."
