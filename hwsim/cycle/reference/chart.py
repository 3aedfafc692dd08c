"""From a network to the reference's layers: folds, windows, K-tiles, components (machine.md, W2-W8)."""

from collections.abc import Iterator
from typing import Literal

from hwsim.cycle.reference.layers import Layer, Order, Synapses, Tile, TilePart, ceil_div
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection

LONGEST_PASS = 64
"""Steps (W4)."""

Kind = Literal["array", "fused", "vector"]


class Chart:
    """Which layers a network becomes on one chip under one mapping for a mini-batch of ``samples``."""

    def __init__(self, network: Network, hardware: Hardware, mapping: Mapping, samples: int) -> None:
        self.network, self.hardware, self.mapping, self.samples = network, hardware, mapping, samples
        self.array = hardware.pe_array
        self.layer_major = mapping.schedule == "layer_major"
        self.array_names = {p.target for p in network.projections if p.has_weights}

    def layers(self) -> list[Layer]:
        """Every population but the input, in the order of the components (W2). Raises HwsimError."""
        layers: list[Layer] = []
        for component, names in enumerate(self.network.components):
            stepwise = self.is_stepwise(names)
            for name in names:
                population = self.network.population[name]
                if population.kind != "input":
                    layers.append(self.layer(len(layers), population, component, stepwise))
        return layers

    def is_stepwise(self, names: tuple[str, ...]) -> bool:
        """Whether a component must run step by step (S5)."""
        to_itself = any(p.source == p.target for name in names for p in self.network.into(name))
        separate = any(
            self.network.population[name].channel_groups > 1 and not self.interleaves(name) for name in names
        )
        return len(names) > 1 or to_itself or separate

    def interleaves(self, name: str) -> bool:
        """Whether the N-folds hold channels of every channel group (M2)."""
        population = self.network.population[name]
        groups = max((p.groups for p in self.network.into(name) if p.has_weights), default=1)
        return (
            population.channel_groups > 1
            and groups == 1
            and name in self.array_names
            and self.fold_channels(name, population.channels) >= population.channel_groups
        )

    def chosen(self, name: str) -> LayerMapping:
        return self.mapping.layers.get(name, LayerMapping())

    def order(self, name: str) -> Order:
        order = self.mapping.fold_order_of(name)
        if order == "auto":
            raise HwsimError(
                f"layer {name!r}: fold_order is auto; the reference makes no choices: m_outer or n_outer"
            )
        return order

    def given(self, name: str, tile: int | None, what: str) -> int:
        if tile is None:
            raise HwsimError(
                f"layer {name!r}: no {what} for dataflow {self.array.dataflow}; the reference makes no "
                "choices: give one under layers of the mapping"
            )
        return tile

    def fold_positions(self, name: str) -> int:
        """fM (W3)."""
        if self.array.dataflow == "ws":
            return self.given(name, self.chosen(name).m_tile, "m_tile")
        return self.array.extent("M")

    def fold_channels(self, name: str, n: int) -> int:
        """fN, of at most ``n`` channels (W3)."""
        if self.array.dataflow == "is":
            return min(n, self.given(name, self.chosen(name).n_tile, "n_tile"))
        return min(n, self.array.extent("N"))

    def steps(self, name: str) -> int:
        """Steps of a population (W4)."""
        return 1 if name in self.network.constant else self.network.timesteps

    def bits(self, name: str) -> int:
        """Bits of an emitted value (W8)."""
        precision = self.hardware.precision
        population = self.network.population[name]
        if population.kind == "readout":
            raise HwsimError(f"population {name!r} is a readout: it emits nothing that could be read")
        if population.kind == "relay":
            return self.relay_bits(name)
        if population.kind == "li":
            return precision.state_bits
        spikes = population.spikes and not population.multispike
        spikes |= population.kind == "input" and self.network.coding == "spikes"
        return 1 if spikes else precision.activation_bits

    def relay_bits(self, name: str) -> int:
        precision = self.hardware.precision
        first, *others = self.network.into(name)
        if others or first.kind not in ("max_pool", "avg_pool"):
            return precision.partial_sum_bits
        source_bits = self.bits(first.source)
        if first.kind == "max_pool":
            return source_bits
        window = first.kernel[0] * first.kernel[1]
        if source_bits == 1:
            return window.bit_length()
        return min(precision.partial_sum_bits, source_bits + (window - 1).bit_length())

    def is_fused(self, name: str) -> bool:
        """Whether the spike writer of an array layer computes this pool (W2)."""
        incoming = self.network.into(name)
        return (
            self.network.population[name].kind == "relay"
            and [(p.kind, p.delay) for p in incoming] == [("max_pool", 0)]
            and incoming[0].source in self.array_names
        )

    def layer(self, index: int, population: Population, component: int, stepwise: bool) -> Layer:
        name = population.name
        incoming = self.network.into(name)
        synapses = tuple(self.synapses(p) for p in incoming if p.has_weights)
        kind: Kind = "array" if synapses else "fused" if self.is_fused(name) else "vector"
        steps = self.steps(name)
        groups = max((s.groups for s in synapses), default=1)
        window, pass_steps = self.passes(steps, kind == "array" and self.layer_major and not stepwise)
        fold_positions = self.fold_positions(name) if kind == "array" else 1
        height, width = population.plane
        together = (
            kind == "array"
            and self.mapping.batch_on == "M"
            and height * width == 1
            and not stepwise
            and fold_positions > 1
        )
        if kind == "vector":
            m_folds = folds(population.size, self.array.rows * self.array.columns)
        else:
            m_folds = folds(self.samples if together else height * width, fold_positions)
        channels = population.channels // groups
        return Layer(
            index=index,
            population=population,
            kind=kind,
            component=component,
            stepwise=stepwise,
            apart=stepwise and (self.mapping.sample_loop == "outer" or self.samples == 1),
            incoming=incoming,
            steps=steps,
            held=bool(synapses)
            and steps > 1
            and self.mapping.direct_coding == "once"
            and all(s.constant and s.delay == 0 for s in synapses),
            bits=self.hardware.precision.state_bits if population.kind == "readout" else self.bits(name),
            synapses=synapses,
            streamed=() if kind == "fused" else tuple(p for p in incoming if not p.has_weights),
            order=self.order(name) if kind == "array" else "m_outer",
            groups=groups,
            together=together,
            m_folds=m_folds,
            n_folds=self.n_folds(name, channels) if kind == "array" else ((),),
            fold_positions=fold_positions,
            window=window,
            pass_steps=pass_steps,
            tiles=self.tiles(name, synapses, channels) if kind == "array" else ((),),
            interleaved=self.interleaves(name),
            state_bits=self.state_words(population) * self.hardware.precision.state_bits
            + population.refractory.bit_length(),
            state_words=self.state_words(population),
            maps=() if kind == "fused" else self.maps(name),
        )

    @staticmethod
    def state_words(population: Population) -> int:
        """Words that a neuron sees (M1)."""
        words = {
            "lif": 1 + population.has_current + population.adaptive,
            "li": 1 + population.has_current,
            "readout": 1,
            "clif": 3,
        }
        return words.get(population.kind, 0)

    def passes(self, steps: int, several: bool) -> tuple[int, int]:
        """W and P (W4)."""
        if not several:
            return 1, 1
        window = steps if self.array.window == "all" else min(self.array.window, steps)
        return window, min(steps, window * self.array.extent("T"), LONGEST_PASS)

    def n_folds(self, name: str, n: int) -> tuple[tuple[int, ...], ...]:
        """Channels of each N-fold; interleaved ones take as many of every channel group (W3, M2)."""
        at_once = self.fold_channels(name, n)
        if not self.interleaves(name):
            return tuple(tuple(fold) for fold in folds(n, at_once))
        groups = self.network.population[name].channel_groups
        of_group = n // groups
        return tuple(
            tuple(i * of_group + c for i in range(groups) for c in fold)
            for fold in folds(of_group, at_once // groups)
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
            delay=p.delay,
            bits=self.bits(p.source),
            binary=self.network.is_binary(p.source),
            constant=p.source in self.network.constant,
            steps=self.steps(p.source),
        )

    def tiles(self, name: str, synapses: tuple[Synapses, ...], n: int) -> tuple[Tile, ...]:
        """K-tiles (W6)."""
        columns = self.fold_channels(name, n)
        if self.array.dataflow == "os":
            return tuple(self.channel_tiles(name, synapses, columns))
        weight_bits, offered = self.hardware.precision.weight_bits, self.hardware.buffers.weight.tile_bytes
        if self.array.rows * columns * weight_bits > offered * 8:
            raise HwsimError(
                f"layer {name!r}: the weights of {self.array.rows} rows for {columns} channels take "
                f"{ceil_div(self.array.rows * columns * weight_bits, 8)} bytes, but the weight buffer offers "
                f"{offered} bytes to one job"
            )
        return tuple((TilePart(s, ks),) for s in synapses for ks in folds(s.k, self.array.rows))

    def channel_tiles(self, name: str, synapses: tuple[Synapses, ...], columns: int) -> Iterator[Tile]:
        """Everything at once without a k_tile, else projection by projection (W6, os)."""
        k_tile = self.chosen(name).k_tile
        most = self.array.decode.max_inputs if self.array.decode else None
        if k_tile is None:
            self.check_tile(name, sum(s.k for s in synapses), columns, most)
            yield tuple(TilePart(s, range(s.k)) for s in synapses)
            return
        for s in synapses:
            limits = [s.group_channels, k_tile] + ([] if most is None else [most // s.taps])
            self.check_tile(name, max(1, min(limits)) * s.taps, columns, most)
            for ks in folds(s.k, min(limits) * s.taps):
                yield (TilePart(s, ks),)

    def check_tile(self, name: str, inputs: int, columns: int, most: int | None) -> None:
        """Whether the decoder takes so many inputs, and the weight buffer holds their weights."""
        bits, offered = inputs * columns * self.hardware.precision.weight_bits, self.hardware.buffers.weight
        if most is not None and inputs > most:
            raise HwsimError(
                f"layer {name!r}: a K-tile has {inputs} inputs, but the decoder takes {most} at most; the "
                "reference makes no choices: give a k_tile"
            )
        if bits > offered.tile_bytes * 8:
            raise HwsimError(
                f"layer {name!r}: the weights of a K-tile of {inputs} inputs for {columns} columns take "
                f"{ceil_div(bits, 8)} bytes, but the weight buffer offers {offered.tile_bytes} bytes to one "
                "job; the reference makes no choices: give a smaller k_tile"
            )

    def maps(self, name: str) -> tuple[str, ...]:
        """Populations whose maps the layer's spike writer emits (B5)."""
        targets = [p.target for p in self.network.out_of(name)]
        pools = list(dict.fromkeys(t for t in targets if self.is_fused(t)))
        own = [name] if any(t not in pools for t in targets) else []
        return (*own, *(pool for pool in pools if self.network.out_of(pool)))


def folds(size: int, at_once: int) -> tuple[range, ...]:
    """0 to ``size`` in ranges of ``at_once``, the last with what is left."""
    return tuple(range(first, min(first + at_once, size)) for first in range(0, size, at_once))
