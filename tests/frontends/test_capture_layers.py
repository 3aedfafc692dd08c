"""Layers and functions between neurons: each is lowered to what PyTorch computes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from hwsim.errors import HwsimError
from hwsim.frontends import Neurons, register_layer, register_neuron
from hwsim.nn import CLIF, IF, LIF, PLIF, SharedLIF, SharedState, Synapse, Vote, Window
from tests.frontends.capturing import Graph, arrows, captured, kinds, refused, spiking


def normalized(norm: nn.Module, seed: int = 1) -> Any:
    """Statistics and parameters as training leaves them: none of them 0 or 1."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in norm.state_dict().items():
        if tensor.is_floating_point():
            low = 0.5 if name in ("running_var", "weight") else -0.3
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + low)
    return norm


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(normalized(nn.BatchNorm2d(2)), LIF(threshold=0.5)),
        spiking(normalized(nn.BatchNorm2d(4)), LIF(threshold=0.6)),
        nn.Sequential(nn.MaxPool2d(2), normalized(nn.BatchNorm2d(2)), LIF()),
        Graph(
            lambda m, x: m.lif(m.bn(m.conv(x) + x)),
            conv=nn.Conv2d(2, 2, 1), bn=normalized(nn.BatchNorm2d(2)), lif=LIF(),
        ),
    ],
    ids=["of the input", "of spikes", "of a pool", "of a sum with a shortcut"],
)  # fmt: skip
def test_a_normalization_behind_a_population_is_a_convolution_of_1_x_1(model: nn.Module) -> None:
    network = captured(model, 2, 6, 6).network
    scaling = [p for p in network.projections if p.kind == "conv2d" and p.groups > 1]
    assert [(p.kernel, p.groups == network.population[p.source].channels) for p in scaling] == [
        ((1, 1), True)
    ]


