"""Bits of maps: what a population emits at one step, as a bitmap or as a list (docs/machine.md, W9)."""

import numpy as np
from numpy.typing import NDArray

from hwsim.events import EventTrace
from hwsim.lower.axes import Ints, T, along, units, zeros
from hwsim.lower.layers import Layer, Task
from hwsim.network import Projection


def listed(task: Task, name: str) -> bool:
    """Whether a population's maps are lists where those are shorter."""
    bits = task.value_bits[name]
    return not task.binary_maps and bits == 1 and name not in task.network.constant


def address_bits(size: int) -> int:
    return max(1, (size - 1).bit_length())


class Maps:
    """Bits of the maps of a mini-batch; without a trace every map is a bitmap."""

    def __init__(self, task: Task, trace: EventTrace | None = None, samples: range = range(0)) -> None:
        self.task, self.trace, self.samples = task, trace, samples

    def emitted(self, name: str) -> Ints:
        """Bits of each map of a population, along samples and its steps."""
        size = self.task.network.population[name].size
        bitmap = size * self.task.value_bits[name]
        if self.trace is None or not listed(self.task, name):
            return np.full((1,) * 6, bitmap, np.int64)
        events = self.trace.events[name].counts()[self.samples.start : self.samples.stop]
        bits = np.minimum(size, size.bit_length() + events * address_bits(size))
        return bits.reshape(len(self.samples), 1, 1, 1, -1, 1)

    def as_lists(self, name: str) -> NDArray[np.bool_]:
        """(all samples of the trace, steps): which maps of a listed population are shorter as lists."""
        assert self.trace is not None
        size = self.task.network.population[name].size
        counts = self.trace.events[name].counts()
        shorter: NDArray[np.bool_] = size.bit_length() + counts * address_bits(size) < size
        return shorter

    def scanned(self, p: Projection) -> Ints:
        """1 for each sample and step whose map(p, t) is a bitmap, which is read whole (P4)."""
        if self.trace is None or not listed(self.task, p.source):
            return zeros() + 1
        bitmaps = ~self.as_lists(p.source)[self.samples.start : self.samples.stop]
        arriving = np.zeros_like(bitmaps)
        arriving[:, p.delay :] = bitmaps[:, : bitmaps.shape[1] - p.delay]
        return arriving.astype(np.int64).reshape(len(self.samples), 1, 1, 1, -1, 1)

    def brought(self, p: Projection, layer: Layer) -> Ints:
        """Bits of map(p, t) along samples and the steps of the layer; none before a delay has passed."""
        bits = self.emitted(p.source)
        if not p.delay:
            return bits
        late = along(T, range(layer.steps)) >= p.delay
        return np.where(late, np.roll(bits, p.delay, axis=T), 0)

    def part(self, p: Projection, layer: Layer, values: Ints) -> Ints:
        """burst(bytes of ``values`` of the elements of map(p, t)), for every sample and step."""
        size = self.task.network.population[p.source].size
        bits = units(values * self.brought(p, layer), size)
        return self.task.bytes_of(bits)
