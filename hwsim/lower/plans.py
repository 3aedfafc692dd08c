"""One layer's jobs apart from its events: what they move, and where its operands stay."""

from dataclasses import dataclass, field
from functools import cached_property
from math import prod

import numpy as np

from hwsim.lower.axes import Ints, K, M, N, T, along, total, zeros
from hwsim.lower.layers import Layer, Task
from hwsim.lower.loads import Residency, Streamed, check_streamed, input_loads, residency, streamed_loads
from hwsim.lower.maps import Maps
from hwsim.lower.states import (
    Counts,
    Place,
    hold_counts,
    hold_moves,
    place_of,
    spill_moves,
    state_counts,
    state_moves,
)
from hwsim.lower.stores import output_stores
from hwsim.lower.weights import Kept, fetched, tile_bits, weights_kept
from hwsim.program import LOADED, STORED

Moves = dict[str, Ints]
"""Bytes of each operand that each job moves, on the axes of hwsim.lower.axes."""


@dataclass(frozen=True, eq=False)
class Plan:
    """``weight``: bytes of each tile, and ``fetches`` the jobs that load it; ``loads``, ``stores``: all else.

    ``maps_move``: words that streamed operands read. ``kept``, ``inputs``: None for vector layers.
    """

    task: Task
    layer: Layer
    kept: Kept | None
    inputs: Residency | None
    place: Place | None
    weight: Ints
    fetches: Ints
    loads: Moves
    stores: Moves
    streamed: Streamed
    counts: Counts = field(default_factory=dict)

    @cached_property
    def jobs(self) -> int:
        return prod(self.layer.shape)

    def moved_bytes(self) -> int:
        """``dram_bytes`` of C1: all that the layer's jobs load and store but its outputs."""
        shape = self.layer.shape
        weights = int(self.weight.sum()) * int(self.fetches.sum())
        used = self.weight.size * self.fetches.size
        others = [v for name, v in self.stores.items() if name != "output"] + list(self.loads.values())
        return weights * (self.jobs // used) + sum(total(v, shape) for v in others)

    def load(self, operand: str) -> Ints:
        return self.weight * self.fetches if operand == "weight" else self.loads[operand]


def plan(task: Task, layer: Layer, pinned: bool, outlasting: dict[str, Place]) -> Plan:
    """What every job of a layer moves if maps are bitmaps. Raises HwsimError if its inputs do not fit."""
    maps = Maps(task)
    kept = weights_kept(task, layer, pinned) if layer.weighted else None
    inputs = residency(task, layer) if layer.weighted else None
    place = place_of(task, layer, outlasting)
    state_load, state_store = state_moves(task, layer, place)
    hold_load, hold_store = hold_moves(task, layer)
    spill_load, spill_store, spill_counts = spill_moves(task, layer)
    load, streamed = map_loads(task, layer, inputs, maps)
    check_streamed(task, layer, streamed)
    loads = dict(zip(LOADED[1:], (load, state_load, hold_load, spill_load), strict=True))
    output = output_stores(task, layer, maps)
    stores = dict(zip(STORED, (output, state_store, hold_store, spill_store), strict=True))
    return Plan(
        task=task,
        layer=layer,
        kept=kept,
        inputs=inputs,
        place=place,
        weight=task.bytes_of(tile_bits(task, layer)) if kept else zeros(),
        fetches=fetched(task, layer, kept).astype(np.int64) if kept else zeros(),
        loads=loads,
        stores=stores,
        streamed=streamed,
        counts=state_counts(task, layer, place) | hold_counts(task, layer) | spill_counts,
    )


def map_loads(task: Task, layer: Layer, kept: Residency | None, maps: Maps) -> tuple[Ints, Streamed]:
    """Bytes of ``input`` that each job loads, and what of them is streamed (B2, B3)."""
    streamed = streamed_loads(layer, maps, task.hardware.buffers.input.word_bits)
    weighted = input_loads(task, layer, kept, maps) if kept else zeros()
    return weighted + streamed.load, streamed


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
