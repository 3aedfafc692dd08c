"""Models for tests of capture, and the check that all of them get: the executor equals PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import Captured, capture
from hwsim.network import Network
from hwsim.nn import LIF

SAMPLES, STEPS = 3, 4


def images(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(0.5, 1.0, (SAMPLES, *shape)).astype(np.float32)


def captured(model: nn.Module, *shape: int, **options: Any) -> Captured:
    """Capture on random images and hold the network against PyTorch's own run."""
    return held(model, images(*shape), STEPS, **options)


def held(model: nn.Module, inputs: NDArray[np.float32], steps: int, **options: Any) -> Captured:
    """Capture and hold the network against PyTorch's own run: no difference but by rounding."""
    found = capture(model, inputs, steps, **options)
    found.network.verify()
    found.reference.verify(found.network)
    trace = execute(found.network, encode(found.network, inputs))
    agreement = agree(found.network, trace, found.reference)
    assert agreement.trusted, agreement.sentence()
    assert agreement.free or np.allclose(trace.outputs, found.reference.outputs, rtol=1e-4, atol=1e-4)
    return found


def refused(model: nn.Module, message: str, *shape: int, **options: Any) -> None:
    with pytest.raises(HwsimError, match=message):
        capture(model, images(*shape), STEPS, **options)


def kinds(network: Network) -> list[tuple[str, str]]:
    """Populations and their kinds, in order."""
    return [(p.name, p.kind) for p in network.populations]


def arrows(network: Network) -> set[tuple[str, str, str]]:
    return {(p.source, p.kind, p.target) for p in network.projections}


def spiking(*stages: nn.Module) -> nn.Sequential:
    """A convolution and a LIF layer that makes (4, 6, 6) spikes of (2, 6, 6) images, then ``stages``."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), LIF(), *stages)


class Graph(nn.Module):
    """A module of named layers with a forward of one's own."""

    def __init__(self, forward: Callable[[Any, Tensor], Tensor], **layers: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.compute = forward
        for name, layer in layers.items():
            self.add_module(name, layer)

    def forward(self, x: Tensor) -> Tensor:
        return self.compute(self, x)


def trained_norm(layer: nn.BatchNorm1d | nn.BatchNorm2d) -> Any:
    """A batch normalization whose numbers are all different from one."""
    torch.manual_seed(1)
    channels = layer.num_features
    layer.running_mean = torch.randn(channels)
    layer.running_var = torch.rand(channels) + 0.5
    if layer.affine:
        nn.init.normal_(layer.weight)
        nn.init.normal_(layer.bias)
    return layer
