"""What a random network may have besides: every neuron, delays, loops, shared states, weights of zero."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from hwsim.network import Network, Population, Projection
from tests.random_networks import DECAYS, chance, pick

WHOLE_DECAYS = tuple(n / 4096 for n in (0, 1024, 2048, 3000, 4096))
"""Decays that integer networks can hold."""


def vary(rng: Generator, network: Network) -> Network:
    """The network with other neurons, sparser weights, delays, loops and shared states; it stays valid."""
    if chance(rng, 0.5):
        network = replace(network, projections=tuple(thinned(rng, p) for p in network.projections))
    if chance(rng, 0.7):
        network = replace(
            network, populations=tuple(other_neuron(rng, network, p) for p in network.populations)
        )
    if chance(rng, 0.35):
        network = replace(network, projections=tuple(delayed(rng, p) for p in network.projections))
    if chance(rng, 0.35):
        network = looped(rng, network)
    if chance(rng, 0.45):
        network = sharing(rng, network)
    network.verify()
    return network


def thinned(rng: Generator, projection: Projection) -> Projection:
    """The projection with a part of its weights zero."""
    if projection.weights is None:
        return projection
    kept = rng.random(projection.weights.shape) < pick(rng, (0.05, 0.3, 0.6))
    return replace(projection, weights=(projection.weights * kept).astype(projection.weights.dtype))


def delayed(rng: Generator, projection: Projection) -> Projection:
    return replace(projection, delay=pick(rng, (0, 0, 1, 2)))


def decays(rng: Generator, network: Network, p: Population) -> dict[str, Any]:
    """A decay for all neurons or one each: powers of two, ones and others."""
    allowed = WHOLE_DECAYS if network.integer else DECAYS
    if chance(rng, 0.3):
        return {"vectors": {"decay": rng.choice(allowed, p.size)}}
    return {"decay": pick(rng, allowed)}


def other_neuron(rng: Generator, network: Network, p: Population) -> Population:
    """Another population with states in its place, at times."""
    if p.kind not in ("lif", "readout") or chance(rng, 0.4):
        return p
    if p.kind == "readout":
        kind = pick(rng, ("readout", "readout", "li")) if p.name != network.readout else p.kind
    else:
        kind = pick(rng, ("lif", "lif", "lif", "li", "clif"))
    if kind == "readout":
        return p
    if kind == "clif" and not network.integer:
        current = pick(rng, DECAYS)
        return Population(p.name, p.shape, "clif", decay=pick(rng, DECAYS), current_decay=current)
    fields: dict[str, Any] = decays(rng, network, p)
    if chance(rng, 0.4):
        fields["current_decay"] = pick(rng, WHOLE_DECAYS)
    if kind != "li":
        fields |= firing(rng)
    if not network.integer and chance(rng, 0.4):
        fields |= other_leak(rng)
    return Population(p.name, p.shape, "li" if kind == "li" else "lif", **fields)


def firing(rng: Generator) -> dict[str, Any]:
    """Parameters of neurons that fire."""
    fields: dict[str, Any] = {
        "threshold": float(rng.integers(1, 4)),
        "reset": pick(rng, ("subtract", "zero", "value")),
        "delayed_reset": chance(rng, 0.2),
        "multispike": chance(rng, 0.3),
    }
    if chance(rng, 0.3):
        fields["refractory"] = int(rng.integers(1, 5))
    if chance(rng, 0.4):
        fields |= {"adaptation": 1.0, "adaptation_decay": pick(rng, WHOLE_DECAYS)}
    if chance(rng, 0.2):
        fields["floor"] = 0.0
    if chance(rng, 0.2):
        fields |= {"one_spike": True, "delayed_reset": False, "multispike": False}
    return fields


def other_leak(rng: Generator) -> dict[str, Any]:
    """A leak towards a resting potential; the forms that divide hold time constants of at least 1."""
    leak = pick(rng, ("relax", "relax_divide", "leak_divide"))
    decay = pick(rng, (0.0, 0.5, 0.75)) if leak == "relax" else pick(rng, (1.0, 2.0, 3.0))
    return {"leak": leak, "decay": decay, "vectors": {}}


def looped(rng: Generator, network: Network) -> Network:
    """The network with one or two projections back, or from a population to itself, of delay 1 or 2."""
    projections = list(network.projections)
    place = {p.name: i for i, p in enumerate(network.populations)}
    pooled = {p.target for p in projections if p.kind in ("max_pool", "avg_pool")}
    targets = [p for p in network.populations if p.kind != "input" and p.name not in pooled]
    for number in range(int(rng.integers(1, 3))):
        if not targets:
            break
        target = pick(rng, targets)
        later = [
            p for p in network.populations if p.kind != "readout" and place[p.name] >= place[target.name]
        ]
        source = target if chance(rng, 0.4) else pick(rng, later) if later else target
        if source.kind != "readout":
            projections += back(rng, network, source, target, f"back{number}")
    return replace(network, projections=tuple(projections))


def back(
    rng: Generator, network: Network, source: Population, target: Population, name: str
) -> list[Projection]:
    """A projection between the two that fits their shapes, if there is one."""
    delay = pick(rng, (1, 1, 2))
    if source.shape == target.shape and chance(rng, 0.4):
        return [Projection(name, source.name, target.name, "identity", delay=delay)]
    if len(target.shape) == 1 and source.size <= 150:
        weights = random_weights(rng, network, target.size, source.size)
        return [Projection(name, source.name, target.name, "dense", weights, delay=delay)]
    if len(source.shape) == len(target.shape) and source.plane == target.plane:
        weights = random_weights(rng, network, target.channels, source.channels, 3, 3)
        windows: dict[str, Any] = {"kernel": (3, 3), "padding": (1, 1)}
        return [Projection(name, source.name, target.name, "conv2d", weights, delay=delay, **windows)]
    return []


def random_weights(rng: Generator, network: Network, *shape: int) -> NDArray[Any]:
    return rng.integers(-4, 5, shape).astype(np.int8 if network.integer else np.float32)


def sharing(rng: Generator, network: Network) -> Network:
    """Channel groups that share states, states handed from layer to layer, or both, where they fit."""
    across = chance(rng, 0.7)
    populations = [grouped(rng, p) if p.kind == "lif" else p for p in network.populations]
    chains: dict[Any, list[int]] = {}
    for i, p in enumerate(populations):
        if p.kind == "lif":
            chains.setdefault((p.plane, p.channels // p.channel_groups), []).append(i)
    for number, members in enumerate(chains.values()):
        if across and len(members) > 1:
            like = populations[members[0]]
            for i in members:
                populations[i] = handing(populations[i], like, f"s{number}")
    return replace(network, populations=tuple(populations))


def grouped(rng: Generator, p: Population) -> Population:
    """The population with its channels in groups that share states, at times."""
    divisors = [n for n in (2, 4) if p.channels % n == 0]
    if not divisors or chance(rng, 0.4):
        return p
    return replace(sharable(p), channel_groups=pick(rng, divisors))


def sharable(p: Population) -> Population:
    """The neuron without what shared states cannot have."""
    return replace(p, refractory=0, initial=0.0, one_spike=False)


def handing(p: Population, like: Population, group: str) -> Population:
    """A layer of a state group; its words and its kind of reset are those of ``like``."""
    words = ("current_decay", "adaptation", "adaptation_decay", "delayed_reset", "reset")
    return replace(sharable(p), state_group=group, **{name: getattr(like, name) for name in words})
