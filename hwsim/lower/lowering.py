"""Network, events, mapping and chip to the Program of one mini-batch (docs/machine.md)."""

from typing import Any

import numpy as np

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.lower.axes import Ints, zeros
from hwsim.lower.counts import map_counts, operation_counts
from hwsim.lower.entries import entries
from hwsim.lower.given import TILE_OF, check_layers
from hwsim.lower.happened import PLACES, Happened
from hwsim.lower.layers import Task
from hwsim.lower.loads import streamed_loads
from hwsim.lower.maps import Maps
from hwsim.lower.passes import STREAMED, spread
from hwsim.lower.plans import Plan, map_loads, map_stores
from hwsim.lower.schedule import Scheduled, book, schedule
from hwsim.lower.states import Counts
from hwsim.lower.streaming import Streaming
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network
from hwsim.program import LOADED, STORED, Jobs, Program
from hwsim.reuse import Reuse


class Lowering:
    """Lowers mini-batches of one network for one chip and mapping; the schedule is laid out once a size.

    ``resolved``: the mapping with every choice made (C1); ``held``: layers whose sums are computed once (W5).
    With ``reuse``, layers of the same content are planned once, and streamed once for the same events. Raises
    HwsimError for an illegal mapping.
    """

    def __init__(
        self, network: Network, hardware: Hardware, mapping: Mapping, reuse: Reuse | None = None
    ) -> None:
        mapping.verify(network)
        check_layers(network, hardware, mapping)
        self.network, self.hardware, self.mapping = network, hardware, mapping
        self._reuse = reuse
        whole = schedule(Task(network, hardware, mapping, mapping.batch), reuse)
        self._scheduled = {mapping.batch: whole}
        self.resolved = mapping.model_copy(update={"layers": mapping.layers | _resolved(whole)})
        self._streaming = Streaming(hardware, reuse)
        self._happened = Happened(network, mapping.batch, self.scheduled, self._streaming)
        self.held = self._happened.held
        self._unchanging: dict[int, tuple[dict[str, Ints], Ints]] = {}
        self._jobs: dict[int, Jobs] = {}

    @property
    def choices(self) -> dict[str, dict[str, Any]]:
        """What the mapping came to for each array layer."""
        plans = self._scheduled[self.mapping.batch].plans
        return {p.layer.name: _choices(p) for p in plans if p.layer.weighted}

    @property
    def jobs(self) -> int:
        """Of a whole mini-batch."""
        return self._scheduled[self.mapping.batch].jobs

    def scheduled(self, samples: int) -> Scheduled:
        """The fixed part of mini-batches of ``samples``."""
        if samples not in self._scheduled:
            task = Task(self.network, self.hardware, self.resolved, samples, settled=True)
            self._scheduled[samples] = schedule(task, self._reuse)
        return self._scheduled[samples]

    def lower(self, trace: EventTrace, samples: range) -> Program:
        """The program of one mini-batch: consecutive ``samples`` of ``trace``, ``mapping.batch`` at most.

        Where events decide neither cycles nor bytes, mini-batches of one size have the very same jobs.
        """
        if samples.step != 1 or not 0 < len(samples) <= self.mapping.batch or samples.stop > trace.samples:
            raise HwsimError(
                f"{samples} is no mini-batch: at most {self.mapping.batch} consecutive samples of "
                f"{trace.samples}"
            )
        scheduled = self.scheduled(len(samples))
        counts = scheduled.counts.copy()
        counts[:, PLACES] += self._happened.of(trace, samples)
        if self._happened.neither:
            columns, reads = self._every_input(scheduled)
            if len(samples) not in self._jobs:
                self._jobs[len(samples)] = Jobs(**(scheduled.fixed | columns))
            regions, slots = scheduled.moved
            jobs, counts = self._jobs[len(samples)], counts + reads
            return Program(scheduled.task.names, jobs, counts, regions, slots, len(samples))
        if self.hardware.pe_array.skip == "event":
            streamed, live = self._skipped(scheduled, trace, samples, counts)
        else:
            streamed, live = self._unskipped(scheduled, trace, samples, counts)
        columns = scheduled.fixed | streamed
        if scheduled.task.binary_maps:
            regions, slots = scheduled.moved
        else:
            columns |= self._listed(scheduled, Maps(scheduled.task, trace, samples), live, counts)
            moved = columns["load_bytes"], columns["store_bytes"]
            regions = scheduled.regions(*moved, columns["layer"])
            slots = scheduled.slots(moved[1], columns["layer"])
        return Program(scheduled.task.names, Jobs(**columns), counts, regions, slots, len(samples))

    def _skipped(
        self, scheduled: Scheduled, trace: EventTrace, samples: range, counts: Ints
    ) -> tuple[dict[str, Ints], list[tuple[Ints, ...]]]:
        """Array cycles of all jobs by cause, and live inputs by plan; adds operations and reads."""
        merged, live = _Columns(scheduled), []
        for plan in scheduled.plans:
            inputs: tuple[Ints, ...] = ()
            if plan.layer.weighted:
                found = self._streaming.streams(plan, trace, samples)
                book(counts[plan.layer.index], operation_counts(plan.task, found.ac, found.mac))
                merged.add(plan, *self._streaming.columns(plan, found), counts)
                inputs = found.live
            live.append(inputs)
        return merged.by_cause(), live

    def _unskipped(
        self, scheduled: Scheduled, trace: EventTrace, samples: range, counts: Ints
    ) -> tuple[dict[str, Ints], list[tuple[Ints, ...]]]:
        """The same where events decide no stream, only bytes."""
        columns, reads = self._every_input(scheduled)
        counts += reads
        live = []
        for plan in scheduled.plans:
            inputs: tuple[Ints, ...] = ()
            if plan.layer.weighted:
                inputs = self._streaming.live_inputs(plan, trace, samples)
                book(counts[plan.layer.index], self._streaming.useful(plan, inputs))
            live.append(inputs)
        return columns, live

    def _every_input(self, scheduled: Scheduled) -> tuple[dict[str, Ints], Ints]:
        """Array cycles of all jobs by cause, and reads, where events decide no stream; once a size."""
        size = scheduled.task.samples
        if size not in self._unchanging:
            merged, reads = _Columns(scheduled), np.zeros_like(scheduled.counts)
            for plan in scheduled.plans:
                if plan.layer.weighted:
                    content = scheduled.contents.get(plan.layer.name)
                    merged.add(plan, *self._streaming.every_input(plan, content), reads)
            self._unchanging[size] = merged.by_cause(), reads
        return self._unchanging[size]

    def _listed(
        self, scheduled: Scheduled, maps: Maps, live: list[tuple[Ints, ...]], counts: Ints
    ) -> dict[str, Ints]:
        """Bytes that jobs move where maps of spikes may be lists (W9); adds what follows from them."""
        task, loads, stores = scheduled.task, [], []
        for plan, inputs in zip(scheduled.plans, live, strict=True):
            read = inputs
            if plan.layer.weighted:
                shape, incoming = self._streaming.shape(plan), self._streaming.incoming(plan)
                read = entries(self.hardware, plan.layer, shape, incoming, maps, inputs)
                read = tuple(spread(plan.layer, values) for values in read)
            streamed = streamed_loads(plan.layer, maps, task.hardware.buffers.input.word_bits)
            load = map_loads(task, plan.layer, plan.inputs, maps, streamed).dense()
            store = map_stores(task, plan.layer, maps).dense()
            book(counts[plan.layer.index], map_counts(plan, maps, load, streamed.words, store, read))
            loads.append(load)
            stores.append(store)
        moved = {name: scheduled.fixed[name].copy() for name in ("load_bytes", "store_bytes")}
        moved["load_bytes"][:, LOADED.index("input")] = scheduled.merge(loads)
        moved["store_bytes"][:, STORED.index("output")] = scheduled.merge(stores)
        return moved


