"""Tasks: functions of plain arguments, named by their content, and what came of each."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from hwsim.errors import HwsimError
from hwsim.source import source_id
from hwsim.storage import content_id

FILE = re.compile(r"(.+\.(?:ya?ml|npz))(@.*)?")
"""A name that is a file's, perhaps with what a table is scaled to behind it."""


def whole_path(name: str | None) -> str | None:
    """A name as workers elsewhere find it: of a YAML or .npz file the whole path, others as they are,
    whatever lies there under that name."""
    found = FILE.fullmatch(name or "")
    return str(Path(found[1]).resolve()) + (found[2] or "") if found else name


@dataclass(frozen=True, eq=False)
class Shared:
    """A value that many tasks take, named by its content; it goes to a worker once, not with every task."""

    id: str
    value: Any


@dataclass(frozen=True, eq=False)
class Task:
    """``function(**arguments, **places)``, a value of JSON.

    ``function`` is a module's own, so that another process can find it. ``arguments``, JSON values, decide
    what comes out; ``places`` only say where on this machine the inputs lie, or are the inputs (Shared: the
    function is given its value), which ``arguments`` name by content. Two tasks with one ``id`` are the same
    computation by the same code (:mod:`hwsim.source`).
    """

    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    places: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"

    @cached_property
    def id(self) -> str:
        return content_id("task", {"function": self.name, "arguments": self.arguments, "by": source_id()})


@dataclass(frozen=True)
class Done:
    """What came of the task ``id`` in ``seconds``: a ``value``, or the ``error`` it ended with."""

    id: str
    value: Any = None
    error: str | None = None
    seconds: float = 0.0


Compute = Callable[[Sequence[Task]], Iterator[Done]]
"""Does tasks, in any order."""


def done(task: Task) -> Done:
    """Do one task here. An HwsimError is what came of it; others are the program's own and go on up."""
    began = time.perf_counter()
    try:
        places = {n: p.value if isinstance(p, Shared) else p for n, p in task.places.items()}
        value = task.function(**task.arguments, **places)
    except HwsimError as error:
        return Done(task.id, error=str(error), seconds=time.perf_counter() - began)
    return Done(task.id, value, seconds=time.perf_counter() - began)


def here(tasks: Sequence[Task]) -> Iterator[Done]:
    """One after the other, in this process."""
    return map(done, tasks)


@contextmanager
def in_processes(workers: int, begin: Callable[[], None] | None = None) -> Iterator[Compute]:
    """Within it, in as many processes, which stay from one set of tasks to the next; each calls ``begin``
    first, and ends with this one. The first task that fails by anything but an HwsimError ends all. Raises
    HwsimError where a process is killed."""
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (begin,)) as pool:

        def compute(tasks: Sequence[Task]) -> Iterator[Done]:
            try:
                for one in as_completed([pool.submit(done, task) for task in tasks]):
                    yield one.result()
            except BrokenProcessPool:
                raise HwsimError(
                    "a worker's process ended while it computed: killed, or out of memory; what was finished "
                    "is kept, and the same command goes on"
                ) from None

        try:
            yield compute
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _begin(begin: Callable[[], None] | None) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    if begin is not None:
        begin()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for ever."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def values(found: Sequence[Done]) -> list[Any]:
    """What came of tasks all of which must succeed. Raises HwsimError with the first error."""
    for one in found:
        if one.error is not None:
            raise HwsimError(one.error)
    return [one.value for one in found]
