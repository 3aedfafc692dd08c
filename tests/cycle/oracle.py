"""S2 to S4 in plain Python, cycle by cycle: what starts in each cycle, then the cause of each cycle.

It shares nothing with the kernel but the program, the chip and, behind its transfers, hwsim.dram.Engine.
"""

from collections import Counter
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from hwsim.dram.engine import Engine, Trace
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, DRAM_COMMANDS, Ledger
from hwsim.program import LOADED, REGIONS, STORED, Program
from tests.dram.audit import Asked

LATER = 10**12


class PlainChannel:
    def __init__(self, hardware: Hardware) -> None:
        self.hardware = hardware

    def move(
        self, _layer: int, operands: list[tuple[str, int]], _write: bool, at: int
    ) -> tuple[list[int], int]:
        """The end of each operand, and the cycle from which the channel is free."""
        ends, free, latency = [], at, self.hardware.latency_cycles
        for _, size in operands:
            free += ceil(Fraction(size * self.hardware.clock_hz, self.hardware.dram.bandwidth))
            ends.append(free + latency)
        return ends, free


class CommandChannel:
    def __init__(self, program: Program, hardware: Hardware) -> None:
        device = hardware.dram.banked
        assert device is not None
        assert device.banked is not None
        self.engine, self.timing = Engine(device, log=True), device.banked.timing_cycles
        self.ratio = Fraction(device.clock_hz, hardware.clock_hz)
        self.size = {
            (layer, r): int(program.regions[layer, i])
            for layer in range(len(program.layers)) for i, r in enumerate(REGIONS)
        }  # fmt: skip
        self.begin, end = {}, 0
        for region, size in self.size.items():
            self.begin[region] = -(-end // 8192) * 8192
            end = self.begin[region] + size
        self.reached: dict[tuple[int, str, bool], int] = {}
        self.asked: list[Asked] = []
        self.completions: list[int] = []
        self.counts: Counter[tuple[int, str]] = Counter()
        self.seen = self.totals()
        self.layer = 0

    def totals(self, *, final: bool = False) -> dict[str, int]:
        t = self.engine.totals()
        active, precharged = (t.active_cycles, t.precharged_cycles) if final else self.engine.rank_cycles()
        values = (t.activates, t.reads, t.writes, t.refreshes, active, precharged)
        return dict(zip(DRAM_COMMANDS, values, strict=True))

    def book(self, *, final: bool = False) -> None:
        found = self.totals(final=final)
        for action, count in found.items():
            self.counts[self.layer, action] += count - self.seen[action]
        self.seen = found

    def move(
        self, layer: int, operands: list[tuple[str, int]], write: bool, at: int
    ) -> tuple[list[int], int]:
        arrival, rows = ceil(at * self.ratio), []
        for operand, size in operands:
            walk = (layer, operand, write)
            place = self.reached.get(walk, 0)
            if place + size > self.size[layer, operand]:
                place = 0
            self.reached[walk] = place + size
            rows.append(Asked(arrival, self.begin[layer, operand] + place, size, write))
        columns = zip(*((a.arrival, a.address, a.size) for a in rows), strict=True)
        arrivals, addresses, sizes = (np.array(c, np.int64) for c in columns)
        trace = Trace(arrivals, addresses, sizes, np.full(len(rows), write, np.uint8))
        completions = self.engine.feed(trace, final=True).completion.tolist()
        self.asked += rows
        self.completions += completions
        self.layer = layer
        self.book()
        ends: list[int] = []
        for completion in completions:
            ends.append(max([at, *ends, ceil(completion / self.ratio)]))
        tail = (self.timing.CWL if write else self.timing.CL) + self.timing.BL
        return ends, max(at, ceil((max(completions) - tail) / self.ratio))


class Oracle:
    """Times of every job as dicts from its number; jobs before the first ended at cycle 0."""

    def __init__(self, program: Program, hardware: Hardware) -> None:
        self.jobs, self.layers = program.jobs, program.layers
        self.count = len(self.jobs.layer)
        self.overlap = hardware.pe_array.overlap
        self.D, self.P, self.Q = (
            hardware.load_buffers,
            hardware.pe_array.partial_sum_banks,
            program.output_slots,
        )
        self.channel: Any = (
            CommandChannel(program, hardware) if hardware.dram.banked else PlainChannel(hardware)
        )
        before = {-1: 0}
        self.load_end, self.array_end, self.lif_end, self.store_end = (dict(before) for _ in range(4))
        self.next, self.lif_start = dict(before), dict(before)
        self.preload: dict[int, tuple[int, int]] = {}
        self.stream_start: dict[int, int] = {}
        self.parts: dict[int, list[tuple[str, int]]] = {}
        self.taken, self.store_taken = dict(before), dict(before)
        self.moves: list[tuple[int, int, int, list[tuple[str, int]]]] = []
        self.free = 0
        self.preloading = [i for i in range(self.count) if self.jobs.preload[i]]
        self.done = Counter[str]()
        self.play()

    def amount(self, column: str, i: int) -> int:
        return int(getattr(self.jobs, column)[i])

    def busy(self, i: int) -> int:
        return sum(self.amount(c, i) for c in ("stream", "imbalance", "conflict", "decode"))

    def play(self) -> None:
        now = 0
        while self.done["store"] < self.count:
            while self.array(now) or self.lif(now) or self.empty(now) or self.transfer(now):
                pass
            now += 1
        self.end = self.store_end[self.count - 1] if self.count else 0

    def over(self, ends: dict[int, int], i: int, now: int) -> bool:
        return i < 0 or ends.get(i, LATER) <= now

    def array(self, now: int) -> bool:
        began = self.overlap and self.begin_preload(now)
        i = self.done["array"]
        if i == self.count or not (
            self.over(self.next, i - 1, now)
            and self.over(self.load_end, i, now)
            and self.over(self.lif_end, i - self.P, now)
        ):
            return began
        preload, fill = self.amount("preload", i), self.amount("fill", i)
        if self.overlap and preload:
            if i not in self.preload or self.preload[i][1] > now:
                return began
            self.stream_start[i] = now
        else:
            self.stream_start[i] = now + preload
        self.next[i] = self.stream_start[i] + self.busy(i)
        self.array_end[i] = max(self.array_end[i - 1], self.next[i] + fill)
        if not self.overlap:
            self.next[i] = self.array_end[i]
        self.done["array"] += 1
        return True

    def begin_preload(self, now: int) -> bool:
        n = self.done["preload"]
        if n == len(self.preloading) or not self.over(self.load_end, self.preloading[n], now):
            return False
        if n:
            last = self.preloading[n - 1]
            if self.preload[last][1] > now or not self.over(self.stream_start, last, now):
                return False
        i = self.preloading[n]
        self.preload[i] = (now, now + self.amount("preload", i))
        self.done["preload"] += 1
        return True

    def lif(self, now: int) -> bool:
        i = self.done["lif"]
        if i == self.count or not (
            self.over(self.array_end, i, now)
            and self.over(self.lif_end, i - 1, now)
            and self.over(self.store_end, i - self.Q, now)
        ):
            return False
        self.lif_start[i] = now
        self.lif_end[i] = now + sum(self.amount(c, i) for c in ("update", "serialization", "laned"))
        self.done["lif"] += 1
        return True

    def ready_load(self, now: int) -> bool:
        i = self.done["load"]
        return i < self.count and (
            self.over(self.taken, i - 1, now)
            and self.over(self.next, i - self.D, now)
            and self.over(self.store_end, self.amount("after", i), now)
        )

    def ready_store(self, now: int) -> bool:
        i = self.done["store"]
        return i < self.count and self.over(self.store_taken, i - 1, now) and self.over(self.lif_end, i, now)

    def moved(self, i: int, *, write: bool) -> list[tuple[str, int]]:
        names, table = (STORED, self.jobs.store_bytes) if write else (LOADED, self.jobs.load_bytes)
        return [(name, int(x)) for name, x in zip(names, table[i], strict=True) if x]

    def empty(self, now: int) -> bool:
        for kind, ready, ends, taken in (
            ("load", self.ready_load, self.load_end, self.taken),
            ("store", self.ready_store, self.store_end, self.store_taken),
        ):
            i = self.done[kind]
            if ready(now) and not self.moved(i, write=kind == "store"):
                taken[i], ends[i] = now, max(now, ends[i - 1])
                self.done[kind] += 1
                return True
        return False

    def transfer(self, now: int) -> bool:
        if self.free > now or not (self.ready_load(now) or self.ready_store(now)):
            return False
        write = not self.ready_load(now)
        kind, ends = ("store", self.store_end) if write else ("load", self.load_end)
        i = self.done[kind]
        operands, layer = self.moved(i, write=write), self.amount("layer", i)
        found, self.free = self.channel.move(layer, operands, write, now)
        names = ["store"] * len(operands) if write else [name for name, _ in operands]
        marks = list(zip(names, found, strict=True))
        self.moves.append((now, self.free, layer, marks))
        ends[i] = max(found[-1], ends[i - 1])
        if write:
            self.store_taken[i] = now
        else:
            self.taken[i], self.parts[i] = now, marks
        self.done[kind] += 1
        return True

    def waiting(self, i: int, now: int) -> str:
        """S4: why the array does not stream in a cycle between next(i-1) and stream_start(i)."""
        preload = self.preload.get(i, (0, 0))
        if not self.overlap:
            preload = (self.stream_start[i] - self.amount("preload", i), self.stream_start[i])
        if preload[0] <= now < preload[1]:
            return "preload"
        if self.overlap and now < self.array_end[i - 1]:
            return "fill_drain"
        if now < self.load_end[i]:
            if now < self.store_end[self.amount("after", i)]:
                return "dependency"
            if now < self.taken.get(i, LATER):
                return "store"
            return next(name for name, end in self.parts[i] if now < end)
        return "partial_sum"

    def ledger(self, program: Program) -> Ledger:
        book: Counter[tuple[int, str, str]] = Counter()
        layer = self.jobs.layer.tolist()
        for i in range(self.count):
            for now in range(self.next[i - 1], self.stream_start[i]):
                book[layer[i], "array", self.waiting(i, now)] += 1
            for cause in ("stream", "imbalance", "conflict", "decode"):
                book[layer[i], "array", cause] += self.amount(cause, i)
            if not self.overlap:
                book[layer[i], "array", "fill_drain"] += self.amount("fill", i)
            for now in range(self.lif_end[i - 1], self.lif_start[i]):
                book[layer[i], "lif", "array" if now < self.array_end[i] else "output"] += 1
            for column, cause in (
                ("update", "update"),
                ("serialization", "serialization"),
                ("laned", "vector"),
            ):
                book[layer[i], "lif", cause] += self.amount(column, i)
        at = 0
        for begin, free, place, marks in self.moves:
            book[place, "dma", "idle"] += begin - at
            for now in range(begin, free):
                book[place, "dma", next(name for name, end in marks if now < end)] += 1
            at = free
        if self.count:
            last = self.count - 1
            if self.overlap:
                book[layer[last], "array", "fill_drain"] += self.array_end[last] - self.next[last]
            book[layer[last], "array", "drain"] += self.end - self.array_end[last]
            book[layer[last], "lif", "drain"] += self.end - self.lif_end[last]
            book[layer[last], "dma", "idle"] += self.end - at
        return self.booked(program, book)

    def booked(self, program: Program, book: Counter[tuple[int, str, str]]) -> Ledger:
        found = Ledger(program.layers, program.counts.copy(), Ledger.empty(program.layers).cycles)
        for (layer, unit, cause), cycles in book.items():
            found.cycles[layer, CAUSE_COLUMNS.index((unit, cause))] += cycles
        for i in range(self.count):
            spent = self.amount("preload", i) + self.busy(i) + self.amount("fill", i)
            place = (self.amount("layer", i), list(ACTIONS).index("pe_cycles"))
            found.counts[place] += self.amount("occupied", i) * spent
        if isinstance(self.channel, CommandChannel):
            self.channel.book(final=True)
            for (layer, action), count in self.channel.counts.items():
                found.counts[layer, list(ACTIONS).index(action)] += count
        return found
