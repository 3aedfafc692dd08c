"""Capture of layers: what PyTorch computes is what the network says."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from hwsim.nn import LIF, SpikingNeuron
from tests.frontends.capturing import SAMPLES, Graph, arrows, captured, images, kinds, spiking, trained_norm


@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_keeps_weights_bias_and_geometry(bias: bool) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(2, 6, (3, 2), stride=(2, 1), padding=(0, 1), groups=2, bias=bias)
    network = captured(nn.Sequential(layer, LIF()), 2, 7, 6).network
    (p,) = network.projections
    assert (p.kind, p.kernel, p.stride, p.padding, p.groups) == ("conv2d", (3, 2), (2, 1), (0, 1), 2)
    assert p.weights is not None
    assert np.array_equal(p.weights, layer.weight.detach().numpy())
    assert p.weights.dtype == np.float32
    if layer.bias is None:
        assert p.bias is None
    else:
        assert p.bias is not None
        assert np.array_equal(p.bias, layer.bias.detach().numpy())


def test_a_linear_layer_keeps_weights_and_bias() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(8, 5)
    network = captured(nn.Sequential(layer, LIF()), 8).network
    (p,) = network.projections
    assert (p.kind, p.source, p.target) == ("dense", "input", "1")
    assert p.weights is not None
    assert np.array_equal(p.weights, layer.weight.detach().numpy())


def test_a_lif_layer_keeps_its_constants() -> None:
    neuron = LIF(decay=0.75, threshold=1.25, reset="zero", compare=">")
    network = captured(nn.Sequential(nn.Linear(8, 5), neuron), 8).network
    population = network.population["1"]
    assert (population.kind, population.decay, population.threshold) == ("lif", 0.75, 1.25)
    assert (population.reset, population.compare) == ("zero", ">")


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_batch_normalization_folds_into_the_convolution(bias: bool, affine: bool) -> None:
    # w' = w * g, b' = (b - mean) * g + beta with g = gamma / sqrt(var + eps), in float64
    torch.manual_seed(0)
    layer, norm = nn.Conv2d(2, 4, 3, bias=bias), trained_norm(nn.BatchNorm2d(4, affine=affine))
    network = captured(nn.Sequential(layer, norm, LIF()), 2, 6, 6).network
    (p,) = network.projections
    state = {k: v.double().numpy() for k, v in norm.state_dict().items()}
    gain = state.get("weight", 1.0) / np.sqrt(state["running_var"] + norm.eps)
    old = layer.bias.detach().double().numpy() if layer.bias is not None else 0.0
    shifted = (old - state["running_mean"]) * gain + state.get("bias", 0.0)
    weights = layer.weight.detach().double().numpy() * gain[:, None, None, None]
    assert p.weights is not None
    assert p.bias is not None
    assert np.allclose(p.weights, weights, rtol=1e-7, atol=0)
    assert np.allclose(p.bias, shifted, rtol=1e-6, atol=1e-7)


def test_batch_normalization_folds_into_a_linear_layer() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 5), trained_norm(nn.BatchNorm1d(5)), LIF())
    network = captured(model, 8).network
    assert kinds(network) == [("input", "input"), ("2", "lif")]


def test_batch_normalization_of_a_sum_folds_into_both_convolutions() -> None:
    torch.manual_seed(0)
    model = Graph(
        lambda m, x: m.lif(m.norm(m.one(x) + m.two(x))),
        one=nn.Conv2d(2, 4, 3, padding=1), two=nn.Conv2d(2, 4, 1), norm=trained_norm(nn.BatchNorm2d(4)),
        lif=LIF(),
    )  # fmt: skip
    network = captured(model, 2, 6, 6).network
    assert [p.kernel for p in network.into("lif")] == [(3, 3), (1, 1)]


@pytest.mark.parametrize(
    ("layer", "kernel", "stride", "padding"),
    [
        (nn.MaxPool2d(2), (2, 2), (2, 2), (0, 0)),
        (nn.MaxPool2d(3, 2, 1), (3, 3), (2, 2), (1, 1)),
        (nn.MaxPool2d((2, 3), stride=1), (2, 3), (1, 1), (0, 0)),
    ],
)
def test_a_max_pool_becomes_a_relay_of_spikes(
    layer: nn.Module, kernel: Any, stride: Any, padding: Any
) -> None:
    network = captured(spiking(layer), 2, 6, 6).network
    (p,) = network.into("2")
    assert (p.kind, p.kernel, p.stride, p.padding) == ("max_pool", kernel, stride, padding)
    assert network.population["2"].kind == "relay"
    assert network.is_binary("2")


@pytest.mark.parametrize(
    ("layer", "divisor"),
    [
        (nn.AvgPool2d(2), 4.0),
        (nn.AvgPool2d((3, 2), stride=1), 6.0),
        (nn.AvgPool2d(3, 2, 1), 9.0),
        (nn.AvgPool2d(2, divisor_override=3), 3.0),
    ],
)
def test_an_average_pool_divides_the_windows_sum(layer: nn.Module, divisor: float) -> None:
    network = captured(spiking(layer, nn.Conv2d(4, 2, 1), LIF()), 2, 6, 6).network
    (p,) = network.into("2")
    assert (p.kind, p.divisor) == ("avg_pool", divisor)
    assert not network.is_binary("2")


@pytest.mark.parametrize(
    "layer", [nn.Dropout(0.5), nn.Dropout2d(0.5), nn.Identity(), nn.Dropout(0.5, inplace=True)]
)
def test_layers_that_do_nothing_leave_nothing(layer: nn.Module) -> None:
    network = captured(spiking(layer, nn.Flatten(), nn.Linear(144, 3)), 2, 6, 6).network
    assert kinds(network) == [("input", "input"), ("1", "lif"), ("readout", "readout")]


def test_flattening_keeps_the_order_of_neurons() -> None:
    # one weight of 1 per output: output i is neuron 10 * i of the image
    layer = nn.Linear(32, 3, bias=False)
    with torch.no_grad():
        layer.weight.zero_()
        for i in range(3):
            layer.weight[i, 10 * i] = 1
    found = captured(nn.Sequential(nn.Flatten(), layer), 2, 4, 4)
    assert np.allclose(found.reference.outputs[:, 0], images(2, 4, 4).reshape(SAMPLES, 32)[:, [0, 10, 20]])


@pytest.mark.parametrize(
    "reshape",
    [
        lambda m, x: m.fc(x.flatten(1)),
        lambda m, x: m.fc(torch.flatten(x, 1)),
        lambda m, x: m.fc(x.reshape(x.shape[0], -1)),
        lambda m, x: m.fc(x.view(x.size(0), -1)),
        lambda m, x: m.fc(x.contiguous().flatten(1)),
    ],
    ids=["flatten", "torch.flatten", "reshape", "view", "contiguous"],
)
def test_every_way_to_flatten_is_seen(reshape: Callable[[Any, Tensor], Tensor]) -> None:
    network = captured(nn.Sequential(spiking(), Graph(reshape, fc=nn.Linear(144, 3))), 2, 6, 6).network
    assert arrows(network) == {("input", "conv2d", "0.1"), ("0.1", "dense", "readout")}


def test_a_convolution_reshaped_before_its_neuron_is_still_one() -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), LIF(), nn.Linear(64, 3))
    network = captured(model, 2, 6, 6).network
    assert network.population["2"].shape == (4, 4, 4)


class Residual(nn.Module):
    def __init__(self, body: nn.Module, neuron: nn.Module) -> None:
        super().__init__()
        self.body, self.neuron = body, neuron

    def forward(self, x: Tensor) -> Tensor:
        return self.neuron(self.body(x) + x)  # type: ignore[no-any-return]


@st.composite
def models(draw: st.DrawFn) -> tuple[nn.Module, tuple[int, int, int]]:
    """Blocks of convolutions, norms, neurons, pools and shortcuts, then a linear layer or none."""
    channels, side = draw(st.integers(1, 3)), draw(st.integers(4, 8))
    shape = (channels, side, side)
    torch.manual_seed(draw(st.integers(0, 2**31)))
    layers: list[nn.Module] = []

    def neuron() -> LIF:
        return LIF(
            draw(st.sampled_from((0.0, 0.3, 0.5, 1.0))),
            draw(st.sampled_from((0.5, 1.0))),
            draw(st.sampled_from(("subtract", "zero"))),
            draw(st.sampled_from((">=", ">"))),
        )

    for _ in range(draw(st.integers(1, 3))):
        block = draw(st.sampled_from(("conv", "residual", "max", "avg")))
        wide = draw(st.integers(1, 4))
        if block == "conv":
            kernel = draw(st.sampled_from((1, 3)))
            groups = draw(st.sampled_from((1, channels)))
            layers.append(
                nn.Conv2d(
                    channels, wide * channels, kernel, draw(st.integers(1, 2)), kernel // 2, groups=groups,
                    bias=draw(st.booleans()),
                )
            )  # fmt: skip
            channels *= wide
            if draw(st.booleans()):
                layers.append(trained_norm(nn.BatchNorm2d(channels)))
            layers.append(neuron())
        elif block == "residual":
            body = nn.Sequential(
                nn.Conv2d(channels, channels, 3, padding=1), neuron(), nn.Conv2d(channels, channels, 1)
            )
            layers.append(Residual(body, neuron()))
        else:
            layers.append(nn.MaxPool2d(3, 2, 1) if block == "max" else nn.AvgPool2d(2, 1, 1))
    if draw(st.booleans()):
        with torch.no_grad():
            flat = nn.Sequential(*layers, nn.Flatten()).eval()(torch.zeros(1, *shape)).shape[1]
        layers += [nn.Flatten(), nn.Dropout(0.3), nn.Linear(flat, 5)]
    model = nn.Sequential(*layers)
    for module in model.modules():
        if isinstance(module, SpikingNeuron):
            module.reset()
    return model, shape


@settings(max_examples=80, deadline=None, derandomize=True)
@given(models())
def test_random_models_are_captured_and_executed_as_pytorch_runs_them(
    drawn: tuple[nn.Module, tuple[int, int, int]],
) -> None:
    model, shape = drawn
    captured(model, *shape)
