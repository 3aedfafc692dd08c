"""Whether each row of a comparison costs less than the first one, by every energy table."""

from collections.abc import Iterable, Sequence
from typing import Any

from hwsim.comparison import Row
from hwsim.cost import CostTable, Sensitivity, load_table, sensitivity, tables


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
    known: dict[tuple[int, int], dict[str, Any]] = {}
    found: list[dict[str, Any] | None] = []
    for row in rows:
        if not isinstance(row, Row):
            found.append(None)
            continue
        key = id(row.ledger), id(row.hardware)
        if key not in known:
            beside = first.ledger, first.hardware, row.samples / first.samples
            known[key] = _told(sensitivity(row.ledger, row.hardware, beside, chosen))
        found.append(known[key])
    return found


def _told(found: Sensitivity) -> dict[str, Any]:
    return {
        "energy_pj": {row.table: row.energy_pj for row in found.rows},
        "first_energy_pj": {row.table: row.against_pj for row in found.rows},
        "incomplete": [row.table for row in found.rows if row.unpriced],
        "refused": found.refused,
        "span": found.span,
        "verdicts": found.verdicts,
        "flips": found.flips,
    }
