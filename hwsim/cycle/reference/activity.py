"""What every population emits in a mini-batch, and the bits that its maps take (docs/machine.md, W1, W9)."""

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from hwsim.cycle.reference.chart import Chart
from hwsim.cycle.reference.layers import Synapses, ceil_div
from hwsim.events import EventTrace
from hwsim.network import Network, Projection

Array = NDArray[np.float64]


class Activity:
    """Emitted values of a mini-batch, an array for each sample and step; 0 is no event."""

    def __init__(self, network: Network, trace: EventTrace, samples: range) -> None:
        self.network, self.samples = network, len(samples)
        self.values = {
            name: events.select(samples.start, samples.stop)
            .dense(network.population[name].size)
            .astype(np.float64)
            for name, events in trace.events.items()
        }
        self.fields: dict[tuple[str, int, int], Array] = {}

    def at(self, name: str, sample: int, step: int, delay: int = 0) -> Array:
        """What arrives at ``step``; a constant population emits the same at every step (W1, P1)."""
        values = self.values[name][sample]
        if step < delay:
            return np.zeros_like(values[0])
        return cast(Array, values[step - delay if len(values) > 1 else 0])

    def events(self, name: str, sample: int, step: int, delay: int = 0) -> int:
        return int(np.count_nonzero(self.at(name, sample, step, delay)))

    def delivered(self, p: Projection, steps: int) -> int:
        """Events that arrive through a projection in the first ``steps`` steps of all samples (L2)."""
        return sum(
            self.events(p.source, sample, step, p.delay)
            for sample in range(self.samples)
            for step in range(steps)
        )

    def window_events(self, p: Projection, steps: int) -> int:
        """(event, window that contains it) pairs of a pool: every window is visited."""
        source, target = self.network.population[p.source], self.network.population[p.target]
        (kh, kw), (sh, sw) = p.kernel, p.stride
        pairs = 0
        for sample in range(self.samples):
            for step in range(steps):
                values = self.at(p.source, sample, step, p.delay)
                field = padded(values.reshape(source.channels, *source.plane), p.padding)
                for oy in range(target.plane[0]):
                    for ox in range(target.plane[1]):
                        window = field[:, oy * sh : oy * sh + kh, ox * sw : ox * sw + kw]
                        pairs += int(np.count_nonzero(window))
        return pairs

    def receptive_field(self, s: Synapses, position: tuple[int, int], sample: int, step: int) -> Array:
        """(source channels, kh, kw): what an output at (row, column) sees of a weighted projection."""
        key = (s.projection, sample, step)
        if key not in self.fields:
            values = self.at(s.source, sample, step, s.delay).reshape(s.channels, *s.plane)
            self.fields[key] = padded(values, s.padding)
        (oy, ox), (kh, kw), (sh, sw) = position, s.kernel, s.stride
        return self.fields[key][:, oy * sh : oy * sh + kh, ox * sw : ox * sw + kw]


def padded(values: NDArray[Any], padding: tuple[int, int]) -> NDArray[Any]:
    """(channels, height, width) values with silence around them."""
    return np.pad(values, ((0, 0), (padding[0],) * 2, (padding[1],) * 2))


class Maps:
    """Bits of maps: what a population emits at one step of one sample (W9)."""

    def __init__(self, chart: Chart, activity: Activity) -> None:
        self.chart, self.activity, self.network = chart, activity, chart.network
        self.lists = chart.hardware.buffers.spikes == "list"

    def is_listed(self, name: str) -> bool:
        """Whether a map may be a list of addresses."""
        return self.lists and self.chart.bits(name) == 1 and name not in self.network.constant

    def address_bits(self, name: str) -> int:
        return max(1, (self.network.population[name].size - 1).bit_length())

    def most(self, name: str) -> int:
        """Bits of a map without lists."""
        return self.network.population[name].size * self.chart.bits(name)

    def stored(self, name: str, sample: int, step: int) -> int:
        """Bits of the map that a population emits."""
        if not self.is_listed(name):
            return self.most(name)
        events = self.activity.events(name, sample, step)
        count = self.network.population[name].size.bit_length()
        return min(self.most(name), count + events * self.address_bits(name))

    def read(self, p: Projection | Synapses, sample: int, step: int) -> int:
        """Bits of map(p, t): none before the first step that a delay lets through."""
        if step < p.delay:
            return 0
        if p.source in self.network.constant:
            return self.most(p.source)
        return self.stored(p.source, sample, step - p.delay)

    def comes_as_list(self, p: Projection | Synapses, sample: int, step: int) -> bool:
        """Whether map(p, t) is a list of addresses, or nothing before a delay has passed (P4)."""
        if not self.is_listed(p.source):
            return False
        return step < p.delay or self.stored(p.source, sample, step - p.delay) < self.most(p.source)

    def part_bytes(self, elements: int, bits: int, size: int) -> int:
        """Bytes of ``elements`` of a map of ``size`` that takes ``bits``."""
        return ceil_div(elements * bits, size * 8)
