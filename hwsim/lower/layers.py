"""What a layer is on the chip: its loop nest, and which populations are layers (docs/machine.md, W1, W2)."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple

import numpy as np

from hwsim.hardware import Hardware
from hwsim.lower.axes import Axes, Bools, Ints, K, M, N, S, T, along, ceil_div, last, units
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection

Order = Literal["m_outer", "n_outer"]


@dataclass(frozen=True, eq=False)
class Weighted:
    """A projection on the array. ``bits``: of a value of its source (W8); ``channels``: Cg, of its source in
    one of its groups; a dense one sees its source as channels of one position (W1).
    """

    projection: Projection
    source: Population
    bits: int
    binary: bool
    constant: bool
    channels: int

    @property
    def taps(self) -> int:
        kh, kw = self.projection.kernel
        return kh * kw

    @property
    def plane(self) -> tuple[int, int]:
        """Source positions."""
        return self.source.plane if self.projection.kind == "conv2d" else (1, 1)

    @property
    def depth(self) -> int:
        """K of this projection."""
        return self.channels * self.taps

    def new_rows(self, height: int) -> Ints:
        """Source rows that each of ``height`` output rows is the first to need."""
        p = self.projection
        return new_rows(height, self.plane[0], p.kernel[0], p.stride[0], p.padding[0])

    @cached_property
    def nonzero(self) -> Bools:
        """(target channels of all groups, K of a group): where weights are not zero."""
        weights = self.projection.weights
        assert weights is not None
        nonzero: Bools = weights.reshape(len(weights), -1) != 0
        return nonzero


@lru_cache(1024)
def new_rows(height: int, source: int, kernel: int, stride: int, padding: int) -> Ints:
    """Of ``source`` rows, those that each of ``height`` output rows is the first to need; not to be written
    to."""
    tops = np.arange(height, dtype=np.int64) * stride - padding
    begins, ends = np.clip(tops, 0, source), np.clip(tops + kernel, 0, source)
    new: Ints = np.maximum(ends - np.maximum(begins, np.append(0, ends[:-1])), 0)
    new.flags.writeable = False
    return new


class Part(NamedTuple):
    """A K-tile's share of one weighted projection, by its place: k from ``begin`` up to ``end`` (W6)."""

    source: int
    begin: int
    end: int


