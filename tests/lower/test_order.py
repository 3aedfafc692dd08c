"""Order of the jobs (docs/machine.md, W7)."""

from typing import Any

import numpy as np
import pytest

from hwsim.mapping import Mapping
from hwsim.network import Network, Population
from tests.examples import chip, conv
from tests.lower.building import chain, checked, columns, pointwise


def two_layers() -> Network:
    """Two 1x1 convolutions of 4 positions and 2 channels, 2 steps."""
    shape = (2, 2, 2)
    populations = (
        Population("in", shape, "input"),
        Population("a", shape, "lif"),
        Population("b", shape, "lif"),
    )
    weights = np.zeros((2, 2, 1, 1), np.int8)
    projections = (conv("in", "a", weights), conv("a", "b", weights))
    return checked(Network("two", populations, projections, "b", 2, "spikes", True))


def order(network: Network, mapping: Mapping, *names: str) -> list[tuple[int, ...]]:
    """Columns of every job on 2 x 1 PEs."""
    return columns(network, chip(2, 1), mapping, *names)


def test_layer_major_runs_all_steps_of_a_fold_before_the_next() -> None:
    # layer, folds, step
    found = order(two_layers(), Mapping(schedule="layer_major"), "layer", "step")
    assert found == [(0, 0), (0, 1)] * 4 + [(1, 0), (1, 1)] * 4


def test_step_major_runs_all_layers_of_a_step_before_the_next() -> None:
    # step, layer, folds
    found = order(two_layers(), Mapping(schedule="step_major"), "layer", "step")
    assert found == [(0, 0)] * 4 + [(1, 0)] * 4 + [(0, 1)] * 4 + [(1, 1)] * 4


@pytest.mark.parametrize(
    ("fold_order", "samples"), [("m_outer", [0] * 4 + [1] * 4), ("n_outer", [0, 0, 1, 1] * 2)]
)
def test_samples_run_just_outside_of_the_position_folds(fold_order: Any, samples: list[int]) -> None:
    # 2 samples of 2 M-folds and 2 N-folds: sample, M, N or N, sample, M
    found = order(pointwise(1, 2, 4), Mapping(fold_order=fold_order, batch=2), "sample")
    assert [s for (s,) in found] == samples


def test_a_fold_of_several_samples_is_named_by_its_first() -> None:
    # batch_on M: 3 samples on 2 rows
    assert order(chain(1, 1), Mapping(batch=3, batch_on="M"), "sample") == [(0,), (2,)]


def test_layers_of_a_loop_take_turns_at_every_step_of_a_sample() -> None:
    # S5: l1 and l2 in a loop, then l3: sample, step, layer; the last layer after them
    network = chain(1, 1, 1, 1, timesteps=2, loop="l2>l1")
    found = order(network, Mapping(batch=2, sample_loop="outer"), "sample", "step", "layer")
    loop = [(s, t, layer) for s in (0, 1) for t in (0, 1) for layer in (0, 1)]
    last = [(s, t, 2) for s in (0, 1) for t in (0, 1)]
    assert found == loop + last
    # samples inside: step, layer, sample
    found = order(network, Mapping(batch=2), "sample", "step", "layer")
    assert found == [(s, t, layer) for t in (0, 1) for layer in (0, 1) for s in (0, 1)] + last


def test_a_loop_takes_its_samples_outside_of_its_layers_in_step_major_too() -> None:
    # step, component; within the loop sample, layer; the last layer runs its samples in a row
    network = chain(1, 1, 1, 1, timesteps=2, loop="l2>l1")
    mapping = Mapping(batch=2, schedule="step_major", sample_loop="outer")
    found = order(network, mapping, "step", "sample", "layer")
    turn = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (1, 2)]
    assert found == [(t, s, layer) for t in (0, 1) for s, layer in turn]


def test_a_constant_layer_takes_part_at_the_first_step_alone() -> None:
    # W7: an average of frames, then a neuron: 1 job of the relay, 3 of the neuron
    populations = (
        Population("in", (1, 1, 1), "input"),
        Population("r", (1, 1, 1), "relay"),
        Population("a", (1, 1, 1), "lif"),
    )
    weights = np.ones((1, 1, 1, 1), np.float32)
    projections = (conv("in", "r", weights), conv("r", "a", weights))
    network = checked(Network("n", populations, projections, "a", 3, "frames"))
    found = order(network, Mapping(schedule="step_major"), "layer", "step")
    assert found == [(0, 0), (1, 0), (1, 1), (1, 2)]
