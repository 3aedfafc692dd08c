"""What capture refuses, by the module's name and the reason; nothing is wired wrong in silence."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends.capture import capture
from hwsim.nn import LIF, SpikingNeuron
from tests.frontends.capturing import STEPS, Graph, captured, images, refused, spiking


class Counting(nn.Module):
    """Computes something else at every second call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x if self.calls % 2 else x + x


def test_a_graph_that_changes_between_timesteps_is_refused() -> None:
    refused(nn.Sequential(Counting(), LIF()), r"graph changes at timestep \d+ of sample 0", 8)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.ConvTranspose2d(4, 4, 2), r"module '2' \(ConvTranspose2d\) cannot be lowered\. Known: .*Conv2d"),
        (nn.ReLU(), r"module '2' \(ReLU\) cannot be lowered"),
        (nn.Softmax(1), r"module '2' \(Softmax\) cannot be lowered"),
        (nn.LayerNorm((4, 6, 6)), r"module '2' \(LayerNorm\) cannot be lowered"),
        (nn.AdaptiveMaxPool2d(1), r"module '2' \(AdaptiveMaxPool2d\) cannot be lowered"),
        (nn.GroupNorm(2, 4), r"module '2' \(GroupNorm\) cannot be lowered"),
    ],
)  # fmt: skip
def test_a_layer_without_a_rule_is_refused_by_path_and_type(layer: nn.Module, message: str) -> None:
    refused(spiking(layer), message, 2, 6, 6)


def test_a_layer_that_returns_several_tensors_is_refused_by_path_and_type() -> None:
    refused(nn.Sequential(nn.GRU(8, 4)), r"module '0' \(GRU\): returns a tuple, not a tensor", 8)


def test_an_attention_layer_is_refused() -> None:
    model = Graph(lambda m, x: m.attention(x, x, x)[0], attention=nn.MultiheadAttention(8, 2))
    refused(model, "module 'attention'", 8)


class OwnConv(nn.Conv2d):
    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        return super().forward(input) * 2


class OwnLIF(LIF):
    def forward(self, current: Tensor) -> Tensor:
        return super().forward(current * 2)


class OwnNeuron(SpikingNeuron):
    def forward(self, current: Tensor) -> Tensor:
        return (current > 0).to(current.dtype)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (nn.Sequential(OwnConv(2, 4, 3), LIF()), r"module '0' \(OwnConv\) cannot be lowered"),
        (nn.Sequential(nn.Conv2d(2, 4, 3), OwnLIF()), r"module '1' \(OwnLIF\): neurons without a rule"),
        (nn.Sequential(nn.Conv2d(2, 4, 3), OwnNeuron()), r"module '1' \(OwnNeuron\): neurons without a rule"),
    ],
    ids=["convolution", "LIF", "neuron"],
)
def test_a_subclass_that_computes_something_else_is_refused(model: nn.Module, message: str) -> None:
    refused(model, message, 2, 6, 6)


@pytest.mark.parametrize(
    ("compute", "name"),
    [
        (lambda m, x: torch.relu(m.conv(x)), "relu"),
        (lambda m, x: m.conv(x) * x, "mul"),
        (lambda m, x: m.conv(x) - x.mean(), "mean"),
        (lambda m, x: torch.cat([m.conv(x), torch.ones_like(x)], 1), "cat"),
        (lambda m, x: m.conv(x).chunk(2, 1)[0], "chunk"),
        (lambda m, x: m.conv(x).max(1)[0], "max"),
        (lambda m, x: m.conv(x)[:, :1], "getitem"),
        (lambda m, x: m.conv(x).transpose(2, 3), "transpose"),
        (lambda m, x: nn.functional.lp_pool2d(m.conv(x), 2, 2), "lp_pool2d"),
        (lambda m, x: torch.add(m.conv(x), x, alpha=2), "add"),
    ],
    ids=["relu", "times", "mean", "cat", "chunk", "max", "slice", "transpose", "pool", "alpha"],
)
def test_a_function_between_layers_is_refused_by_name_and_module(
    compute: Callable[[Any, Tensor], Tensor], name: str
) -> None:
    model = Graph(compute, conv=nn.Conv2d(2, 2, 3, padding=1))
    refused(
        nn.Sequential(model, LIF()),
        rf"module '0' \(Graph\): torch function '.*{name}.*'( of two signals)? cannot",
        2,
        6,
        6,
    )


