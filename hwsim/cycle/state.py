"""What the timeline's kernels keep: the machine, the DMA channel, the ends of all stages."""

from math import gcd
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hwsim.dram.memory import BOOKED, Memory, memory_of
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.program import LOADED, REGIONS, Program, region_starts

Ints = NDArray[np.int64]

PRELOAD_END, PRELOAD_STREAM, PASS_WORDS = range(3)
"""Of the last job that had a preload, its end and its stream_start (S3)."""


class Machine(NamedTuple):
    """Load buffers D, partial-sum banks P, output slots Q (S1), and whether passes overlap (P5)."""

    depth: int
    banks: int
    slots: int
    overlap: bool


class Ends(NamedTuple):
    """Cycles at which each job's stages ended, ``follow`` next(i) of S3.

    ``parts`` (jobs, 6): of a load, the cycle at which it was taken, and the end of each operand.
    """

    load: Ints
    follow: Ints
    array: Ints
    lif: Ints
    store: Ints
    parts: Ints


def ends_of(jobs: int) -> Ends:
    """All zero for so many jobs."""
    load, follow, array, lif, store = np.zeros((5, jobs), np.int64)
    return Ends(load, follow, array, lif, store, np.zeros((jobs, len(LOADED) + 1), np.int64))


class Channel(NamedTuple):
    """The DMA channel and the DRAM behind it.

    Plain: x bytes take ceil(x * clock / bandwidth) cycles, and end ``latency`` cycles later. Commands:
    ``fast`` DRAM cycles are ``slow`` tile cycles; ``load_tail``, ``store_tail``: DRAM cycles from the last
    command to the end of its data; ``begin``, ``size`` (layers, REGIONS), ``reached`` (layers, REGIONS, load
    or store): the walks; ``counts`` (layers, DRAM_COMMANDS); ``last``: the last completion (DRAM cycle) and
    the layer of the last transfer.
    """

    commands: bool
    clock: int
    bandwidth: int
    latency: int
    fast: int
    slow: int
    load_tail: int
    store_tail: int
    begin: Ints
    size: Ints
    reached: Ints
    counts: Ints
    last: Ints
    memory: Memory


def channel_to(program: Program, hardware: Hardware) -> Channel:
    """The channel of a chip. Raises HwsimError if the program's regions do not fit its DRAM."""
    common = gcd(hardware.clock_hz, hardware.dram.bandwidth)
    clock, bandwidth = hardware.clock_hz // common, hardware.dram.bandwidth // common
    layers, device = len(program.layers), hardware.dram.banked
    reached = np.zeros((layers, len(REGIONS), 2), np.int64)
    counts, last = np.zeros((layers, BOOKED), np.int64), np.zeros(2, np.int64)
    if device is None:
        begin = np.zeros((layers, len(REGIONS)), np.int64)
        return Channel(
            False, clock, bandwidth, hardware.latency_cycles, 1, 1, 0, 0,
            begin, program.regions, reached, counts, last, memory_of(None),
        )  # fmt: skip
    assert device.banked is not None
    t = device.banked.timing_cycles
    common = gcd(device.clock_hz, hardware.clock_hz)
    fast, slow = device.clock_hz // common, hardware.clock_hz // common
    if fast * slow >= 2**62:
        raise HwsimError(
            f"clocks of {hardware.clock_hz} Hz and, of DRAM {device.name!r}, {device.clock_hz} Hz: their "
            "common divisor is too small, round one of them"
        )
    begin = region_starts(program, device)
    return Channel(
        True, clock, bandwidth, 0, fast, slow, t.CL + t.BL, t.CWL + t.BL,
        begin, program.regions, reached, counts, last, memory_of(device),
    )  # fmt: skip
