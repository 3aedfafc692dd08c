"""What inspect says of a network: words, bytes and MACs, by hand."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from hwsim.inspection import describe, reversible
from hwsim.network import Network, Population, Projection
from tests.examples import small_network

LAYER = Population("x", (4,), "lif", decay=0.5)


def pair(first: Population, second: Population, timesteps: int = 5) -> Network:
    """in (4) -> first (4) -> second (4) -> out (2)."""
    populations = (Population("in", (4,), "input"), first, second, Population("out", (2,), "readout"))
    projections = [
        Projection(f"{a.name}>{b.name}", a.name, b.name, "dense", np.ones((b.size, a.size), np.float32))
        for a, b in pairwise(populations)
    ]
    network = Network("pair", populations, tuple(projections), "out", timesteps)
    network.verify()
    return network


def layers(values: dict[str, Any], field: str) -> list[Any]:
    return [layer[field] for layer in values["layers"]]


def test_macs_count_padding_and_the_first_layer_apart() -> None:
    """Convolution of 3 x 3 and 2 channels to 3 maps of 4 x 4; linear layer of 12 to 5."""
    values = describe(small_network())
    assert layers(values, "macs") == [0, 18 * 48, 0, 60]
    assert (values["macs"], values["macs_first_layer"]) == (18 * 48 + 60, 18 * 48)


def test_without_sharing_the_backward_pass_keeps_every_step() -> None:
    values = describe(pair(replace(LAYER, name="a"), replace(LAYER, name="b"), timesteps=5))
    assert (values["state_words"], values["forward_state_bytes"], values["backward_state_bytes"]) == (
        8,
        32,
        160,
    )
    assert layers(values, "backward_state_bytes") == [0, 80, 80, 0]
    assert layers(values, "state_words") == [0, 4, 4, 2]  # the readout's sums are no neurons' states


def test_a_shared_state_counts_once_and_is_told_by_its_owner() -> None:
    first, second = (replace(LAYER, name=n, state_group="a") for n in "ab")
    values = describe(pair(first, second))
    assert (values["state_words"], values["forward_state_bytes"], values["backward_state_bytes"]) == (
        4,
        16,
        16,
    )
    assert layers(values, "state_words") == [0, 4, 0, 2]
    assert layers(values, "state_of") == [None, None, "a", None]
    assert values["neurons"] == 8


def test_channel_groups_divide_the_state() -> None:
    values = describe(pair(replace(LAYER, name="a", channel_groups=2), replace(LAYER, name="b")))
    assert layers(values, "state_words") == [0, 2, 4, 2]
    assert layers(values, "channel_groups") == [1, 2, 1, 1]
    # a network that shares recomputes all of its states, the unshared layer's too
    assert values["backward_state_bytes"] == values["forward_state_bytes"] == 24


def test_layers_that_cannot_be_undone_keep_every_step_although_the_network_shares() -> None:
    hard = replace(LAYER, name="b", reset="zero", channel_groups=2)
    values = describe(pair(replace(LAYER, name="a", channel_groups=2), hard))
    assert layers(values, "backward_state_bytes") == [0, 8, 8 * 5, 0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"compare": ">"}, True),
        ({"reset": "zero"}, False),
        ({"reset": "value"}, False),
        ({"decay": 0.0}, False),
        ({"vectors": {"decay": np.array([0.5, 0.0, 0.5, 0.5])}}, False),
        ({"current_decay": 0.5}, False),
        ({"adaptation": 0.1}, False),
        ({"multispike": True}, False),
        ({"delayed_reset": True}, False),
        ({"refractory": 1}, False),
        ({"leak": "relax"}, False),
        ({"kind": "li"}, True),
        ({"kind": "relay"}, False),
    ],
)
def test_a_step_can_be_undone_where_nothing_was_forgotten(change: dict[str, Any], expected: bool) -> None:
    assert reversible(replace(LAYER, **change)) is expected


def test_integrators_have_states_and_are_no_spiking_neurons() -> None:
    leaky = Population("b", (4,), "li", decay=0.5)
    values = describe(pair(replace(LAYER, name="a"), leaky))
    assert (values["neurons"], values["state_words"]) == (4, 8)


def test_parameters_are_the_modules_where_one_is_known() -> None:
    network = small_network()
    folded = 3 * 2 * 9 + 5 * 12 + 5
    assert (describe(network)["parameters"], describe(network)["folded_parameters"]) == (folded, folded)
    assert describe(network, 77)["parameters"] == 77


def test_thresholds_and_rates_are_told_where_there_are_any() -> None:
    several = replace(LAYER, name="a", vectors={"threshold": np.array([1.0, 3.0, 2.0, 1.5])})
    network = pair(several, replace(LAYER, name="b", threshold=0.5))
    assert layers(describe(network), "threshold") == [None, [1.0, 3.0], 0.5, None]
    assert layers(describe(network, rates={"a": 0.25}), "rate") == [None, 0.25, None, None]
