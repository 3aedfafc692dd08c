"""What one core of this machine can do at most of what the executor does."""

import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from numba import njit

CACHED, STREAMED = 1 << 12, 1 << 26
"""Values of a row that stays in the first cache, and of one that passes through memory."""

REPEATS = 9


@njit(fastmath=False)
def add_rows(sums, rows, times):
    """Rows of float32 onto sums, as an event adds the weights of its channel."""
    for i in range(times):
        row = rows[i % len(rows)]
        for k in range(len(sums)):
            sums[k] += row[k]


@dataclass(frozen=True)
class Limits:
    """Of one core: G additions a second of float32 in its cache and through memory, GB/s that it reads."""

    cached_adds_g: float
    streamed_adds_g: float

    @staticmethod
    def measured() -> "Limits":
        return Limits(_rate(CACHED, 4, 20_000), _rate(STREAMED, 1, 1))

    @property
    def sentence(self) -> str:
        return (
            f"Rows of float32 are added at {self.cached_adds_g:.1f} G/s by one core where sums and rows stay "
            f"in "
            f"its cache, at {self.streamed_adds_g:.2f} G/s where they pass through memory, two reads and a "
            f"write "
            f"of 4 bytes each: {12 * self.streamed_adds_g:.1f} GB/s."
        )


def _rate(values: int, rows: int, times: int) -> float:
    """G additions a second."""
    sums, given = np.zeros(values, np.float32), np.ones((rows, values), np.float32)
    add_rows(sums, given, 1)
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        add_rows(sums, given, times)
        taken.append(time.perf_counter() - began)
    return values * times / median(taken) / 1e9
