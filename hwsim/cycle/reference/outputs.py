"""The spike writer: maps leave the chip in whole bursts (docs/machine.md, B5)."""

from hwsim.cycle.reference.activity import Maps
from hwsim.cycle.reference.jobs import Job
from hwsim.cycle.reference.layers import ceil_div


class SpikeWriter:
    """Gathers the maps of a layer and flushes them as its outputs are done."""

    def __init__(self, maps: Maps, burst_bytes: int) -> None:
        self.maps, self.burst_bytes = maps, burst_bytes

    def flushed(self, bits: int, done: int, outputs: int) -> int:
        """F: bytes of a map of ``bits`` that have left after ``done`` of the layer's ``outputs``."""
        if done == outputs:
            return ceil_div(ceil_div(bits, 8), self.burst_bytes) * self.burst_bytes
        return bits * done // (outputs * 8) // self.burst_bytes * self.burst_bytes

    def stored(self, job: Job, before: int, after: int) -> int:
        """Bytes that the job stores, per map, sample and step of its pass."""
        total = 0
        for name in job.layer.maps:
            for sample in job.samples:
                for step in job.steps:
                    bits = self.maps.stored(name, sample, step)
                    ends = [self.flushed(bits, done, job.layer.size) for done in (before, after)]
                    total += ends[1] - ends[0]
        return total
