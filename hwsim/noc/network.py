"""A network-on-chip in a closed loop: packets with times are given, time passes, deliveries are taken.

network = Network(load_noc("booksim"))
network.feed(traffic([0, 3], [5, 6], [1, 60], 1))
network.run()
network.take()
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hwsim.errors import HwsimError
from hwsim.noc.config import NocTable
from hwsim.noc.counts import Totals, inside, totals_of
from hwsim.noc.kernel import STUCK, advance
from hwsim.noc.state import (
    BASE,
    FRONT,
    LOGGED,
    NEVER,
    NOW,
    PACKET_SHIFT,
    TARGET_SHIFT,
    TREE_BIT,
    UNDELIVERED,
    Int,
    Packets,
    fabric_of,
    shape_of,
)
from hwsim.noc.stuck import stuck_message
from hwsim.noc.trees import NO_GROUPS, Groups, hops_between, saved_by_trees, trees_of

LONGEST = 2**20

LATEST = 2**59
"""What is created before it has arrived before NEVER."""


class Traffic(NamedTuple):
    """Packets: when and where they are created, where they go, their flits.

    ``destination``: a tile, or -1 - g for multicast group g, whose packets are single flits.
    """

    created: Int
    source: Int
    destination: Int
    size: Int

    def verify(self, table: NocTable, groups: Groups, now: int) -> None:
        """Raises HwsimError naming the first packet that the network cannot take."""
        if len({len(column) for column in self}) != 1:
            raise HwsimError(f"traffic: columns of {[len(column) for column in self]} packets")
        tiles = table.tiles
        tree = self.destination < 0
        group = np.where(tree, -1 - self.destination, 0)
        sources = np.append(groups.source, 0)[np.minimum(group, len(groups.source))]
        allowed = (
            ("created", self.created, (self.created < now) | (self.created >= LATEST), f"{now} to 2^59 - 1"),
            ("source", self.source, (self.source < 0) | (self.source >= tiles), f"0 to {tiles - 1}"),
            ("destination", self.destination, self.destination >= tiles, f"0 to {tiles - 1}"),
            ("group", group, tree & (group >= len(groups.source)), f"below {len(groups.source)}"),
            ("source", self.source, tree & (self.source != sources), "its group's source"),
            ("size", self.size, (self.size < 1) | (self.size > LONGEST), f"1 to {LONGEST} flits"),
            ("size", self.size, tree & (self.size != 1), "1 flit for a multicast"),
        )
        for name, values, wrong, allows in allowed:
            if wrong.any():
                at = int(np.argmax(wrong))
                raise HwsimError(f"traffic: packet {at}: {name} {values[at]}; must be {allows}")

    def deliveries(self, groups: Groups) -> Int:
        """How many tiles each packet goes to."""
        found = np.ones(len(self.destination), np.int64)
        tree = self.destination < 0
        found[tree] = np.diff(groups.start)[-1 - self.destination[tree]]
        return found


def traffic(created: ArrayLike, source: ArrayLike, destination: ArrayLike, size: ArrayLike) -> Traffic:
    """Traffic of lists, arrays or single numbers for all packets."""
    columns = (np.asarray(c, np.int64) for c in (created, source, destination, size))
    return Traffic._make(np.ascontiguousarray(c) for c in np.broadcast_arrays(*columns))


class Deliveries(NamedTuple):
    """One row for each tile that a packet reached, by arrival and then router (R14)."""

    packet: Int
    source: Int
    tile: Int
    created: Int
    injected: Int
    arrived: Int
    hops: Int

    def by_packet(self) -> "Deliveries":
        order = np.lexsort((self.tile, self.packet))
        return Deliveries._make(column[order] for column in self)


class Network:
    """A network at cycle ``now``, the next one to be simulated. Equal to all packets given at once (R14).

    ``groups``: destinations of multicasts, more by ``add_groups``; ``drain_cycles`` (tiles,): cycles in which
    each tile takes a flit out of its receive queue, by default the table's.
    """

    def __init__(
        self, table: NocTable, groups: Groups = NO_GROUPS, drain_cycles: ArrayLike | None = None
    ) -> None:
        self.table, self.groups, self.shape = table, NO_GROUPS, shape_of(table)
        period = np.full(table.tiles, table.drain_cycles if drain_cycles is None else drain_cycles, np.int64)
        if (period < 1).any():
            raise HwsimError(f"drain_cycles {period.min()}; must be 1 or more")
        self.fabric = fabric_of(table, self.shape, period)
        self.roots, self.savings = np.zeros((2, 0), np.int64)
        self.saved = 0
        self.packets = Packets._make(np.zeros((len(Packets._fields), 0), np.int64))
        self.origin = np.zeros(0, np.int64)
        self.left = np.zeros(0, np.int64)
        self.fed = 0
        self.add_groups(groups)

    @property
    def now(self) -> int:
        return int(self.fabric.clock[NOW])

    @property
    def idle(self) -> bool:
        """Whether every packet given has been ejected; the last may still be on its wire."""
        return bool(self.fabric.clock[UNDELIVERED] == 0)

    def add_groups(self, groups: Groups) -> int:
        """More multicast groups, numbered on from those that it has.

        Returns the number of the first. Raises HwsimError naming one that cannot be reached.
        """
        groups.verify(self.table.tiles)
        first, before = len(self.roots), len(self.packets.trees)
        roots, trees = trees_of(self.table, groups, before)
        saved = saved_by_trees(self.table, groups, roots, before + len(trees))
        self.groups = self.groups.followed_by(groups)
        self.roots = np.concatenate([self.roots, roots])
        self.savings = np.concatenate([self.savings, saved])
        self.packets = self.packets._replace(trees=np.concatenate([self.packets.trees, trees]))
        return first

    def feed(self, given: Traffic) -> int:
        """Give packets created at ``now`` or later; those of one tile and cycle leave in the order given.

        Returns the number of the first; the others follow. Raises HwsimError naming a wrong packet.
        """
        given.verify(self.table, self.groups, self.now)
        first, n = self.fed, len(given.created)
        self.fed += n
        origin = np.arange(first, first + n)
        tree = given.destination < 0
        deliveries = given.deliveries(self.groups)
        if self.table.multicast == "copies" and tree.any():
            row = np.repeat(np.arange(n), deliveries)
            within = np.arange(len(row)) - np.repeat(np.cumsum(deliveries) - deliveries, deliveries)
            group = np.where(tree, -1 - given.destination, 0)[row]
            copies = self.groups.tiles[
                np.minimum(self.groups.start[group] + within, len(self.groups.tiles) - 1)
            ]
            destination = np.where(tree[row], copies, given.destination[row])
            given = Traffic(given.created[row], given.source[row], destination, given.size[row])
            origin, tree, deliveries = origin[row], np.zeros(len(row), bool), np.ones(len(row), np.int64)
        self.saved += int(self.savings[-1 - given.destination[tree]].sum())
        self._append(given, origin, tree, deliveries)
        return first

    def _append(self, given: Traffic, origin: Int, tree: NDArray[np.bool_], deliveries: Int) -> None:
        """Drop packets that are done with, put the new ones behind the others, and order all by creation."""
        clock, old = self.fabric.clock, self.packets
        kept = np.flatnonzero(self.left)
        done = int(kept[0]) if len(kept) else len(self.left)
        target = given.destination.copy()
        if tree.any():
            target[tree] = self.roots[-1 - given.destination[tree]]
        number = int(clock[BASE]) + len(self.left) + np.arange(len(target))
        if len(number) and number[-1] >= 2**33:
            raise HwsimError("traffic: more than 8 G packets in one network")
        word = number << PACKET_SHIFT | target << TARGET_SHIFT | tree.astype(np.int64) * TREE_BIT
        nothing = np.zeros(len(target), np.int64)
        new = (word, given.source, given.created, given.size, nothing, nothing - 1)
        columns = [np.concatenate([a[done:], b]) for a, b in zip(old[:6], new, strict=True)]
        self.origin = np.concatenate([self.origin[done:], origin])
        self.left = np.concatenate([self.left[done:], deliveries])
        clock[BASE] += done
        waiting = old.order[clock[FRONT] :] - done
        added = np.arange(len(self.left) - len(target), len(self.left))
        order = np.concatenate([waiting, added])
        order = order[np.argsort(columns[2][order], kind="stable")]
        clock[FRONT] = 0
        clock[UNDELIVERED] += deliveries.sum()
        log = np.zeros(3 * (int(clock[LOGGED]) + int(clock[UNDELIVERED])), np.int64)
        log[: 3 * int(clock[LOGGED])] = old.log[: 3 * int(clock[LOGGED])]
        self.packets = Packets._make([*columns, order, old.trees, log])

    def advance(self, until: int) -> None:
        """Simulate the cycles from ``now`` to ``until`` - 1. Raises HwsimError naming where it deadlocks."""
        self._advance(until, idle=False)

    def run(self) -> int:
        """Simulate until the last packet has arrived; returns the cycle of that arrival, or ``now`` - 1."""
        self._advance(NEVER, idle=True)
        return self.now - 1

    def _advance(self, until: int, idle: bool) -> None:
        vcs = self.table.virtual_channels
        if advance(self.shape, self.fabric, self.packets, vcs, until, idle) == STUCK:
            raise HwsimError(stuck_message(self.table, self.shape, self.fabric))

    def take(self) -> Deliveries:
        """Deliveries with arrivals before ``now`` that were not taken yet."""
        clock, packets = self.fabric.clock, self.packets
        log = packets.log[: 3 * int(clock[LOGGED])].reshape(-1, 3)
        n = int(np.searchsorted(log[:, 2], self.now))
        taken, rest = log[:n].copy(), log[n:].copy()
        packets.log[: rest.size] = rest.ravel()
        clock[LOGGED] = len(rest)
        k = taken[:, 0] - int(clock[BASE])
        np.subtract.at(self.left, k, 1)
        source, tile = packets.source[k], taken[:, 1]
        hops = hops_between(self.table, source, tile)
        return Deliveries(
            self.origin[k], source, tile, packets.created[k], packets.injected[k], taken[:, 2], hops
        )

    def totals(self) -> Totals:
        """Counts of events and stalls up to ``now``. Raises HwsimError if a flit got lost."""
        found = totals_of(self.table, self.shape, self.fabric, self.saved)
        found.verify(inside(self.fabric))
        return found


def deliver_all(table: NocTable, given: Traffic, groups: Groups = NO_GROUPS) -> tuple[Deliveries, Totals]:
    """All packets at once, until the last has arrived: deliveries by packet, and the counts."""
    network = Network(table, groups)
    network.feed(given)
    network.run()
    return network.take().by_packet(), network.totals()
