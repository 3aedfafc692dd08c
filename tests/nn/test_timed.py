"""A model run over all timesteps at once gives what stepping gives."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor, nn

from hwsim.nn import (
    ASGL,
    CLIF,
    LIF,
    PLIF,
    Dspike,
    Feedback,
    Rectangle,
    RecurrentLIF,
    SharedLIF,
    SharedState,
    Sigmoid,
    SpikingNeuron,
    Synapse,
    Tanh,
    Window,
    arctan,
    cauchy,
    reset_states,
    run,
    timed,
    unroll,
    use_surrogate,
)
from hwsim.nn.timed import _layers, _stepping
from tests.models.test_zoo import SMALL, small

SURROGATES = [arctan, cauchy, Rectangle(1.5), Sigmoid(3.0), Tanh(1.0), Dspike(2.0)]


@contextmanager
def spikes_of(model: nn.Module) -> Iterator[list[Tensor]]:
    """What every neuron emits in calls of the model, in the order of the calls, flat."""
    seen: list[Tensor] = []
    neurons = [m for m in model.modules() if isinstance(m, SpikingNeuron)]
    hooks = [m.register_forward_hook(lambda _m, _i, out: seen.append(out.detach())) for m in neurons]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("surrogate", [*SURROGATES, "asgl"], ids=str)
def test_gradients_through_time_are_those_of_the_stepped_definition(surrogate: object, reset: str) -> None:
    """float64, to 1e-10, with a membrane from before and a gradient into the one left behind."""
    torch.manual_seed(0)
    made = ASGL("tanh", 1.3, 0.5).double() if surrogate == "asgl" else surrogate
    neuron = LIF(0.7, 0.9, reset, surrogate=made)  # type: ignore[arg-type]
    currents = torch.randn(5, 3, 4, dtype=torch.float64, requires_grad=True)
    before = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    weight, last = torch.randn(5, 3, 4, dtype=torch.float64), torch.randn(3, 4, dtype=torch.float64)

    def gradients(emit: Callable[[], Tensor]) -> tuple[Tensor, ...]:
        torch.manual_seed(1)
        neuron.membrane = before
        emitted = emit()
        assert neuron.membrane is not None
        total = (emitted * weight).sum() + (neuron.membrane * last).sum()
        return emitted, *torch.autograd.grad(total, [currents, before, *neuron.parameters()])

    def at_once() -> Tensor:
        with timed(neuron, 5):
            merged: Tensor = neuron(currents.flatten(0, 1))
        return merged.reshape(5, 3, 4)

    for ours, theirs in zip(
        gradients(at_once), gradients(lambda: torch.stack([neuron(c) for c in currents])), strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


STATEFUL: list[Callable[[], nn.Module]] = [
    PLIF,
    CLIF,
    SharedLIF,
    lambda: SharedLIF(channel_groups=2),
    lambda: Synapse(0.5),
    lambda: Window(3),
]


@pytest.mark.parametrize("make", STATEFUL)
def test_other_modules_with_states_go_through_their_steps(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    module, currents = make(), torch.rand(4, 3, 6)
    expected = torch.stack([module(c) for c in currents])
    reset_states(module)
    assert torch.equal(unroll(module, currents), expected)


FEED_FORWARD = (
    "fashion", "efficientlif/vgg16", "efficientlif/resnet19", "efficientlif/har", "autosnn/searched",
    "asgl/resnet18", "asgl/medly", "asgl/autoencoder",
)  # fmt: skip


@pytest.mark.parametrize("name", FEED_FORWARD)
def test_spikes_in_evaluation_are_those_of_stepping(name: str) -> None:
    model, images = small(name).eval(), torch.rand(3, *SMALL[name][1])
    assert not any(_stepping(list(_layers(model))))
    with torch.no_grad():
        with spikes_of(model) as stepping:
            expected = run(model, images, 4)
        with spikes_of(model) as at_once:
            outputs = unroll(model, images, 4)
    layers = len(at_once)
    for i, spikes in enumerate(at_once):
        assert torch.equal(spikes, torch.cat(stepping[i::layers]))
        assert spikes.any()
    torch.testing.assert_close(outputs.sum(0), expected)


def test_a_recurrent_network_steps_and_gives_the_same() -> None:
    model, inputs = small("asgl/shd").eval(), torch.rand(5, 3, 30)
    outputs = unroll(model, inputs, stepwise=True)
    torch.testing.assert_close(unroll(model, inputs), outputs)


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_channel_groups_at_once_have_the_gradients_of_stepping(reset: str) -> None:
    torch.manual_seed(0)
    layer = SharedLIF(channel_groups=2, decay=0.6, reset=reset)  # type: ignore[arg-type]
    inputs = torch.randn(4, 3, 6, 2, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(4, 3, 6, 2, dtype=torch.float64)
    (expected,) = torch.autograd.grad((unroll(layer, inputs, stepwise=True) * weight).sum(), inputs)
    (found,) = torch.autograd.grad((unroll(layer, inputs) * weight).sum(), inputs)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def test_stepwise_training_is_that_of_run_and_at_once_differs_in_the_normalization_alone() -> None:
    """Inputs that change by step: momentum .1 applied 3 times to a mean of 1, or once."""
    model = nn.Sequential(nn.BatchNorm1d(1), LIF())
    steps = torch.tensor([[[0.0], [2.0]]]).expand(3, 2, 1)
    once = copy.deepcopy(model)
    unroll(model, steps, stepwise=True)
    unroll(once, steps)
    assert model[0].running_mean.item() == pytest.approx(1 - 0.9**3)
    assert once[0].running_mean.item() == pytest.approx(0.1)


def test_gradients_of_weights_in_evaluation_mode_are_those_of_stepping() -> None:
    torch.manual_seed(0)
    model = small("fashion").double().eval()
    use_surrogate(model, lambda: ASGL("clip", 1.0, 0.8).double())
    images = torch.rand(2, 1, 28, 28, dtype=torch.float64)
    parameters = list(model.parameters())
    stepping = torch.autograd.grad(run(model, images, 3).square().sum(), parameters)
    at_once = torch.autograd.grad(unroll(model, images, 3).sum(0).square().sum(), parameters)
    for ours, theirs in zip(at_once, stepping, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


def test_layers_before_the_first_neuron_run_once_a_sample() -> None:
    model = nn.Sequential(nn.Sequential(nn.Linear(3, 4), nn.ReLU()), LIF(), nn.Linear(4, 2))
    calls: list[int] = []
    model[0][0].register_forward_hook(lambda _m, i, _o: calls.append(len(i[0])))
    assert unroll(model, torch.rand(5, 3), 7).shape == (7, 5, 2)
    assert calls == [5]


def test_dropout_before_the_first_neuron_draws_at_every_step() -> None:
    torch.manual_seed(0)
    steps = unroll(nn.Sequential(nn.Dropout(0.5), LIF(threshold=9.0), nn.Identity()), torch.ones(1, 4), 1)
    assert steps.shape == (1, 1, 4)
    seen: list[Tensor] = []
    model = nn.Sequential(nn.Dropout(0.5), LIF(threshold=9.0))
    model[0].register_forward_hook(lambda _m, _i, out: seen.append(out))
    unroll(model, torch.ones(1, 64), 2)
    assert len(seen[0]) == 2
    assert not torch.equal(seen[0][0], seen[0][1])


def test_layers_that_share_a_state_step_from_its_first_user_to_its_last() -> None:
    torch.manual_seed(0)
    state = SharedState()
    model = nn.Sequential(
        nn.Linear(3, 4), LIF(), nn.Linear(4, 4), SharedLIF(state), nn.Linear(4, 4), SharedLIF(state),
        nn.Linear(4, 2), LIF(),
    )  # fmt: skip
    assert _stepping(list(_layers(model))) == [False, False, False, True, True, True, False, False]
    inputs = 4 * torch.rand(5, 2, 3)
    expected = unroll(model, inputs, stepwise=True)
    assert torch.equal(unroll(model, inputs), expected)
    with pytest.raises(ValueError, match="'3' shares its state with another layer"), timed(model, 5):
        pass


def test_a_recurrent_layer_adds_its_own_spikes_of_the_step_before() -> None:
    """One neuron, V = -1, synapse decay 1/2, LIF decay 1/2, hard reset; x = 2, 1, 1.

    t 0: c = 2, u = 2 -> spike;  t 1: c = 1 + 1 - 1 = 1, u = 1 -> spike;  t 2: c = .5 + 1 - 1 = .5, none.
    """
    layer = RecurrentLIF(1)
    layer.loop.weight.data.fill_(-1.0)
    inputs = torch.tensor([2.0, 1.0, 1.0]).reshape(3, 1, 1)
    assert unroll(layer, inputs).flatten().tolist() == [1, 1, 0]
    assert unroll(nn.Sequential(nn.Identity(), layer), inputs).flatten().tolist() == [1, 1, 0]


def test_modules_of_an_unknown_forward_step() -> None:
    class Own(LIF):
        def forward(self, current: Tensor) -> Tensor:
            return super().forward(2 * current)

    steps = torch.rand(3, 2, 4)
    plain = unroll(LIF(), 2 * steps)
    assert torch.equal(unroll(Own(), steps), plain)
    for module, name in ((Own(), "Own"), (nn.Sequential(Feedback()), "Feedback")):
        with pytest.raises(ValueError, match=rf"\({name}\) computes one step a call"), timed(module, 3):
            pass


def test_a_callable_without_a_slope_of_its_own_still_runs_at_once() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(4, 3, 5)
    assert torch.equal(unroll(LIF(surrogate=lambda x, i: arctan(x / 2, i)), inputs), unroll(LIF(), inputs))
