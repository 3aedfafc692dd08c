"""Inputs that each job fetches from DRAM, weighted and streamed (docs/machine.md, B2, B3)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hwsim.errors import HwsimError
from hwsim.lower.axes import Bools, G, Ints, K, M, N, T, Terms, along, ceil_div, first, units, zeros
from hwsim.lower.layers import Layer, Task, Weighted, steps_of
from hwsim.lower.maps import Maps

Residency = Literal["whole", "sample", "window", "fold"]


@dataclass(frozen=True, eq=False)
class Streamed:
    """Bytes of streamed operands that the last K-tile of each fold and pass fetches, and words of the input
    buffer that it reads (B3)."""

    load: Ints
    words: Ints


def residency(task: Task, layer: Layer, maps: Maps, streamed: Streamed) -> Residency:
    """How much of the weighted inputs stays in the input buffer beside what is streamed (B2).

    Only where source columns are skipped can ``fold`` load less than the others. Raises HwsimError if no
    fold fits.
    """
    buffer, beside = task.hardware.buffers.input, int(streamed.load.max())
    kept = _first_that_fits(task, layer, beside)
    if kept and not skips_columns(layer):
        return kept
    largest = _largest_fold(task, layer)
    if largest + beside > buffer.tile_bytes:
        if kept:
            return kept
        tile = f" of k_tile {layer.tile}" if task.hardware.pe_array.dataflow == "os" and layer.tile else ""
        more = f" beside {beside} bytes of streamed inputs" if beside else ""
        raise HwsimError(
            f"layer {layer.name!r}: the inputs of one fold{tile} take {largest} bytes{more}; hardware "
            f"{task.hardware.name!r} gives a job {buffer.tile_bytes} bytes of "
            f"buffers.input{_smaller(task, layer)}"
        )
    if kept and _moved(task, layer, kept, maps) <= _moved(task, layer, "fold", maps):
        return kept
    return "fold"


def _smaller(task: Task, layer: Layer) -> str:
    """What to do about a fold that is too large; n_tile does not help."""
    tile = {"os": "k_tile", "ws": "m_tile"}.get(task.hardware.pe_array.dataflow)
    return f"; enlarge it or take a smaller {tile}" if tile and layer.tile != 1 else "; enlarge it"


def _first_that_fits(task: Task, layer: Layer, beside: int) -> Residency | None:
    """The first of whole, sample and window that fits with ``beside`` bytes of streamed operands a job."""
    buffer = task.hardware.buffers.input
    plain = task.mapping.schedule == "layer_major" and not layer.stepwise
    steps = [steps_of(task.network, w.source.name) if plain else 1 for w in layer.weighted]
    sample = sum(ceil_div(w.source.size * w.bits, 8) * s for w, s in zip(layer.weighted, steps, strict=True))
    again = layer.together or (not layer.apart and (layer.order == "n_outer" or layer.groups > 1))
    room = buffer.capacity_bytes - beside * (2 if buffer.double_buffered else 1)
    if sample * (layer.samples if again else 1) <= room:
        return "whole"
    if layer.together:
        return None
    if sample <= room:
        return "sample"
    window = sum(_window_bytes(layer, w) * s for w, s in zip(layer.weighted, steps, strict=True))
    return "window" if window + beside <= buffer.tile_bytes else None


def skips_columns(layer: Layer) -> bool:
    """Whether a weighted projection leaves out columns of its source."""
    wide = layer.population.plane[1]
    return any(
        w.projection.stride[1] > w.projection.kernel[1]
        or (wide - 1) * w.projection.stride[1] - w.projection.padding[1] + w.projection.kernel[1] < w.plane[1]
        for w in layer.weighted
    )


def _moved(task: Task, layer: Layer, kept: Residency, maps: Maps) -> int:
    """Bytes of weighted inputs that all jobs load."""
    return input_loads(task, layer, kept, maps).total(layer.shape)


def input_loads(task: Task, layer: Layer, kept: Residency, maps: Maps) -> Terms:
    """Bytes of weighted inputs that each job fetches (B2)."""
    if kept == "fold":
        return _by_fold(layer, maps)
    _, groups, channel_folds, *_, tiles = layer.shape
    once: Bools = first(K, tiles)
    if kept == "whole" or layer.order == "m_outer":
        once = once & first(N, channel_folds)
    plain = task.mapping.schedule == "layer_major" and not layer.stepwise
    loads = []
    for w, reached in zip(layer.weighted, layer.reached, strict=True):
        when = once & first(G, groups) if kept == "whole" and w.projection.groups == 1 else once
        rows = along(M, np.append(0, reached * w.plane[1] * w.channels))
        moved = layer.over_samples(np.diff(maps.part(w.projection, layer, rows), axis=M))
        if w.constant and plain:
            moved = np.where(along(T, range(layer.steps)) == w.projection.delay, moved, 0)
        loads.append((*layer.over_passes(moved, layer.array_steps), when.astype(np.int64)))
    return Terms(tuple(loads))


def streamed_loads(layer: Layer, maps: Maps, word_bits: int) -> Streamed:
    """Operands that are read once in order, as the outputs of a sample and step are finished (B3)."""
    size, load, words = layer.population.size, zeros(), zeros()
    if not layer.streamed:
        return Streamed(load, words)
    before, after = layer.finished()
    for p in layer.streamed:
        values = maps.task.network.population[p.source].size
        done, begun = values * after // size, values * before // size
        moved = maps.part(p, layer, done) - maps.part(p, layer, begun)
        read = units((done - begun) * maps.brought(p, layer), values * word_bits)
        load = load + layer.over_steps(layer.over_samples(moved), layer.pass_sizes)
        words = words + layer.over_steps(layer.over_samples(read), layer.pass_sizes)
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


def _by_fold(layer: Layer, maps: Maps) -> Terms:
    """Every job fetches the in-bounds inputs of its own M-fold, pass and K-tile."""
    loads = []
    for i, w in enumerate(layer.weighted):
        elements = along(M, _fold_positions(layer, w)) * along(K, layer.touched(i))
        moved = layer.over_samples(maps.part(w.projection, layer, elements))
        loads.append(layer.over_passes(moved, layer.array_steps))
    return Terms(tuple(loads))


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
