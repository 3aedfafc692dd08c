"""All routers and tiles, wired, with the packets that are created in them (R1, R4, R12)."""

from collections.abc import Sequence

from hwsim.noc.config import NocTable
from hwsim.noc.reference.clock import Clock, Phase, Process, Watch
from hwsim.noc.reference.paths import TILE, Grid
from hwsim.noc.reference.router import Router
from hwsim.noc.reference.tile import Tile
from hwsim.noc.reference.traffic import Counts, Delivery, Journey, Packet


def simulate(
    table: NocTable,
    packets: Sequence[Packet],
    drain_cycles: Sequence[int] | None = None,
    until: int | None = None,
) -> tuple[list[Delivery], Counts]:
    """Deliveries, sorted by packet and tile, and the counts of every router, until all have arrived.

    ``drain_cycles``: of each tile, by default the table's. ``until``: the first cycle that is not simulated,
    by default none. Raises HwsimError naming where flits stand if
    nothing moves any more (R16).
    """
    return Network(table, drain_cycles or [table.drain_cycles] * table.tiles).run(packets, until)


class Network:
    """Routers and tiles by number."""

    def __init__(self, table: NocTable, drain_cycles: Sequence[int]) -> None:
        self.table, self.grid, self.clock = table, Grid(table), Clock()
        watch = Watch(table.stuck_cycles, self.places)
        self.routers = [Router(self.clock, table, number, watch) for number in range(table.tiles)]
        self.tiles = [Tile(self.clock, table, n, drain_cycles[n], watch) for n in range(table.tiles)]
        for number, (router, tile) in enumerate(zip(self.routers, self.tiles, strict=True)):
            router.tile, tile.router = tile, router
            for port in range(TILE):
                neighbor = self.grid.neighbor(number, port)
                if neighbor is not None:
                    router.neighbors[port] = self.routers[neighbor]

    def run(self, packets: Sequence[Packet], until: int | None) -> tuple[list[Delivery], Counts]:
        self.clock.process(self.create(packets))
        self.clock.run(until)
        deliveries = sorted(delivery for tile in self.tiles for delivery in tile.deliveries)
        return deliveries, [router.counts for router in self.routers]

    def create(self, packets: Sequence[Packet]) -> Process:
        """By time of creation; those of one cycle in the order given (R4)."""
        for journey in sorted(self.journeys(packets), key=lambda journey: journey.created):
            yield self.clock.after(journey.created - self.clock.cycle, Phase.CREATION)
            self.tiles[journey.source].create(journey)

    def journeys(self, packets: Sequence[Packet]) -> list[Journey]:
        """Of each packet one, or one copy for each tile in the order named (R12), numbered for R5."""
        copies = self.table.multicast == "copies"
        found: list[Journey] = []
        for i, (created, source, tiles, size) in enumerate(packets):
            for to in [(tile,) for tile in tiles] if copies else [tiles]:
                root = self.grid.tree(source, to, len(found) if len(to) == 1 else None)
                found.append(Journey(i, source, created, size, root))
        return found

    def places(self) -> list[str]:
        return [place for router in self.routers for place in router.places()]