def lower(
    network: Network, trace: EventTrace, samples: int | range, hardware: Hardware, mapping: Mapping
) -> Program:
    """The program of one sample or mini-batch; to lower several, keep a :class:`Lowering`."""
    chosen = range(samples, samples + 1) if isinstance(samples, int) else samples
    return Lowering(network, hardware, mapping).lower(trace, chosen)


class _Columns:
    """The array's cycles of every job, gathered plan by plan; a layer without weights has none."""

    def __init__(self, scheduled: Scheduled) -> None:
        self.scheduled = scheduled
        self.found: dict[str, dict[str, Ints]] = {name: {} for name in STREAMED}

    def add(self, plan: Plan, cycles: dict[str, Ints], reads: Counts, counts: Ints) -> None:
        """Take a layer's cycles, and book its reads."""
        book(counts[plan.layer.index], reads)
        for name, values in cycles.items():
            self.found[name][plan.layer.name] = values

    def by_cause(self) -> dict[str, Ints]:
        """A column over all jobs of the program for each of STREAMED."""
        names = [plan.layer.name for plan in self.scheduled.plans]
        return {
            cause: self.scheduled.merge([by_layer.get(name, zeros()) for name in names])
            for cause, by_layer in self.found.items()
        }


def _resolved(scheduled: Scheduled) -> dict[str, LayerMapping]:
    """What was chosen for each array layer, in the mapping's own terms."""
    task, found = scheduled.task, {}
    tile = TILE_OF[task.hardware.pe_array.dataflow]
    for plan in scheduled.plans:
        if plan.layer.weighted:
            chosen: dict[str, Any] = {"fold_order": plan.layer.order, tile: plan.layer.tile}
            own = task.mapping.layers.get(plan.layer.name, LayerMapping())
            found[plan.layer.name] = own.model_copy(update=chosen)
    return found


def _choices(plan: Plan) -> dict[str, Any]:
    layer = plan.layer
    tile = {"ws": "m_tile", "is": "n_tile"}.get(plan.task.hardware.pe_array.dataflow)
    return {
        "fold_order": layer.order,
        "k_tiles": len(layer.tiles),
        **({tile: layer.tile} if tile else {}),
        "inputs_kept": plan.inputs,
        "weights_kept": plan.kept,
        "weights_pinned": plan.kept == "network",
        "sums_held": layer.held,
        "state": plan.place,
        "pass_steps": layer.pass_steps,
        "stepwise": layer.stepwise,
    }
