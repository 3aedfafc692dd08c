"""Placements: row by row, along a Hilbert curve, greedy by traffic, annealed (A1 to A4)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from hwsim.place.kernels import ENERGY, MAX_LINK_LOAD, SPIKE_HOPS, anneal
from hwsim.place.layout import HOST_ROUTER
from hwsim.place.metrics import Objective, Problem
from hwsim.place.reach import Int

Progress = Callable[[int, int], None]

STAGES = 60
MOVES_A_CORE = 3000
COOLED = 1e-3
"""Stages of annealing, moves of all stages a core, and the last temperature over the first (A4)."""

GOLDEN = 0x9E3779B97F4A7C15
"""Makes an odd number of 64 bits of a seed."""

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
    search = Annealing.begin(problem, start, objective, seed)
    stage = -(-(MOVES_A_CORE * problem.traffic.cores if moves is None else moves) // STAGES)
    side = max(problem.grid.network.width, problem.grid.network.height)
    hot = search.run(stage // 4, 0.0, side)
    for done in range(STAGES):
        cooled = done / (STAGES - 1)
        search.run(stage, hot * COOLED**cooled, max(1, round(side * (1 - cooled))))
        if progress:
            progress(done + 1, STAGES)
    return search.best


@dataclass(frozen=True, eq=False)
class Annealing:
    """What annealing changes in place, as its kernel takes it.

    ``holder`` (grid's cores,): which core is there, or -1; the others as in :func:`kernels.anneal`.
    """

    problem: Problem
    code: int
    weights: NDArray[np.float64]
    place: Int
    holder: Int
    load: Int
    counts: Int
    held: Int
    best: Int
    record: NDArray[np.float64]
    state: NDArray[np.uint64]

    @staticmethod
    def begin(problem: Problem, start: Int, objective: Objective, seed: int) -> "Annealing":
        weights = np.array(problem.hop_weights if objective == "energy" else (1.0, 1.0))
        holder = np.full(problem.grid.cores, -1, np.int64)
        holder[start] = np.arange(len(start))
        along, across, load, held = problem.loads(start)
        value = float(weights[0] * along + weights[1] * across)
        if objective == "max_link_load":
            most = float(load.max())
            record = np.array([most, most + (along + across) / load.size])
        else:
            record = np.array([value, value])
        state = np.array([(seed * 2 + 1) * GOLDEN & (2**64 - 1)], np.uint64)
        counts = np.array([along, across], np.int64)
        return Annealing(
            problem, CODES[objective], weights, start.copy(), holder, load, counts, held, start.copy(),
            record, state,
        )  # fmt: skip

    def run(self, moves: int, heat: float, reach: int) -> float:
        """Moves at one temperature; the mean size of changes for the worse."""
        _, rise = anneal(
            self.problem.layout, self.problem.flows, self.code, self.weights, self.place, self.holder,
            self.load, self.counts, self.held, self.best, self.record, self.state, moves, heat, reach,
        )  # fmt: skip
        return float(rise)


assert set(CODES) == set(get_args(Objective))
