"""Operation counts of small networks, counted by hand."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection
from hwsim.operations import DEFINITIONS, Operations, count


def counted(
    projections: list[Projection], populations: list[Population], inputs: NDArray[Any], coding: Any
) -> Operations:
    steps = inputs.shape[1] if coding == "spikes" else 2
    shape = inputs.shape[2:] if coding == "spikes" else inputs.shape[1:]
    network = Network(
        "net", (Population("input", shape, "input"), *populations), tuple(projections),
        populations[-1].name, steps, coding,
    )  # fmt: skip
    network.verify()
    return count(network, execute(network, encode(network, inputs.astype(np.float32))))


def row(operations: Operations, name: str) -> dict[str, float]:
    (found,) = [r.counts for r in operations.layers if r.name == name]
    return found


WEIGHTS = np.array([[0.5, 0, 2, 1], [1, 1, 0, 0], [1, 1, 1, 1]], np.float32)


def test_a_dense_layer_on_spikes() -> None:
    # 2 samples of 2 steps of 4 inputs; spikes: sample 0: {0, 1}, {2}; sample 1: {}, {0, 1, 2, 3}
    # ac: (2 + 1 + 0 + 4) * 3 outputs / 2 samples = 10.5; dense: 4 * 3 * 2 steps = 24
    # nonzero weights a source: 3, 2, 2, 2: (5 + 2 + 0 + 9) / 2 = 8
    # syops: means 1/2, 1/4, 0, 1 times (12 + 3 biases) / 2 = 13.125
    inputs = np.array([[[1, 1, 0, 0], [0, 0, 1, 0]], [[0, 0, 0, 0], [1, 1, 1, 1]]])
    layer = Projection("p", "input", "out", "dense", WEIGHTS, np.zeros(3, np.float32))
    found = counted([layer], [Population("out", (3,), "readout")], inputs, "spikes")
    assert row(found, "p") == {
        "ac": 10.5, "mac": 0, "dense": 24,
        "neurobench_ac": 8, "neurobench_mac": 0, "neurobench_dense": 24,
        "spikingjelly_synop": 10.5, "spikingjelly_mac": 0,
        "syops_ac": 13.125, "syops_mac": 0,
    }  # fmt: skip


def test_a_dense_layer_on_graded_values_skips_zeros_or_not() -> None:
    # one sample at both steps: [0.5, 0, -3, 1]: 3 of 4 inputs not 0; nonzero weights 3 + 2 + 2 = 7
    layer = Projection("p", "input", "out", "dense", WEIGHTS)
    inputs = np.array([[0.5, 0, -3, 1]])
    found = row(counted([layer], [Population("out", (3,), "readout")], inputs, "frames"), "p")
    assert (found["ac"], found["mac"], found["dense"]) == (0, 2 * 9, 2 * 12)
    assert (found["neurobench_ac"], found["neurobench_mac"]) == (0, 2 * 7)
    assert (found["spikingjelly_synop"], found["spikingjelly_mac"]) == (0, 2 * 12)
    assert (found["syops_ac"], found["syops_mac"]) == (0, 2 * 12)


@pytest.mark.parametrize(
    ("values", "neurobench", "spikingjelly", "syops"),
    [
        ([1, 0, 1, 0], True, True, True),
        ([1, 0, -1, 0], True, False, False),
        ([0.5, 0, 0.5, 0], False, False, True),
        ([0.5, 0.25, 0.5, 0.25], False, False, True),
        ([0.5, 0.25, 0, 0], False, False, False),
        ([0.5, 0.25, 0.75, 0.5], False, False, False),
        ([2, 0, 0, 0], False, False, False),
        ([0, 0, 0, 0], True, True, True),
    ],
)
def test_each_tool_has_its_own_idea_of_a_spike(
    values: list[float], neurobench: bool, spikingjelly: bool, syops: bool
) -> None:
    layer = Projection("p", "input", "out", "dense", np.ones((3, 4), np.float32))
    found = row(counted([layer], [Population("out", (3,), "readout")], np.array([values]), "frames"), "p")
    events = 2 * 3 * np.count_nonzero(values)
    assert (found["neurobench_ac"], found["neurobench_mac"]) == ((events, 0) if neurobench else (0, events))
    assert (found["spikingjelly_synop"], found["spikingjelly_mac"]) == (
        (events, 0) if spikingjelly else (0, 24)
    )
    assert (found["syops_ac"], found["syops_mac"]) == ((24 * sum(values) / 4, 0) if syops else (0, 24))


def test_a_convolution_counts_what_lies_in_bounds() -> None:
    # 3 x 3 positions, kernel 3, padding 1: a corner lies in 4 windows, the center in 9; 2 output channels
    inputs = np.zeros((1, 1, 1, 3, 3))
    inputs[0, 0, 0, 0, 0] = inputs[0, 0, 0, 1, 1] = 1
    weights = np.ones((2, 1, 3, 3), np.float32)
    # window (1, 1) reads the corner (0, 0) through this tap, and window (2, 2) the center (1, 1)
    weights[1, 0, 0, 0] = 0
    layer = Projection("p", "input", "out", "conv2d", weights, kernel=(3, 3), padding=(1, 1))
    found = row(counted([layer], [Population("out", (2, 3, 3), "lif")], inputs, "spikes"), "p")
    # in bounds: rows of 2, 3 and 2 taps: 7 * 7 = 49 of 81
    assert (found["ac"], found["dense"], found["neurobench_ac"]) == (2 * (4 + 9), 2 * 49, 2 * (4 + 9) - 2)
    assert found["syops_ac"] == pytest.approx(2 * 81 * 2 / 9)


def test_groups_reach_their_own_channels_only() -> None:
    inputs = np.zeros((1, 1, 4, 2, 2))
    inputs[0, 0, 3] = 1
    weights = np.ones((6, 2, 1, 1), np.float32)
    weights[:3] = 0
    layer = Projection("p", "input", "out", "conv2d", weights, groups=2)
    found = row(counted([layer], [Population("out", (6, 2, 2), "lif")], inputs, "spikes"), "p")
    # 4 spikes of the second group reach its 3 output channels, whose weights are not 0
    assert (found["ac"], found["neurobench_ac"], found["dense"]) == (12, 12, 4 * 4 * 3)


def test_pools_sums_and_neurons() -> None:
    inputs = np.zeros((1, 2, 1, 4, 4))
    inputs[0, 0, 0, :2, :3] = 1
    layers = [
        Projection("to lif", "input", "lif", "identity"),
        Projection("max", "lif", "most", "max_pool", kernel=(2, 2), stride=(2, 2)),
        Projection("avg", "lif", "mean", "avg_pool", kernel=(2, 2), stride=(2, 2), divisor=4.0),
        Projection("out", "mean", "out", "dense", np.ones((4, 4), np.float32)),
    ]
    populations = [
        Population("lif", (1, 4, 4), "lif", threshold=1.0, decay=0.0),
        Population("most", (1, 2, 2), "relay"),
        Population("mean", (1, 2, 2), "relay"),
        Population("out", (4,), "readout"),
    ]
    found = counted(layers, populations, inputs, "spikes")
    assert row(found, "to lif") == {"ac": 6, "dense": 2 * 16}
    assert row(found, "lif") == {"syops_ac": 2 * 16}
    assert row(found, "max") == {"syops_ac": 6, "syops_mac": 0}
    assert row(found, "avg") == {"ac": 6, "dense": 32, "syops_ac": 6, "syops_mac": 0}
    # two of the four windows hold spikes; each of their means meets four weights
    assert (row(found, "out")["ac"], row(found, "out")["mac"]) == (0, 8)


def test_a_delayed_projection_carries_what_arrives_in_time() -> None:
    inputs = np.ones((1, 3, 2))
    layer = Projection("p", "input", "out", "dense", np.ones((1, 2), np.float32), delay=2)
    found = row(counted([layer], [Population("out", (1,), "lif")], inputs, "spikes"), "p")
    assert (found["ac"], found["dense"], found["neurobench_dense"]) == (2, 2, 2)


def test_totals_are_sums_of_the_rows_and_everything_is_defined() -> None:
    inputs = np.ones((1, 2, 4))
    layer = Projection("p", "input", "out", "dense", WEIGHTS)
    found = counted([layer], [Population("out", (3,), "lif")], inputs, "spikes")
    values = found.as_dict()
    assert set(values["totals"]) == set(DEFINITIONS) == set(values["definitions"])
    for key, total in values["totals"].items():
        assert total == sum(r["counts"].get(key, 0) for r in values["layers"])
    assert values["totals"]["syops_ac"] == 2 * 12 + 2 * 3
