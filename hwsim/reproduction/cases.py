"""What a method's row is of: a network, how it is run, on which chip; and what it then costs."""

from dataclasses import dataclass, field, replace
from math import inf, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.cost import CostTable, load_table, price
from hwsim.cost.structures import width_ratio
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.execute.executor import encode, execute
from hwsim.hardware import Hardware, load_hardware
from hwsim.ledger import DRAM_BYTES, Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.methods.calibration import calibrate, firing_rates, scaled
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.network import Network
from hwsim.pe_array import PEArray
from hwsim.place.algorithms import hilbert
from hwsim.place.metrics import Problem
from hwsim.place.partition import partition
from hwsim.place.traffic import traffic
from hwsim.result import lif_memory_bytes
from hwsim.simulation import simulate
from hwsim.workloads import WorkloadSpec
from hwsim.zoo import entry

MESH = "mesh-sata-256"
"""16 x 16 tiles, on which flit-hops are counted: one tile has no network-on-chip."""

TILE_NEURONS, TILE_WEIGHT_BYTES = 512, 4096
"""What a tile of it keeps of the small networks, so that they lie on many; its own limits for larger ones."""

CLOSE, TRIALS, DAMPING, WIDEST = 0.03, 40, 0.5, 4.0
"""Of layers that share states: how near the logarithm of a rate is to the wanted one's, in how many runs; and
by what power of its rate, at most, a layer's thresholds move after each."""

FARTHEST = 1.25
"""A layer that fires so many times more or less than it should is refused."""

SPARSE = {"skip": "event", "streams": "own", "fill": "broadcast", "weight_sparsity": True}
"""A PE array that leaves out weights and inputs of 0, in the place of the chip's own."""

QUANTITIES = (
    "lif_units",
    "membrane_bytes",
    "dram_bytes",
    "spikes",
    "flit_hops",
    "ac",
    "mac",
    "cycles",
    "energy_pj",
    "area_um2",
)
"""Of one inference; LIF units and area are the chip's."""


@dataclass(frozen=True)
class Case:
    """A row: ``spec`` runs on ``chip`` at ``table``'s prices.

    ``words``: bits of weights and states that the chip stores, its own if None. ``sparse``: its array is
    SPARSE. With a ``rate`` the random weights are pruned by the share ``pruned``, thresholds set to that rate
    and states shared, in this order (:func:`prepared`). ``large``: of a paper's size. ``accuracy`` in % is
    the mean of so many ``seeds`` in ``source``, or unknown for the reason in it.
    """

    method: str
    label: str
    spec: WorkloadSpec
    weights: str
    chip: str = "sata"
    mapping: Mapping = field(default_factory=Mapping)
    table: str = "sata_kernels"
    words: tuple[int, int] | None = None
    sparse: bool = False
    rate: float | None = None
    pruned: float = 0.0
    sharing: str = "none"
    large: bool = False
    accuracy: float | None = None
    seeds: int | None = None
    source: str = ""
    note: str = ""
    baseline: bool = False

    @property
    def hardware(self) -> Hardware:
        found = load_hardware(self.chip)
        if self.sparse:
            array = PEArray.model_validate(found.pe_array.model_dump() | SPARSE)
            found = found.model_copy(update={"pe_array": array})
        return found if self.words is None else found.with_words(*self.words)


@dataclass(frozen=True)
class Measured:
    """QUANTITIES by name, None where there is none; ``notes`` say why, and what a number leaves out."""

    case: Case
    values: dict[str, float | None]
    notes: tuple[str, ...]


def measure(case: Case, samples: int) -> Measured:
    """Run, lower, cycle and price a case; place it on MESH for its flit-hops."""
    work, _ = replace(case.spec, samples=samples).workload(samples)
    network = prepared(work.network, work.inputs, case)
    trace = execute(network, encode(network, work.inputs))
    hardware, table = case.hardware.worded(network), load_table(case.table)
    ledgers = simulate(Lowering(network, hardware, case.mapping), trace)
    ledger = sum(ledgers[1:], start=ledgers[0])
    hops, notes = flit_hops(network, trace, case.large)
    energy, area, unpriced = _priced(ledger, hardware, table)
    values: dict[str, float | None] = {
        "lif_units": hardware.lif.units,
        "membrane_bytes": lif_memory_bytes(network, hardware),
        "dram_bytes": ledger.total(*DRAM_BYTES) / trace.samples,
        "spikes": ledger.total("lif_spike") / trace.samples,
        "flit_hops": hops,
        "ac": ledger.total("ac") / trace.samples,
        "mac": ledger.total("mac") / trace.samples,
        "cycles": ledger.elapsed_cycles / trace.samples,
        "energy_pj": None if energy is None else energy / trace.samples,
        "area_um2": area,
    }
    return Measured(case, values, (*notes, *unpriced))


