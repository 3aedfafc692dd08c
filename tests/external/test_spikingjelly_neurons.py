"""SpikingJelly's neurons, each alone: the rule's population fires exactly when the library's node does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends import neurons
from tests.external import single

reason = "SpikingJelly is not installed: make test-frontends"
neuron = pytest.importorskip("spikingjelly.activation_based.neuron", reason=reason)
surrogate = pytest.importorskip("spikingjelly.activation_based.surrogate", reason=reason)

FLAT, PLANE = (7,), (3, 4, 4)

Draw = np.random.Generator


def compare(node: Any, shape: tuple[int, ...], seed: int, dyadic: bool) -> float:
    """Equality, step by step, and the share of neuron-steps that fired."""
    # dyadic: weights of 2^-3 hit thresholds of 2^-3 exactly, and 18 halvings stay exact in float32
    steps, fraction = (18, 3) if dyadic else (60, 12)
    layer = single.source_layer(shape, seed, fraction, 0.8)
    spikes = single.spikes_in(shape, steps, seed)
    neurons.reset_neurons(nn.Sequential(node))
    expected = single.theirs(layer, node, spikes, shape)
    assert np.array_equal(single.ours(node, layer, spikes, shape), expected)
    return float(expected.mean())


def plif(tau: float, **options: Any) -> Any:
    """init_tau 2 is w = 0 and sigmoid(w) = 0.5 exactly."""
    return neuron.ParametricLIFNode(init_tau=tau, **options)


KINDS: dict[str, Callable[[float, dict[str, Any]], Any]] = {
    "IFNode": lambda _tau, o: neuron.IFNode(**o),
    "LIFNode": lambda tau, o: neuron.LIFNode(tau=tau, **o),
    "LIFNode, input not decayed": lambda tau, o: neuron.LIFNode(tau=tau, decay_input=False, **o),
    "ParametricLIFNode": lambda tau, o: plif(tau, **o),
    "ParametricLIFNode, input not decayed": lambda tau, o: plif(tau, decay_input=False, **o),
}


@pytest.mark.parametrize("dyadic", [True, False], ids=["dyadic", "any"])
@pytest.mark.parametrize("v_reset", [None, 0.0, -0.5, 0.125])
@pytest.mark.parametrize("kind", KINDS)
def test_a_node_fires_as_its_population_does(kind: str, v_reset: float | None, dyadic: bool) -> None:
    rates = []
    for seed in range(12):
        draw = np.random.default_rng(seed)
        tau = 2.0 if dyadic else float(draw.uniform(1.05, 6))
        threshold = float(draw.integers(2, 9) / 8) if dyadic else float(draw.uniform(0.25, 1.5))
        options = {"v_reset": v_reset, "v_threshold": threshold, "detach_reset": bool(seed % 2)}
        rates.append(compare(KINDS[kind](tau, options), FLAT, seed, dyadic))
    assert 0.01 < np.mean(rates) < 0.9


@pytest.mark.parametrize("kind", KINDS)
def test_all_steps_at_once_fire_as_the_population_does(kind: str) -> None:
    node = KINDS[kind](2.0, {"step_mode": "m"})
    layer = single.source_layer(PLANE, 0, 3, 0.8)
    spikes = single.spikes_in(PLANE, 18, 0)
    with torch.no_grad():
        currents = torch.stack([layer(torch.from_numpy(spikes[:, t])) for t in range(18)])
        expected = node(currents).transpose(0, 1).reshape(len(spikes), 18, -1).numpy()
    assert expected.any()
    assert neurons.describe("node", node).all_steps
    assert np.array_equal(single.ours(node, layer, spikes, PLANE), expected)


def test_a_single_step_node_runs_one_step_a_call() -> None:
    assert not neurons.describe("node", neuron.IFNode()).all_steps


@pytest.mark.parametrize("name", ["Sigmoid", "ATan", "PiecewiseQuadratic", "Erf"])
def test_every_surrogate_fires_at_the_threshold(name: str) -> None:
    node = neuron.IFNode(surrogate_function=getattr(surrogate, name)())
    assert neurons.describe("node", node).fields["compare"] == ">="


def test_states_are_forgotten_between_samples() -> None:
    node = neuron.LIFNode(v_reset=-0.5)
    compare(node, FLAT, 0, dyadic=False)
    neurons.reset_neurons(nn.Sequential(node))
    assert node.v == -0.5


class Sharper(neuron.LIFNode):  # type: ignore[misc,name-defined]
    def single_step_forward(self, x: torch.Tensor) -> Any:
        return super().single_step_forward(2 * x)


class Prepared(neuron.LIFNode):  # type: ignore[misc,name-defined]
    def __init__(self) -> None:
        super().__init__(tau=4.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (neuron.QIFNode, "QIFNode has no equal here; known: IFNode, LIFNode, ParametricLIFNode"),
        (lambda: neuron.IFNode(v_threshold=-0.25), "v_threshold -0.25 is not above the 0"),
        (lambda: neuron.LIFNode(v_reset=2.0), "v_threshold 1 is not above the 2"),
        (lambda: neuron.IFNode(surrogate_function=surrogate.Sigmoid(spiking=False)), "not 0 and 1"),
        (Sharper, "subclass of LIFNode that replaces single_step_forward"),
    ],
)
def test_a_variant_without_equal_is_refused_by_name(make: Any, message: str) -> None:
    with pytest.raises(HwsimError, match=f"module 'net.node'.*{message}"):
        neurons.describe("net.node", make())


@pytest.mark.parametrize("name", ["SimpleIFNode", "NonSpikingLIFNode", "SlidingPSN", "GatedLIFNode"])
def test_nodes_of_some_versions_are_refused_by_name(name: str) -> None:
    make = getattr(neuron, name, None)
    if make is None:
        pytest.skip(f"this SpikingJelly has no {name}")
    node = make(**{"SlidingPSN": {"k": 2}, "GatedLIFNode": {"T": 4}}.get(name, {}))
    with pytest.raises(HwsimError, match=f"{name} has no equal"):
        neurons.describe("node", node)


def test_a_node_of_reduced_precision_is_refused_by_name() -> None:
    node = neuron.IFNode()
    node._neuron_precision = ("fp16", "fp32", "fp32")
    with pytest.raises(HwsimError, match="reduced precision"):
        neurons.describe("node", node)


def test_a_subclass_that_only_constructs_is_known() -> None:
    assert neurons.describe("node", Prepared()).fields["decay"] == 4.0
