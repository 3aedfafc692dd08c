"""Capture: what PyTorch computes is what the network says, and all else is refused by name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.nn import LIF, SpikingNeuron
from tests.frontends.capturing import SAMPLES, STEPS, Graph, arrows, captured, images, kinds, refused, spiking

pytestmark = pytest.mark.usefixtures("one_thread")

# --- layers --------------------------------------------------------------------------------------


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


# --- graphs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "add",
    [
        lambda m, x: m.lif2(m.conv(m.lif1(x)) + x),
        lambda m, x: m.lif2(x + m.conv(m.lif1(x))),
        lambda m, x: m.lif2(torch.add(m.conv(m.lif1(x)), x)),
        lambda m, x: m.lif2(m.conv(m.lif1(x)).add(x)),
        lambda m, x: m.lif2(m.conv(m.lif1(x)).add_(x)),
    ],
    ids=["plus", "plus reversed", "torch.add", "method", "in place"],
)
def test_every_way_to_add_a_shortcut_is_seen(add: Callable[[Any, Tensor], Tensor]) -> None:
    block = Graph(add, conv=nn.Conv2d(4, 4, 3, padding=1), lif1=LIF(), lif2=LIF())
    network = captured(spiking(block), 2, 6, 6).network
    assert {(s, k) for s, k, t in arrows(network) if t == "2.lif2"} == {
        ("2.lif1", "conv2d"),
        ("1", "identity"),
    }


class InPlace(nn.Module):
    """``+=`` onto a current, or onto spikes that something else reads too."""

    def __init__(self, onto_spikes: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.onto_spikes = onto_spikes
        self.conv, self.lif1, self.lif2 = nn.Conv2d(4, 4, 3, padding=1), LIF(), LIF()
        self.last = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        spikes = self.lif1(x)
        out: Tensor = self.conv(spikes)
        if self.onto_spikes:
            spikes += x
            return self.lif2(out + self.last(spikes))  # type: ignore[no-any-return]
        out += x
        return self.lif2(out)  # type: ignore[no-any-return]


def test_adding_in_place_onto_a_current_is_a_sum() -> None:
    network = captured(spiking(InPlace(onto_spikes=False)), 2, 6, 6).network
    assert {(s, k) for s, k, t in arrows(network) if t == "2.lif2"} == {
        ("2.lif1", "conv2d"),
        ("1", "identity"),
    }


def test_adding_in_place_onto_spikes_leaves_the_spikes_as_they_were() -> None:
    found = captured(spiking(InPlace(onto_spikes=True)), 2, 6, 6)
    relay = next(p.name for p in found.network.populations if p.kind == "relay")
    assert {(s, k) for s, k, t in arrows(found.network) if t == relay} == {
        ("2.lif1", "identity"),
        ("1", "identity"),
    }
    assert {(s, k) for s, k, t in arrows(found.network) if t == "2.lif2"} == {
        ("2.lif1", "conv2d"), (relay, "conv2d"),
    }  # fmt: skip


def test_a_sum_that_feeds_a_convolution_becomes_a_relay() -> None:
    block = Graph(
        lambda m, x: m.lif2(m.conv2(m.conv1(x) + x)),
        conv1=nn.Conv2d(4, 4, 3, padding=1), conv2=nn.Conv2d(4, 3, 1), lif2=LIF(),
    )  # fmt: skip
    network = captured(spiking(block), 2, 6, 6).network
    (relay,) = (p for p in network.populations if p.kind == "relay")
    assert not network.is_binary(relay.name)
    assert {(s, k) for s, k, t in arrows(network) if t == relay.name} == {("1", "conv2d"), ("1", "identity")}


def test_a_signal_added_to_itself_counts_twice() -> None:
    found = captured(Graph(lambda m, x: m.fc(x + x), fc=nn.Linear(8, 3)), 8)
    relay = next(p.name for p in found.network.populations if p.kind == "relay")
    assert [p.kind for p in found.network.into(relay)] == ["identity", "identity"]


def test_nested_modules_are_named_by_their_paths() -> None:
    inner = nn.Sequential(nn.Conv2d(4, 4, 1), LIF())
    model = Graph(lambda m, x: m.tail(m.body(x)), body=nn.Sequential(spiking(), inner), tail=nn.Identity())
    network = captured(model, 2, 6, 6).network
    assert kinds(network) == [("input", "input"), ("body.0.1", "lif"), ("body.1.1", "lif")]


def test_stateless_layers_may_be_used_again() -> None:
    model = Graph(
        lambda m, x: m.fc(m.pool(m.lif2(m.conv(m.pool(m.lif1(m.conv(x)))))).flatten(1)),
        conv=nn.Conv2d(2, 2, 3, padding=1), pool=nn.MaxPool2d(2), lif1=LIF(), lif2=LIF(), fc=nn.Linear(8, 3),
    )  # fmt: skip
    network = captured(model, 2, 8, 8).network
    weights = [p.weights for p in network.projections if p.kind == "conv2d"]
    assert len(weights) == 2
    assert np.array_equal(weights[0], weights[1])  # type: ignore[arg-type]
    assert [p.name for p in network.populations if p.kind == "relay"] == ["pool", "pool#2"]


def test_a_lif_layer_used_twice_is_refused() -> None:
    model = Graph(lambda m, x: m.lif(m.conv(m.lif(m.conv(x)))), conv=nn.Conv2d(2, 2, 3, padding=1), lif=LIF())
    refused(model, "module 'lif' is called 2 times in one call of the model, asked for 4 timesteps", 2, 6, 6)


@pytest.mark.parametrize("name", ["input", "readout"])
def test_a_layer_may_have_any_name(name: str) -> None:
    model = Graph(lambda m, x: m.fc(getattr(m, name)(x)), **{name: LIF()}, fc=nn.Linear(8, 3))  # type: ignore[arg-type]
    network = captured(model, 8).network
    assert sorted(p.kind for p in network.populations) == ["input", "lif", "readout"]


def test_a_module_may_be_called_by_keyword() -> None:
    model = Graph(lambda m, x: m.lif(current=m.fc(input=x)), fc=nn.Linear(8, 3), lif=LIF())
    assert kinds(captured(model, 8).network) == [("input", "input"), ("lif", "lif")]


def test_one_layer_alone_is_a_model() -> None:
    network = captured(nn.Linear(8, 3), 8).network
    assert kinds(network) == [("input", "input"), ("readout", "readout")]


def test_a_model_that_ends_in_spikes_answers_with_their_counts() -> None:
    network = captured(nn.Sequential(nn.Linear(8, 3), LIF()), 8).network
    assert network.readout == "1"


def test_a_model_that_ends_in_a_pool_answers_with_its_sum() -> None:
    network = captured(spiking(nn.AvgPool2d(6), nn.Flatten()), 2, 6, 6).network
    assert network.population[network.readout].kind == "readout"


def test_a_model_that_answers_with_one_number_is_captured() -> None:
    model = Graph(lambda m, x: m.fc(m.lif(x)).squeeze(1), lif=LIF(), fc=nn.Linear(8, 1))
    assert captured(model, 8).reference.outputs.shape == (SAMPLES, STEPS, 1)


# --- spikes as inputs, batches -------------------------------------------------------------------


def test_spike_inputs_are_taken_step_by_step() -> None:
    spikes = (np.random.default_rng(0).random((SAMPLES, STEPS, 2, 6, 6)) < 0.3).astype(np.float32)
    model = spiking(nn.Flatten(), nn.Linear(144, 3))
    found = capture(model, spikes, STEPS, coding="spikes")
    found.reference.verify(found.network)
    assert found.network.is_binary("input")
    trace = execute(found.network, encode(found.network, spikes))
    assert agree(found.network, trace, found.reference).unexplained == 0


def test_a_series_of_graded_inputs_is_taken_step_by_step() -> None:
    values = np.random.default_rng(0).normal(0, 1, (SAMPLES, STEPS, 2, 6, 6)).astype(np.float32)
    found = capture(spiking(nn.Flatten(), nn.Linear(144, 3)), values, STEPS, coding="series")
    found.reference.verify(found.network)
    np.testing.assert_array_equal(
        found.reference.events["input"].dense(72), values.reshape(SAMPLES, STEPS, 72)
    )
    trace = execute(found.network, encode(found.network, values))
    assert agree(found.network, trace, found.reference).unexplained == 0


def test_spike_inputs_of_other_timesteps_are_refused() -> None:
    for coding in ("spikes", "series"):
        with pytest.raises(HwsimError, match="inputs hold 3 timesteps, asked for 4"):
            capture(spiking(), np.zeros((1, 3, 2, 6, 6), np.float32), 4, coding=coding)  # type: ignore[arg-type]


def test_spike_inputs_without_timesteps_are_refused() -> None:
    with pytest.raises(HwsimError):
        capture(nn.Linear(8, 3), np.zeros(4, np.float32), 4, coding="spikes")


def test_spike_inputs_that_are_not_binary_are_refused() -> None:
    with pytest.raises(HwsimError, match="0 or 1"):
        capture(spiking(), np.full((1, 2, 2, 6, 6), 0.5, np.float32), 2, coding="spikes")


def test_batches_change_nothing() -> None:
    model = spiking(nn.Flatten(), nn.Linear(144, 3))
    whole = capture(model, images(2, 6, 6), STEPS, batch=3)
    single = capture(model, images(2, 6, 6), STEPS, batch=1)
    assert whole.network.id == single.network.id
    assert np.array_equal(whole.reference.events["1"].index, single.reference.events["1"].index)
    assert np.allclose(whole.reference.outputs, single.reference.outputs, atol=1e-6)


def test_progress_counts_samples() -> None:
    seen: list[tuple[int, int]] = []
    capture(
        spiking(), images(2, 6, 6), STEPS, batch=2, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(2, 3), (3, 3)]


def test_outputs_add_up_over_the_timesteps() -> None:
    # a layer without neurons gives the same at every step
    outputs = capture(nn.Linear(8, 3), images(8), STEPS).reference.outputs
    for step in range(STEPS):
        assert np.allclose(outputs[:, step], (step + 1) * outputs[:, 0], rtol=1e-6)


# --- the model afterwards ------------------------------------------------------------------------


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_left_in_its_mode(training: bool) -> None:
    model = spiking(nn.Dropout(0.5)).train(training)
    capture(model, images(2, 6, 6), STEPS)
    assert [m.training for m in model.modules()] == [training] * 4


def test_every_part_of_a_model_is_left_in_its_own_mode() -> None:
    # as when a frozen normalization stays in eval while the rest trains
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), LIF()).train()
    model[1].eval()
    capture(model, images(2, 6, 6), STEPS)
    assert [m.training for m in model.modules()] == [True, True, False, True]


def test_a_model_is_left_in_its_mode_when_capture_fails() -> None:
    model = spiking(nn.ReLU()).train()
    with pytest.raises(HwsimError):
        capture(model, images(2, 6, 6), STEPS)
    assert model.training


def test_membranes_are_forgotten_before_and_after() -> None:
    model = spiking()
    model(torch.full((5, 2, 6, 6), 100.0))
    first = capture(model, images(2, 6, 6), STEPS).reference
    assert model[1].membrane is None
    assert capture(model, images(2, 6, 6), STEPS).reference.id == first.id


def test_no_hook_stays_on_the_model() -> None:
    model = spiking()
    capture(model, images(2, 6, 6), STEPS)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_the_statistics_of_a_normalization_are_not_touched() -> None:
    norm = trained_norm(nn.BatchNorm2d(4))
    before = {k: v.clone() for k, v in norm.state_dict().items()}
    capture(nn.Sequential(nn.Conv2d(2, 4, 3), norm, LIF()).train(), images(2, 6, 6), STEPS)
    assert all(torch.equal(v, before[k]) for k, v in norm.state_dict().items())


# --- random models -------------------------------------------------------------------------------


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


def test_a_forward_hook_that_replaces_an_output_is_refused() -> None:
    model = nn.Sequential(nn.Linear(8, 3), LIF())
    model[0].register_forward_hook(lambda _module, _inputs, output: output * 2)
    with pytest.raises(HwsimError, match="forward hook replaces its output"):
        captured(model, 8)


def test_a_forward_hook_that_only_looks_is_welcome() -> None:
    model = nn.Sequential(nn.Linear(8, 3), LIF())
    seen: list[int] = []
    model[1].register_forward_hook(lambda _module, _inputs, output: seen.append(len(output)))
    assert kinds(captured(model, 8).network) == [("input", "input"), ("1", "lif")]
    assert seen
