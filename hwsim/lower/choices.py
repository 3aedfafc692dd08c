"""What a mapping leaves open: the order of folds, and m_tile or n_tile (docs/machine.md, C1)."""

from collections.abc import Iterator
from math import prod

import numpy as np

from hwsim.errors import HwsimError
from hwsim.lower.axes import Ints, K, M, N, T, along, ceil_div, units
from hwsim.lower.layers import Layer, Order, Task, Weighted
from hwsim.lower.layout import Choice, array_layer, channel_extent, interleaves, nest, own, together
from hwsim.lower.plans import Plan, plan
from hwsim.lower.states import Place
from hwsim.lower.stores import output_slots

TILES_TRIED = 4
"""Legal tiles among which the objective chooses, from the largest down (C1)."""
MOST_JOBS = 2**24
"""Of a mini-batch: 23 columns of 8 bytes each, 3 GB."""


def best(
    task: Task,
    name: str,
    weighted: tuple[Weighted, ...],
    stepwise: frozenset[str],
    pinned: bool,
    outlasting: dict[str, Place],
) -> Plan:
    """The legal plan of a layer with the least objective, the first of equals (C1).

    Raises the HwsimError of the first choice if none is legal.
    """
    choices = list(candidates(task, name, weighted, stepwise))
    found: tuple[int, Plan] | None = None
    problem: HwsimError | None = None
    legal: list[int | None] = []
    for choice in choices:
        if choice.tile not in legal and len(legal) == TILES_TRIED:
            break
        try:
            layer = array_layer(task, name, weighted, stepwise, choice)
            if prod(layer.shape) > MOST_JOBS:
                raise too_many(task, prod(layer.shape), name, prod(layer.shape))
            made = plan(task, layer, pinned, outlasting)
            output_slots(task, largest_store(made), name)
        except HwsimError as error:
            problem = problem or error
            continue
        if len(choices) == 1:
            return made
        if choice.tile not in legal:
            legal.append(choice.tile)
        cost = made.moved_bytes() if task.mapping.objective == "dram_bytes" else cycles(made)
        if found is None or cost < found[0]:
            found = (cost, made)
    if found is None:
        assert problem is not None
        raise problem
    return found[1]


def too_many(task: Task, jobs: int, name: str, own: int) -> HwsimError:
    return HwsimError(
        f"layer {name!r} on hardware {task.hardware.name!r}: it has {own} of the {jobs} jobs of a "
        f"mini-batch, which may have {MOST_JOBS}; take larger tiles, a smaller batch or a larger array"
    )


def candidates(
    task: Task, name: str, weighted: tuple[Weighted, ...], stepwise: frozenset[str]
) -> Iterator[Choice]:
    """What the mapping allows: tiles from the largest down, and of each both orders."""
    wanted = task.mapping.fold_order_of(name)
    orders: tuple[Order, ...] = ("m_outer", "n_outer") if wanted == "auto" else (wanted,)
    for tile in _tiles(task, name, weighted, stepwise):
        for order in orders:
            yield Choice(order, tile)


def _tiles(
    task: Task, name: str, weighted: tuple[Weighted, ...], stepwise: frozenset[str]
) -> list[int] | list[None]:
    population, chosen = task.network.population[name], own(task.mapping, name)
    groups, outputs, positions = nest(population, weighted)
    dataflow = task.hardware.pe_array.dataflow
    if dataflow == "os":
        return [None]
    if dataflow == "ws":
        batched = together(task, population, name in stepwise, None)
        return [chosen.m_tile] if chosen.m_tile else _halves(task.samples if batched else positions)
    if chosen.n_tile:
        return [chosen.n_tile]
    whole = channel_extent(task.hardware, outputs, None)
    least = population.channel_groups if interleaves(population, groups, whole) else 1
    return [tile for tile in _halves(outputs) if tile >= least]


def _halves(length: int) -> list[int]:
    """ceil(length / 2^i) until it is 1."""
    tiles = [length]
    while tiles[-1] > 1:
        tiles.append(ceil_div(length, 1 << len(tiles)))
    return tiles


def cycles(made: Plan) -> int:
    """``cycles`` of C1: over all jobs, the array's as in ``dense`` or the transfers', whichever is more."""
    task, layer = made.task, made.layer
    clock, bandwidth = task.hardware.clock_per_byte
    operands = [made.load(o) for o in ("weight", *made.loads)] + list(made.stores.values())
    transfers = sum(units(size * clock, bandwidth) for size in operands)
    return int(np.broadcast_to(np.maximum(dense_cycles(task, layer), transfers), layer.shape).sum())


def dense_cycles(task: Task, layer: Layer) -> Ints:
    """Cycles of the array for each job if every input streams (P1, P2)."""
    array = task.hardware.pe_array
    steps = along(T, layer.array_steps)
    if array.dataflow == "os":
        streamed, most = along(K, layer.depth), layer.window
    else:
        streamed = along(M, layer.rows) if array.dataflow == "ws" else along(N, layer.columns)
        most = layer.pass_steps
    served = np.minimum(steps, most if array.time_lanes == "serial" else 1)
    return (streamed * served + overhead(task)) * (steps > 0)


def overhead(task: Task) -> int:
    """Cycles of preload and of fill and drain of a job that streams anything (P2)."""
    array = task.hardware.pe_array
    preload = 0 if array.dataflow == "os" else array.rows
    return preload + (array.rows + array.columns - 2 if array.fill == "systolic" else 0)


def largest_store(made: Plan) -> int:
    """Bytes of the largest store of a layer's jobs."""
    stored = sum(made.stores.values())
    return int(np.max(stored))
