"""A worker's own watch over the task that it runs: a time limit that also ends compiled code."""

import faulthandler
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import Any

from hwsim.tasks import Done, Task, done

BEGUN, OVER = "hwsim-begun", "hwsim-over"
"""Topics of a cluster's events: a worker began with tasks, and one of them is over its time."""

GRACE_S = 0.5
"""Time to say so, before the worker ends."""


@dataclass(frozen=True)
class Part:
    """A task as it goes to a worker; ``shared`` names the values that go with many."""

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    places: Mapping[str, Any]
    shared: Mapping[str, str]


def guarded(
    key: str, parts: Sequence[Part], shared: Mapping[str, Any], limit_s: float | None
) -> list[tuple[Any, str | None, float]]:
    """Do tasks one after the other on a Dask worker: value, error and seconds of each. A worker of which one
    takes longer than ``limit_s`` ends, which its nanny sees and Dask answers by running them again.

    The watch is a thread of C that needs no lock of the interpreter: it ends a kernel that never returns.
    """
    from distributed import get_worker  # noqa: PLC0415 - dask only where a cluster is asked for

    worker = get_worker()
    worker.log_event(BEGUN, key)
    found = []
    for part in parts:
        with _watched(limit_s, lambda: worker.log_event(OVER, key)):
            places = {**part.places, **{name: shared[of] for name, of in part.shared.items()}}
            done = caught(Task(part.function, part.arguments, places))
            found.append((done.value, done.error, done.seconds))
    return found


@contextmanager
def _watched(limit_s: float | None, tell: Callable[[], None]) -> Iterator[None]:
    if limit_s is None:
        yield
        return
    timer = Timer(limit_s, tell)
    timer.daemon = True
    timer.start()
    faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True, file=_nowhere())
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        timer.cancel()


def caught(task: Task) -> Done:
    """Do a task here; whatever it raises is what came of it."""
    try:
        return done(task)
    except MemoryError:
        return Done(task.id, error="out of memory")
    except Exception as error:  # noqa: BLE001 - a task that fails is a result of the sweep, with its reason
        return Done(task.id, error=f"{type(error).__name__}: {error}")


_opened: list[io.FileIO] = []


def _nowhere() -> io.FileIO:
    """A file that takes the traceback of a task that was ended."""
    if not _opened:
        _opened.append(io.FileIO(os.open(os.devnull, os.O_WRONLY), "w"))
    return _opened[0]
