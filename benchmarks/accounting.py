"""What an SNN and its ANN cost at a spike rate, by what is counted: arithmetic, memories, network-on-chip."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from benchmarks.rates import trace_at, weighted_rate
from hwsim.chip.run import ChipRun
from hwsim.chip.tile_cost import TileCost, tile_cost
from hwsim.comparison import OPERANDS
from hwsim.cost import CostTable, price
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.lower.lowering import Lowering
from hwsim.manycore import pipeline as manycore
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.pipeline import counterpart, simulate

MJ = 1e9
"""pJ of a mJ."""

ARITHMETIC, NOC = "PE array", "network-on-chip"
GROUPS = {
    "pe_array": ARITHMETIC, "vector_lanes": "vector lanes", "lif_units": "neurons",
    "weight_buffer": "SRAM", "input_buffer": "SRAM", "output_buffer": "SRAM",
    "membrane_buffer": "SRAM", "partial_sum_buffer": "SRAM", "dram": "DRAM",
}  # fmt: skip
"""What a component counts as."""


@dataclass(frozen=True)
class Spent:
    """Of an inference: energy (mJ) by group, cycles, and bytes of DRAM by operand.

    ``once``: mJ of the weights that come before the first inference and stay.
    """

    energy: dict[str, float]
    cycles: float
    dram_bytes: dict[str, float]
    once: float = 0.0

    @property
    def total(self) -> float:
        return sum(self.energy.values())


@dataclass(frozen=True)
class Accounting:
    """Which chip, prices and mini-batch; ``groups``: what counts, everything if empty."""

    label: str
    chip: Hardware
    table: CostTable
    batch: int = 1
    groups: tuple[str, ...] = ()

    def snn(self, network: Network, trace: EventTrace) -> Spent:
        """Of one sample's ``trace``, which all samples of the mini-batch repeat."""
        if self.chip.grid is not None:
            done = self._placed(network, trace)
            return self._of_tiles(done.run, tile_cost(done.run, self.table))
        lowering = Lowering(network, self.chip, Mapping(batch=self.batch))
        ledgers = simulate(lowering, EventTrace.join([trace] * self.batch))
        return self._of_tile(sum(ledgers[1:], start=ledgers[0]), self.chip)

    def ann(self, network: Network, trace: EventTrace) -> Spent:
        """The ANN of ``network``: every MAC executed, padding too; on many tiles as placed for ``trace``."""
        if self.chip.grid is not None:
            found, missing = manycore.counterpart(self._placed(network, trace), self.table)
            if found is None:
                raise HwsimError(f"{self.label}: {missing}")
            return self._of_tiles(*found)
        ann = counterpart(network, self.chip, Mapping(batch=self.batch), self.table, self.batch)
        return self._of_tile(ann.ledger, self.chip.with_skip("dense"))

    def _placed(self, network: Network, trace: EventTrace) -> manycore.Placed:
        return manycore.run_placed(manycore.cut(network, self.chip, Mapping()), trace, self.chip)

    def _of_tile(self, ledger: Ledger, chip: Hardware) -> Spent:
        return self._spent(price(ledger, chip, self.table).by_component(), 0.0, ledger.elapsed_cycles, ledger)

    def _of_tiles(self, done: ChipRun, cost: TileCost) -> Spent:
        spent = self._spent(cost.tiles.by_component(), cost.hops_pj, done.totals()["cycles"], done.ledger)
        return replace(spent, once=cost.cold.total_pj / MJ)

    def _spent(self, components: dict[str, float], hops_pj: float, cycles: int, ledger: Ledger) -> Spent:
        found = dict.fromkeys((*GROUPS.values(), NOC), 0.0)
        for component, energy in components.items():
            found[GROUPS[component]] += energy / MJ / self.batch
        found[NOC] = hops_pj / MJ / self.batch
        moved_bytes = {o: ledger.total(*actions) / self.batch for o, actions in OPERANDS.items()}
        kept = {name: e for name, e in found.items() if not self.groups or name in self.groups}
        return Spent(kept, cycles / self.batch, moved_bytes)


@dataclass(frozen=True)
class Compared:
    """An accounting of an SNN that fires at ``rate`` (:func:`weighted_rate`), and of its ANN."""

    accounting: Accounting
    network: Network
    rate: float

    @cached_property
    def ann(self) -> Spent:
        return self.accounting.ann(self.network, trace_at(self.network, self.rate))

    @cached_property
    def snn(self) -> Spent:
        return self.accounting.snn(self.network, trace_at(self.network, self.rate))

    @cached_property
    def idle(self) -> Spent:
        """The SNN with a live input and no spikes."""
        return self.accounting.snn(self.network, trace_at(self.network, 0.0))

    @property
    def ratio(self) -> float:
        return self.snn.total / self.ann.total

    @property
    def slope(self) -> float:
        """mJ that a spike of every neuron at every step adds."""
        return (self.snn.total - self.idle.total) / self.rate

    @property
    def break_even(self) -> float | None:
        """The rate at which SNN and ANN cost the same; None if the SNN costs more without a spike."""
        left = self.ann.total - self.idle.total
        return left / self.slope if left >= 0 else None

    @cached_property
    def curvature(self) -> float:
        """Energy with every neuron live, over what the line through no spikes and ``rate`` says, less 1."""
        live = EventTrace.all_live(self.network)
        line = self.idle.total + self.slope * weighted_rate(self.network, live)
        return self.accounting.snn(self.network, live).total / line - 1


def csv_of(compared: Iterable[Compared]) -> str:
    """A line an accounting and network: energy by group (mJ), cycles, DRAM bytes by operand, an image."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    groups = tuple(dict.fromkeys((*GROUPS.values(), NOC)))
    head = (
        "what counts",
        "hardware",
        "table",
        "batch",
        "network",
        "rate",
        "ratio",
        "break_even_rate",
        "cycles",
    )
    writer.writerow([*head, *(f"{g}_mj" for g in groups), "total_mj", *(f"dram_{o}_bytes" for o in OPERANDS)])
    for one in compared:
        a = one.accounting
        runs: tuple[tuple[str, float | str, Spent], ...] = (
            ("ANN", "", one.ann), ("SNN", one.rate, one.snn), ("SNN", 0.0, one.idle),
        )  # fmt: skip
        for name, rate, spent in runs:
            rest = [f"{spent.energy.get(g, 0.0):.6f}" for g in groups]
            moved = [f"{spent.dram_bytes[o]:.0f}" for o in OPERANDS]
            told = one.break_even
            relative = [f"{spent.total / one.ann.total:.6f}", "" if told is None else f"{told:.4f}"]
            place = [
                a.label,
                a.chip.name,
                a.table.name,
                a.batch,
                name,
                rate,
                *relative,
                f"{spent.cycles:.0f}",
            ]
            writer.writerow([*place, *rest, f"{spent.total:.6f}", *moved])
    return text.getvalue()
