"""The chain of a chip of many cores, event-driven ones or tiles with arrays, in one screen.

model -> Network -> Sliced, EventTrace -> ChipRun -> ChipCost, TileCost -> ChipResult
"""

import time
import warnings
from datetime import UTC, datetime

from hwsim.chip.config import Chip, grid_of, weight_bits_of
from hwsim.chip.cost import ChipCost, price_chip
from hwsim.chip.loop import run_chip
from hwsim.chip.prices import ChipPrices
from hwsim.chip.run import ChipRun
from hwsim.chip.tile_cost import TileCost, tile_cost
from hwsim.cost import CostTable
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.hardware import Hardware
from hwsim.manycore.result import ChipResult
from hwsim.mapping import Mapping
from hwsim.pipeline import UNTRUSTED, Progress, Workload, provenance, silent
from hwsim.place.metrics import Problem
from hwsim.place.partition import partition
from hwsim.place.placed import moved, placed, with_placement
from hwsim.place.run import best, run
from hwsim.place.slices import Sliced, numbered
from hwsim.place.traffic import traffic

ALGORITHMS = ("hilbert", "greedy")
"""Placements of which the one with fewer spike hops is taken where the mapping has none."""


def estimate_chip(
    work: Workload,
    chip: Chip | Hardware,
    mapping: Mapping,
    prices: tuple[ChipPrices, ...] | CostTable,
    progress: Progress = silent,
) -> ChipResult:
    """Execute a workload, cut and place it unless the mapping has a placement, run its ticks, price them.

    ``prices``: rows for event-driven cores, an energy table for tiles with arrays (F6). Raises HwsimError for
    a network that the cores cannot hold, and for the prices of the other kind. Warns (HwsimWarning) where
    its spikes differ from PyTorch's by more than rounding.
    """
    began, started = time.perf_counter(), datetime.now(UTC)
    network, grid, weight_bits = work.network, grid_of(chip), weight_bits_of(chip)
    if mapping.placement:
        pieces, given = numbered(placed(mapping, network, grid, weight_bits))
    else:
        given = None
        pieces = partition(network, grid, weight_bits, lambda d, n: progress("partition", d, n))
    encoded = encode(network, work.inputs)
    trace = execute(network, encoded, lambda d, n: progress("execute", d, n))
    sent = traffic(pieces, trace, grid.spikes_per_packet, lambda d, n: progress("traffic", d, n))
    algorithms = ALGORITHMS if given is None else ()
    found = best(
        run(Problem.of(sent, grid), algorithms, "spike_hops", 0, None, progress, given), "spike_hops"
    )
    sliced: Sliced = moved(pieces, found.place, grid)
    done = run_chip(sliced, trace, chip, lambda d, n: progress("ticks", d, n))
    done.verify(network, trace)
    costs = priced(done, prices)
    agreement = agree(network, trace, work.reference) if work.reference else None
    if agreement is not None and not agreement.trusted:
        warnings.warn(f"{UNTRUSTED}: {agreement.sentence()}", HwsimWarning, stacklevel=2)
    mapping = with_placement(mapping, sliced)
    rows = (prices,) if isinstance(prices, CostTable) else prices
    ids = {"hardware": chip.id, "mapping": mapping.id, "prices": {row.name: row.id for row in rows}}
    told = provenance(work, started, began, ids)
    compared = None if agreement is None else agreement.as_dict() | {"sentence": agreement.sentence()}
    return ChipResult(
        network, trace, sliced, found.algorithm, found.metrics, mapping, done, costs, work.labels,
        compared, told,
    )  # fmt: skip


def priced(done: ChipRun, prices: tuple[ChipPrices, ...] | CostTable) -> tuple[ChipCost | TileCost, ...]:
    """Event-driven cores by every row (E8), tiles by their table (F6). Raises HwsimError for the other's."""
    if isinstance(prices, CostTable):
        return (tile_cost(done, prices),)
    if isinstance(done.chip, Hardware):
        raise HwsimError(f"chip {done.chip.name!r}: tiles with arrays are priced by an energy table")
    return tuple(price_chip(done, row) for row in prices)
