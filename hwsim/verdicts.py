"""Whether each row of a comparison costs less than the first one, by every energy table."""

from collections.abc import Iterable, Sequence
from typing import Any

from hwsim.comparison import Row
from hwsim.cost import CostTable, Priced, Sensitivity, load_table, sensitivity, tables, verdict


def every_table(asked: Iterable[CostTable] = ()) -> list[CostTable]:
    """All that ship, and those that were asked for in place of one of their name."""
    known = {name: load_table(name) for name in tables()}
    return list((known | {table.name: table for table in asked}).values())


def verdicts(rows: Sequence[object], chosen: list[CostTable]) -> list[dict[str, Any] | None]:
    """``sensitivity`` of every row of compare.json: its ledger by every table beside that of the first.

    None of rows of chips of many cores, and of all rows where the first is one. Nothing is simulated again.
    """
    first = rows[0] if rows else None
    if not isinstance(first, Row):
        return [None] * len(rows)
    known: dict[tuple[int, int], Sensitivity] = {}

    def by_tables(row: Row) -> Sensitivity:
        key = id(row.ledger), id(row.hardware)
        if key not in known:
            known[key] = sensitivity(row.ledger, row.hardware, None, chosen)
        return known[key]

    beside = {priced.table: priced for priced in by_tables(first).rows}
    return [
        _told(by_tables(row), beside, row.samples, first.samples) if isinstance(row, Row) else None
        for row in rows
    ]


def _told(found: Sensitivity, beside: dict[str, Priced], samples: int, first_samples: int) -> dict[str, Any]:
    both = [(row, beside[row.table]) for row in found.rows if row.table in beside]
    judged: dict[str, list[str]] = {"cheaper": [], "dearer": [], "equal": []}
    for row, first in both:
        judged[verdict(row.energy_pj / samples, first.energy_pj / first_samples)].append(row.table)
    return {
        "energy_pj": {row.table: row.energy_pj for row in found.rows},
        "incomplete": [row.table for row, first in both if row.unpriced or first.unpriced],
        "refused": found.refused,
        "span": found.span,
        "verdicts": judged,
        "flips": bool(judged["cheaper"] and judged["dearer"]),
    }
