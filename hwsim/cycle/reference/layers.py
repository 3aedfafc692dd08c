"""Layers of the reference: what each population is on the chip (docs/machine.md, W1 to W8, M1)."""

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.mapping import Mapping
from hwsim.network import Network, Population, Projection

Order = Literal["m_outer", "n_outer"]
Residency = Literal["whole", "window", "fold"]
Place = Literal["none", "registers", "buffer", "dram"]


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


@dataclass(frozen=True, eq=False)
class Synapses:
    """A weighted projection as a convolution; a dense one is 1x1 over one position (W1)."""

    projection: str
    source: str
    weights: NDArray[Any]
    channels: int
    plane: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    groups: int
    bits: int
    binary: bool
    constant: bool
    steps: int

    @property
    def source_size(self) -> int:
        return self.channels * self.plane[0] * self.plane[1]

    @property
    def group_channels(self) -> int:
        """Cg: source channels of one group."""
        return self.channels // self.groups

    @property
    def taps(self) -> int:
        return self.kernel[0] * self.kernel[1]


@dataclass(frozen=True, eq=False)
class TilePart:
    """Channels of one projection, counted within its source group, that a K-tile covers (W6)."""

    synapses: Synapses
    channels: range

    @property
    def k(self) -> int:
        return len(self.channels) * self.synapses.taps

    def source_channels(self, group: int) -> range:
        """The source channels in ``group``; without groups of its own it serves every group (W2)."""
        first = group * self.synapses.group_channels if self.synapses.groups > 1 else 0
        return range(first + self.channels.start, first + self.channels.stop)


