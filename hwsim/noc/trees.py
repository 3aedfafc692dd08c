"""Multicast groups and their trees: the union of the dimension-order paths, node by node (R13)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hwsim.errors import HwsimError
from hwsim.noc.config import NocTable
from hwsim.noc.growing import grow
from hwsim.noc.state import CHILD_SHIFT, TARGET_MASK, Int


class Groups(NamedTuple):
    """Multicast groups: ``source`` (groups,); the tiles of group g are ``tiles[start[g] : start[g + 1]]``."""

    source: Int
    start: Int
    tiles: Int

    def verify(self, tiles: int) -> None:
        """Raises HwsimError naming a group that is empty, leaves the grid or names a tile twice."""
        for name, values in (("source", self.source), ("tiles", self.tiles)):
            if len(values) and not 0 <= values.min() <= values.max() < tiles:
                raise HwsimError(
                    f"multicast: {name} {values.min()} to {values.max()}; must be 0 to {tiles - 1}"
                )
        sizes = np.diff(self.start)
        if len(self.start) != len(self.source) + 1 or self.start[0] != 0 or self.start[-1] != len(self.tiles):
            raise HwsimError(f"multicast: start must go from 0 to {len(self.tiles)} over all groups")
        if (sizes < 1).any():
            raise HwsimError(f"multicast: group {int(np.argmax(sizes < 1))} has no tiles")
        group = np.repeat(np.arange(len(sizes)), sizes)
        order = np.lexsort((self.tiles, group))
        twice = (np.diff(group[order]) == 0) & (np.diff(self.tiles[order]) == 0)
        if twice.any():
            at = order[int(np.argmax(twice))]
            raise HwsimError(f"multicast: group {group[at]} has tile {self.tiles[at]} twice")

    def followed_by(self, more: "Groups") -> "Groups":
        start = np.concatenate([self.start, self.start[-1] + more.start[1:]])
        return Groups(
            np.concatenate([self.source, more.source]), start, np.concatenate([self.tiles, more.tiles])
        )


NO_GROUPS = Groups(np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int64))


def groups_of(groups: Sequence[tuple[int, Sequence[int]]]) -> Groups:
    """Groups of (source, tiles) pairs."""
    sizes = [len(tiles) for _, tiles in groups]
    flat = [tile for _, tiles in groups for tile in tiles]
    start = np.cumsum([0, *sizes])
    return Groups(np.array([s for s, _ in groups], np.int64), start, np.array(flat, np.int64))


def offsets(table: NocTable, source: Int, to: Int) -> tuple[Int, Int]:
    """Signed steps in x and in y from tile to tile (R5)."""
    found = []
    for a, b, size in (
        (source % table.width, to % table.width, table.width),
        (source // table.width, to // table.width, table.height),
    ):
        step = b - a
        if table.topology == "torus":
            forward = step % size
            down = (2 * forward > size) | ((2 * forward == size) & (a % 2 == 1))
            step = np.where(down, forward - size, forward)
        found.append(step)
    return found[0], found[1]


def hops_between(table: NocTable, source: Int, to: Int) -> Int:
    """Routers on the way: the distance and 1."""
    dx, dy = offsets(table, source, to)
    hops: Int = np.abs(dx) + np.abs(dy) + 1
    return hops


def saved_by_trees(table: NocTable, groups: Groups, roots: Int, nodes: int) -> Int:
    """Flit-hops that a tree of each group saves: hops of its single paths - nodes of the tree."""
    group = np.repeat(np.arange(len(groups.source)), np.diff(groups.start))
    hops = hops_between(table, groups.source[group], groups.tiles)
    alone = np.bincount(group, hops, len(groups.source)).astype(np.int64)
    saved: Int = alone - np.diff(np.append(roots, nodes))
    return saved


def trees_of(table: NocTable, groups: Groups, before: int = 0) -> tuple[Int, Int]:
    """The root of each group, and all nodes (state.CHILD_SHIFT, CLASS_SHIFT), numbered from ``before`` on."""
    group = np.repeat(np.arange(len(groups.source)), np.diff(groups.start))
    source = groups.source[group]
    dx, dy = offsets(table, source, groups.tiles)
    x, y = source % table.width, source // table.width
    if table.routing == "xy":
        along, across, starts, sizes, port = dx, dy, (x, y), (table.width, table.height), 0
    else:
        along, across, starts, sizes, port = dy, dx, (y, x), (table.height, table.width), 2
    order = np.lexsort((across, along, group))
    points = np.stack([v[order] for v in (along, across, *starts)], axis=1)
    wraps = table.topology == "torus"
    longest = int((np.abs(along) + np.abs(across)).sum()) + len(groups.source)
    nodes = np.zeros(longest, np.int64)
    place = np.zeros((longest, 2), np.int64)
    roots = np.zeros(len(groups.source), np.int64)
    made = grow(groups.start, points, np.array([*sizes, port, wraps], np.int64), (nodes, place, roots))
    if before + made > TARGET_MASK:
        raise HwsimError(f"multicast: {before + made} nodes of trees; at most {TARGET_MASK}")
    return before + roots, nodes[:made] + (before << CHILD_SHIFT)
