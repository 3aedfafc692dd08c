"""Every network of the zoo, by its entry: it is described, it runs, and its answer has the right shape."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from hwsim import zoo
from hwsim.frontends.loading import open_model
from hwsim.frontends.settings import read_settings
from hwsim.nn import choices, reset_states, run
from tests.models.counting import build

ANSWERS = {"efficientlif/har": (6,), "snasnet/cifar100-bw": (100,), "snasnet/cell": (256, 32, 32)} | {
    "tinysnn/baseline": (400,),
    "tinysnn/lateral": (400,),
    "asgl/vgg13": (200,),
    "asgl/shd": (20,),
    "asgl/autoencoder": (784,),
}
"""Shapes of the answers that are not ten classes."""

SMALL: dict[str, tuple[dict[str, Any], tuple[int, ...], tuple[int, ...]]] = {
    "fashion": ({"channels": 4}, (1, 28, 28), (10,)),
    "efficientlif/vgg16": ({"channels": 4}, (3, 32, 32), (10,)),
    "efficientlif/resnet19": ({"channels": 4, "resolution": 16}, (3, 16, 16), (10,)),
    "efficientlif/har": ({"channels": 8, "channels_in": 6}, (6,), (6,)),
    **{f"autosnn/snn{i}": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)) for i in (1, 2, 3, 4)},
    "autosnn/snn1-deep": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)),
    "autosnn/supernet": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)),
    "autosnn/searched": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)),
    "autosnn/cifarnet-wu": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)),
    "autosnn/cifarnet-fang": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)),
    "autosnn/resnet11-lee": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)),
    "autosnn/resnet19-zheng": ({"channels": 2, "resolution": 16}, (3, 16, 16), (10,)),
    "snasnet/cifar10-bw": ({"channels": 4, "inner": 32}, (3, 32, 32), (10,)),
    "snasnet/cifar100-bw": ({"channels": 4, "inner": 32}, (3, 32, 32), (100,)),
    "snasnet/search": ({"channels": 4, "inner": 32}, (3, 32, 32), (10,)),
    "snasnet/cell": ({"channels": 4}, (4, 8, 8), (4, 8, 8)),
    "tinysnn/baseline": ({"inputs": 20, "neurons": 5}, (20,), (5,)),
    "tinysnn/lateral": ({"inputs": 20, "neurons": 5}, (20,), (5,)),
    "asgl/resnet18": ({"channels": 4, "resolution": 16}, (3, 16, 16), (10,)),
    "asgl/resnet19": ({"channels": 4, "resolution": 16}, (3, 16, 16), (10,)),
    "asgl/cifarnet": ({"channels": 4, "resolution": 16}, (3, 16, 16), (10,)),
    "asgl/vggsnn": ({"channels": 4}, (2, 48, 48), (10,)),
    "asgl/vgg13": ({"channels": 4, "resolution": 32}, (3, 32, 32), (200,)),
    "asgl/shd": ({"inputs": 30, "channels": 12}, (30,), (20,)),
    "asgl/medly": ({"inputs": 30, "channels": 12}, (30,), (10,)),
    "asgl/autoencoder": ({"channels": 16}, (1, 28, 28), (784,)),
}
"""Options of a small version, the shape of its input and of its answer."""


def builder(name: str) -> Callable[..., nn.Module]:
    file, _, function = zoo.entry(name).builder.partition(":")
    found: Callable[..., nn.Module] = getattr(importlib.import_module(f"models.{Path(file).stem}"), function)
    return found


def small(name: str) -> nn.Module:
    """The small version of a zoo network, set so that every layer fires although nothing was trained:
    larger linear weights, and normalization that has seen a batch and shifts towards the threshold."""
    torch.manual_seed(0)
    options, shape, _ = SMALL[name]
    network = builder(name)(**zoo.entry(name).options | options)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.Linear) and module.weight.requires_grad:
                module.weight *= 8.0
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.weight.fill_(2.0)
                module.bias.fill_(0.5)
                module.momentum = None  # the mean over the calls
        run(network.train(), torch.rand(8, *shape), 2)
    reset_states(network)
    return network


def test_every_entry_has_a_small_version_here() -> None:
    assert set(SMALL) == set(zoo.entries())


@pytest.mark.parametrize("name", zoo.entries())
def test_an_entry_says_which_input_its_network_takes(name: str) -> None:
    entry = zoo.entry(name)
    shape = entry.input_shape(read_settings((), builder(name), name, entry.options).arguments)
    assert shape is not None
    network = build(builder(name), **entry.options).eval()
    answer = network(torch.empty(1, *shape, device="meta"))
    assert tuple(answer.shape[1:]) == ANSWERS.get(name, (10,))


@pytest.mark.parametrize("name", SMALL)
def test_two_timesteps_give_an_answer_of_the_right_shape(name: str) -> None:
    _, shape, answer = SMALL[name]
    network = small(name)
    inputs = torch.rand(3, *shape)
    total = run(network, inputs, 2)
    assert tuple(total.shape) == (3, *answer)
    assert torch.isfinite(total).all()


@pytest.mark.parametrize("name", SMALL)
def test_a_reset_network_gives_the_same_answer_again(name: str) -> None:
    network = small(name).eval()
    inputs = torch.rand(2, *SMALL[name][1])
    with torch.no_grad():
        first = run(network, inputs, 3)
        assert torch.equal(first, run(network, inputs, 3))
        reset_states(network)
        smaller = network(inputs[:1])  # another batch size is fine behind a reset
    assert smaller.shape[0] == 1


@pytest.mark.parametrize("name", [n for n in SMALL if not n.startswith("tinysnn/")])
def test_a_gradient_reaches_every_parameter_in_two_timesteps(name: str) -> None:
    """STDP trains tinySNN's; its weights take no gradient. Of a choice the path that is taken gets one."""
    network = small(name)
    for parameter in network.parameters():
        assert parameter.requires_grad
    run(network.train(), torch.rand(4, *SMALL[name][1]), 2).square().sum().backward()
    left = tuple(
        f"{at}.options.{option}."
        for at, choice in choices(network).items()
        for option in choice.options
        if option != choice.chosen
    )
    without = {n for n, p in network.named_parameters() if p.grad is None}
    assert without == {n for n, _ in network.named_parameters() if left and n.startswith(left)}


def test_an_entrys_options_reach_its_builder() -> None:
    found = open_model("autosnn/searched")
    assert isinstance(found.model, nn.Module)
    assert sum(p.numel() for p in found.model.parameters()) == 417_626
    assert found.timesteps == 8


def test_a_shape_of_zeros_is_no_entry() -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        zoo.Entry(description="", builder="a.py:b", timesteps=1, shape=[3, 0, 32])
