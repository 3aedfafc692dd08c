"""What a mapping leaves open: the order of folds, and k_tile, m_tile or n_tile (docs/machine.md, C1)."""

from collections.abc import Iterator
from math import prod

import numpy as np

from hwsim.errors import HwsimError
from hwsim.lower.axes import Ints, K, M, N, T, along, ceil_div, total, units
from hwsim.lower.layers import Layer, Order, Task, Weighted
from hwsim.lower.layout import Choice, array_layer, channel_extent, interleaves, nest, own, together
from hwsim.lower.loads import skips_columns
from hwsim.lower.plans import Plan, plan
from hwsim.lower.states import Place
from hwsim.lower.stores import output_slots

MOST_JOBS = 2**24
"""Of a mini-batch: 23 columns of 8 bytes each, 3 GB."""


class TooManyJobsError(HwsimError):
    """A mini-batch has more jobs than are laid out."""


def best(
    task: Task,
    name: str,
    weighted: tuple[Weighted, ...],
    stepwise: frozenset[str],
    pinned: bool,
    outlasting: dict[str, Place],
) -> Plan:
    """The legal plan of a layer with the least objective, then of the other, the first of equals (C1).

    Raises the HwsimError of the smallest tile if none is legal.
    """
    outputs_stay = task.hardware.pe_array.dataflow == "os"
    found: list[Plan] = []
    problems: list[HwsimError] = []
    wanted = task.mapping.fold_order_of(name)
    orders: tuple[Order, ...] = ("m_outer", "n_outer") if wanted == "auto" else (wanted,)
    for tile in _tiles(task, name, weighted, stepwise):
        before = len(found)
        try:
            layer = array_layer(task, name, weighted, stepwise, Choice(orders[0], tile))
            if prod(layer.shape) > MOST_JOBS:
                raise too_many(task, prod(layer.shape), name, prod(layer.shape))
        except HwsimError as error:
            problems.append(error)
            continue
        different = orders[:1] if len(layer.rows) == layer.samples == 1 else orders
        one: Plan | None = None
        for order in different:
            try:
                made = one.in_order(order) if one else plan(task, layer.in_order(order), pinned, outlasting)
                one = one or made
                if one.most_stored > task.hardware.buffers.output.capacity_bytes:
                    output_slots(task, made.largest_store, name)
                found.append(made)
            except HwsimError as error:
                problems.append(error)
        all_legal = len(found) - before == len(different)
        if outputs_stay and len(layer.tiles) == 1 and all_legal and not skips_columns(layer):
            # One K-tile moves no more and takes no longer than several: bursts and overheads only add up.
            break
    if not found:
        raise next((p for p in reversed(problems) if not isinstance(p, TooManyJobsError)), problems[-1])
    if task.mapping.objective == "dram_bytes":
        least = min(made.moved_bytes for made in found)
        found = [made for made in found if made.moved_bytes == least]
    return _quickest(found)


def _quickest(plans: list[Plan]) -> Plan:
    """The plan of the fewest cycles, then bytes, the first of equals.

    Cycles are worked out in the order of their floors, until no floor is below the least.
    """
    if len(plans) == 1:
        return plans[0]
    floors = sorted((cycles_floor(made), made.moved_bytes, i) for i, made in enumerate(plans))
    found: tuple[int, int, int] | None = None
    for floor in floors:
        if found is not None and floor > found:
            break
        _, moved, i = floor
        exact = cycles(plans[i]), moved, i
        found = exact if found is None else min(found, exact)
    assert found is not None
    return plans[found[2]]


def too_many(task: Task, jobs: int, name: str, own: int) -> TooManyJobsError:
    return TooManyJobsError(
        f"layer {name!r} on hardware {task.hardware.name!r}: it has {own} of the {jobs} jobs of a "
        f"mini-batch, which may have {MOST_JOBS}; take larger tiles, a smaller batch or a larger array"
    )


def _tiles(
    task: Task, name: str, weighted: tuple[Weighted, ...], stepwise: frozenset[str]
) -> Iterator[int | None]:
    """What the mapping allows, from the largest down."""
    population, chosen = task.network.population[name], own(task.mapping, name)
    groups, outputs, positions = nest(population, weighted)
    dataflow = task.hardware.pe_array.dataflow
    if dataflow == "os":
        yield chosen.k_tile
        if chosen.k_tile is None and not task.settled:
            yield from _splits(max(w.channels for w in weighted))
    elif dataflow == "ws":
        batched = together(task, population, name in stepwise, None)
        yield from [chosen.m_tile] if chosen.m_tile else _halves(task.samples if batched else positions)
    elif chosen.n_tile:
        yield chosen.n_tile
    else:
        whole = channel_extent(task.hardware, outputs, None)
        least = population.channel_groups if interleaves(population, groups, whole) else 1
        yield from (tile for tile in _halves(outputs) if tile >= least)


def _splits(length: int) -> list[int]:
    """ceil(length / j) for j = 1, 2, 3, 4, 6, 8, 12, ... until it is 1, each once."""
    parts = sorted({a << i for a in (1, 3) for i in range(length.bit_length() + 1)})
    return list(dict.fromkeys(ceil_div(length, j) for j in parts))


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
    operands = [made.load(o) for o in ("weight", *made.loads)] + [made.store(o) for o in made.stores]
    transfers = sum(units(size * clock, bandwidth) for size in operands)
    return int(np.broadcast_to(np.maximum(dense_cycles(task, layer), transfers), layer.shape).sum())


def cycles_floor(made: Plan) -> int:
    """No more than :func:`cycles`: the array's cycles of all jobs, or all their bytes at once."""
    task, layer = made.task, made.layer
    clock, bandwidth = task.hardware.clock_per_byte
    moved = made.moved_bytes + made.stores["output"].total(layer.shape)
    return max(total(dense_cycles(task, layer), layer.shape), ceil_div(moved * clock, bandwidth))


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