def test_depthwise_and_grouped_convolutions_keep_their_groups() -> None:
    model = nn.Sequential(nn.Conv2d(4, 8, 3, groups=2), LIF(), nn.Conv2d(8, 8, 3, groups=8), LIF())
    network = captured(model, 4, 8, 8).network
    assert [p.groups for p in network.projections[:2]] == [2, 8]
    assert [p.weights.shape for p in network.projections[:2] if p.weights is not None] == [
        (8, 2, 3, 3),
        (8, 1, 3, 3),
    ]


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_in_one_dimension_runs_along_the_width(stride: int) -> None:
    model = nn.Sequential(
        nn.Conv1d(3, 6, 5, stride=stride, padding=2), normalized(nn.BatchNorm1d(6)), LIF(threshold=0.5),
        nn.MaxPool1d(2), nn.Conv1d(6, 4, 3), LIF(threshold=0.3), nn.AvgPool1d(2), nn.Flatten(),
        nn.LazyLinear(5),
    )  # fmt: skip
    with torch.no_grad():
        model(torch.rand(1, 3, 20))
    network = captured(model.eval(), 3, 20).network
    assert network.input.shape == (3, 1, 20)
    assert network.populations[1].shape == (6, 1, 20 // stride)
    assert network.projections[0].kernel == (1, 5)


def test_same_padding_is_half_the_kernel() -> None:
    network = captured(nn.Sequential(nn.Conv2d(2, 3, (3, 5), padding="same"), LIF()), 2, 6, 7).network
    assert network.projections[0].padding == (1, 2)
    assert network.populations[1].shape == (3, 6, 7)


@pytest.mark.parametrize(
    ("size", "window"), [(1, (6, 6)), (2, (3, 3)), ((3, 2), (2, 3)), ((1, None), (6, 1))]
)
def test_an_adaptive_pool_of_equal_windows_is_an_average_pool(size: Any, window: tuple[int, int]) -> None:
    network = captured(spiking(nn.AdaptiveAvgPool2d(size), nn.Conv2d(4, 3, 1), LIF()), 2, 6, 6).network
    pool = next(p for p in network.projections if p.kind == "avg_pool")
    assert (pool.kernel, pool.stride, pool.divisor) == (window, window, window[0] * window[1])


def test_an_adaptive_pool_of_unequal_windows_is_refused() -> None:
    refused(
        spiking(nn.AdaptiveAvgPool2d(4), LIF()),
        r"\(6, 6\) positions to \(4, 4\); only windows of equal",
        2,
        6,
        6,
    )


@pytest.mark.parametrize(
    ("compute", "pools"),
    [
        (lambda m, x: m.out(F.max_pool2d(m.lif(m.conv(x)), 2)), ["max_pool"]),
        (lambda m, x: m.out(F.avg_pool2d(m.lif(m.conv(x)), 2, stride=2)), ["avg_pool"]),
        (lambda m, x: m.out(F.adaptive_avg_pool2d(m.lif(m.conv(x)), (3, 3))), ["avg_pool"]),
        (lambda m, x: m.lif(F.max_pool2d(m.conv(x), 2)), ["max_pool"]),
        (lambda m, x: m.lif(m.conv(x)).mean((2, 3)), ["avg_pool"]),
        (lambda m, x: m.lif(m.conv(x)).sum(dim=(-1, -2)), ["avg_pool"]),
        (lambda m, x: m.out(F.dropout(m.lif(m.conv(x)), 0.5, m.training)), []),
        (lambda m, x: F.conv2d(m.lif(m.conv(x)), m.out.weight, m.out.bias, stride=2), []),
        (lambda m, x: F.linear(torch.flatten(m.lif(m.conv(x)), 1), m.fc.weight), []),
    ],
    ids=["max", "average", "adaptive", "max of currents", "mean", "sum", "dropout", "convolution", "linear"],
)
def test_functional_layers_are_the_layers(compute: Callable[[Any, Tensor], Tensor], pools: list[str]) -> None:
    model = Graph(
        compute, conv=nn.Conv2d(2, 4, 3, padding=1), lif=LIF(threshold=0.5), out=nn.Conv2d(4, 3, 1),
        fc=nn.Linear(144, 3),
    )  # fmt: skip
    network = captured(model, 2, 6, 6).network
    assert [p.kind for p in network.projections if p.kind.endswith("pool")] == pools


def test_a_current_with_two_readers_is_computed_once() -> None:
    """Pre-activation: the sum feeds neurons and, past them, the next sum."""
    model = Graph(
        lambda m, x: m.lif2(m.b(m.lif1(h := m.a(x))) + h),
        a=nn.Conv2d(2, 4, 3, padding=1), b=nn.Conv2d(4, 4, 3, padding=1), lif1=LIF(), lif2=LIF(),
    )  # fmt: skip
    network = captured(model, 2, 6, 6).network
    assert kinds(network) == [("input", "input"), ("a.sum", "relay"), ("lif1", "lif"), ("lif2", "lif")]
    assert arrows(network) == {
        ("input", "conv2d", "a.sum"),
        ("a.sum", "identity", "lif1"),
        ("lif1", "conv2d", "lif2"),
        ("a.sum", "identity", "lif2"),
    }


@pytest.mark.parametrize(
    "compute",
    [
        lambda m, x: m.lif2(2 * m.b(m.lif(m.a(x)))),
        lambda m, x: m.lif2(m.b(m.lif(m.a(x))) / 3.0),
        lambda m, x: m.lif2(m.lif(m.a(x)) * 0.7),
        lambda m, x: m.lif2(m.b(m.lif(m.a(x))) * m.gains),
        lambda m, x: m.lif2(-m.b(m.lif(m.a(x)))),
        lambda m, x: m.lif2(m.a(x) - m.b(m.lif(m.a(x)))),
    ],
    ids=["twice", "a third", "scaled spikes", "a factor a channel", "negated", "a difference"],
)
def test_constant_factors_move_into_weights(compute: Callable[[Any, Tensor], Tensor]) -> None:
    model = Graph(
        compute, a=nn.Conv2d(2, 4, 3, padding=1), b=nn.Conv2d(4, 4, 3, padding=1), lif=LIF(threshold=0.5),
        lif2=LIF(threshold=0.5),
    )  # fmt: skip
    model.gains = nn.Parameter(torch.tensor([0.5, 2.0, -1.0, 1.5]).reshape(4, 1, 1))
    captured(model, 2, 6, 6)


def test_a_factor_a_neuron_is_refused() -> None:
    model = Graph(lambda m, x: m.lif(m.a(x) * m.gains), a=nn.Conv2d(2, 4, 1), lif=LIF())
    model.gains = nn.Parameter(torch.rand(4, 6, 6))
    refused(model, r"multiplies a signal of shape \(4, 6, 6\) by constants of shape \(4, 6, 6\)", 2, 6, 6)


@pytest.mark.parametrize(
    "compute",
    [
        lambda m, x: m.c(torch.cat([m.lif(m.a(x)), m.lif2(m.b(x))], 1)),
        lambda m, x: m.c(m.lif(torch.cat([m.a(x), m.b(x)], dim=1))),
        lambda m, x: m.c(torch.cat([m.a(x), m.b(x)], dim=1)),
        lambda m, x: m.c(m.lif(m.bn(torch.cat([m.a(x), m.b(x)], -3)))),
        lambda m, x: m.fc(F.max_pool2d(torch.cat([m.lif(m.a(x)), m.lif2(m.b(x))], 1), 3).flatten(1)),
    ],
    ids=["of spikes", "before neurons", "of sums", "normalized", "pooled and flattened"],
)
def test_a_concatenation_is_its_parts(compute: Callable[[Any, Tensor], Tensor]) -> None:
    model = Graph(
        compute, a=nn.Conv2d(2, 3, 3, padding=1), b=nn.Conv2d(2, 5, 1), c=nn.Conv2d(8, 4, 3),
        bn=normalized(nn.BatchNorm2d(8)), lif=LIF(threshold=0.5), lif2=LIF(threshold=0.4),
        fc=nn.Linear(32, 3),
    )  # fmt: skip
    network = captured(model, 2, 6, 6).network
    weights = [p.weights for p in network.into("readout") if p.weights is not None]
    assert sum(w.shape[1] for w in weights) == (32 if weights[0].ndim == 2 else 8)


def test_a_grouped_convolution_of_a_concatenation_is_refused() -> None:
    model = Graph(
        lambda m, x: m.c(torch.cat([x, m.a(x)], 1)), a=nn.Conv2d(2, 2, 1), c=nn.Conv2d(4, 4, 1, groups=2)
    )
    refused(model, "a grouped convolution of a concatenation", 2, 6, 6)


def test_a_vote_folds_into_the_linear_layer_before_it() -> None:
    network = captured(nn.Sequential(nn.Linear(6, 12), Vote(4)), 6).network
    (projection,) = network.projections
    assert projection.weights is not None
    assert projection.weights.shape == (3, 6)


def test_a_vote_of_spikes_averages_them() -> None:
    network = captured(nn.Sequential(nn.Linear(6, 12), LIF(threshold=0.3), Vote(4)), 6).network
    weights = network.projections[1].weights
    assert weights is not None
    assert np.array_equal(weights, np.kron(np.eye(3), np.full((1, 4), 0.25, np.float32)))


@pytest.mark.parametrize(
    ("neuron", "kind", "leak"),
    [
        (LIF(decay=0.7, threshold=0.6, reset="zero"), "lif", "decay"),
        (LIF(threshold=0.5, compare=">"), "lif", "decay"),
        (IF(threshold=0.8), "lif", "decay"),
        (PLIF(threshold=0.3), "lif", "relax"),
        (CLIF(threshold=0.2), "clif", "decay"),
    ],
    ids=["LIF to zero", "LIF above", "IF", "PLIF", "CLIF"],
)
def test_every_kind_of_neuron_fires_as_in_pytorch(neuron: nn.Module, kind: str, leak: str) -> None:
    torch.manual_seed(3)
    found = captured(nn.Sequential(nn.Linear(6, 20), neuron, nn.Linear(20, 4)), 6)
    population = found.network.populations[1]
    assert (population.kind, population.leak) == (kind, leak)
    assert len(found.reference.events[population.name].index) > 5


def test_a_synapse_before_a_neuron_is_its_current() -> None:
    network = captured(nn.Sequential(nn.Linear(6, 9), Synapse(0.75), LIF(threshold=0.5)), 6).network
    assert kinds(network) == [("input", "input"), ("2", "lif")]
    assert network.populations[1].current_decay == 0.75


def test_a_synapse_before_anything_else_is_an_integrator() -> None:
    network = captured(
        nn.Sequential(nn.Linear(6, 9), LIF(threshold=0.2), Synapse(0.5), nn.Linear(9, 3)), 6
    ).network
    assert ("li", 0.5) in [(p.kind, p.decay) for p in network.populations]


def test_a_convolution_over_a_window_is_a_projection_a_delay() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(
        Window(3), nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6), nn.Flatten(), LIF(threshold=0.4), nn.Linear(6, 2)
    )
    network = captured(model, 4).network
    assert [p.delay for p in network.into("4")] == [2, 1, 0]


