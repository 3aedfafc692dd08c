"""Streams that differ from lane to lane: own streams, zero weights skipped, streamed positions (P1, P2)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.events import Events
from hwsim.lower import lane_kernels
from hwsim.lower.folds import Incoming, Ints, Shape

PART = (
    "first_neuron", "positions", "height", "width", "kernel_height", "kernel_width", "stride_down",
    "stride_right", "padding_top", "padding_left", "channels_between_groups", "first_k", "end_k",
)  # fmt: skip
"""What the kernels know of a projection's share of a K-tile; neurons of all sources follow one another."""


@dataclass(frozen=True)
class Lanes:
    """Streams by lane; axes (group, N-fold or 1, M-fold, pass, K-tile) as in Streams.

    ``accesses``: to weights. ``useful``: operations with weights that are not zero, of each projection; None
    if all weights count.
    """

    longest: Ints
    total: Ints
    conflict: Ints
    accesses: Ints
    decoded: Ints
    live: tuple[Ints, ...]
    useful: Ints | None


@dataclass(frozen=True)
class _Parts:
    """K-tiles as shares of projections, in the order of the tiles, then of the projections."""

    table: Ints
    tiles: Ints
    projection: Ints
    tile: Ints

    @property
    def deepest(self) -> int:
        """K of the largest tile."""
        sizes = self.table[:, -1] - self.table[:, -2]
        return int(np.add.reduceat(sizes, self.tiles[:-1]).max())

    def by_projection(self, live: Ints, count: int, k_tiles: int) -> tuple[Ints, ...]:
        """(group, M-fold, pass, part) to the axes of Streams, an array for each projection."""
        made = np.zeros((count, live.shape[0], 1, *live.shape[1:3], k_tiles), np.int64)
        for part, (projection, tile) in enumerate(zip(self.projection, self.tile, strict=True)):
            made[projection, :, 0, :, :, tile] = live[..., part]
        return tuple(made)


def _parts(shape: Shape, incoming: tuple[Incoming, ...]) -> _Parts:
    rows = []
    first_neuron = 0
    for i, p in enumerate(incoming):
        between = p.channels if p.groups > 1 else 0
        place = (first_neuron, p.positions, *p.plane, *p.kernel, *p.stride, *p.padding, between)
        rows += [(int(tile), i, *place, int(first), int(end)) for tile, first, end in p.tiles]
        first_neuron += p.size
    made = np.array(sorted(rows), np.int64)
    tiles = np.searchsorted(made[:, 0], np.arange(shape.k_tiles + 1))
    return _Parts(np.ascontiguousarray(made[:, 2:]), tiles, made[:, 1], made[:, 0])


def _masks(
    shape: Shape, incoming: tuple[Incoming, ...], events: tuple[Events, ...], samples: range
) -> Iterator[tuple[slice, int, NDArray[np.uint64]]]:
    """M-folds of one batch of samples, a pass that streams, and masks (sample, neuron) of its steps."""
    arriving = [shape.arriving(p, e) for p, e in zip(incoming, events, strict=True)]
    ends = np.cumsum([p.size for p in incoming])
    for batch, folds in shape.batches(samples):
        masks = np.zeros((len(batch), ends[-1]), np.uint64)
        for q in np.flatnonzero(shape.streamed_steps):
            masks[:] = 0
            for p, e, end, (steps, cells) in zip(incoming, events, ends, arriving, strict=True):
                bits = np.zeros(e.steps, np.uint64)
                now = steps // shape.pass_steps == q
                within = (steps[now] - q * shape.pass_steps).astype(np.uint64)
                np.bitwise_or.at(bits, cells[now], np.uint64(1) << within)
                for i, sample in enumerate(batch):
                    offsets = e.offsets[sample * e.steps : (sample + 1) * e.steps + 1]
                    lane_kernels.mark(offsets, e.index, bits, masks[i, end - p.size : end])
            yield folds, int(q), masks


