"""A router: input VCs, VC allocation and switch allocation (R7, R8, R9, R13)."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from hwsim.noc.config import Delays, NocTable
from hwsim.noc.reference.clock import Clock, Phase, Process, Watch
from hwsim.noc.reference.paths import PORTS, TILE, Branch, opposite
from hwsim.noc.reference.tile import Tile
from hwsim.noc.reference.traffic import Flit, RouterCounts


def first_from(pointer: int, numbers: Iterable[int], size: int) -> int:
    """The first at or after the pointer, cyclically over ``size`` numbers."""
    return min(numbers, key=lambda number: (number - pointer) % size)


@dataclass(eq=False)
class Open:
    """A branch of the packet that an input VC serves, until its tail has gone by it.

    ``vc``: the output VC that it holds; ``switch_from``: the cycle from which it may ask for the switch.
    """

    branch: Branch
    vc: int | None = None
    switch_from: int = 0


@dataclass(eq=False)
class InputVc:
    """``vc_from``: the cycle from which the head's branches ask for output VCs (R7)."""

    flits: deque[Flit] = field(default_factory=deque)
    open: list[Open] = field(default_factory=list)
    vc_from: int = 0

    def front(self, cycle: int, delays: Delays) -> None:
        """The next flit is at the front from ``cycle`` on; a head stands."""
        flit = self.flits[0]
        if flit.head:
            assert flit.node is not None
            self.open = [Open(branch) for branch in flit.node.branches]
            self.vc_from = cycle + delays.routing + delays.vc_allocation - 1
        else:
            self.open[0].switch_from = cycle + delays.switch_allocation - 1


@dataclass(frozen=True, eq=False)
class Asking:
    """A branch of an input VC that asks for the switch."""

    port: int
    vc: int
    open: Open

    @property
    def output(self) -> int:
        return self.open.branch.output


