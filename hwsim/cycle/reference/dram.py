"""What lies behind the DMA channel: plain bandwidth, or a DRAM's commands (docs/machine.md, S2 and S6)."""

from dataclasses import dataclass

import numpy as np

from hwsim.cycle.reference.layers import ceil_div
from hwsim.dram.engine import Engine, Trace
from hwsim.dram.table import DramTable
from hwsim.hardware import Hardware


@dataclass(frozen=True)
class Request:
    """Bytes of one operand of a transfer; ``address`` is 0 where only bandwidth counts."""

    operand: str
    size: int
    address: int
    write: bool


@dataclass(frozen=True)
class Served:
    """``ends``: (operand, e_k) in order; ``free``: when the channel is; ``counts``: DRAM actions."""

    ends: list[tuple[str, int]]
    free: int
    counts: dict[str, int]


class PlainBandwidth:
    """Bytes one after the other; a latency is added to their ends and leaves the channel free (S2)."""

    def __init__(self, hardware: Hardware) -> None:
        self.hardware = hardware

    def serve(self, start: int, requests: list[Request]) -> Served:
        ends, at = [], start
        for request in requests:
            at += self.hardware.transfer_cycles(request.size)
            ends.append((request.operand, at + self.hardware.latency_cycles))
        return Served(ends, at, {})

    def finish(self) -> dict[str, int]:
        return {}


class Commands:
    """The DRAM engine on its own clock, fed with one transfer after the other (S2)."""

    def __init__(self, device: DramTable, clock_hz: int) -> None:
        assert device.banked is not None
        self.device, self.clock_hz = device, clock_hz
        self.timing = device.banked.timing_cycles
        self.engine = Engine(device)
        self.booked: dict[str, int] = {}

    def tile_cycle(self, dram_cycle: int) -> int:
        return ceil_div(dram_cycle * self.clock_hz, self.device.clock_hz)

    def serve(self, start: int, requests: list[Request]) -> Served:
        arrival = ceil_div(start * self.device.clock_hz, self.clock_hz)
        trace = Trace(
            np.full(len(requests), arrival, np.int64),
            np.array([request.address for request in requests], np.int64),
            np.array([request.size for request in requests], np.int64),
            np.array([request.write for request in requests], np.uint8),
        )
        completions = [int(cycle) for cycle in self.engine.feed(trace, final=True).completion]
        ends, at = [], start
        for request, completion in zip(requests, completions, strict=True):
            at = max(at, self.tile_cycle(completion))
            ends.append((request.operand, at))
        latency = (self.timing.CWL if requests[0].write else self.timing.CL) + self.timing.BL
        free = max(start, self.tile_cycle(max(completions) - latency))
        return Served(ends, free, self.added(self.engine.rank_cycles()))

    def finish(self) -> dict[str, int]:
        """What is left to the last completion of the run (S6)."""
        return self.added(self.engine.rank_cycles(self.engine.last))

    def added(self, rank_cycles: tuple[int, int]) -> dict[str, int]:
        """What the engine counted since it was last asked, by the ledger's actions (S6)."""
        totals = self.engine.totals()
        counts = {
            "dram_activates": totals.activates,
            "dram_reads": totals.reads,
            "dram_writes": totals.writes,
            "dram_refreshes": totals.refreshes,
            "dram_active_cycles": rank_cycles[0],
            "dram_precharged_cycles": rank_cycles[1],
        }
        new = {action: count - self.booked.get(action, 0) for action, count in counts.items()}
        self.booked = counts
        return new


def dram_of(hardware: Hardware) -> PlainBandwidth | Commands:
    device = hardware.dram.banked
    return Commands(device, hardware.clock_hz) if device else PlainBandwidth(hardware)
