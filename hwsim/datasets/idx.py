"""idx files of MNIST and Fashion-MNIST: big-endian magic 0x0000 08 dimensions, sizes, bytes; .gz as well."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.files import capacity, read_bytes, read_start
from hwsim.datasets.values import Split
from hwsim.errors import HwsimError

BYTES = 0x08
"""Type code of unsigned bytes, the only one in these data sets."""

STANDARD = tuple(
    f"{name}|{name}.gz|{name.replace('-idx', '.idx')}|{name.replace('-idx', '.idx')}.gz"
    for name in (
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    )
)
"""The four files, as they are named where they come from and as some tools unpack them."""


def read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """The array of one file. Raises HwsimError where header and length of the file disagree."""
    start = 4 + 4 * dimensions
    header = read_start(path, start)
    if len(header) < start or header[:4] != bytes((0, 0, BYTES, dimensions)):
        raise HwsimError(
            f"{path}: starts with {header[:4].hex() or 'nothing'} and has {len(header)} bytes of header; "
            f"expected {bytes((0, 0, BYTES, dimensions)).hex()} and {start}"
        )
    shape = struct.unpack(f">{dimensions}I", header[4:])
    claimed = start + math.prod(shape)
    if claimed > capacity(path):
        raise HwsimError(
            f"{path}: claims shape {shape}, {claimed} bytes; the file holds {capacity(path)} at most"
        )
    content = read_bytes(path, claimed)
    if len(content) != claimed:
        raise HwsimError(f"{path}: claims shape {shape}, {claimed} bytes; it holds {len(content)}")
    array: NDArray[np.uint8] = np.frombuffer(content, np.uint8, offset=start).reshape(shape)
    return array


def read_idx_splits(paths: list[Path]) -> tuple[Split, Split]:
    """Train and test of the files of STANDARD, in its order; images (N, 1, H, W)."""
    arrays: list[NDArray[Any]] = [read_idx(path, 1 + 2 * (k % 2 == 0)) for k, path in enumerate(paths)]
    for k in (0, 2):
        if len(arrays[k]) != len(arrays[k + 1]):
            raise HwsimError(
                f"{paths[k]} has {len(arrays[k])} images, {paths[k + 1]} {len(arrays[k + 1])} labels"
            )
    x_train, y_train, x_test, y_test = arrays
    return (
        Split(x_train[:, None], y_train.astype(np.int64)),
        Split(x_test[:, None], y_test.astype(np.int64)),
    )
