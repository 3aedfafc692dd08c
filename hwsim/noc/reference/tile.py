"""A tile: source queue and injection (R10), receive queue and deliveries (R11, R14)."""

from collections import deque
from typing import TYPE_CHECKING

from hwsim.noc.config import NocTable
from hwsim.noc.reference.clock import Clock, Phase, Process, Watch
from hwsim.noc.reference.paths import TILE
from hwsim.noc.reference.traffic import Delivery, Flit, Journey

if TYPE_CHECKING:
    from hwsim.noc.reference.router import Router


class Tile:
    """``router``: set when the network is wired."""

    router: "Router"

    def __init__(self, clock: Clock, table: NocTable, number: int, drain_cycles: int, watch: Watch) -> None:
        self.clock, self.table, self.number, self.watch = clock, table, number, watch
        self.drain_cycles = drain_cycles
        self.source_queue: deque[Flit] = deque()
        self.injecting = False
        self.credits = [table.buffer_flits] * table.virtual_channels
        self.last_vc = table.virtual_channels - 1
        self.last_out: int | None = None
        self.deliveries: list[Delivery] = []

    def create(self, journey: Journey) -> None:
        """A packet joins the source queue."""
        last = journey.size - 1
        self.source_queue += [Flit(journey, i == 0, i == last, journey.root) for i in range(journey.size)]
        if not self.injecting:
            self.injecting = True
            self.clock.process(self.inject())

    def inject(self) -> Process:
        """One flit a cycle while any waits."""
        yield self.clock.after(0, Phase.INJECTION)
        while self.source_queue:
            vc = self.choose_vc(self.source_queue[0])
            if vc is None:
                self.router.counts.stalls.injection_queue += 1
                self.watch.check(self.clock.cycle)
            else:
                self.send(self.source_queue.popleft(), vc)
            yield self.clock.after(1, Phase.INJECTION)
        self.injecting = False

    def choose_vc(self, flit: Flit) -> int | None:
        """A head's is the first with a credit after the last used; the others follow it."""
        vcs = self.table.virtual_channels
        tried = [(self.last_vc + 1 + k) % vcs for k in range(vcs)] if flit.head else [self.last_vc]
        return next((vc for vc in tried if self.credits[vc] > 0), None)

    def send(self, flit: Flit, vc: int) -> None:
        now = self.clock.cycle
        self.last_vc = vc
        self.credits[vc] -= 1
        self.router.counts.injected += 1
        self.router.counts.buffer_writes += 1
        self.watch.move(now)
        if flit.head:
            flit.journey.injected = now
        wire = self.table.delays.injection + 1
        self.clock.later(wire, Phase.FLITS, lambda: self.router.arrive(TILE, vc, flit))

    def return_credit(self, vc: int) -> None:
        """A slot of the router's input 4 is free."""
        self.credits[vc] += 1

    def arrive(self, vc: int, flit: Flit) -> None:
        """A flit comes out of the network by output 4."""
        now = self.clock.cycle
        back = self.table.delays.ejection + 1 + self.table.delays.credit
        self.clock.later(back, Phase.CREDITS, lambda: self.router.return_credit(TILE, vc))
        out = now if self.last_out is None else max(now, self.last_out + self.drain_cycles)
        self.last_out = out
        if self.table.receive_queue_flits is not None:
            self.clock.later(out + back - now, Phase.CREDITS, self.router.return_slot)
        if flit.tail:
            of = flit.journey
            self.deliveries.append(
                Delivery(of.packet, self.number, of.source, of.created, of.injected, now, flit.hops)
            )
