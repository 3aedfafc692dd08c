"""Which way packets go: topology, dimension order, classes and trees (R1, R2, R5, R6, R13)."""

from itertools import takewhile
from typing import NamedTuple

from hwsim.noc.config import NocTable

NAMES = ("+x", "-x", "+y", "-y", "tile")
TILE = 4
PORTS = len(NAMES)

Ports = tuple[int, ...]


def is_up(port: int) -> bool:
    """+x and +y are 0 and 2; -x and -y are 1 and 3 (R2)."""
    return port % 2 == 0


def dimension_of(port: int) -> int:
    return port // 2


def opposite(port: int) -> int:
    """The input at the other end of an output's wire (R2)."""
    return port + 1 if is_up(port) else port - 1


def coins(number: int) -> int:
    """h(p), of which bits 62 and 63 are the coins of packet p for x and y (R5)."""
    whole, golden = 2**64, 0x9E3779B97F4A7C15
    mixed = golden * number % whole
    return golden * (mixed ^ mixed // 2**32) % whole


def straight(path: Ports) -> int:
    """Steps in the first one's direction, before the first in another."""
    return len(list(takewhile(path[0].__eq__, path)))


class Branch(NamedTuple):
    """``lane``: the VCs of the output that the branch may have; ``to``: None for the tile."""

    output: int
    lane: range
    to: "Node | None"


class Node(NamedTuple):
    """What a packet does in one router: its branches by output, ascending; a unicast has one."""

    branches: tuple[Branch, ...]


class Grid:
    """Tile (x, y) has number x + W y (R1)."""

    def __init__(self, table: NocTable) -> None:
        self.sizes = (table.width, table.height)
        self.torus = table.topology == "torus"
        self.coin = table.ties == "coin"
        self.order = (0, 1) if table.routing == "xy" else (1, 0)
        vcs = table.virtual_channels
        self.all_vcs = range(vcs)
        middle = (vcs + 1) // 2
        self.classes = (range(middle), range(middle, vcs))

    def place(self, tile: int) -> tuple[int, int]:
        width = self.sizes[0]
        return tile % width, tile // width

    def neighbor(self, tile: int, port: int) -> int | None:
        """The tile at the other end of the wire, if there is one (R1)."""
        place = list(self.place(tile))
        dimension = dimension_of(port)
        size = self.sizes[dimension]
        place[dimension] += 1 if is_up(port) else -1
        if size == 1 or (not self.torus and not 0 <= place[dimension] < size):
            return None
        place[dimension] %= size
        return place[0] + self.sizes[0] * place[1]

    def goes_up(self, dimension: int, here: int, number: int | None) -> bool:
        """Where both ways round are equally long; ``number``: the packet's, or None of a tree (R5)."""
        if self.coin and number is not None:
            return not coins(number) >> (62 + dimension) & 1
        return here % 2 == 0

    def steps(self, source: int, tile: int, number: int | None) -> Ports:
        """The outputs that a packet takes, the tile's last (R5)."""
        ports: list[int] = []
        for dimension in self.order:
            size = self.sizes[dimension]
            here, there = self.place(source)[dimension], self.place(tile)[dimension]
            if self.torus:
                upwards, downwards = (there - here) % size, (here - there) % size
                up = upwards < downwards or (upwards == downwards and self.goes_up(dimension, here, number))
                distance = min(upwards, downwards)
            else:
                up, distance = there > here, abs(there - here)
            ports += [2 * dimension + (0 if up else 1)] * distance
        return (*ports, TILE)

    def tree(self, source: int, tiles: tuple[int, ...], number: int | None = None) -> Node:
        """The union of the paths to all tiles; of one tile, the path (R13). ``number``: None of a tree."""
        return self.node(source, source, [self.steps(source, tile, number) for tile in tiles])

    def node(self, source: int, here: int, paths: list[Ports]) -> Node:
        """The rest of a tree, where ``paths`` go on from ``here``."""
        branches = []
        for output in sorted({path[0] for path in paths}):
            along = [path for path in paths if path[0] == output]
            if output == TILE:
                branches.append(Branch(TILE, self.all_vcs, None))
                continue
            farthest = max(straight(path) for path in along)
            next_tile = self.neighbor(here, output)
            assert next_tile is not None
            rest = self.node(source, next_tile, [path[1:] for path in along])
            branches.append(Branch(output, self.lane(source, here, output, farthest), rest))
        return Node(tuple(branches))

    def lane(self, source: int, here: int, output: int, farthest: int) -> range:
        """VCs of the class of a packet that goes ``farthest`` steps on (R6).

        It entered the dimension at the source's coordinate: no earlier step changed it.
        """
        if not self.torus:
            return self.all_vcs
        dimension = dimension_of(output)
        entered = self.place(source)[dimension]
        step = 1 if is_up(output) else -1
        end = (self.place(here)[dimension] + step * farthest) % self.sizes[dimension]
        return self.classes[1 if end < entered else 0]
