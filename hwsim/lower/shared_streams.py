"""Beats of streams that all rows share, and live inputs of channel-wise K-tiles (docs/machine.md, P1, P4)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.events import Events
from hwsim.lower import bits
from hwsim.lower.folds import Incoming, Ints, Shape


@dataclass(frozen=True)
class _Layout:
    """Where each source channel's bit lies; a segment is a group's K-tile and has words of its own.

    ``word``, ``mask``, ``segment``: of each channel; ``segments``: first word of each, and the end.
    """

    word: Ints
    mask: NDArray[np.uint64]
    segment: Ints
    segments: Ints


def _layout(p: Incoming) -> _Layout:
    sizes = (p.tiles[:, 2] - p.tiles[:, 1]) // p.taps
    widths = -(-sizes // 64)
    tile = np.repeat(np.arange(len(sizes)), sizes)
    bit = np.arange(p.channels) - (np.cumsum(sizes) - sizes)[tile]
    group = np.arange(p.groups)[:, None]
    return _Layout(
        word=(group * widths.sum() + (np.cumsum(widths) - widths)[tile] + bit // 64).ravel(),
        mask=np.tile(np.uint64(1) << (bit % 64).astype(np.uint64), p.groups),
        segment=(group * len(sizes) + tile).ravel(),
        segments=np.concatenate([[0], np.cumsum(np.tile(widths, p.groups))]),
    )


@dataclass(frozen=True)
class _Slots:
    """Which bitmap takes each source step, and what of the bitmaps counts in each pass.

    A constant source has one bitmap, which counts ``times`` in each pass; another one has ``per_pass``
    bitmaps a pass, and ``times`` is None.
    """

    of_step: Ints
    slots: int
    per_pass: int
    times: Ints | None

    def by_pass(self, values: Ints) -> Ints:
        """(fold, slot, segment) to (fold, pass, segment)."""
        if self.times is not None:
            return values * self.times[:, None]
        folds, slots, segments = values.shape
        split = values.reshape(folds, slots // self.per_pass, self.per_pass, segments)
        summed: Ints = split.sum(axis=2)
        return summed


def _slots(shape: Shape, p: Incoming, events: Events, offsets: int | None) -> _Slots:
    """One bitmap for each offset modulo ``offsets`` of a pass; None: one a pass, and times are steps."""
    steps, cells = shape.arriving(p, events)
    passes, within = np.divmod(steps, shape.pass_steps)
    if events.steps == 1:
        marked = np.zeros((shape.passes, offsets or shape.pass_steps), np.int64)
        marked[passes, within % marked.shape[1]] = 1
        return _Slots(np.zeros(1, np.int64), 1, 1, marked.sum(axis=1))
    per_pass = offsets or 1
    of_step = np.full(events.steps, -1, np.int64)
    of_step[cells] = passes * per_pass + within % per_pass
    return _Slots(of_step, shape.passes * per_pass, per_pass, None)


def beats(shape: Shape, p: Incoming, events: Events, samples: range, offsets: int) -> Ints:
    """Sum over k of the offsets (step of the pass modulo ``offsets``) at which it is live in any lane.

    Axes (group, 1, M-fold, pass, K-tile); only for K-tiles of whole channels.
    """
    layout, slots = _layout(p), _slots(shape, p, events, offsets)
    found = []
    for batch, _ in shape.batches(samples):
        words = np.zeros((len(batch), slots.slots, p.positions, layout.segments[-1]), np.uint64)
        for i, sample in enumerate(batch):
            bits.set_bits(
                _cells(events, sample), events.index, p.positions, slots.of_step, layout.word, layout.mask,
                words[i],
            )  # fmt: skip
        live = np.zeros((len(shape.rows), slots.slots, len(layout.segments) - 1), np.int64)
        bits.union(
            words, p.plane, shape.plane[1], p.kernel, p.stride, p.padding, shape.lanes, shape.together,
            layout.segments, live,
        )  # fmt: skip
        found.append(slots.by_pass(live))
    return _on_axes(shape, p, found)


def live_inputs(shape: Shape, p: Incoming, events: Events, samples: range) -> Ints:
    """Live inputs summed over lanes and steps; axes and condition as in :func:`beats`."""
    layout, slots = _layout(p), _slots(shape, p, events, None)
    found = []
    for batch, _ in shape.batches(samples):
        counts = np.zeros((len(batch), slots.slots, p.positions, len(layout.segments) - 1), np.int32)
        for i, sample in enumerate(batch):
            bits.count_events(
                _cells(events, sample), events.index, p.positions, slots.of_step, layout.segment, counts[i]
            )
        live = np.zeros((len(shape.rows), *counts.shape[1::2]), np.int64)
        bits.total(
            counts, p.plane, shape.plane[1], p.kernel, p.stride, p.padding, shape.lanes, shape.together, live
        )
        found.append(slots.by_pass(live))
    return _on_axes(shape, p, found)


def _cells(events: Events, sample: int) -> Ints:
    return events.offsets[sample * events.steps : (sample + 1) * events.steps + 1]


def _on_axes(shape: Shape, p: Incoming, found: list[Ints]) -> Ints:
    """(fold, pass, segment) of every batch to all axes, at the layer's K-tiles."""
    values = np.concatenate(found)
    grouped = values.reshape(*values.shape[:2], p.groups, len(p.tiles)).transpose(2, 0, 1, 3)
    made = np.zeros((shape.groups, 1, *grouped.shape[1:3], shape.k_tiles), np.int64)
    made[..., p.tiles[:, 0]] = grouped[:, None]
    return made
