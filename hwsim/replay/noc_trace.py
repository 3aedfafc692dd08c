"""A trace of packets, read in chunks: quickly where all is right, line by line to name what is not."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from hwsim.errors import HwsimError
from hwsim.noc.network import LONGEST, Traffic, traffic

FIELDS = ("cycle", "src", "dst", "flits")
CHUNK = 200_000
LATEST = 2**60


def read_chunks(path: Path, lines: IO[str], tiles: int, packet_size: int) -> Iterator[Traffic]:
    """The packets of up to CHUNK lines after the other.

    Raises HwsimError naming line and field of what is not a packet of a network of ``tiles``.
    """
    previous, number = 0, 1
    while chunk := list(islice(lines, CHUNK)):
        given = _quickly(chunk, tiles, packet_size, previous)
        if given is None:
            given = _slowly(path, chunk, (number, previous), tiles, packet_size)
        number += len(chunk)
        if len(given.created):
            previous = int(given.created[-1])
            yield given


def _quickly(chunk: list[str], tiles: int, packet_size: int, previous: int) -> Traffic | None:
    """Lines of three plain numbers each, all right; None for any other."""
    rows = [line.split() for line in chunk]
    if any(len(row) != 3 for row in rows):
        return None
    try:
        values = np.array([list(map(int, row)) for row in rows], np.int64)
    except (ValueError, OverflowError):
        return None
    created, ends = values[:, 0], values[:, 1:]
    falls = created[0] < previous or (np.diff(created) < 0).any() or created[-1] >= LATEST
    if falls or ends.min() < 0 or ends.max() >= tiles:
        return None
    return traffic(created, ends[:, 0], ends[:, 1], packet_size)


def _slowly(path: Path, chunk: list[str], begin: tuple[int, int], tiles: int, packet_size: int) -> Traffic:
    """``begin``: the number of the first line, and the cycle before it."""
    first, previous = begin
    rows = []
    for number, line in enumerate(chunk, first):
        fields = line.partition("#")[0].split()
        if not fields:
            continue
        where = f"{path}:{number}"
        if len(fields) not in (3, 4):
            raise HwsimError(f"{where}: {len(fields)} fields; must be cycle src dst, or cycle src dst flits")
        row = [
            _number(where, name, text, low, high)
            for name, text, low, high in zip(
                FIELDS, fields, (0, 0, 0, 1), (LATEST - 1, tiles - 1, tiles - 1, LONGEST), strict=False
            )
        ]
        if row[0] < previous:
            raise HwsimError(f"{where}: cycle {row[0]} comes after {previous}; must not fall: sort the lines")
        previous = row[0]
        rows.append(row if len(row) == 4 else [*row, packet_size])
    return traffic(*np.array(rows, np.int64).reshape(-1, 4).T)


def _number(where: str, name: str, text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise HwsimError(f"{where}: {name} {text!r}; must be a whole number from {low} to {high}")
    return value
