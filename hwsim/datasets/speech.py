"""Spoken digits (FSDD) as spikes of a filter bank, each channel a leaky integrator that fires.

A clip is cut into windows of WINDOW samples every HOP; S[t, f] is the power spectrum of window t under a Hann
window, and P[t, c] = sum_f M[c, f] S[t, f] that in band c of CHANNELS triangles that are evenly spaced on the
mel scale, 2595 log10(1 + f / 700). The upper RANGE_DB of a clip become a current of 0 to 1, which drives the
integrator of each band:

    E[t, c] = max(0, 1 + 10 log10(P[t, c] / max P) / RANGE_DB)
    u[t] = LEAK u[t-1] + GAIN E[t],  spike[t] = u[t] >= 1,  u[t] -= spike[t]
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.npz import need, read_npz, whole
from hwsim.datasets.values import Split
from hwsim.errors import HwsimError

RATE = 8000
WINDOW = 256
HOP = 80
CHANNELS = 40
STEPS = 80
"""Steps of 10 ms: the first 0.8 s of a clip, which all but few are shorter than."""

LOW_HZ, HIGH_HZ = 100.0, 4000.0
RANGE_DB = 40.0
LEAK = 0.9
GAIN = 1.0


def read_fsdd(paths: list[Path]) -> tuple[Split, Split]:
    """Spikes (N, STEPS, CHANNELS) uint8 of pcm, offset, label and is_test; lengths are each clip's steps."""
    path = paths[0]
    pcm, offsets, labels, test = need(path, read_npz(path), "pcm", "offset", "label", "is_test")
    offsets, labels = whole(path, "offset", offsets), whole(path, "label", labels)
    if pcm.dtype != np.int16 or pcm.ndim != 1:
        raise HwsimError(f"{path}: pcm is {pcm.dtype} {pcm.shape}; expected int16 samples")
    if test.dtype != bool or not len(test) == len(labels) == len(offsets) - 1:
        raise HwsimError(
            f"{path}: {len(offsets) - 1} clips, {len(labels)} labels, {len(test)} of is_test ({test.dtype}); "
            "lengths must agree, and is_test be true or false"
        )
    if offsets[0] != 0 or offsets[-1] != len(pcm) or (np.diff(offsets) < 1).any():
        raise HwsimError(f"{path}: offset must rise from 0 to the {len(pcm)} samples of pcm")
    spikes = fire(energies(pcm, offsets))
    lengths = np.minimum(-(-np.diff(offsets) // HOP), STEPS)
    both = Split(spikes, labels, lengths)
    return both.take(~test), both.take(test)


def bank() -> NDArray[np.float32]:
    """M (CHANNELS, WINDOW / 2 + 1): triangles of height 1 between the centers of their neighbors."""
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, CHANNELS + 2) / 2595) - 1)
    f = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rising = (f - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - f) / (edges[2:] - edges[1:-1])[:, None]
    triangles: NDArray[Any] = np.maximum(np.minimum(rising, falling), 0)
    return triangles.astype(np.float32)


def energies(pcm: NDArray[np.int16], offsets: NDArray[np.int64], batch: int = 256) -> NDArray[np.float32]:
    """E (N, STEPS, CHANNELS), 0 to 1; zeros beyond the end of a clip and in silent ones."""
    clips = len(offsets) - 1
    found = np.zeros((clips, STEPS, CHANNELS), np.float32)
    weights, hann = bank().T, np.hanning(WINDOW).astype(np.float32)
    longest = (STEPS - 1) * HOP + WINDOW
    for first in range(0, clips, batch):
        last = min(first + batch, clips)
        sound = np.zeros((last - first, longest), np.float32)
        for row, k in zip(sound, range(first, last), strict=True):
            clip = pcm[offsets[k] : min(offsets[k + 1], offsets[k] + longest)]
            row[: len(clip)] = clip
        windows = np.lib.stride_tricks.sliding_window_view(sound, WINDOW, axis=1)[:, ::HOP]
        power = np.abs(np.fft.rfft(windows * hann, axis=2)).astype(np.float32) ** 2
        bands = power @ weights
        top = bands.max((1, 2), keepdims=True)
        least = np.float32(10 ** (-RANGE_DB / 10))
        share = np.maximum(bands / np.where(top > 0, top, 1), least)
        found[first:last] = 1 + 10 / np.float32(RANGE_DB) * np.log10(share)
    return found


def fire(current: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Spikes (N, T, C) of the leaky integrators that the current drives."""
    spikes = np.zeros(current.shape, np.uint8)
    potential = np.zeros_like(current[:, 0])
    for t in range(current.shape[1]):
        potential *= np.float32(LEAK)
        potential += np.float32(GAIN) * current[:, t]
        fired = potential >= 1
        potential -= fired
        spikes[:, t] = fired
    return spikes
