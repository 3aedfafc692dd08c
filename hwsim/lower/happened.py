"""What events come to in every layer, whatever its jobs are: events in and out, and useful operations."""

from collections.abc import Callable
from threading import Lock

import numpy as np

from hwsim.events import EventTrace
from hwsim.lower.axes import Ints
from hwsim.lower.counts import event_counts
from hwsim.lower.plans import Plan
from hwsim.lower.schedule import ACTION, Scheduled
from hwsim.lower.streaming import Streaming
from hwsim.network import Network
from hwsim.reuse import Reuse

HAPPENED = (
    "events_in", "events_out", "lif_spike", "vector_add", "vector_mac", "pool_or", "ac", "mac", "ac_issued",
    "mac_issued",
)  # fmt: skip
"""The actions that are counted here."""

PLACES = [ACTION[name] for name in HAPPENED]
"""Where they lie among all actions."""


class Happened:
    """Counts of L2 and, where events decide neither cycles nor bytes, of P3; (layers, HAPPENED).

    ``scheduled``: mini-batches by size, ``batch`` of a whole one. With the ``reuse`` of ``streaming`` a layer
    is counted once for the same content and events, in all mini-batches.
    """

    def __init__(
        self, network: Network, batch: int, scheduled: Callable[[int], Scheduled], streaming: Streaming
    ) -> None:
        self.network, self.batch, self.scheduled, self.streaming = network, batch, scheduled, streaming
        hardware = streaming.hardware
        self.neither = hardware.pe_array.skip != "event" and hardware.buffers.spikes == "bitmap"
        whole = scheduled(batch)
        self.names, self.contents = whole.task.names, whole.contents
        self.held = frozenset(plan.layer.name for plan in whole.plans if plan.layer.held)
        self._known: tuple[EventTrace, Ints] | None = None
        self._lock = Lock()

    def of(self, trace: EventTrace, samples: range) -> Ints:
        """Of one mini-batch."""
        number, rest = divmod(samples.start, self.batch)
        reuse = self.streaming.reuse
        if reuse is None or rest or samples.stop != min(samples.start + self.batch, trace.samples):
            return np.concatenate([self._counted(name, trace, [samples]) for name in self.names])
        with self._lock:
            if self._known is None or self._known[0] is not trace:
                self._known = trace, np.stack([self._everywhere(name, trace, reuse) for name in self.names])
            return self._known[1][:, number]

    def _everywhere(self, name: str, trace: EventTrace, reuse: Reuse) -> Ints:
        """Of one layer in all mini-batches."""

        def make() -> Ints:
            begins = range(0, trace.samples, self.batch)
            return self._counted(name, trace, [range(b, min(b + self.batch, trace.samples)) for b in begins])

        met = (name, *(p.source for p in self.network.into(name)))
        events = tuple(trace.events[n].id if n in trace.events else None for n in met)
        return reuse.of("happened", (self.contents[name], events, trace.samples), make)

    def _counted(self, name: str, trace: EventTrace, batches: list[range]) -> Ints:
        """(mini-batches, HAPPENED) of one layer."""
        held = name in self.held
        counts = [event_counts(self.network, name, held, trace, samples) for samples in batches]
        plan = self.scheduled(len(batches[0])).plan.get(name)
        if self.neither and plan is not None and plan.layer.weighted:
            live = self._live(plan, trace, batches)
            counts = [own | self.streaming.useful(plan, of) for own, of in zip(counts, live, strict=True)]
        return np.array([[own.get(action, 0) for action in HAPPENED] for own in counts], np.int64)

    def _live(self, plan: Plan, trace: EventTrace, batches: list[range]) -> list[tuple[Ints, ...]]:
        """Numbers of live inputs in each mini-batch, of which the ``plan`` is of the first."""
        name, first = plan.layer.name, batches[0].start
        if plan.layer.together:
            plans = [self.scheduled(len(samples)).plan[name] for samples in batches]
            of = zip(plans, batches, strict=True)
            return [self.streaming.live_inputs(one, trace, samples) for one, samples in of]
        counted = self.streaming.live_by_sample(plan, trace, range(first, batches[-1].stop))
        return [tuple(values[b.start - first : b.stop - first] for values in counted) for b in batches]