Tile = tuple[TilePart, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """A population as the chip computes it (W2) with the mapping's choices for it."""

    index: int
    population: Population
    kind: Literal["array", "fused", "vector"]
    incoming: tuple[Projection, ...]
    steps: int
    held: bool
    bits: int
    synapses: tuple[Synapses, ...]
    streamed: tuple[Projection, ...]
    groups: int
    channels: int
    positions: int
    width: int
    tiles: tuple[Tile, ...]
    maps: tuple[tuple[int, int], ...]
    state: Place
    hold: Place
    order: Order = "m_outer"
    residency: Residency = "whole"

    @property
    def name(self) -> str:
        return self.population.name

    @property
    def size(self) -> int:
        return self.population.size

    @property
    def weights(self) -> int:
        return sum(s.weights.size for s in self.synapses)


class Chart:
    """Which layers a network becomes on one chip under one mapping, before fold orders are chosen."""

    def __init__(self, network: Network, hardware: Hardware, mapping: Mapping) -> None:
        self.network, self.hardware, self.mapping = network, hardware, mapping
        self.layer_major = mapping.schedule == "layer_major"
        self.columns = hardware.pe_array.columns
        self.array_names = {p.target for p in network.projections if p.has_weights}

    def layers(self) -> list[Layer]:
        states = self.place_states()
        populations = [p for p in self.network.populations if p.kind != "input"]
        return [self.layer(i, p, states.get(p.name, "none")) for i, p in enumerate(populations)]

    def steps(self, name: str) -> int:
        """Steps of a population (W4)."""
        return 1 if name in self.network.constant else self.network.timesteps

    def bits(self, name: str) -> int:
        """Bits of an emitted value (W8)."""
        precision = self.hardware.precision
        population = self.network.population[name]
        if population.kind == "readout":
            raise HwsimError(f"population {name!r} is a readout: it emits nothing that could be read")
        if population.kind != "relay":
            graded = population.kind == "relu" or (
                population.kind == "input" and self.network.coding != "spikes"
            )
            return precision.activation_bits if graded else 1
        first = self.network.into(name)[0]
        if first.kind == "max_pool":
            return self.bits(first.source)
        if first.kind != "avg_pool":
            return precision.partial_sum_bits
        window = first.kernel[0] * first.kernel[1]
        source_bits = self.bits(first.source)
        if source_bits == 1:
            return window.bit_length()
        return min(precision.partial_sum_bits, source_bits + (window - 1).bit_length())

    def place_states(self) -> dict[str, Place]:
        """Where each layer's states lie between steps (M1)."""
        membrane = self.hardware.buffers.membrane
        free = membrane.capacity_bytes if membrane else 0
        places: dict[str, Place] = {}
        for population in self.network.populations:
            if not population.has_state:
                continue
            size = ceil_div(population.size * self.hardware.precision.state_bits, 8)
            if self.layer_major:
                places[population.name] = "registers"
            elif size <= free:
                places[population.name] = "buffer"
                free -= size
            else:
                places[population.name] = "dram"
        return places

    def is_fused(self, name: str) -> bool:
        """Whether the spike writer of an array layer computes this pool (W2)."""
        incoming = self.network.into(name)
        return (
            self.network.population[name].kind == "relay"
            and [p.kind for p in incoming] == ["max_pool"]
            and incoming[0].source in self.array_names
        )

    def layer(self, index: int, population: Population, state: Place) -> Layer:
        """The layer before its fold order and residency are chosen (W2 to W6)."""
        name = population.name
        incoming = self.network.into(name)
        synapses = tuple(self.synapses(p) for p in incoming if p.has_weights)
        kind: Literal["array", "fused", "vector"] = "vector"
        if synapses:
            kind = "array"
        elif self.is_fused(name):
            kind = "fused"
        groups = max((s.groups for s in synapses), default=1)
        height, width = population.plane
        steps = self.steps(name)
        held = (
            kind == "array"
            and self.mapping.direct_coding == "once"
            and steps == self.network.timesteps
            and all(s.constant for s in synapses)
        )
        held_sums: Place = "none"
        if held and steps > 1:
            held_sums = "registers" if self.layer_major else "dram"
        return Layer(
            index=index,
            population=population,
            kind=kind,
            incoming=incoming,
            steps=steps,
            held=held,
            bits=self.hardware.precision.state_bits if population.kind == "readout" else self.bits(name),
            synapses=synapses,
            streamed=() if kind == "fused" else tuple(p for p in incoming if not p.has_weights),
            groups=groups,
            channels=population.channels // groups,
            positions=height * width,
            width=width,
            tiles=self.tiles(name, synapses, population.channels // groups),
            maps=self.maps(name),
            state=state,
            hold=held_sums,
        )

    def synapses(self, p: Projection) -> Synapses:
        """A weighted projection in the form of W1."""
        assert p.weights is not None
        source = self.network.population[p.source]
        conv = p.kind == "conv2d"
        return Synapses(
            projection=p.name,
            source=p.source,
            weights=p.weights if conv else p.weights[:, :, None, None],
            channels=source.channels if conv else source.size,
            plane=source.plane if conv else (1, 1),
            kernel=p.kernel if conv else (1, 1),
            stride=p.stride if conv else (1, 1),
            padding=p.padding if conv else (0, 0),
            groups=p.groups if conv else 1,
            bits=self.bits(p.source),
            binary=self.network.is_binary(p.source),
            constant=p.source in self.network.constant,
            steps=self.steps(p.source),
        )

    def tiles(self, name: str, synapses: tuple[Synapses, ...], n: int) -> tuple[Tile, ...]:
        """K-tiles: everything at once if it fits, else projection by projection (W6)."""
        buffer_bits = self.hardware.tile_bytes(self.hardware.buffers.weight) * 8
        weight_bits = self.hardware.precision.weight_bits
        everything = tuple(TilePart(s, range(s.group_channels)) for s in synapses)
        columns = min(n, self.columns)
        if sum(part.k for part in everything) * columns * weight_bits <= buffer_bits:
            return (everything,)
        tiles: list[Tile] = []
        for s in synapses:
            channel_bits = s.taps * columns * weight_bits
            fitting = min(buffer_bits // channel_bits, s.group_channels)
            if fitting == 0:
                raise HwsimError(
                    f"layer {name!r}: the weights of one source channel of projection {s.projection!r} "
                    f"for {columns} columns take {ceil_div(channel_bits, 8)} bytes, but the weight "
                    f"buffer offers {buffer_bits // 8} bytes to one job"
                )
            for first in range(0, s.group_channels, fitting):
                tiles.append((TilePart(s, range(first, min(first + fitting, s.group_channels))),))
        return tuple(tiles)

    def maps(self, name: str) -> tuple[tuple[int, int], ...]:
        """(values, bits) of each map the layer's spike writer stores (B5)."""
        targets = [p.target for p in self.network.out_of(name)]
        pools = [t for t in targets if self.is_fused(t)]
        own = [name] if len(pools) < len(targets) else []
        emitted = own + [pool for pool in pools if self.network.out_of(pool)]
        return tuple((self.network.population[e].size, self.bits(e)) for e in emitted)
