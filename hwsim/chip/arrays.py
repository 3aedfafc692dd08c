"""What the array, LIF units and lanes of a tile do for a slice, step by step: cycles and counts (F2, F4)."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hwsim.chip.boxes import Piece, pieces_of
from hwsim.events import EventTrace
from hwsim.lower.axes import Ints, M, T, along, total, units
from hwsim.lower.counts import operation_counts, output_counts, scan_counts, stream_counts
from hwsim.lower.layers import Task, value_bits
from hwsim.lower.passes import STREAMED, array_cycles, spread
from hwsim.lower.plans import occupied, stage_cycles
from hwsim.lower.states import Counts, spill_counts, state_counts
from hwsim.lower.streams import Streams, every_input, live_inputs, operations, streams
from hwsim.place.reach import Reach
from hwsim.place.slices import Slice

Columns = dict[str, Ints]
"""Columns of Jobs by name, (steps, jobs of a step) each."""


@dataclass(frozen=True, eq=False)
class SliceWork:
    """A slice as jobs of its tile."""

    task: Task
    part: Slice
    pieces: tuple[Piece, ...]

    @staticmethod
    def of(task: Task, part: Slice) -> "SliceWork":
        return SliceWork(task, part, pieces_of(task, part))

    @property
    def index(self) -> int:
        """Of its layer."""
        return self.pieces[0].layer.index

    @cached_property
    def done_with(self) -> Ints:
        """The job of a step that each neuron of the slice, in their order, is done with."""
        before = np.cumsum([0] + [piece.jobs for piece in self.pieces])
        return np.concatenate([p.done_with + first for p, first in zip(self.pieces, before, strict=False)])

    @cached_property
    def fixed(self) -> Columns:
        """The columns that no event changes."""
        found = []
        for piece in self.pieces:
            layer, stage = piece.layer, stage_cycles(self.task, piece.layer)
            found.append(
                {name: piece.in_order(values) for name, values in stage.items()}
                | {
                    "layer": piece.in_order(np.array(layer.index)),
                    "closes": piece.in_order(layer.at_end),
                    "occupied": piece.in_order(occupied(self.task, layer)),
                }
            )
        return _joined(found)

    @cached_property
    def fixed_counts(self) -> Counts:
        """What the jobs of a sample do that no event changes: outputs, states, partial sums, scans."""
        found: Counter[str] = Counter()
        word = self.task.hardware.buffers.input.word_bits
        for piece in self.pieces:
            layer = piece.layer
            written = output_counts(self.task, layer)
            found.update(written)
            if layer.population.kind != "readout":
                found["output_buffer_read"] += written["output_buffer_write"]
            if layer.population.has_state:
                found.update(state_counts(self.task, layer, "buffer"))
            if layer.weighted:
                found.update(spill_counts(self.task, layer))
            lanes = along(M, layer.rows), along(T, layer.array_steps)
            for i in range(len(layer.weighted)):
                reads, words = scan_counts(layer, i, lanes, word)
                found.update({"input_reads": reads, "input_buffer_read": words})
            found["input_buffer_read"] += self._streamed_words(piece)
        return dict(found)

    def _streamed_words(self, piece: Piece) -> int:
        """Words of operands that are read once in order (B3), of what the piece takes of their sources."""
        task, layer, box = self.task, piece.layer, piece.box
        words = 0
        before, after = layer.finished()
        for p in layer.streamed:
            reach = Reach.of(task.network, p)
            taken = int(reach.channels(box.c0, box.c1).sum() * reach.positions(box.p0, box.p1).sum())
            values = taken * after // box.size - taken * before // box.size
            bits = values * value_bits(task.network, p.source, task.hardware)
            words += total(units(bits, task.hardware.buffers.input.word_bits) * layer.at_end, layer.shape)
        return words

    @cached_property
    def _every_input(self) -> tuple[Columns, Counts]:
        """Cycles and reads of the array where events decide none."""
        hardware = self.task.hardware
        return self._streamed(
            [
                every_input(hardware, p.shape, p.incoming(self.task), 1) if p.layer.weighted else None
                for p in self.pieces
            ]
        )

    def of_sample(self, trace: EventTrace, sample: int) -> tuple[Columns, Counts]:
        """Cycles of the array of every step, and what its events make it do."""
        hardware, chosen = self.task.hardware, range(sample, sample + 1)
        skips, done = hardware.pe_array.skip == "event", Counter[str]()
        streamed: list[Streams | None] = []
        for piece in self.pieces:
            made: Streams | None = None
            if piece.layer.weighted:
                incoming, events = piece.incoming(self.task), piece.events(trace, self.task)
                if skips:
                    made = streams(hardware, piece.shape, incoming, events, chosen)
                    useful = made.ac, made.mac
                else:
                    live = live_inputs(hardware, piece.shape, incoming, events, chosen)
                    useful = operations(piece.shape, incoming, live)
                done.update(operation_counts(self.task, *useful))
            streamed.append(made)
        columns, counts = self._streamed(streamed) if skips else self._every_input
        done.update(counts)
        return columns, dict(done)

    def _streamed(self, streamed: list[Streams | None]) -> tuple[Columns, Counts]:
        """STREAMED of all jobs, and what the array reads; None: a vector layer, which has no streams."""
        columns, counts = [], Counter[str]()
        for piece, found in zip(self.pieces, streamed, strict=True):
            if found is None:
                columns.append(dict.fromkeys(STREAMED, piece.in_order(np.array(0))))
                continue
            on_axes = _on_axes(piece, found)
            counts.update(stream_counts(self.task, piece.layer, on_axes))
            cycles = array_cycles(self.task.hardware, on_axes)
            columns.append({name: piece.in_order(values) for name, values in cycles.items()})
        return _joined(columns), dict(counts)


def _on_axes(piece: Piece, found: Streams) -> Streams:
    return found.on_axes(lambda values: spread(piece.layer, values))


def _joined(pieces: list[Columns]) -> Columns:
    """The jobs of all pieces, one after the other in each step."""
    return {
        name: np.ascontiguousarray(np.concatenate([p[name] for p in pieces], axis=1), np.int64)
        for name in pieces[0]
    }
