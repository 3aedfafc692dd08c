"""Where tasks run: in this process, or on a Dask cluster, one of this machine's or any by its address."""

import queue
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from logging import CRITICAL, getLogger
from types import TracebackType
from typing import Any, Protocol, Self

from hwsim.configuration import shown
from hwsim.errors import HwsimError, one_line
from hwsim.explore.guard import BEGUN, OVER, Part, caught, guarded
from hwsim.tasks import Done, Shared, Task

IN_FLIGHT = 3
"""Bundles of tasks that a cluster has ahead for each of its threads, so that none waits for this process."""

TOGETHER_S, MOST_TOGETHER = 1.0, 64
"""Seconds of work, and tasks, that go to a worker in one bundle: 20 to 60 ms of Dask and of this process a
bundle are then a small part."""

TRIES = 2
"""Times that a task is begun whose worker ends while it runs."""

LOOK_S = 0.5

GATHERED_S = 10
"""A result that takes longer to fetch was lost with its worker."""

GONE = ("KilledWorker", "TimeoutError", "CancelledError", "FutureCancelledError", "FuturesCancelledError")
"""What Dask raises of a task whose worker or scheduler went away."""

QUIET = {
    "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical",
    "OMP_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
"""Environment of workers here: one thread each; what became of a task is told by the store, not by logs."""


class Engine(Protocol):
    """Does tasks in any order; each is a Done, failed or not. Tasks are taken as they can be begun."""

    @property
    def address(self) -> str | None:
        """Of the dashboard, if there is one."""

    def compute(self, tasks: Iterable[Task]) -> Iterator[Done]: ...

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        """What a function gives in every process that does tasks."""


class Here:
    """One task after the other in this process; without a time limit, and without a second process that
    could be lost."""

    address: str | None = None

    def compute(self, tasks: Iterable[Task]) -> Iterator[Done]:
        return map(caught, tasks)

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        return [function()]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held."""


@dataclass
class _Running:
    """Tasks that a worker does one after the other; how often it began, whether one took too long."""

    tasks: list[Task]
    future: Any
    begun: int = 0
    given_up: int = 0
    over: bool = False


class Cluster:
    """A Dask cluster: ``workers`` processes of one thread here, or the one that ``scheduler`` names.

    ``limit_s``: seconds that a task may take; its worker then ends. ``memory``: of each worker here, in
    Dask's form (``2GB``), over which Dask ends it. A task is begun TRIES times before its end is final.
    """

    def __init__(
        self,
        workers: int | None = None,
        scheduler: str | None = None,
        limit_s: float | None = None,
        memory: str = "auto",
        timeout_s: float = 30,
    ) -> None:
        import distributed  # noqa: PLC0415 - dask only where it is asked for

        _quiet()
        if scheduler is None:
            check_memory(memory)
        dask: Any = distributed
        self.limit_s = limit_s
        self._own: Any = None
        self._events: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._running: dict[str, _Running] = {}
        self._done, self._seconds, self._count = 0, 0.0, 0
        self._shared: dict[str, Any] = {}
        try:
            if scheduler is None:
                self._own = dask.LocalCluster(
                    n_workers=workers, threads_per_worker=1, memory_limit=memory, dashboard_address=":0",
                    silence_logs=CRITICAL, env=QUIET,
                )  # fmt: skip
            self._client: Any = dask.Client(self._own or scheduler, timeout=timeout_s)
        except (OSError, ValueError, TypeError) as error:
            at = scheduler or "a cluster on this machine"
            raise HwsimError(f"--scheduler: {at} cannot be reached: {one_line(error)}") from None
        for topic in (BEGUN, OVER):
            self._client.subscribe_topic(topic, lambda event, of=topic: self._events.put((of, event[1])))

    @property
    def address(self) -> str | None:
        link = self._client.dashboard_link
        return str(link) if link else None

    def compute(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Raises HwsimError where the scheduler is lost."""
        left, room, looked = iter(tasks), self._room(), time.monotonic()
        while True:
            while len(self._running) < room and (some := list(islice(left, self._together))):
                self._submit(some)
            if not self._running:
                return
            try:
                what, value = self._events.get(timeout=LOOK_S)
            except queue.Empty:
                what, value = "look", None
            if what == BEGUN and value in self._running:
                self._running[value].begun += 1
            elif what == OVER and value in self._running:
                self._running[value].over = True
            elif what == "ended":
                yield from self._ended(*value)
            if time.monotonic() - looked > LOOK_S:
                looked = time.monotonic()
                self._check()
                room = self._room()

    @property
    def _together(self) -> int:
        """Tasks of about TOGETHER_S, by those that were done so far."""
        if not self._done:
            return 1
        return max(1, min(MOST_TOGETHER, int(TOGETHER_S * self._done / max(self._seconds, 1e-9))))

    def _submit(self, tasks: list[Task], begun: int = 0, given_up: int = 0) -> None:
        self._count += 1
        key = f"hwsim-{tasks[0].id}-{self._count}"
        values = {s.id: s for t in tasks for s in t.places.values() if isinstance(s, Shared)}
        parts = [
            Part(
                task.function,
                dict(task.arguments),
                {n: p for n, p in task.places.items() if not isinstance(p, Shared)},
                {n: p.id for n, p in task.places.items() if isinstance(p, Shared)},
            )
            for task in tasks
        ]
        try:
            shared = {name: self._place(value) for name, value in values.items()}
            future = self._client.submit(guarded, key, parts, shared, self.limit_s, key=key, pure=False)
        except Exception as error:  # noqa: BLE001 - whatever Dask says where its scheduler is gone
            raise self._lost(error) from None
        self._running[key] = _Running(tasks, future, begun, given_up)
        future.add_done_callback(lambda f: self._events.put(("ended", (key, f))))

    def _place(self, shared: Shared) -> Any:
        """A value on the cluster; Dask keeps how it is made, so that it outlives every worker."""
        if shared.id not in self._shared:
            self._shared[shared.id] = self._client.submit(_same, _Held(shared), key=f"shared-{shared.id}")
        return self._shared[shared.id]

    def _ended(self, key: str, future: Any) -> Iterator[Done]:
        """What came of tasks. Of several whose worker ended each is begun again alone; one is given up where
        it was seen to begin TRIES times, or where Dask gives it up twice: of a task that ends its worker at
        once nobody hears that it began."""
        running = self._running.pop(key, None)
        if running is None:
            return
        tasks, begun = running.tasks, running.begun
        try:
            for task, (value, error, seconds) in zip(tasks, future.result(GATHERED_S), strict=True):
                self._done += 1
                self._seconds += seconds
                yield Done(task.id, value, error, seconds)
        except Exception as error:  # noqa: BLE001 - what Dask raises where a worker or the scheduler is gone
            self._check()
            kind = type(error).__name__
            if kind not in GONE:
                yield from (Done(task.id, error=f"{kind}: {one_line(error)}") for task in tasks)
            elif len(tasks) > 1:
                for task in tasks:
                    self._submit([task])
            elif kind == "KilledWorker" and (begun >= TRIES or running.given_up):
                yield Done(tasks[0].id, error=self._killed(running))
            else:
                self._submit(tasks, begun, running.given_up + (kind == "KilledWorker"))

    def _killed(self, running: _Running) -> str:
        if running.over:
            return f"took longer than the time limit of {self.limit_s:g} s, each time it was begun"
        return "its worker ended while it ran, each time it was begun: killed, or out of memory"

    def everywhere(self, function: Callable[[], Any]) -> list[Any]:
        found: dict[str, Any] = self._client.run(function, on_error="ignore")
        return list(found.values())

    def _room(self) -> int:
        return IN_FLIGHT * max(1, sum(map(int, self._client.nthreads().values())))

    def _check(self) -> None:
        if self._client.status != "running":
            raise self._lost(None)

    def _lost(self, error: object) -> HwsimError:
        why = f" ({one_line(error)})" if error else ""
        return HwsimError(
            f"the Dask scheduler is lost{why}; what was finished is kept: the same command goes on"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for running in self._running.values():
            running.future.cancel()
        self._running.clear()
        self._client.close(timeout=5)
        if self._own is not None:
            self._own.close(timeout=10)


def check_memory(memory: str) -> None:
    """Raises HwsimError for a text that is no size in Dask's form."""
    from dask.utils import parse_bytes  # noqa: PLC0415

    try:
        legal = memory == "auto" or (memory.strip()[:1] not in ("", "-") and parse_bytes(memory) >= 0)
    except (ValueError, OverflowError):
        legal = False
    if not legal:
        raise HwsimError(f"--memory {shown(memory)} is no size; allowed: auto, or a size, e.g. 2GB or 512MiB")


@dataclass(frozen=True, eq=False)
class _Held:
    """A value in which Dask looks for nothing."""

    shared: Shared


def _same(held: _Held) -> Any:
    return held.shared.value


def _quiet() -> None:
    """Dask's own logs say what the sweep says; one task's end is no news of the cluster."""
    import dask  # noqa: PLC0415

    dask.config.set(
        {
            "distributed.scheduler.allowed-failures": 1,
            "distributed.scheduler.worker-saturation": 1.0,
            "distributed.admin.large-graph-warning-threshold": "1GB",
        }
    )
    getLogger("distributed").setLevel(CRITICAL)
