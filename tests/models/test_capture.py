"""Every network of the zoo, captured: it has the model's neurons, and the executor equals PyTorch."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from hwsim import zoo
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.network import Coding
from hwsim.nn import IF, PLIF, SpikingNeuron
from tests.models.test_zoo import SMALL, small

CODING: dict[str, Coding] = {"asgl/vggsnn": "spikes", "efficientlif/har": "series"} | {
    "asgl/shd": "spikes",
    "asgl/medly": "spikes",
    "tinysnn/baseline": "spikes",
    "tinysnn/lateral": "spikes",
}
"""What the networks take whose input is not one still image."""

STEPS = {
    "asgl/shd": 12,
    "asgl/medly": 40,
    "tinysnn/baseline": 60,
    "tinysnn/lateral": 60,
    "efficientlif/har": 12,
}
"""Enough for what is slow: a network's own inhibition, refractory periods, windows."""

DRIVE = {"tinysnn/baseline": 12.0, "tinysnn/lateral": 12.0, "asgl/medly": 3.0, "asgl/shd": 3.0}
"""Factor on the weights of networks that would hardly fire in so short a time."""


def inputs(name: str, steps: int) -> NDArray[np.float32]:
    generator = np.random.default_rng(0)
    shape = SMALL[name][1]
    if CODING.get(name) == "spikes":
        return (generator.random((2, steps, *shape)) < 0.3).astype(np.float32)
    return generator.random((2, steps, *shape) if name in CODING else (2, *shape), dtype=np.float32)


def lively(name: str) -> nn.Module:
    """The small network, so driven that all of its layers fire."""
    model = small(name)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, PLIF):
                module.threshold = 0.3  # behind an average pool no membrane would reach 1
            if isinstance(module, nn.Linear) and name in DRIVE:
                module.weight *= DRIVE[name]
    return model


@pytest.mark.parametrize("name", SMALL)
def test_a_captured_network_has_the_models_neurons_and_spikes(name: str) -> None:
    model = lively(name)
    sizes: dict[str, int] = {}

    def watch(path: str, module: nn.Module) -> None:
        module.register_forward_hook(lambda _m, _i, out: sizes.update({path: out[0].numel()}))

    for path, module in model.named_modules():
        if isinstance(module, SpikingNeuron):
            watch(path, module)
    steps = STEPS.get(name, 4)
    values = inputs(name, steps)
    captured = capture(model, values, steps, name, CODING.get(name, "frames"))
    network, reference = captured.network, captured.reference
    network.verify()
    reference.verify(network)
    assert {p.name: p.size for p in network.populations if p.spikes} == sizes
    assert reference.outputs.shape == (2, steps, int(np.prod(SMALL[name][2])))
    silent = [p for p in sizes if not len(reference.events[p].index)]
    assert not silent
    agreement = agree(network, execute(network, encode(network, values)), reference)
    assert agreement.trusted, agreement.sentence()


def test_the_networks_with_inputs_of_their_own_are_of_the_zoo() -> None:
    assert set(CODING) | set(STEPS) | set(DRIVE) <= set(zoo.entries())


def test_an_if_neuron_is_captured_as_a_lif_without_leak() -> None:
    model = nn.Sequential(nn.Linear(6, 4), IF(threshold=0.5, reset="zero"), nn.Linear(4, 2))
    network = capture(model, np.random.default_rng(0).random((3, 6), np.float32), 2).network
    (neurons,) = [p for p in network.populations if p.kind == "lif"]
    assert (neurons.decay, neurons.threshold, neurons.reset) == (1.0, 0.5, "zero")
