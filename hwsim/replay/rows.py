"""CSV files in, CSV files out, a chunk of rows at a time: what every engine's replay of a table needs."""

import csv
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from reprlib import repr as short
from typing import TextIO

from hwsim.errors import HwsimError, HwsimWarning
from hwsim.storage import atomic_path, is_same

CHUNK = 1 << 12
"""Rows at a time."""

LINE_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Chunk:
    """Some rows, by column, as they stand in the file. ``read``: the rows with the blank lines among them;
    the first begins on line ``begins``."""

    columns: list[tuple[str, ...]]
    place: dict[str, int]
    read: list[list[str]]
    begins: int

    def column(self, name: str) -> tuple[str, ...]:
        return self.columns[self.place[name]]

    def line(self, row: int) -> int:
        """The line on which a row begins; a quoted field may hold line breaks."""
        return line_of(self.read, [i for i, fields in enumerate(self.read) if fields][row], self.begins)


def line_of(read: list[list[str]], place: int, begins: int) -> int:
    breaks = sum(len(LINE_BREAK.findall(field)) for fields in read[:place] for field in fields)
    return begins + place + breaks


class Table:
    """An open CSV file whose header has been read. Raises HwsimError naming file, line and column."""

    def __init__(self, path: Path, file: TextIO, needed: Sequence[str], chunk_rows: int = CHUNK) -> None:
        self.path, self.chunk_rows = path, chunk_rows
        self._reader = csv.reader(file, strict=True)
        with self._readable():
            header = next(filter(None, self._reader), None)
        if header is None:
            raise HwsimError(f"{path}: empty file; needed: a header with the columns {', '.join(needed)}")
        self.header: list[str] = header
        names = [name.strip() for name in header]
        where = f"{path}, line {self._reader.line_num}"
        missing = [name for name in needed if name not in names]
        if missing:
            raise HwsimError(
                f"{where}: column {', '.join(missing)} is missing; found {short(', '.join(names))}; "
                f"needed: {', '.join(needed)}"
            )
        for name in names:
            if names.count(name) > 1:
                raise HwsimError(
                    f"{where}: column {short(name)} appears {names.count(name)} times; allowed: once"
                )
        self.place = {name: i for i, name in enumerate(names)}

    def chunks(self) -> Iterator[Chunk]:
        """The rows, chunk by chunk; blank lines are skipped."""
        while read := self._read(begins := self._reader.line_num + 1):
            rows = [row for row in read if row]
            if rows:
                yield Chunk(list(zip(*rows, strict=True)), self.place, read, begins)

    def where(self, chunk: Chunk, row: int) -> str:
        return f"{self.path}, line {chunk.line(row)}"

    def _read(self, begins: int) -> list[list[str]]:
        with self._readable():
            read = list(islice(self._reader, self.chunk_rows))
        width = len(self.header)
        if {*map(len, read)} - {0, width}:
            place = next(i for i, row in enumerate(read) if len(row) not in (0, width))
            raise HwsimError(
                f"{self.path}, line {line_of(read, place, begins)}: found {len(read[place])} fields; "
                f"allowed: the header's {width}"
            )
        return read

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except csv.Error as error:
            line = self._reader.line_num
            raise HwsimError(f"{self.path}, line {line}: not a row of a CSV file ({error})") from None
        except UnicodeDecodeError as error:
            after = self._reader.line_num
            raise HwsimError(
                f"{self.path}, after line {after}: not a text file in UTF-8 ({error.reason})"
            ) from None
        except OSError as error:
            raise HwsimError(f"{self.path}: cannot be read: {error.strerror or error}") from None


@contextmanager
def opened(path: Path, needed: Sequence[str], chunk_rows: int = CHUNK) -> Iterator[Table]:
    """A table to read. ``needed``: columns it must have; others may stand anywhere among them."""
    try:
        file = path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise HwsimError(f"{path}: cannot be read: {error.strerror or error}") from None
    with file:
        yield Table(path, file, needed, chunk_rows)


@contextmanager
def written(path: Path, source: Path) -> Iterator[TextIO]:
    """A text file that appears at ``path`` when the block ends without an error; never the ``source``."""
    if is_same(path, source):
        raise HwsimError(f"{path}: the output would overwrite the input; name another file")
    try:
        with atomic_path(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
            yield file
    except OSError as error:
        raise HwsimError(f"{path}: cannot be written: {error.strerror or error}") from None


def write(file: TextIO, kept: Sequence[Sequence[str]], new: Sequence[Sequence[object]]) -> None:
    """Columns and new ones behind them, in lines that end in a newline. The csv module quotes a field for a
    newline or comma in it, but not for a lone carriage return: where there is one, every field is quoted."""
    returns = any("\r" in "".join(column) for column in kept)
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL if returns else csv.QUOTE_MINIMAL)
    writer.writerows(zip(*kept, *new, strict=True))


def kept_header(table: Table, names: Sequence[str]) -> list[str]:
    """The header before new columns are added. A column of the file that has the name of a new one is passed
    through as given_NAME, with a warning."""
    kept = [f"given_{name.strip()}" if name.strip() in names else name for name in table.header]
    for name in kept:
        if kept.count(name) > 1:
            raise HwsimError(
                f"{table.path}: the file has {name} and {name.removeprefix('given_')}, which would be passed "
                "through under one name; rename one"
            )
    taken = [name.strip() for name in table.header if name.strip() in names]
    if taken:
        warnings.warn(
            f"{table.path} has columns that are to be added: {', '.join(taken)}; they are passed through as "
            f"given_{', given_'.join(taken)}",
            HwsimWarning,
            stacklevel=2,
        )
    return kept
