"""What a candidate network costs on a chip: the numbers that a search weighs against accuracy."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from hwsim import commands, pipeline
from hwsim.chip.config import Chip, worded
from hwsim.cost import CostTable, price
from hwsim.errors import HwsimError, nearest
from hwsim.events import EventTrace
from hwsim.execute.executor import encode
from hwsim.execute.reused import execute_reusing
from hwsim.hardware import Hardware
from hwsim.ledger import DRAM_BYTES
from hwsim.lower.lowering import Lowering
from hwsim.manycore.asked import Asked, of_many
from hwsim.manycore.pipeline import Prices, cut, priced, run_placed
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.result import totals
from hwsim.reuse import Reuse
from hwsim.storage import content_id

TILE = ("spikes", "events", "ac", "mac", "dram_bytes", "energy_pj", "latency_ns", "edp_pj_ns", "area_um2")
"""Costs on one tile, of one sample (the mean) but for the area: spikes of neurons, events of all populations
but the input (spikes, pools' outputs, graded values), operations, bytes from and to DRAM, energy, latency,
their product."""

CORES = ("spikes", "events", "packets", "hops", "energy_pj", "latency_ns", "edp_pj_ns")
"""Costs on a chip of many cores, of one sample: also packets sent into the network and links they cross. Its
area is that of the chip, whatever runs on it."""

TILES = (*CORES, "ac", "mac", "dram_bytes")
"""Costs on many tiles with arrays, of one sample."""


@dataclass(frozen=True, eq=False)
class OnChip:
    """A chip, its mapping and its prices; of several rows of prices the first one counts."""

    chip: Hardware | Chip
    mapping: Mapping
    prices: Prices
    many: bool

    @staticmethod
    def of(hardware: str, table: str | None = None, one_tile: bool = False, batch: int = 1) -> "OnChip":
        """A preset or a .yaml file, and a table by name or file. Raises HwsimError for what they cannot be.

        ``one_tile``: of a chip of many tiles one alone; ``batch``: of mini-batches on one tile.
        """
        if of_many(hardware, one_tile):
            found = Asked.of(hardware, None, None, [commands.table_of(table)], None, {})
            if isinstance(found.chip, Chip) and table is not None:
                raise HwsimError(f"table {table}: of tiles with arrays; {hardware} has prices of its own")
            if batch != 1:
                raise HwsimError(f"batch {batch}: of one tile; {hardware} runs sample by sample")
            first = found.prices[0]
            return OnChip(
                found.chip, found.mapping, first if isinstance(first, CostTable) else (first,), True
            )
        tile, prices = commands.chip(hardware, None), commands.table_of(table)
        commands.check_priced(prices, tile, hardware)
        return OnChip(tile, commands.mapping(None, {"batch": batch}), prices, False)

    @property
    def id(self) -> str:
        """Of all that decides costs."""
        prices = [self.prices.id] if isinstance(self.prices, CostTable) else [row.id for row in self.prices]
        return content_id(
            "on chip", {"chip": self.chip.id, "mapping": self.mapping.id, "prices": prices, "many": self.many}
        )

    @property
    def costs(self) -> tuple[str, ...]:
        if not self.many:
            return TILE
        return TILES if isinstance(self.chip, Hardware) else CORES

    def check(self, cost: str) -> str:
        """Raises HwsimError for a cost that this chip has not."""
        if cost not in self.costs:
            raise HwsimError(f"cost {cost!r} on {self.chip.name}.{nearest(cost, list(self.costs))}")
        return cost

    def of_network(self, network: Network, inputs: NDArray[Any], reuse: Reuse) -> dict[str, float]:
        """Every one of :attr:`costs` of a network on ``inputs`` (samples, ...), as a full estimate has them.

        What ``reuse`` knows of layers executed before is taken over, on one tile also how they were streamed;
        where the network and its events are known as a whole, only prices are worked out. Raises HwsimError
        for networks and inputs that do not fit the chip.
        """
        chip, events = worded(self.chip, network), encode(network, inputs)
        trace = execute_reusing(network, events, reuse)
        emitted = sum(len(e.index) for name, e in trace.events.items() if name != network.input.name)
        found = self._cores(network, trace, chip) if self.many else self._tile(network, trace, chip, reuse)
        each = {name: value / trace.samples for name, value in found.items() if name != "area_um2"}
        each |= {"events": emitted / trace.samples, "edp_pj_ns": each["energy_pj"] * each["latency_ns"]}
        return {name: float(found[name] if name == "area_um2" else each[name]) for name in self.costs}

    def _tile(
        self, network: Network, trace: EventTrace, chip: Hardware | Chip, reuse: Reuse
    ) -> dict[str, float]:
        assert isinstance(chip, Hardware)
        assert isinstance(self.prices, CostTable)

        def simulate() -> Any:
            ledgers = pipeline.simulate(Lowering(network, chip, self.mapping, reuse), trace)
            return sum(ledgers[1:], start=ledgers[0])

        ids = tuple(trace.events[p.name].id for p in network.populations if p.name in trace.events)
        ledger = reuse.of("ledger", (network.id, ids, chip.id, self.mapping.id), simulate)
        return totals(ledger, price(ledger, chip, self.prices), chip)

    def _cores(self, network: Network, trace: EventTrace, chip: Hardware | Chip) -> dict[str, float]:
        done = run_placed(cut(network, chip, self.mapping), trace, chip).run
        (cost,), found = priced(done, self.prices), done.totals()
        clock = self.chip.clock_hz
        of_tiles = {}
        if isinstance(chip, Hardware):
            ledger = done.ledger
            of_tiles = {name: ledger.total(name) for name in ("ac", "mac")}
            of_tiles["dram_bytes"] = ledger.total(*DRAM_BYTES)
        return of_tiles | {
            "spikes": sum(len(trace.events[p.name].index) for p in network.populations if p.spikes),
            "packets": found["sent"],
            "hops": found["links_x"] + found["links_y"],
            "energy_pj": cost.total_pj,
            "latency_ns": found["cycles"] * 1e9 / clock,
        }
