"""Capture a user's model and hold three runs against each other: hwsim's, the recorded, the user's own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.network import Network

SAMPLES, STEPS = 3, 6

Array = NDArray[Any]


def exact(model: nn.Module, seed: int = 0, scale: float = 1.0) -> nn.Module:
    """Weights in multiples of 1/64, drawn wide enough that spikes reach the end: sums do not round."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            inputs = module.weight[0].numel()
            weight = torch.randn(module.weight.shape, generator=generator) * scale * 2 / inputs**0.5
            module.weight.data = torch.round((weight + 0.5 / inputs) * 64) / 64
            if module.bias is not None:
                module.bias.data = torch.round(torch.rand(module.bias.shape, generator=generator) * 16) / 64
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            wide = module.running_mean.shape
            module.running_mean = torch.randn(wide, generator=generator) * 0.2
            module.running_var = torch.rand(wide, generator=generator) + 0.5
            module.weight.data = torch.rand(wide, generator=generator) + 0.5
            module.bias.data = torch.randn(wide, generator=generator) * 0.2
    return model


def images(*shape: int) -> Array:
    """Multiples of 1/16 from 0 to 1."""
    drawn = np.random.default_rng(0).integers(0, 17, (SAMPLES, *shape))
    return (drawn / 16).astype(np.float32)


def spikes(*shape: int, steps: int = STEPS) -> Array:
    """(samples, steps, *shape) of 0 and 1."""
    drawn = np.random.default_rng(0).random((SAMPLES, steps, *shape))
    return (drawn < 0.3).astype(np.float32)


def check(
    model: nn.Module,
    inputs: Array,
    own: Callable[[Tensor], Tensor],
    coding: Any = "frames",
    steps: int = STEPS,
    **options: Any,
) -> Network:
    """Spikes equal the recorded ones and summed outputs equal ``own``, the user's way of running it.

    ``own``: inputs as given to outputs (samples, *shape), summed over the steps.
    """
    found = capture(model, inputs, steps, coding=coding, **options)
    network = found.network
    network.verify()
    found.reference.verify(network)
    trace = execute(network, encode(network, inputs))
    agreement = agree(network, trace, found.reference)
    assert agreement.unexplained == 0
    assert agreement.trusted, agreement.sentence()
    for population in network.populations:
        if population.kind == "lif":
            count = len(trace.events[population.name].index)
            assert count == len(found.reference.events[population.name].index)
            assert count, f"{population.name} never fires: this test shows nothing"
    with torch.no_grad():
        expected = own(torch.from_numpy(inputs)).reshape(len(inputs), -1).numpy()
    assert np.allclose(trace.outputs[:, -1], expected, rtol=1e-4, atol=1e-4)
    assert np.ptp(expected) > 0
    return network


def counted(network: Network) -> dict[str, int]:
    """How many populations of each kind, without the input and the readout."""
    kinds = [p.kind for p in network.populations]
    return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds) if kind not in ("input", "readout")}
