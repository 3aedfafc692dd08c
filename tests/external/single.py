"""One layer of neurons alone: a library's run of it, and hwsim's run of what its rule describes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.execute.executor import encode, execute
from hwsim.frontends import neurons
from hwsim.network import Network, Population, Projection

SAMPLES, SOURCES = 3, 12

Array = NDArray[Any]


def source_layer(shape: tuple[int, ...], seed: int, fraction: int, scale: float) -> nn.Module:
    """A layer that drives neurons of ``shape``; its weights are multiples of 2^-fraction: sums are exact."""
    flat = len(shape) == 1
    layer: Any = nn.Linear(SOURCES, shape[0]) if flat else nn.Conv2d(2, shape[0], 3, padding=1)
    generator = torch.Generator().manual_seed(seed)
    for tensor in (layer.weight, layer.bias):
        values = torch.randn(tensor.shape, generator=generator) * scale
        tensor.data = torch.round(values * 2**fraction) / 2**fraction
    return layer  # type: ignore[no-any-return]


def spikes_in(shape: tuple[int, ...], steps: int, seed: int) -> Array:
    inputs = (SOURCES,) if len(shape) == 1 else (2, *shape[1:])
    drawn = np.random.default_rng(seed).random((SAMPLES, steps, *inputs))
    return (drawn < 0.4).astype(np.float32)


def theirs(
    layer: nn.Module, call: Callable[[Tensor], Tensor], spikes: Array, shape: tuple[int, ...]
) -> Array:
    """What the library emits, (samples, steps, neurons); ``call`` runs one step."""
    given = torch.from_numpy(spikes)
    with torch.no_grad():
        out = [call(layer(given[:, t])) for t in range(spikes.shape[1])]
    return torch.stack(out, 1).reshape(len(spikes), spikes.shape[1], -1).numpy()


def population(described: neurons.Neurons, shape: tuple[int, ...], name: str = "neurons") -> Population:
    """The population that a rule describes."""
    plain: dict[str, Any] = {"kind": "lif"}
    vectors: dict[str, Array] = {}
    for key, value in described.fields.items():
        if isinstance(value, np.ndarray):
            vectors[key] = np.broadcast_to(value, shape).ravel().copy()
        else:
            plain[key] = value
    return Population(name, shape, vectors=vectors, **plain)


def ours(module: nn.Module, layer: Any, spikes: Array, shape: tuple[int, ...]) -> Array:
    """What hwsim's executor makes of the module's description, same shape."""
    described = neurons.describe("neurons", module)
    projections = [weighted("into", layer, "input", 0)]
    if described.recurrent is not None:
        projections.append(recurrent(described.recurrent, shape))
    network = Network(
        "one layer",
        (Population("input", spikes.shape[2:], "input"), population(described, shape)),
        tuple(projections),
        "neurons",
        spikes.shape[1],
        "spikes",
    )
    network.verify()
    trace = execute(network, encode(network, spikes))
    return trace.events["neurons"].dense(network.population["neurons"].size)


def weighted(name: str, layer: Any, source: str, delay: int) -> Projection:
    weights, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    if isinstance(layer, nn.Linear):
        return Projection(name, source, "neurons", "dense", weights, bias, delay=delay)
    return Projection(
        name,
        source,
        "neurons",
        "conv2d",
        weights,
        bias,
        layer.kernel_size,
        padding=layer.padding,
        delay=delay,
    )


def recurrent(through: Any, shape: tuple[int, ...]) -> Projection:
    if isinstance(through, nn.Module):
        return weighted("back", through, "neurons", 1)
    diagonal = np.diag(np.broadcast_to(through, shape).ravel()).astype(np.float32)
    return Projection("back", "neurons", "neurons", "dense", diagonal, delay=1)
