"""Accelerations and turns of a phone at the waist: windows of the recordings behind UCI HAR."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from hwsim.datasets.npz import need, read_npz, whole
from hwsim.datasets.values import Split
from hwsim.errors import HwsimError

WINDOW = 128
HOP = 64
"""Steps of 20 ms: 2.56 s, half of them shared with the next window."""

CLASSES = 6
"""Labels 1 to 6: walking, upstairs, downstairs, sitting, standing, lying. Transitions, 7 to 12, are out."""

TEST_USERS = (2, 4, 9, 10, 12, 13, 18, 20, 24)
"""The subjects of UCI HAR's test split."""


def read_hapt(paths: list[Path]) -> tuple[Split, Split]:
    """Windows (N, 128, 6) float32 of one label each, split by subject.

    Channels are three accelerations and three turn rates, less the mean of the training split and over its
    standard deviation.
    """
    path = paths[0]
    signals, labels, offsets, users, scale = need(
        path, read_npz(path), "sig", "label", "offset", "user", "scale"
    )
    offsets = whole(path, "offset", offsets)
    users = whole(path, "user", users)
    labels = whole(path, "label", labels)
    bounds = len(offsets) == len(users) + 1 and offsets[0] == 0 and offsets[-1] == len(signals)
    if any(a.dtype.kind not in "iuf" or not np.isfinite(a).all() for a in (signals, scale)):
        raise HwsimError(f"{path}: sig is {signals.dtype}, scale {scale.dtype}; expected finite numbers")
    if signals.ndim != 2 or scale.shape != signals.shape[1:] or len(labels) != len(signals):
        raise HwsimError(
            f"{path}: sig is {signals.shape}, scale {scale.shape}, label {labels.shape}; expected (N, C), "
            "(C,) and (N,)"
        )
    if not bounds or (np.diff(offsets) < 0).any():
        raise HwsimError(f"{path}: offset must rise from 0 to {len(signals)}, one recording a user")
    starts = np.concatenate([np.arange(a, b - WINDOW + 1, HOP) for a, b in pairwise(offsets)])
    changes = np.concatenate([[0], np.cumsum(np.diff(labels) != 0)])
    one = changes[starts] == changes[starts + WINDOW - 1]
    starts = starts[one & (labels[starts] >= 1) & (labels[starts] <= CLASSES)]
    if not len(starts):
        raise HwsimError(f"{path}: has no window of {WINDOW} steps with one label from 1 to {CLASSES}")
    windows = signals[starts[:, None] + np.arange(WINDOW)] * scale.astype(np.float32)
    windows = windows.astype(np.float32, copy=False)
    test = np.isin(users[np.searchsorted(offsets, starts, side="right") - 1], TEST_USERS)
    if test.all() or not test.any():
        raise HwsimError(f"{path}: users must be of both splits; those of test are {TEST_USERS}")
    mean = windows[~test].mean((0, 1), dtype=np.float64)
    spread = windows[~test].std((0, 1), dtype=np.float64)
    windows = ((windows - mean) / np.maximum(spread, 1e-12)).astype(np.float32)
    classes = labels[starts] - 1
    return Split(windows[~test], classes[~test]), Split(windows[test], classes[test])
