"""Neurons, shared states, cycles and pools that ``Network.verify`` refuses."""

from dataclasses import replace

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.network import Network, Population, Projection
from tests.execute.neurons import (
    single,
    two_layers,
)

LIF = Population("lif", (4,), "lif")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (replace(LIF, channel_groups=3), "3 channel groups do not divide 4 channels"),
        (replace(LIF, channel_groups=0), "0 channel groups"),
        (replace(LIF, vectors={"decay": np.ones(3)}), "3 values of decay; expected 4"),
        (replace(LIF, vectors={"decay": np.array([0, 0, 2, 0])}), r"decay 2.* lie in \[0, 1\]"),
        (replace(LIF, vectors={"current_decay": np.full(4, 2.0)}), "current_decay 2"),
        (replace(LIF, vectors={"colour": np.ones(4)}), "colour"),
        (replace(LIF, refractory=1, channel_groups=2), "cannot be refractory"),
        (replace(LIF, refractory=-1), "must not be negative"),
        (replace(LIF, one_spike=True, multispike=True), "one_spike is for a lif with states of its own"),
        (replace(LIF, one_spike=True, delayed_reset=True), "without multispike and delayed_reset"),
        (replace(LIF, one_spike=True, channel_groups=2), "one_spike"),
        (replace(LIF, one_spike=True, state_group="g"), "one_spike"),
        (replace(LIF, kind="clif", current_decay=0.5, one_spike=True), "one_spike is for a lif"),
        (replace(LIF, kind="li", one_spike=True), "it has no one_spike"),
        (replace(LIF, kind="relay", one_spike=True), "a relay has no state"),
        (replace(LIF, kind="readout", initial=1.0), "a readout has no state to share, to start from"),
        (replace(LIF, kind="relay", floor=-1.0), "a relay has no state to share, to start from or to bound"),
        (replace(LIF, kind="li", floor=-1.0), "a li does not fire; it has no floor"),
        (replace(LIF, kind="clif", current_decay=0.5, initial=1.0), "they have no initial"),
        (replace(LIF, state_group="g", vectors={"initial": np.ones(4)}), "they have no initial"),
        (replace(LIF, initial=float("inf")), "initial inf; it must be finite"),
        (replace(LIF, threshold=-52.0), "threshold -52.0; it must be positive and finite"),
        (replace(LIF, threshold=0.0, reset="value", multispike=True), "it must be positive and finite"),
        (replace(LIF, threshold=float("nan"), reset="value"), "threshold nan; it must be finite"),
        (replace(LIF, multispike=True, adaptation=-1.0), "multispike"),
        (replace(LIF, kind="clif"), "needs current_decay"),
        (replace(LIF, kind="clif", current_decay=0.5, state_group="g"), "cannot be shared"),
        (replace(LIF, kind="li", state_group="g"), "a li cannot share its states"),
        (replace(LIF, kind="li", channel_groups=2), "a li cannot share its states"),
        (replace(LIF, kind="li", refractory=1, multispike=True), "no multispike, refractory"),
        (replace(LIF, kind="li", adaptation=1.0), "a li does not fire; it has no adaptation"),
        (replace(LIF, kind="li", vectors={"threshold": np.ones(4)}), "'threshold'.* per neuron"),
        (replace(LIF, kind="li", decay=1.5), "decay 1.5"),
        (replace(LIF, kind="readout", channel_groups=2), "no state to share"),
        (replace(LIF, kind="relay", state_group="g"), "no state to share"),
        (replace(LIF, kind="relu", vectors={"decay": np.ones(4)}), "no parameters per neuron"),
    ],
)
def test_verify_refuses_neurons(layer: Population, message: str) -> None:
    with pytest.raises(HwsimError, match=message):
        single(layer).verify()


def test_verify_refuses_a_state_shared_by_layers_of_different_sizes() -> None:
    network = two_layers([[[1], [1]], [[1, 1]]], 1, "shared")
    with pytest.raises(HwsimError, match=r"different sizes: 'layer0' \(2,\) in 1 groups, 'layer1' \(1,\)"):
        network.verify()
    first, second = network.populations[1:]
    populations = (network.input, replace(first, channel_groups=2), second)
    replace(network, populations=populations).verify()  # one word each


def test_verify_refuses_a_state_whose_reset_is_delayed_for_some() -> None:
    network = two_layers([[[1]], [[1]]], 1, "shared")
    first, second = network.populations[1:]
    with pytest.raises(HwsimError, match="must delay the same kind of reset"):
        replace(network, populations=(network.input, first, replace(second, delayed_reset=True))).verify()


def test_verify_refuses_a_cycle_without_delay() -> None:
    network = two_layers([[[1]], [[1]]], 1, "")
    for source, target in (("layer1", "layer0"), ("layer1", "layer1")):
        back = Projection("back", source, target, "identity")
        with pytest.raises(HwsimError, match="cycle without delay"):
            replace(network, projections=(*network.projections, back)).verify()
        replace(network, projections=(*network.projections, replace(back, delay=1))).verify()
    with pytest.raises(HwsimError, match="delay -1"):
        replace(network, projections=(*network.projections, replace(back, delay=-1))).verify()


def test_verify_refuses_a_pool_with_bias_and_a_divisor_elsewhere() -> None:
    populations = (Population("input", (1, 2, 2), "input"), Population("pool", (1, 1, 1), "relay"))
    pool = Projection("p", "input", "pool", "max_pool", kernel=(2, 2))
    network = Network("pool", populations, (pool,), "pool", 1)
    for changed, message in (
        (replace(pool, bias=np.ones(1, np.float32)), "no bias"),
        (replace(pool, divisor=2.0), "divides"),
    ):
        with pytest.raises(HwsimError, match=message):
            replace(network, projections=(changed,)).verify()