class Overwriting(nn.Module):
    """Writes into a tensor by index."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        x[:, 0] = 0
        return x


def test_writing_into_a_signal_is_refused() -> None:
    refused(nn.Sequential(nn.Conv2d(2, 4, 3), Overwriting(), LIF()), r"module '1' \(Overwriting\)", 2, 6, 6)


def test_rounding_a_signal_to_integers_is_refused() -> None:
    model = Graph(lambda m, x: m.lif(m.conv(x).to(torch.int32).float()), conv=nn.Conv2d(2, 2, 3), lif=LIF())
    refused(model, "'to'|int32", 2, 6, 6)


@pytest.mark.parametrize(
    "add",
    [lambda m, x: m.conv(x) + 1.0, lambda m, x: 1.0 + m.conv(x), lambda m, x: m.conv(x) + m.offset],
    ids=["number", "number first", "parameter"],
)
def test_adding_a_constant_is_refused(add: Callable[[Any, Tensor], Tensor]) -> None:
    model = Graph(add, conv=nn.Conv2d(2, 2, 1), lif=LIF())
    model.offset = nn.Parameter(torch.ones(2, 6, 6))
    refused(nn.Sequential(model, LIF()), r"module '0' \(Graph\): adds a constant to a signal", 2, 6, 6)


def test_adding_signals_of_different_shapes_is_refused() -> None:
    model = Graph(
        lambda m, x: m.conv(x) + m.pool(x), conv=nn.Conv2d(2, 2, 1), pool=nn.MaxPool2d(6)
    )  # broadcast
    message = r"adds signals of shapes \(2, 6, 6\) and \(2, 1, 1\); they must be equal"
    refused(nn.Sequential(model, LIF()), message, 2, 6, 6)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (nn.Conv2d(2, 4, 3, dilation=2), r"module '0' \(Conv2d\): dilation \(2, 2\)"),
        (nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"), "padding mode 'circular'"),
        (nn.Conv2d(2, 4, 2, padding="same"), "padding 'same' of an even kernel"),
        (nn.MaxPool2d(2, ceil_mode=True), r"module '0' \(MaxPool2d\): dilation, ceil_mode"),
        (nn.MaxPool2d(2, dilation=2), r"module '0' \(MaxPool2d\): dilation"),
        (nn.AvgPool2d(2, ceil_mode=True), r"module '0' \(AvgPool2d\): ceil_mode"),
        (nn.AvgPool2d(3, padding=1, count_include_pad=False), "count_include_pad=False cannot be lowered"),
    ],
)
def test_options_without_a_meaning_on_the_chip_are_refused(layer: nn.Module, message: str) -> None:
    refused(nn.Sequential(layer, LIF()), message, 2, 6, 6)


def test_a_pool_that_returns_indices_is_refused() -> None:
    model = Graph(lambda m, x: m.pool(x)[0], pool=nn.MaxPool2d(2, return_indices=True))
    refused(nn.Sequential(model, LIF()), "module '0.pool'", 2, 6, 6)


def test_normalization_across_a_flatten_is_refused() -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Flatten(), nn.BatchNorm1d(64), LIF())
    refused(model, r"module '2' \(BatchNorm1d\)", 2, 6, 6)


def test_normalization_without_running_statistics_is_refused() -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), LIF())
    refused(model, r"module '1' \(BatchNorm2d\): keeps no running statistics", 2, 6, 6)


def test_a_linear_layer_over_planes_is_refused() -> None:
    refused(
        nn.Sequential(nn.Linear(6, 3), LIF()),
        r"module '0' \(Linear\): reads a signal of shape \(2, 6, 6\)",
        2,
        6,
        6,
    )


def test_a_convolution_of_a_reshaped_signal_is_refused() -> None:
    model = Graph(lambda m, x: m.conv(x.reshape(-1, 4, 3, 6)), conv=nn.Conv2d(4, 2, 1))
    refused(model, r"module 'conv' \(Conv2d\): reads a signal of shape \(4, 3, 6\)", 2, 6, 6)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["0.weight", "0.bias", "1.running_var"])
def test_parameters_that_are_not_finite_are_refused_by_name(name: str, value: float) -> None:
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), LIF())
    with torch.no_grad():
        model.state_dict()[name].flatten()[-1] = value
    refused(model, f"parameter '{name}' of the model holds NaN or infinite values", 2, 6, 6)


@pytest.mark.parametrize(
    ("shape", "where"),
    [
        ((3, 6, 6), r"module '0' \(Conv2d\)"),
        ((2, 2, 2), r"module '0' \(Conv2d\)"),
        ((2, 8, 8), r"module '3' \(Linear\)"),
    ],
)
def test_inputs_of_a_wrong_shape_name_the_module_and_the_shape(shape: tuple[int, ...], where: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), LIF(), nn.Flatten(), nn.Linear(64, 3))
    shown = ", ".join(map(str, shape))
    refused(model, rf"failed on inputs of shape \(\d+, {shown}\) in {where}", *shape)


@pytest.mark.parametrize("answer", [None, (), {"y": 1}, (3, 4)], ids=str)
def test_a_model_that_returns_no_tensor_is_refused(answer: Any) -> None:
    refused(
        Graph(lambda _m, _x: answer), f"the model returns a {type(answer).__name__}; expected a tensor", 8
    )


def test_a_model_whose_output_does_not_depend_on_its_input_is_refused() -> None:
    refused(Graph(lambda _m, _x: torch.zeros(3, 3)), "output does not depend on its input", 8)


def test_a_model_that_leaves_pytorch_in_between_is_refused() -> None:
    model = Graph(lambda m, x: m.fc(torch.from_numpy(x.numpy() * 2)), fc=nn.Linear(8, 3))
    refused(model, "output does not depend on its input", 8)


@pytest.mark.parametrize("timesteps", [0, -1])
def test_no_timestep_is_refused(timesteps: int) -> None:
    with pytest.raises(HwsimError, match=f"timesteps is {timesteps}; it must be at least 1"):
        capture(spiking(), images(2, 6, 6), timesteps)


def test_no_sample_is_refused() -> None:
    with pytest.raises(HwsimError, match="inputs hold no sample"):
        capture(spiking(), np.zeros((0, 2, 6, 6), np.float32), STEPS)


def test_a_lazy_layer_that_never_ran_is_refused_by_its_parameter() -> None:
    model = nn.Sequential(nn.LazyLinear(4), LIF())
    refused(model, r"parameter '0\.weight' .* lazy layer\): run the model once", 8)
    model(torch.zeros(1, 8))
    captured(model, 8)


def test_a_model_on_the_meta_device_is_refused() -> None:
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(8, 4))
    refused(model, r"parameter '0\.weight' .* meta device .* load its weights", 8)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_of_another_precision_are_refused(kind: torch.dtype) -> None:
    model = nn.Sequential(nn.Linear(8, 4), LIF(), nn.Linear(4, 2).to(kind))
    refused(model, rf"parameter '2\.weight' of the model is {kind}, .*call model\.float\(\)", 8)


def test_a_compiled_model_is_refused() -> None:
    refused(torch.compile(spiking()), r"the model is compiled; .*before torch\.compile .*_orig_mod", 2, 6, 6)  # type: ignore[arg-type]
    within = nn.Sequential(torch.compile(nn.Linear(8, 4)), LIF())  # type: ignore[arg-type]
    refused(within, "module '0' is compiled", 8)
    in_place = nn.Sequential(nn.Linear(8, 4), LIF())
    in_place.compile()
    refused(in_place, r"the model is compiled; pass the model before its compile\(\)", 8)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_scripted_layer_is_refused() -> None:
    traced = torch.jit.trace(nn.Linear(8, 4), torch.zeros(1, 8))
    refused(nn.Sequential(traced, LIF()), r"module '0' is a \w+, .*before torch\.jit", 8)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda x: x, "model is a function; allowed: an instance of torch.nn.Module"),
        (None, "model is a NoneType"),
        (LIF, r"model is the class LIF; pass an instance, LIF\(\.\.\.\)"),
    ],
    ids=["function", "None", "class"],
)
def test_what_is_no_module_is_refused(model: Any, message: str) -> None:
    refused(model, message, 8)


def test_extra_states_that_are_no_tensors_are_passed_over() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.fc, self.lif = nn.Linear(8, 4), LIF()

        def get_extra_state(self) -> dict[str, Any]:
            return {"version": 1}

        def forward(self, x: Tensor) -> Tensor:
            return self.lif(self.fc(x))  # type: ignore[no-any-return]

    captured(Model(), 8)


@pytest.mark.parametrize("grad", [False, True])
def test_inputs_may_be_a_tensor(grad: bool) -> None:
    values = images(2, 6, 6)
    ours = capture(spiking(), torch.from_numpy(values).requires_grad_(grad), STEPS)
    theirs = capture(spiking(), values, STEPS)
    assert np.array_equal(ours.reference.outputs, theirs.reference.outputs)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.float32(1), r"inputs are float32, float32 of shape \(\); expected numbers"),
        (["a", "b"], r"inputs are list, <U1 of shape \(2,\)"),
        ([[1.0], [1.0, 2.0]], "inputs are no array of numbers"),
        (None, "inputs are NoneType, object"),
    ],
    ids=["number", "text", "ragged", "None"],
)
def test_inputs_that_are_no_numbers_are_refused(inputs: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        capture(spiking(), inputs, STEPS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timesteps": 2.5}, r"timesteps is 2\.5; it must be an integer"),
        ({"timesteps": True}, "timesteps is True; it must be an integer"),
        ({"batch": 0}, "batch is 0; it must be at least 1"),
        ({"batch": 1.0}, r"batch is 1\.0; it must be an integer"),
        (
            {"layout": "stp"},
            r"layout is 'stp'\. Did you mean 'step'\? Known: batch_first, static, step, time",
        ),
        ({"coding": "frame"}, r"coding is 'frame'\. Did you mean 'frames'\? Known: frames, series, spikes\."),
        ({"coding": None}, "coding is None"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        capture(spiking(), images(2, 6, 6), **{"timesteps": STEPS} | options)
