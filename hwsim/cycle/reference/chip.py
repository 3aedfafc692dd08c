"""The reference's chip: DMA channel, PE array and LIF units as SimPy processes (machine.md, S1 to S3)."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, Literal

import simpy
from numpy.typing import NDArray
from simpy.events import EventPriority

from hwsim.cycle.reference.account import book_array, book_channel, book_lif
from hwsim.cycle.reference.books import Books, count_layer
from hwsim.cycle.reference.diary import Diary, Transfer
from hwsim.cycle.reference.dram import Request, dram_of
from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.plan import Plan, plan
from hwsim.cycle.reference.work import Work
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.mapping import Mapping
from hwsim.network import Network

Sums = dict[str, NDArray[Any]]
Process = Generator[simpy.Event, Any, None]
Direction = Literal["load", "store"]


def simulate(
    network: Network,
    trace: EventTrace,
    samples: range | int,
    hardware: Hardware,
    mapping: Mapping,
    *,
    sums: Sums | None = None,
) -> Ledger:
    """Counts and cycles of one mini-batch. Raises HwsimError if the mapping is illegal or leaves choices.

    ``sums`` collects, per array layer, the weighted sums (samples, steps, channels, positions) that the
    array accumulated, without biases and identities; a held layer has only step 0. They are float64:
    exact for the sums of an integer network.
    """
    chosen = range(samples, samples + 1) if isinstance(samples, int) else samples
    if not 0 <= chosen.start < chosen.stop <= trace.samples or chosen.step != 1:
        named = f"sample {samples}" if isinstance(samples, int) else f"samples {samples}"
        raise HwsimError(f"{named}: the trace has {trace.samples} samples")
    planned = plan(network, trace, chosen, hardware, mapping)
    books = Books(planned.layers)
    for layer in planned.layers:
        count_layer(books, network, layer, planned.activity, planned.memory)
    work = Work(hardware, planned, books)
    if planned.jobs:
        diary = Chip(hardware, planned, work).run()
        book_array(books, diary, hardware.pe_array.overlap)
        book_lif(books, diary)
        book_channel(books, diary)
    if sums is not None:
        sums |= work.sums
    return books.ledger


@dataclass(frozen=True, eq=False)
class Waiting:
    """The load or store of job ``i``, ready to be taken by the channel."""

    i: int
    job: Job
    requests: list[Request]
    taken: simpy.Event


class EndOfCycle(simpy.Event):
    """Fires when everything else that happens at this time has happened."""

    def __init__(self, env: simpy.Environment) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, priority=EventPriority(2))


@dataclass(eq=False)
class Ends:
    """An event a job for the end of its way through each unit."""

    load: list[simpy.Event] = field(default_factory=list)
    preload: list[simpy.Event] = field(default_factory=list)
    stream_begins: list[simpy.Event] = field(default_factory=list)
    follow: list[simpy.Event] = field(default_factory=list)
    array: list[simpy.Event] = field(default_factory=list)
    lif: list[simpy.Event] = field(default_factory=list)
    store: list[simpy.Event] = field(default_factory=list)


class Chip:
    """The units of S1 as SimPy processes on an integer clock, each handing its jobs to the next."""

    def __init__(self, hardware: Hardware, planned: Plan, work: Work) -> None:
        self.hardware, self.jobs, self.work = hardware, planned.jobs, work
        self.output_slots = planned.output_slots
        self.banks, self.overlap = hardware.pe_array.partial_sum_banks, hardware.pe_array.overlap
        self.dram = dram_of(hardware)
        self.env = simpy.Environment()
        self.ends = Ends(*([self.env.event() for _ in self.jobs] for _ in range(7)))
        self.passes = [work.array_pass(job) for job in self.jobs]
        self.stages = [work.lif_stage(job) for job in self.jobs]
        self.diary = Diary(self.jobs, self.passes, self.stages)
        self.waiting: dict[Direction, Waiting] = {}
        self.requested = self.env.event()

    def run(self) -> Diary:
        """All jobs through all units; the run ends with the last store (S3)."""
        units = [self.channel, self.load, self.lif, self.store]
        units += [self.preload_ahead, self.stream] if self.overlap else [self.array]
        for unit in units:
            self.env.process(unit())
        self.env.run()
        if self.diary.transfers:
            self.count_commands(self.diary.transfers[-1].job, self.dram.finish())
        return self.diary

    @property
    def now(self) -> int:
        return int(self.env.now)

    @staticmethod
    def after(ends: list[simpy.Event], i: int) -> Process:
        """Wait for the end of job ``i``; there are none before job 0 (S1)."""
        if i >= 0:
            yield ends[i]

    # --- the channel -----------------------------------------------------------------------------

    def load(self) -> Process:
        """Loads in job order, as soon as a load buffer is free and what they need is stored (S3)."""
        for i, job in enumerate(self.jobs):
            yield from self.after(self.ends.follow, i - self.hardware.load_buffers)
            yield from self.after(self.ends.store, job.after)
            self.work.count_load(job)
            yield from self.transfer("load", i, job.loads)

    def store(self) -> Process:
        """Stores in job order (S3)."""
        for i, job in enumerate(self.jobs):
            yield self.ends.lif[i]
            self.work.count_store(job)
            yield from self.transfer("store", i, job.stores)

    def transfer(self, direction: Direction, i: int, moved: dict[str, int]) -> Process:
        """Ask for the channel and wait until it takes the transfer; no bytes, no channel (S3)."""
        job = self.jobs[i]
        requests = [
            Request(operand, size, job.addresses.get((direction, operand), 0), direction == "store")
            for operand, size in moved.items()
            if size
        ]
        if not requests:
            self.env.process(self.arrive(direction, i, self.now))
            return
        taken = self.env.event()
        self.waiting[direction] = Waiting(i, job, requests, taken)
        if not self.requested.triggered:
            self.requested.succeed()
        yield taken

    def channel(self) -> Process:
        """One transfer at a time, uninterrupted; of two that can start in the same cycle the load (S3)."""
        while True:
            if not self.waiting:
                self.requested = self.env.event()
                yield self.requested
            yield EndOfCycle(self.env)
            direction: Direction = "load" if "load" in self.waiting else "store"
            waiting = self.waiting.pop(direction)
            served = self.dram.serve(self.now, waiting.requests)
            self.count_commands(waiting.job, served.counts)
            transfer = Transfer(waiting.job, direction, self.now, served.ends, served.free)
            self.diary.transfers.append(transfer)
            self.env.process(self.arrive(direction, waiting.i, transfer.end))
            waiting.taken.succeed()
            yield self.env.timeout(served.free - self.now)

    def count_commands(self, job: Job, counts: dict[str, int]) -> None:
        for action, amount in counts.items():
            self.work.books.count(job.layer, action, amount)

    def arrive(self, direction: Direction, i: int, end: int) -> Process:
        """The data of a transfer, which may come later than the channel is free, but in order (S2, S3)."""
        ends, diary = (
            (self.ends.load, self.diary.load_end)
            if direction == "load"
            else (self.ends.store, self.diary.store_end)
        )
        yield self.env.timeout(end - self.now)
        yield from self.after(ends, i - 1)
        diary.append(self.now)
        ends[i].succeed()

    # --- the array -------------------------------------------------------------------------------

    def array(self) -> Process:
        """Passes in job order, each with its operands loaded and a free bank of partial sums (S3)."""
        for i, done in enumerate(self.passes):
            yield self.ends.load[i]
            yield from self.after(self.ends.lif, i - self.banks)
            self.diary.preload_start[i] = self.now
            yield self.env.timeout(done.preload)
            self.diary.stream_start.append(self.now)
            yield self.env.timeout(done.busy + done.fill_drain)
            self.diary.array_end.append(self.now)
            self.ends.array[i].succeed()
            self.ends.follow[i].succeed()

    def preload_ahead(self) -> Process:
        """With overlap: operands into the second registers, once the pass before streams (S3, P5)."""
        for i, before in zip(range(len(self.jobs)), self.preloading_before(), strict=True):
            if self.passes[i].preload:
                yield from self.after(self.ends.stream_begins, before)
                yield self.ends.load[i]
                self.diary.preload_start[i] = self.now
                yield self.env.timeout(self.passes[i].preload)
            self.ends.preload[i].succeed()

    def preloading_before(self) -> list[int]:
        """For each job the last one before it with a preload, or -1."""
        last, found = -1, []
        for i, done in enumerate(self.passes):
            found.append(last)
            last = i if done.preload else last
        return found

    def stream(self) -> Process:
        """With overlap: a pass follows on the one before without a gap (S3, P5)."""
        for i, done in enumerate(self.passes):
            yield self.ends.preload[i]
            yield self.ends.load[i]
            yield from self.after(self.ends.lif, i - self.banks)
            self.diary.stream_start.append(self.now)
            self.ends.stream_begins[i].succeed()
            yield self.env.timeout(done.busy)
            self.ends.follow[i].succeed()
            self.env.process(self.leave(i))

    def leave(self, i: int) -> Process:
        """The last value of a pass on its way out of the array."""
        yield self.env.timeout(self.passes[i].fill_drain)
        yield from self.after(self.ends.array, i - 1)
        self.diary.array_end.append(self.now)
        self.ends.array[i].succeed()

    # --- the LIF units ---------------------------------------------------------------------------

    def lif(self) -> Process:
        """LIF stages in job order, each with a free slot of the output buffer (S3)."""
        for i, stage in enumerate(self.stages):
            yield self.ends.array[i]
            if self.output_slots is not None:
                yield from self.after(self.ends.store, i - self.output_slots)
            self.diary.lif_start.append(self.now)
            yield self.env.timeout(stage.cycles)
            self.ends.lif[i].succeed()
