"""Where the windows of convolutions and pools lie: sizes and taps in one dimension or two."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Pair = tuple[int, int]


def output_plane(plane: Pair, kernel: Pair, stride: Pair, padding: Pair) -> Pair:
    """floor((size + 2 * padding - kernel) / stride) + 1 for height and width."""
    h, w = ((n + 2 * p - k) // s + 1 for n, k, s, p in zip(plane, kernel, stride, padding, strict=True))
    return h, w


@lru_cache(1024)
def output_taps(size: int, kernel: int, stride: int, padding: int, size_out: int) -> NDArray[np.int32]:
    """Output row (y + padding - k) / stride of each input row y and kernel row k, or -1; (size, kernel)."""
    reach = np.arange(size)[:, None] + padding - np.arange(kernel)[None, :]
    out = reach // stride
    valid = (reach >= 0) & (reach % stride == 0) & (out < size_out)
    taps = np.where(valid, out, -1).astype(np.int32)
    taps.flags.writeable = False
    return taps


@lru_cache(1024)
def windows(plane: Pair, kernel: Pair, stride: Pair, padding: Pair, plane_out: Pair) -> NDArray[np.int64]:
    """How many output windows contain each input position, flat (height * width)."""
    rows, columns = (
        (output_taps(*axis) >= 0).sum(axis=1)
        for axis in zip(plane, kernel, stride, padding, plane_out, strict=True)
    )
    contained = np.outer(rows, columns).ravel()
    contained.flags.writeable = False
    return contained
