"""Shared LIF states: EfficientLIF-Net's Eq. 9 to 11 by hand, and what must be refused."""

import pytest
import torch
from torch import Tensor

from hwsim.nn import LIF, SharedLIF, SharedState, reset_states


def column(*values: float) -> Tensor:
    return torch.tensor([values]).reshape(1, len(values))


def test_two_layers_hand_one_state_on_and_back_at_the_next_step() -> None:
    """decay 1/4, threshold 1, one neuron a layer.

    t 0, layer 1: U = 1.5 -> spike, .5;  layer 2: .125 + .75 = .875, no spike
    t 1, layer 1: .21875 + .8 = 1.01875 -> spike, .01875;  layer 2: .0046875 + .25 = .2546875
    """
    state = SharedState()
    first, second = SharedLIF(state), SharedLIF(state)
    assert first(column(1.5)).item() == 1
    assert second(column(0.75)).item() == 0
    assert state.value is not None
    assert state.value.item() == 0.875
    assert first(column(0.8)).item() == 1
    assert second(column(0.25)).item() == 0
    assert state.value.item() == pytest.approx(0.2546875)


def test_channel_groups_take_turns_at_one_state() -> None:
    """C#2 of 4 channels: group (0, 1) leaves its state to group (2, 3), and that to (0, 1) of the next step.

    t 0: (1.5, .5) -> spikes (1, 0), left (.5, .5);  (.875, 1) -> 1, 1.125 -> spikes (1, 1), left (0, .125)
    t 1: (1, .96875) -> 1, 1 -> spikes (1, 1), left (0, 0);  (.5, 1) -> spikes (0, 1)
    """
    layer = SharedLIF(channel_groups=2)
    assert layer(column(1.5, 0.5, 0.875, 1.0)).tolist() == [[1, 0, 1, 1]]
    assert layer(column(1.0, 0.96875, 0.5, 1.0)).tolist() == [[1, 1, 0, 1]]


@pytest.mark.parametrize("reset", ["subtract", "zero"])
def test_a_layer_that_shares_with_nobody_is_a_lif(reset: str) -> None:
    torch.manual_seed(0)
    shared, plain = SharedLIF(decay=0.5, reset=reset), LIF(decay=0.5, reset=reset)
    for _ in range(6):
        current = 2.0 * torch.rand(3, 4, 5, 5)
        assert torch.equal(shared(current), plain(current))


def test_a_reset_forgets_the_shared_state() -> None:
    state = SharedState()
    layers = torch.nn.Sequential(SharedLIF(state), SharedLIF(state))
    layers(column(0.5, 0.25))
    reset_states(layers)
    assert state.value is None


def test_gradients_pass_through_the_state() -> None:
    """dU'/dx = decay where nothing fired."""
    layer = SharedLIF()
    current = column(0.5).requires_grad_()
    layer(current)
    layer(column(0.25))
    assert layer.state.value is not None
    layer.state.value.sum().backward()
    assert current.grad is not None
    # the surrogate's slope at distances -.5 and -.625 takes part through the soft reset
    slopes = [1 / (1 + (torch.pi * d) ** 2) for d in (-0.5, -0.625)]
    assert current.grad.item() == pytest.approx((1 - slopes[0]) * 0.25 * (1 - slopes[1]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decay": 1.5}, "decay is 1.5"),
        ({"threshold": 0.0}, "threshold is 0.0"),
        ({"channel_groups": 0}, "channel_groups is 0"),
        ({"reset": "hard"}, "reset is 'hard'"),
        ({"compare": "<"}, "compare is '<'"),
    ],
)
def test_values_out_of_range_are_errors(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SharedLIF(**options)


def test_channels_that_the_groups_do_not_divide_are_an_error() -> None:
    with pytest.raises(ValueError, match="3 channels; 2 groups do not divide them"):
        SharedLIF(channel_groups=2)(column(1.0, 1.0, 1.0))
