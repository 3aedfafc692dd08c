"""Layers on the array: folds, passes, channel groups, components (docs/machine.md, W3 to W5, M2, S5)."""

from dataclasses import dataclass

import numpy as np

from hwsim.hardware import Hardware
from hwsim.lower.axes import Ints, ceil_div
from hwsim.lower.layers import Layer, Order, Task, Weighted, steps_of, weighted_into
from hwsim.lower.tiles import k_tiles
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population

LONGEST_PASS = 64


@dataclass(frozen=True)
class Choice:
    """What C1 decides of an array layer; ``tile``: m_tile under ws, n_tile under is, under os k_tile (None:
    one K-tile)."""

    order: Order = "m_outer"
    tile: int | None = None


def own(mapping: Mapping, name: str) -> LayerMapping:
    return mapping.layers.get(name, LayerMapping())


def nest(population: Population, weighted: tuple[Weighted, ...]) -> tuple[int, int, int]:
    """G, N and M of an array layer (W2)."""
    groups = max(w.projection.groups for w in weighted)
    height, width = population.plane
    return groups, population.channels // groups, height * width


def stepwise_layers(network: Network, hardware: Hardware, mapping: Mapping) -> frozenset[str]:
    """Layers of components that run step by step (S5)."""
    found: set[str] = set()
    for component in network.components:
        recurrent = any(p.source == component[0] for p in network.into(component[0]))
        split = any(_splits(network, name, hardware, mapping) for name in component)
        if len(component) > 1 or recurrent or split:
            found.update(component)
    return frozenset(found)


def _splits(network: Network, name: str, hardware: Hardware, mapping: Mapping) -> bool:
    """Whether a layer's channel groups do not interleave."""
    population = network.population[name]
    if population.channel_groups == 1:
        return False
    weighted = weighted_into(network, name, hardware)
    if not weighted:
        return True
    groups, outputs, _ = nest(population, weighted)
    tile = own(mapping, name).n_tile if hardware.pe_array.dataflow == "is" else None
    return not interleaves(population, groups, channel_extent(hardware, outputs, tile))


def interleaves(population: Population, groups: int, extent: int) -> bool:
    """M2."""
    return population.channel_groups > 1 and groups == 1 and extent >= population.channel_groups


def channel_extent(hardware: Hardware, outputs: int, tile: int | None) -> int:
    """fN of W3."""
    array = hardware.pe_array
    if array.dataflow == "is":
        return tile or outputs
    return array.columns if array.dataflow == "ws" else array.extent("N")


def position_extent(hardware: Hardware, positions: int, tile: int | None) -> int:
    """fM of W3."""
    array = hardware.pe_array
    if array.dataflow == "ws":
        return tile or positions
    return array.columns if array.dataflow == "is" else array.extent("M")


def together(task: Task, population: Population, stepwise: bool, tile: int | None) -> bool:
    """Whether the layer's samples lie where positions lie (W3)."""
    extent = position_extent(task.hardware, task.samples, tile)
    return task.mapping.batch_on == "M" and population.plane == (1, 1) and not stepwise and extent > 1


def array_layer(
    task: Task, name: str, weighted: tuple[Weighted, ...], stepwise: frozenset[str], choice: Choice
) -> Layer:
    """A layer computed on the array, with the folds of one choice. Raises HwsimError if no K-tile fits."""
    network, hardware, array = task.network, task.hardware, task.hardware.pe_array
    population = network.population[name]
    groups, outputs, positions = nest(population, weighted)
    steps = steps_of(network, name)
    alone = name in stepwise
    batched = together(task, population, alone, choice.tile)
    lanes = task.samples if batched else positions
    channel_width = channel_extent(hardware, outputs, choice.tile)
    interleaved = interleaves(population, groups, channel_width)
    single = alone or task.mapping.schedule == "step_major"
    window = min(steps, steps if array.window == "all" else array.window)
    fold_steps = array.extent("T") if array.dataflow == "os" else 1
    held = task.mapping.direct_coding == "once" and steps > 1
    return Layer(
        index=task.names.index(name),
        population=population,
        weighted=weighted,
        streamed=tuple(p for p in network.into(name) if not p.has_weights),
        groups=groups,
        channels=channel_folds(outputs, channel_width, population.channel_groups if interleaved else 1),
        rows=folds(lanes, position_extent(hardware, lanes, choice.tile)),
        samples=task.samples,
        together=batched,
        steps=steps,
        pass_steps=1 if single else min(steps, window * fold_steps, LONGEST_PASS),
        window=1 if single else window,
        held=held and all(w.constant and not w.projection.delay for w in weighted),
        stepwise=alone,
        apart=alone and task.apart,
        interleaved=interleaved,
        tiles=k_tiles(task, name, weighted, min(outputs, channel_width), choice.tile),
        order=choice.order,
        tile=choice.tile,
    )


def vector_layer(task: Task, name: str, stepwise: frozenset[str]) -> Layer:
    """A layer computed on the vector lanes: folds of consecutive neurons."""
    array, population = task.hardware.pe_array, task.network.population[name]
    return Layer(
        index=task.names.index(name),
        population=population,
        weighted=(),
        streamed=task.network.into(name),
        groups=1,
        channels=(np.zeros(1, np.int64),),
        rows=folds(population.size, array.rows * array.columns),
        samples=task.samples,
        together=False,
        steps=steps_of(task.network, name),
        pass_steps=1,
        window=1,
        held=False,
        stepwise=name in stepwise,
        apart=name in stepwise and task.apart,
        interleaved=False,
        tiles=(),
        order="m_outer",
        tile=None,
    )


def folds(length: int, width: int) -> Ints:
    """Sizes of the folds of ``length`` items taken ``width`` at a time."""
    sizes = np.full(ceil_div(length, width), width, np.int64)
    sizes[-1] = length - (len(sizes) - 1) * width
    return sizes


def channel_folds(outputs: int, width: int, groups: int) -> tuple[Ints, ...]:
    """Channels of each N-fold; with several channel groups each fold takes as many of every one (M2)."""
    each, wide = outputs // groups, width // groups
    channels = np.arange(groups * each, dtype=np.int64).reshape(groups, each)
    return tuple(channels[:, first : first + wide].ravel() for first in range(0, each, wide))
