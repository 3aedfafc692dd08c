"""A Network computed the slow way: dense arrays, one step at a time, straight from Population's docstring.

It shares no code with the event executor. Sums are formed in float64 and rounded to float32 once, so
they are exact for small dyadic rationals; neurons compute in float32. Integers compute in int64.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.network import Network, Population, Projection

Array = NDArray[Any]


def emulate(network: Network, inputs: Array) -> tuple[dict[str, Array], dict[str, Array]]:
    """Outputs (samples, steps, neurons) of every emitting population, and running sums of the others.

    ``inputs``: (samples, 1 or timesteps, neurons) of the input population.
    """
    dtype = np.int64 if network.integer else np.float32
    samples, steps = len(inputs), network.timesteps
    out = {p.name: np.zeros((samples, steps, p.size), dtype) for p in network.populations}
    states: dict[str, dict[str, Array]] = {}
    for p in network.populations:
        holder = f"group {p.state_group}" if p.state_group else p.name
        words = ("v", "u", "wait", "a", "late", "m", "e", "s")
        size = p.size // p.channel_groups
        states[p.name] = states.setdefault(holder, {w: np.zeros((samples, size), dtype) for w in words})
        states[holder] = states[p.name]
        if p.parameter("initial").any():
            states[p.name]["v"] += p.parameter("initial").astype(dtype)
    sums = {p.name: out.pop(p.name) for p in network.populations if p.kind == "readout"}
    for t in range(steps):
        for p in network.populations:
            if p.kind == "input":
                out[p.name][:, t] = inputs[:, min(t, inputs.shape[1] - 1)]
                continue
            x = np.zeros((samples, p.size), np.int64 if network.integer else np.float64)
            for q in network.into(p.name):
                source = network.population[q.source]
                if t >= q.delay:
                    sent = out[q.source][:, t - q.delay].reshape(samples, *source.shape)
                    x += delivered(q, source, p, sent)
                if q.bias is not None:
                    x += np.repeat(q.bias.astype(x.dtype), p.size // len(q.bias))
            x = x.astype(dtype)
            if p.kind == "readout":
                sums[p.name][:, t] = x + (sums[p.name][:, t - 1] if t else 0)
            elif p.kind == "lif":
                out[p.name][:, t] = lif(p, states[p.name], x, network.integer)
            elif p.kind == "li":
                states[p.name]["v"] = out[p.name][:, t] = leaky(
                    p, slice(None), states[p.name], x, network.integer
                )
            elif p.kind == "clif":
                out[p.name][:, t] = clif(p, states[p.name], x)
            else:
                out[p.name][:, t] = np.maximum(x, 0) if p.kind == "relu" else x
    return out, sums


def lif(p: Population, state: dict[str, Array], x: Array, integer: bool) -> Array:
    """Groups of channels one after the other on the same state; steps 1 to 6 of the docstring."""
    per_group = p.size // p.channel_groups
    spikes = np.zeros_like(x)
    for group in range(p.channel_groups):
        part = slice(group * per_group, (group + 1) * per_group)
        spikes[:, part] = one_group(p, part, state, x[:, part], integer)
    return spikes


def one_group(p: Population, part: slice, state: dict[str, Array], x: Array, integer: bool) -> Array:
    """Steps 1 to 6; ``part`` of the population's neurons use the state."""

    def value(name: str) -> Array:
        return of_part(p, part, name).astype(x.dtype)

    v = leaky(p, part, state, x, integer)
    waiting = state["wait"] > 0
    state["wait"] = np.maximum(state["wait"] - 1, 0)
    level = {"zero": np.zeros(1, x.dtype), "value": value("reset_value")}.get(p.reset)
    if p.delayed_reset:
        v = v - state["late"] if level is None else np.where(state["late"] > 0, level, v)
    h = value("threshold") + state["a"]
    fires = (v >= h if p.compare == ">=" else v > h) & ~waiting
    above = v - h
    s = np.where(fires, np.floor_divide(v, h) if p.multispike else 1, 0).astype(x.dtype)
    if p.delayed_reset:
        state["late"] = h * s if level is None else s
    else:
        v = v - h * s if level is None else np.where(s > 0, level, v)
    state["v"] = np.maximum(v, value("floor")) if p.floored else v
    state["wait"] = np.where(s > 0, p.refractory, state["wait"])
    state["a"] = decayed(p, part, "adaptation_decay", state["a"], integer) + value("adaptation") * s
    if p.one_spike:
        farthest = np.where(fires, above, -np.inf).argmax(axis=1)
        return s * (np.arange(p.size) == farthest[:, None])
    return s


