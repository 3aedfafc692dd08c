"""When each core begins a tick, and when a sample ends (E6)."""

from collections.abc import Sequence
from dataclasses import dataclass

import simpy

from hwsim.chip.config import EventCore
from hwsim.chip.reference.clock import Clock, Process
from hwsim.chip.reference.core import Core
from hwsim.chip.reference.wiring import Wiring
from hwsim.place.slices import HOST


@dataclass
class Barriers:
    """``cores``: all in use, the host too. ``waits``: by tick, how long ``tick_cycles`` held back each."""

    clock: Clock
    table: EventCore
    wiring: Wiring
    cores: Sequence[Core]
    latency: int

    def __post_init__(self) -> None:
        self.waits = [[0] * len(self.cores) for _ in range(self.wiring.ticks.total)]
        for number, core in enumerate(self.cores):
            self.clock.process(self.lead(number, core))

    def lead(self, number: int, core: Core) -> Process:
        """A core from tick to tick."""
        for tick, begins in enumerate(core.begins):
            began = self.clock.cycle
            begins.succeed()
            yield self.clock.all_of(self.awaited(core, tick))
            passed = self.clock.cycle + self.latency
            next_begin = max(passed, began + self.table.tick_cycles)
            self.waits[tick][number] = next_begin - passed
            yield self.clock.cycles(next_begin - self.clock.cycle)

    def awaited(self, core: Core, tick: int) -> list[simpy.Event]:
        """What must have happened in a tick before the core begins the next one."""
        if self.table.barrier == "none":
            return [*self.ends(core, tick), *(other.updated[tick] for other in core.listeners)]
        others = self.cores if self.table.barrier == "tick" else self.around(core)
        return [event for other in others for event in self.ends(other, tick)]

    def ends(self, core: Core, tick: int) -> tuple[simpy.Event, ...]:
        return core.updated[tick], core.sent_all[tick], core.received_all[tick]

    def around(self, core: Core) -> list[Core]:
        """Those of its own populations and of all that a projection joins to these."""
        own = self.wiring.populations_on(core.number)
        related = own.copy()
        for q in self.wiring.network.projections:
            if q.source in own or q.target in own:
                related |= {q.source, q.target}
        numbers = {number for name in related for number in self.wiring.cores_of(name)}
        return [other for other in self.cores if other.number in numbers]


def latency(table: EventCore, wiring: Wiring, cores_per_router: int) -> int:
    """L, 0 without a barrier; over the routers of the cores that have slices."""
    if table.barrier == "none":
        return 0
    routers = {router(core, cores_per_router) for core in wiring.slices}
    return table.barrier_first_cycles + table.barrier_router_cycles * (len(routers) - 1)


def router(core: int, cores_per_router: int) -> int:
    """G1; the host is at router 0 (G8)."""
    return 0 if core == HOST else core // cores_per_router
