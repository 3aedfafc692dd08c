"""The connections of a projection, window by window (G5)."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from hwsim.network import Network, Projection


class Synapse(NamedTuple):
    """``target``: a neuron's number; ``weight`` 1 for pools and identities."""

    target: int
    weight: float


def synapses(network: Network, projection: Projection) -> dict[int, list[Synapse]]:
    """By source neuron; weights of zero are there, what lies out of bounds is not."""
    found = defaultdict[int, list[Synapse]](list)
    for source, synapse in connections(network, projection):
        found[source].append(synapse)
    return found


def connections(network: Network, p: Projection) -> Iterator[tuple[int, Synapse]]:
    source, target = network.population[p.source], network.population[p.target]
    if p.kind == "identity":
        for n in range(source.size):
            yield n, Synapse(n, 1)
        return
    if p.kind == "dense":
        assert p.weights is not None
        for m, n in product(range(target.size), range(source.size)):
            yield n, Synapse(m, p.weights[m, n].item())
        return
    (height, width), (rows, columns) = source.plane, target.plane
    each, made = source.channels // p.groups, target.channels // p.groups
    for d, row, column in product(range(target.channels), range(rows), range(columns)):
        first = d if p.weights is None else d // made * each
        inputs = range(1) if p.weights is None else range(each)
        for c, i, j in product(inputs, range(p.kernel[0]), range(p.kernel[1])):
            y, x = row * p.stride[0] - p.padding[0] + i, column * p.stride[1] - p.padding[1] + j
            if 0 <= y < height and 0 <= x < width:
                weight = 1 if p.weights is None else p.weights[d, c, i, j].item()
                neuron = ((first + c) * height + y) * width + x
                yield neuron, Synapse((d * rows + row) * columns + column, weight)
