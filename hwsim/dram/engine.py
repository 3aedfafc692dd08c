"""The engine: requests in order of arrival in, completion cycles and row outcomes out, counts at the end."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.dram.kernel import advance
from hwsim.dram.state import (
    ACTIVE_CYCLES,
    ACTIVE_FROM,
    FRONT,
    LAST_CLOSE,
    LOG_FULL,
    LOGGED,
    N_ACT,
    N_CLOSED,
    N_CONFLICT,
    N_HIT,
    N_READ,
    N_REFRESH,
    N_WRITE,
    NONE,
    NOW,
    OPEN_BANKS,
    S_REQUEST,
    Channel,
    Int,
    Requests,
    channel_of,
    layout_of,
    timing_of,
)
from hwsim.dram.table import DramTable
from hwsim.errors import HwsimError

LOG_ROWS = 1 << 16


@dataclass(frozen=True)
class Trace:
    """Requests: arrival (cycle, never falling), address, size (bytes), write (1) or read (0); each (n,)."""

    arrival: Int
    address: Int
    size: Int
    write: NDArray[np.uint8]

    def verify(self, capacity_bytes: int) -> None:
        """Raises HwsimError naming the first request that no DRAM of ``capacity_bytes`` can serve."""
        late = np.flatnonzero(np.diff(self.arrival) < 0)
        checks = (
            (self.arrival < 0, "arrives before cycle 0"),
            (self.arrival >= 2**60, "arrives after cycle 2^60"),
            (self.size < 1, "has no bytes"),
            (self.address < 0, "has a negative address"),
            (self.size > capacity_bytes, f"is larger than the DRAM's {capacity_bytes} bytes"),
            (
                self.address > capacity_bytes - np.minimum(self.size, capacity_bytes),
                f"ends beyond the DRAM's {capacity_bytes} bytes",
            ),
        )
        for wrong, why in checks:
            if wrong.any():
                i = int(np.flatnonzero(wrong)[0])
                raise HwsimError(
                    f"request {i} {why} (arrival {self.arrival[i]}, address {self.address[i]}, "
                    f"{self.size[i]} bytes)"
                )
        if len(late):
            i = int(late[0]) + 1
            raise HwsimError(
                f"request {i} arrives at cycle {self.arrival[i]}, before the one ahead of it "
                f"({self.arrival[i - 1]}): sort them by arrival"
            )


@dataclass(frozen=True)
class Served:
    """Completion cycle (last data on the bus) and outcome of the first burst (state.OUTCOMES); each (n,)."""

    completion: Int
    outcome: NDArray[np.uint8]


@dataclass(frozen=True)
class Totals:
    """What happened in all: cycles to the last completion, requests, bytes, bursts, commands, row outcomes.

    ``bytes_asked`` is what requests named, ``bytes_moved`` whole bursts. ``precharges`` are as many as
    rows that were closed, whether by PRE, PREA or auto-precharge. ``active_cycles``: rank-cycles with some
    row open, ``precharged_cycles`` without.
    """

    cycles: int = 0
    requests: int = 0
    bytes_asked: int = 0
    bytes_moved: int = 0
    reads: int = 0
    writes: int = 0
    activates: int = 0
    refreshes: int = 0
    hits: int = 0
    closed: int = 0
    conflicts: int = 0
    active_cycles: int = 0
    precharged_cycles: int = 0

    @property
    def bursts(self) -> int:
        return self.reads + self.writes

    def verify(self) -> None:
        """Every burst had one outcome. Raises HwsimError if not."""
        if self.hits + self.closed + self.conflicts not in (0, self.bursts):
            raise HwsimError(f"DRAM totals: {self.bursts} bursts, but other row outcomes: {self}")


NOTHING = Trace(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.uint8))


class Engine:
    """All channels of a banked DRAM, fed with chunks of a trace; memory does not grow with the trace.

    ``bulk``: long stretches in one step (the same result). ``log``: keep every command for an audit.
    """

    def __init__(self, table: DramTable, bulk: bool = True, log: bool = False) -> None:
        assert table.banked is not None
        self.table, self.banked = table, table.banked
        self.timing = timing_of(self.banked, bulk)
        channels = range(self.banked.organization.channels)
        self.layouts = [layout_of(self.banked, table.burst_bytes, c) for c in channels]
        self.channels = [channel_of(self.banked, LOG_ROWS if log else 0) for _ in channels]
        self.logs: list[list[Int]] = [[] for _ in channels]
        self.pending = _prepared(NOTHING, table)
        self.requests = self.asked = self.last = 0

    def feed(self, trace: Trace, final: bool = False) -> Served:
        """Take further requests; returns those that are complete up to the first that is not, in order."""
        trace.verify(self.table.capacity_bytes)
        self.requests += len(trace.arrival)
        self.asked += int(trace.size.sum())
        new = _prepared(trace, self.table)
        pairs: Any = zip(self.pending, new, strict=True)
        pending = Requests._make(np.concatenate(pair) for pair in pairs)
        for c, channel in enumerate(self.channels):
            while advance(channel, self.layouts[c], self.timing, pending, final) == LOG_FULL:
                self._drain(c)
            self._drain(c)
        if final and pending.left.any():
            raise HwsimError(f"DRAM {self.table.name!r}: a request was not served; this is a defect of hwsim")
        waiting = np.flatnonzero(pending.left)
        done = int(waiting[0]) if len(waiting) else len(pending.left)
        for channel in self.channels:
            channel.clock[FRONT] -= done + 1
            channel.segment[:, S_REQUEST] -= done
        self.pending = Requests._make(array[done:] for array in pending)
        if done:
            self.last = max(self.last, int(pending.completion[:done].max()))
        return Served(pending.completion[:done], pending.outcome[:done])

    def totals(self) -> Totals:
        counts = np.sum([channel.counts for channel in self.channels], axis=0)
        active, precharged = self.rank_cycles(self.last)
        bursts = int(counts[N_READ] + counts[N_WRITE])
        found = Totals(
            cycles=self.last, requests=self.requests, bytes_asked=self.asked,
            bytes_moved=bursts * self.table.burst_bytes, reads=int(counts[N_READ]),
            writes=int(counts[N_WRITE]), activates=int(counts[N_ACT]), refreshes=int(counts[N_REFRESH]),
            hits=int(counts[N_HIT]), closed=int(counts[N_CLOSED]), conflicts=int(counts[N_CONFLICT]),
            active_cycles=active, precharged_cycles=precharged,
        )  # fmt: skip
        found.verify()
        return found

    def rank_cycles(self, end: int | None = None) -> tuple[int, int]:
        """Rank-cycles with a row open and without up to ``end``, or up to each channel's next free cycle.

        What a rank does after that cycle may still be changed by a precharge.
        """
        active = ranked = 0
        for channel in self.channels:
            until = int(channel.clock[NOW]) if end is None else end
            active += _active(channel.rank, until)
            ranked += until * self.banked.organization.ranks
        return active, ranked - active

    def log(self, channel: int) -> Int:
        """Every command of a channel: (commands, state.LOG_WORDS), in order of time."""
        return np.concatenate(self.logs[channel])

    def _drain(self, c: int) -> None:
        channel: Channel = self.channels[c]
        self.logs[c].append(channel.log[: channel.clock[LOGGED]].copy())
        channel.clock[LOGGED] = 0


class FlatEngine:
    """Plain bandwidth, used like :class:`Engine`: end = max(arrival, end before) + bytes / bandwidth.

    Exact: times are counted in the fraction of a cycle in which one byte moves.
    """

    def __init__(self, table: DramTable) -> None:
        assert table.flat is not None
        self.table, self.flat = table, table.flat
        common = int(np.gcd(self.flat.bandwidth_bytes_per_s, table.clock_hz))
        self.parts, self.byte_parts = self.flat.bandwidth_bytes_per_s // common, table.clock_hz // common
        self.end = self.requests = self.asked = self.reads = self.writes = self.last = 0

    def feed(self, trace: Trace, final: bool = False) -> Served:  # noqa: ARG002  (nothing ever waits)
        trace.verify(self.table.capacity_bytes)
        n = len(trace.arrival)
        if not n:
            return Served(np.zeros(0, np.int64), np.zeros(0, np.uint8))
        bursts = _bursts(trace, self.table.burst_bytes)
        moved = int(bursts.sum()) * self.table.burst_bytes
        if (int(trace.arrival[-1]) + 1) * self.parts + moved * self.byte_parts + self.end >= 2**62:
            raise HwsimError(
                f"DRAM {self.table.name!r}: the trace is too long for {self.parts} parts a cycle"
            )
        spent = np.cumsum(bursts * self.table.burst_bytes * self.byte_parts)
        before = np.concatenate([[0], spent[:-1]])
        start = np.maximum.accumulate(np.maximum(trace.arrival * self.parts, self.end) - before)
        end = spent + start
        completion = -(-end // self.parts) + self.flat.latency_cycles
        self.end, self.last = int(end[-1]), max(self.last, int(completion[-1]))
        self.requests += n
        self.asked += int(trace.size.sum())
        written = int(bursts[trace.write > 0].sum())
        self.writes += written
        self.reads += int(bursts.sum()) - written
        return Served(completion, np.full(n, NONE, np.uint8))

    def totals(self) -> Totals:
        moved = (self.reads + self.writes) * self.table.burst_bytes
        return Totals(
            cycles=self.last, requests=self.requests, bytes_asked=self.asked, bytes_moved=moved,
            reads=self.reads, writes=self.writes,
        )  # fmt: skip


def engine_of(table: DramTable) -> Engine | FlatEngine:
    return Engine(table) if table.banked else FlatEngine(table)


def serve_all(table: DramTable, trace: Trace, **options: Any) -> tuple[Served, Totals]:
    """A whole trace at once. Raises HwsimError naming a request that the DRAM cannot serve."""
    engine = Engine(table, **options) if table.banked else FlatEngine(table)
    return engine.feed(trace, final=True), engine.totals()


def _bursts(trace: Trace, burst_bytes: int) -> Int:
    """How many bursts each request touches: its bytes need not be aligned."""
    return (trace.address + trace.size - 1) // burst_bytes - trace.address // burst_bytes + 1


def _prepared(trace: Trace, table: DramTable) -> Requests:
    n = len(trace.arrival)
    left = _bursts(trace, table.burst_bytes)
    given = (trace.arrival, trace.address, trace.size)
    arrival, address, size = (np.ascontiguousarray(a, np.int64) for a in given)
    write = np.ascontiguousarray(trace.write, np.uint8)
    return Requests(arrival, address, size, write, left, np.zeros(n, np.int64), np.full(n, NONE, np.uint8))


def _active(rank: Int, end: int) -> int:
    """Rank-cycles up to ``end`` with a row open."""
    stop = np.where(rank[:, OPEN_BANKS] > 0, end, np.minimum(rank[:, LAST_CLOSE], end))
    return int((rank[:, ACTIVE_CYCLES] + np.maximum(stop - rank[:, ACTIVE_FROM], 0)).sum())
