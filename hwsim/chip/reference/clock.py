"""Cycles of the cores and of the network-on-chip on one time axis (E1)."""

from collections.abc import Generator
from enum import IntEnum
from math import gcd
from typing import Any

import simpy
from simpy.events import EventPriority

from hwsim.chip.config import EventCore

Process = Generator[simpy.Event, Any, None]


class Phase(IntEnum):
    """What happens at one time, in order; SimPy's own events, so all updates, come behind ARRIVAL."""

    ARRIVAL = 0
    SENDING = 2
    RECEIVING = 3
    CREATION = 4


class At(simpy.Event):
    """Happens in a phase, ``delay`` units of time from now."""

    def __init__(self, clock: simpy.Environment, delay: int, phase: Phase) -> None:
        super().__init__(clock)
        self._ok = True
        self._value = None
        clock.schedule(self, priority=EventPriority(phase), delay=delay)


class Clock(simpy.Environment):
    """Its unit of time divides the cycles of both: cycle x of the cores is at ``x * core``, cycle x of the
    network at ``x * noc``."""

    def __init__(self, core: EventCore) -> None:
        super().__init__()
        common = gcd(core.clock_hz, core.noc_clock_hz)
        self.core = core.noc_clock_hz // common
        self.noc = core.clock_hz // common

    @property
    def cycle(self) -> int:
        """The cores' cycle that is now; of a time between two the later one."""
        return -(-int(self.now) // self.core)

    def cycles(self, cycles: int) -> simpy.Event:
        """So many cycles of the cores."""
        return self.timeout(cycles * self.core)

    def in_phase(self, phase: Phase) -> simpy.Event:
        """After all that happens now in earlier phases."""
        return At(self, 0, phase)

    def at_cycle(self, cycle: int, phase: Phase) -> simpy.Event:
        """In a phase of a cycle of the cores."""
        return At(self, cycle * self.core - int(self.now), phase)

    def at_noc_cycle(self, cycle: int, phase: Phase) -> simpy.Event:
        return At(self, cycle * self.noc - int(self.now), phase)

    def noc_cycle_of(self, cycle: int) -> int:
        """ceil(x * noc_clock_hz / clock_hz)."""
        return -(-cycle * self.core // self.noc)

    def cycle_of(self, noc_cycle: int) -> int:
        """ceil(x * clock_hz / noc_clock_hz)."""
        return -(-noc_cycle * self.noc // self.core)
