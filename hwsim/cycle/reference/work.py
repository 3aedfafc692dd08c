"""What each unit does for a job, counted as it happens (docs/machine.md, P1 to P6, L1, M3, B4, B5)."""

from dataclasses import dataclass

import numpy as np

from hwsim.cycle.reference.array import ArrayPass, PEs
from hwsim.cycle.reference.books import Books
from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.layers import ceil_div
from hwsim.cycle.reference.plan import Plan
from hwsim.cycle.reference.streams import Operands, operands_of
from hwsim.hardware import Hardware

REST = ArrayPass(np.zeros((0, 0, 0)), 0, 0, 0)
"""The array's part in a job without a pass."""


@dataclass(frozen=True)
class LifStage:
    """Cycles by cause (L1)."""

    update: int = 0
    serialization: int = 0
    vector: int = 0

    @property
    def cycles(self) -> int:
        return self.update + self.serialization + self.vector


class Work:
    """Counts a job's operations, reads and words. ``sums`` collects what the array accumulated."""

    def __init__(self, hardware: Hardware, planned: Plan, books: Books) -> None:
        self.hardware, self.planned, self.books = hardware, planned, books
        self.array, self.buffers = hardware.pe_array, hardware.buffers
        self.pes = PEs(hardware.pe_array, hardware.buffers.weight)
        self.sums = {
            layer.name: np.zeros(
                (
                    planned.activity.samples,
                    1 if layer.held else layer.steps,
                    layer.population.channels,
                    layer.positions,
                )
            )
            for layer in planned.layers
            if layer.kind == "array"
        }

    def array_pass(self, job: Job) -> ArrayPass:
        if not job.has_pass:
            return REST
        operands = operands_of(job, self.planned.activity)
        lists = sum(part.synapses.taps for part in job.tile)
        done = self.pes.run(operands, job.layer.window, lists)
        for lane, (sample, position) in enumerate(job.lanes):
            for step, sums in zip(job.streamed_steps, done.sums[lane].T, strict=True):
                self.sums[job.layer.name][sample, step, list(job.channels), position] += sums
        self.count_operations(job, operands, done)
        self.count_weight_reads(job, operands, done)
        self.count_input_reads(job, operands)
        self.count_partial_sums(job)
        return done

    def count_operations(self, job: Job, operands: Operands, done: ArrayPass) -> None:
        """Useful: one per live in-bounds input of a lane and step, and channel it reaches (P3)."""
        live = operands.live.sum(axis=(1, 2))
        reached = np.full(len(live), len(job.channels))
        if self.array.weight_sparsity:
            reached = np.count_nonzero(operands.weights, axis=1)
        useful = live * reached
        count = self.books.count
        count(job.layer, "ac", int(useful[~operands.graded].sum()))
        count(job.layer, "mac", int(useful[operands.graded].sum()))
        count(job.layer, "ac_issued", done.ac)
        count(job.layer, "mac_issued", done.mac)
        count(job.layer, "pe_cycles", done.pe_cycles)
        count(job.layer, "decode_events", done.decoded)

    def count_weight_reads(self, job: Job, operands: Operands, done: ArrayPass) -> None:
        """Weights that the array reads, if it streams anything (P4)."""
        if done.length == 0:
            return
        bits, word = self.hardware.precision.weight_bits, self.buffers.weight.word_bits
        channels, reads = len(job.channels), done.beats
        if self.array.weight_sparsity:
            words = 0
            for n in range(channels):
                kept = int(np.count_nonzero(operands.weights[:, n])) * bits + job.tile_k
                words += ceil_div(kept, word)
            self.books.count(job.layer, "weight_index_reads", job.tile_k * channels)
        else:
            rows = done.beats if self.array.dataflow == "os" else job.tile_k
            reads, words = rows * channels, rows * ceil_div(channels * bits, word)
        self.books.count(job.layer, "weight_reads", reads)
        self.books.count(job.layer, "weight_buffer_read", words)

    def count_input_reads(self, job: Job, operands: Operands) -> None:
        """Maps and images are scanned whole, lists entry by entry (P4)."""
        word, maps, first = self.buffers.input.word_bits, self.planned.maps, 0
        for part in job.tile:
            s, (kh, kw) = part.synapses, part.synapses.kernel
            live = operands.live[first : first + part.k]
            entries = scans = 0
            for lane, (sample, _) in enumerate(job.lanes):
                for i, step in enumerate(job.streamed_steps):
                    if maps.comes_as_list(s, sample, step):
                        entries += int(np.count_nonzero(live[:, lane, i]))
                    else:
                        scans += 1
            words = ceil_div(entries * maps.address_bits(s.source), word)
            words += scans * kh * ceil_div(kw * part.touched * s.bits, word)
            self.books.count(job.layer, "input_reads", entries + scans * part.k)
            self.books.count(job.layer, "input_buffer_read", words)
            first += part.k

    def count_partial_sums(self, job: Job) -> None:
        """Sums of K-tiles in their buffer: written by each job, read by each but the first (P6)."""
        buffer = self.buffers.partial_sum
        if buffer and self.planned.memory.partial[job.layer.name] == "buffer":
            bits = job.outputs * len(job.streamed_steps) * self.hardware.precision.partial_sum_bits
            words = ceil_div(bits, buffer.word_bits)
            self.books.count(job.layer, "partial_sum_buffer_write", words)
            self.books.count(job.layer, "partial_sum_buffer_read", words if job.k > 0 else 0)

    def count_held_sums(self, job: Job) -> None:
        """Held sums in the partial-sum buffer: the others read what the first pass left there (M4)."""
        buffer, memory, name = self.buffers.partial_sum, self.planned.memory, job.layer.name
        if buffer and memory.hold[name] == "buffer":
            words = ceil_div(job.outputs * self.hardware.precision.partial_sum_bits, buffer.word_bits)
            if job.steps.start > 0:
                self.books.count(job.layer, "partial_sum_buffer_read", words)
            elif memory.partial[name] != "buffer":
                self.books.count(job.layer, "partial_sum_buffer_write", words)

    def lif_stage(self, job: Job) -> LifStage:
        """Cycles of the LIF units and vector lanes for a fold (L1)."""
        if not job.last_tile:
            return LifStage()
        layer, steps = job.layer, len(job.steps)
        update = serialized = vector = 0
        if layer.population.kind in ("lif", "li", "clif", "readout", "relu"):
            groups = layer.channel_groups
            update = ceil_div(job.outputs, self.hardware.lif_rate)
            serialized = groups * ceil_div(job.outputs, groups * self.hardware.lif_rate) - update
        for p in layer.streamed:
            taps = 1 if p.kind == "identity" else p.kernel[0] * p.kernel[1]
            vector += taps * ceil_div(job.outputs, self.hardware.lif.vector_lanes)
        return LifStage(steps * update, steps * serialized, steps * vector)

    def count_load(self, job: Job) -> None:
        """Bytes of a load, the words they fill, and the words read of streamed operands (S2, B3, B4)."""
        for operand, size in job.loads.items():
            self.books.count(job.layer, f"dram_{operand}_read_bytes", size)
        for operand, buffer in (("weight", self.buffers.weight), ("input", self.buffers.input)):
            words = ceil_div(job.loads[operand] * 8, buffer.word_bits)
            self.books.count(job.layer, f"{operand}_buffer_write", words)
        self.books.count(job.layer, "input_buffer_read", job.streamed_words)

    def count_store(self, job: Job) -> None:
        """Bytes of a store, words of the output buffer and of states (S2, B5, M3)."""
        for operand, size in job.stores.items():
            self.books.count(job.layer, f"dram_{operand}_write_bytes", size)
        if job.last_tile:
            steps, word = len(job.steps), self.buffers.output.word_bits
            words = steps * ceil_div(job.outputs * job.layer.bits, word)
            self.count_held_sums(job)
            self.books.count(job.layer, "output_writes", steps * job.outputs)
            self.books.count(job.layer, "output_buffer_write", words)
            self.books.count(job.layer, "output_buffer_read", ceil_div(job.stores["output"] * 8, word))
        self.books.count(job.layer, "membrane_buffer_read", job.state_reads)
        self.books.count(job.layer, "membrane_buffer_write", job.state_writes)
