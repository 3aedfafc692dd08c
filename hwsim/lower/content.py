"""What a layer's jobs follow from: where all of it is the same, in whatever network, they are the same."""

from collections.abc import Hashable

from hwsim.lower.layers import Task, Weighted, steps_of
from hwsim.lower.states import Place, members, words_of
from hwsim.lower.stores import maps_of
from hwsim.network import Population, Projection

Content = tuple[Hashable, ...]


def content(
    task: Task,
    name: str,
    weighted: tuple[Weighted, ...],
    stepwise: frozenset[str],
    pinned: bool,
    outlasting: dict[str, Place],
) -> Content:
    """Of the chip, the mapping and the network all that decides what the jobs of a layer are, and what they
    move, compute and count but for events.

    ``weighted``: its projections on the array, none of a fused pool; ``stepwise``, ``pinned`` and
    ``outlasting`` as for :func:`hwsim.lower.choices.best`. Values of weights are in it only where the chip
    skips zero weights.
    """
    network, population = task.network, task.network.population[name]
    group = members(task, population)
    written = tuple(network.population[m].size * task.value_bits[m] for m in maps_of(task, name))
    return (
        task.hardware_id,
        _chosen(task, name),
        (task.samples, task.settled, task.apart, pinned, name in stepwise, outlasting.get(name)),
        (network.timesteps, name in network.constant, task.value_bits[name], name in task.fused),
        (_neurons(population), group[0] == name, group[-1] == name),
        tuple(_incoming(task, p) for p in network.into(name)),
        tuple(w.bits for w in weighted),
        written,
    )


def _chosen(task: Task, name: str) -> Content:
    """Of the mapping."""
    mapping = task.mapping
    own = mapping.layers.get(name)
    tiles = (own.k_tile, own.m_tile, own.n_tile) if own else (None, None, None)
    ways = mapping.schedule, mapping.direct_coding, mapping.batch_on, mapping.sample_loop, mapping.objective
    return *ways, mapping.fold_order_of(name), *tiles


def _neurons(population: Population) -> Content:
    return (
        population.kind,
        population.shape,
        population.channel_groups,
        population.refractory,
        bool(population.state_group),
        words_of(population),
    )


def _incoming(task: Task, p: Projection) -> Content:
    """Of a projection and its source."""
    network, source = task.network, task.network.population[p.source]
    weights = None if p.weights is None else p.weights.shape
    return (
        (p.kind, p.kernel, p.stride, p.padding, p.groups, p.delay, weights, p.bias is not None),
        p.id if p.has_weights and task.hardware.pe_array.weight_sparsity else None,
        (source.shape, task.value_bits[p.source], network.is_binary(p.source)),
        (p.source in network.constant, steps_of(network, p.source)),
    )
