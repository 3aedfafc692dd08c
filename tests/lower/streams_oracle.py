"""The streams of one layer, job by job and k by k, from dense boolean inputs (docs/machine.md, P1 to P4).

Slow and plain: every job makes the array live[lane, step, k] of its K-tile and counts in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.events import Events
from hwsim.hardware import Hardware
from hwsim.lower.streams import Incoming, Shape

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Job:
    """One job of the array, and its K-tile: projection and k of each input."""

    group: int
    columns: NDArray[Any]
    lanes: list[tuple[int, int]]
    """Of each lane the sample (among those meant) and the output position."""
    steps: range
    tile: list[tuple[int, int]]


def jobs(shape: Shape, incoming: tuple[Incoming, ...]) -> Iterator[tuple[tuple[int, ...], Job]]:
    """All jobs by their place on (group, N-fold, M-fold, pass, K-tile)."""
    folds: list[list[tuple[int, int]]] = []
    if shape.together:
        lanes = [(sample, 0) for sample in range(shape.samples)]
        for rows in shape.rows:
            folds.append(lanes[:rows])
            lanes = lanes[rows:]
    else:
        for sample in range(shape.samples):
            positions = [(sample, m) for m in range(shape.plane[0] * shape.plane[1])]
            for rows in shape.rows:
                folds.append(positions[:rows])
                positions = positions[rows:]
    passes = [
        range(t, min(t + shape.pass_steps, shape.steps)) for t in range(0, shape.steps, shape.pass_steps)
    ]
    if shape.held:
        passes = [range(1) if steps.start == 0 else range(0) for steps in passes]
    tiles = [
        [(i, k) for i, p in enumerate(incoming) for tile, a, b in p.tiles if tile == j for k in range(a, b)]
        for j in range(shape.k_tiles)
    ]
    axes = (range(shape.groups), shape.channels, folds, passes, tiles)
    for place in product(*(range(len(a)) for a in axes)):
        yield place, Job(*(a[i] for a, i in zip(axes, place, strict=True)))  # type: ignore[arg-type]


class Oracle:
    """Dense inputs of every projection, and what its rules make of one job."""

    def __init__(
        self,
        hardware: Hardware,
        shape: Shape,
        incoming: tuple[Incoming, ...],
        events: tuple[Events, ...],
        samples: range,
    ) -> None:
        self.array, self.weight = hardware.pe_array, hardware.buffers.weight
        self.shape, self.incoming = shape, incoming
        self.dense = []
        for p, e in zip(incoming, events, strict=True):
            size = p.groups * p.channels * p.plane[0] * p.plane[1]
            values = e.dense(size).astype(bool)[samples.start : samples.stop]
            self.dense.append(values.reshape(shape.samples, e.steps, p.groups * p.channels, *p.plane))

    def lives(self, job: Job, lane: tuple[int, int], step: int, i: int, k: int) -> bool:
        """W1: k = (c * kh + ky) * kw + kx of projection i, at step - delay."""
        p, (sample, position) = self.incoming[i], lane
        c, ky, kx = np.unravel_index(k, (p.channels, *p.kernel))
        oy, ox = divmod(position, self.shape.plane[1])
        y, x = oy * p.stride[0] - p.padding[0] + ky, ox * p.stride[1] - p.padding[1] + kx
        at = step - p.delay
        if at < 0 or not (0 <= y < p.plane[0] and 0 <= x < p.plane[1]):
            return False
        channel = c + (job.group * p.channels if p.groups > 1 else 0)
        return bool(self.dense[i][sample, at if self.dense[i].shape[1] > 1 else 0, channel, y, x])

    def live(self, job: Job) -> Bools:
        """live[lane, step, k]."""
        found = np.zeros((len(job.lanes), len(job.steps), len(job.tile)), bool)
        for m, t, k in np.ndindex(*found.shape):
            found[m, t, k] = self.lives(job, job.lanes[m], job.steps[t], *job.tile[k])
        return found

    def beats(self, live: Bools, serial: bool, window: int) -> NDArray[np.int64]:
        """P1: of each k on a set of lanes, live[lane, step, k]."""
        if not serial:
            return live.any(axis=(0, 1)).astype(np.int64)
        offsets = [live[:, offset::window].any(axis=(0, 1)) for offset in range(window)]
        return np.sum(offsets, axis=0)

    def count(self, job: Job) -> dict[str, Any]:
        array, live = self.array, self.live(job)
        serial, s = array.time_lanes == "serial", len(job.steps)
        events = live if array.skip == "event" else np.ones_like(live)
        lanes = [events[m : m + 1] for m in range(len(job.lanes))]
        conflict = 0
        nonzero = None
        if array.dataflow == "ws":
            streamed = events.any(axis=2)
            length = int(streamed.sum() if serial else streamed.any(axis=1).sum())
            mean, total = Fraction(length), length
        elif array.dataflow == "is":
            length = len(job.columns) * (s if serial else min(s, 1))
            mean, total = Fraction(length), length
        elif array.streams == "shared":
            length = int(self.beats(events, serial, self.shape.window).sum())
            mean, total = Fraction(length), length
        else:
            per_lane = [self.beats(lane, serial, self.shape.window) for lane in lanes]
            if array.weight_sparsity:
                nonzero = self.nonzero(job)
                lengths = [int(b @ nonzero[:, n]) for b in per_lane for n in range(len(job.columns))]
            else:
                lengths = [int(b.sum()) for b in per_lane]
                conflict = self.conflict([np.repeat(np.arange(len(b)), b) for b in per_lane])
            length, total = max(lengths), sum(lengths)
            mean = Fraction(total, len(lengths))
            if nonzero is None:
                ordered = [np.repeat(np.arange(len(b)), b) for b in per_lane]
                total = sum(len({int(s[j]) for s in ordered if len(s) > j}) for j in range(length))
        decoded = decode = 0
        if array.decode:
            window = max(s, 1)
            sets = [events] if array.streams == "shared" else lanes
            decoded = max(int(self.beats(lane, True, window).sum()) for lane in sets)
            lists = sum(
                self.incoming[i].kernel[0] * self.incoming[i].kernel[1] for i in {i for i, _ in job.tile}
            )
            levels = 1
            while array.decode.merge_lanes**levels < lists:
                levels += 1
            needed = ceil(Fraction(levels * decoded, array.decode.events_per_cycle))
            decode = max(0, needed - length - conflict)
        found = {
            "length": length, "stream": ceil(mean), "imbalance": length - ceil(mean), "conflict": conflict,
            "decode": decode, "reads": total, "decoded": decoded, "ac": 0, "mac": 0,
        }  # fmt: skip
        found["live"] = [
            int(live[:, :, [i == j for j, _ in job.tile]].sum()) for i in range(len(self.incoming))
        ]
        for k, (i, _) in enumerate(job.tile):
            outputs = len(job.columns) if nonzero is None else int(nonzero[k].sum())
            found["ac" if self.incoming[i].binary else "mac"] += int(live[:, :, k].sum()) * outputs
        return found

    def nonzero(self, job: Job) -> NDArray[np.int64]:
        """(k, channel of the fold): 1 where the weight is not zero."""
        made = np.zeros((len(job.tile), len(job.columns)), np.int64)
        per_group = sum(len(c) for c in self.shape.channels)
        for k, (i, own) in enumerate(job.tile):
            weights = self.incoming[i].nonzero
            assert weights is not None
            for n, channel in enumerate(job.columns):
                made[k, n] = weights[job.group * per_group + channel, own]
        return made

    def conflict(self, streams: list[NDArray[np.int64]]) -> int:
        """P2: cycles beyond one a beat."""
        extra = 0
        for j in range(max(len(s) for s in streams)):
            asked = {int(s[j]) for s in streams if len(s) > j}
            accesses = [
                sum(k % self.weight.banks == bank for k in asked) for bank in range(self.weight.banks)
            ]
            extra += max(ceil(a / self.weight.ports) for a in accesses) - 1
        return extra
