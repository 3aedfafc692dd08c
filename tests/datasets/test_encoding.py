"""Codes of images and bins of events, against their equations."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwsim.datasets import Events
from hwsim.datasets.encoding import ENCODINGS, direct, latency, poisson
from hwsim.errors import HwsimError

BYTES = arrays(np.uint8, st.tuples(*[st.integers(1, 4)] * 4))


@given(BYTES, st.integers(1, 9))
def test_direct_coding_is_the_image_at_every_step(images: Any, timesteps: int) -> None:
    coded = direct(images, timesteps)
    assert coded.shape == (timesteps, *images.shape)
    assert (coded == (images / 255).astype(np.float32)).all()
    assert coded.strides[0] == 0  # one image in memory, however many steps


@given(st.floats(0, 1, width=32), st.integers(0, 99))
@settings(max_examples=30)
def test_poisson_coding_spikes_at_the_rate_of_the_intensity(level: float, seed: int) -> None:
    # of n = 20,000 draws the count is n p within five standard deviations sqrt(n p (1 - p))
    n = 20_000
    count = poisson(np.full((1, 1, 1, 10), level, np.float32), n // 10, seed).sum()
    assert abs(count - n * level) <= 5 * np.sqrt(n * level * (1 - level)) + 1e-3


def test_poisson_coding_is_the_same_for_the_same_seed_alone() -> None:
    images = np.full((2, 1, 8, 8), 128, np.uint8)
    assert np.array_equal(poisson(images, 8, 3), poisson(images, 8, 3))
    assert not np.array_equal(poisson(images, 8, 3), poisson(images, 8, 4))
    rng = np.random.default_rng(3)
    assert np.array_equal(poisson(images, 8, rng), poisson(images, 8, 3))
    assert not np.array_equal(poisson(images, 8, rng), poisson(images, 8, 3))  # the generator went on


@given(BYTES, st.integers(1, 9))
def test_latency_coding_spikes_once_and_the_brighter_the_earlier(images: Any, timesteps: int) -> None:
    spikes = latency(images, timesteps)
    assert spikes.dtype == np.uint8
    assert np.array_equal(spikes.sum(0), images > 0)
    step = np.where(images > 0, spikes.argmax(0), timesteps).ravel()
    order = np.argsort(images.ravel(), kind="stable")
    assert (np.diff(step[order]) <= 0).all()


def test_latency_coding_of_four_levels_by_hand() -> None:
    # T = 5: step round(4 (1 - p)) of p = 1, 0.5, 0.25, and none at the threshold
    images = np.array([[1.0, 0.5, 0.25, 0.1]], np.float32)
    spikes = latency(images, 5, threshold=0.1)
    assert np.argwhere(spikes).tolist() == [[0, 0, 0], [2, 0, 1], [3, 0, 2]]


@pytest.mark.parametrize("name", ENCODINGS)
def test_intensities_and_steps_are_checked(name: str) -> None:
    with pytest.raises(HwsimError, match=r"intensities span 0.0 to 2.0; allowed are 0 to 1"):
        ENCODINGS[name](np.array([0.0, 2.0]), 2)
    with pytest.raises(HwsimError, match="timesteps is 0"):
        ENCODINGS[name](np.zeros((1, 1), np.uint8), 0)


def recording() -> Events:
    """Two samples on a sensor of 2 x 2 pixels and two polarities: four events and one; a third is empty."""
    return Events(
        t_us=np.array([0, 9, 10, 39, 5], np.uint32),
        x=np.array([0, 0, 1, 1, 0], np.uint8),
        y=np.array([0, 0, 0, 1, 1], np.uint8),
        p=np.array([0, 0, 1, 1, 0], np.uint8),
        offsets=np.array([0, 4, 5, 5]),
        sensor=(2, 2, 2),
    )


def nonzero(frames: Any) -> dict[tuple[int, ...], int]:
    """Counts by (t, sample, p, y, x)."""
    return {tuple(k): int(frames[tuple(k)]) for k in np.argwhere(frames).tolist()}


def test_events_are_counted_in_bins_of_time() -> None:
    # bins of 10 us: events of sample 0 at 0 and 9 are in bin 0, 10 in bin 1, 39 in bin 3
    frames = recording().frames(4, bin_us=10)
    assert frames.shape == (4, 3, 2, 2, 2)
    assert nonzero(frames) == {(0, 0, 0, 0, 0): 2, (1, 0, 1, 0, 1): 1, (3, 0, 1, 1, 1): 1, (0, 1, 0, 1, 0): 1}
    assert nonzero(recording().frames(2, bin_us=10)).keys() == nonzero(frames).keys() - {(3, 0, 1, 1, 1)}
    assert recording().frames(4, bin_us=10, binary=True).max() == 1


def test_without_a_bin_each_sample_fills_all_steps() -> None:
    # sample 0 ends at 39: floor(2 t / 40) is 0, 0, 0, 1; sample 1 ends at 5: floor(10 / 6) = 1
    frames = recording().frames(2)
    assert nonzero(frames) == {(0, 0, 0, 0, 0): 2, (0, 0, 1, 0, 1): 1, (1, 0, 1, 1, 1): 1, (1, 1, 0, 1, 0): 1}


def test_bins_of_equal_counts_hold_as_many_events() -> None:
    # two of the four events each; the one of sample 1 is in floor(2 * 0 / 1) = 0
    frames = recording().frames(2, equal_counts=True)
    assert nonzero(frames) == {(0, 0, 0, 0, 0): 2, (1, 0, 1, 0, 1): 1, (1, 0, 1, 1, 1): 1, (0, 1, 0, 1, 0): 1}


def test_counts_stop_at_what_a_byte_holds() -> None:
    zero = np.zeros(300, np.uint8)
    frames = Events(zero, zero, zero, zero, np.array([0, 300]), (1, 1, 1)).frames(1)
    assert frames.tolist() == [[[[[255]]]]]


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
@settings(max_examples=40)
def test_every_event_is_in_one_bin_and_samples_do_not_mix(seed: int, timesteps: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 6, 4)
    n = int(counts.sum())
    offsets = np.concatenate([[0], np.cumsum(counts)])
    x, y, p = (rng.integers(0, size, n) for size in (5, 3, 2))
    events = Events(np.sort(rng.integers(0, 99, n)), x, y, p, offsets, (2, 3, 5))
    for frames in (events.frames(timesteps), events.frames(timesteps, equal_counts=True)):
        assert np.array_equal(frames.sum((0, 2, 3, 4)), counts)
    order = rng.permutation(4)
    assert np.array_equal(events[order].frames(timesteps), events.frames(timesteps)[:, order])


def test_wrong_bins_are_refused() -> None:
    for arguments in ({"timesteps": 0}, {"timesteps": 2, "bin_us": 0}):
        with pytest.raises(HwsimError, match="is 0"):
            recording().frames(**arguments)
    with pytest.raises(HwsimError, match="bin_us is 5"):
        recording().frames(2, bin_us=5, equal_counts=True)
