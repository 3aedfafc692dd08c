"""What a network is made of, layer by layer, as the JSON of ``hwsim inspect`` (docs/result.md)."""

from math import prod
from typing import Any

from hwsim.network import Network, Population, Projection

WORD_BYTES = 4
"""Of a state word, as in EfficientLIF-Net's tables."""

SCHEMA = 1


def fed_by(projection: Projection) -> str:
    """A projection as its target sees it."""
    delay = f", delay {projection.delay}" if projection.delay else ""
    return f"{projection.source} ({projection.kind}{delay})"


def describe(
    network: Network, parameters: int | None = None, rates: dict[str, float] | None = None
) -> dict[str, Any]:
    """A network layer by layer. ``macs`` are those of one step, padding counted, as papers do.

    ``parameters``: the module's own, normalization and neurons included; those of the network, where
    normalization is folded into the weights, if None. ``rates``: spikes per neuron and step, from a run.

    Forward state bytes are WORD_BYTES a state word of all layers but the readout, a shared word once.
    Backward state bytes: without sharing every step's states are kept, so forward * timesteps; a network that
    shares recomputes them in reverse and keeps one step's, but for layers whose step cannot be undone
    (:func:`reversible`). Source: EfficientLIF-Net, Table I and Eq. 21.
    """
    shares = any(p.shared for p in network.populations)
    layers: list[dict[str, Any]] = []
    for p in network.populations:
        incoming = network.into(p.name)
        owner = network.owners[p.name]
        words = p.state_words if owner == p.name else 0
        counts = p.has_state and p.kind != "readout"
        members = [q for q in network.populations if q.state_group == p.state_group] if p.state_group else [p]
        steps = 1 if shares and all(map(reversible, members)) else network.timesteps
        forward = words * WORD_BYTES * counts
        layers.append(
            {
                "name": p.name,
                "kind": p.kind,
                "shape": list(p.shape),
                "fed_by": [fed_by(q) for q in incoming],
                "neurons": p.size,
                "parameters": sum(a.size for q in incoming for a in (q.weights, q.bias) if a is not None),
                "state_words": words,
                "state_of": owner if p.spikes and owner != p.name else None,
                "channel_groups": p.channel_groups,
                "forward_state_bytes": forward,
                "backward_state_bytes": forward * steps,
                "macs": sum(_macs(q, p) for q in incoming),
                "threshold": _threshold(p),
                "rate": None if rates is None else rates.get(p.name),
            }
        )
    spiking = [p.name for p in network.populations if p.spikes]
    folded = network.parameters
    return {
        "schema": SCHEMA,
        "name": network.name,
        "id": network.id,
        "timesteps": network.timesteps,
        "coding": network.coding,
        "input_shape": list(network.input.shape),
        "parameters": folded if parameters is None else parameters,
        "folded_parameters": folded,
        "neurons": sum(network.population[name].size for name in spiking),
        "state_words": network.state_words,
        "forward_state_bytes": sum(layer["forward_state_bytes"] for layer in layers),
        "backward_state_bytes": sum(layer["backward_state_bytes"] for layer in layers),
        "macs": sum(layer["macs"] for layer in layers),
        "macs_first_layer": sum(
            _macs(q, network.population[q.target]) for q in network.out_of(network.input.name)
        ),
        "notes": network.notes,
        "layers": layers,
    }


def reversible(p: Population) -> bool:
    """Whether a step can be undone from the state after it and its spikes: v[t-1] = (v[t] + h s - x) / decay.

    A reset to a value forgets what it overwrites; a decay of 0 forgets everything.
    """
    plain = p.leak == "decay" and (p.kind == "li" or (p.kind == "lif" and p.reset == "subtract"))
    extras = p.has_current or p.adaptive or p.multispike or p.refractory or p.delayed_reset
    return plain and not extras and bool((p.parameter("decay") > 0).all())


def _macs(projection: Projection, target: Population) -> int:
    return 0 if projection.weights is None else prod(projection.weights.shape[1:]) * target.size


def _threshold(p: Population) -> float | list[float] | None:
    """One value, or the lowest and the highest of a threshold per neuron; None without a threshold."""
    if not p.spikes:
        return None
    values = p.parameter("threshold")
    return float(values[0]) if len(values) == 1 else [float(values.min()), float(values.max())]
