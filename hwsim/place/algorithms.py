"""Placements: row by row, along a Hilbert curve, greedy by traffic, annealed (A1 to A4)."""

from collections.abc import Callable
from typing import get_args

import numpy as np

from hwsim.place.kernels import ENERGY, MAX_LINK_LOAD, SPIKE_HOPS, anneal
from hwsim.place.layout import HOST_ROUTER
from hwsim.place.metrics import Objective, Problem
from hwsim.place.reach import Int

Progress = Callable[[int, int], None]

STAGES = 60
MOVES_A_CORE = 2000
COOLED = 1e-3
"""Stages of annealing, moves of all stages a core, and the last temperature over the first (A4)."""

CODES: dict[Objective, int] = {"spike_hops": SPIKE_HOPS, "max_link_load": MAX_LINK_LOAD, "energy": ENERGY}


def row_major(problem: Problem) -> Int:
    """Core i of the network on core i of the grid (A1)."""
    return np.arange(problem.traffic.cores, dtype=np.int64)


def hilbert(problem: Problem) -> Int:
    """Cores of the network along a Hilbert curve over the routers, all cores of one after the other (A2)."""
    noc, each = problem.grid.network, problem.grid.cores_per_router
    order = 1 << max(noc.width - 1, noc.height - 1).bit_length()
    points = (curve_point(order, d) for d in range(order * order))
    routers = [x + noc.width * y for x, y in points if x < noc.width and y < noc.height]
    cores = (np.array(routers, np.int64)[:, None] * each + np.arange(each)).ravel()
    placed: Int = cores[: problem.traffic.cores]
    return placed


def curve_point(side: int, distance: int) -> tuple[int, int]:
    """The point at ``distance`` along the Hilbert curve of a square whose ``side`` is a power of two.

    Successive points are neighbors; the curve begins at (0, 0) and ends at (side - 1, 0).
    """
    x = y = 0
    size, rest = 1, distance
    while size < side:
        right = 1 & (rest // 2)
        up = 1 & (rest ^ right)
        if up == 0:
            if right:
                x, y = size - 1 - x, size - 1 - y
            x, y = y, x
        x, y = x + size * right, y + size * up
        rest //= 4
        size *= 2
    return x, y


def greedy(problem: Problem) -> Int:
    """Next the core with the most packets from and to placed ones and the host, where they have least far
    to go (A3)."""
    layout, traffic = problem.layout, problem.traffic
    between = traffic.between()
    packets = between[:-1] + between[:-1].T
    along = np.abs(layout.step_along)[np.ix_(layout.along, layout.along)]
    across = np.abs(layout.step_across)[np.ix_(layout.across, layout.across)]
    far = (along + across)[:, layout.router]
    pull = between[-1].copy()
    cost = np.outer(pull, far[HOST_ROUTER])
    free = np.ones(problem.grid.cores, np.bool_)
    place = np.full(traffic.cores, -1, np.int64)
    for _ in range(traffic.cores):
        core = int(np.where(place < 0, pull, -1).argmax())
        spot = int(np.where(free, cost[core], np.iinfo(np.int64).max).argmin())
        place[core], free[spot] = spot, False
        pull += packets[core]
        cost += np.outer(packets[core], far[layout.router[spot]])
    return place


def annealed(
    problem: Problem,
    start: Int,
    objective: Objective,
    seed: int = 0,
    moves: int | None = None,
    progress: Progress | None = None,
) -> Int:
    """The best placement met by simulated annealing from ``start``, which is the best at first (A4).

    ``moves``: MOVES_A_CORE for every core if not given. The same seed gives the same placement.
    """
    cores, grid = problem.traffic.cores, problem.grid
    code = CODES[objective]
    weights = np.array(problem.hop_weights if objective == "energy" else (1.0, 1.0))
    place = start.copy()
    holder = np.full(grid.cores, -1, np.int64)
    holder[place] = np.arange(cores)
    along, across, load = problem.loads(place)
    counts = np.array([along, across, 0], np.int64)
    value = float(load.max(initial=0))
    record = np.array([weights @ (along, across)] * 2)
    if objective == "max_link_load":
        record[:] = value + (along + across) / load.size, value
    best, seen = place.copy(), np.zeros(problem.traffic.flows, np.int64)
    state = np.array([(seed * 2 + 1) * 0x9E3779B97F4A7C15 & (2**64 - 1)], np.uint64)
    stage = -(-(MOVES_A_CORE * cores if moves is None else moves) // STAGES)
    side = max(grid.network.width, grid.network.height)

    def run(heat: float, reach: int, share: int = 1) -> float:
        _, rise = anneal(
            problem.layout, problem.flows, code, weights, place, holder, load, counts, best, record, seen,
            state, stage // share, heat, reach,
        )  # fmt: skip
        return float(rise)

    hot = run(0.0, side, 4)
    for done in range(STAGES):
        left = done / max(1, STAGES - 1)
        run(hot * COOLED**left, max(1, round(side * (1 - left))))
        if progress:
            progress(done + 1, STAGES)
    return best


assert set(CODES) == set(get_args(Objective))
