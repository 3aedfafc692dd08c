"""A CSV of DRAM requests, read in chunks: quickly where all is right, row by row to name what is not."""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np

from hwsim.configuration import shown
from hwsim.dram.engine import Trace
from hwsim.errors import HwsimError, nearest

COLUMNS = ("arrival_cycle", "address", "bytes", "direction")
ADDED = ("completion_cycle", "row_outcome")
DIRECTIONS = {"read": 0, "write": 1}
CHUNK = 200_000
LARGEST = 2**60


def read_chunks(path: Path, lines: IO[str], capacity: int) -> Iterator[tuple[list[list[str]], Trace]]:
    """First the header with an empty trace, then chunks of rows with what they say."""
    reader = csv.reader(lines, strict=True)
    header = _header(path, reader)
    places = [header.index(name) for name in COLUMNS]
    yield [header], _trace([[], [], [], []])
    previous = 0
    numbered = ((reader.line_num, row) for row in reader if row)
    while True:
        with _readable(path, reader):
            chunk = list(islice(numbered, CHUNK))
        if not chunk:
            return
        rows = [row for _, row in chunk]
        try:
            columns = list(zip(*rows, strict=True))
            if not all(_in_digits(columns[at]) for at in places[:3]):
                raise HwsimError("")
            values = [list(map(int, columns[at])) for at in places[:3]]
            trace = _trace([*values, [DIRECTIONS[text] for text in columns[places[3]]]])
            trace.verify(capacity)
            if len(columns) != len(header) or trace.arrival[0] < previous:
                raise HwsimError("")
        except (ValueError, KeyError, IndexError, OverflowError):
            trace = _slowly(path, chunk, header, places, (previous, capacity))
        previous = int(trace.arrival[-1])
        yield rows, trace


def _trace(values: list[list[int]]) -> Trace:
    arrival, address, size = (np.array(v, np.int64) for v in values[:3])
    return Trace(arrival, address, size, np.array(values[3], np.uint8))


@contextmanager
def _readable(path: Path, reader: Any) -> Iterator[None]:
    try:
        yield
    except csv.Error as error:
        raise HwsimError(f"{path}:{reader.line_num}: not readable as CSV: {error}") from None


def _header(path: Path, reader: Any) -> list[str]:
    """The first line that is not blank, names without the spaces around them. Raises HwsimError unless it
    names every column once."""
    with _readable(path, reader):
        header: list[str] = next((row for row in reader if row), [])
    names = [name.strip() for name in header]
    names = ["direction" if name == "read|write" else name for name in names]
    where = f"{path}:{reader.line_num or 1}"
    for name in COLUMNS:
        if names.count(name) != 1:
            raise HwsimError(
                f"{where}: column {name!r} is there {names.count(name)} times, must be once; found "
                f"{shown(','.join(names)) if names else 'nothing'}. Columns: {', '.join(COLUMNS)} "
                "(read or write); others are passed through"
            )
    for name in ADDED:
        if name in names:
            raise HwsimError(f"{where}: column {name!r} is one that the replay adds; rename it")
    return names


def _in_digits(texts: Sequence[str]) -> bool:
    """Whether all are of ASCII digits; an empty one, which joins to nothing, is for int() to refuse."""
    joined = "".join(texts)
    return joined.isascii() and joined.isdecimal()


def _slowly(
    path: Path,
    chunk: list[tuple[int, list[str]]],
    header: list[str],
    places: list[int],
    state: tuple[int, int],
) -> Trace:
    """Read row by row: numbers may also be hexadecimal (0x...). Raises HwsimError naming the first bad row.

    ``chunk``: rows with their lines; ``state``: the arrival before them, the DRAM's capacity in bytes.
    """
    previous, capacity = state
    values: list[list[int]] = [[], [], [], []]
    for line, row in chunk:
        where = f"{path}:{line}"
        if len(row) != len(header):
            raise HwsimError(f"{where}: {len(row)} columns, the header has {len(header)}")
        numbers = [_number(where, COLUMNS[k], row[places[k]]) for k in range(3)]
        direction = row[places[3]].strip()
        if direction not in DIRECTIONS:
            raise HwsimError(f"{where}: direction {direction!r}.{nearest(direction, list(DIRECTIONS))}")
        arrival, address, size = numbers
        if arrival < previous:
            raise HwsimError(
                f"{where}: arrival_cycle {arrival} comes after {previous}; must not fall: sort the rows"
            )
        if size < 1:
            raise HwsimError(f"{where}: bytes {size}; must be 1 or more")
        if address + size > capacity:
            raise HwsimError(
                f"{where}: address {address} with {size} bytes ends at {address + size}; the DRAM has "
                f"addresses 0 to {capacity - 1}"
            )
        previous = arrival
        for column, value in zip(values, (*numbers, DIRECTIONS[direction]), strict=True):
            column.append(value)
    return _trace(values)


def _number(where: str, name: str, text: str) -> int:
    plain = text.strip()
    hexadecimal = re.fullmatch(r"0[xX][0-9a-fA-F]+", plain)
    try:
        decimal = plain.isascii() and plain.isdecimal()
        value = int(plain, 16) if hexadecimal else int(plain) if decimal else -1
    except ValueError:
        value = -1
    if not 0 <= value < LARGEST:
        raise HwsimError(
            f"{where}: {name} {shown(text)}; must be a whole number from 0 to {LARGEST - 1}, "
            "in digits or as 0x..."
        )
    return value