def _priced(
    ledger: Ledger, hardware: Hardware, table: CostTable
) -> tuple[float | None, float | None, tuple[str, ...]]:
    """Energy (pJ) and area (um2), and what the table has no price or area for."""
    try:
        cost = price(ledger, hardware, table)
    except HwsimError as error:
        return None, None, (f"no energy and no area: {str(error).splitlines()[0]}",)
    words = hardware.precision
    notes = [f"without a price in {table.name}: {', '.join(cost.unpriced)}"] if cost.unpriced else []
    if not _has_area(table, hardware):
        notes.append(
            f"no area: {table.areas.name} has no words of {words.weight_bits} and {words.state_bits} bits"
        )
        return cost.total_pj, None, tuple(notes)
    return cost.total_pj, sum(cost.area_um2.values()), tuple(notes)


def _has_area(table: CostTable, hardware: Hardware) -> bool:
    return all(
        width_ratio(table.areas, i, hardware.precision) is not None for i in ("accumulator", "lif_unit")
    )


def prepared(network: Network, inputs: NDArray[Any], case: Case) -> Network:
    """The network pruned, with thresholds at the case's rate and its states shared.

    Weights that were not trained with shared states fire less under them: thresholds are then set again, so
    that factors differ in nothing else. Raises HwsimError for layers that no threshold brings near the rate.
    """
    if case.rate is None:
        return network
    found = calibrate(pruned(network, case.pruned), inputs, case.rate)
    sharing = parse_sharing(case.sharing)
    made = found.network
    if sharing:
        made = at_rate(share(made, sharing, entry(str(case.spec.model)).sharing), inputs, case.rate)
    rates = firing_rates(made, inputs)
    if far := [name for name, rate in rates.items() if abs(log(max(rate, 1e-9) / case.rate)) > log(FARTHEST)]:
        raise HwsimError(
            f"layers {', '.join(far)} of {case.label!r} cannot be brought to rate {case.rate:.3g}"
        )
    return made


def at_rate(network: Network, inputs: NDArray[Any], rate: float) -> Network:
    """Thresholds of layers that share states, all moved together until each fires ``rate`` spikes per neuron
    and step, or as near as TRIALS runs bring the farthest."""
    best, smallest, trial = network, inf, network
    for _ in range(TRIALS):
        rates = firing_rates(trial, inputs)
        farthest = max(abs(log(max(found, rate / WIDEST) / rate)) for found in rates.values())
        if farthest < smallest:
            best, smallest = trial, farthest
        if farthest <= CLOSE:
            break
        for name, found in rates.items():
            trial = scaled(trial, name, min(max(found / rate, 1 / WIDEST), WIDEST) ** DAMPING)
    return best


def pruned(network: Network, share: float) -> Network:
    """The network with that share of each projection's weights at 0, those of the smallest magnitude.

    One magnitude for all layers would leave nothing of some: random weights are scaled by their fan-in.
    """
    if not share:
        return network

    def cut(weights: Any) -> Any:
        magnitudes = np.abs(weights).ravel()
        order = np.argsort(magnitudes, kind="stable")
        left = weights.ravel().copy()
        left[order[: round(share * left.size)]] = 0
        return left.reshape(weights.shape)

    made = tuple(q if q.weights is None else replace(q, weights=cut(q.weights)) for q in network.projections)
    return replace(network, projections=made)


def flit_hops(network: Network, trace: EventTrace, large: bool) -> tuple[float | None, tuple[str, ...]]:
    """Links that the spikes of a sample cross on MESH, a spike a flit, slices along a Hilbert curve.

    One placement for all rows: the best of several would differ from row to row by the placers' luck.
    Shared states are kept where their layers lie: the spikes are those of sharing, and what handing a state
    from tile to tile would cost is not in it.
    """
    chip = load_hardware(MESH)
    assert chip.grid is not None
    grid = chip.grid
    if not large:
        kept = {"neurons": TILE_NEURONS, "weight_bytes": TILE_WEIGHT_BYTES}
        grid = grid.model_copy(update={"limits": grid.limits.model_copy(update=kept)})
    alone = tuple(replace(p, state_group="", channel_groups=1) for p in network.populations)
    shared = any(p.shared for p in network.populations)
    apart = replace(network, populations=alone) if shared else network
    try:
        pieces = partition(apart, grid, chip.precision.weight_bits)
    except HwsimError as error:
        return None, (f"no flit-hops: {str(error).splitlines()[0]}",)
    sent = traffic(pieces, replace(trace, network_id=apart.id), grid.spikes_per_packet)
    problem = Problem.of(sent, grid)
    hops = problem.metrics(hilbert(problem)).spike_hops / trace.samples
    return hops, ("flit-hops of the spikes alone: handing states on is not in them",) if shared else ()
