"""What a run on tiles with arrays costs: their actions, the hops of packets, and the cold start (F6).

Counts first, prices later: a run is counted once, and every table prices the same counts.
"""

from dataclasses import dataclass

from hwsim.chip.config import grid_of
from hwsim.chip.run import ChipRun
from hwsim.cost import Cost, CostTable, price, standing_power
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger

HOPS = {"source_router": "source_router_pj", "hop_x": "hop_x_pj", "hop_y": "hop_y_pj"}
"""What the network-on-chip does and the field of HopEnergy that prices it (T4)."""


@dataclass(frozen=True, eq=False)
class TileCost:
    """``tiles``: energy of all samples by layer and component, area of one tile; ``hops``: energy of routers
    and links (pJ) by what they do (T4); ``cold``: the weights, once; ``standing_mw``: power of all tiles and
    routers that flows whatever they do, None without a number. All at the prices of ``table``."""

    table: CostTable
    tiles: Cost
    hops: dict[str, float]
    cold: Cost
    standing_mw: dict[str, float | None]

    @property
    def hops_pj(self) -> float:
        return sum(self.hops.values())

    @property
    def total_pj(self) -> float:
        """Of all samples, without the cold start."""
        return self.tiles.total_pj + self.hops_pj

    @property
    def unpriced(self) -> tuple[str, ...]:
        """What happened in the ticks and has no price."""
        return self.tiles.unpriced

    def by_component(self) -> dict[str, float]:
        """The tiles' components, and ``hops``."""
        return self.tiles.by_component() | {"hops": self.hops_pj}

    def by_constant(self) -> dict[str, float]:
        """Energy by action, and by what routers and links do."""
        return self.tiles.by_constant() | self.hops


@dataclass(frozen=True, eq=False)
class TileCounts:
    """What a run did: ``ledger`` of all samples and tiles (F4), how often each of HOPS happened, and the
    ``cold`` start's ledger (F5)."""

    chip: Hardware
    ledger: Ledger
    hops: dict[str, int]
    cold: Ledger

    @staticmethod
    def of(run: ChipRun) -> "TileCounts":
        """Raises HwsimError for a run of event-driven cores."""
        chip = run.chip
        if not isinstance(chip, Hardware) or run.cold is None:
            raise HwsimError(f"chip {chip.name!r}: event-driven cores have no ledger to price")
        links = (int(run.links[..., axis].sum()) for axis in range(2))
        hops = dict(zip(HOPS, (int(run.counts["sent"].sum()), *links), strict=True))
        return TileCounts(chip, run.ledger, hops, run.cold.ledger)

    def priced(self, table: CostTable) -> TileCost:
        """Counts of the tiles and of the network-on-chip times their prices; hops are free under a table of a
        whole chip, whose number holds them.

        Raises HwsimError as :func:`hwsim.cost.price` does.
        """
        plain = self.chip.with_dram("bandwidth")
        return TileCost(
            table,
            price(self.ledger, plain, table),
            {name: n * pj for (name, n), pj in zip(self.hops.items(), self._hop_pj(table), strict=True)},
            price(self.cold, plain, table),
            _standing(self.chip, table),
        )

    def _hop_pj(self, table: CostTable) -> list[float]:
        row = grid_of(self.chip).hop_energy
        return [getattr(row, field) if table.includes is None else 0.0 for field in HOPS.values()]


def tile_cost(run: ChipRun, table: CostTable) -> TileCost:
    """The counts of a run (:class:`TileCounts`) at the prices of one table."""
    return TileCounts.of(run).priced(table)


def _standing(chip: Hardware, table: CostTable) -> dict[str, float | None]:
    """Of each tile times tiles, but for a whole chip's; of routers, their links and their clocks (mW)."""
    power = standing_power(table, chip)
    if table.includes is not None or chip.grid is None:
        return power
    grid, hops = chip.grid, chip.grid.hop_energy
    tiles = {name: None if mw is None else mw * grid.cores for name, mw in power.items()}
    router, link, clock = hops.router_leakage_mw, hops.link_leakage_mw, hops.router_clock_pj
    leakage = None if router is None or link is None else grid.routers * router + grid.network.links * link
    ticking = None if clock is None else grid.routers * clock * chip.exchange.noc_clock_hz * 1e-9
    return tiles | {"router_leakage": leakage, "router_clock": ticking}
