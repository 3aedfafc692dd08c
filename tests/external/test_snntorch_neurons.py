"""snnTorch's neurons, each alone: the rule's population fires exactly when the library's module does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends import neurons
from tests.external import single

snn = pytest.importorskip("snntorch", reason="snnTorch is not installed: make test-frontends")

FLAT, PLANE = (7,), (3, 4, 4)

Make = Callable[[np.random.Generator], nn.Module]


def fired(module: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """One step of a module that keeps its own states (init_hidden)."""

    def call(current: torch.Tensor) -> torch.Tensor:
        out = module(current)
        return out[0] if isinstance(out, tuple) else out  # type: ignore[no-any-return]

    return call


def compare(module: Any, shape: tuple[int, ...], seed: int, dyadic: bool) -> float:
    """Equality, step by step, and the share of neuron-steps that fired."""
    # dyadic: weights of 2^-3 hit thresholds of 2^-3 exactly, and 18 halvings stay exact in float32
    steps, fraction = (18, 3) if dyadic else (60, 12)
    layer = single.source_layer(shape, seed, fraction, 0.5)
    spikes = single.spikes_in(shape, steps, seed)
    neurons.reset_neurons(nn.ModuleList([module]))
    expected = single.theirs(layer, fired(module), spikes, shape)
    found = single.ours(module, layer, spikes, shape)
    assert np.array_equal(found, expected)
    return float(expected.mean())


def number(draw: np.random.Generator, dyadic: bool, low: float, high: float) -> float:
    """A parameter: a multiple of 1/8, or any."""
    value = draw.uniform(low, high)
    return float(np.round(value * 8) / 8) if dyadic else float(value)


def decay(draw: np.random.Generator, dyadic: bool) -> float:
    return float(draw.choice([0.0, 0.5, 1.0])) if dyadic else float(draw.uniform(0, 1))


KINDS: dict[str, Callable[[np.random.Generator, bool, dict[str, Any]], nn.Module]] = {
    "Leaky": lambda d, x, o: snn.Leaky(decay(d, x), **o),
    "Synaptic": lambda d, x, o: snn.Synaptic(decay(d, x), decay(d, x), **o),
    "RLeaky one to one": lambda d, x, o: snn.RLeaky(
        decay(d, x), V=number(d, x, -1, 1), all_to_all=False, **o
    ),
    "RSynaptic one to one": lambda d, x, o: snn.RSynaptic(
        decay(d, x), decay(d, x), V=number(d, x, -1, 1), all_to_all=False, **o
    ),
    "RLeaky dense": lambda d, x, o: exact(snn.RLeaky(decay(d, x), linear_features=FLAT[0], **o)),
    "RSynaptic dense": lambda d, x, o: exact(
        snn.RSynaptic(decay(d, x), decay(d, x), linear_features=FLAT[0], **o)
    ),
}


def exact(module: Any) -> Any:
    """Recurrent weights in multiples of 1/8: their sums do not depend on the order."""
    for tensor in (module.recurrent.weight, module.recurrent.bias):
        tensor.data = torch.round(tensor.data * 16) / 8
    return module


@pytest.mark.parametrize("dyadic", [True, False], ids=["dyadic", "any"])
@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_fires_as_its_population_does(kind: str, reset: str, dyadic: bool) -> None:
    rates = []
    for seed in range(12):
        draw = np.random.default_rng(seed)
        torch.manual_seed(seed)
        options = {
            "threshold": number(draw, dyadic, 0.25, 2), "reset_mechanism": reset, "init_hidden": True
        }  # fmt: skip
        module = KINDS[kind](draw, dyadic, options)
        rates.append(compare(module, FLAT, seed, dyadic))
    assert 0.01 < np.mean(rates) < 0.9


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_a_convolutional_recurrent_layer_fires_as_its_population_does(reset: str) -> None:
    for seed in range(4):
        torch.manual_seed(seed)
        options = {"reset_mechanism": reset, "init_hidden": True, "threshold": 1.5}
        module = exact(snn.RLeaky(0.5, conv2d_channels=3, kernel_size=3, **options))
        assert compare(module, PLANE, seed, dyadic=True) > 0.01


@pytest.mark.parametrize("kind", ["Leaky", "Synaptic"])
def test_a_reset_without_delay_to_zero_fires_as_its_population_does(kind: str) -> None:
    for seed in range(8):
        draw = np.random.default_rng(seed)
        options = {"reset_mechanism": "zero", "reset_delay": False, "init_hidden": True}
        assert compare(KINDS[kind](draw, False, options), FLAT, seed, dyadic=False) > 0


def test_parameters_of_each_neuron_and_learned_ones_are_kept() -> None:
    draw = torch.Generator().manual_seed(0)
    beta, threshold = torch.rand(FLAT, generator=draw), torch.rand(FLAT, generator=draw) + 0.5
    module = snn.Leaky(beta, threshold, learn_beta=True, learn_threshold=True, init_hidden=True)
    assert compare(module, FLAT, 0, dyadic=False) > 0.01


def test_parameters_of_each_channel_are_kept() -> None:
    beta = torch.tensor([0.25, 0.5, 1.0]).reshape(3, 1, 1)
    alpha = torch.tensor([0.5, 0.0, 0.25]).reshape(3, 1, 1)
    module = snn.Synaptic(alpha, beta, init_hidden=True, output=True)
    assert compare(module, PLANE, 0, dyadic=True) > 0.01


def test_decays_outside_of_0_to_1_are_clipped_as_snntorch_clips_them() -> None:
    module = snn.Synaptic(torch.full(FLAT, -0.5), torch.full(FLAT, 1.5), init_hidden=True)
    assert compare(module, FLAT, 0, dyadic=True) > 0.01
    fields = neurons.describe("lif", module).fields
    assert set(fields["current_decay"]) == {0.0}
    assert set(fields["decay"]) == {1.0}


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("options", [{"beta": 0.9}, {"R": 2.0, "C": 4.0}, {"beta": 0.75, "R": 3.0}])
def test_a_lapicque_layer_fires_as_its_population_does(options: Any, reset: str) -> None:
    module = snn.Lapicque(**options, reset_mechanism=reset, init_hidden=True, threshold=0.5)
    assert compare(module, FLAT, 1, dyadic=False) > 0.01


def test_states_are_forgotten_between_samples() -> None:
    module = snn.Leaky(0.9, init_hidden=True)
    compare(module, FLAT, 0, dyadic=False)
    assert float(module.mem.abs().max()) > 0
    neurons.reset_neurons(nn.Sequential(module))
    assert float(module.mem.abs().max()) == 0


@pytest.mark.parametrize(
    ("make", "outputs"),
    [
        (lambda: snn.Leaky(0.5), 2),
        (lambda: snn.Leaky(0.5, init_hidden=True), 1),
        (lambda: snn.Leaky(0.5, init_hidden=True, output=True), 2),
        (lambda: snn.Synaptic(0.5, 0.5), 3),
        (lambda: snn.RLeaky(0.5, all_to_all=False), 2),
        (lambda: snn.RSynaptic(0.5, 0.5, all_to_all=False), 3),
    ],
)
def test_the_rule_counts_the_tensors_that_a_call_returns(make: Any, outputs: int) -> None:
    module = make()
    returned = module(torch.zeros(1, 4))
    assert neurons.describe("lif", module).outputs == outputs
    assert (len(returned) if isinstance(returned, tuple) else 1) == outputs


def test_a_layer_without_reset_is_a_leaky_integrator_of_its_membrane() -> None:
    described = neurons.describe("out", snn.Leaky(0.5, reset_mechanism="none"))
    assert (described.fields["kind"], described.fields["decay"], described.outputs) == ("li", 0.5, 2)


def test_a_leaky_integrator_gives_snntorchs_membrane() -> None:
    layer = single.source_layer(FLAT, 0, 3, 0.5)
    spikes = single.spikes_in(FLAT, 18, 0)
    module = snn.Leaky(0.5, reset_mechanism="none", init_hidden=True, output=True)
    membranes = single.theirs(layer, lambda x: module(x)[1], spikes, FLAT)
    assert np.array_equal(single.ours(module, layer, spikes, FLAT), membranes)


class Louder(snn.Leaky):  # type: ignore[misc,name-defined]
    def fire(self, mem: torch.Tensor) -> torch.Tensor:
        return 2 * super().fire(mem)  # type: ignore[no-any-return]


class Prepared(snn.Leaky):  # type: ignore[misc,name-defined]
    def __init__(self) -> None:
        super().__init__(0.75, init_hidden=True)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: snn.Alpha(0.9, 0.8), "Alpha has no equal"),
        (lambda: snn.LeakyParallel(4, 4), "LeakyParallel has no equal"),
        (lambda: snn.SLSTM(4, 4), "SLSTM has no equal here; known: Leaky, Synaptic"),
        (lambda: snn.Leaky(0.5, state_quant=lambda v: v), "state_quant"),
        (lambda: snn.Leaky(0.5, graded_spikes_factor=2.0), "graded_spikes_factor is 2"),
        (lambda: snn.Leaky(0.5, reset_delay=False), "reset_delay=False"),
        (lambda: snn.Leaky(0.5, reset_mechanism="none", init_hidden=True), "without a reset"),
        (lambda: snn.RSynaptic(0.5, 0.5, all_to_all=False, reset_delay=False), "RSynaptic fails"),
        (lambda: snn.Lapicque(0.1), r"keeps 1 - time_step / \(R \* C\)"),
        (lambda: snn.Leaky(0.5, spike_grad=torch.sigmoid), "not 0 and 1"),
        (lambda: Louder(0.5), "subclass of Leaky that replaces fire"),
    ],
)
def test_a_variant_without_equal_is_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=f"module 'net.lif'.*{message}"):
        neurons.describe("net.lif", make())


@pytest.mark.filterwarnings("ignore:Inhibition")
@pytest.mark.parametrize("dyadic", [True, False])
def test_inhibition_with_a_reset_to_zero_fires_as_its_population_does(dyadic: bool) -> None:
    for seed in range(6):
        options = {"inhibition": True, "reset_mechanism": "zero", "init_hidden": True}
        assert compare(snn.Leaky(0.5, 0.75, **options), FLAT, seed, dyadic) > 0.01


@pytest.mark.filterwarnings("ignore:Inhibition")
@pytest.mark.parametrize(
    "make",
    [
        lambda: snn.Leaky(0.5, inhibition=True),
        lambda: snn.Leaky(0.5, inhibition=True, reset_mechanism="zero", reset_delay=False),
        lambda: snn.Synaptic(0.5, 0.5, inhibition=True, reset_mechanism="zero"),
    ],
)
def test_inhibition_of_another_kind_is_refused_by_name(make: Any) -> None:
    with pytest.raises(HwsimError, match="inhibition"):
        neurons.describe("lif", make())


def test_a_subclass_that_only_constructs_is_known() -> None:
    assert neurons.describe("lif", Prepared()).fields["decay"] == 0.75
