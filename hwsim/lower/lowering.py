"""Network, events, mapping and chip to the Program of one mini-batch (docs/machine.md)."""

from typing import Any

import numpy as np

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.lower.axes import Ints, S, zeros
from hwsim.lower.counts import event_counts, map_counts, stream_counts
from hwsim.lower.given import check_tiles
from hwsim.lower.layers import Layer, Task
from hwsim.lower.maps import Maps
from hwsim.lower.plans import Plan, map_loads
from hwsim.lower.schedule import Scheduled, book, schedule
from hwsim.lower.stores import output_stores
from hwsim.lower.streams import Incoming, Shape, Streams, streams
from hwsim.lower.weights import nonzero_weights
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network
from hwsim.program import LOADED, STORED, Jobs, Program

STREAMED = ("preload", "stream", "imbalance", "conflict", "decode", "fill")
"""Columns of Jobs that events decide."""


class Lowering:
    """Lowers mini-batches of one network for one chip and mapping; the schedule is laid out once a size.

    ``resolved``: the mapping with every choice made (C1); ``held``: layers whose sums are computed once (W5).
    Raises HwsimError for an illegal mapping.
    """

    def __init__(self, network: Network, hardware: Hardware, mapping: Mapping) -> None:
        mapping.verify(network)
        check_tiles(network, hardware, mapping)
        self.network, self.hardware, self.mapping = network, hardware, mapping
        whole = schedule(Task(network, hardware, mapping, mapping.batch))
        self._scheduled = {mapping.batch: whole}
        self.held = frozenset(p.layer.name for p in whole.plans if p.layer.held)
        self.resolved = mapping.model_copy(update={"layers": mapping.layers | _resolved(whole)})
        self._inputs = {p.layer.name: [_incoming(hardware, p.layer, i) for i in range(len(p.layer.weighted))]
                        for p in whole.plans}  # fmt: skip

    @property
    def choices(self) -> dict[str, dict[str, Any]]:
        """What the mapping came to for each array layer."""
        plans = self._scheduled[self.mapping.batch].plans
        return {p.layer.name: _choices(p) for p in plans if p.layer.weighted}

    def scheduled(self, samples: int) -> Scheduled:
        """The fixed part of mini-batches of ``samples``."""
        if samples not in self._scheduled:
            task = Task(self.network, self.hardware, self.resolved, samples)
            self._scheduled[samples] = schedule(task)
        return self._scheduled[samples]

    def lower(self, trace: EventTrace, samples: range) -> Program:
        """The program of one mini-batch: consecutive ``samples`` of ``trace``, ``mapping.batch`` at most."""
        if samples.step != 1 or not 0 < len(samples) <= self.mapping.batch or samples.stop > trace.samples:
            raise HwsimError(
                f"{samples} is no mini-batch: at most {self.mapping.batch} consecutive samples of "
                f"{trace.samples}"
            )
        scheduled = self.scheduled(len(samples))
        counts = scheduled.counts.copy()
        for index, name in enumerate(scheduled.task.names):
            book(counts[index], event_counts(self.network, name, name in self.held, trace, samples))
        columns: dict[str, list[Ints]] = {name: [] for name in STREAMED}
        live: list[tuple[Ints, ...]] = []
        for plan in scheduled.plans:
            found, inputs = self._stream(plan, trace, samples, counts[plan.layer.index])
            for name, values in found.items():
                columns[name].append(values)
            live.append(inputs)
        merged = scheduled.fixed | {name: scheduled.merge(values) for name, values in columns.items()}
        if not scheduled.task.binary_maps:
            merged |= self._listed(scheduled, Maps(scheduled.task, trace, samples), live, counts)
        jobs = Jobs(**merged)
        regions = scheduled.regions(jobs.load_bytes, jobs.store_bytes, jobs.layer)
        slots = scheduled.slots(jobs.store_bytes, jobs.layer)
        return Program(scheduled.task.names, jobs, counts, regions, slots, len(samples))

    def _stream(
        self, plan: Plan, trace: EventTrace, samples: range, counts: Ints
    ) -> tuple[dict[str, Ints], tuple[Ints, ...]]:
        """Array cycles of each job by cause, and live inputs; adds the layer's operations and reads."""
        layer, array = plan.layer, self.hardware.pe_array
        if not layer.weighted:
            return dict.fromkeys(STREAMED, zeros()), ()
        events = tuple(trace.events[w.source.name] for w in layer.weighted)
        incoming = tuple(self._inputs[layer.name])
        found = _on_axes(layer, streams(self.hardware, _shape(layer), incoming, events, samples))
        book(counts, stream_counts(plan.task, layer, found))
        active = (found.length > 0).astype(np.int64)
        return {
            "preload": active * (0 if array.dataflow == "os" else array.rows),
            "stream": found.stream,
            "imbalance": found.imbalance,
            "conflict": found.conflict,
            "decode": found.decode,
            "fill": active * (array.rows + array.columns - 2 if array.fill == "systolic" else 0),
        }, found.live

    def _listed(
        self, scheduled: Scheduled, maps: Maps, live: list[tuple[Ints, ...]], counts: Ints
    ) -> dict[str, Ints]:
        """Bytes that jobs move where maps of spikes may be lists (W9); adds what follows from them."""
        task, loads, stores = scheduled.task, [], []
        for plan, inputs in zip(scheduled.plans, live, strict=True):
            load, streamed = map_loads(task, plan.layer, plan.inputs, maps)
            store = output_stores(task, plan.layer, maps)
            book(counts[plan.layer.index], map_counts(plan, load, streamed.words, store, inputs))
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


def _incoming(hardware: Hardware, layer: Layer, source: int) -> Incoming:
    w = layer.weighted[source]
    tiles = [(tile, part.begin, part.end) for tile, part in layer.parts(source)]
    p = w.projection
    return Incoming(
        groups=p.groups,
        channels=w.channels,
        plane=w.plane,
        kernel=p.kernel,
        stride=p.stride,
        padding=p.padding,
        delay=p.delay,
        binary=w.binary,
        tiles=np.array(tiles, np.int64),
        nonzero=nonzero_weights(w) if hardware.pe_array.weight_sparsity else None,
    )


def _shape(layer: Layer) -> Shape:
    return Shape(
        plane=layer.population.plane,
        groups=layer.groups,
        channels=layer.channels,
        rows=layer.rows,
        samples=layer.samples,
        together=layer.together,
        steps=layer.steps,
        pass_steps=layer.pass_steps,
        window=layer.window,
        k_tiles=len(layer.tiles),
        held=layer.held,
    )


def _on_axes(layer: Layer, found: Streams) -> Streams:
    """Streams on the axes of hwsim.lower.axes: samples apart from M-folds."""

    def spread(values: Ints) -> Ints:
        groups, channels, _, *rest = values.shape
        apart = values.reshape(groups, channels, layer.shape[S], -1, *rest)
        return np.moveaxis(apart, 2, 0)

    return found.each(spread)


def _resolved(scheduled: Scheduled) -> dict[str, LayerMapping]:
    """What was chosen for each array layer, in the mapping's own terms."""
    task, found = scheduled.task, {}
    tile = {"ws": "m_tile", "is": "n_tile"}.get(task.hardware.pe_array.dataflow)
    for plan in scheduled.plans:
        if plan.layer.weighted:
            chosen: dict[str, Any] = {"fold_order": plan.layer.order}
            if tile:
                chosen[tile] = plan.layer.tile
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