class Router:
    """``tile`` and ``neighbors``, by port, are set when the network is wired."""

    tile: Tile

    def __init__(self, clock: Clock, table: NocTable, number: int, watch: Watch) -> None:
        self.clock, self.table, self.number, self.watch = clock, table, number, watch
        self.neighbors: dict[int, Router] = {}
        self.counts = RouterCounts()
        self.vcs = vcs = table.virtual_channels
        self.inputs = [[InputVc() for _ in range(vcs)] for _ in range(PORTS)]
        self.credits = [[table.buffer_flits] * vcs for _ in range(PORTS)]
        self.held = [[False] * vcs for _ in range(PORTS)]
        self.free_slots = table.receive_queue_flits
        self.vc_grant = [0] * (PORTS * vcs)
        self.vc_accept = [0] * (PORTS * vcs)
        self.candidate = [0] * PORTS
        self.switch_grant = [0] * PORTS
        self.switch_accept = [0] * PORTS
        self.working = False

    def arrive(self, port: int, vc: int, flit: Flit) -> None:
        """A flit is in its buffer; at an empty one it is at the front (R7)."""
        into = self.inputs[port][vc]
        into.flits.append(flit)
        assert len(into.flits) <= self.table.buffer_flits
        self.counts.buffer_writes += 1
        if len(into.flits) == 1:
            into.front(self.clock.cycle, self.table.delays)
        if not self.working:
            self.working = True
            self.clock.process(self.work())

    def return_credit(self, output: int, vc: int) -> None:
        self.credits[output][vc] += 1

    def return_slot(self) -> None:
        """A slot of the tile's receive queue is free (R11)."""
        assert self.free_slots is not None
        self.free_slots += 1
        self.watch.slots_taken -= 1
        self.watch.move(self.clock.cycle)

    def work(self) -> Process:
        """Every cycle in which it holds a flit.

        VCs are allocated before the switch gives some back, and a VC that is won asks for the switch in a
        later cycle (R7): so both allocators see the state before either (R4).
        """
        yield self.clock.after(0, Phase.ROUTERS)
        while any(vc.flits for port in self.inputs for vc in port):
            self.allocate_vcs()
            self.allocate_switch()
            self.watch.check(self.clock.cycle)
            yield self.clock.after(1, Phase.ROUTERS)
        self.working = False

    def allocate_vcs(self) -> None:
        """Separable, one iteration; a tree may accept one VC of each output (R8, R13)."""
        now, vcs = self.clock.cycle, self.vcs
        asking: dict[int, list[Open]] = {}
        for i in range(PORTS * vcs):
            vc = self.inputs[i // vcs][i % vcs]
            without = [branch for branch in vc.open if branch.vc is None]
            if without and now >= vc.vc_from:
                asking[i] = without
        granted = defaultdict[int, list[int]](list)
        for w in range(PORTS * vcs):
            output, vc_of = divmod(w, vcs)
            askers = [
                i
                for i, branches in asking.items()
                for opened in branches
                if opened.branch.output == output and vc_of in opened.branch.lane
            ]
            if askers and not self.held[output][vc_of]:
                granted[first_from(self.vc_grant[w], askers, PORTS * vcs)].append(w)
        for i, branches in asking.items():
            for opened in branches:
                offers = [w for w in granted[i] if w // vcs == opened.branch.output]
                if not offers:
                    self.counts.stalls.vc_allocation += 1
                    continue
                w = first_from(self.vc_accept[i], offers, PORTS * vcs)
                self.vc_grant[w] = (i + 1) % (PORTS * vcs)
                self.vc_accept[i] = (w + 1) % (PORTS * vcs)
                opened.vc = w % vcs
                opened.switch_from = now + self.table.delays.switch_allocation
                self.held[opened.branch.output][opened.vc] = True
                self.counts.vc_allocations += 1

    def allocate_switch(self) -> None:
        """A candidate for each input and output; outputs grant; inputs accept (R9)."""
        asking = self.asking_for_the_switch()
        candidates: dict[tuple[int, int], Asking] = {}
        for port in range(PORTS):
            for output in range(PORTS):
                by_vc = {one.vc: one for one in asking if (one.port, one.output) == (port, output)}
                if by_vc:
                    candidates[port, output] = by_vc[first_from(self.candidate[port], by_vc, self.vcs)]
        granted = defaultdict[int, list[int]](list)
        for output in range(PORTS):
            ports = [port for port in range(PORTS) if (port, output) in candidates]
            if ports:
                granted[first_from(self.switch_grant[output], ports, PORTS)].append(output)
        for port, outputs in granted.items():
            output = first_from(self.switch_accept[port], outputs, PORTS)
            winner = candidates[port, output]
            self.switch_grant[output] = (port + 1) % PORTS
            self.switch_accept[port] = (output + 1) % PORTS
            self.candidate[port] = (winner.vc + 1) % self.vcs
            self.send(winner)
        self.counts.stalls.switch += len(asking) - len(granted)

    def asking_for_the_switch(self) -> list[Asking]:
        """Branches that may ask, have a credit and, to the tile, a free slot (R9, R11)."""
        asking = []
        for port in range(PORTS):
            for number, vc in enumerate(self.inputs[port]):
                for opened in vc.open if vc.flits else ():
                    if opened.vc is None or self.clock.cycle < opened.switch_from:
                        continue
                    output = opened.branch.output
                    if self.credits[output][opened.vc] == 0:
                        self.counts.stalls.no_credit += 1
                    elif output == TILE and self.free_slots == 0:
                        self.counts.stalls.receive_queue += 1
                    else:
                        asking.append(Asking(port, number, opened))
        return asking

    def send(self, winner: Asking) -> None:
        """The flit takes a credit, and goes; its last branch empties its slot (R9, R13)."""
        delays, vc = self.table.delays, self.inputs[winner.port][winner.vc]
        output, flit, out_vc = winner.output, vc.flits[0], winner.open.vc
        assert out_vc is not None
        self.credits[output][out_vc] -= 1
        self.counts.flits[output] += 1
        self.watch.move(self.clock.cycle)
        onward = flit.onward(winner.open.branch.to)
        if output == TILE:
            if self.free_slots is not None:
                self.free_slots -= 1
                self.watch.slots_taken += 1
            wire = delays.switch_traversal + delays.ejection + 1
            self.clock.later(wire, Phase.FLITS, lambda: self.tile.arrive(out_vc, onward))
        else:
            wire = delays.switch_traversal + delays.link + 1
            to = self.neighbors[output]
            self.clock.later(wire, Phase.FLITS, lambda: to.arrive(opposite(output), out_vc, onward))
        if flit.tail:
            self.held[output][out_vc] = False
            vc.open.remove(winner.open)
            if vc.open:
                self.counts.forks += 1
                return
        vc.flits.popleft()
        self.return_credit_to_sender(winner.port, winner.vc)
        if vc.flits:
            vc.front(self.clock.cycle + 1, delays)

    def return_credit_to_sender(self, port: int, vc: int) -> None:
        """The slot's credit goes to the router before or to the tile (R9)."""
        delays = self.table.delays
        if port == TILE:
            wire = delays.injection + 1 + delays.credit
            self.clock.later(wire, Phase.CREDITS, lambda: self.tile.return_credit(vc))
        else:
            wire = delays.credit_link + 1 + delays.credit
            before = self.neighbors[port]
            self.clock.later(wire, Phase.CREDITS, lambda: before.return_credit(opposite(port), vc))

    def places(self) -> list[str]:
        """Where it holds flits (R16)."""
        x, y = self.number % self.table.width, self.number // self.table.width
        return [
            f"router ({x}, {y}) port {port} vc {number}: {len(vc.flits)} flits"
            for port in range(PORTS)
            for number, vc in enumerate(self.inputs[port])
            if vc.flits
        ]
