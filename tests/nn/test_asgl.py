"""ASGL: what it emits in training and evaluation, its gradients, its schedule and its statistics."""

import copy

import pytest
import torch
from torch import nn

from hwsim.nn import (
    ASGL,
    CLIF,
    LIF,
    PLIF,
    SharedLIF,
    arctan,
    count_emitted,
    emitted,
    parameter_groups,
    run,
    set_spike_fraction,
    spike_fraction_schedule,
    use_surrogate,
)
from hwsim.nn.shapes import SHAPES, Shape

X = torch.tensor([-1.0, -0.4, 0.0, 0.25, 0.6])


def test_evaluation_emits_the_step_function_alone() -> None:
    asgl = ASGL(spike_fraction=0.0).eval()
    assert asgl(X).tolist() == [0, 0, 1, 1, 1]
    assert asgl(X, False).tolist() == [0, 0, 0, 1, 1]


def test_without_spikes_training_emits_the_clipped_line() -> None:
    """clip(x / 1 + 1/2, 0, 1)."""
    assert ASGL(spike_fraction=0.0)(X).tolist() == pytest.approx([0, 0.1, 0.5, 0.75, 1])


def test_every_value_is_the_spike_or_the_smooth_one_in_the_fraction_asked() -> None:
    """10,000 draws at p = .8: the share of spikes has a standard deviation of .004."""
    torch.manual_seed(0)
    values = ASGL(spike_fraction=0.8)(torch.full((10_000,), 0.25)).detach()
    assert set(values.tolist()) == {0.75, 1.0}
    assert (values == 1).float().mean().item() == pytest.approx(0.8, abs=0.016)


def test_the_same_seed_draws_the_same_mask() -> None:
    asgl, x = ASGL(spike_fraction=0.5), torch.full((100,), 0.1)
    torch.manual_seed(3)
    first = asgl(x)
    second = asgl(x)
    torch.manual_seed(3)
    assert torch.equal(asgl(x), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("spike_fraction", [0.0, 0.5, 1.0])
def test_the_gradient_is_that_of_the_smooth_value_whatever_the_mask(spike_fraction: float) -> None:
    """Width 2: ds/dx = 1/2 where |x| <= 1; the sum of ds/dalpha = -x / 4 over these is .55 / 4."""
    asgl, x = ASGL(alpha=2.0, spike_fraction=spike_fraction), X.clone().requires_grad_()
    asgl(x).sum().backward()
    assert x.grad is not None
    assert asgl.alpha.grad is not None
    assert x.grad.tolist() == [0.5] * 5
    assert asgl.alpha.grad.item() == pytest.approx(0.55 / 4)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_without_spikes_gradients_are_finite_differences(shape: Shape) -> None:
    asgl = ASGL(shape, 0.7, 0.0).double()
    x = torch.tensor([-0.6, -0.31, -0.1, 0.2, 0.33, 0.7], dtype=torch.float64, requires_grad=True)

    def emit(x: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = torch.func.functional_call(asgl, {"alpha": alpha}, (x,))
        return out

    assert torch.autograd.gradcheck(emit, (x, asgl.alpha))


@pytest.mark.parametrize("make", [LIF, PLIF, CLIF, SharedLIF])
def test_without_spikes_a_neuron_over_time_has_the_gradients_of_finite_differences(make: type) -> None:
    """Sigmoid smoothing has no kinks, so the whole unrolled neuron is differentiable."""
    torch.manual_seed(0)
    neuron = make(surrogate=ASGL("sigmoid", 2.0, 0.0)).double()
    currents = torch.rand(4, 2, 3, dtype=torch.float64, requires_grad=True)

    def unrolled(currents: torch.Tensor) -> torch.Tensor:
        neuron.reset()
        if isinstance(neuron, SharedLIF):
            neuron.state.reset()
        return torch.stack([neuron(current) for current in currents])

    assert torch.autograd.gradcheck(unrolled, currents)


def test_full_spikes_are_a_surrogate_gradient_with_a_learnable_width() -> None:
    asgl = ASGL(spike_fraction=1.0)
    assert asgl(X).tolist() == [0, 0, 1, 1, 1]


def test_alpha_is_brought_back_above_zero() -> None:
    asgl = ASGL()
    asgl.alpha.data.fill_(-3.0)
    asgl(X)
    assert asgl.alpha.item() == pytest.approx(0.01)


def test_an_alpha_that_is_not_learnable_is_no_parameter() -> None:
    asgl = ASGL(learnable=False)
    assert not list(asgl.parameters())
    assert asgl.state_dict()["alpha"].item() == 1.0


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), LIF(), nn.Linear(8, 8), LIF(), nn.Linear(8, 2))


def test_every_layer_gets_its_own_alpha_and_the_plain_surrogate_takes_it_away() -> None:
    model = small()
    before = set(model.state_dict())
    assert use_surrogate(model, ASGL) == 2
    assert set(model.state_dict()) - before == {"1.surrogate.alpha", "3.surrogate.alpha"}
    assert use_surrogate(model, lambda: arctan) == 2
    assert set(model.state_dict()) == before


def test_a_model_without_neurons_is_refused() -> None:
    with pytest.raises(ValueError, match="Linear has no layer of neurons"):
        use_surrogate(nn.Linear(1, 1), ASGL)


def test_alphas_have_their_own_optimizer_group() -> None:
    model = small()
    use_surrogate(model, ASGL)
    others, alphas = parameter_groups(model, 0.1, 0.01)
    assert len(others["params"]) == 6
    assert [p.item() for p in alphas["params"]] == [1.0, 1.0]
    assert (others["lr"], alphas["lr"], alphas["weight_decay"]) == (0.1, 0.01, 0.0)
    torch.optim.SGD([others, alphas], momentum=0.9)


def test_the_fraction_of_smooth_values_shrinks_by_zeta_at_milestones() -> None:
    """Table 7, CIFAR100: p = .6, zeta = .8: 1 - .4 = .6, 1 - .32, 1 - .256."""
    at = [spike_fraction_schedule(0.6, 0.8, (90, 210), epoch) for epoch in (0, 89, 90, 209, 210)]
    assert at == pytest.approx([0.6, 0.6, 0.68, 0.68, 0.744])


def test_graded_values_are_counted_in_training_and_are_none_in_evaluation() -> None:
    model = small()
    use_surrogate(model, lambda: ASGL("sigmoid", 1.0, 0.5))
    count_emitted(model)
    run(model, torch.rand(50, 4), 2)
    found = emitted(model)["1.surrogate"]
    assert found.all == 50 * 8 * 2
    assert found.graded_share == pytest.approx(0.5, abs=0.08)
    assert 0.5 < found.mac_share < 1.0
    count_emitted(model.eval())
    run(model, torch.rand(50, 4), 2)
    assert emitted(model)["1.surrogate"].graded == 0


def test_fractions_can_be_set_for_a_whole_model() -> None:
    model = small()
    use_surrogate(model, lambda: ASGL(spike_fraction=0.5))
    set_spike_fraction(model, 1.0)
    values = run(copy.deepcopy(model[:2]), torch.rand(5, 4), 1)
    assert set(values.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": "ramp"}, "shape is 'ramp'; allowed: clip, sigmoid, tanh, dspike"),
        ({"alpha": 0.0}, "alpha is 0.0; it must be finite and at least 0.01"),
        ({"spike_fraction": 1.5}, r"spike_fraction is 1.5; it must lie in \[0, 1\]"),
    ],
)
def test_values_out_of_range_are_errors(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ASGL(**options)  # type: ignore[arg-type]
