"""The network-on-chip between the cores: the reference of docs/noc.md, stepped cycle by cycle (E1, E4)."""

from collections import defaultdict
from collections.abc import Callable

from hwsim.chip.reference.clock import Clock, Phase, Process
from hwsim.chip.reference.packets import Packet
from hwsim.noc.config import NocTable
from hwsim.noc.reference.clock import Phase as NocPhase
from hwsim.noc.reference.network import Network
from hwsim.noc.reference.paths import Node
from hwsim.noc.reference.traffic import Journey

Deliver = Callable[[int, Packet], None]
"""Called with a core and a packet in the cores' cycle in which it arrives."""


class Wires:
    """``crossed``: links along x and y, ``addressed``: cores that packets are for, by the packets' tick (E7).

    ``latencies``: cycles of the network of each delivery. ``router``: of a core (G1).
    """

    def __init__(self, clock: Clock, table: NocTable, router: Callable[[int], int], deliver: Deliver) -> None:
        self.clock, self.router, self.deliver = clock, router, deliver
        table = table.changed(ties="parity")
        self.network = Network(table, [table.drain_cycles] * table.tiles)
        self.waiting = defaultdict[int, list[Packet]](list)
        self.sent: list[Packet] = []
        self.missing = 0
        self.woken = clock.event()
        self.crossed = defaultdict[int, list[int]](lambda: [0, 0])
        self.addressed = defaultdict[int, int](int)
        self.latencies: list[int] = []
        clock.process(self.run())

    def give(self, packet: Packet) -> None:
        """A packet is created now; the network has it from its next cycle on."""
        cycle = self.clock.noc_cycle_of(packet.created)
        if cycle not in self.waiting:
            self.clock.process(self.create(cycle))
        self.waiting[cycle].append(packet)

    def create(self, cycle: int) -> Process:
        """All packets of a cycle of the network, behind everything that happens in the cores until then."""
        yield self.clock.at_noc_cycle(cycle, Phase.CREATION)
        self.advance(cycle)
        for packet in sorted(self.waiting.pop(cycle), key=lambda packet: packet.order):
            source = self.router(packet.core)
            routers = tuple(sorted({self.router(core) for core in packet.to}))
            root = self.network.grid.tree(source, routers)
            self.network.tiles[source].create(Journey(len(self.sent), source, cycle, 1, root))
            self.sent.append(packet)
            self.missing += len(routers)
            self.addressed[packet.tick] += len(packet.to)
            for dimension, links in enumerate(links_of(root)):
                self.crossed[packet.tick][dimension] += links
        if not self.woken.triggered:
            self.woken.succeed(cycle)

    def run(self) -> Process:
        """Every cycle in which a packet is under way."""
        while True:
            cycle = yield self.woken
            while self.missing:
                cycle += 1
                yield self.clock.at_noc_cycle(cycle, Phase.ARRIVAL)
                self.advance(cycle)
                self.collect()
            self.woken = self.clock.event()

    def advance(self, cycle: int) -> None:
        """Until packets are created in ``cycle`` (R4)."""
        noc = self.network.clock
        noc.run(noc.after(cycle - noc.cycle, NocPhase.CREATION))

    def collect(self) -> None:
        for tile in self.network.tiles:
            for delivery in tile.deliveries:
                self.missing -= 1
                self.latencies.append(delivery.arrived - delivery.created)
                packet = self.sent[delivery.packet]
                cycle = self.clock.cycle_of(delivery.arrived)
                for core in packet.to:
                    if self.router(core) == delivery.tile:
                        self.clock.process(self.hand_over(core, packet, cycle))
            tile.deliveries.clear()

    def hand_over(self, core: int, packet: Packet, cycle: int) -> Process:
        yield self.clock.at_cycle(cycle, Phase.ARRIVAL)
        self.deliver(core, packet)


def links_of(node: Node) -> tuple[int, int]:
    """Links along x and y of a path or tree: its branches but those to tiles (R2)."""
    x = y = 0
    for branch in node.branches:
        if branch.to is not None:
            along = branch.output // 2
            further = links_of(branch.to)
            x += further[0] + (along == 0)
            y += further[1] + (along == 1)
    return x, y
