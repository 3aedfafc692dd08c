"""An equal network whose neurons integers can compute: one form of leak, no gain, no rest, no divisor."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.network import Network, Population, Projection

Array = NDArray[Any]

LEVELS = ("threshold", "reset_value", "initial", "floor")


def plain_form(network: Network) -> Network:
    """The same spikes, in real numbers, from neurons that all compute v = decay * v + x.

    A leak in another form is v - rest = kept (v - rest) + taken * x, and its neuron's levels are measured
    from the rest and divided by what is taken; where that cannot be, it goes into the weights. An average
    pool adds up, and who reads it divides: in its weights, or in those of a 1 x 1 convolution in place of an
    identity. Raises HwsimError naming a population that has no such form.
    """
    factors = _factors(network)
    projections = tuple(_undivided(network, q, factors) for q in network.projections)
    network = replace(network, projections=projections)
    scales: dict[str, Array] = {}
    populations = []
    for p in network.populations:
        group = [
            q for q in network.populations if q is p or (q.state_group and q.state_group == p.state_group)
        ]
        found = _Leak.of(p, group) if p.kind in ("lif", "li", "clif") else None
        populations.append(found.population if found else p)
        if found is not None and found.scale is not None:
            scales[p.name] = found.scale
    weighted = tuple(_scaled(network, q, scales) for q in network.projections)
    found_network = replace(network, populations=tuple(populations), projections=weighted)
    return _rested(network, found_network)


def _factors(network: Network) -> dict[str, float]:
    """How many times its value a population emits once its pools add up instead of averaging."""
    factors: dict[str, float] = {}

    def of(name: str, above: tuple[str, ...] = ()) -> float:
        incoming = network.into(name)
        if name in above:
            raise HwsimError(
                f"population {name!r}: pools feed each other in a circle; it has no integer form"
            )
        if name not in factors:
            pooled = len(incoming) == 1 and incoming[0].kind in ("avg_pool", "max_pool")
            q = incoming[0] if incoming else None
            factors[name] = q.divisor * of(q.source, (*above, name)) if pooled and q else 1.0
        return factors[name]

    return {p.name: of(p.name) for p in network.populations}


def _undivided(network: Network, q: Projection, factors: dict[str, float]) -> Projection:
    factor = factors[q.source]
    if q.kind in ("avg_pool", "max_pool"):
        return replace(q, divisor=1.0)
    if factor == 1.0:
        return q
    if q.weights is not None:
        return replace(q, weights=q.weights / np.float32(factor))
    channels = network.population[q.source].channels
    if len(network.population[q.source].shape) != 3:
        return replace(q, kind="dense", weights=np.eye(channels, dtype=np.float32) / np.float32(factor))
    one = np.full((channels, 1, 1, 1), 1.0 / factor, np.float32)
    return replace(q, kind="conv2d", weights=one, groups=channels)


@dataclass(frozen=True)
class _Leak:
    """A population in the plain form, and by what its weights are still to be multiplied."""

    population: Population
    scale: Array | None

    @staticmethod
    def of(p: Population, group: list[Population]) -> "_Leak":
        """``group``: all that use its state."""
        kept, scale = _shares(p)
        rest = p.parameter("rest") if p.leak != "decay" else np.zeros(1)
        levels = {name: p.parameter(name) for name in LEVELS if p.given(name)}
        levels["adaptation"] = p.parameter("adaptation")
        reset = p.reset
        if rest.any() and p.kind == "lif":
            if reset == "subtract" or p.multispike or p.shared:
                why = "shares its state" if p.shared else "its threshold counts from 0"
                raise HwsimError(
                    f"population {p.name!r}: rests at {rest[0]:g} and {why}; it has no integer form"
                )
            if reset == "zero":
                reset, levels["reset_value"] = "value", np.zeros(1)
            for name in LEVELS:
                if name in levels:
                    levels[name] = levels[name] - rest
        one = len({float(_shares(q)[1].mean()) for q in group}) == 1 and not scale.std()
        divides = p.kind != "li" and bool((scale > 0).all()) and (len(group) == 1 or one)
        if divides:
            levels = {name: value / scale for name, value in levels.items()}
        if p.kind == "clif":
            levels = {"threshold": levels["threshold"]}
        changed = _with(p, levels | {"decay": kept, "gain": np.ones(1), "rest": np.zeros(1)})
        changed = replace(changed, leak="decay", reset=reset)
        return _Leak(changed, None if divides or (scale == 1).all() else scale)


def _shares(p: Population) -> tuple[Array, Array]:
    """v' = kept * v + taken * x, x the sum of its inputs: the gain is in ``taken``."""
    decay, gain = p.parameter("decay"), p.parameter("gain")
    if p.leak == "relax":
        return 1 - decay, decay * gain
    if p.leak == "relax_divide":
        return 1 - 1 / decay, gain / decay
    return (1 - 1 / decay if p.leak == "leak_divide" else decay), gain


def _with(p: Population, parameters: dict[str, Array]) -> Population:
    """The population with these parameters, each one for all neurons or one a neuron."""
    single = {name: float(value[0]) for name, value in parameters.items() if len(value) == 1}
    several = {name: value for name, value in parameters.items() if len(value) > 1}
    left = {name: value for name, value in p.vectors.items() if name not in single}
    return replace(p, vectors={**left, **several}, **single)  # type: ignore[arg-type]


def _scaled(network: Network, q: Projection, scales: dict[str, Array]) -> Projection:
    """The projection with weights and bias times its target's gain."""
    if q.target not in scales:
        return q
    target, scale = network.population[q.target], scales[q.target]
    if q.weights is None:
        raise HwsimError(
            f"population {target.name!r}: its gain cannot go into the weights of {q.name!r}, which has none; "
            "it has no integer form"
        )
    rows = np.broadcast_to(scale, target.size).reshape(target.channels, -1)
    if not (rows == rows[:, :1]).all():
        raise HwsimError(
            f"population {target.name!r}: its gain differs within a channel; it has no integer form"
        )
    each = rows[:, 0].astype(np.float64)
    weights = q.weights * each.reshape(-1, *[1] * (q.weights.ndim - 1))
    bias = None if q.bias is None else (q.bias * each).astype(np.float32)
    return replace(q, weights=weights.astype(np.float32), bias=bias)


def _rested(before: Network, after: Network) -> Network:
    """A leaky integrator's rest is a bias: v = kept * v + taken * x + (1 - kept) * rest."""
    for p in before.populations:
        if p.kind != "li" or p.leak == "decay" or not p.parameter("rest").any():
            continue
        kept, _ = _shares(p)
        bias = np.broadcast_to((1 - kept) * p.parameter("rest"), p.size).reshape(p.channels, -1)
        q = next((q for q in after.into(p.name) if q.weights is not None and q.delay == 0), None)
        if q is None or p.has_current or not (bias == bias[:, :1]).all():
            raise HwsimError(f"population {p.name!r}: its rest cannot be a bias; it has no integer form")
        own = np.zeros(len(bias)) if q.bias is None else q.bias
        changed = replace(q, bias=(own + bias[:, 0]).astype(np.float32))
        after = replace(after, projections=tuple(changed if r is q else r for r in after.projections))
    return after
