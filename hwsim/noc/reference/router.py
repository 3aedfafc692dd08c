"""A router: input VCs, VC allocation and switch allocation (R7, R8, R9, R13)."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from hwsim.noc.config import Delays, NocTable
from hwsim.noc.reference.clock import Clock, Phase, Process, Watch
from hwsim.noc.reference.paths import NAMES, PORTS, TILE, Branch, dimension_of, opposite
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


Occupied = list[tuple[int, int, InputVc]]


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
        while occupied := self.occupied():
            self.allocate_vcs(occupied)
            self.allocate_switch(occupied)
            self.watch.check(self.clock.cycle)
            yield self.clock.after(1, Phase.ROUTERS)
        self.working = False

    def occupied(self) -> Occupied:
        return [
            (port, number, vc)
            for port, vcs in enumerate(self.inputs)
            for number, vc in enumerate(vcs)
            if vc.flits
        ]

    def allocate_vcs(self, occupied: Occupied) -> None:
        """Separable, one iteration; a tree may accept one VC of each output (R8, R13)."""
        now, vcs = self.clock.cycle, self.vcs
        asking: list[tuple[int, Open]] = []
        askers = defaultdict[int, list[int]](list)
        for port, number, vc in occupied:
            for opened in vc.open if now >= vc.vc_from else ():
                if opened.vc is not None:
                    continue
                i, output = vcs * port + number, opened.branch.output
                asking.append((i, opened))
                for free in opened.branch.lane:
                    if not self.held[output][free]:
                        askers[vcs * output + free].append(i)
        offers = defaultdict[tuple[int, int], list[int]](list)
        for w, those in askers.items():
            offers[first_from(self.vc_grant[w], those, PORTS * vcs), w // vcs].append(w)
        for i, opened in asking:
            output = opened.branch.output
            if (i, output) not in offers:
                self.counts.stalls.vc_allocation += 1
                continue
            w = first_from(self.vc_accept[i], offers[i, output], PORTS * vcs)
            self.vc_grant[w] = (i + 1) % (PORTS * vcs)
            self.vc_accept[i] = (w + 1) % (PORTS * vcs)
            opened.vc = w % vcs
            opened.switch_from = now + self.table.delays.switch_allocation
            self.held[output][opened.vc] = True
            self.counts.vc_allocations += 1

    def allocate_switch(self, occupied: Occupied) -> None:
        """A candidate for each input and output; outputs grant; inputs accept (R9)."""
        asking = self.asking_for_the_switch(occupied)
        by_wire = defaultdict[tuple[int, int], dict[int, Open]](dict)
        for port, number, opened in asking:
            by_wire[port, opened.branch.output][number] = opened
        candidates: dict[tuple[int, int], int] = {}
        ports_of = defaultdict[int, list[int]](list)
        for (port, output), numbers in by_wire.items():
            candidates[port, output] = first_from(self.candidate[port], numbers, self.vcs)
            ports_of[output].append(port)
        granted = defaultdict[int, list[int]](list)
        for output, ports in ports_of.items():
            granted[first_from(self.switch_grant[output], ports, PORTS)].append(output)
        for port, outputs in granted.items():
            output = first_from(self.switch_accept[port], outputs, PORTS)
            number = candidates[port, output]
            self.switch_grant[output] = (port + 1) % PORTS
            self.switch_accept[port] = (output + 1) % PORTS
            self.candidate[port] = (number + 1) % self.vcs
            self.send(port, number, by_wire[port, output][number])
        self.counts.stalls.switch += len(asking) - len(granted)

    def asking_for_the_switch(self, occupied: Occupied) -> list[tuple[int, int, Open]]:
        """Branches that may ask, have a credit and, to the tile, a free slot (R9, R11)."""
        asking = []
        for port, number, vc in occupied:
            for opened in vc.open:
                if opened.vc is None or self.clock.cycle < opened.switch_from:
                    continue
                output = opened.branch.output
                if self.credits[output][opened.vc] == 0:
                    self.counts.stalls.no_credit += 1
                elif output == TILE and self.free_slots == 0:
                    self.counts.stalls.receive_queue += 1
                else:
                    asking.append((port, number, opened))
        return asking

    def send(self, port: int, number: int, opened: Open) -> None:
        """The flit takes a credit, and goes; its last branch empties its slot (R9, R13)."""
        delays, vc = self.table.delays, self.inputs[port][number]
        output, out_vc = opened.branch.output, opened.vc
        flit = vc.flits[0]
        assert out_vc is not None
        self.credits[output][out_vc] -= 1
        self.counts.flits[output] += 1
        self.watch.move(self.clock.cycle)
        onward = flit.onward(opened.branch.to)
        if output == TILE:
            if self.free_slots is not None:
                self.free_slots -= 1
                self.watch.slots_taken += 1
            wire = delays.switch_traversal + delays.ejection + 1
            self.clock.later(wire, Phase.FLITS, lambda: self.tile.arrive(out_vc, onward))
        else:
            wire = delays.switch_traversal + delays.links[dimension_of(output)] + 1
            to = self.neighbors[output]
            to.counts.buffer_writes += 1
            self.clock.later(wire, Phase.FLITS, lambda: to.arrive(opposite(output), out_vc, onward))
        if flit.tail:
            self.held[output][out_vc] = False
            vc.open.remove(opened)
            if vc.open:
                self.counts.forks += 1
                return
        vc.flits.popleft()
        self.return_credit_to_sender(port, number)
        if vc.flits:
            vc.front(self.clock.cycle + 1, delays)

    def return_credit_to_sender(self, port: int, vc: int) -> None:
        """The slot's credit goes to the router before or to the tile (R9)."""
        delays = self.table.delays
        if port == TILE:
            wire = delays.injection + 1 + delays.credit
            self.clock.later(wire, Phase.CREDITS, lambda: self.tile.return_credit(vc))
        else:
            wire = delays.credit_links[dimension_of(port)] + 1 + delays.credit
            before = self.neighbors[port]
            self.clock.later(wire, Phase.CREDITS, lambda: before.return_credit(opposite(port), vc))

    def places(self) -> list[str]:
        """Where it holds flits (R16)."""
        x, y = self.number % self.table.width, self.number // self.table.width
        return [
            f"router ({x}, {y}) input {NAMES[port]} vc {number}: {len(vc.flits)} flits"
            for port, number, vc in self.occupied()
        ]
