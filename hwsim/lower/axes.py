"""The axes of a layer's jobs: (sample, group, N-fold, M-fold, pass, K-tile).

Every array over jobs has all six; an axis of length 1 stands for the same value along it.
"""

from dataclasses import dataclass
from functools import lru_cache, reduce
from math import prod
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Axes = tuple[int, ...]

AXES = 6
S, G, N, M, T, K = range(AXES)


def ceil_div(amount: int, unit: int) -> int:
    return -(-amount // unit)


def units(amounts: Ints, unit: int) -> Ints:
    """ceil(amounts / unit)."""
    counted: Ints = -(-amounts // unit)
    return counted


def bursts(size_bytes: Ints, burst: int) -> Ints:
    """burst(x): bytes rounded up to whole bursts."""
    return units(size_bytes, burst) * burst


def along(axis: int, values: Any) -> Ints:
    """A vector laid along one of the axes."""
    shape = [1] * AXES
    shape[axis] = len(values)
    return np.asarray(values, np.int64).reshape(shape)


@lru_cache(4096)
def first(axis: int, length: int) -> Bools:
    """True at index 0 of one axis; not to be written to."""
    return _marked(axis, length, 0)


@lru_cache(4096)
def last(axis: int, length: int) -> Bools:
    """True at the end of one axis; not to be written to."""
    return _marked(axis, length, length - 1)


def _marked(axis: int, length: int, place: int) -> Bools:
    found: Bools = along(axis, range(length)) == place
    found.flags.writeable = False
    return found


def zeros() -> Ints:
    return np.zeros((1,) * AXES, np.int64)


def total(values: Any, shape: Axes) -> int:
    """Sum over all jobs of ``shape``."""
    values = np.asarray(values)
    return int(values.sum()) * (prod(shape) // int(values.size))


def numbered(shape: Axes, order: Axes) -> Ints:
    """0, 1, 2, ... over ``shape``, counting along the axes of ``order``, outermost first."""
    lengths = [shape[axis] for axis in order]
    return np.arange(prod(lengths), dtype=np.int64).reshape(lengths).transpose(np.argsort(order))


@dataclass(frozen=True, eq=False)
class Terms:
    """A value of every job as a sum of products, whose factors vary along different axes."""

    products: tuple[tuple[Ints, ...], ...] = ()

    def __add__(self, other: "Terms") -> "Terms":
        return Terms(self.products + other.products)

    def total(self, shape: Axes) -> int:
        """Sum over all jobs of ``shape``, from the sums of the factors."""
        jobs = prod(shape)
        return sum(
            prod(int(factor.sum()) for factor in product) * (jobs // prod(factor.size for factor in product))
            for product in self.products
        )

    def at(self, tile: int) -> "Terms":
        """Of the jobs of one K-tile."""
        return Terms(
            tuple(
                tuple(f if f.shape[K] == 1 else f[..., [tile]] for f in product) for product in self.products
            )
        )

    def dense(self) -> Ints:
        """The value of each job."""
        return sum((reduce(mul, product) for product in self.products), start=zeros())
