"""Where the spikes of every neuron go and how many synapses they find there, as tables by kind (G5, E4, E5).

Neurons of a population are of one kind where they lie in the same slice and have as many connections into
every slice of their targets. Connections are a product of channels and positions (Reach), so kinds are too.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwsim.chip.run import SYNAPSES
from hwsim.grid import Grid
from hwsim.noc.trees import Groups, offsets
from hwsim.place.reach import Box, Int, Mask, Reach
from hwsim.place.slices import HOST, Slice, Sliced

HOST_ROUTER = 0

LOCAL = -(2**62)
"""The destination of a packet to its own core."""

DENSE, CONV, OTHER = range(3)
"""Columns of synapses by the kind of their projection (E7)."""

COLUMN = {"synapses_dense": DENSE, "synapses_conv": CONV, "synapses_other": OTHER}


class Kinds(NamedTuple):
    """Neurons by kind, and slices in the order of the network's populations; the host is core C.

    Of population p: neuron (c, s) with ``positions[p]`` positions is of kind ``kind_base[p] +
    channel_kind[channel_base[p] + c] * position_kinds[p] + position_kind[position_base[p] + s]``.
    Of kind k: ``slice_of[k]``, ``route[k]``, and ``first_word[k]``, the row of ``synapses`` (rows, 3) for the
    first core of its route; those of its others follow. Slices ``first_slice[p]`` to ``first_slice[p + 1]``
    are p's, with ``c0``, ``p0``, ``across`` (positions), ``size`` and ``core``; the input has one, the host.
    """

    positions: Int
    channel_base: Int
    channel_kind: Int
    position_base: Int
    position_kind: Int
    position_kinds: Int
    kind_base: Int
    slice_of: Int
    route: Int
    first_word: Int
    synapses: Int
    first_slice: Int
    c0: Int
    p0: Int
    across: Int
    size: Int
    core: Int


class Routes(NamedTuple):
    """Routes: a core with one set of cores that it sends to, its own included; and their packets.

    Route r is packets ``packet[first_packet[r] : first_packet[r + 1]]`` in the order in which they are sent.
    Packet kind f goes from router ``source[f]`` to ``destination[f]``: a tile, -1 - g for multicast group g,
    or LOCAL; ``links[f]`` are crossed along x and y. Its cores are ``core[first[f] : first[f + 1]]``, by
    router and number, with each one's ``router`` and ``place`` in the route's set. End-of-tick marks of core
    c are packets ``mark[first_mark[c] : first_mark[c + 1]]``.
    """

    first_packet: Int
    packet: Int
    source: Int
    destination: Int
    links: Int
    first: Int
    core: Int
    router: Int
    place: Int
    first_mark: Int
    mark: Int


class Fanout(NamedTuple):
    """Everything about who sends to whom. ``cores`` (C,): numbers on the grid of the cores in use;
    ``reached`` (C + 1, C): by G5, from each core and the host."""

    kinds: Kinds
    routes: Routes
    groups: Groups
    cores: Int
    routers: Int
    reached: Int


def fanout_of(sliced: Sliced, grid: Grid, marks: bool) -> Fanout:
    """Tables for slices on cores of the grid; ``marks``: cores tell each other that a tick has ended."""
    cores = np.array(sorted({s.core for s in sliced.slices}), np.int64)
    number = {int(core): i for i, core in enumerate(cores)}
    host = len(cores)
    routers = np.append(cores // grid.cores_per_router, HOST_ROUTER)
    builder = _Routes(grid, routers)
    columns: dict[str, list[Int]] = {name: [] for name in Kinds._fields}
    kinds = words = slices = 0
    for p in sliced.network.populations:
        own = _own(sliced, p.name)
        home = [number.get(s.core, host) for s in own]
        channel_kind, position_kind, counts, of_slice = _counts(sliced, p.name, own, number)
        reached = np.asarray(counts.any(axis=2))
        routes = builder.routes(np.array(home, np.int64)[of_slice], reached)
        held = reached.sum(axis=1)
        parts = {
            "positions": [len(position_kind)],
            "channel_base": [sum(map(len, columns["channel_kind"]))],
            "channel_kind": channel_kind,
            "position_base": [sum(map(len, columns["position_kind"]))],
            "position_kind": position_kind,
            "position_kinds": [position_kind.max() + 1],
            "kind_base": [kinds],
            "slice_of": slices + of_slice,
            "route": routes,
            "first_word": words + np.cumsum(held) - held,
            "synapses": counts[reached].ravel(),
            "first_slice": [slices],
            "c0": [s.box.c0 for s in own],
            "p0": [s.box.p0 for s in own],
            "across": [s.box.p1 - s.box.p0 + 1 for s in own],
            "size": [s.box.size for s in own],
            "core": home,
        }
        for name, part in parts.items():
            columns[name].append(np.asarray(part, np.int64))
        kinds, words, slices = kinds + len(of_slice), words + int(held.sum()), slices + len(own)
    columns["first_slice"].append(np.array([slices], np.int64))
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    whole["synapses"] = whole["synapses"].reshape(-1, 3)
    made, groups = builder.finish(marks)
    return Fanout(Kinds(**whole), made, groups, cores, routers, builder.reached)


def _own(sliced: Sliced, population: str) -> tuple[Slice, ...]:
    """The slices of a population; the input's is one, on no core."""
    p = sliced.network.population[population]
    places = p.plane[0] * p.plane[1]
    return sliced.of_population[population] or (
        Slice(population, Box(0, p.channels - 1, 0, places - 1), HOST),
    )


