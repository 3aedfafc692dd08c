"""Which function gives ours for which number of a paper: a list, read from the top."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from hwsim.errors import HwsimError
from hwsim.reproduction.printed import Printed, numbers
from hwsim.reproduction.rows import Ours, Row, cell


@dataclass(frozen=True)
class Rule:
    """For numbers whose table, row and column match these expressions as a whole; ``ours`` gets the number
    and the match of its row."""

    table: str
    row: str
    column: str
    ours: Callable[[Printed, re.Match[str]], Ours]

    def matches(self, printed: Printed) -> re.Match[str] | None:
        if not (re.fullmatch(self.table, printed.table) and re.fullmatch(self.column, printed.column)):
            return None
        return re.fullmatch(self.row, printed.row)


ANY = ".*"


def answered(printed: Printed, rules: tuple[Rule, ...]) -> Row:
    """The row of a number by the first rule that matches. Raises HwsimError if none does."""
    for rule in rules:
        if match := rule.matches(printed):
            return cell(printed, rule.ours(printed, match))
    raise HwsimError(f"{printed.paper}, table {printed.table}, {printed.row}, {printed.column}: no rule")


def cells(paper: str, rules: tuple[Rule, ...], progress: Callable[[str, int, int], None]) -> list[Row]:
    """A row for every number that the paper prints, in its order."""
    every, rows = numbers(paper), []
    for done, printed in enumerate(every, 1):
        rows.append(answered(printed, rules))
        progress(paper, done, len(every))
    return rows