class Leaky(nn.Module):
    """A user's own neuron: one leak a neuron, hard reset, ``>``."""

    def __init__(self, neurons: int) -> None:
        super().__init__()
        self.leak = nn.Parameter(torch.linspace(0.3, 0.9, neurons))
        self.v: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.v = self.leak * (torch.zeros_like(x) if self.v is None else self.v) + x
        spikes = (self.v > 0.5).float()
        self.v = self.v * (1 - spikes)
        return spikes


def forget(module: Leaky) -> None:
    module.v = None


def test_a_registered_neuron_is_captured_with_its_parameters_a_neuron() -> None:
    def describe(module: Leaky) -> Neurons:
        leak = module.leak.detach().double().numpy()
        return Neurons({"decay": leak, "threshold": 0.5, "compare": ">", "reset": "zero"})

    register_neuron(Leaky, describe, forget)
    found = captured(nn.Sequential(nn.Linear(6, 9), Leaky(9), nn.Linear(9, 3)), 6)
    assert found.network.populations[1].vectors["decay"].shape == (9,)
    assert len(found.reference.events["1"].index)


def test_a_registered_parameter_of_another_shape_is_refused() -> None:
    class Odd(Leaky):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x)

    register_neuron(Odd, lambda _m: Neurons({"decay": np.full(4, 0.5)}), forget)
    refused(nn.Sequential(Odd(6)), r"decay has shape \(4,\); its neurons have \(6,\)", 6)