def _counts(
    sliced: Sliced, population: str, own: tuple[Slice, ...], number: dict[int, int]
) -> tuple[Int, Int, Int, Int]:
    """The kind of each channel and position, and of each pair of kinds the connections into every core by
    COLUMN, (kinds, cores, 3), and its slice, (kinds,)."""
    p = sliced.network.population[population]
    channels, places = np.arange(p.channels), np.arange(p.plane[0] * p.plane[1])
    by_channel: list[Int | Mask] = [(channels >= s.box.c0) & (channels <= s.box.c1) for s in own]
    by_position: list[Int | Mask] = [(places >= s.box.p0) & (places <= s.box.p1) for s in own]
    targets: list[tuple[int, int]] = []
    for projection in sliced.network.out_of(population):
        reach = Reach.of(sliced.network, projection)
        column = COLUMN[SYNAPSES.get(projection.kind, "synapses_other")]
        for piece in sliced.of_population[projection.target]:
            targets.append((number[piece.core], column))
            by_channel.append(reach.channel_counts(piece.box.c0, piece.box.c1))
            by_position.append(reach.position_counts(piece.box.p0, piece.box.p1))
    of_channel, channel_kind = _distinct(by_channel)
    of_position, position_kind = _distinct(by_position)
    pairs = (of_channel[:, None, :] * of_position[None, :, :]).reshape(-1, len(by_channel))
    counts = np.zeros((len(pairs), len(number), 3), np.int64)
    for place, (core, column) in enumerate(targets, len(own)):
        counts[:, core, column] += pairs[:, place]
    return channel_kind, position_kind, counts, pairs[:, : len(own)].argmax(axis=1)


def _distinct(columns: list[Int | Mask]) -> tuple[Int, Int]:
    """The distinct rows of these columns in rising order, and for each row which of them it is."""
    rows = np.stack(columns, axis=1).astype(np.int64)
    # Numbers that are not negative have the order of their bytes, the highest first.
    first, which = _classes(rows.astype(">i8").view(np.uint8))
    return rows[first], which


def _classes(rows: NDArray[np.uint8]) -> tuple[Int, Int]:
    """The first of each class of equal rows, classes in rising order, and for each row its class.

    As np.unique along an axis, which takes 3 to 5 times as long.
    """
    keys = np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return first, which.astype(np.int64)


