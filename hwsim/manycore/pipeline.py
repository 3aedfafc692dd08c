"""The chain of a chip of many cores, event-driven ones or tiles with arrays, in one screen.

model -> Network -> Sliced, EventTrace -> ChipRun -> ChipCost, TileCost -> ChipResult
"""

import time
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hwsim.chip.config import Chip, grid_of, weight_bits_of, worded
from hwsim.chip.cost import ChipCost, price_chip
from hwsim.chip.loop import run_chip
from hwsim.chip.prices import ChipPrices
from hwsim.chip.run import ChipRun
from hwsim.chip.tile_cost import TileCost, tile_cost
from hwsim.cost import CostTable
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.events import EventTrace
from hwsim.execute.agreement import agree
from hwsim.execute.executor import encode, execute
from hwsim.hardware import Hardware
from hwsim.manycore.reference import run_reference
from hwsim.manycore.result import ChipResult
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.pipeline import UNTRUSTED, Engine, Progress, Workload, check_memory, provenance, silent
from hwsim.place.metrics import Problem
from hwsim.place.partition import partition
from hwsim.place.placed import moved, placed, with_placement
from hwsim.place.reach import Int
from hwsim.place.run import Placement, best, run
from hwsim.place.slices import Sliced, numbered
from hwsim.place.traffic import traffic

ALGORITHMS = ("hilbert", "greedy")
"""Placements of which the one with fewer spike hops is taken where the mapping has none."""

NO_ANN = "event-driven cores add up weights of events and have no multiplier: no ANN runs on them"

Prices = tuple[ChipPrices, ...] | CostTable
"""Rows for event-driven cores, an energy table for tiles with arrays (F6)."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A network on the cores that ``placement`` gave its slices, its run there and what was emitted in it."""

    sliced: Sliced
    placement: Placement
    run: ChipRun
    trace: EventTrace


def estimate_chip(
    work: Workload,
    chip: Chip | Hardware,
    mapping: Mapping,
    prices: Prices,
    progress: Progress = silent,
    engine: Engine = "kernel",
    mapping_file: Path | None = None,
) -> ChipResult:
    """Execute a workload, cut and place it unless the mapping has a placement, run its ticks, price them.

    ``engine``: who runs the ticks; the ``reference`` computes the spikes itself, from what arrives.
    ``mapping_file``: what the mapping was read from, for messages.

    Raises HwsimError for a network that the cores cannot hold, and for the prices of the other kind; where
    only the ANN counterpart's maps or operations are too wide, the result has none and says why. Warns
    (HwsimWarning) where its spikes differ from PyTorch's by more than rounding.
    """
    began, started = time.perf_counter(), datetime.now(UTC)
    network = work.network
    chip = worded(chip, network)
    pieces = cut(network, chip, mapping, mapping_file, progress)
    check_memory(work)
    encoded = encode(network, work.inputs)
    trace = execute(network, encoded, lambda d, n: progress("execute", d, n))
    done = run_placed(pieces, trace, chip, progress, engine)
    costs = priced(done.run, prices)
    ann, missing = counterpart(done, prices)
    agreement = agree(network, done.trace, work.reference) if work.reference else None
    if agreement is not None and not agreement.trusted:
        warnings.warn(f"{UNTRUSTED}: {agreement.sentence()}", HwsimWarning, stacklevel=2)
    mapping = with_placement(mapping, done.sliced)
    rows = (prices,) if isinstance(prices, CostTable) else prices
    ids = {
        "hardware": chip.id,
        "mapping": mapping.id,
        "prices": {row.name: row.id for row in rows},
        "engine": engine,
    }
    told = provenance(work, started, began, ids)
    compared = None if agreement is None else agreement.as_dict() | {"sentence": agreement.sentence()}
    return ChipResult(
        network, done.trace, done.sliced, done.placement.algorithm, done.placement.metrics, mapping, done.run,
        costs, work.labels, compared, told, ann, missing,
    )  # fmt: skip


def cut(
    network: Network,
    chip: Chip | Hardware,
    mapping: Mapping,
    mapping_file: Path | None = None,
    progress: Progress = silent,
) -> tuple[Sliced, Int | None]:
    """The slices of a network on numbered cores, and where the mapping has these, if it has a placement.

    Raises HwsimError for a network that the cores cannot hold (G2 to G9).
    """
    grid, weight_bits = grid_of(chip), weight_bits_of(chip)
    if mapping.placement:
        return numbered(placed(mapping, network, grid, weight_bits, mapping_file))
    return partition(network, grid, weight_bits, lambda d, n: progress("partition", d, n)), None


def run_placed(
    slices: tuple[Sliced, Int | None],
    trace: EventTrace,
    chip: Chip | Hardware,
    progress: Progress = silent,
    engine: Engine = "kernel",
) -> Placed:
    """The slices on cores of the chip, where they are given or have least to travel, and the run of their
    ticks. Raises HwsimError for tiles with arrays that cannot hold them (F3), or are to be run by the
    reference.
    """
    (pieces, given), grid = slices, grid_of(chip)
    sent = traffic(pieces, trace, grid.spikes_per_packet, lambda d, n: progress("traffic", d, n))
    algorithms = ALGORITHMS if given is None else ()
    found = best(
        run(Problem.of(sent, grid), algorithms, "spike_hops", 0, None, progress, given), "spike_hops"
    )
    sliced = moved(pieces, found.place, grid)
    if engine == "reference":
        done, trace = run_reference(sliced, chip, trace.events[pieces.network.input.name])
    else:
        done = run_chip(sliced, trace, chip, lambda d, n: progress("ticks", d, n))
    done.verify(pieces.network, trace)
    return Placed(sliced, found, done, trace)


def priced(done: ChipRun, prices: Prices) -> tuple[ChipCost | TileCost, ...]:
    """Event-driven cores by every row (E8), tiles by their table (F6). Raises HwsimError for the other's."""
    if isinstance(prices, CostTable):
        return (tile_cost(done, prices),)
    if isinstance(done.chip, Hardware):
        raise HwsimError(f"chip {done.chip.name!r}: tiles with arrays are priced by an energy table")
    return tuple(price_chip(done, row) for row in prices)


def counterpart(done: Placed, prices: Prices) -> tuple[tuple[ChipRun, TileCost] | None, str | None]:
    """One inference as an ANN on the same tiles, and its cost, or why there is none (F7)."""
    chip = done.run.chip
    if not isinstance(chip, Hardware) or not isinstance(prices, CostTable):
        return None, NO_ANN
    if prices.includes is not None:
        return None, prices.no_ann
    ann = done.sliced.network.as_ann()
    trace = EventTrace.all_live(ann)
    try:
        made = run_chip(Sliced(ann, done.sliced.slices, done.sliced.cores), trace, chip.with_skip("dense"))
        cost = tile_cost(made, prices)
    except HwsimError as error:
        first, *more = str(error).splitlines()
        return None, first + (f", and {len(more)} more" if more else "")
    made.verify(ann, trace)
    return (made, cost), None
