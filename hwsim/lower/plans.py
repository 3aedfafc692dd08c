"""One layer's jobs apart from its events: what they move, and where its operands stay."""

from collections import Counter
from dataclasses import dataclass, fields, replace
from functools import cached_property
from math import prod

import numpy as np

from hwsim.lower.axes import Ints, K, M, N, T, Terms, along, zeros
from hwsim.lower.layers import Layer, Order, Task
from hwsim.lower.loads import Residency, Streamed, check_streamed, input_loads, residency, streamed_loads
from hwsim.lower.maps import Maps
from hwsim.lower.states import (
    Counts,
    Place,
    hold_counts,
    hold_moves,
    place_of,
    spill_counts,
    spill_moves,
    state_counts,
    state_moves,
)
from hwsim.lower.stores import most_flushed, output_stores
from hwsim.lower.weights import Kept, fetched, tile_bits, weights_kept
from hwsim.program import LOADED, STORED

Moves = dict[str, Terms]
"""Bytes of each operand that each job moves."""


@dataclass(frozen=True, eq=False)
class Traffic:
    """``weight``: bytes of each tile, and ``fetches`` the jobs that load it; ``loads``, ``parked``: all else,
    but for outputs, which :attr:`Plan.stores` adds.

    ``streamed``: words of streamed operands too. ``kept``, ``inputs``: None for vector layers.
    """

    kept: Kept | None
    inputs: Residency | None
    place: Place | None
    weight: Ints
    fetches: Ints
    loads: Moves
    parked: Moves
    streamed: Streamed


