"""Whether each row of a comparison costs less than the first one, by every table of prices that applies."""

from collections.abc import Sequence
from typing import Any

from hwsim.chip.cost import ChipCost
from hwsim.comparison import Row
from hwsim.cost import CostTable, Priced, Sensitivity, sensitivity, verdict
from hwsim.manycore.comparison import CoreRow
from hwsim.manycore.saved import AnyRow, SavedRow
from hwsim.manycore.sensitivity import by_tables


def verdicts(rows: Sequence[AnyRow], chosen: list[CostTable]) -> list[dict[str, Any] | None]:
    """``sensitivity`` of every row of compare.json: its counts by every table beside those of the first.

    Tiles are priced by ``chosen``, event-driven cores by the rows of prices of their chip and
    those that they are compared by. What prices only one of both judges neither. Nothing is simulated again.
    None of a saved result of before, which tells of no other prices than its own.
    """
    known: dict[tuple[int, ...], Sensitivity | None] = {}

    def of(row: AnyRow) -> Sensitivity | None:
        if isinstance(row, Row):
            key: tuple[int, ...] = (id(row.ledger), id(row.hardware))
        else:
            key = (id(row.saved if isinstance(row, SavedRow) else row.placed),)
        if key not in known:
            known[key] = _priced(row, rows, chosen)
        return known[key]

    first = of(rows[0]) if rows else None
    beside = {priced.table: priced for priced in first.rows} if first else {}
    return [
        None if (found := of(row)) is None else _told(found, beside, row.samples, rows[0].samples)
        for row in rows
    ]


def _priced(row: AnyRow, rows: Sequence[AnyRow], chosen: list[CostTable]) -> Sensitivity | None:
    if isinstance(row, Row):
        return sensitivity(row.ledger, row.hardware, None, chosen)
    if isinstance(row, SavedRow):
        return row.saved.by_tables(chosen)
    own = [
        other.cost.prices
        for other in rows
        if isinstance(other, CoreRow) and other.placed is row.placed and isinstance(other.cost, ChipCost)
    ]
    return by_tables(row.placed.run, [*chosen, *own])


def _told(found: Sensitivity, beside: dict[str, Priced], samples: int, first_samples: int) -> dict[str, Any]:
    both = [(row, beside[row.table]) for row in found.rows if row.table in beside]
    judged: dict[str, list[str]] = {"cheaper": [], "dearer": [], "equal": []}
    for row, first in both:
        judged[verdict(row.energy_pj / samples, first.energy_pj / first_samples)].append(row.table)
    return {
        "energy_pj": {row.table: row.energy_pj for row in found.rows},
        "incomplete": [
            row.table
            for row in found.rows
            if row.unpriced or (row.table in beside and beside[row.table].unpriced)
        ],
        "refused": found.refused,
        "span": found.span,
        "verdicts": judged,
        "flips": bool(judged["cheaper"] and judged["dearer"]),
    }
