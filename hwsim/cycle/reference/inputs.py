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

    def __init__(self, chart: Chart, maps: Maps, layers: list[Layer], jobs: list[Job]) -> None:
        self.chart, self.maps, self.layer_major = chart, maps, chart.layer_major
        self.buffer, self.samples = chart.hardware.buffers.input, chart.samples
        self.burst_bytes = chart.hardware.dram.burst
        self.residency = {
            layer.name: self.resident(layer, [job for job in jobs if job.layer is layer])
            for layer in layers
            if layer.kind == "array"
        }

    def burst(self, size: int) -> int:
        return ceil_div(size, self.burst_bytes) * self.burst_bytes

    def steps_kept(self, layer: Layer, s: Synapses) -> int:
        """S(p)."""
        return s.steps if self.layer_major and not layer.stepwise else 1

    def resident(self, layer: Layer, jobs: list[Job]) -> Residency:
        """The first of whole, sample, window and fold that the input buffer holds."""
        several = layer.together or (not layer.apart and (layer.order == "n_outer" or layer.groups > 1))
        samples = self.samples if several else 1
        whole = window = 0
        for s in layer.synapses:
            steps = self.steps_kept(layer, s)
            whole += ceil_div(s.source_size * s.bits, 8) * steps
            crossed = ceil_div(min(layer.fold_positions, layer.positions) - 1, layer.width)
            rows = min(s.plane[0], s.stride[0] * crossed + s.kernel[0])
            window += ceil_div(rows * s.plane[1] * s.group_channels * s.bits, 8) * steps
        if samples * whole <= self.buffer.capacity_bytes:
            return "whole"
        if not layer.together and samples > 1 and whole <= self.buffer.capacity_bytes:
            return "sample"
        if not layer.together and window <= self.buffer.tile_bytes:
            return "window"
        needed = max(self.largest_fold(job) for job in jobs)
        if needed > self.buffer.tile_bytes:
            raise HwsimError(
                f"layer {layer.name!r}: the weighted inputs of one fold take {needed} bytes, "
                f"but the input buffer offers {self.buffer.tile_bytes} bytes to one job"
            )
        return "fold"

    def weighted(self, job: Job) -> int:
        """Bytes of weighted inputs that the job loads (B2)."""
        if not job.has_pass:
            return 0
        if self.residency[job.layer.name] == "fold":
            return self.fold_load(job)
        if job.k > 0:
            return 0
        return sum(self.rows_load(job, s) for s in job.layer.synapses)

    def rows_load(self, job: Job, s: Synapses) -> int:
        """Bytes of the rows that the M-fold is the first to need."""
        layer = job.layer
        if self.residency[layer.name] == "whole":
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
                bits = self.maps.read(s, sample, step)
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

    def fold_load(self, job: Job) -> int:
        """Bytes of the source rectangles that the runs of the M-fold cover."""
        return sum(
            self.rectangle_bytes(job, part, self.maps.read(part.synapses, sample, step))
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

    def check_streamed(self, job: Job, before: int, after: int) -> None:
        """What a job streams must lie in the input buffer (B3), judged by bitmaps."""
        needed = 0
        for p in job.layer.streamed:
            size = self.chart.network.population[p.source].size
            first, stop = (size * done // job.layer.size for done in (before, after))
            for _ in job.samples:
                for step in job.steps:
                    bits = self.maps.most(p.source) if step >= p.delay else 0
                    needed += self.burst(self.maps.part_bytes(stop, bits, size))
                    needed -= self.burst(self.maps.part_bytes(first, bits, size))
        if needed > self.buffer.tile_bytes:
            raise HwsimError(
                f"layer {job.layer.name!r}: the streamed inputs of one job take {needed} bytes, "
                f"but the input buffer offers {self.buffer.tile_bytes} bytes to one job"
            )

    def streamed(self, job: Job, before: int, after: int) -> tuple[int, int]:
        """Bytes and words of operands read once, in order; outputs done ``before`` and ``after`` (B3)."""
        total = words = 0
        word = self.buffer.word_bits
        for p in job.layer.streamed:
            size = self.chart.network.population[p.source].size
            first, stop = (size * done // job.layer.size for done in (before, after))
            for sample in job.samples:
                for step in job.steps:
                    bits = self.maps.read(p, sample, step)
                    total += self.burst(self.maps.part_bytes(stop, bits, size))
                    total -= self.burst(self.maps.part_bytes(first, bits, size))
                    words += ceil_div((stop - first) * bits, size * word)
        return total, words


def runs(job: Job) -> list[tuple[int, int, int]]:
    """(output row, first column, last column) of the M-fold's runs of consecutive positions."""
    width = job.layer.width
    in_row: dict[int, list[int]] = {}
    for position in job.positions:
        in_row.setdefault(position // width, []).append(position % width)
    return [(oy, columns[0], columns[-1]) for oy, columns in in_row.items()]
