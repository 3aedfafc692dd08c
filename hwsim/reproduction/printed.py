"""Numbers as the papers print them, from the tables in ``papers/`` (README.md there says whose)."""

import csv
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

from hwsim.errors import HwsimError, nearest

DIRECTORY = Path(__file__).parent / "papers"

PAPERS = ("efficientlif", "autosnn", "snasnet", "tinysnn", "asgl")


@dataclass(frozen=True)
class Printed:
    """One number of a paper: ``text`` as printed, which may be a word."""

    paper: str
    table: str
    row: str
    column: str
    text: str
    unit: str = ""

    @property
    def number(self) -> float | None:
        decimal = self._decimal
        return None if decimal is None else float(decimal)

    @property
    def half_digit(self) -> float:
        """Half a unit of the last digit that is printed; 0 where nothing is a number."""
        decimal = self._decimal
        if decimal is None:
            return 0.0
        exponent = decimal.as_tuple().exponent
        return 0.5 * 10.0 ** int(exponent)

    @property
    def _decimal(self) -> Decimal | None:
        try:
            return Decimal(self.text)
        except InvalidOperation:
            return None


@cache
def numbers(paper: str) -> tuple[Printed, ...]:
    """Every number of a paper. Raises HwsimError for a paper that is not there."""
    if paper not in PAPERS:
        raise HwsimError(f"paper {paper!r}.{nearest(paper, list(PAPERS))}")
    with (DIRECTORY / f"{paper}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Printed(paper, line["table"], line["row"], line["column"], line["value"], line["unit"])
            for line in csv.DictReader(file)
        )


def find(paper: str, table: str, row: str, column: str) -> Printed:
    """One number. Raises HwsimError where the paper has none at that place."""
    for one in numbers(paper):
        if (one.table, one.row, one.column) == (table, row, column):
            return one
    rows = [one.row for one in numbers(paper) if one.table == table]
    raise HwsimError(f"{paper}, table {table}: no {column!r} of row {row!r}.{nearest(row, rows)}")


def value(paper: str, table: str, row: str, column: str) -> float:
    """The same as a number. Raises HwsimError for a word."""
    number = find(paper, table, row, column).number
    if number is None:
        raise HwsimError(f"{paper}, table {table}, {row}, {column}: not a number")
    return number
