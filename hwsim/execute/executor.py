"""The event executor: prepares a population's arrays for the kernels and walks the network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.execute import kernels, layout
from hwsim.execute.plan import Place, Plan, plans_of
from hwsim.network import Network, Population

CHUNK_BYTES = 1 << 29
"""Room for one population's events while a chunk of samples runs; only touched pages become resident."""

CHUNK_SAMPLES = 16
"""Fewest samples of a chunk that memory allows: enough to keep the threads busy together."""

Array = NDArray[Any]
Progress = Callable[[int, int], None]
Watch = Callable[[str, Array], None]
"""Called with a population and its states, (samples, words of a state, words), after each of its steps."""


def encode(network: Network, inputs: Array) -> Events:
    """Input values to events of the input population; elements that are 0 emit nothing.

    ``inputs``: (samples, *shape) for frames, (samples, timesteps, *shape) for series and, of 0 and 1, for
    spikes; dimensions of 1 may be there or not: (channels, length) is (channels, 1, length) in a network.
    A quantized network's real values become codes, to the nearest and saturated.
    Raises HwsimError for another shape, NaN or infinity, or spikes that are not 0 or 1.
    """
    shape = network.input.shape
    wanted = shape if network.coding == "frames" else (network.timesteps, *shape)
    if inputs.ndim == 0 or _extents(inputs.shape[1:]) != _extents(wanted):
        raise HwsimError(
            f"inputs of shape {inputs.shape}: {network.name!r} takes {network.coding} of shape "
            f"(samples, {', '.join(map(str, wanted))})"
        )
    if len(inputs) == 0:
        raise HwsimError("inputs hold no sample")
    if inputs.dtype.kind not in "fiub" or not np.isfinite(inputs).all():
        raise HwsimError(f"inputs ({inputs.dtype}) hold values that are not finite numbers")
    binary = network.coding == "spikes"
    if binary and not np.isin(inputs, (0, 1)).all():
        raise HwsimError("spike inputs must be 0 or 1")
    if (of := network.input.formats.get("output")) is not None:
        inputs = of.codes(inputs)
    limits: Any = np.iinfo(np.int32) if network.integer else np.finfo(np.float32)
    low, high = float(inputs.min(initial=0)), float(inputs.max(initial=0))
    if network.integer and not np.array_equal(inputs, np.trunc(inputs)):
        raise HwsimError(f"{network.name!r} computes in integers; its inputs must be integers")
    if low < float(limits.min) or high > float(limits.max):
        raise HwsimError(f"inputs from {low:g} to {high:g} are not finite numbers of type {limits.dtype}")
    values = inputs.reshape(len(inputs), -1, network.input.size)
    return Events.from_dense(values.astype(np.int32 if network.integer else np.float32), binary)


