"""Streams of an array's layers, taken over where the same were counted before."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hwsim.events import Events
from hwsim.hardware import Hardware
from hwsim.lower.folds import Incoming, Ints, Shape
from hwsim.lower.streams import Streams, live_inputs, streams
from hwsim.reuse import Reuse
from hwsim.storage import content_id


@dataclass(frozen=True, eq=False)
class Streaming:
    """:mod:`hwsim.lower.streams` on one chip; with ``reuse`` each layer's are counted once for the same
    array, weight buffer, folds and events."""

    hardware: Hardware
    reuse: Reuse | None

    def streams(
        self, shape: Shape, incoming: tuple[Incoming, ...], events: tuple[Events, ...], samples: range
    ) -> Streams:
        def make() -> Streams:
            return streams(self.hardware, shape, incoming, events, samples)

        if self.reuse is None:
            return make()
        return self.reuse.of("streams", self._key(shape, incoming, events, samples), make)

    def live_inputs(
        self, shape: Shape, incoming: tuple[Incoming, ...], events: tuple[Events, ...], samples: range
    ) -> tuple[Ints, ...]:
        def make() -> tuple[Ints, ...]:
            return live_inputs(self.hardware, shape, incoming, events, samples)

        if self.reuse is None:
            return make()
        return self.reuse.of("live inputs", self._key(shape, incoming, events, samples), make)

    def _key(
        self, shape: Shape, incoming: tuple[Incoming, ...], events: tuple[Events, ...], samples: range
    ) -> tuple[Any, ...]:
        of_events = tuple(e.id for e in events)
        return self._array, shape.id, tuple(p.id for p in incoming), of_events, samples

    @cached_property
    def _array(self) -> str:
        """Of all of the chip that streams are counted from."""
        array, buffer = self.hardware.pe_array.model_dump(), self.hardware.buffers.weight.model_dump()
        return content_id("array", {"pe_array": array, "weight": buffer})
