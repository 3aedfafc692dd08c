"""The fewest equal boxes that a population can be cut into under a core's limits (G10)."""

from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from hwsim.errors import HwsimError
from hwsim.grid import LIMITS, Grid
from hwsim.network import Population
from hwsim.place.reach import Box, Int, Reach
from hwsim.place.slices import Sliced

Cut = list[tuple[int, int]]


def cuts(size: int, unit: int = 1) -> list[Cut]:
    """Cuts of ``size`` units of ``unit`` numbers into ever more parts, of sizes that differ by one at most.

    One cut for each size of the largest part, in as few parts as it allows.
    """
    found: list[Cut] = []
    for largest in range(size, 0, -1):
        parts = -(-size // largest)
        if not found or len(found[-1]) < parts:
            ends = [i * size // parts for i in range(parts + 1)]
            found.append([(a * unit, b * unit - 1) for a, b in pairwise(ends)])
    return found


@dataclass(frozen=True, eq=False)
class Axis:
    """Ranges of channels or positions.

    ``taken``, by source: how many of its channels or positions each range takes, told apart by the set of
    projections that take them, shape (ranges, sets). ``synapses`` of one channel, of ranges of positions.
    """

    ranges: Cut
    taken: list[Int]
    synapses: Int

    @property
    def sizes(self) -> Int:
        return np.array([b - a + 1 for a, b in self.ranges], np.int64)


class Search:
    """The loads of boxes of one population. Its targets' cores are those of ``sliced``, as far as known."""

    def __init__(self, sliced: Sliced, population: Population, grid: Grid, weight_bits: int) -> None:
        self.population, self.limits, self.weight_bits = population, grid.limits, weight_bits
        network = sliced.network
        into = sorted(network.into(population.name), key=lambda q: q.source)
        self.reaches = [Reach.of(network, projection) for projection in into]
        self.sources = [list(same) for _, same in groupby(self.reaches, key=lambda r: r.source.name)]
        self.sent = self._sent(sliced)

    def _sent(self, sliced: Sliced) -> Int:
        """Axons out of all neurons before (channel, position), summed in two dimensions (G6)."""
        p = self.population
        places = p.plane[0] * p.plane[1]
        summed = np.zeros((p.channels + 1, places + 1), np.int64)
        if self.limits.axons_out is not None:
            classes = sliced.classes(p.name)
            cores = classes.reached.sum(axis=1)
            first = classes.channel_class[:, None] * classes.position_classes
            of_neuron = cores[first + classes.position_class[None, :]]
            summed[1:, 1:] = of_neuron.cumsum(axis=0).cumsum(axis=1)
        return summed

    def channels(self, ranges: Cut) -> Axis:
        return Axis(ranges, self._taken(ranges, True), np.zeros(0, np.int64))

    def positions(self, ranges: Cut) -> Axis:
        words = np.zeros(len(ranges), np.int64)
        for r in self.reaches:
            words += [r.synapses(Box(0, 0, *cut), self.limits.shared_weights) for cut in ranges]
        return Axis(ranges, self._taken(ranges, False), words)

    def _taken(self, ranges: Cut, of_channels: bool) -> list[Int]:
        found = []
        for same in self.sources:
            takes = [r.channels if of_channels else r.positions for r in same]
            table = np.zeros((len(ranges), 1 << len(same)), np.int64)
            for i, (low, high) in enumerate(ranges):
                sets = np.stack([take(low, high) for take in takes], axis=1) @ (1 << np.arange(len(same)))
                table[i] = np.bincount(sets, minlength=1 << len(same))
            found.append(table)
        return found

    def loads(self, channels: Axis, positions: Axis) -> dict[str, Int]:
        """What every box holds, shape (channel ranges, position ranges), by limit."""
        shape = len(channels.ranges), len(positions.ranges)
        synapses = np.outer(channels.sizes, positions.synapses)
        inward = np.zeros(shape, np.int64)
        for mine, theirs in zip(channels.taken, positions.taken, strict=True):
            sets = np.arange(mine.shape[1])
            inward += mine @ ((sets[:, None] & sets[None, :]) != 0).astype(np.int64) @ theirs.T
        (c0, c1), (p0, p1) = np.array(channels.ranges).T, np.array(positions.ranges).T
        ends = self.sent[:, p1 + 1] - self.sent[:, p0]
        values = (
            np.outer(channels.sizes, positions.sizes),
            synapses,
            -(-synapses * self.weight_bits // 8),
            inward,
            ends[c1 + 1] - ends[c0],
        )
        return dict(zip(LIMITS, values, strict=True))

    def excess(self, found: dict[str, Int]) -> dict[str, tuple[int, int]]:
        """By limit that a box exceeds: the most found, and what is allowed."""
        asked = ((name, int(values.max()), getattr(self.limits, name)) for name, values in found.items())
        return {name: (most, limit) for name, most, limit in asked if limit is not None and most > limit}

    def best(self) -> list[Box]:
        """The boxes of the best cut. Raises HwsimError where a neuron alone is too much for a core."""
        p = self.population
        height, width = p.plane
        rows = cuts(height, width)
        ways = rows + [cut for cut in cuts(height * width) if cut not in rows]
        ways.sort(key=len)
        known: dict[int, Axis] = {}
        least: tuple[int, int, int] | None = None
        chosen: tuple[Axis, Axis] | None = None
        for channel_cut in cuts(p.channels):
            channels = self.channels(channel_cut)
            for i, way in enumerate(ways):
                boxes = len(channel_cut) * len(way)
                if least is not None and boxes > least[0]:
                    break
                if boxes * (self.limits.neurons or p.size) < p.size:
                    continue
                positions = known[i] = known.get(i) or self.positions(way)
                found = self.loads(channels, positions)
                key = boxes, int(found["axons_in"].sum()), len(channel_cut)
                if (least is None or key < least) and not self.excess(found):
                    least, chosen = key, (channels, positions)
        if chosen is None:
            raise HwsimError(self._too_much())
        return [Box(*c, *q) for c in chosen[0].ranges for q in chosen[1].ranges]

    def _too_much(self) -> str:
        """Which limits a neuron alone exceeds."""
        p = self.population
        places = self.positions([(q, q) for q in range(p.plane[0] * p.plane[1])])
        found = self.excess(self.loads(self.channels([(c, c) for c in range(p.channels)]), places))
        return "\n".join(
            f"population {p.name!r}: {name}: found {most} for one neuron alone, allowed {limit} a core: "
            f"{most - limit} too many"
            for name, (most, limit) in found.items()
        )
