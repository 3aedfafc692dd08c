"""The shape of each layer on the array: loop nest, folds, K-tiles, bits (docs/machine.md, W1 to W8)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection

Ints = NDArray[np.int64]


def ceil_div(amount: int, unit: int) -> int:
    return -(-amount // unit)


@dataclass(frozen=True)
class Weighted:
    """A projection on the array: K = ``channels`` per source group * kh * kw, cut into tiles of channels."""

    projection: Projection
    source: Population
    bits: int
    binary: bool
    constant: bool
    channels: int
    tile_channels: int

    @property
    def taps(self) -> int:
        kh, kw = self.projection.kernel
        return kh * kw

    @property
    def plane(self) -> tuple[int, int]:
        """Source positions; a dense projection has one."""
        return self.source.plane if self.projection.kind == "conv2d" else (1, 1)

    @property
    def tiles(self) -> int:
        return ceil_div(self.channels, self.tile_channels)

    def channels_of_tile(self, tile: int) -> int:
        return min(self.channels, (tile + 1) * self.tile_channels) - tile * self.tile_channels


Part = tuple[Weighted, int]
"""A K-tile's share of one projection: the projection and which of its tiles."""


@dataclass(frozen=True)
class ArrayLayer:
    """A population computed on the PE array."""

    population: Population
    weighted: tuple[Weighted, ...]
    identities: tuple[Projection, ...]
    groups: int
    steps: int
    held: bool
    tiles: tuple[tuple[Part, ...], ...]
    rows: Ints
    columns: Ints

    @cached_property
    def depth(self) -> Ints:
        """K of every K-tile."""
        return np.array([sum(w.channels_of_tile(j) * w.taps for w, j in tile) for tile in self.tiles])

    @property
    def weights(self) -> int:
        return sum(w.projection.weights.size for w in self.weighted if w.projection.weights is not None)


@dataclass(frozen=True)
class VectorLayer:
    """A population computed on the vector lanes: pools that no spike writer does, shortcuts alone."""

    population: Population
    incoming: tuple[Projection, ...]
    steps: int
    rows: Ints


def steps_of(network: Network, name: str) -> int:
    return 1 if name in network.constant else network.timesteps


def value_bits(network: Network, name: str, hardware: Hardware) -> int:
    """W8: bits of one emitted value of a population; 0 for a readout."""
    population, precision = network.population[name], hardware.precision
    if population.kind in ("readout", "relu"):
        return 0 if population.kind == "readout" else precision.activation_bits
    if network.is_binary(name):
        return 1
    if population.kind == "input":
        return precision.activation_bits
    (first, *others) = network.into(name)
    if not others and first.kind == "max_pool":
        return value_bits(network, first.source, hardware)
    if not others and first.kind == "avg_pool":
        window = first.kernel[0] * first.kernel[1]
        source = value_bits(network, first.source, hardware)
        wider = window.bit_length() if source == 1 else source + (window - 1).bit_length()
        return min(precision.partial_sum_bits, wider) if source > 1 else wider
    return precision.partial_sum_bits


def fused_pools(network: Network) -> dict[str, str]:
    """W2: relays that the spike writer of an array layer computes, and that layer."""
    fused = {}
    for population in network.populations:
        for p in network.into(population.name):
            if p.kind == "max_pool" and any(q.has_weights for q in network.into(p.source)):
                fused[population.name] = p.source
    return fused


def array_layer(network: Network, population: Population, hardware: Hardware, mapping: Mapping) -> ArrayLayer:
    """Folds and K-tiles of one population. Raises HwsimError if a weight tile of one channel does not fit."""
    array, bits = hardware.pe_array, hardware.precision.weight_bits
    incoming = network.into(population.name)
    chosen = [p for p in incoming if p.has_weights]
    groups = max(p.groups for p in chosen)
    outputs = population.channels // groups
    columns = min(outputs, array.columns)
    room_bits = hardware.tile_bytes(hardware.buffers.weight) * 8
    whole = sum(p.kernel[0] * p.kernel[1] * _channels(network, p) for p in chosen)
    one_tile = whole * columns * bits <= room_bits
    weighted = []
    for p in chosen:
        channels = _channels(network, p)
        taps = p.kernel[0] * p.kernel[1]
        fitting = channels if one_tile else min(channels, room_bits // (taps * columns * bits))
        if fitting < 1:
            raise HwsimError(
                f"layer {population.name!r}: the weights of one channel ({taps} x {columns} x {bits} bits) "
                f"do not fit the {room_bits // 8} bytes that hardware {hardware.name!r} gives a tile; "
                "enlarge buffers.weight or use fewer columns"
            )
        weighted.append(
            Weighted(
                p, network.population[p.source], value_bits(network, p.source, hardware),
                network.is_binary(p.source), p.source in network.constant, channels, fitting,
            )
        )  # fmt: skip
    parts = [(w, j) for w in weighted for j in range(w.tiles)]
    steps = steps_of(network, population.name)
    once = mapping.direct_coding == "once" and steps > 1
    height, width = population.plane
    return ArrayLayer(
        population,
        tuple(weighted),
        tuple(p for p in incoming if p.kind == "identity"),
        groups,
        steps,
        once and all(w.constant for w in weighted),
        (tuple(parts),) if one_tile else tuple((part,) for part in parts),
        _folds(height * width, array.rows),
        _folds(outputs, array.columns),
    )


def vector_layer(network: Network, population: Population, hardware: Hardware) -> VectorLayer:
    array = hardware.pe_array
    folds = _folds(population.size, array.rows * array.columns)
    steps = steps_of(network, population.name)
    return VectorLayer(population, network.into(population.name), steps, folds)


def refuse_unknown(network: Network) -> None:
    """Raise HwsimError for what the executor runs but this cycle model does not cost yet."""
    for p in network.populations:
        if p.kind == "li":
            raise HwsimError(
                f"layer {p.name!r}: the cycle model does not cost leaky integrators without spikes (li) yet"
            )
        if p.shared:
            raise HwsimError(f"layer {p.name!r}: the cycle model does not cost shared states yet")
        if p.spikes and (p.state_words != p.size or p.multispike or p.refractory or p.one_spike):
            raise HwsimError(
                f"layer {p.name!r}: the cycle model costs neurons of one state word and one spike a step; "
                "currents, adaptation, several spikes, one_spike, refractory periods are not in it yet"
            )
    for q in network.projections:
        if q.delay:
            raise HwsimError(f"projection {q.name!r}: the cycle model does not cost delays yet")


def _channels(network: Network, p: Projection) -> int:
    """Source channels per group; a dense projection sees its source as channels of one position."""
    source = network.population[p.source]
    return source.size if p.kind == "dense" else source.channels // p.groups


def _folds(total: int, width: int) -> Ints:
    """Sizes of the folds of ``total`` items taken ``width`` at a time."""
    return np.array([min(width, total - first) for first in range(0, total, width)], np.int64)