class _Routes:
    """Routes and kinds of packets as they come up."""

    def __init__(self, grid: Grid, routers: Int) -> None:
        self.grid, self.table, self.router = grid, grid.network, routers
        self.tree = self.table.multicast == "tree"
        self.known: dict[tuple[int, bytes], int] = {}
        self.packets: list[list[int]] = []
        self.made: list[tuple[int, int, list[tuple[int, int, int]]]] = []
        self.group: dict[tuple[int, tuple[int, ...]], int] = {}
        self.reached = np.zeros((len(routers), len(routers) - 1), np.int64)

    def routes(self, home: Int, reached: Mask) -> Int:
        """The route of each row: from core ``home`` to the cores that it reaches, (rows, cores)."""
        keys = np.concatenate([home[:, None].view(np.uint8), np.packbits(reached, axis=1)], axis=1)
        first, which = _classes(keys)
        number = np.array([self._route(int(home[i]), np.flatnonzero(reached[i])) for i in first], np.int64)
        return number[which]

    def _route(self, home: int, cores: Int) -> int:
        key = home, cores.tobytes()
        if key in self.known:
            return self.known[key]
        self.reached[home, cores] = 1
        ends = [(int(self.router[core]), int(core), place) for place, core in enumerate(cores)]
        others = [end for end in ends if end[1] != home]
        packets = [self._packet(home, [end], LOCAL) for end in ends if end[1] == home]
        if self.tree and others:
            packets.append(self._packet(home, sorted(others)))
        elif others:
            packets += [self._packet(home, [end]) for end in others]
        self.packets.append(packets)
        self.known[key] = len(self.known)
        return self.known[key]

    def _packet(self, home: int, ends: list[tuple[int, int, int]], destination: int | None = None) -> int:
        if destination is None:
            source, tiles = int(self.router[home]), tuple(dict.fromkeys(end[0] for end in ends))
            destination = tiles[0]
            if len(tiles) > 1:
                destination = -1 - self.group.setdefault((source, tiles), len(self.group))
        self.made.append((home, destination, ends))
        return len(self.made) - 1

    def finish(self, marks: bool) -> tuple[Routes, Groups]:
        """All routes, and the groups of the network-on-chip; marks go to each other core that one reaches."""
        mark: list[list[int]] = [[] for _ in self.router]
        if marks:
            for home, row in enumerate(self.reached):
                others = (int(core) for core in np.flatnonzero(row) if core != home)
                mark[home] = [self._packet(home, [(int(self.router[c]), c, 0)]) for c in others]
        ends = np.array([end for _, _, of in self.made for end in of], np.int64).reshape(-1, 3)
        source = self.router[np.array([home for home, _, _ in self.made], np.int64)]
        destination = np.array([to for _, to, _ in self.made], np.int64)
        groups = Groups(
            np.array([source for source, _ in self.group], np.int64),
            _starts([len(tiles) for _, tiles in self.group]),
            np.array([tile for _, tiles in self.group for tile in tiles], np.int64),
        )
        routes = Routes(
            first_packet=_starts([len(p) for p in self.packets]),
            packet=np.array([f for p in self.packets for f in p], np.int64),
            source=source, destination=destination, links=self._links(source, destination),
            first=_starts([len(of) for _, _, of in self.made]),
            router=ends[:, 0].copy(), core=ends[:, 1].copy(), place=ends[:, 2].copy(),
            first_mark=_starts([len(m) for m in mark]), mark=np.array([f for m in mark for f in m], np.int64),
        )  # fmt: skip
        return routes, groups

    def _links(self, source: Int, destination: Int) -> Int:
        """Links along x and y that each packet crosses: of a tree the union of its paths (T3)."""
        tile = np.where(destination >= 0, destination, source)
        dx, dy = offsets(self.table, source, tile)
        links = np.stack([np.abs(dx), np.abs(dy)], axis=1)
        trees = np.array([self._crossed(*g) for g in self.group], np.int64).reshape(-1, 2)
        forked = (destination < 0) & (destination != LOCAL)
        links[forked] = trees[-1 - destination[forked]]
        return links

    def _crossed(self, source: int, tiles: tuple[int, ...]) -> tuple[int, int]:
        """Links along x and y of the union of dimension-order paths."""
        dx, dy = offsets(self.table, np.full(len(tiles), source), np.array(tiles, np.int64))
        first, then = (dx, dy) if self.table.routing == "xy" else (dy, dx)
        trunk = int(max(first.max(), 0) - min(first.min(), 0))
        branches = sum(
            int(max(then[first == at].max(), 0) - min(then[first == at].min(), 0)) for at in np.unique(first)
        )
        return (trunk, branches) if self.table.routing == "xy" else (branches, trunk)


def _starts(sizes: list[int]) -> Int:
    return np.cumsum([0, *sizes]).astype(np.int64)
