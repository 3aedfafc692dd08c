"""Does a run fit the memory of the machine it runs on? Told before it starts (docs/robustness.md).

peak = largest of the stages below, beside what the process holds already:

    encode    4 values + 24 events of the input                     float32 copy, places of what is not 0
    execute   weights + input + 8 events of a chunk + trace         a chunk's store; its events, packed
              + trace again where there are several chunks          parts that are joined
    simulate  weights + trace + jobs (FIXED + FLOWING threads)      columns of jobs, of programs in work
"""

import os
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.network import Network

PLACE_BYTES = 24
"""Of each value of the input that is not 0, while it is encoded: two places, a number, a payload."""

FIXED_JOB_BYTES = 400
FLOWING_JOB_BYTES = 400
"""Of each job of a mini-batch: its columns that no event changes, and those of a program in work."""

CHUNK_EVENT_BYTES = 8

CGROUPS = (
    ("", "/sys/fs/cgroup", "memory.max", "memory.current"),
    ("memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
)
"""Kind in /proc/self/cgroup, mount, limit and use: of control groups version 2 and 1."""


@dataclass(frozen=True)
class Needed:
    """Bytes at the peak of each stage of a run, beside what the process holds already."""

    encode: int
    execute: int
    simulate: int

    @property
    def peak(self) -> int:
        return max(self.encode, self.execute, self.simulate)


@dataclass(frozen=True)
class Sizes:
    """What decides the memory of a run. ``jobs``: of a mini-batch, of which ``threads`` are in work at once;
    ``chunk``: samples that are executed together."""

    network: Network
    inputs: NDArray[Any]
    jobs: int = 0
    threads: int = 1
    chunk: int = 1

    @property
    def samples(self) -> int:
        return len(self.inputs) if self.inputs.ndim else 0

    @property
    def most_events(self) -> dict[str, float]:
        """Events of a sample if every neuron fires at every step, by population."""
        network = self.network
        return {
            p.name: float(p.size * (1 if p.name in network.constant else network.timesteps))
            for p in network.populations
            if p.kind != "readout"
        }

    def needed(self, events: dict[str, float]) -> Needed:
        """With so many ``events`` of a sample, by population."""
        network, samples = self.network, self.samples
        weights = 4 * sum(p.weights.size for p in network.projections if p.weights is not None)
        answers = 4 * network.timesteps * network.population[network.readout].size
        trace = answers + sum(n * self._event_bytes(name) for name, n in events.items())
        given = samples * events[network.input.name] * self._event_bytes(network.input.name)
        places = samples * events[network.input.name] * PLACE_BYTES
        chunk = self.chunk * CHUNK_EVENT_BYTES * sum(events.values())
        return Needed(
            encode=int(4 * self.inputs.size + places),
            execute=int(weights + given + chunk + (2 if self.chunk < samples else 1) * samples * trace),
            simulate=int(
                weights + samples * trace + self.jobs * (FIXED_JOB_BYTES + FLOWING_JOB_BYTES * self.threads)
            ),
        )

    def _event_bytes(self, name: str) -> int:
        return 4 if self.network.is_binary(name) else 8


def check(sizes: Sizes, first: Callable[[], EventTrace], known: EventTrace | None = None) -> None:
    """Raises HwsimError, with the estimate, for a run that does not fit the memory that is left.

    Where not even all neurons firing at every step would fill it, nothing is worked out. Else the events are
    those of a ``known`` trace of the same network, or those of the ``first`` sample, which is executed.
    """
    left = available_bytes()
    if left is None or sizes.needed(sizes.most_events).peak <= left:
        return
    silent = sizes.needed(dict.fromkeys(sizes.most_events, 0.0))
    if silent.peak > left:
        raise HwsimError(_told(sizes, silent, left, "without a single event"))
    trace = known if known is not None else first()
    events = {name: len(e.index) / max(1, trace.samples) for name, e in trace.events.items()}
    needed = sizes.needed(events)
    if needed.peak > left:
        of = f"{sum(events.values()):.3g} events a sample"
        raise HwsimError(_told(sizes, needed, left, of))


def _told(sizes: Sizes, needed: Needed, left: int, events: str) -> str:
    stages = {"encode": needed.encode, "execute": needed.execute, "simulate": needed.simulate}
    stage = max(stages, key=stages.__getitem__)
    of_jobs = stage == "simulate" and sizes.jobs
    way = "a smaller mini-batch (--batch), larger tiles" if of_jobs else "fewer timesteps"
    return (
        f"{sizes.network.name!r} with {sizes.samples} samples of {sizes.network.timesteps} timesteps would "
        f"take about {_amount(needed.peak)} of memory ({stage}, {events}), {_amount(left)} are left; take "
        f"fewer samples (--samples) or {way}"
    )


def _amount(size: int) -> str:
    return f"{size / 2**30:.2f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def available_bytes() -> int | None:
    """The least of what the machine, the control group, those above it and the process's own limits leave;
    None where nothing tells."""
    return min(_limits(), default=None)


def _limits() -> Iterator[int]:
    meminfo = _read("/proc/meminfo")
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) << 10
    for folder, limit, use in _groups():
        most, used = _read(f"{folder}/{limit}").strip(), _read(f"{folder}/{use}").strip()
        if most.isdecimal() and used.isdecimal() and int(most) < 2**60:
            yield max(0, int(most) - int(used) + _reclaimable(_read(f"{folder}/memory.stat")))
    held = resource.getrlimit(resource.RLIMIT_AS)[0]
    mapped = _read("/proc/self/statm").split()[:1]
    if held != resource.RLIM_INFINITY and mapped:
        yield max(0, held - int(mapped[0]) * os.sysconf("SC_PAGE_SIZE"))


def _groups() -> Iterator[tuple[str, str, str]]:
    """Folder, limit and use of the process's control groups and of all those above them."""
    own: dict[str, str] = {}
    for line in _read("/proc/self/cgroup").splitlines():
        kinds, _, place = line.partition(":")[2].partition(":")
        own |= dict.fromkeys(kinds.split(","), place)
    for kind, mount, limit, use in CGROUPS:
        path = PurePosixPath(own.get(kind, "/"))
        for group in (path, *path.parents):
            yield f"{mount}{group}".rstrip("/"), limit, use


def _reclaimable(stat: str) -> int:
    """Bytes of files that the system kept and gives back where memory is needed, of the groups below too:
    version 1 tells those apart as total_."""
    rows = dict(line.split()[:2] for line in stat.splitlines() if len(line.split()) == 2)
    return int(rows.get("total_inactive_file", rows.get("inactive_file", 0)))


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