@dataclass(frozen=True, eq=False)
class Plan(Traffic):
    """What the jobs of one layer move."""

    task: Task
    layer: Layer

    @property
    def traffic(self) -> Traffic:
        """Of whatever layer that has the same content."""
        return Traffic(**{f.name: getattr(self, f.name) for f in fields(Traffic)})

    @cached_property
    def jobs(self) -> int:
        return prod(self.layer.shape)

    @cached_property
    def moved_bytes(self) -> int:
        """``dram_bytes`` of C1: all that the layer's jobs load and store but its outputs."""
        weights = int(self.weight.sum()) * int(self.fetches.sum())
        used = self.weight.size * self.fetches.size
        others = (*self.parked.values(), *self.loads.values())
        return weights * (self.jobs // used) + sum(v.total(self.layer.shape) for v in others)

    @cached_property
    def stores(self) -> Moves:
        """Bytes of each operand that each job stores."""
        return {"output": map_stores(self.task, self.layer, Maps(self.task))} | self.parked

    def in_order(self, order: Order) -> "Plan":
        """The same with the folds in that order, which decides inputs and fetches of weights alone.

        For layers on the array. Raises HwsimError if the inputs do not fit.
        """
        assert self.kept
        task, maps, layer = self.task, Maps(self.task), self.layer.in_order(order)
        streamed = self.streamed
        if layer.streamed:
            streamed = streamed_loads(layer, maps, task.hardware.buffers.input.word_bits)
            check_streamed(task, layer, streamed)
        inputs = residency(task, layer, maps, streamed)
        return replace(
            self,
            layer=layer,
            inputs=inputs,
            fetches=fetched(task, layer, self.kept).astype(np.int64),
            loads=self.loads | {"input": map_loads(task, layer, inputs, maps, streamed)},
            streamed=streamed,
        )

    @cached_property
    def most_stored(self) -> int:
        """No less than :attr:`largest_store`, without its parts and in any order of the folds."""
        parked = sum(int(v.dense().max()) for v in self.parked.values() if v.products)
        return parked + most_flushed(self.task, self.layer)

    @property
    def largest_store(self) -> int:
        """Bytes of the largest store of the layer's jobs: those of the last K-tile, or those that spill."""
        tiles = {0, max(1, len(self.layer.tiles)) - 1}
        return max(int(sum((s.at(k).dense() for s in self.stores.values()), zeros()).max()) for k in tiles)

    @property
    def counts(self) -> Counts:
        """Words of states, held sums and partial sums."""
        task, layer = self.task, self.layer
        found = Counter(state_counts(task, layer, self.place))
        for more in (hold_counts(task, layer), spill_counts(task, layer)):
            found.update(more)
        return dict(found)

    def load(self, operand: str) -> Ints:
        """Bytes of an operand that each job loads."""
        return self.weight * self.fetches if operand == "weight" else self.loads[operand].dense()

    def store(self, operand: str) -> Ints:
        """Bytes of an operand that each job stores."""
        return self.stores[operand].dense()


def plan(task: Task, layer: Layer, pinned: bool, outlasting: dict[str, Place]) -> Plan:
    """What every job of a layer moves if maps are bitmaps. Raises HwsimError if its inputs do not fit."""
    maps = Maps(task)
    streamed = streamed_loads(layer, maps, task.hardware.buffers.input.word_bits)
    check_streamed(task, layer, streamed)
    kept = weights_kept(task, layer, pinned) if layer.weighted else None
    inputs = residency(task, layer, maps, streamed) if layer.weighted else None
    place = place_of(task, layer, outlasting)
    state_load, state_store = state_moves(task, layer, place)
    hold_load, hold_store = hold_moves(task, layer)
    spill_load, spill_store = spill_moves(task, layer)
    load = map_loads(task, layer, inputs, maps, streamed)
    loads = dict(zip(LOADED[1:], (load, state_load, hold_load, spill_load), strict=True))
    return Plan(
        task=task,
        layer=layer,
        kept=kept,
        inputs=inputs,
        place=place,
        weight=task.bytes_of(tile_bits(task, layer)) if kept else zeros(),
        fetches=fetched(task, layer, kept).astype(np.int64) if kept else zeros(),
        loads=loads,
        parked=dict(zip(STORED[1:], (state_store, hold_store, spill_store), strict=True)),
        streamed=streamed,
    )


def map_loads(task: Task, layer: Layer, kept: Residency | None, maps: Maps, streamed: Streamed) -> Terms:
    """Bytes of ``input`` that each job loads, and what of them is streamed (B2, B3)."""
    weighted = input_loads(task, layer, kept, maps) if kept else Terms()
    return weighted + Terms(((streamed.load, layer.at_end),))


def map_stores(task: Task, layer: Layer, maps: Maps) -> Terms:
    """Bytes of ``output`` that each job stores (B5)."""
    return Terms(((output_stores(task, layer, maps), layer.at_end),))


def stage_cycles(task: Task, layer: Layer) -> dict[str, Ints]:
    """Cycles of the LIF stage of each job by cause (L1)."""
    hardware, population = task.hardware, layer.population
    rate, lanes = hardware.lif_rate, hardware.lif.vector_lanes
    once = layer.at_end * along(T, layer.pass_sizes)
    updates, groups = population.has_state or population.kind == "relu", population.channel_groups
    together = -(-layer.outputs // rate) * updates
    in_turn = groups * -(-layer.outputs // (groups * rate)) * updates
    vector = sum(
        (1 if p.kind == "identity" else p.kernel[0] * p.kernel[1]) * -(-layer.outputs // lanes)
        for p in layer.streamed
    )
    return {
        "update": together * once,
        "serialization": (in_turn - together) * once,
        "laned": (zeros() + vector) * once,
    }


def occupied(task: Task, layer: Layer) -> Ints:
    """PEs that each job uses (P4)."""
    if not layer.weighted:
        return zeros()
    dataflow = task.hardware.pe_array.dataflow
    if dataflow == "ws":
        return along(K, layer.depth) * along(N, layer.columns)
    if dataflow == "is":
        return along(K, layer.depth) * along(M, layer.rows)
    return layer.outputs * along(T, -(-layer.array_steps // layer.window))


JOB_COLUMNS = ("update", "serialization", "laned", "step", "sample", "closes", "occupied")
"""Columns of Jobs that no event changes, but for what is moved."""


def job_columns(made: Plan) -> dict[str, Ints]:
    """JOB_COLUMNS on the axes of the layer's jobs."""
    task, layer = made.task, made.layer
    return stage_cycles(task, layer) | {
        "step": along(T, np.arange(layer.passes) * layer.pass_steps),
        "sample": layer.first_samples,
        "closes": layer.at_end,
        "occupied": occupied(task, layer),
    }