def _extents(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def execute(network: Network, inputs: Events, progress: Progress | None = None) -> EventTrace:
    """Run ``network`` on its input events; every population's events and the readout's sums.

    float32 networks add a neuron's inputs in the order of the projections and, within one, of the
    source neurons; integer networks are exact. ``progress(done, total)`` is called per chunk of samples.
    Raises HwsimError if an integer network's sums could leave int32.
    """
    plans = plans_of(network, (p.name for p in network.populations if p.kind != "input"))
    samples, parts = inputs.samples, []
    for start, stop in chunks(samples, together(network, samples)):
        chunk = Chunk(network, plans, stop - start)
        chunk.place(network.input.name, inputs.select(start, stop))
        for component in network.components:
            chunk.run(component)
        parts.append(chunk.trace())
        if progress:
            progress(stop, samples)
    return EventTrace.join(parts)


def drive(network: Network, component: tuple[str, ...], given: EventTrace) -> dict[str, Events]:
    """What one component emits when every population outside of it emits as ``given`` says."""
    plans = plans_of(network, component)
    sources = {p.source for plan in plans.values() for p in plan.incoming} - set(component)
    found: dict[str, list[Events]] = {}
    for start, stop in chunks(given.samples, CHUNK_SAMPLES * 4):
        chunk = Chunk(network, plans, stop - start, (*sources, *component))
        for name in sources:
            chunk.place(name, given.events[name].select(start, stop))
        chunk.run(component)
        for name in component:
            if network.population[name].kind != "readout":
                found.setdefault(name, []).append(chunk.events(name))
    return {name: Events.join(parts) for name, parts in found.items()}


def membranes(network: Network, inputs: Events) -> dict[str, Array]:
    """The membranes of every population with a state after each step, (samples, timesteps, words)."""
    plans = plans_of(network, (p.name for p in network.populations if p.kind != "input"))
    chunk = Chunk(network, plans, inputs.samples)
    chunk.place(network.input.name, inputs)
    found: dict[str, list[Array]] = {p.name: [] for p in network.populations if p.has_state}

    def watch(name: str, states: Array) -> None:
        if name in found:
            p = network.population[name]
            words = p.channels // p.channel_groups
            lying = states[:, layout.V].reshape(len(states), -1, words)
            found[name].append(lying.transpose(0, 2, 1).reshape(len(states), -1).copy())

    for component in network.components:
        chunk.run(component, watch)
    return {name: np.stack(parts, 1) for name, parts in found.items()}


def drive_readout(network: Network, given: EventTrace) -> Array:
    """The readout's sums, (samples, timesteps, neurons), if every population emits as ``given`` says."""
    name = network.readout
    (plan,) = plans_of(network, (name,)).values()
    sources = tuple({p.source for p in plan.incoming})
    parts = []
    for start, stop in chunks(given.samples, CHUNK_SAMPLES * 4):
        chunk = Chunk(network, {name: plan}, stop - start, sources)
        for source in sources:
            chunk.place(source, given.events[source].select(start, stop))
        chunk.run((name,))
        parts.append(chunk.sums[name])
    return np.concatenate(parts)


def summed(network: Network, events: Events) -> Array:
    """Sums, up to and including each step, of a readout that is a population with ``events``."""
    dense = events.dense(network.population[network.readout].size)
    every_step = np.broadcast_to(dense, (len(dense), network.timesteps, dense.shape[2]))
    return np.cumsum(every_step, axis=1, dtype=dense.dtype)


def together(network: Network, samples: int) -> int:
    """How many of so many samples run as a chunk."""
    per_sample = sum(8 * p.size for p in network.populations) * network.timesteps
    return min(max(1, CHUNK_BYTES // per_sample), max(CHUNK_SAMPLES, samples // 8))


def chunks(total: int, width: int) -> Iterator[tuple[int, int]]:
    return pairwise([*range(0, total, width), total])


@dataclass
class _Progressed:
    """Where a population's events end so far, and a readout's sums, between the steps of a component."""

    ends: Array | None = None
    outputs: Array = field(default_factory=lambda: np.zeros((0, 0, 0)))


class Chunk:
    """Samples that run together, and the store of their events."""

    def __init__(
        self,
        network: Network,
        plans: "dict[str, Plan]",
        samples: int,
        names: tuple[str, ...] | None = None,
    ) -> None:
        self.network, self.plans, self.samples = network, plans, samples
        self.places: dict[str, Place] = {}
        self.sums: dict[str, Array] = {}
        cells = base = 0
        for p in network.populations:
            if p.kind == "readout" or (names is not None and p.name not in names):
                continue
            steps = 1 if p.name in network.constant else network.timesteps
            self.places[p.name] = Place(cells, base, steps * p.size, steps)
            cells += samples * steps
            base += samples * steps * p.size
        dtype: Any = np.int32 if network.integer else np.float32
        self.store = layout.Store(
            np.empty(base, np.int32),
            np.empty(base, dtype),
            np.zeros(cells, np.int64),
            np.zeros(cells, np.int64),
        )

    def place(self, name: str, events: Events) -> None:
        """Put given events into the store."""
        place = self.places[name]
        begins = place.base + events.offsets
        self.store.neurons[place.base : place.base + len(events.index)] = events.index
        if events.payload is not None:
            self.store.payload[place.base : place.base + len(events.index)] = events.payload
        cells = slice(place.cell, place.cell + self.samples * place.steps)
        self.store.begins[cells], self.store.ends[cells] = begins[:-1], begins[1:]

    def run(self, component: tuple[str, ...], watch: Watch | None = None) -> None:
        """Execute the populations of a component: one over all steps at once, several step by step, and so
        where someone watches their states."""
        names = [name for name in component if name in self.plans]
        if not names:
            return
        plan = self.plans[names[0]]
        if len(names) == 1 and not plan.recurrent and watch is None:
            self._run(plan, (0, plan.steps), np.zeros((0, 0, 0), plan.dtype), _Progressed())
            return
        states: dict[tuple[str, str], Array] = {}
        for name in names:
            population = self.network.population[name]
            size = population.size // population.channel_groups
            states.setdefault(
                self._holder(name),
                np.zeros((self.samples, layout.STATE_WORDS, size), self.plans[name].dtype),
            )
        progressed = {name: _Progressed() for name in names}
        for step in range(self.network.timesteps):
            for name in names:
                plan = self.plans[name]
                if step < plan.steps:
                    self._run(plan, (step, step + 1), states[self._holder(name)], progressed[name])
                    if watch:
                        watch(name, states[self._holder(name)])

    def _holder(self, name: str) -> tuple[str, str]:
        """Whose state a population uses: its group's or its own."""
        group = self.network.population[name].state_group
        return ("group", group) if group else ("population", name)

    def _sharers(self, population: Population) -> list["Plan"]:
        """The plans of all populations that use this one's state."""
        if not population.state_group:
            return [self.plans[population.name]]
        return [p for p in self.plans.values() if p.population.state_group == population.state_group]

    def _run(self, plan: "Plan", span: tuple[int, int], states: Array, progressed: "_Progressed") -> None:
        name, population = plan.population.name, plan.population
        readout = population.kind == "readout"
        place = self.places.get(name, Place(0, 0, 0, plan.steps))
        cell = plan.cell_at(place)
        blocks = 1 if len(states) else plan.blocks(self.samples)
        if progressed.ends is None:
            progressed.ends = np.zeros((self.samples * blocks, plan.steps), np.int64)
            size = population.size if readout else 0
            dtype = np.int32 if plan.integer else np.float32
            progressed.outputs = np.zeros((self.samples, plan.steps, size), dtype)
        if self.network.integer:
            sharers = self._sharers(population)
            plan.check_range(
                sharers, max(p.reach([self._peak(q.source) for q in p.incoming]) for p in sharers)
            )
        kernels.run_population(
            plan.fan(self.places), cell, self.store, span, not plan.binary, progressed.ends, states,
            progressed.outputs,
        )  # fmt: skip
        if blocks > 1 and not readout:
            kernels.merge_blocks(cell, self.store, not plan.binary, progressed.ends, self.samples)
        if readout:
            self.sums[name] = progressed.outputs

    def _peak(self, name: str) -> int:
        """The largest absolute value that a population has emitted so far."""
        place = self.places[name]
        if self.network.is_binary(name):
            return 1
        cells = slice(place.cell, place.cell + self.samples * place.steps)
        spans = zip(self.store.begins[cells], self.store.ends[cells], strict=True)
        return max(
            (int(np.abs(self.store.payload[a:b].astype(np.int64)).max(initial=0)) for a, b in spans),
            default=0,
        )

    def events(self, name: str) -> Events:
        """A population's events, packed."""
        place = self.places[name]
        cells = slice(place.cell, place.cell + self.samples * place.steps)
        begins, ends = self.store.begins[cells], self.store.ends[cells]
        offsets = np.concatenate([[0], np.cumsum(ends - begins)])
        spans = [(begins[s * place.steps], ends[(s + 1) * place.steps - 1]) for s in range(self.samples)]
        index = np.concatenate([self.store.neurons[a:b] for a, b in spans])
        binary = self.network.is_binary(name)
        payload = None if binary else np.concatenate([self.store.payload[a:b] for a, b in spans])
        return Events(offsets, index, payload, place.steps)

    def trace(self) -> EventTrace:
        events = {name: self.events(name) for name in self.places}
        readout = self.network.readout
        if readout not in self.sums:
            self.sums[readout] = summed(self.network, events[readout])
        return EventTrace(self.network.id, self.network.timesteps, events, self.sums[readout])
