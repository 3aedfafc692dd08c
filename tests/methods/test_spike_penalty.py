"""Spikes as a part of the loss: lambda / (K T) times their sum, and what it does to a training."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from hwsim.datasets import load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.spike_penalty import emitting
from hwsim.methods.train import train
from hwsim.methods.train_model import prepared
from hwsim.nn import LIF, PLIF, choose
from hwsim.nn.timed import unroll
from models import autosnn
from tests.methods.training import spec


def model() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), PLIF(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3), LIF()
    )


@pytest.mark.parametrize("stepwise", [False, True])
def test_the_penalty_is_lambda_times_spikes_over_neurons_and_steps(stepwise: bool) -> None:
    """Of every neuron once: 2 * 4 * 4 + 3 = 35; outputs of the pool are not counted again."""
    net, images, steps, batch = model(), 20.0 * torch.rand(5, 1, 4, 4), 6, 5
    fired: list[torch.Tensor] = []
    for layer in (net[1], net[5]):
        layer.register_forward_hook(lambda _m, _i, out: fired.append(out.detach()))
    with emitting(net) as emitted:
        unroll(net, images, steps, stepwise=stepwise)
    spikes = sum(float(out.sum()) for out in fired)
    assert spikes > 0
    assert emitted.penalty(0.7).item() == pytest.approx(0.7 * spikes / (35 * steps * batch), rel=1e-6)


def test_its_gradient_is_that_of_the_surrogates_and_points_to_fewer_spikes() -> None:
    """One neuron, one step: d penalty / d bias = lambda slope sigmoid(w), Cauchy's slope 1 / (1 + x^2)."""
    net = nn.Sequential(nn.Linear(1, 1), PLIF())
    net[0].weight.data.fill_(0.0)
    net[0].bias.data.fill_(3.0)
    with emitting(net) as emitted:
        unroll(net, torch.ones(4, 1), 1)
    emitted.penalty(2.0).backward()
    distance = 3.0 * 0.5 - 1.0
    assert float(net[0].bias.grad) == pytest.approx(2.0 * 0.5 / (1 + distance**2))


def test_of_a_supernet_the_neurons_of_the_path_count() -> None:
    net = autosnn.supernet(channels=2, resolution=16, channels_in=1)
    images, counts = torch.rand(1, 1, 16, 16), {}
    for path in (["skip"] * 5, ["scb3"] * 5):
        choose(net, path)
        with emitting(net) as emitted:
            unroll(net, images, 3)
        alone = autosnn.snn1(path, channels=2, resolution=16, channels_in=1)
        with emitting(alone) as expected:
            unroll(alone, images, 3)
        counts[path[0]] = emitted.values
        assert emitted.values == expected.values
    assert counts["skip"] < counts["scb3"]


def test_a_training_with_a_penalty_fires_less(net: str, tmp_path: Path) -> None:
    rates = [
        train(spec(net, epochs=4, batch=10, spike_penalty=factor), tmp_path / str(factor)).card["spike_rates"]
        for factor in (0.0, 10.0)
    ]
    means = [sum(of.values()) / len(of) for of in rates]
    assert means[1] < 0.5 * means[0]


def test_without_a_penalty_a_training_is_what_it_was(net: str, tmp_path: Path) -> None:
    """No hook, no other arithmetic: the same loss as a spec that does not know of it."""
    plain = train(spec(net), tmp_path / "a").history
    zero = train(spec(net, spike_penalty=0.0), tmp_path / "b").history
    assert [row["loss"] for row in plain] == [row["loss"] for row in zero]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"spike_penalty": -1.0}, r"spike_penalty: found -1\.0"),
        ({"spike_penalty": 0.1, "backward": "reverse"}, r"spike_penalty 0\.1: .* allowed: backward standard"),
        (
            {"spike_penalty": 0.1, "method": "asgl"},
            r"spike_penalty 0\.1: asgl .* spike_fraction 1, this is 0\.8",
        ),
    ],
)
def test_a_penalty_is_refused_where_no_gradient_of_spikes_is(
    net: str, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(HwsimError, match=message):
        spec(net, **fields)


def test_a_penalty_on_asgl_that_emits_spikes_alone_is_allowed(net: str) -> None:
    assert spec(net, method="asgl", spike_fraction=1.0, spike_penalty=0.1).spike_penalty == 0.1


RELU = "nn.Sequential(nn.Flatten(), nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 10))"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"timesteps": 1, "spike_penalty": 0.1},
            r"spike_penalty 0\.1: .* has ReLUs, and no neurons that spike",
        ),
        ({"timesteps": 1, "surrogate": "tanh"}, "surrogate tanh: .* has ReLUs"),
        ({"timesteps": 1, "sharing": "L"}, "sharing L: .* has ReLUs"),
        ({"timesteps": 3}, "timesteps 3: .* has ReLUs, .* allowed: 1"),
        ({"timesteps": None}, "timesteps of the model: .* has ReLUs"),
    ],
)
def test_a_network_of_relus_is_trained_without_what_is_of_spikes(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    path = tmp_path / "relu.py"
    path.write_text(f"from torch import nn\n\ndef build():\n    return {RELU}\n")
    asked = spec(f"{path}:build", **fields)
    with pytest.raises(HwsimError, match=message):
        train(asked, tmp_path / "run")
    allowed = spec(f"{path}:build", timesteps=1)
    assert prepared(allowed, load_dataset("digits"))[1].timesteps == 1
    card = train(allowed, tmp_path / "run").card
    assert card["spike_rates"] == {}
