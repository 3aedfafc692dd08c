"""Integer networks: exact sums, leaks in steps of a 4096th, and what int32 cannot hold."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population
from tests import by_torch
from tests.examples import dense
from tests.execute.against_torch import (
    chain,
    equal_to_torch,
    run,
)


def integer_chain(dtype: Any, decay: float, weights: Any, bias: Any = None, **fields: Any) -> Network:
    """One integer LIF neuron per row of ``weights``."""
    array = np.array(weights, dtype)
    target = Population("a", (len(array),), "lif", decay, fields.pop("threshold", 1000.0))
    given = None if bias is None else np.array(bias, np.int32)
    projection = dense("in", "a", array, bias=given)
    return chain((array.shape[1],), (target, projection), integer=True, **fields)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
@pytest.mark.parametrize("decay", [0.0, 0.25, 0.5, 3686 / 4096, 1 / 4096, 4095 / 4096, 1.0])
def test_integer_neurons_leak_in_steps_of_a_4096th_toward_zero(dtype: Any, decay: float) -> None:
    rng = np.random.default_rng(7)
    weights = rng.integers(-100, 101, (40, 10))
    network = integer_chain(dtype, decay, weights, timesteps=6, threshold=37.0)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 4))


@pytest.mark.parametrize(("charge", "left"), [(5, 2), (-5, -2), (1, 0), (-1, 0)])
def test_a_leak_by_half_truncates_toward_zero(charge: int, left: int) -> None:
    # step 0 charges the membrane, step 1 leaks it by half; the second neuron fires if it holds ``left``
    low, high = (
        Population("a", (1,), "lif", 0.5, left + 100.0),
        Population("b", (1,), "lif", 0.5, left + 101.0),
    )
    weights = np.array([[charge, 100]], np.int16)
    populations = (Population("in", (2,), "input"), low, high, Population("out", (2,), "readout"))
    spread = (np.array([[1], [0]], np.int8), np.array([[0], [1]], np.int8))
    projections = (
        dense("in", "a", weights), dense("in", "b", weights),
        dense("a", "out", spread[0]), dense("b", "out", spread[1]),
    )  # fmt: skip
    network = Network("leak", populations, projections, "out", 2, "spikes", integer=True)
    network.verify()
    trace = run(network, np.array([[[1, 0], [0, 1]]], np.int32))
    assert trace.outputs[0, 1].tolist() == [1, 0]


@pytest.mark.parametrize("coding", ["spikes", "frames"])
def test_large_integers_stay_exact(coding: str) -> None:
    # sums near 2^30, where float32 has steps of 64
    rng = np.random.default_rng(8)
    weights = rng.integers(-(2**22), 2**22, (30, 12))
    network = integer_chain(np.int32, 0.5, weights, timesteps=4, threshold=123457.0, coding=coding)
    assert equal_to_torch(network, by_torch.inputs_for(network, rng, 3))


def refused_range(network: Network, inputs: NDArray[Any]) -> None:
    with pytest.raises(HwsimError, match=r"population 'a': its integer sums may reach \d+, beyond int32"):
        execute(network, encode(network, inputs))


def test_weights_that_could_overflow_are_refused() -> None:
    # 8 weights of 2^27 over 2 steps may reach 2^31
    network = integer_chain(np.int32, 1.0, np.full((1, 8), 2**27), timesteps=2)
    refused_range(network, np.zeros((1, 2, 8), np.int32))


def test_weights_that_stay_within_int32_are_executed() -> None:
    # 7 weights of 2^27 over 2 steps reach 7 * 2^28 < 2^31
    network = integer_chain(np.int32, 1.0, np.full((1, 7), 2**27), timesteps=2, threshold=2.0**27)
    assert equal_to_torch(network, np.ones((1, 2, 7), np.int32))


def test_large_inputs_are_refused() -> None:
    network = integer_chain(np.int8, 1.0, [[100]], timesteps=1, coding="frames")
    refused_range(network, np.array([[2**25]], np.int32))


def test_two_biases_that_overflow_together_are_refused() -> None:
    network = integer_chain(np.int32, 1.0, [[1]], [2**30], timesteps=1)
    (one,) = network.projections
    doubled = replace(network, projections=(one, replace(one, name="again")))
    refused_range(doubled, np.zeros((1, 1, 1), np.int32))


def test_the_smallest_int32_as_an_input_is_refused() -> None:
    # |-2^31| does not fit int32
    network = integer_chain(np.int8, 1.0, [[2]], timesteps=1, coding="frames")
    refused_range(network, np.array([[-(2**31)]], np.int64))


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, 2**40, 1e12])
def test_inputs_beyond_int32_are_refused(value: float) -> None:
    network = integer_chain(np.int8, 1.0, [[1]], timesteps=1, coding="frames")
    with pytest.raises(HwsimError):
        execute(network, encode(network, np.array([[value]])))


def test_broken_numbers_are_refused_by_an_integer_network() -> None:
    network = integer_chain(np.int8, 1.0, [[1, 1]], timesteps=1, coding="frames")
    with pytest.raises(HwsimError, match="computes in integers; its inputs must be integers"):
        encode(network, np.array([[1.0, 0.5]]))
