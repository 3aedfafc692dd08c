"""Real data sets of the directory that HWSIM_DATA names, by what is known of them."""

import os
from pathlib import Path

import numpy as np
import pytest

from hwsim.datasets import IGNORED, Dataset, Events, load_dataset
from hwsim.datasets.load import find_dataset

DATA = Path(os.environ.get("HWSIM_DATA", Path(__file__).resolve().parents[2].parent / "shared")) / "data"

COUNTS = {
    "cifar10_jpeg_20k_10k": (20_000, 10_000),
    "mnist": (60_000, 10_000),
    "fashion_mnist_30k_10k": (30_000, 10_000),
    "nmnist_1100": (1000, 100),
    "fsdd_audio": (2700, 300),
    "japanese_vowels": (270, 370),
    "qtdb_ecg_spikes": (618, 141),
    "uci_hapt": (7143, 2874),
}


def loaded(name: str) -> Dataset:
    if find_dataset(name, DATA) is None:
        pytest.skip(f"{name} is not in {DATA}: HWSIM_DATA names the directory that holds data")
    return load_dataset(name, DATA)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow if "jpeg" in n else ()) for n in COUNTS]
)
def test_both_splits_have_their_samples_and_every_class(name: str) -> None:
    data = loaded(name)
    assert (len(data.train), len(data.test)) == COUNTS[name]
    for split in (data.train, data.test):
        assert set(np.unique(split.labels)) - {IGNORED} == set(range(data.classes))


def test_events_of_n_mnist_lie_within_their_third_of_a_second() -> None:
    data = loaded("nmnist_1100")
    assert isinstance(data.train.inputs, Events)
    assert isinstance(data.test.inputs, Events)
    # what its card says: 4,518,827 events in all
    assert len(data.train.inputs.t_us) + len(data.test.inputs.t_us) == 4_518_827
    frames = data.test.inputs.frames(35, bin_us=10_000)
    assert frames.sum() == len(data.test.inputs.t_us)


def test_windows_of_walking_are_normalized_by_the_training_split() -> None:
    data = loaded("uci_hapt")
    x = data.train.arrays.astype(np.float64)
    assert np.allclose(x.mean((0, 1)), 0, atol=1e-5)
    assert np.allclose(x.std((0, 1)), 1, atol=1e-5)
    assert not np.allclose(data.test.arrays.mean((0, 1)), 0, atol=1e-3)


def test_spoken_digits_are_told_apart_by_where_and_when_they_spike() -> None:
    # the nearest class mean of counts in eight bins of time: chance is 10 %
    data = loaded("fsdd_audio")

    def counts(spikes: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return spikes.reshape(len(spikes), 8, 10, 40).sum(2).reshape(len(spikes), -1).astype(float)

    train, test = counts(data.train.arrays), counts(data.test.arrays)
    means = np.stack([train[data.train.labels == k].mean(0) for k in range(10)])
    nearest = ((test[:, None] - means) ** 2).sum(2).argmin(1)
    assert (nearest == data.test.labels).mean() > 0.6
    assert 0.02 < data.train.arrays.mean() < 0.3