@dataclass(frozen=True, eq=False)
class Layer:
    """A population computed on the PE array or, without ``weighted``, on the vector lanes.

    ``streamed``: the projections read once in order (B3). ``channels``: of each N-fold, its channels within a
    group; ``rows``: positions of each M-fold of a sample, with ``together`` (batch_on M) its samples; a
    vector layer has folds of neurons in ``rows``. ``samples``: B. ``tiles``: the K-tiles. ``tile``: m_tile
    under ws, n_tile under is, k_tile under os (None: one K-tile).
    """

    index: int
    population: Population
    weighted: tuple[Weighted, ...]
    streamed: tuple[Projection, ...]
    groups: int
    channels: tuple[Ints, ...]
    rows: Ints
    samples: int
    together: bool
    steps: int
    pass_steps: int
    window: int
    held: bool
    stepwise: bool
    apart: bool
    interleaved: bool
    tiles: tuple[tuple[Part, ...], ...]
    order: Order
    tile: int | None

    @property
    def name(self) -> str:
        return self.population.name

    @property
    def passes(self) -> int:
        return ceil_div(self.steps, self.pass_steps)

    @cached_property
    def shape(self) -> Axes:
        """Jobs along the axes of hwsim.lower.axes."""
        samples = 1 if self.together else self.samples
        return samples, self.groups, len(self.channels), len(self.rows), self.passes, max(1, len(self.tiles))

    @cached_property
    def pass_sizes(self) -> Ints:
        """s: steps of each pass (W4)."""
        begins = np.arange(self.passes, dtype=np.int64) * self.pass_steps
        return np.minimum(self.pass_steps, self.steps - begins)

    @cached_property
    def array_steps(self) -> Ints:
        """Steps that each pass streams: s, of a held layer one step of its first pass (W5)."""
        return (
            (np.arange(self.passes, dtype=np.int64) == 0).astype(np.int64) if self.held else self.pass_sizes
        )

    @cached_property
    def columns(self) -> Ints:
        """Channels of each N-fold."""
        return np.array([len(c) for c in self.channels], np.int64)

    @cached_property
    def outputs(self) -> Ints:
        """o: outputs of each fold (W3)."""
        return along(N, self.columns) * along(M, self.rows)

    @cached_property
    def cells(self) -> Ints:
        """State cells of each fold (M2)."""
        return self.outputs // self.population.channel_groups if self.interleaved else self.outputs

    @cached_property
    def depth(self) -> Ints:
        """K of each K-tile."""
        return np.array([sum(p.end - p.begin for p in tile) for tile in self.tiles], np.int64)

    @cached_property
    def at_end(self) -> Ints:
        """1 at the last K-tile, where everything happens that happens once per fold and pass (W7)."""
        return last(K, self.shape[K]).astype(np.int64)

    @cached_property
    def nonzero(self) -> Ints:
        """Weights that are not zero, by group, channel within it, and K-tile."""
        counts = np.zeros((self.population.channels, len(self.tiles)), np.int64)
        for i, w in enumerate(self.weighted):
            for tile, part in self.parts(i):
                counts[:, tile] += w.nonzero[:, part.begin : part.end].sum(axis=1)
        return counts.reshape(self.groups, -1, len(self.tiles))

    def in_order(self, order: Order) -> "Layer":
        """The same with the folds in that order; what does not depend on it is not worked out again."""
        if order == self.order:
            return self
        turned = copy(self)
        object.__setattr__(turned, "order", order)
        return turned

    @cached_property
    def reached(self) -> tuple[Ints, ...]:
        """y(m) of each weighted projection: source rows needed up to the end of M-fold m of a sample (B2)."""
        height, width = self.population.plane
        sizes = np.ones(1, np.int64) if self.together else self.rows
        last_row = (np.cumsum(sizes) - 1) // width
        return tuple(np.cumsum(w.new_rows(height))[last_row] for w in self.weighted)

    def parts(self, source: int) -> Iterator[tuple[int, Part]]:
        """The K-tiles that hold something of one weighted projection, and what."""
        for number, tile in enumerate(self.tiles):
            for part in tile:
                if part.source == source:
                    yield number, part

    def touched(self, source: int) -> Ints:
        """Channels of one weighted projection that each K-tile touches (W6)."""
        counts, taps = np.zeros(len(self.tiles), np.int64), self.weighted[source].taps
        for number, part in self.parts(source):
            counts[number] = (part.end - 1) // taps - part.begin // taps + 1
        return counts

    @property
    def first_samples(self) -> Ints:
        """Sample of each job, the first of a fold of several."""
        return along(M, np.cumsum(self.rows) - self.rows) if self.together else along(S, range(self.samples))

    def over_samples(self, values: Ints) -> Ints:
        """With batch_on M, what each sample needs is added up over the samples of each M-fold."""
        if not self.together:
            return values
        if values.shape[S] == 1:
            return values * along(M, self.rows)
        summed = np.add.reduceat(values, np.cumsum(self.rows) - self.rows, axis=S)
        return np.swapaxes(summed, S, M)

    def over_steps(self, values: Ints, sizes: Ints) -> Ints:
        """What each step needs, added up over the steps of each pass, of which there are ``sizes``."""
        if values.shape[T] == 1:
            return values * along(T, sizes)
        if self.pass_steps == 1:
            return values
        begins = np.arange(self.passes, dtype=np.int64) * self.pass_steps
        added: Ints = np.add.reduceat(values, begins, axis=T)
        return added

    def over_passes(self, values: Ints, sizes: Ints) -> tuple[Ints, ...]:
        """Factors of :meth:`over_steps`."""
        return (values, along(T, sizes)) if values.shape[T] == 1 else (self.over_steps(values, sizes),)

    def finished(self) -> tuple[Ints, Ints]:
        """Outputs of a sample and step that are done before and after each job (B3)."""
        rows = np.ones(1, np.int64) if self.together else self.rows
        folds = np.broadcast_to(
            (self.columns[:, None] * rows)[None], (self.groups, len(self.columns), len(rows))
        )
        if self.order == "m_outer":
            folds = folds.swapaxes(1, 2)
        after = np.cumsum(folds.ravel()).reshape(folds.shape)
        before = after - folds
        if self.order == "m_outer":
            before, after = before.swapaxes(1, 2), after.swapaxes(1, 2)
        return before[None, ..., None, None], after[None, ..., None, None]


