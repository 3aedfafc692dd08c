"""Slices of populations as layers of a tile: folds of a box of channels and positions (F2)."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from hwsim.events import Events, EventTrace
from hwsim.lower.axes import Axes, Ints, K, N
from hwsim.lower.folds import Incoming, Shape
from hwsim.lower.layers import Layer, Task, Weighted, steps_of, weighted_into
from hwsim.lower.layout import channel_extent, channel_folds, folds, nest, position_extent
from hwsim.lower.passes import incoming_of, shape_of
from hwsim.lower.tiles import k_tiles
from hwsim.network import Population
from hwsim.place.reach import Box
from hwsim.place.slices import Slice

JOB_ORDER: Axes = (4, 1, 3, 2, 5, 0)
"""Axes of hwsim.lower.axes with the steps outermost: group, M-fold, N-fold, K-tile, one sample (F2)."""


@dataclass(frozen=True, eq=False)
class Piece:
    """Part of a slice that is a layer by itself: whole groups of channels, or channels of one group.

    ``layer``: as if it were all of its population, but for its positions, which begin at ``box.p0``; its
    weighted projections have the weights of its channels. ``groups``: first and end of those of its groups.
    """

    layer: Layer
    box: Box
    groups: tuple[int, int]

    @property
    def jobs(self) -> int:
        """Of each step."""
        return int(np.prod([self.layer.shape[axis] for axis in JOB_ORDER[1:]]))

    @cached_property
    def shape(self) -> Shape:
        return shape_of(self.layer, self.box.p0)

    def incoming(self, task: Task) -> tuple[Incoming, ...]:
        return tuple(incoming_of(task.hardware, self.layer, i) for i in range(len(self.layer.weighted)))

    def events(self, trace: EventTrace, task: Task) -> tuple[Events, ...]:
        """What the weighted projections bring; of a source in groups only what those of the piece take."""
        found = []
        for w, whole in zip(
            self.layer.weighted, weighted_into(task.network, self.layer.name, task.hardware), strict=True
        ):
            events, each = trace.events[w.source.name], w.channels * w.plane[0] * w.plane[1]
            if w.projection.groups < whole.projection.groups:
                events = _between(events, self.groups[0] * each, self.groups[1] * each)
            found.append(events)
        return tuple(found)

    def in_order(self, values: Ints) -> Ints:
        """Values of jobs as (steps, jobs of a step in their order)."""
        whole = np.broadcast_to(values, self.layer.shape)
        return whole.transpose(JOB_ORDER).reshape(self.layer.steps, -1)

    @cached_property
    def done_with(self) -> Ints:
        """The job of a step that each neuron is done with: by channel, then position, (neurons,)."""
        layer = self.layer
        if not layer.weighted:
            return np.repeat(np.arange(len(layer.rows)), layer.rows)
        m_fold = np.repeat(np.arange(len(layer.rows)), layer.rows)
        group, channel = np.divmod(np.arange(layer.population.channels), int(layer.columns.sum()))
        n_fold = channel // int(layer.columns[0])
        fold = (group[:, None] * len(layer.rows) + m_fold) * layer.shape[N] + n_fold[:, None]
        job: Ints = (fold * layer.shape[K] + layer.shape[K] - 1).ravel()
        return job


def pieces_of(task: Task, part: Slice) -> tuple[Piece, ...]:
    """The layers that a slice is cut into: where it begins or ends within a group, that group apart.

    Raises HwsimError where the inputs of one output are more than the array takes (W6).
    """
    population, box = task.network.population[part.population], part.box
    weighted = weighted_into(task.network, part.population, task.hardware)
    if not weighted:
        return (Piece(_vector_layer(task, population, box), box, (0, 1)),)
    each = nest(population, weighted)[1]
    first, last = box.c0 // each, box.c1 // each
    cuts = {box.c0, box.c1 + 1}
    if first != last:
        cuts |= {-(-box.c0 // each) * each, (box.c1 + 1) // each * each}
    boxes = (Box(a, b - 1, box.p0, box.p1) for a, b in pairwise(sorted(cuts)))
    return tuple(
        Piece(_array_layer(task, population, weighted, b), b, (b.c0 // each, b.c1 // each + 1)) for b in boxes
    )


def _vector_layer(task: Task, population: Population, box: Box) -> Layer:
    """Folds of consecutive neurons of a box on the vector lanes, step by step."""
    array = task.hardware.pe_array
    return Layer(
        index=task.names.index(population.name),
        population=replace(population, shape=(box.c1 - box.c0 + 1, *population.shape[1:])),
        weighted=(),
        streamed=tuple(p for p in task.network.into(population.name) if not p.has_weights),
        groups=1,
        channels=(np.zeros(1, np.int64),),
        rows=folds(box.size, array.rows * array.columns),
        samples=1,
        together=False,
        steps=steps_of(task.network, population.name),
        pass_steps=1,
        window=1,
        held=False,
        stepwise=False,
        apart=False,
        interleaved=False,
        tiles=(),
        order="m_outer",
        tile=None,
    )


def _array_layer(task: Task, population: Population, weighted: tuple[Weighted, ...], box: Box) -> Layer:
    """Folds of channels and positions of a box, of whole groups or within one."""
    each = nest(population, weighted)[1]
    groups, channels = box.c1 // each - box.c0 // each + 1, box.c1 - box.c0 + 1
    outputs, positions = channels // groups, box.p1 - box.p0 + 1
    width = channel_extent(task.hardware, outputs, None)
    own = tuple(_of_channels(w, box, groups) for w in weighted)
    return replace(
        _vector_layer(task, population, box),
        weighted=own,
        groups=groups,
        channels=channel_folds(outputs, width, 1),
        rows=folds(positions, position_extent(task.hardware, positions, None)),
        tiles=k_tiles(_with_all_weights(task), population.name, own, min(outputs, width), None),
    )


def _with_all_weights(task: Task) -> Task:
    """The task on a chip whose whole weight buffer holds what stays in it (F3)."""
    buffers = task.hardware.buffers
    weight = buffers.weight.model_copy(update={"double_buffered": False})
    hardware = task.hardware.model_copy(update={"buffers": buffers.model_copy(update={"weight": weight})})
    return replace(task, hardware=hardware)


def _of_channels(w: Weighted, box: Box, groups: int) -> Weighted:
    """A weighted projection into some channels of its target only, which lie in so many of its groups."""
    assert w.projection.weights is not None
    weights = w.projection.weights[box.c0 : box.c1 + 1]
    groups = groups if w.projection.groups > 1 else 1
    return replace(w, projection=replace(w.projection, weights=weights, bias=None, groups=groups))


def _between(events: Events, first: int, end: int) -> Events:
    """The events of some neurons, numbered from ``first`` on."""
    kept = (events.index >= first) & (events.index < end)
    offsets = np.concatenate([[0], np.cumsum(kept)])[events.offsets]
    return Events(offsets, events.index[kept] - np.int32(first), None, events.steps)
