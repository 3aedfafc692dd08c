"""EventTrace: what happened. Which neuron emitted what at which step of which sample."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.network import Network
from hwsim.storage import content_id, damage_named, load_value, save_value


@dataclass(frozen=True, eq=False)
class Events:
    """Events of one population, sorted by (sample, step, neuron).

    Cell ``c = sample * steps + step`` holds events ``offsets[c]`` to ``offsets[c + 1]`` of ``index``
    (int32 neuron numbers) and of ``payload`` (float32 or int32 values; None: every value is 1).
    ``steps`` is 1 for a population that is constant over time, else the number of timesteps.
    """

    offsets: NDArray[np.int64]
    index: NDArray[np.int32]
    payload: NDArray[Any] | None
    steps: int

    @property
    def samples(self) -> int:
        return (len(self.offsets) - 1) // self.steps

    @cached_property
    def id(self) -> str:
        arrays: dict[str, NDArray[Any]] = {"offsets": self.offsets, "index": self.index}
        if self.payload is not None:
            arrays["payload"] = self.payload
        return content_id("population events", {"steps": self.steps}, arrays)

    def counts(self) -> NDArray[np.int64]:
        """Events per cell, shape (samples, steps)."""
        return np.diff(self.offsets).reshape(self.samples, self.steps)

    def cell(self, sample: int, step: int) -> slice:
        """The events of one sample and step; any step of a constant population is its only one."""
        c = sample * self.steps + (step if self.steps > 1 else 0)
        return slice(int(self.offsets[c]), int(self.offsets[c + 1]))

    def select(self, start: int, stop: int) -> "Events":
        """The samples from ``start`` up to ``stop``."""
        offsets = self.offsets[start * self.steps : stop * self.steps + 1]
        part = slice(int(offsets[0]), int(offsets[-1]))
        payload = None if self.payload is None else self.payload[part]
        return Events(offsets - offsets[0], self.index[part], payload, self.steps)

    def until(self, steps: int) -> "Events":
        """The first ``steps`` of every sample; a constant population has only one."""
        if self.steps <= steps or self.steps == 1:
            return self
        kept = np.broadcast_to(np.arange(self.steps) < steps, (self.samples, self.steps))
        shorter = self.keeping(kept)
        ends = shorter.offsets[1:].reshape(self.samples, self.steps)[:, :steps]
        return Events(np.append(0, ends), shorter.index, shorter.payload, steps)

    def keeping(self, cells: NDArray[np.bool_]) -> "Events":
        """The events of some cells, (samples, steps); the others are silent."""
        counts = self.counts()
        kept = np.repeat(cells.ravel(), counts.ravel())
        offsets = np.zeros(cells.size + 1, np.int64)
        np.cumsum(np.where(cells, counts, 0).ravel(), out=offsets[1:])
        first = int(self.offsets[0])
        part = slice(first, first + len(kept))
        payload = None if self.payload is None else self.payload[part][kept]
        return Events(offsets, self.index[part][kept], payload, self.steps)

    def dense(self, size: int) -> NDArray[Any]:
        """Values as an array of shape (samples, steps, size)."""
        dtype = np.float32 if self.payload is None else self.payload.dtype
        values = np.zeros((self.samples * self.steps, size), dtype)
        cells = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        values[cells, self.index] = 1 if self.payload is None else self.payload
        return values.reshape(self.samples, self.steps, size)

    @staticmethod
    def from_dense(values: NDArray[Any], binary: bool) -> "Events":
        """Events of an array (samples, steps, size): its nonzero elements."""
        samples, steps, _ = values.shape
        flat = values.reshape(samples * steps, -1)
        cells, index = np.nonzero(flat)
        offsets = np.zeros(samples * steps + 1, np.int64)
        np.cumsum(np.bincount(cells, minlength=samples * steps), out=offsets[1:])
        payload = None if binary else flat[cells, index]
        return Events(offsets, index.astype(np.int32), payload, steps)

    @staticmethod
    def join(parts: "list[Events]") -> "Events":
        """The samples of all parts, one after the other."""
        ends = np.cumsum([0] + [len(p.index) for p in parts])
        pieces = [p.offsets[:-1] + e for p, e in zip(parts, ends[:-1], strict=True)]
        offsets = np.concatenate([*pieces, ends[-1:]]).astype(np.int64)
        graded = [p.payload for p in parts if p.payload is not None]
        payload = np.concatenate(graded) if len(graded) == len(parts) else None
        return Events(offsets, np.concatenate([p.index for p in parts]), payload, parts[0].steps)


@dataclass(frozen=True, eq=False)
class EventTrace:
    """The events of every emitting population of one network over a batch of samples.

    ``outputs``: (samples, timesteps, readout neurons), the readout's sum up to and including each step.
    """

    network_id: str
    timesteps: int
    events: dict[str, Events]
    outputs: NDArray[Any]

    @property
    def samples(self) -> int:
        return len(self.outputs)

    def select(self, start: int, stop: int) -> "EventTrace":
        events = {name: e.select(start, stop) for name, e in self.events.items()}
        return EventTrace(self.network_id, self.timesteps, events, self.outputs[start:stop])

    def until(self, network: Network) -> "EventTrace":
        """What happened in the first steps: the trace of ``network``, the same of fewer timesteps."""
        steps = network.timesteps
        events = {name: e.until(steps) for name, e in self.events.items()}
        return EventTrace(network.id, steps, events, self.outputs[:, :steps])

    @staticmethod
    def join(parts: "list[EventTrace]") -> "EventTrace":
        first = parts[0]
        if len(parts) == 1:
            return first
        events = {name: Events.join([p.events[name] for p in parts]) for name in first.events}
        outputs = np.concatenate([p.outputs for p in parts])
        return EventTrace(first.network_id, first.timesteps, events, outputs)

    @staticmethod
    def all_live(network: Network) -> "EventTrace":
        """One sample in which every neuron emits 1 at every step: the dense work of ``network``."""
        events = {}
        for p in network.populations:
            if p.kind == "readout":
                continue
            steps = 1 if p.name in network.constant else network.timesteps
            offsets = np.arange(steps + 1, dtype=np.int64) * p.size
            index = np.tile(np.arange(p.size, dtype=np.int32), steps)
            dtype = np.int32 if network.integer else np.float32
            payload = None if network.is_binary(p.name) else np.ones(len(index), dtype)
            events[p.name] = Events(offsets, index, payload, steps)
        size = network.population[network.readout].size
        return EventTrace(
            network.id, network.timesteps, events, np.zeros((1, network.timesteps, size), np.float32)
        )

    @staticmethod
    def silent(network: Network, samples: int) -> "EventTrace":
        """Samples in which no neuron emits anything: what ``network`` costs without spikes."""
        events = {}
        for p in network.populations:
            if p.kind == "readout":
                continue
            steps = 1 if p.name in network.constant else network.timesteps
            dtype = np.int32 if network.integer else np.float32
            payload = None if network.is_binary(p.name) else np.zeros(0, dtype)
            none = np.zeros(0, np.int32)
            events[p.name] = Events(np.zeros(samples * steps + 1, np.int64), none, payload, steps)
        shape = (samples, network.timesteps, network.population[network.readout].size)
        return EventTrace(network.id, network.timesteps, events, np.zeros(shape, np.float32))

    @cached_property
    def id(self) -> str:
        return content_id("events", *self._content())

    def _content(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        names = list(self.events)
        meta = {
            "network_id": self.network_id,
            "timesteps": self.timesteps,
            "populations": [[name, self.events[name].steps] for name in names],
        }
        arrays: dict[str, NDArray[Any]] = {"outputs": self.outputs}
        for i, name in enumerate(names):
            events = self.events[name]
            arrays |= {f"{i}.offsets": events.offsets, f"{i}.index": events.index}
            if events.payload is not None:
                arrays[f"{i}.payload"] = events.payload
        return meta, arrays

    def save(self, path: Path) -> None:
        save_value(path, "events", *self._content())

    @staticmethod
    def load(path: Path) -> "EventTrace":
        meta, arrays = load_value(path, "events")
        with damage_named(path, "trace"):
            events = {
                str(name): Events(
                    arrays[f"{i}.offsets"], arrays[f"{i}.index"], arrays.get(f"{i}.payload"), int(steps)
                )
                for i, (name, steps) in enumerate(meta["populations"])
            }
            return EventTrace(str(meta["network_id"]), int(meta["timesteps"]), events, arrays["outputs"])

    def verify(self, network: Network) -> None:
        """Check against the network: ids, steps, order, ranges, binary payloads. Raises HwsimError."""
        if self.network_id != network.id:
            raise HwsimError(
                f"trace of network {self.network_id} does not belong to {network.name!r} ({network.id})"
            )
        size = network.population[network.readout].size
        if self.timesteps != network.timesteps or self.outputs.shape[1:] != (self.timesteps, size):
            raise HwsimError(
                f"trace: {self.timesteps} timesteps and outputs of shape {self.outputs.shape}; expected "
                f"{network.timesteps} and (samples, {network.timesteps}, {size})"
            )
        if self.outputs.dtype.kind not in "iuf" or not np.isfinite(self.outputs).all():
            raise HwsimError(f"trace: outputs ({self.outputs.dtype}) hold values that are not finite numbers")
        emitting = {p.name for p in network.populations if p.kind != "readout"}
        if set(self.events) != emitting:
            odd = sorted(set(self.events) ^ emitting)
            raise HwsimError(f"trace and network {network.name!r} differ in populations {odd}")
        for name, events in self.events.items():
            _verify_events(network, name, events, self)


def _verify_events(network: Network, name: str, events: Events, trace: EventTrace) -> None:
    where = f"trace of population {name!r}"
    if events.offsets.dtype != np.int64 or events.index.dtype != np.int32 or events.index.ndim != 1:
        raise HwsimError(
            f"{where}: offsets {events.offsets.dtype}, neurons {events.index.dtype}; expected int64 and int32"
        )
    steps = 1 if name in network.constant else trace.timesteps
    if events.steps != steps or len(events.offsets) != trace.samples * steps + 1:
        raise HwsimError(
            f"{where}: {len(events.offsets) - 1} cells of {events.steps} steps; "
            f"expected {trace.samples} samples of {steps}"
        )
    if events.offsets[0] != 0 or events.offsets[-1] != len(events.index):
        raise HwsimError(f"{where}: offsets do not cover its {len(events.index)} events")
    if (np.diff(events.offsets) < 0).any():
        raise HwsimError(f"{where}: offsets fall")
    size = network.population[name].size
    if len(events.index) and not (events.index.min() >= 0 and events.index.max() < size):
        raise HwsimError(f"{where}: a neuron number lies outside 0..{size - 1}")
    rising = np.diff(events.index) > 0
    rising[
        (events.offsets[1:-1] - 1)[(events.offsets[1:-1] > 0) & (events.offsets[1:-1] < len(events.index))]
    ] = True
    if not rising.all():
        raise HwsimError(f"{where}: events of one step are not in rising neuron order")
    if events.payload is not None and len(events.payload) != len(events.index):
        raise HwsimError(f"{where}: {len(events.payload)} payloads for {len(events.index)} events")
    if (events.payload is None) != network.is_binary(name):
        wanted = "no payload" if network.is_binary(name) else "a payload"
        raise HwsimError(f"{where}: expected {wanted}")
    if events.payload is not None and not (np.isfinite(events.payload) & (events.payload != 0)).all():
        raise HwsimError(f"{where}: a payload is zero, NaN or infinite")