def steps_of(network: Network, name: str) -> int:
    """steps(p) of W4."""
    return 1 if name in network.constant else network.timesteps


def fused_pools(network: Network) -> dict[str, str]:
    """W2: relays that the spike writer of an array layer computes, and that layer."""
    fused = {}
    for population in network.populations:
        for p in network.into(population.name):
            if p.kind == "max_pool" and not p.delay and any(q.has_weights for q in network.into(p.source)):
                fused[population.name] = p.source
    return fused


def value_bits(network: Network, name: str, hardware: Hardware) -> int:
    """W8: bits of one emitted value of a population; 0 for a readout."""
    population, precision = network.population[name], hardware.precision
    kinds = {"readout": 0, "relu": precision.activation_bits, "li": precision.state_bits}
    if population.kind in kinds:
        return kinds[population.kind]
    if network.is_binary(name):
        return 1
    if population.kind == "input" or population.spikes:
        return precision.activation_bits
    (incoming, *others) = network.into(name)
    if not others and incoming.kind == "max_pool":
        return value_bits(network, incoming.source, hardware)
    if not others and incoming.kind == "avg_pool":
        window = incoming.kernel[0] * incoming.kernel[1]
        source = value_bits(network, incoming.source, hardware)
        wider = window.bit_length() if source == 1 else source + (window - 1).bit_length()
        return min(precision.partial_sum_bits, wider) if source > 1 else wider
    return precision.partial_sum_bits


def weighted_into(network: Network, name: str, hardware: Hardware) -> tuple[Weighted, ...]:
    """The projections that make a population an array layer."""
    found = []
    for p in network.into(name):
        if p.has_weights:
            source = network.population[p.source]
            channels = source.size if p.kind == "dense" else source.channels // p.groups
            bits = value_bits(network, p.source, hardware)
            binary, constant = network.is_binary(p.source), p.source in network.constant
            found.append(Weighted(p, source, bits, binary, constant, channels))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be lowered, for mini-batches of ``samples``; ``settled``: the mapping has every choice made,
    and where it has no ``k_tile`` there is one K-tile (C1)."""

    network: Network
    hardware: Hardware
    mapping: Mapping
    samples: int
    settled: bool = False

    @cached_property
    def hardware_id(self) -> str:
        return self.hardware.id

    @property
    def apart(self) -> bool:
        """Whether samples run one after the other through stepwise components (W7)."""
        return self.mapping.sample_loop == "outer" or self.samples == 1

    @cached_property
    def names(self) -> tuple[str, ...]:
        """All layers, in order (W2)."""
        named = (name for component in self.network.components for name in component)
        return tuple(name for name in named if name != self.network.input.name)

    @cached_property
    def fused(self) -> dict[str, str]:
        return fused_pools(self.network)

    @cached_property
    def computed(self) -> tuple[str, ...]:
        """The layers that have jobs."""
        return tuple(name for name in self.names if name not in self.fused)

    @cached_property
    def value_bits(self) -> dict[str, int]:
        """By population: bits of one emitted value (W8)."""
        return {p.name: value_bits(self.network, p.name, self.hardware) for p in self.network.populations}

    @cached_property
    def binary_maps(self) -> bool:
        """Whether every map takes the same bytes whatever happens (W9)."""
        return self.hardware.buffers.spikes == "bitmap"

    def weight_room(self) -> int:
        """Bits of weights that one job may have on chip."""
        return self.hardware.buffers.weight.tile_bytes * 8

    @cached_property
    def burst_bytes(self) -> int:
        return self.hardware.dram.burst

    def burst(self, size_bytes: int) -> int:
        """burst(x) of one number."""
        return ceil_div(size_bytes, self.burst_bytes) * self.burst_bytes

    def bytes_of(self, bits: Ints) -> Ints:
        """burst(ceil(bits / 8))."""
        return units(bits, 8 * self.burst_bytes) * self.burst_bytes