def of_part(p: Population, part: slice, name: str) -> Array:
    given = p.parameter(name)
    return given[part] if len(given) > 1 else given


def decayed(p: Population, part: slice, name: str, word: Array, integer: bool) -> Array:
    """decay * word; in integers trunc(word * decay / 4096)."""
    if not integer:
        return of_part(p, part, name).astype(np.float32) * word
    product = np.round(of_part(p, part, name) * 4096).astype(np.int64) * word
    return np.sign(product) * (np.abs(product) // 4096)


def leaky(p: Population, part: slice, state: dict[str, Array], x: Array, integer: bool) -> Array:
    """The membranes after steps 1 and 2."""
    decay, rest, gain = (of_part(p, part, n).astype(x.dtype) for n in ("decay", "rest", "gain"))
    x = gain * x
    if p.current_decay is not None or "current_decay" in p.vectors:
        state["u"] = x = decayed(p, part, "current_decay", state["u"], integer) + x
    x = np.where(state["wait"] > 0, 0, x).astype(x.dtype)
    v = state["v"]
    if p.leak == "decay":
        return decayed(p, part, "decay", v, integer) + x
    if p.leak == "relax":
        return v + (x - (v - rest)) * decay
    if p.leak == "relax_divide":
        return v + (x - (v - rest)) / decay
    return v - (v - rest) / decay + x


def clif(p: Population, state: dict[str, Array], x: Array) -> Array:
    gain, h, slow, fast = (
        p.parameter(n).astype(np.float32) for n in ("gain", "threshold", "current_decay", "decay")
    )
    x = gain * x
    state["m"] = slow * state["m"] + x
    state["v"] = fast * state["v"] + x
    state["e"] = slow * state["e"] + h * state["s"]
    u = state["m"] - state["v"] - state["e"]
    state["s"] = (u >= h if p.compare == ">=" else u > h).astype(np.float32)
    return state["s"]


def delivered(q: Projection, source: Population, target: Population, sent: Array) -> Array:
    """What a projection delivers, (samples, target neurons), summed in int64 or float64."""
    wide = np.int64 if sent.dtype == np.int64 else np.float64
    sent = sent.astype(wide)
    if q.kind == "identity":
        return sent.reshape(len(sent), -1)
    if q.kind == "dense":
        assert q.weights is not None
        return sent.reshape(len(sent), -1) @ q.weights.astype(wide).T
    (kh, kw), (sy, sx), (py, px) = q.kernel, q.stride, q.padding
    height, width = target.plane
    edges = ((0, 0), (0, 0), (py, py), (px, px))
    padded = np.pad(sent, edges)
    inside = np.pad(np.ones_like(sent, bool), edges)
    result = np.zeros((len(sent), target.channels, height, width), wide)
    highest = np.full(result.shape, -(2**40), wide)
    for ky in range(kh):
        for kx in range(kw):
            window = (..., slice(ky, ky + sy * height, sy), slice(kx, kx + sx * width, sx))
            values = padded[window][..., :height, :width]
            if q.kind == "avg_pool":
                result += values
            elif q.kind == "max_pool":
                real = inside[window][..., :height, :width]
                highest = np.where(real, np.maximum(highest, values), highest)
            else:
                assert q.weights is not None
                each, makes = source.channels // q.groups, target.channels // q.groups
                for o in range(target.channels):
                    for c in range(each):
                        weight = q.weights[o, c, ky, kx].astype(wide)
                        result[:, o] += weight * values[:, o // makes * each + c]
    if q.kind == "max_pool":
        result = np.where(highest > -(2**40), highest, 0)
    if q.kind == "avg_pool" and q.divisor != 1:
        result = result / q.divisor
    return result.reshape(len(sent), -1)
