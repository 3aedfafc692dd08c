"""Tasks that go wrong in every way, for workers to import."""

import os
import signal
import time
from typing import Any


def doubled(number: int, **_: Any) -> int:
    return 2 * number


def killed(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_once(number: int, flag: str) -> int:
    """The first time it is begun its worker is killed."""
    try:
        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return number
    os.kill(os.getpid(), signal.SIGKILL)
    return -1


def hung(number: int) -> None:
    time.sleep(1000)


def poison(number: int) -> None:
    raise RuntimeError(f"poison {number}")


def greedy(number: int) -> None:
    raise MemoryError


def filling(number: int) -> int:
    """Takes memory until something ends it, or all of 4 GB."""
    kept = []
    for _ in range(80):
        kept.append(bytearray(50_000_000))
        kept[-1][::4096] = bytes([1]) * len(kept[-1][::4096])
        time.sleep(0.1)
    return number


def summed(number: int, values: list[int]) -> int:
    return number + sum(values)
