"""Cores of a grid as arrays for the kernels: coordinates of routers, steps between them (T3)."""

from typing import NamedTuple

import numpy as np

from hwsim.grid import Grid
from hwsim.noc.trees import offsets
from hwsim.place.reach import Int
from hwsim.place.traffic import Traffic

HOST_ROUTER = 0
"""The router at which the input's spikes enter (G8)."""


class Layout(NamedTuple):
    """Routers of a grid in the order of routing: ``along`` is the dimension that is corrected first.

    ``along`` and ``across`` (routers,) are coordinates; ``step_along`` (n, n) and ``step_across`` (m, m) the
    signed steps from one coordinate to another; ``router`` (cores,) of each core. ``tree``: a packet to
    several cores forks on its way. ``swapped``: y is corrected first.
    """

    along: Int
    across: Int
    step_along: Int
    step_across: Int
    router: Int
    tree: bool
    swapped: bool


class Flows(NamedTuple):
    """A Traffic for the kernels, and for each core the flows that begin or end at it.

    Core c is in flows ``flow[first[c] : first[c + 1]]``. The host is ``source`` -1.
    """

    source: Int
    start: Int
    targets: Int
    packets: Int
    first: Int
    flow: Int


def layout(grid: Grid) -> Layout:
    noc = grid.network
    tiles = np.arange(noc.tiles)
    x, y = tiles % noc.width, tiles // noc.width
    columns, rows = np.arange(noc.width), np.arange(noc.height) * noc.width
    across_x, _ = offsets(noc, np.repeat(columns, noc.width), np.tile(columns, noc.width))
    _, across_y = offsets(noc, np.repeat(rows, noc.height), np.tile(rows, noc.height))
    step_x = across_x.reshape(noc.width, noc.width).astype(np.int64)
    step_y = across_y.reshape(noc.height, noc.height).astype(np.int64)
    router = np.repeat(tiles, grid.cores_per_router)
    swapped = noc.routing == "yx"
    first, second = ((y, step_y), (x, step_x)) if swapped else ((x, step_x), (y, step_y))
    return Layout(first[0], second[0], first[1], second[1], router, noc.multicast == "tree", swapped)


def flows_of(traffic: Traffic) -> Flows:
    flow = np.arange(traffic.flows)
    ends = np.concatenate([traffic.source, traffic.targets])
    of = np.concatenate([flow, np.repeat(flow, traffic.sizes())])
    of, ends = of[ends >= 0], ends[ends >= 0]
    order = np.lexsort((of, ends))
    first = np.searchsorted(ends[order], np.arange(traffic.cores + 1)).astype(np.int64)
    return Flows(traffic.source, traffic.start, traffic.targets, traffic.packets, first, of[order])
