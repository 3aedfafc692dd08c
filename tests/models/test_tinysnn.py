"""tinySNN: sizes of its networks, and who inhibits whom, and when."""

import math

import numpy as np
import pytest
import torch

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.frontends.neurons import describe
from hwsim.network import Network, Population, Projection
from models import tinysnn
from tests.models.counting import build, neurons, parameters


@pytest.mark.parametrize(("builder", "layers"), [(tinysnn.baseline, [400, 400]), (tinysnn.lateral, [400])])
def test_one_weight_for_each_input_and_excitatory_neuron(builder: object, layers: list[int]) -> None:
    network = build(builder)
    assert parameters(network) == 784 * 400
    assert [o.size for o in neurons(network, (784,))] == layers


@pytest.mark.parametrize(("builder", "later"), [(tinysnn.lateral, 1), (tinysnn.baseline, 2)])
def test_a_spike_inhibits_the_others_one_step_later_or_two_through_the_inhibitory_layer(
    builder: type, later: int
) -> None:
    """One input spike lifts neuron 0 by 20 mV, from -65 over -52; the others stay at rest until -17.5 mV."""
    network = builder(inputs=1, neurons=3).eval()
    network.weights.weight.copy_(torch.tensor([[20.0], [0.0], [0.0]]))
    others = []
    for step in range(4):
        spikes = network(torch.tensor([[float(step == 0)]]))
        assert spikes.tolist() == [[float(step == 0), 0.0, 0.0]]
        others.append(network.excitatory.membrane[0, 1:].tolist())
    assert others[:later] == [[-65.0, -65.0]] * later
    assert others[later] == [-82.5, -82.5]


def test_neurons_are_refractory_for_five_steps() -> None:
    network = tinysnn.lateral(inputs=1, neurons=1).eval()
    network.weights.weight.fill_(20.0)
    fired = [step for step in range(14) if network(torch.ones(1, 1)).item()]
    assert fired == [0, 6, 12]


def test_only_the_farthest_above_its_threshold_fires() -> None:
    network = tinysnn.lateral(inputs=1, neurons=3).eval()
    network.weights.weight.copy_(torch.tensor([[14.0], [20.0], [15.0]]))
    assert network(torch.ones(1, 1)).tolist() == [[0.0, 1.0, 0.0]]
    assert network.excitatory.membrane.tolist() == [[-60.0, -60.0, -60.0]]  # all that crossed are reset


def test_thresholds_adapt_in_training_and_outlive_a_reset() -> None:
    network = tinysnn.lateral(inputs=1, neurons=2)
    network.weights.weight.copy_(torch.tensor([[20.0], [0.0]]))
    network.train()(torch.ones(1, 1))
    assert network.excitatory.theta.tolist() == [pytest.approx(0.05), 0.0]
    network.excitatory.reset()
    network.eval()(torch.ones(1, 1))
    assert network.excitatory.theta[0] == pytest.approx(0.05)


def test_membranes_leak_toward_rest() -> None:
    network = tinysnn.lateral(inputs=1, neurons=1).eval()
    network.weights.weight.fill_(10.0)
    network(torch.ones(1, 1))
    network(torch.zeros(1, 1))
    assert network.excitatory.membrane.item() == pytest.approx(-65.0 + 10.0 * math.exp(-0.01))


def test_normalized_weights_sum_to_78_4_per_neuron() -> None:
    network = tinysnn.lateral()
    network.normalize()
    torch.testing.assert_close(network.weights.weight.sum(1), torch.full((400,), 78.4))


def population(name: str, module: tinysnn.Membrane, neurons: int) -> Population:
    """A population of what the module's rule says."""
    fields = dict(describe(name, module).fields)
    vectors = {n: fields.pop(n) for n in list(fields) if isinstance(fields[n], np.ndarray)}
    return Population(name, (neurons,), "lif", **fields, vectors=vectors)


def network_of(model: tinysnn.Competition, inputs: int, neurons: int, timesteps: int) -> Network:
    """The model's connections, written down by hand."""
    others = (model.inhibit.weight * (1 - np.eye(neurons))).astype(np.float32)
    weights = model.weights.weight.numpy()
    populations = [Population("input", (inputs,), "input")]
    projections = [Projection("in", "input", "excitatory", "dense", weights)]
    inhibiting = "excitatory"
    if model.relay is not None:
        inhibiting = "inhibitory"
        populations.append(population("inhibitory", model.relay, neurons))
        drive = (model.drive * np.eye(neurons)).astype(np.float32)
        projections.append(Projection("drive", "excitatory", "inhibitory", "dense", drive, delay=1))
    populations.append(population("excitatory", model.excitatory, neurons))
    projections.append(Projection("inhibit", inhibiting, "excitatory", "dense", others, delay=1))
    network = Network("tinysnn", tuple(populations), tuple(projections), "excitatory", timesteps, "spikes")
    network.verify()
    return network


@pytest.mark.parametrize("builder", [tinysnn.lateral, tinysnn.baseline])
@pytest.mark.parametrize("adapted", [0.0, 4.0])
def test_the_executor_fires_as_the_module_does(builder: type, adapted: float) -> None:
    """Weights are 64ths, so that sums are exact; over 300 steps membranes differ by rounding alone."""
    inputs, neurons, steps, samples = 50, 20, 300, 3
    rng = torch.Generator().manual_seed(5)
    model = builder(inputs, neurons).eval()
    model.weights.weight.copy_(torch.randint(0, 40, (neurons, inputs), generator=rng) / 64)
    model.excitatory.theta.copy_(adapted * torch.rand(neurons, generator=rng))
    spikes = (torch.rand((samples, steps, inputs), generator=rng) < 0.4).float()
    fired, crossed = [], []
    for step in range(steps):
        fired.append(model(spikes[:, step]))
        crossed.append((model.excitatory.waiting == 5).sum(1))
    expected = torch.stack(fired, dim=1)
    network = network_of(model, inputs, neurons, steps)
    trace = execute(network, encode(network, spikes.numpy()))
    np.testing.assert_array_equal(trace.events["excitatory"].dense(neurons), expected.numpy())
    assert expected.sum() > 50 * samples
    assert (torch.stack(crossed) > 1).sum() > 10 * samples  # several crossed, and one of them fired
    assert expected.sum(2).max() == 1


def test_a_membrane_that_rests_above_its_threshold_is_refused() -> None:
    broken = tinysnn.Membrane(rest=-40.0, reset=-60.0, threshold=-52.0, refractory=2, leak=0.1)
    with pytest.raises(HwsimError, match=r"module 'm' \(Membrane\): rest -40.0.* below the threshold"):
        describe("m", broken)
    with pytest.raises(HwsimError, match="it must leak"):
        describe("m", tinysnn.Membrane(rest=-65.0, reset=-60.0, threshold=-52.0, refractory=2, leak=0.0))
