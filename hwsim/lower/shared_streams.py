"""Beats of streams that all rows share, and live inputs of channel-wise K-tiles (docs/machine.md, P1, P4)."""

from dataclasses import dataclass

import numpy as np

from hwsim.events import Events
from hwsim.lower import bits
from hwsim.lower.folds import Incoming, Ints, Shape


@dataclass(frozen=True)
class Counted:
    """Counts of one projection, axes (group, 1, M-fold, pass, K-tile).

    ``beats``: for each number of offsets asked for, the sum over k of the offsets (step of the pass modulo
    that number) at which k is live in any lane. ``live``: live inputs summed over lanes and steps.
    """

    beats: tuple[Ints, ...]
    live: Ints


def count(shape: Shape, p: Incoming, events: Events, samples: range, offsets: tuple[int, ...]) -> Counted:
    """Beats and live inputs of one projection whose K-tiles are whole channels.

    Bits are set step by step, merged into a slot for each offset of each pass, and the slots looked up fold
    by fold. A constant source has one slot, which counts in each pass as often as it arrives there.
    """
    steps, cells = shape.arriving(p, events)
    passes, within = np.divmod(steps, shape.pass_steps)
    if events.steps > 1:
        sizes = [shape.passes * n for n in offsets]
        slots = np.empty((len(offsets), len(steps)), np.int64)
        for i, n in enumerate(offsets):
            slots[i] = sum(sizes[:i]) + passes * n + within % n
        union, live = _fold(shape, p, events, samples, cells, passes, shape.passes, slots, sum(sizes))
        split = np.split(union, np.cumsum(sizes, dtype=np.int64), axis=1)
        beats = [
            b.reshape(len(b), shape.passes, n, -1).sum(axis=2) for b, n in zip(split, offsets, strict=False)
        ]
    else:
        only = np.zeros(1, np.int64)
        slots = np.zeros((min(len(offsets), 1), 1), np.int64)
        union, live = _fold(shape, p, events, samples, only, only, 1, slots, len(slots))
        beats = [union * _arrivals(shape, passes, within % n) for n in offsets]
        live = live * _arrivals(shape, passes, within)
    return Counted(tuple(_on_axes(shape, p, b) for b in beats), _on_axes(shape, p, live))


def _arrivals(shape: Shape, passes: Ints, offsets: Ints) -> Ints:
    """How many different offsets there are in each pass, (pass, 1)."""
    marked = np.zeros((shape.passes, shape.pass_steps), np.int64)
    marked[passes, offsets] = 1
    return np.add.reduce(marked, axis=1, keepdims=True)


def _fold(
    shape: Shape,
    p: Incoming,
    events: Events,
    samples: range,
    cells: Ints,
    passes: Ints,
    pass_count: int,
    slots: Ints,
    slot_count: int,
) -> tuple[Ints, Ints]:
    """Inputs live in any lane (M-fold, slot, segment), and summed over lanes (M-fold, pass, segment).

    ``cells``: the source's steps that arrive; ``passes`` (cells) and ``slots`` (any, cells): where to.
    """
    layout, lanes, folds = p.bit_layout, shape.lanes, len(shape.rows)
    segments = len(layout.segments) - 1
    batches = shape.batches(samples)
    union = np.zeros((folds * len(batches), slot_count, segments), np.int64)
    live = np.zeros((folds * len(batches), pass_count, segments), np.int64)
    for batch, part in batches:
        counts = np.zeros((len(batch), pass_count, p.positions, segments), np.int32)
        merged = np.zeros((len(batch), slot_count, p.positions, layout.segments[-1]), np.uint64)
        given = [events.offsets[s * events.steps : (s + 1) * events.steps + 1] for s in batch]
        if slot_count:
            words = np.zeros((len(batch), len(cells), *merged.shape[2:]), np.uint64)
            for offsets, set_in in zip(given, words, strict=True):
                bits.set_bits(offsets, events.index, p.positions, cells, layout.word, layout.mask, set_in)
            bits.collapse(words, passes, slots, layout.segments, counts, merged)
        else:
            for offsets, added in zip(given, counts, strict=True):
                bits.count_live(offsets, events.index, p.positions, cells, passes, layout.segment, added)
        bits.fold_inputs(
            merged, counts, p.window, lanes, shape.plane[1], shape.together, layout.segments,
            union[part], live[part],
        )  # fmt: skip
    return union, live


def _on_axes(shape: Shape, p: Incoming, values: Ints) -> Ints:
    """(M-fold, pass, segment) to all axes, at the layer's K-tiles."""
    grouped = values.reshape(*values.shape[:2], p.groups, len(p.tiles)).transpose(2, 0, 1, 3)
    made = np.zeros((shape.groups, 1, *grouped.shape[1:3], shape.k_tiles), np.int64)
    made[..., p.tiles[:, 0]] = grouped[:, None]
    return made
