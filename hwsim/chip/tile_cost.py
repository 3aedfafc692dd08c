"""What a run on tiles with arrays costs: their actions, the hops of packets, and the cold start (F6)."""

from dataclasses import dataclass

from hwsim.chip.run import ChipRun
from hwsim.cost import Cost, CostTable, price, standing_power
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware


@dataclass(frozen=True, eq=False)
class TileCost:
    """``tiles``: energy of all samples by layer and component, area of one tile; ``hops_pj``: of routers and
    links (T4); ``cold``: the weights, once; ``standing_mw``: power of all tiles and routers that flows
    whatever they do, None without a number. All at the prices of ``table``."""

    table: CostTable
    tiles: Cost
    hops_pj: float
    cold: Cost
    standing_mw: dict[str, float | None]

    @property
    def total_pj(self) -> float:
        """Of all samples, without the cold start."""
        return self.tiles.total_pj + self.hops_pj


def tile_cost(run: ChipRun, table: CostTable) -> TileCost:
    """Counts of the tiles and of the network-on-chip times their prices; hops are free under a table of a
    whole chip, whose number holds them.

    Raises HwsimError for a run of event-driven cores, and as :func:`hwsim.cost.price` does.
    """
    chip = run.chip
    if not isinstance(chip, Hardware) or run.cold is None:
        raise HwsimError(f"chip {chip.name!r}: event-driven cores have no ledger to price")
    hops, plain = run.grid.hop_energy, chip.with_dram("bandwidth")
    sent = int(run.counts["sent"].sum())
    along_x, along_y = (int(run.links[..., axis].sum()) for axis in range(2))
    travel = sent * hops.source_router_pj + along_x * hops.hop_x_pj + along_y * hops.hop_y_pj
    return TileCost(
        table,
        price(run.ledger, plain, table),
        travel if table.includes is None else 0.0,
        price(run.cold.ledger, plain, table),
        _standing(chip, table),
    )


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
