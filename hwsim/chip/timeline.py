"""A run as Chrome's trace events, which Perfetto and chrome://tracing draw."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from hwsim.chip.run import ChipRun
from hwsim.chip.times import causes_by_core

MOST_EVENTS = 500_000
"""Of a file, more of which a browser is slow with: later samples are left out."""

UNITS = {"update": "update_end", "send": "send_end", "receive": "receive_end"}

WAITS = ("imbalance", "barrier", "real_time")

Event = dict[str, Any]


def timeline(run: ChipRun) -> dict[str, Any]:
    """The object of a trace file: a process for each core with a thread for each unit, and one of the chip.

    A span of a unit lasts from the begin of the core's tick to the end of the unit's last action; its
    ``busy_cycles`` are those in which the unit worked. The waits that follow are those of
    :data:`hwsim.chip.times.CAUSES`. Counters have what each tick did. Times are in microseconds, samples one
    after the other, as many as make MOST_EVENTS.
    """
    each = run.ticks * (len(run.cores) * (len(UNITS) + len(WAITS)) + 3)
    shown = min(run.samples, max(1, MOST_EVENTS // each))
    events = [*_names(run)]
    start = 0
    for sample in range(shown):
        events += _ticks(run, sample, start)
        events += _counters(run, sample, start)
        start += int(run.cycles[sample])
    told = {"chip": run.chip.name, "samples": run.samples, "samples_shown": shown, "ticks": run.ticks}
    return {"traceEvents": events, "displayTimeUnit": "ns", "otherData": told}


def _names(run: ChipRun) -> Iterator[Event]:
    """Process 0 is the chip, process c + 1 core c."""
    grid = run.grid
    yield _named("process_name", 0, 0, f"chip {run.chip.name}")
    for core in map(int, run.cores):
        y, x = divmod(core // grid.cores_per_router, grid.network.width)
        yield _named("process_name", core + 1, 0, f"core {core} at ({x}, {y})")
        for thread, name in enumerate((*UNITS, "waits")):
            yield _named("thread_name", core + 1, thread, name)


def _named(what: str, process: int, thread: int, name: str) -> Event:
    return {"ph": "M", "name": what, "pid": process, "tid": thread, "args": {"name": name}}


def _ticks(run: ChipRun, sample: int, start: int) -> Iterator[Event]:
    """Spans of every core in use; those of no length are left out."""
    busy, spent = run.busy(), causes_by_core(run)
    for k in range(run.ticks):
        for c, core in enumerate(map(int, run.cores)):
            at = sample, k, c
            begin = start + int(run.begin[at])
            for thread, (name, end) in enumerate(UNITS.items()):
                length, worked = start + int(getattr(run, end)[at]) - begin, int(busy[name][at])
                if length and worked:
                    yield _span(run, f"{name} {k}", core, thread, begin, length) | {
                        "args": {"tick": k, "busy_cycles": worked}
                    }
            begin += int(spent["work"][at])
            for name in WAITS:
                length = int(spent[name][at])
                if length:
                    yield _span(run, f"{name} {k}", core, len(UNITS), begin, length)
                begin += length


def _span(run: ChipRun, name: str, core: int, thread: int, begin: int, length: int) -> Event:
    where = {"pid": core + 1, "tid": thread}
    return {"ph": "X", "name": name, **where, "ts": _us(run, begin), "dur": _us(run, length)}


def _counters(run: ChipRun, sample: int, start: int) -> Iterator[Event]:
    """What the tick did, as steps at the first begin of a core in it, and nothing at the sample's end."""
    begin = run.begin.min(axis=2)[sample]
    columns = {
        "packets": {"sent": run.counts["sent"].sum(axis=2), "local": run.counts["local"].sum(axis=2)},
        "synaptic operations": {"synapses": run.synapses.sum(axis=2)},
        "spikes": {"fired": run.counts["fired"].sum(axis=2)},
    }
    times = np.append(begin, run.cycles[sample])
    for name, series in columns.items():
        for k, cycle in enumerate(map(int, times)):
            values = {n: int(counts[sample, k]) if k < run.ticks else 0 for n, counts in series.items()}
            yield {"ph": "C", "name": name, "pid": 0, "tid": 0, "ts": _us(run, start + cycle), "args": values}


def _us(run: ChipRun, cycles: int) -> float:
    return cycles * 1e6 / run.chip.clock_hz
