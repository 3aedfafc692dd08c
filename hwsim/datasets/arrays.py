""".npz files of plain arrays: x_train, y_train, x_test, y_test, or images and labels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.npz import need, read_npz, whole
from hwsim.datasets.values import IGNORED, Dataset, Kind, Split
from hwsim.errors import HwsimError

TEST_SHARE = 5
"""One sample of so many is of the test split where a file has no split of its own."""

FEWEST = 1000
"""Classes that any file may have; more must not outnumber its samples."""

NO_LABEL = 255
"""Label of a step without one in qtdb_ecg_spikes."""


def read_arrays(path: Path, classes: int | None = None, name: str = "") -> Dataset:
    """Images (N, H, W), (N, H, W, C) or (N, C, H, W) and series (N, T, C) of one file.

    Arrays of bytes in 3 dimensions are grey images, of others series; C is 1 or 3. Without ``classes`` they
    are the largest label and one. Without splits every fifth sample of each class is of the test split.
    """
    arrays = read_npz(path)
    if "x_train" in arrays:
        x_train, y_train, x_test, y_test = need(path, arrays, "x_train", "y_train", "x_test", "y_test")
        splits = [(x_train, y_train, "train"), (x_test, y_test, "test")]
    elif "images" in arrays:
        images, labels = need(path, arrays, "images", "labels")
        labels = whole(path, "labels", labels)
        _check_lengths(path, "images", images, labels)
        held = held_out(labels)
        splits = [(images[~held], labels[~held], "train"), (images[held], labels[held], "test")]
    else:
        raise HwsimError(
            f"{path}: has {', '.join(sorted(arrays)) or 'no arrays'}; "
            "allowed are x_train, y_train, x_test and y_test, or images and labels"
        )
    train, test = (_split(path, x, y, which, arrays) for x, y, which in splits)
    steps = train.labels.ndim == 2
    kind: Kind = "steps" if steps else "images" if train.arrays.ndim == 4 else "series"
    found = 1 + int(max(train.labels.max(initial=0), test.labels.max(initial=0)))
    if found > max(FEWEST, len(train) + len(test)):
        raise HwsimError(f"{path}: labels reach {found - 1}; there are {len(train) + len(test)} samples")
    if (train.arrays.dtype == np.uint8) != (test.arrays.dtype == np.uint8):
        raise HwsimError(
            f"{path}: x_train is {train.arrays.dtype}, x_test {test.arrays.dtype}; both or none may be bytes"
        )
    return Dataset(
        name=name or path.stem,
        kind=kind,
        train=train,
        test=test,
        classes=classes or found,
        shape=train.arrays.shape[1:],
        source=str(path),
        license="unknown",
        note="",
    )


def held_out(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Every fifth sample of each class, in the order of the file (N,): the same split at every reading."""
    order = np.argsort(labels, kind="stable")
    first = np.searchsorted(labels[order], labels[order])
    held = np.zeros(len(labels), bool)
    held[order] = (np.arange(len(labels)) - first) % TEST_SHARE == TEST_SHARE - 1
    return held


def channels_first(path: Path, name: str, x: NDArray[Any]) -> NDArray[Any]:
    """Images as (N, C, H, W) and series as (N, T, C); raises HwsimError for any other dtype or shape."""
    if x.dtype.kind not in "iuf":
        raise HwsimError(f"{path}: {name} is {x.dtype}; allowed are whole numbers and floats")
    if x.dtype.kind == "f":
        if not np.isfinite(x).all():
            raise HwsimError(f"{path}: {name} has values that are not finite")
        with np.errstate(over="ignore", invalid="ignore"):
            x = x.astype(np.float32, copy=False)
        if not np.isfinite(x).all():
            raise HwsimError(f"{path}: {name} has values beyond 32-bit floats")
    if x.size == 0:
        raise HwsimError(f"{path}: {name} is empty, {x.shape}")
    if x.ndim == 3:
        return x[:, None] if x.dtype == np.uint8 else x
    if x.ndim == 4 and x.shape[1] in (1, 3):
        return x
    if x.ndim == 4 and x.shape[3] in (1, 3):
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    raise HwsimError(
        f"{path}: {name} is {x.shape}; allowed are (N, H, W), (N, C, H, W) and (N, H, W, C) "
        "with 1 or 3 channels, and series (N, T, C)"
    )


def _split(
    path: Path, x: NDArray[Any], y: NDArray[Any], which: str, arrays: dict[str, NDArray[Any]]
) -> Split:
    labels = whole(path, f"y_{which}", y, 2 if y.ndim == 2 else 1)
    inputs = channels_first(path, f"x_{which}", x)
    _check_lengths(path, f"x_{which}", inputs, labels)
    if labels.ndim == 2:
        if labels.shape != inputs.shape[:2]:
            raise HwsimError(f"{path}: y_{which} is {labels.shape}; a label every step is {inputs.shape[:2]}")
        labels[labels == NO_LABEL] = IGNORED
    lengths = None
    if f"len_{which}" in arrays:
        lengths = whole(path, f"len_{which}", arrays[f"len_{which}"])
        low, high = lengths.min(initial=1), lengths.max(initial=0)
        if len(lengths) != len(labels) or low < 1 or high > inputs.shape[1]:
            raise HwsimError(
                f"{path}: len_{which} has {len(lengths)} values from {low} to {high}; "
                f"allowed are {len(labels)} from 1 to {inputs.shape[1]}"
            )
    return Split(inputs, labels, lengths)


def _check_lengths(path: Path, name: str, x: NDArray[Any], labels: NDArray[np.int64]) -> None:
    if x.ndim == 0 or len(x) != len(labels):
        raise HwsimError(f"{path}: {name} is {x.shape} and has {len(labels)} labels; lengths must agree")
