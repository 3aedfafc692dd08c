"""Weighted inputs and streamed operands that jobs load from DRAM (docs/machine.md, B2 and B3)."""

from typing import Literal

from hwsim.cycle.reference.activity import Maps
from hwsim.cycle.reference.chart import Chart
from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.layers import Layer, Synapses, TilePart, ceil_div
from hwsim.errors import HwsimError

Residency = Literal["whole", "sample", "window", "fold"]


class Inputs:
    """Bytes and words of a job's inputs by the residency of its layer; ``jobs`` are all of the mini-batch."""

    def __init__(self, chart: Chart, maps: Maps, jobs: list[Job]) -> None:
        self.chart, self.maps, self.layer_major = chart, maps, chart.layer_major
        self.buffer, self.samples = chart.hardware.buffers.input, chart.samples
        self.burst_bytes = chart.hardware.dram.burst
        self.done = outputs_done(jobs)
        of_layer: dict[Layer, list[Job]] = {}
        for job in jobs:
            of_layer.setdefault(job.layer, []).append(job)
        self.residency = {
            layer.name: self.resident(layer, own, self.check_streamed(layer, own))
            for layer, own in of_layer.items()
            if layer.kind == "array"
        }
        for layer, own in of_layer.items():
            if layer.kind != "array":
                self.check_streamed(layer, own)

    def burst(self, size: int) -> int:
        return ceil_div(size, self.burst_bytes) * self.burst_bytes

    def steps_kept(self, layer: Layer, s: Synapses) -> int:
        """S(p)."""
        return s.steps if self.layer_major and not layer.stepwise else 1

    def resident(self, layer: Layer, jobs: list[Job], beside: int) -> Residency:
        """Of whole, sample, window and fold the one that fits and loads least, had no map been made smaller.

        ``beside``: most bytes that a job streams, which lie in the buffer too, of two jobs if it is double.
        """
        several = layer.together or (not layer.apart and (layer.order == "n_outer" or layer.groups > 1))
        samples = self.samples if several else 1
        whole = window = 0
        for s in layer.synapses:
            steps = self.steps_kept(layer, s)
            whole += ceil_div(s.source_size * s.bits, 8) * steps
            crossed = ceil_div(min(layer.fold_positions, layer.positions) - 1, layer.width)
            rows = min(s.plane[0], s.stride[0] * crossed + s.kernel[0])
            window += ceil_div(rows * s.plane[1] * s.group_channels * s.bits, 8) * steps
        streamed = beside * (2 if self.buffer.double_buffered else 1)
        fold = max(self.largest_fold(job) for job in jobs)
        fitting: list[Residency] = []
        if samples * whole + streamed <= self.buffer.capacity_bytes:
            fitting.append("whole")
        if not layer.together and samples > 1 and whole + streamed <= self.buffer.capacity_bytes:
            fitting.append("sample")
        if not layer.together and window + beside <= self.buffer.tile_bytes:
            fitting.append("window")
        if fold + beside <= self.buffer.tile_bytes:
            fitting.append("fold")
        if not fitting:
            raise HwsimError(
                f"layer {layer.name!r}: the weighted inputs of one fold take {fold} bytes and the streamed "
                f"ones {beside}, but the input buffer offers {self.buffer.tile_bytes} bytes to one job"
            )
        return min(fitting, key=lambda kept: sum(self.weighted(job, kept, listed=False) for job in jobs))

    def weighted(self, job: Job, kept: Residency, listed: bool = True) -> int:
        """Bytes of weighted inputs that the job loads (B2); maps not ``listed`` are bitmaps."""
        if not job.has_pass:
            return 0
        if kept == "fold":
            return self.fold_load(job, listed)
        if job.k > 0:
            return 0
        return sum(self.rows_load(job, s, kept, listed) for s in job.layer.synapses)

    def map_bits(self, s: Synapses, sample: int, step: int, listed: bool) -> int:
        """Bits of map(p, t), of a bitmap if not ``listed``."""
        if listed or step < s.delay:
            return self.maps.read(s, sample, step)
        return self.maps.most(s.source)

    def rows_load(self, job: Job, s: Synapses, kept: Residency, listed: bool) -> int:
        """Bytes of the rows that the M-fold is the first to need."""
        layer = job.layer
        if kept == "whole":
            loads = job.n == 0 and (s.groups > 1 or job.group == 0)
        else:
            loads = job.n == 0 or layer.order == "n_outer"
        if not loads:
            return 0
        m = 0 if layer.together else job.m
        total = 0
        for sample in job.samples:
            for step in job.streamed_steps:
                if s.constant and step != s.delay and self.layer_major and not layer.stepwise:
                    continue
                bits = self.map_bits(s, sample, step, listed)
                total += self.row_bytes(layer, s, m, bits) - self.row_bytes(layer, s, m - 1, bits)
        return total

    def row_bytes(self, layer: Layer, s: Synapses, m: int, bits: int) -> int:
        """Bytes of the source rows needed up to the end of M-fold ``m`` (y) of a map of ``bits``."""
        if m < 0:
            return 0
        last = 0 if layer.together else layer.m_folds[m].stop - 1
        height, width = s.plane
        tops = [oy * s.stride[0] - s.padding[0] for oy in range(last // layer.width + 1)]
        y = len({row for top in tops for row in range(top, top + s.kernel[0]) if 0 <= row < height})
        return self.burst(self.maps.part_bytes(y * width * s.group_channels, bits, s.source_size))

    def fold_load(self, job: Job, listed: bool) -> int:
        """Bytes of the source rectangles that the runs of the M-fold cover."""
        return sum(
            self.rectangle_bytes(job, part, self.map_bits(part.synapses, sample, step, listed))
            for part in job.tile
            for sample in job.samples
            for step in job.streamed_steps
        )

    def largest_fold(self, job: Job) -> int:
        """The same, had no map been made smaller."""
        copies = len(job.samples) * len(job.streamed_steps)
        return copies * sum(
            self.rectangle_bytes(job, part, part.synapses.source_size * part.synapses.bits)
            for part in job.tile
        )

    def rectangle_bytes(self, job: Job, part: TilePart, bits: int) -> int:
        s = part.synapses
        elements = 0
        for oy, first, last in runs(job):
            top, left = oy * s.stride[0] - s.padding[0], first * s.stride[1] - s.padding[1]
            right = last * s.stride[1] - s.padding[1] + s.kernel[1]
            rows = [y for y in range(top, top + s.kernel[0]) if 0 <= y < s.plane[0]]
            columns = [x for x in range(left, right) if 0 <= x < s.plane[1]]
            elements += len(rows) * len(columns) * part.touched
        return self.burst(self.maps.part_bytes(elements, bits, s.source_size))

    def check_streamed(self, layer: Layer, jobs: list[Job]) -> int:
        """The most bytes that a job streams, judged by bitmaps: they must lie in the input buffer (B3)."""
        needed = max((self.streamed(job, listed=False)[0] for job in jobs if job.last_tile), default=0)
        if needed > self.buffer.tile_bytes:
            raise HwsimError(
                f"layer {layer.name!r}: the streamed inputs of one job take {needed} bytes, "
                f"but the input buffer offers {self.buffer.tile_bytes} bytes to one job"
            )
        return needed

    def streamed(self, job: Job, listed: bool = True) -> tuple[int, int]:
        """Bytes and words of operands read once, in order (B3); maps not ``listed`` are bitmaps."""
        total = words = 0
        word = self.buffer.word_bits
        for p in job.layer.streamed:
            size = self.chart.network.population[p.source].size
            first, stop = (size * done // job.layer.size for done in self.done[job])
            for sample in job.samples:
                for step in job.steps:
                    bits = self.maps.read(p, sample, step)
                    if not listed and step >= p.delay:
                        bits = self.maps.most(p.source)
                    total += self.burst(self.maps.part_bytes(stop, bits, size))
                    total -= self.burst(self.maps.part_bytes(first, bits, size))
                    words += ceil_div((stop - first) * bits, size * word)
        return total, words


def outputs_done(jobs: list[Job]) -> dict[Job, tuple[int, int]]:
    """Outputs of a sample and step that are finished before and after each job of a last K-tile (B3)."""
    done: dict[tuple[int, int, int], int] = {}
    found = {}
    for job in jobs:
        if job.last_tile:
            key = (job.layer.index, job.samples[0], job.steps.start)
            before = done.get(key, 0)
            done[key] = before + job.sample_outputs
            found[job] = before, done[key]
    return found


def runs(job: Job) -> list[tuple[int, int, int]]:
    """(output row, first column, last column) of the M-fold's runs of consecutive positions."""
    width = job.layer.width
    in_row: dict[int, list[int]] = {}
    for position in job.positions:
        in_row.setdefault(position // width, []).append(position % width)
    return [(oy, columns[0], columns[-1]) for oy, columns in in_row.items()]
