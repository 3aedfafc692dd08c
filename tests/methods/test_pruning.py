"""Magnitude pruning and dead neurons."""

import numpy as np
import pytest
import torch
from torch import nn

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.methods.pruning import apply_masks, dead_neurons, magnitude_masks, sparsity, sparsity_at
from hwsim.network import Network, Population, Projection


def model() -> nn.Sequential:
    """Weights 1, -2, 3, -4 and 0.5, -6, a bias of 0.1."""
    first, last = nn.Linear(2, 2, bias=False), nn.Linear(2, 1)
    first.weight = nn.Parameter(torch.tensor([[1.0, -2.0], [3.0, -4.0]]))
    last.weight = nn.Parameter(torch.tensor([[0.5, -6.0]]))
    last.bias = nn.Parameter(torch.tensor([0.1]))
    return nn.Sequential(first, nn.BatchNorm1d(2), last)


def test_the_smallest_magnitudes_of_all_layers_together_go() -> None:
    net = model()
    masks = magnitude_masks(net, 0.5)  # three of six: 0.5, 1, -2
    assert {name: mask.tolist() for name, mask in masks.items()} == {
        "0.weight": [[False, False], [True, True]],
        "2.weight": [[False, True]],
    }
    apply_masks(net, masks)
    tensors = net.state_dict()
    assert tensors["0.weight"].tolist() == [[0, 0], [3, -4]]
    assert (tensors["2.weight"].tolist(), tensors["2.bias"].item()) == ([[0, -6]], pytest.approx(0.1))
    assert sparsity(net) == 0.5


def test_a_mask_holds_what_was_pruned_before() -> None:
    net = model()
    apply_masks(net, magnitude_masks(net, 0.5))
    later = magnitude_masks(net, 4 / 6)  # the three zeros and the 3
    assert later["0.weight"].tolist() == [[False, False], [False, True]]


def test_nothing_goes_at_a_sparsity_of_zero() -> None:
    assert all(mask.all() for mask in magnitude_masks(model(), 0.0).values())


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_sparsity_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(HwsimError, match=r"it must lie in \[0, 1\)"):
        magnitude_masks(model(), share)


def test_a_model_without_weights_is_refused() -> None:
    with pytest.raises(HwsimError, match="no convolution and no linear layer"):
        magnitude_masks(nn.Flatten(), 0.5)


def test_sparsity_grows_by_a_cubic_law() -> None:
    # 0.8 (1 - (1 - e/4)^3): 1 - 27/64, 1 - 8/64, 1 - 1/64, 1
    shares = [sparsity_at(epoch, 0.8, 4) for epoch in (1, 2, 3, 4, 5)]
    assert shares == pytest.approx([0.8 * 37 / 64, 0.8 * 56 / 64, 0.8 * 63 / 64, 0.8, 0.8])


def test_dead_neurons_fire_at_no_step_of_no_sample() -> None:
    network = Network(
        "chain",
        (
            Population("in", (4,), "input"),
            Population("a", (4,), "lif", decay=0.5),
            Population("out", (2,), "readout"),
        ),
        (
            Projection("in>a", "in", "a", "identity"),
            Projection("a>out", "a", "out", "dense", np.ones((2, 4), np.float32)),
        ),
        "out",
        2,
    )
    fired = np.zeros((2, 2, 4), np.float32)  # samples, steps, neurons
    fired[0, 1, 2] = fired[1, 0, 2] = fired[1, 1, 0] = 1
    events = {
        "in": Events.from_dense(np.ones((2, 1, 4), np.float32), True),
        "a": Events.from_dense(fired, True),
    }
    trace = EventTrace(network.id, 2, events, np.zeros((2, 2, 2)))
    assert dead_neurons(network, trace) == {"a": 2}  # 1 and 3