class Rotate(nn.Module):
    """Each output is the neuron before it."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.roll(x, 1, -1)


def rotation(_module: Rotate, shape: tuple[int, ...]) -> nn.Module:
    linear = nn.Linear(shape[0], shape[0], bias=False)
    linear.weight.data = torch.roll(torch.eye(shape[0]), 1, 0)
    return linear


def test_a_registered_layer_is_the_layer_that_computes_the_same() -> None:
    register_layer(Rotate, rotation)
    captured(nn.Sequential(nn.Linear(6, 5), LIF(threshold=0.3), Rotate(), LIF(), nn.Linear(5, 2)), 6)


def test_a_rule_that_gives_no_layer_is_refused() -> None:
    class Other(Rotate):
        pass

    register_layer(Other, lambda _m, _s: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(HwsimError, match="its rule gave NoneType, not a layer"):
        captured(nn.Sequential(nn.Linear(6, 5), LIF(), Other()), 6)


@pytest.mark.parametrize("groups", [1, 2])
def test_layers_that_share_a_state_share_it_in_the_network(groups: int) -> None:
    torch.manual_seed(0)
    state = SharedState()
    model = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), SharedLIF(state, groups, threshold=0.3),
        nn.Conv2d(4, 4, 3, padding=1), SharedLIF(state, groups, threshold=0.3),
        nn.Conv2d(4, 4, 1), SharedLIF(channel_groups=2, threshold=0.3), nn.Flatten(), nn.Linear(144, 3),
    )  # fmt: skip
    found = captured(model, 2, 6, 6)
    shared = [p for p in found.network.populations if p.spikes]
    assert [(p.state_group, p.channel_groups) for p in shared] == [("1", groups), ("1", groups), ("", 2)]
    assert all(len(found.reference.events[p.name].index) for p in shared)
