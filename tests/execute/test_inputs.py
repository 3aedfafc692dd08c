"""Which inputs the executor takes, and which it refuses."""

from typing import Any

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode
from tests.examples import small_network


@pytest.mark.parametrize("shape", [(2, 4, 4), (1, 4, 4, 2), (1, 2, 4, 5), (1, 3, 2, 4, 4), (32,)])
def test_frames_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    network = small_network("frames")
    with pytest.raises(HwsimError, match=r"'small' takes frames of shape \(samples, 2, 4, 4\)") as caught:
        encode(network, np.zeros(shape, np.float32))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", [(1, 2, 4, 4), (1, 2, 2, 4, 4), (3, 2, 4, 4)])
def test_spikes_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(HwsimError, match=r"'small' takes spikes of shape \(samples, 3, 2, 4, 4\)"):
        encode(small_network(), np.zeros(shape, np.float32))


def test_a_series_of_another_shape_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"'small' takes series of shape \(samples, 3, 2, 4, 4\)"):
        encode(small_network("series"), np.zeros((1, 2, 4, 4), np.float32))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_inputs_that_are_not_finite_are_refused(value: float) -> None:
    image = np.zeros((1, 2, 4, 4))
    image[0, 1, 2, 3] = value
    with pytest.raises(HwsimError, match="not finite numbers"):
        encode(small_network("frames"), image)


def test_inputs_that_float32_cannot_hold_are_refused() -> None:
    with pytest.raises(HwsimError, match="not finite numbers"):
        encode(small_network("frames"), np.full((1, 2, 4, 4), 1e300))


@pytest.mark.parametrize("dtype", [np.complex64, np.dtype("U1"), object])
def test_inputs_that_are_not_numbers_are_refused(dtype: Any) -> None:
    with pytest.raises(HwsimError, match="not finite numbers"):
        encode(small_network("frames"), np.zeros((1, 2, 4, 4), np.int8).astype(dtype))


@pytest.mark.parametrize("value", [2, -1, 0.5])
def test_spikes_other_than_one_are_refused(value: float) -> None:
    spikes = np.zeros((1, 3, 2, 4, 4))
    spikes[0, 2, 1, 3, 3] = value
    with pytest.raises(HwsimError, match="spike inputs must be 0 or 1"):
        encode(small_network(), spikes)


def test_no_sample_at_all_is_refused() -> None:
    with pytest.raises(HwsimError, match="inputs hold no sample"):
        encode(small_network("frames"), np.zeros((0, 2, 4, 4), np.float32))


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float64])
def test_spikes_may_come_in_any_numeric_type(dtype: Any) -> None:
    spikes = (np.arange(96).reshape(1, 3, 2, 4, 4) % 3 == 0).astype(dtype)
    found = encode(small_network(), spikes)
    assert np.array_equal(found.dense(32).reshape(spikes.shape), spikes)