def own(
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
    serial: bool,
    banks: int,
    ports: int,
) -> Lanes:
    """A stream for every row (``streams: own``), live inputs only."""
    parts, shapes = _parts(shape, incoming), _shapes(shape, samples)
    longest, total, conflict, accesses, decoded = (np.zeros(shapes, np.int64) for _ in range(5))
    live = np.zeros((*shapes[:3], len(parts.table)), np.int64)
    for folds, q, masks in _masks(shape, incoming, events, samples):
        for g in range(shape.groups):
            lane_kernels.own_streams(
                masks, parts.table, parts.tiles, g, shape.lanes, shape.plane[1], shape.together, serial,
                banks, ports, parts.deepest, longest[g, folds, q], total[g, folds, q], conflict[g, folds, q],
                accesses[g, folds, q], decoded[g, folds, q], live[g, folds, q],
            )  # fmt: skip
    found = parts.by_projection(live, len(incoming), shape.k_tiles)
    return Lanes(
        longest[:, None], total[:, None], conflict[:, None], accesses[:, None], decoded[:, None], found, None
    )


def sparse(
    shape: Shape, incoming: tuple[Incoming, ...], events: tuple[Events, ...], samples: range, serial: bool
) -> Lanes:
    """A stream for every row of which each PE takes what meets a nonzero weight (``weight_sparsity``)."""
    parts, shapes = _parts(shape, incoming), _shapes(shape, samples)
    channels = np.concatenate(shape.channels)
    bounds = np.concatenate([[0], np.cumsum([len(c) for c in shape.channels])])
    longest, total = (np.zeros((shapes[0], len(shape.channels), *shapes[1:]), np.int64) for _ in range(2))
    decoded, live = np.zeros(shapes, np.int64), np.zeros((*shapes[:3], len(parts.table)), np.int64)
    useful = np.zeros(len(parts.table), np.int64)
    nonzero = [_nonzero(incoming, parts, g, len(channels)) for g in range(shape.groups)]
    chosen = [n.sum(axis=1, dtype=np.int64) for n in nonzero]
    for folds, q, masks in _masks(shape, incoming, events, samples):
        for g in range(shape.groups):
            lane_kernels.sparse_streams(
                masks, parts.table, parts.tiles, g, shape.lanes, shape.plane[1], shape.together, serial,
                nonzero[g], chosen[g], channels, bounds, parts.deepest, longest[g, :, folds, q],
                total[g, :, folds, q], decoded[g, folds, q], live[g, folds, q], useful,
            )  # fmt: skip
    found = parts.by_projection(live, len(incoming), shape.k_tiles)
    by_projection = np.zeros(len(incoming), np.int64)
    np.add.at(by_projection, parts.projection, useful)
    return Lanes(longest, total, np.zeros_like(longest), total, decoded[:, None], found, by_projection)


def _nonzero(incoming: tuple[Incoming, ...], parts: _Parts, group: int, channels: int) -> NDArray[np.uint8]:
    """Which weights of a group are not zero, (k of all parts in order, channels)."""
    chosen = slice(group * channels, (group + 1) * channels)
    ranges = zip(parts.projection, parts.table[:, -2:], strict=True)
    return np.concatenate([incoming[i].nonzero_by_k[first:end, chosen] for i, (first, end) in ranges])


def positions(
    shape: Shape, incoming: tuple[Incoming, ...], events: tuple[Events, ...], samples: range, serial: bool
) -> tuple[Ints, tuple[Ints, ...]]:
    """Streamed positions that have a live input, and live inputs of each projection (``dataflow: ws``)."""
    parts, shapes = _parts(shape, incoming), _shapes(shape, samples)
    streamed = np.zeros(shapes, np.int64)
    live = np.zeros((*shapes[:3], len(parts.table)), np.int64)
    for folds, q, masks in _masks(shape, incoming, events, samples):
        for g in range(shape.groups):
            lane_kernels.streamed_lanes(
                masks, parts.table, parts.tiles, g, shape.lanes, shape.plane[1], shape.together, serial,
                parts.deepest, streamed[g, folds, q], live[g, folds, q],
            )  # fmt: skip
    return streamed[:, None], parts.by_projection(live, len(incoming), shape.k_tiles)


def _shapes(shape: Shape, samples: range) -> tuple[int, int, int, int]:
    """(group, M-folds of all samples, pass, K-tile)."""
    folds = len(shape.rows) * (1 if shape.together else len(samples))
    return shape.groups, folds, shape.passes, shape.k_tiles
