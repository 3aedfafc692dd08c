"""Weights that jobs load from DRAM (docs/machine.md, B1)."""

import numpy as np

from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.layers import Layer, Tile, ceil_div
from hwsim.hardware import Hardware

Used = tuple[int, int, int, int]


class Weights:
    """Which jobs load their weight tile, asked job by job in order."""

    def __init__(self, layers: list[Layer], hardware: Hardware) -> None:
        self.hardware, self.buffer = hardware, hardware.buffers.weight
        self.weight_bits = hardware.precision.weight_bits
        self.sparse = hardware.pe_array.weight_sparsity
        self.layer_bytes = {layer.name: ceil_div(self.layer_bits(layer), 8) for layer in layers}
        self.pinned = sum(self.layer_bytes.values()) <= self.buffer.capacity_bytes
        self.seen: set[Used] = set()

    def tile_bits(self, tile: Tile, channels: tuple[int, ...]) -> int:
        """Dense, or the weights that are not zero and a bitmap of all."""
        bits = 0
        for part in tile:
            kernels = part.synapses.weights[list(channels)].reshape(len(channels), -1)
            chosen = kernels[:, part.ks.start : part.ks.stop]
            if self.sparse:
                bits += int(np.count_nonzero(chosen)) * self.weight_bits + chosen.size
            else:
                bits += chosen.size * self.weight_bits
        return bits

    def layer_bits(self, layer: Layer) -> int:
        """The sum of its tiles."""
        return sum(
            self.tile_bits(tile, tuple(group * layer.channels + c for c in fold))
            for group in range(layer.groups)
            for fold in layer.n_folds
            for tile in layer.tiles
        )

    def load(self, job: Job) -> int:
        """Bytes before rounding to bursts; 0 if the tile is on chip or the job has no array pass."""
        if not job.has_pass or not self.is_needed(job):
            return 0
        return ceil_div(self.tile_bits(job.tile, job.channels), 8)

    def is_needed(self, job: Job) -> bool:
        layer = job.layer
        if self.pinned:
            tile = (layer.index, job.group, job.n, job.k)
            first_use = tile not in self.seen
            self.seen.add(tile)
            return first_use
        if self.streams_tiles(layer):
            return True
        first_pass = job.steps.start == 0 or len(job.block) > 1
        first_sample = job.samples[0] == 0 or layer.apart
        if self.layer_bytes[layer.name] <= self.buffer.tile_bytes or layer.order == "n_outer":
            return first_pass and first_sample and job.m == 0
        return first_pass

    def streams_tiles(self, layer: Layer) -> bool:
        """Whether an N-fold is more than the buffer keeps from job to job."""
        of_fold = sum(part.k for tile in layer.tiles for part in tile) * max(len(f) for f in layer.n_folds)
        several_under_os = len(layer.tiles) > 1 and self.hardware.pe_array.dataflow == "os"
        return of_fold * self.weight_bits > self.buffer.tile_bytes * 8 or several_under_os
