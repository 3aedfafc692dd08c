"""The counts of one run on many cores by every table that applies: nothing is simulated again."""

from collections.abc import Iterable

from hwsim.chip.config import Chip
from hwsim.chip.cost import price_chip
from hwsim.chip.prices import ChipPrices, prices_of
from hwsim.chip.run import ChipRun
from hwsim.chip.tile_cost import TileCounts
from hwsim.cost import CostTable, Sensitivity, by_sources, every_table


def by_tables(
    run: ChipRun, chosen: Iterable[CostTable | ChipPrices], ann: ChipRun | None = None
) -> Sensitivity:
    """Of tiles by every energy table that ships, of event-driven cores by every row of prices of their chip,
    and by those ``chosen`` of its kind in place of one of their name.

    Hops of tiles are at the prices of the chip's own row in every row but those of whole chips. Beside each
    stand as many inferences of ``ann`` as there are samples (F7).
    """
    named = list(chosen)
    if isinstance(run.chip, Chip):
        rows = (*prices_of(run.chip.name, run.chip.node_nm), *(p for p in named if isinstance(p, ChipPrices)))
        return by_sources({row.name: row for row in rows}.values(), lambda row: price_chip(run, row))
    counts = TileCounts.of(run)
    other = None if ann is None else TileCounts.of(ann)
    return by_sources(
        every_table(table for table in named if isinstance(table, CostTable)),
        counts.priced,
        lambda table: other.priced(table) if other and table.includes is None else None,
        run.samples,
    )
