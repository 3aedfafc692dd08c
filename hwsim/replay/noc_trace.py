"""A trace of packets, read in chunks: quickly where all is right, line by line to name what is not."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from hwsim.configuration import shown
from hwsim.errors import HwsimError
from hwsim.noc.network import LATEST, LONGEST, Traffic, traffic
from hwsim.noc.trees import Groups, groups_of

CHUNK = 200_000


class Reader:
    """Lines of a trace ``path`` to packets of a network of ``tiles``.

    ``groups``: numbers of the multicast groups so far, by source and tiles; ``number``, ``previous``: of the
    next line, and the cycle of the last packet before it.
    """

    def __init__(self, path: Path, tiles: int, packet_size: int) -> None:
        self.path, self.tiles, self.packet_size = path, tiles, packet_size
        self.groups: dict[tuple[int, tuple[int, ...]], int] = {}
        self.number, self.previous = 1, 0

    def chunks(self, lines: IO[str]) -> Iterator[tuple[Groups, Traffic]]:
        """The groups that are new in up to CHUNK lines, and the packets of these lines, after the other.

        Raises HwsimError naming line and field of what is not a packet.
        """
        while chunk := list(islice(lines, CHUNK)):
            known = len(self.groups)
            given = self._quickly(chunk)
            if given is None:
                given = self._slowly(chunk)
            self.number += len(chunk)
            if len(given.created):
                self.previous = int(given.created[-1])
                yield groups_of(list(islice(self.groups, known, None))), given

    def _quickly(self, chunk: list[str]) -> Traffic | None:
        """Lines of three plain numbers each, all right; None for any other."""
        rows = [line.split() for line in chunk]
        if any(len(row) != 3 for row in rows):
            return None
        try:
            values = np.array([list(map(int, row)) for row in rows], np.int64)
        except (ValueError, OverflowError):
            return None
        created, ends = values[:, 0], values[:, 1:]
        falls = created[0] < self.previous or (np.diff(created) < 0).any() or created[-1] >= LATEST
        if falls or ends.min() < 0 or ends.max() >= self.tiles:
            return None
        return traffic(created, ends[:, 0], ends[:, 1], self.packet_size)

    def _slowly(self, chunk: list[str]) -> Traffic:
        rows, previous = [], self.previous
        for number, line in enumerate(chunk, self.number):
            fields = line.partition("#")[0].split()
            if not fields:
                continue
            row = self._packet(f"{self.path}:{number}", fields)
            if row[0] < previous:
                raise HwsimError(
                    f"{self.path}:{number}: cycle {row[0]} comes after {previous}; must not fall: "
                    "sort the lines"
                )
            previous = row[0]
            rows.append(row)
        return traffic(*np.array(rows, np.int64).reshape(-1, 4).T)

    def _packet(self, where: str, fields: list[str]) -> tuple[int, int, int, int]:
        """Cycle, source, destination (or -1 - its group) and flits of a line."""
        if len(fields) not in (3, 4):
            raise HwsimError(f"{where}: {len(fields)} fields; must be cycle src dst, or cycle src dst flits")
        created = _number(where, "cycle", fields[0], 0, LATEST - 1)
        source = _number(where, "src", fields[1], 0, self.tiles - 1)
        destination = self._destination(where, source, fields[2])
        size = _number(where, "flits", fields[3], 1, LONGEST) if len(fields) == 4 else self.packet_size
        if destination < 0 and size != 1:
            told = f"flits {size}" if len(fields) == 4 else f"--packet-size {size}, and no flits in the line"
            raise HwsimError(f"{where}: {told}; a packet to several tiles must be of 1 flit")
        return created, source, destination, size

    def _destination(self, where: str, source: int, text: str) -> int:
        """A tile, or -1 - the group of several that are joined by +; each is once among them."""
        if "+" not in text[1:]:
            return _number(where, "dst", text, 0, self.tiles - 1)
        of = f"{where}: dst {shown(text)}"
        tiles = tuple(_number(of, "tile", one, 0, self.tiles - 1) for one in text.split("+"))
        if len(set(tiles)) != len(tiles):
            twice = next(tile for tile in tiles if tiles.count(tile) > 1)
            raise HwsimError(f"{of}: tile {twice} more than once; must be different tiles")
        return -1 - self.groups.setdefault((source, tiles), len(self.groups))


def _number(where: str, name: str, text: str, low: int, high: int) -> int:
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise HwsimError(f"{where}: {name} {text!r}; must be a whole number from {low} to {high}")
    return value
