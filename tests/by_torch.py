"""A network computed by PyTorch's functional operations, neuron by neuron and step by step.

Sums are taken in float64, which is exact for the small numbers of the tests, whatever the order; what
a neuron then does is done in float32, or in int64 with the integer networks' decay.
"""

from collections.abc import Callable
from itertools import accumulate
from math import log2

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hwsim.events import Events, EventTrace
from hwsim.network import Network, Population, Projection


def project(network: Network, p: Projection, values: Tensor) -> Tensor:
    """What ``p`` delivers, (samples, *target shape), of (samples, *source shape)."""
    shape = network.population[p.target].shape
    if p.kind == "identity":
        out = values
    elif p.kind == "dense":
        out = functional.linear(values.flatten(1), tensor(p.weights))
    elif p.kind == "conv2d":
        weights = tensor(p.weights)
        out = functional.conv2d(values, weights, None, p.stride, p.padding, groups=p.groups)
    else:
        ph, pw = p.padding
        outside = float("-inf") if p.kind == "max_pool" else 0.0
        padded = functional.pad(values, (pw, pw, ph, ph), value=outside)
        if p.kind == "max_pool":
            out = functional.max_pool2d(padded, p.kernel, p.stride)
            out = torch.where(torch.isinf(out), 0.0, out)  # a window with no neuron in it
        else:
            out = functional.avg_pool2d(padded, p.kernel, p.stride, divisor_override=1)
    if p.bias is not None:
        out = out + tensor(p.bias).reshape(-1, *[1] * (len(shape) - 1))
    return out


def tensor(array: NDArray[np.generic] | None) -> Tensor:
    assert array is not None
    return torch.from_numpy(array.astype(np.float64))


def step_lif(p: Population, membrane: Tensor, x: Tensor, integer: bool) -> tuple[Tensor, Tensor]:
    """Spikes and the next membrane."""
    if integer:
        # v' = trunc(v * round(4096 * decay) / 4096): int64 division rounds toward zero when asked to
        leaked = torch.div(membrane * round(4096 * p.decay), 4096, rounding_mode="trunc")
    else:
        leaked = p.decay * membrane
    v = leaked + x
    fired = v >= p.threshold if p.compare == ">=" else v > p.threshold
    spikes = fired.to(v.dtype)
    after = v - int(p.threshold) * spikes if integer else v - p.threshold * spikes
    return spikes, after if p.reset == "subtract" else torch.where(fired, torch.zeros_like(v), v)


def run(network: Network, inputs: NDArray[np.generic]) -> EventTrace:
    """The trace of ``inputs``: (samples, *shape) of frames, else (samples, timesteps, *shape)."""
    work = torch.int64 if network.integer else torch.float32
    samples, steps = len(inputs), network.timesteps
    given = torch.from_numpy(inputs.astype(np.float64))
    states = {
        p.name: torch.zeros((samples, *p.shape), dtype=work) for p in network.populations if p.has_state
    }
    record: dict[str, list[Tensor]] = {p.name: [] for p in network.populations}
    for t in range(steps):
        emitted: dict[str, Tensor] = {}
        for p in network.populations:
            if p.kind == "input":
                out = (given if network.coding == "frames" else given[:, t]).to(work)
            else:
                incoming = network.into(p.name)
                x = sum((project(network, q, emitted[q.source]) for q in incoming), start=torch.tensor(0.0))
                out = neuron(network, p, states, x.to(work), incoming[0].divisor)
            emitted[p.name] = out.to(torch.float64)
            record[p.name].append(out.flatten(1))
    events = {}
    for p in network.populations:
        if p.kind != "readout":
            kept = record[p.name][:1] if p.name in network.constant else record[p.name]
            dense = torch.stack(kept, 1).numpy().astype(np.int32 if network.integer else np.float32)
            events[p.name] = Events.from_dense(dense, network.is_binary(p.name))
    answers = record[network.readout]
    if network.population[network.readout].kind != "readout":
        answers = list(accumulate(answers))
    sums = torch.stack(answers, 1)
    outputs = sums.numpy().astype(np.int32 if network.integer else np.float32)
    return EventTrace(network.id, steps, events, outputs)


def neuron(network: Network, p: Population, states: dict[str, Tensor], x: Tensor, divisor: float) -> Tensor:
    """What a population emits at one step; a readout's running sum."""
    if p.kind == "lif":
        spikes, states[p.name] = step_lif(p, states[p.name], x, network.integer)
        return spikes
    if p.kind == "readout":
        states[p.name] = states[p.name] + x
        return states[p.name]
    if len(network.into(p.name)) == 1 and not network.integer:
        x = x / divisor
    return x.clamp(min=0) if p.kind == "relu" else x


def exact(network: Network, peak: int) -> bool:
    """Whether every sum is exact in float32 whatever its order: a whole number of units below 2^24.

    ``peak``: the largest input, of which all are whole numbers.
    """
    largest = {network.input.name: float(1 if network.coding == "spikes" else peak)}
    digits = {network.input.name: 0.0}
    for p in network.populations:
        if p.kind == "input":
            continue
        total, places = 0.0, 0.0
        for q in network.into(p.name):
            fan = q.kernel[0] * q.kernel[1] if "pool" in q.kind else 1.0
            fraction = 0.0
            if q.weights is not None:
                fan = float(np.abs(q.weights).reshape(len(q.weights), -1).sum(1).max())
                fraction = 2.0  # random_networks draws quarters
            bias = 0.0 if q.bias is None else float(np.abs(q.bias).max())
            total += fan * largest[q.source] + bias
            places = max(places, digits[q.source] + fraction, 2.0 * (q.bias is not None))
            if len(network.into(p.name)) == 1 and log2(q.divisor) % 1:
                return False
            places += log2(q.divisor)
        if total * network.timesteps * 2**places >= 2**24:
            return False
        largest[p.name], digits[p.name] = (1.0, 0.0) if p.kind == "lif" else (total, places)
    return True


def inputs_for(
    network: Network, rng: np.random.Generator, samples: int, peak: int = 3
) -> NDArray[np.float32]:
    """Spikes, or whole numbers up to ``peak`` of either sign, about a third of them zero."""
    draw: Callable[..., NDArray[np.int64]] = rng.integers
    if network.coding == "spikes":
        return (draw(0, 3, (samples, network.timesteps, *network.input.shape)) > 0).astype(np.float32)
    steps = (network.timesteps,) if network.coding == "series" else ()
    return draw(-peak, peak + 1, (samples, *steps, *network.input.shape)).astype(np.float32)
