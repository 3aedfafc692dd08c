"""Images as what a network sees at each of T steps (T, B, ...): direct, Poisson and latency coding.

Events are binned by :meth:`hwsim.datasets.events.Events.frames`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError


def unit(images: NDArray[Any]) -> NDArray[np.float32]:
    """Intensities in [0, 1] float32: bytes are divided by 255. Raises HwsimError for values outside."""
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    values = images.astype(np.float32, copy=False)
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise HwsimError(f"intensities span {values.min()} to {values.max()}; allowed are 0 to 1, or bytes")
    return values


def direct(images: NDArray[Any], timesteps: int) -> NDArray[np.float32]:
    """x[t] = image in [0, 1] at every step: a view (T, B, ...) float32 that takes no memory of its own."""
    values = unit(images)
    return np.broadcast_to(values, (_steps(timesteps), *values.shape))


def poisson(images: NDArray[Any], timesteps: int, seed: int | np.random.Generator = 0) -> NDArray[np.uint8]:
    """x[t] = 1 where u[t] < image in [0, 1], u uniform in [0, 1) and independent (T, B, ...) uint8.

    A pixel of intensity p spikes p T times on average, with variance T p (1 - p).
    """
    values = unit(images)
    rng = np.random.default_rng(seed)
    drawn = rng.random((_steps(timesteps), *values.shape), np.float32)
    return (drawn < values).view(np.uint8)


def latency(images: NDArray[Any], timesteps: int, threshold: float = 0.0) -> NDArray[np.uint8]:
    """One spike of each pixel p above ``threshold``, the brighter the earlier (T, B, ...) uint8.

    x[t] = 1 at t = round((T - 1) (1 - p)): intensity 1 spikes at step 0, the least at T - 1; those at or
    below the threshold never do.
    """
    values = unit(images)
    first = np.rint((_steps(timesteps) - 1) * (1 - values)).astype(np.int32)
    first[values <= threshold] = timesteps
    step = np.arange(timesteps, dtype=np.int32).reshape(-1, *(1,) * values.ndim)
    spikes: NDArray[np.bool_] = first == step
    return spikes.view(np.uint8)


def _steps(timesteps: int) -> int:
    if timesteps < 1:
        raise HwsimError(f"timesteps is {timesteps}; allowed are 1 and more")
    return timesteps


ENCODINGS: dict[str, Callable[..., NDArray[Any]]] = {"direct": direct, "poisson": poisson, "latency": latency}
