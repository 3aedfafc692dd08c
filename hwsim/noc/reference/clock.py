"""The order of what happens in one cycle (R4), as priorities of SimPy's queue."""

from collections.abc import Callable, Generator
from enum import IntEnum
from typing import Any

import simpy
from simpy.events import EventPriority

from hwsim.errors import HwsimError

Process = Generator[simpy.Event, Any, None]


class Phase(IntEnum):
    CREDITS = 0
    FLITS = 1
    CREATION = 2
    INJECTION = 3
    ROUTERS = 4


class After(simpy.Event):
    """Happens in a phase of the cycle that comes ``cycles`` later."""

    def __init__(self, clock: simpy.Environment, cycles: int, phase: Phase) -> None:
        super().__init__(clock)
        self._ok = True
        self._value = None
        clock.schedule(self, priority=EventPriority(phase), delay=cycles)


class Clock(simpy.Environment):
    """Counts whole cycles."""

    @property
    def cycle(self) -> int:
        return int(self.now)

    def after(self, cycles: int, phase: Phase) -> After:
        return After(self, cycles, phase)

    def later(self, cycles: int, phase: Phase, action: Callable[[], None]) -> None:
        """Do something in a phase of the cycle that comes ``cycles`` later."""
        self.after(cycles, phase).callbacks.append(lambda _: action())


class Watch:
    """Whether anything still moves (R16)."""

    def __init__(self, stuck_cycles: int, places: Callable[[], list[str]]) -> None:
        self.stuck_cycles, self.places = stuck_cycles, places
        self.moved = 0
        self.slots_taken = 0

    def move(self, now: int) -> None:
        """A flit won a switch or was injected, or a slot of a receive queue is free again."""
        self.moved = now

    def check(self, now: int) -> None:
        """For what waits in ``now``. Raises HwsimError naming where flits stand, if all has long stood."""
        if not self.slots_taken and now - self.moved >= self.stuck_cycles:
            where = "; ".join(self.places())
            raise HwsimError(f"deadlock: no flit has moved since cycle {self.moved}: {where}")
