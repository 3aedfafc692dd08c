"""What a layer's jobs stream on one chip, taken over where the same was counted before."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.lower.axes import Ints
from hwsim.lower.content import Content
from hwsim.lower.counts import operation_counts, stream_counts
from hwsim.lower.folds import Incoming, Shape
from hwsim.lower.passes import array_cycles, events_into, incoming_of, shape_of, spread
from hwsim.lower.plans import Plan
from hwsim.lower.states import Counts
from hwsim.lower.streams import Streams, every_input, live_inputs, operations, streams
from hwsim.reuse import Reuse, Value
from hwsim.storage import content_id

Columns = dict[str, Ints]
"""Cycles of each of a layer's jobs by cause, and the reads that follow from them."""

BY_EVENTS = frozenset({"streams", "live inputs", "live by sample"})
"""Kinds of results that are kept by the array, the weight buffer, folds and events alone."""

AT_ONCE = 64
"""Samples whose live inputs are held at a time."""


class Streaming:
    """:mod:`hwsim.lower.streams` of the plans of one network; shapes are worked out once a layer and size.

    With ``reuse`` each layer's streams are counted once for the same array, weight buffer, folds and events.
    """

    def __init__(self, hardware: Hardware, reuse: Reuse | None) -> None:
        self.hardware, self.reuse = hardware, reuse
        self._shapes: dict[tuple[str, int], Shape] = {}
        self._incoming: dict[str, tuple[Incoming, ...]] = {}

    def shape(self, plan: Plan) -> Shape:
        """Of a layer in mini-batches of the plan's size."""
        key = plan.layer.name, plan.task.samples
        if key not in self._shapes:
            self._shapes[key] = shape_of(plan.layer)
        return self._shapes[key]

    def incoming(self, plan: Plan) -> tuple[Incoming, ...]:
        """The projections that are weighted, in mini-batches of any size."""
        layer = plan.layer
        if layer.name not in self._incoming:
            found = (incoming_of(self.hardware, layer, i) for i in range(len(layer.weighted)))
            self._incoming[layer.name] = tuple(found)
        return self._incoming[layer.name]

    def streams(self, plan: Plan, trace: EventTrace, samples: range) -> Streams:
        """Of a mini-batch, where events decide them."""
        shape, incoming, events = self.shape(plan), self.incoming(plan), events_into(plan.layer, trace)

        def make() -> Streams:
            return streams(self.hardware, shape, incoming, events, samples)

        return self._known("streams", plan, trace, samples, make)

    def live_inputs(self, plan: Plan, trace: EventTrace, samples: range) -> tuple[Ints, ...]:
        """Of a mini-batch, where events decide no stream."""

        def make() -> tuple[Ints, ...]:
            return self._live_inputs(plan, trace, samples)

        return self._known("live inputs", plan, trace, samples, make)

    def live_by_sample(self, plan: Plan, trace: EventTrace, samples: range) -> tuple[Ints, ...]:
        """What :meth:`live_inputs` adds up to in each sample, where those lie in folds of their own."""

        def make() -> tuple[Ints, ...]:
            found: list[list[Ints]] = []
            for begin in range(samples.start, samples.stop, AT_ONCE):
                some = range(begin, min(begin + AT_ONCE, samples.stop))
                live = self._live_inputs(plan, trace, some)
                found.append([v.sum(axis=(0, 1, 3, 4)).reshape(len(some), -1).sum(axis=1) for v in live])
            return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))

        return self._known("live by sample", plan, trace, samples, make)

    def _live_inputs(self, plan: Plan, trace: EventTrace, samples: range) -> tuple[Ints, ...]:
        events = events_into(plan.layer, trace)
        return live_inputs(self.hardware, self.shape(plan), self.incoming(plan), events, samples)

    def _known(
        self, kind: str, plan: Plan, trace: EventTrace, samples: range, make: Callable[[], Value]
    ) -> Value:
        """By the array, the weight buffer, the folds and the events."""
        if self.reuse is None:
            return make()
        incoming = tuple(p.id for p in self.incoming(plan))
        events = tuple(e.id for e in events_into(plan.layer, trace))
        return self.reuse.of(kind, (self._array, self.shape(plan).id, incoming, events, samples), make)

    def useful(self, plan: Plan, live: tuple[Ints, ...]) -> Counts:
        """Operations of live inputs, where events decide no stream (P3)."""
        return operation_counts(plan.task, *operations(self.shape(plan), self.incoming(plan), live))

    def columns(self, plan: Plan, found: Streams) -> tuple[Columns, Counts]:
        """STREAMED of each job of a layer, and its reads."""
        on_axes = found.on_axes(lambda values: spread(plan.layer, values))
        return array_cycles(self.hardware, on_axes), stream_counts(plan.task, plan.layer, on_axes)

    def every_input(self, plan: Plan, content: Content | None) -> tuple[Columns, Counts]:
        """The same where events decide no stream; with ``reuse`` by the layer's content."""

        def make() -> tuple[Columns, Counts]:
            found = every_input(self.hardware, self.shape(plan), self.incoming(plan), plan.task.samples)
            return self.columns(plan, found)

        return make() if self.reuse is None else self.reuse.of("every input", content, make)

    @cached_property
    def _array(self) -> str:
        """Of all of the chip that streams are counted from."""
        array, buffer = self.hardware.pe_array.model_dump(), self.hardware.buffers.weight.model_dump()
        return content_id("array", {"pe_array": array, "weight": buffer})
