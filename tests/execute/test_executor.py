"""The event executor against PyTorch: each kind of layer, and random networks."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from hwsim.execute.agreement import agree
from hwsim.network import Network, Population, Projection
from tests import by_torch
from tests.examples import conv, dense
from tests.execute.against_torch import (
    SIZES,
    chain,
    differences,
    equal_to_torch,
    gaussian,
    random_settings,
    run,
    whole,
)
from tests.random_networks import draw_network


@pytest.mark.parametrize("coding", ["spikes", "frames", "series"])
@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "padding", "groups"),
    [
        ((3, 5), (1, 1), (1, 1), (0, 0), 1),
        ((3, 5), (3, 3), (1, 1), (1, 1), 1),
        ((2, 4), (3, 2), (2, 1), (0, 1), 1),
        ((2, 4), (2, 3), (3, 3), (2, 2), 1),
        ((4, 6), (3, 3), (1, 1), (1, 1), 2),
        ((4, 4), (3, 3), (2, 2), (1, 1), 4),
        ((3, 6), (5, 5), (1, 2), (2, 2), 3),
        ((70, 67), (1, 1), (1, 1), (0, 0), 1),
    ],
    ids=["1x1", "same", "uneven", "gaps", "grouped", "depthwise", "two per group", "wide"],
)
def test_a_convolution_sums_as_pytorch(
    channels: tuple[int, int], kernel: Any, stride: Any, padding: Any, groups: int, coding: str
) -> None:
    rng = np.random.default_rng(1)
    weights = whole(rng, channels[1], channels[0] // groups, *kernel)
    plane = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((7, 6), padding, kernel, stride, strict=True)]
    target = Population("a", (channels[1], *plane), "lif", decay=0.5, threshold=2.0)
    bias = whole(rng, channels[1])
    projection = conv("in", "a", weights, bias=bias, stride=stride, padding=padding, groups=groups)
    network = chain((channels[0], 7, 6), (target, projection), coding=coding)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


@pytest.mark.parametrize("coding", ["spikes", "frames", "series"])
def test_a_dense_layer_sums_as_pytorch(coding: str) -> None:
    rng = np.random.default_rng(2)
    target = Population("a", (67,), "readout")
    projection = dense("in", "a", whole(rng, 67, 3 * 4 * 5), bias=whole(rng, 67))
    network = chain((3, 4, 5), (target, projection), coding=coding)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        ((2, 2), (2, 2), (0, 0)),
        ((3, 3), (2, 2), (1, 1)),
        ((2, 3), (1, 1), (0, 0)),
        ((4, 4), (3, 2), (2, 1)),
        ((1, 2), (3, 3), (0, 1)),
    ],
    ids=["plain", "overlapping and padded", "overlapping", "uneven", "gaps"],
)
def test_a_pool_of_graded_values_of_either_sign_is_pytorchs(
    kind: Any, kernel: Any, stride: Any, padding: Any
) -> None:
    # a relay emits negative sums too, so that a maximum may be negative, and zeros emit no event
    rng = np.random.default_rng(3)
    plane = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip((7, 6), padding, kernel, stride, strict=True)]
    sums = Population("sums", (4, 7, 6), "relay")
    pooled = Population("pooled", (4, *plane), "relay")
    divisor = float(kernel[0] * kernel[1]) if kind == "avg_pool" else 1.0
    pool = Projection("p", "sums", "pooled", kind, None, None, kernel, stride, padding, divisor=divisor)
    network = chain((2, 7, 6), (sums, conv("in", "sums", whole(rng, 4, 2, 1, 1) - 1)), (pooled, pool))
    inputs = by_torch.inputs_for(network, rng, 3)
    found = by_torch.run(network, inputs).events["pooled"].payload
    assert found is not None
    assert (found < 0).any()
    assert equal_to_torch(network, inputs)


def test_a_max_pool_of_negative_values_alone_is_negative() -> None:
    # every neuron of the window holds -2: the maximum is -2, not the 0 of a neuron without event
    halved = conv("in", "sums", np.full((1, 1, 1, 1), -2, np.float32))
    sums, pooled = Population("sums", (1, 2, 2), "relay"), Population("pooled", (1, 1, 1), "relay")
    pool = Projection("p", "sums", "pooled", "max_pool", kernel=(2, 2))
    network = chain((1, 2, 2), (sums, halved), (pooled, pool), timesteps=1)
    trace = run(network, np.ones((1, 1, 1, 2, 2), np.float32))
    assert trace.events["pooled"].payload is not None
    assert trace.events["pooled"].payload.tolist() == [-2.0]


def test_a_silent_neuron_counts_as_zero_in_a_max_pool() -> None:
    # three neurons hold -2, the fourth holds nothing: the maximum is 0, so that nothing is emitted
    lowered = conv("in", "sums", np.full((1, 1, 1, 1), -2, np.float32))
    sums, pooled = Population("sums", (1, 2, 2), "relay"), Population("pooled", (1, 1, 1), "relay")
    pool = Projection("p", "sums", "pooled", "max_pool", kernel=(2, 2))
    network = chain((1, 2, 2), (sums, lowered), (pooled, pool), timesteps=1)
    image = np.ones((1, 1, 1, 2, 2), np.float32)
    image[..., 1, 1] = 0
    assert len(run(network, image).events["pooled"].index) == 0


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("compare", [">=", ">"])
@pytest.mark.parametrize("decay", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_a_neuron_leaks_fires_and_resets_as_pytorch(reset: Any, compare: Any, decay: float) -> None:
    rng = np.random.default_rng(4)
    target = Population("a", (50,), "lif", decay, 2.0, reset, compare)
    network = chain((20,), (target, dense("in", "a", whole(rng, 50, 20))), timesteps=8)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 4))


def test_a_shortcut_adds_spikes_to_a_current() -> None:
    rng = np.random.default_rng(5)
    populations = (
        Population("in", (3, 5, 5), "input"),
        Population("a", (3, 5, 5), "lif", 0.5),
        Population("b", (3, 5, 5), "lif", 0.5),
        Population("sum", (3, 5, 5), "relay"),
        Population("out", (7,), "readout"),
    )
    projections = (
        conv("in", "a", whole(rng, 3, 3, 3, 3), padding=(1, 1)),
        conv("a", "b", whole(rng, 3, 3, 3, 3), padding=(1, 1), bias=whole(rng, 3)),
        Projection("in>b", "in", "b", "identity", bias=whole(rng, 3)),
        Projection("a>sum", "a", "sum", "identity"),
        Projection("b>sum", "b", "sum", "identity"),
        Projection("in>sum", "in", "sum", "identity"),
        dense("sum", "out", whole(rng, 7, 75)),
    )
    network = Network("residual", populations, projections, "out", 4, "spikes")
    network.verify()
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


def test_relu_passes_what_is_positive() -> None:
    rng = np.random.default_rng(6)
    positive = Population("r", (30,), "relu")
    out = Population("out", (4,), "readout")
    first, second = dense("in", "r", whole(rng, 30, 12)), dense("r", "out", whole(rng, 4, 30))
    network = chain((12,), (positive, first), (out, second), coding="frames", timesteps=2)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


def test_a_spiking_readout_returns_cumulative_spike_counts() -> None:
    # threshold 2, inputs 1 at every step, no leak: a spike at every second step
    target = Population("a", (1,), "lif", decay=1.0, threshold=2.0)
    network = chain((1,), (target, dense("in", "a", np.ones((1, 1), np.float32))), timesteps=5)
    trace = run(network, np.ones((1, 5, 1), np.float32))
    assert trace.outputs[0, :, 0].tolist() == [0, 1, 1, 2, 2]


def test_a_stateless_readout_of_frames_sums_over_all_timesteps() -> None:
    # a pool of frames never changes, but the sum of its outputs grows with every step
    pool = Projection("p", "in", "pooled", "max_pool", kernel=(2, 2))
    network = chain((1, 2, 2), (Population("pooled", (1, 1, 1), "relay"), pool), coding="frames", timesteps=3)
    trace = run(network, np.full((1, 1, 2, 2), 5, np.float32))
    assert trace.outputs.shape == (1, 3, 1)
    assert trace.outputs[0, :, 0].tolist() == [5, 10, 15]


def test_a_series_enters_step_by_step_with_its_values() -> None:
    # 3 * (0.5, -2, 0), summed; the 0 emits nothing
    out = Population("out", (1,), "readout")
    network = chain(
        (1,), (out, dense("in", "out", np.full((1, 1), 3, np.float32))), coding="series", timesteps=3
    )
    trace = run(network, np.array([0.5, -2, 0], np.float32).reshape(1, 3, 1))
    assert trace.outputs[0, :, 0].tolist() == [1.5, -4.5, -4.5]
    assert trace.events["in"].counts().tolist() == [[1, 1, 0]]
    assert not network.is_binary("in")
    assert not network.constant


def test_an_image_without_light_leaves_only_biases() -> None:
    # bias 1 at each of 3 steps
    out = Population("out", (2,), "readout")
    network = chain(
        (4,), (out, dense("in", "out", np.ones((2, 4), np.float32), bias=np.ones(2, np.float32))),
        coding="frames", timesteps=3,
    )  # fmt: skip
    trace = run(network, np.zeros((1, 4), np.float32))
    assert trace.outputs[0].tolist() == [[1, 1], [2, 2], [3, 3]]
    assert len(trace.events["in"].index) == 0


@random_settings
@given(**SIZES)
def test_random_integer_networks_equal_pytorch_exactly(seed: int, layers: int, timesteps: int) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    assume(network.integer and network.readout not in network.constant)
    inputs = by_torch.inputs_for(network, rng, 3)
    assert not differences(run(network, inputs), by_torch.run(network, inputs))


@random_settings
@given(**SIZES)
def test_random_float_networks_with_exact_sums_equal_pytorch_exactly(
    seed: int, layers: int, timesteps: int
) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    assume(not network.integer and network.readout not in network.constant and by_torch.exact(network, 3))
    decays = rng.choice([0.0, 0.25, 0.5, 0.9, 1.0], len(network.populations))
    populations = (replace(p, decay=float(d)) for p, d in zip(network.populations, decays, strict=True))
    network = replace(network, populations=tuple(populations))
    inputs = by_torch.inputs_for(network, rng, 3)
    assert not differences(run(network, inputs), by_torch.run(network, inputs))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(**SIZES)
def test_differences_of_random_float_weights_are_explained_by_rounding(
    seed: int, layers: int, timesteps: int
) -> None:
    rng = np.random.default_rng(seed)
    network = draw_network(rng, layers, timesteps)
    assume(not network.integer and network.readout not in network.constant)
    network = gaussian(network, rng)
    inputs = by_torch.inputs_for(network, rng, 3)
    agreement = agree(network, run(network, inputs), by_torch.run(network, inputs))
    assert agreement.unexplained == 0
