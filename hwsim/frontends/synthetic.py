"""Inputs for networks that come without any: drawn from a seed, of no data set."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.network import Coding

SEED = 0


def synthetic_inputs(
    shape: tuple[int, ...], samples: int, seed: int = SEED, coding: Coding = "frames", timesteps: int = 1
) -> NDArray[np.float32]:
    """Values from 0 to 1 of shape (samples, *shape); the first samples are the same for any number.

    Spikes and series are of shape (samples, timesteps, *shape): a series has new values at every step; as
    spikes an element of one still image fires at every step with half its value as the probability.

    Planes are noise whose amplitude falls with frequency as 1/f, as that of photographs does
    (Field 1987), half of it common to all channels, stretched to 0..1 per image; flat inputs are uniform.
    """
    made: list[NDArray[Any]] = []
    for i in range(samples):
        rng = np.random.default_rng((seed, i))
        if coding == "frames":
            made.append(_one(shape, rng))
        elif coding == "series":
            made.append(np.stack([_one(shape, rng) for _ in range(timesteps)]))
        else:
            made.append(rng.random((timesteps, *shape)) < 0.5 * _one(shape, rng))
    return np.stack(made).astype(np.float32)


def _one(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float64]:
    if len(shape) != 3:
        return rng.random(shape)
    _, height, width = shape
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    frequency = np.hypot(rows, columns)
    fall = np.divide(1.0, frequency, out=np.zeros_like(frequency), where=frequency > 0)
    noise = rng.standard_normal((1, height, width)) + rng.standard_normal(shape)
    image = np.fft.irfft2(np.fft.rfft2(noise) * fall, s=(height, width))
    low, high = image.min(), image.max()
    return (image - low) / (high - low) if high > low else np.full(shape, 0.5)
