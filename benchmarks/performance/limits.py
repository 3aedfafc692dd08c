"""How fast one core of this machine reads and adds float32, from where they lie: the executor's own limit.

An accumulate adds a weight that is read to a sum that stays in a register.
"""

import time
from dataclasses import dataclass
from statistics import median

import numpy as np
from numba import njit

FIRST, SECOND, MEMORY = 1 << 12, 1 << 18, 1 << 26
"""Values that stay in the first cache, in the second, and that pass through memory."""

ADDED = 1 << 26
REPEATS = 9


@njit(fastmath=True)
def total(values, times):
    """Sums in any order, so that several additions are under way at once."""
    found = np.float32(0)
    for _ in range(times):
        for k in range(len(values)):
            found += values[k]
    return found


@dataclass(frozen=True)
class Limits:
    """G additions a second by one core, of values in its first cache, in its second, and in memory."""

    first_g: float
    second_g: float
    memory_g: float

    @staticmethod
    def measured() -> "Limits":
        return Limits(*(_rate(values) for values in (FIRST, SECOND, MEMORY)))

    @property
    def sentence(self) -> str:
        return (
            f"One core reads and adds float32 at {self.first_g:.0f} G/s from its first cache, at "
            f"{self.second_g:.0f} G/s from its second ({SECOND * 4 >> 10} KiB of them), from memory at "
            f"{self.memory_g:.1f} G/s ({4 * self.memory_g:.0f} GB/s)."
        )


def _rate(values: int) -> float:
    given, times = np.ones(values, np.float32), ADDED // values
    total(given, 1)
    taken = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        total(given, times)
        taken.append(time.perf_counter() - began)
    return values * times / median(taken) / 1e9
