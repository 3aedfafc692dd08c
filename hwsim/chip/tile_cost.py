"""What a run on tiles with arrays costs: their actions, the hops of packets, and the cold start (F6)."""

from dataclasses import dataclass

from hwsim.chip.run import ChipRun
from hwsim.cost import Cost, CostTable, price
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware


@dataclass(frozen=True, eq=False)
class TileCost:
    """``tiles``: energy of all samples by layer and component, area of one tile; ``hops_pj``: of routers and
    links (T4); ``cold``: the weights, once. All at the prices of ``table``."""

    table: CostTable
    tiles: Cost
    hops_pj: float
    cold: Cost

    @property
    def total_pj(self) -> float:
        """Of all samples, without the cold start."""
        return self.tiles.total_pj + self.hops_pj


def tile_cost(run: ChipRun, table: CostTable) -> TileCost:
    """Counts of the tiles and of the network-on-chip times their prices.

    Raises HwsimError for a run of event-driven cores, and as :func:`hwsim.cost.price` does.
    """
    chip = run.chip
    if not isinstance(chip, Hardware) or run.cold is None:
        raise HwsimError(f"chip {chip.name!r}: event-driven cores have no ledger to price")
    hops, plain = run.grid.hop_energy, chip.with_dram("bandwidth")
    sent = int(run.counts["sent"].sum())
    along_x, along_y = (int(run.links[..., axis].sum()) for axis in range(2))
    return TileCost(
        table,
        price(run.ledger, plain, table),
        sent * hops.source_router_pj + along_x * hops.hop_x_pj + along_y * hops.hop_y_pj,
        price(run.cold.ledger, plain, table),
    )
