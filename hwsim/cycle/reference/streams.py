"""What a job streams through the array: operands, and beats in order (docs/machine.md, P1)."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from hwsim.cycle.reference.activity import Activity
from hwsim.cycle.reference.jobs import Job
from hwsim.pe_array import PEArray

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Operands:
    """Of a job: (K, lanes, steps) inputs, (K, channels) weights, and which k have a graded source."""

    inputs: Array
    weights: Array
    graded: Flags

    @property
    def live(self) -> Flags:
        return cast(Flags, self.inputs != 0)


def operands_of(job: Job, activity: Activity) -> Operands:
    """Visit the receptive field of every lane and step in every projection of the K-tile."""
    inputs, weights, graded = [], [], []
    for part in job.tile:
        s, ks = part.synapses, slice(part.ks.start, part.ks.stop)
        first = part.first_channel(job.group)
        seen = np.zeros((part.k, len(job.lanes), len(job.streamed_steps)))
        for i, (sample, position) in enumerate(job.lanes):
            for j, step in enumerate(job.streamed_steps):
                field = activity.receptive_field(s, divmod(position, job.layer.width), sample, step)
                seen[:, i, j] = field[first : first + s.group_channels].ravel()[ks]
        kernels = s.weights[list(job.channels)].reshape(len(job.channels), -1)
        inputs.append(seen)
        weights.append(kernels[:, ks].T.astype(np.float64))
        graded.append(np.full(part.k, not s.binary))
    return Operands(np.concatenate(inputs), np.concatenate(weights), np.concatenate(graded))


@dataclass(frozen=True, eq=False)
class Beat:
    """One value a cycle: ``number`` of the streamed k, lane or channel, and the pass's steps it serves."""

    number: int
    steps: tuple[int, ...]


def counted(operands: Operands, array: PEArray) -> Flags:
    """Inputs that are streamed as if live: all of them without skipping (P1)."""
    return operands.live if array.skip == "event" else np.ones_like(operands.live)


def k_beats(live: Flags, window: int, serial: bool) -> list[Beat]:
    """Beats of an output-stationary stream over some lanes: k in rising order, its beats one after the other.

    ``live`` (K, lanes, steps). In serial lanes a beat serves the steps at one offset of their windows.
    """
    beats = []
    steps = range(live.shape[2])
    offsets: dict[int, list[int]] = {}
    for step in steps:
        offsets.setdefault(step % window if serial else 0, []).append(step)
    for k in range(len(live)):
        for served in offsets.values():
            if live[k][:, served].any():
                beats.append(Beat(k, tuple(served)))
    return beats


def position_beats(live: Flags, serial: bool, event: bool) -> list[Beat]:
    """Beats of a weight-stationary stream: the lanes, in serial step by step, those with some live k."""
    steps = tuple(range(live.shape[2]))
    beats = []
    for lane in range(live.shape[1]):
        for served in [(step,) for step in steps] if serial else [steps]:
            if not event or live[:, lane, list(served)].any():
                beats.append(Beat(lane, served))
    return beats


def channel_beats(channels: int, steps: int, serial: bool) -> list[Beat]:
    """Beats of an input-stationary stream: every channel of the fold, in serial once a step."""
    every = tuple(range(steps))
    return [
        Beat(n, served) for n in range(channels) for served in ([(t,) for t in every] if serial else [every])
    ]
