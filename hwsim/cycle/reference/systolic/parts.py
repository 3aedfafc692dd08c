"""What both kinds of array are made of: SRAMs that count, folds, flits, and causes of cycles."""

from collections.abc import Sequence
from dataclasses import dataclass

Matrix = Sequence[Sequence[int]]


class Sram:
    """A matrix whose accesses are counted."""

    def __init__(self, values: Matrix) -> None:
        self.values = [list(row) for row in values]
        self.reads = self.writes = 0

    @classmethod
    def zeros(cls, rows: int, columns: int) -> "Sram":
        return cls([[0] * columns for _ in range(rows)])

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.values), len(self.values[0])

    def read(self, i: int, j: int) -> int:
        self.reads += 1
        return self.values[i][j]

    def add(self, i: int, j: int, value: int) -> None:
        """A write, into an accumulating buffer: partial sums of later folds are added to what is there."""
        self.writes += 1
        self.values[i][j] += value


class Transposed:
    """An SRAM seen with its indices exchanged; accesses count in the SRAM."""

    def __init__(self, sram: Sram) -> None:
        self.sram = sram

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.sram.shape
        return columns, rows

    def read(self, i: int, j: int) -> int:
        return self.sram.read(j, i)

    def add(self, i: int, j: int, value: int) -> None:
        self.sram.add(j, i, value)


Memory = Sram | Transposed


@dataclass(frozen=True)
class Fold:
    """What lies on the rows and the columns of the array: indices of the two stationary dimensions."""

    rows: range
    columns: range


def folds(on_rows: int, on_columns: int, rows: int, columns: int) -> list[Fold]:
    """Pieces of at most rows x columns that cover a plane of on_rows x on_columns."""
    return [
        Fold(range(i, min(i + rows, on_rows)), range(j, min(j + columns, on_columns)))
        for i in range(0, on_rows, rows)
        for j in range(0, on_columns, columns)
    ]


@dataclass(frozen=True)
class Flit:
    """A value on its way, the fold it belongs to, and its number in the fold's stream; None is no value."""

    fold: int
    number: int
    value: int | None


def together(made: list[Fold], overlap: bool) -> list[list[Fold]]:
    """Folds that are in the array at once."""
    return [made] if overlap else [[fold] for fold in made]


def left(flit: Flit | None, last: tuple[int, int]) -> bool:
    """Whether the last flit has been through the last PE."""
    return flit is not None and (flit.fold, flit.number) == last


@dataclass
class Cycles:
    """Every cycle has one cause: what the first PE did in it."""

    stream: int = 0
    preload: int = 0
    fill_drain: int = 0

    def count(self, entered: bool, more_to_come: bool) -> None:
        if entered:
            self.stream += 1
        elif more_to_come:
            self.preload += 1
        else:
            self.fill_drain += 1

    @property
    def total(self) -> int:
        return self.stream + self.preload + self.fill_drain
