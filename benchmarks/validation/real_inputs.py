"""Inputs of row 7: a few real images, recordings and series, as the networks of the zoo take them."""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.validation.rows import DATA
from hwsim.datasets.encoding import poisson, unit
from hwsim.datasets.events import Events
from hwsim.datasets.load import load_dataset
from hwsim.datasets.values import Split

Values = NDArray[np.float32]

HELD = 8
"""Samples of a data set that are kept."""

BRIGHTEST = 0.128
"""Spikes a step of the brightest pixel: 128 Hz at 1 ms, as tinySNN's networks are driven."""


@cache
def split(name: str) -> Split:
    """The first samples of a test split."""
    return load_dataset(name, DATA / "data").test.take(slice(0, HELD))


def cifar10(samples: int, _: int) -> Values:
    return unit(split("cifar10_jpeg_20k_10k").arrays[:samples])


def mnist(samples: int, _: int) -> Values:
    return unit(split("mnist").arrays[:samples])


def mnist_poisson(samples: int, steps: int) -> Values:
    """(samples, steps, 784): spikes at rates in proportion to the pixels."""
    drawn = poisson(mnist(samples, steps) * np.float32(BRIGHTEST), steps)
    return drawn.reshape(steps, samples, -1).swapaxes(0, 1).astype(np.float32)


def nmnist(samples: int, steps: int) -> Values:
    """(samples, steps, 2, 32, 32): whether a pixel had an event; the outermost pixels are left out."""
    recorded = split("nmnist_1100").inputs
    assert isinstance(recorded, Events)
    frames = recorded[:samples].frames(steps, binary=True)[..., 1:33, 1:33]
    return frames.swapaxes(0, 1).astype(np.float32)


def series(name: str) -> Callable[[int, int], Values]:
    """(samples, steps, channels) of a data set of series, from the first step on."""
    return lambda samples, steps: split(name).arrays[:samples, :steps].astype(np.float32)


SOURCES: dict[str, Callable[[int, int], Values]] = {
    "CIFAR10 (JPEG)": cifar10,
    "MNIST": mnist,
    "MNIST, Poisson spikes": mnist_poisson,
    "N-MNIST": nmnist,
    "spoken digits (FSDD)": series("fsdd_audio"),
    "Japanese vowels": series("japanese_vowels"),
    "HAPT": series("uci_hapt"),
}
"""By what the page calls the data: ``samples`` of them at ``steps``."""
