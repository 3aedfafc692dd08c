"""Which neurons an update may move, worked out by hand (E7)."""

from typing import Any

import numpy as np
import pytest

from hwsim.chip.loop import run_chip
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection
from hwsim.place.reach import Box
from hwsim.place.slices import Slice, Sliced
from tests.chip.examples import chip

GIVEN = (1, 0, 1, 0, 0)
"""Spikes of the one input neuron, by step."""


def touched(bias: int | None = None, kind: str = "lif", **neuron: Any) -> list[int]:
    """`touched` of the steps of one neuron that takes the input with weight 1 and fires at 2."""
    populations = (
        Population("in", (1,), "input"),
        Population("n", (1,), kind, threshold=2.0, **neuron),  # type: ignore[arg-type]
    )
    given_bias = None if bias is None else np.array([bias], np.int32)
    projection = Projection("p", "in", "n", "dense", np.ones((1, 1), np.int8), given_bias)
    network = Network("one", populations, (projection,), "n", len(GIVEN), "spikes", integer=True)
    network.verify()
    trace = execute(network, encode(network, np.array(GIVEN).reshape(1, -1, 1)))
    run = run_chip(Sliced(network, (Slice("n", Box(0, 0, 0, 0), 0),), 1), trace, chip())
    # Step t of the neuron runs in tick t + 1 (E2).
    return [int(n) for n in run.counts["touched"][0, 1:].sum(axis=1)]


def test_a_neuron_that_took_an_event_is_touched_until_it_fires_and_is_reset_to_zero() -> None:
    # Membrane before and after: 0 -> 1, 1 -> 1, 1 -> 2 fires -> 0, 0 -> 0, 0 -> 0.
    assert touched(reset="zero") == [1, 1, 1, 0, 0]


@pytest.mark.parametrize(
    "neuron",
    [
        {"reset": "subtract"},
        {"reset": "zero", "current_decay": 0.5},
        {"reset": "zero", "delayed_reset": True},
    ],
)
def test_firing_ends_it_only_if_it_leaves_nothing(neuron: dict[str, Any]) -> None:
    assert touched(**neuron) == [1, 1, 1, 1, 1]


def test_a_neuron_without_a_state_is_touched_in_the_step_of_the_event_alone() -> None:
    assert touched(kind="relay") == [1, 0, 1, 0, 0]


def test_a_bias_touches_in_every_step_and_a_bias_of_zero_in_none() -> None:
    # With a bias of 3 it fires in every step and is at rest before each.
    assert touched(bias=3, reset="zero") == [1, 1, 1, 1, 1]
    assert touched(bias=0, reset="zero") == [1, 1, 1, 0, 0]
