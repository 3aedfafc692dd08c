"""CIFAR-10 and CIFAR-100: the python version (pickles) and the binary version; rows are red, green, blue."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.files import read_bytes
from hwsim.datasets.pickles import MOST, bytes_of, read_pickle
from hwsim.datasets.values import Split
from hwsim.errors import HwsimError

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32

PYTHON_10 = (*(f"data_batch_{k}" for k in range(1, 6)), "test_batch")
BINARY_10 = tuple(f"{name}.bin" for name in PYTHON_10)
PYTHON_100 = ("train", "test")
BINARY_100 = ("train.bin", "test.bin")


def read_python_10(paths: list[Path]) -> tuple[Split, Split]:
    """Splits of the files of PYTHON_10, in its order."""
    return _split([_pickled(path, "labels") for path in paths])


def read_python_100(paths: list[Path]) -> tuple[Split, Split]:
    """Splits of the files of PYTHON_100, in its order, with the 100 fine labels."""
    return _split([_pickled(path, "fine_labels") for path in paths])


def read_binary_10(paths: list[Path]) -> tuple[Split, Split]:
    """Splits of the files of BINARY_10: rows of a label and 3,072 pixels."""
    return _split([_binary(path, labels=1) for path in paths])


def read_binary_100(paths: list[Path]) -> tuple[Split, Split]:
    """Splits of the files of BINARY_100: rows of a coarse label, a fine label and 3,072 pixels."""
    return _split([_binary(path, labels=2) for path in paths])


def _split(batches: list[Split]) -> tuple[Split, Split]:
    """All batches but the last as one, and the last."""
    *train, test = batches
    images = np.concatenate([batch.arrays for batch in train])
    return Split(images, np.concatenate([batch.labels for batch in train])), test


def _pickled(path: Path, which: str) -> Split:
    batch = read_pickle(path)
    missing = [name for name in ("data", which) if name not in batch]
    if missing:
        raise HwsimError(
            f"{path}: lacks {', '.join(missing)}; it has {', '.join(sorted(batch)) or 'nothing'}"
        )
    rows, labels = bytes_of(path, "data", batch["data"]), batch[which]
    if not isinstance(labels, list) or not all(type(k) is int and 0 <= k < 100 for k in labels):
        raise HwsimError(f"{path}: {which} is no list of labels from 0 to 99")
    if rows.shape != (len(labels), PIXELS):
        raise HwsimError(f"{path}: data is {rows.shape}; expected {(len(labels), PIXELS)}, a row a label")
    return Split(rows.reshape(-1, *SHAPE), np.array(labels, np.int64))


def _binary(path: Path, labels: int) -> Split:
    content = read_bytes(path, MOST)
    row = labels + PIXELS
    if not content or len(content) % row:
        raise HwsimError(f"{path}: has {len(content)} bytes; expected rows of {row}")
    rows: NDArray[np.uint8] = np.frombuffer(content, np.uint8).reshape(-1, row)
    return Split(rows[:, labels:].reshape(-1, *SHAPE), rows[:, labels - 1].astype(np.int64))
