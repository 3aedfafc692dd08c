"""What a run of the reference tells: the fields of ChipRun that the rules define, packets, and the spikes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.events import EventTrace
from hwsim.noc.reference import Counts

Int = NDArray[np.int64]


@dataclass(frozen=True)
class PacketTimes:
    """``created`` and ``arrived`` in cycles of the cores; one for each core that a packet was for."""

    tick: int
    source: int
    number: int
    core: int
    created: int
    arrived: int


@dataclass(frozen=True, eq=False)
class ReferenceRun:
    """Fields of the same names as ChipRun's; ``trace``: what the cores emitted, and the readout's sums.

    Of each sample: ``packets`` in the order of arrival, ``routers`` the counts of routers (R15).
    """

    interval: int
    depth: dict[str, int]
    cores: Int
    begin: Int
    update_end: Int
    send_end: Int
    receive_end: Int
    cycles: Int
    latency: int
    waits: Int
    counts: dict[str, Int]
    links: Int
    addressed: Int
    packet_latency: Int
    packets: list[list[PacketTimes]]
    routers: list[Counts]
    trace: EventTrace
