"""Tiles with arrays as cores of a chip: when each neuron of a tick is done (F2)."""

from collections.abc import Sequence

import numpy as np

from hwsim.chip.arrays import Columns, SliceWork
from hwsim.chip.fanout import Fanout
from hwsim.chip.packets import Fired, Times
from hwsim.chip.rooms import check_rooms, task_of
from hwsim.chip.ticks import Ticks
from hwsim.cycle.run import pe_cycles, play
from hwsim.cycle.state import channel_to
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, Ledger
from hwsim.lower.axes import Ints
from hwsim.lower.counts import event_counts, update_counts
from hwsim.lower.layers import steps_of, value_bits
from hwsim.lower.schedule import ACTION, book
from hwsim.place.slices import Slice, Sliced
from hwsim.program import LOADED, REGIONS, STORED, Jobs, Program


class TileArrays:
    """The tiles that a network's slices lie on. Raises HwsimError for what they cannot hold (F3)."""

    def __init__(self, sliced: Sliced, hardware: Hardware, ticks: Ticks, fanout: Fanout) -> None:
        self.network, self.hardware, self.ticks, self.fanout = sliced.network, hardware, ticks, fanout
        self.task = task_of(sliced.network, hardware)
        self.works = self._numbered(sliced)
        check_rooms(self.task, list(self.works.values()), ticks)
        self.schedule = self._schedule()
        self._first_neuron = np.zeros(len(fanout.kinds.core), np.int64)
        sizes = [len(work.done_with) for work in self.works.values()]
        self._first_neuron[list(self.works)] = np.cumsum([0, *sizes[:-1]])
        self._jobs = np.concatenate([work.done_with for work in self.works.values()])
        self._no_regions = np.zeros((len(self.task.names), len(REGIONS)), np.int64)
        self.channel = channel_to(self._program([]), self.task.hardware)
        self._known: dict[tuple[int, ...], tuple[Ints, Ints, Ints]] = {}

    @property
    def cycles(self) -> Ints:
        exchange = self.hardware.exchange
        return np.array([exchange.send_cycles, exchange.receive_cycles, 0], np.int64)

    def _numbered(self, sliced: Sliced) -> dict[int, SliceWork]:
        """The work of each slice by its number in Kinds."""
        found: dict[int, SliceWork] = {}
        for number, p in enumerate(sliced.network.populations):
            parts: tuple[Slice, ...] = sliced.of_population[p.name]
            for i, part in enumerate(parts):
                found[int(self.fanout.kinds.first_slice[number]) + i] = SliceWork.of(self.task, part)
        return found

    def _schedule(self) -> list[tuple[int, list[tuple[int, int]]]]:
        """Every tick of each tile that has work in it, and its slices with their steps."""
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for s, work in self.works.items():
            name = work.part.population
            for step in range(steps_of(self.network, name)):
                tick = self.ticks.interval * step + self.ticks.depth[name]
                found.setdefault((tick, int(self.fanout.kinds.core[s])), []).append((s, step))
        return [(tick, found[tick, core]) for tick, core in sorted(found)]

    def times(self, fired: Fired) -> Times:
        kinds = self.fanout.kinds
        counts = self._counts(fired)
        columns: dict[int, Columns] = {}
        for s, work in self.works.items():
            streamed, made = work.of_sample(fired.trace, fired.sample)
            columns[s] = work.fixed | streamed
            book(counts[work.index], made)
            book(counts[work.index], work.fixed_counts)
        cycles = np.zeros((len(self.task.names), len(CAUSE_COLUMNS)), np.int64)
        finish = np.zeros((fired.ticks, len(kinds.core)), np.int64)
        first, ended, total = np.zeros_like(finish), [np.zeros(1, np.int64)], 1
        for tick, slices in self.schedule:
            lif, spent, busy = self._tick(slices, columns)
            cycles += spent
            counts[:, ACTION["pe_cycles"]] += busy
            ended.append(lif)
            at = 0
            for s, _ in slices:
                first[tick, s] = total + at
                at += columns[s]["closes"].shape[1]
                finish[tick, s] = lif[at - 1]
            total += at
        kind, done = self._in_order_of_jobs(fired, first, np.concatenate(ended))
        ledger = Ledger(self.task.names, counts, cycles)
        ledger.verify()
        return Times(kind, done, finish, ledger)

    def _tick(
        self, slices: Sequence[tuple[int, int]], columns: dict[int, Columns]
    ) -> tuple[Ints, Ints, Ints]:
        """Ends of the LIF stage of a tile's jobs in a tick, its cycles by layer and cause, and those of PEs.

        Where the array takes every input they do not change from step to step.
        """
        key = tuple(s for s, _ in slices)
        if key in self._known:
            return self._known[key]
        program = self._program([{name: c[step] for name, c in columns[s].items()} for s, step in slices])
        cycles, ends = play(program, self.task.hardware, self.channel)
        found = ends.lif, cycles, pe_cycles(program)
        if self.hardware.pe_array.skip != "event":
            self._known[key] = found
        return found

    def _program(self, parts: list[Columns]) -> Program:
        """The jobs of a tick, one slice after the other; nothing is loaded or stored."""
        jobs = sum(len(part["layer"]) for part in parts)
        zero = np.zeros(jobs, np.int64)
        columns = {name: np.concatenate([zero[:0], *(p[name] for p in parts if name in p)]) for name in _MADE}
        empty = {"step": zero, "sample": zero, "after": zero - 1}
        moved = {
            "load_bytes": np.zeros((jobs, len(LOADED)), np.int64),
            "store_bytes": np.zeros((jobs, len(STORED)), np.int64),
        }
        made = Jobs(**columns, **empty, **moved)
        counts = np.zeros((len(self.task.names), len(ACTIONS)), np.int64)
        return Program(self.task.names, made, counts, self._no_regions, jobs + 1, 1)

    def _in_order_of_jobs(self, fired: Fired, first: Ints, ended: Ints) -> tuple[Ints, Ints]:
        """Kinds of the events, in each cell by job and then neuron, and when each is done."""
        slices = self.fanout.kinds.slice_of[fired.kind]
        cell, tick = np.zeros((2, len(slices)), np.int64)
        for k, _, begin, end in fired.cells:
            tick[begin:end], cell[begin:end] = k, begin
        placed = self.fanout.kinds.core[slices] < len(self.fanout.cores)
        job = np.where(placed, self._jobs[np.where(placed, self._first_neuron[slices] + fired.rank, 0)], 0)
        done = np.where(placed, ended[np.where(placed, first[tick, slices] + job, 0)], 0)
        order = np.lexsort((job, cell))
        return fired.kind[order], done[order]

    def _counts(self, fired: Fired) -> Ints:
        """What the populations do whichever tiles they lie on (L2), and the words of spikes that arrive."""
        names, network = self.task.names, self.network
        counts = np.zeros((len(names), len(ACTIONS)), np.int64)
        chosen = range(fired.sample, fired.sample + 1)
        for i, name in enumerate(names):
            book(counts[i], update_counts(network, name, 1))
            book(counts[i], event_counts(network, name, False, fired.trace, chosen))
        kinds, word = self.fanout.kinds, self.hardware.buffers.input.word_bits
        tiles = np.diff(np.append(kinds.first_word, len(kinds.synapses)))[fired.kind]
        for number, p in enumerate(network.populations):
            targets = [names.index(q.target) for q in network.out_of(p.name)]
            if targets:
                s0, s1 = kinds.first_slice[number], kinds.first_slice[number + 1]
                slices = kinds.slice_of[fired.kind]
                spikes = int(tiles[(slices >= s0) & (slices < s1)].sum())
                words = -(-value_bits(network, p.name, self.hardware) // word)
                counts[min(targets), ACTION["input_buffer_write"]] += spikes * words
        return counts


_MADE = (
    "layer", "preload", "stream", "imbalance", "conflict", "decode", "fill", "occupied",
    "update", "serialization", "laned", "closes",
)  # fmt: skip
