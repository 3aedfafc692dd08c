"""Inputs that each job fetches from DRAM, weighted and streamed (docs/machine.md, B2, B3)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hwsim.errors import HwsimError
from hwsim.lower.axes import Bools, G, Ints, K, M, N, T, along, ceil_div, first, units, zeros
from hwsim.lower.layers import Layer, Task, Weighted, steps_of
from hwsim.lower.maps import Maps

Residency = Literal["whole", "sample", "window", "fold"]


@dataclass(frozen=True, eq=False)
class Streamed:
    """Bytes of streamed operands that each job fetches, and words of the input buffer that it reads (B3)."""

    load: Ints
    words: Ints


def residency(task: Task, layer: Layer) -> Residency:
    """How much of the weighted inputs stays in the input buffer (B2). Raises HwsimError if no fold fits."""
    buffer = task.hardware.buffers.input
    plain = task.mapping.schedule == "layer_major" and not layer.stepwise
    steps = [steps_of(task.network, w.source.name) if plain else 1 for w in layer.weighted]
    sample = sum(ceil_div(w.source.size * w.bits, 8) * s for w, s in zip(layer.weighted, steps, strict=True))
    window = sum(_window_bytes(layer, w) * s for w, s in zip(layer.weighted, steps, strict=True))
    again = layer.together or (not layer.apart and (layer.order == "n_outer" or layer.groups > 1))
    if sample * (layer.samples if again else 1) <= buffer.capacity_bytes:
        return "whole"
    if not layer.together and sample <= buffer.capacity_bytes:
        return "sample"
    if not layer.together and window <= buffer.tile_bytes:
        return "window"
    largest = _largest_fold(task, layer)
    if largest > buffer.tile_bytes:
        raise HwsimError(
            f"layer {layer.name!r}: the inputs of one fold take {largest} bytes; hardware "
            f"{task.hardware.name!r} gives a job {buffer.tile_bytes} bytes of buffers.input"
        )
    return "fold"


def input_loads(task: Task, layer: Layer, kept: Residency, maps: Maps) -> Ints:
    """Bytes of weighted inputs that each job fetches (B2)."""
    if kept == "fold":
        return _by_fold(layer, maps)
    _, groups, channel_folds, *_, tiles = layer.shape
    once: Bools = first(K, tiles)
    if kept == "whole" or layer.order == "m_outer":
        once = once & first(N, channel_folds)
    plain = task.mapping.schedule == "layer_major" and not layer.stepwise
    loads = zeros()
    for w in layer.weighted:
        when = once & first(G, groups) if kept == "whole" and w.projection.groups == 1 else once
        rows = _rows_reached(layer, w) * w.plane[1] * w.channels
        done = maps.part(w.projection, layer, along(M, rows))
        begun = maps.part(w.projection, layer, along(M, np.append(0, rows[:-1])))
        moved = layer.over_samples(done - begun)
        if w.constant and plain:
            moved = np.where(along(T, range(layer.steps)) == w.projection.delay, moved, 0)
        loads = loads + layer.over_steps(moved, layer.array_steps) * when
    return loads


def streamed_loads(layer: Layer, maps: Maps, word_bits: int) -> Streamed:
    """Operands that are read once in order, as the outputs of a sample and step are finished (B3)."""
    before, after = layer.finished()
    size, load, words = layer.population.size, zeros(), zeros()
    for p in layer.streamed:
        values = maps.task.network.population[p.source].size
        done, begun = values * after // size, values * before // size
        moved = maps.part(p, layer, done) - maps.part(p, layer, begun)
        read = units((done - begun) * maps.brought(p, layer), values * word_bits)
        load = load + layer.over_steps(layer.over_samples(moved), layer.pass_sizes) * layer.at_end
        words = words + layer.over_steps(layer.over_samples(read), layer.pass_sizes) * layer.at_end
    return Streamed(load, words)


def check_streamed(task: Task, layer: Layer, streamed: Streamed) -> None:
    """Raises HwsimError if a job streams more than the input buffer gives it (B3)."""
    largest, room = int(np.max(streamed.load)), task.hardware.buffers.input.tile_bytes
    if largest > room:
        raise HwsimError(
            f"layer {layer.name!r}: the streamed inputs of one job take {largest} bytes; hardware "
            f"{task.hardware.name!r} gives a job {room} bytes of buffers.input"
        )


def _window_bytes(layer: Layer, w: Weighted) -> int:
    """Rows that a fold of consecutive positions can touch, in bytes of one step."""
    height, width = w.plane
    span = ceil_div(int(layer.rows[0]) - 1, layer.population.plane[1])
    rows = min(height, w.projection.stride[0] * span + w.projection.kernel[0])
    return ceil_div(rows * width * w.channels * w.bits, 8)


def _fold_sizes(layer: Layer) -> Ints:
    """Positions of each M-fold of one sample."""
    return np.ones(1, np.int64) if layer.together else layer.rows


def _rows_reached(layer: Layer, w: Weighted) -> Ints:
    """y(m): source rows that are needed up to the end of each M-fold of a sample."""
    height, width = layer.population.plane
    stride, padding, kernel = w.projection.stride[0], w.projection.padding[0], w.projection.kernel[0]
    begins = np.clip(np.arange(height) * stride - padding, 0, w.plane[0])
    ends = np.clip(np.arange(height) * stride - padding + kernel, 0, w.plane[0])
    new = np.maximum(ends - np.maximum(begins, np.append(0, ends[:-1])), 0)
    last = (np.cumsum(_fold_sizes(layer)) - 1) // width
    reached: Ints = np.cumsum(new)[last]
    return reached


def _by_fold(layer: Layer, maps: Maps) -> Ints:
    """Every job fetches the in-bounds inputs of its own M-fold, pass and K-tile."""
    loads = zeros()
    for i, w in enumerate(layer.weighted):
        elements = along(M, _fold_positions(layer, w)) * along(K, layer.touched(i))
        moved = layer.over_samples(maps.part(w.projection, layer, elements))
        loads = loads + layer.over_steps(moved, layer.array_steps)
    return loads


def _largest_fold(task: Task, layer: Layer) -> int:
    """Bytes that a job of ``fold`` needs at most, whatever a delay leaves out."""
    needed = zeros()
    for i, w in enumerate(layer.weighted):
        elements = along(M, _fold_positions(layer, w)) * along(K, layer.touched(i))
        needed = needed + layer.over_samples(task.bytes_of(elements * w.bits))
    return int(needed.max() * layer.array_steps.max())


def _fold_positions(layer: Layer, w: Weighted) -> Ints:
    """In-bounds source positions of each M-fold, run by run of output positions in one output row."""
    (height, width), (kh, kw) = w.plane, w.projection.kernel
    (sh, sw), (ph, pw) = w.projection.stride, w.projection.padding
    wide, sizes = layer.population.plane[1], _fold_sizes(layer)
    ends = np.cumsum(sizes)
    positions = np.arange(int(ends[-1]), dtype=np.int64)
    fold = np.repeat(np.arange(len(sizes), dtype=np.int64), sizes)
    begins = np.flatnonzero((positions % wide == 0) | (positions == (ends - sizes)[fold]))
    stops = np.append(begins[1:], len(positions))
    oy, left, right = begins // wide, begins % wide, (stops - 1) % wide
    tall = np.clip(oy * sh - ph + kh, 0, height) - np.clip(oy * sh - ph, 0, height)
    broad = np.clip(right * sw - pw + kw, 0, width) - np.clip(left * sw - pw, 0, width)
    counts = np.zeros(len(sizes), np.int64)
    np.add.at(counts, fold[begins], tall * broad)
    return counts
