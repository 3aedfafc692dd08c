"""Comparison: one model under several sharings, chips, schedules, mini-batches and tables, a row each."""

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

from hwsim.area import areas, channel_groups, lif_area_share
from hwsim.caveats import caveats
from hwsim.cost import CostTable, price
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import DRAM_BYTES, Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.pipeline import simulate
from hwsim.result import totals

KEYS = ("model", "sharing", "hardware", "schedule", "batch", "table")
OPERANDS: dict[str, tuple[str, ...]] = {
    operand: tuple(a for a in DRAM_BYTES if a.startswith(f"dram_{operand}_"))
    for operand in ("weight", "input", "output", "membrane", "hold", "spill")
}
"""Bytes of DRAM traffic by what moves."""

ON_CORES = ("cores_used", "packets", "hops")
"""Of ``many_cores``, what compare.csv has."""


@dataclass(frozen=True)
class Executed:
    """A variant of the model, by the name of its sharing, and what happened in it."""

    sharing: str
    network: Network
    trace: EventTrace


@dataclass(frozen=True)
class Row:
    """One estimate of the comparison; ``ledger`` is the sum over its samples."""

    executed: Executed
    hardware: Hardware
    mapping: Mapping
    table: CostTable
    ledger: Ledger
    totals: dict[str, Any]
    unpriced: tuple[str, ...]
    own_areas: dict[str, float] | None = None

    @property
    def samples(self) -> int:
        return self.executed.trace.samples

    @property
    def utilization(self) -> float:
        """Issued operations of those that all PEs could do in the elapsed cycles."""
        return self.ledger.share_of(self.peak, "ac_issued", "mac_issued")

    @property
    def useful(self) -> float:
        """Useful operations of the same."""
        return self.ledger.share_of(self.peak, "ac", "mac")

    @property
    def peak(self) -> int:
        return self.hardware.peak_operations(self.executed.network.timesteps)

    def as_dict(self) -> dict[str, Any]:
        """A row of the JSON (docs/result.md); totals are sums over ``samples``."""
        return {
            "model": self.executed.network.name,
            "sharing": self.executed.sharing,
            "hardware": self.hardware.name,
            "schedule": self.mapping.schedule,
            "batch": self.mapping.batch,
            "table": self.table.name,
            "samples": self.samples,
            "totals": self.totals,
            "utilization": self.utilization,
            "useful": self.useful,
            "lif_area_share": lif_area_share(self.table, self.hardware),
            "area": areas(
                self.table, self.hardware.alone, channel_groups(self.executed.network), self.own_areas
            ),
            "dram_bytes": {name: self.ledger.total(*actions) for name, actions in OPERANDS.items()},
            "cycles": self.ledger.by_cause("array"),
            "caveats": caveats(self.table, self.hardware),
            "unpriced": list(self.unpriced),
            "many_cores": None,
        }


def compare(
    executed: Iterable[Executed],
    chips: list[Hardware],
    mappings: list[Mapping],
    tables: list[CostTable],
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    own_areas: dict[str, float] | None = None,
) -> list[Row]:
    """Every combination, in the order given; a ledger is simulated once and priced by every table.

    A mini-batch of more samples than there are is a short one. Raises HwsimError for a mapping that is not
    legal on its chip.
    """
    variants = list(executed)
    combinations = list(product(variants, chips, mappings))
    rows = []
    for done, (variant, chip, mapping) in enumerate(combinations, 1):
        ledgers = simulate(Lowering(variant.network, chip, mapping), variant.trace)
        ledger = sum(ledgers[1:], start=ledgers[0])
        for table in tables:
            cost = price(ledger, chip, table)
            whole = totals(ledger, cost, chip)
            rows.append(Row(variant, chip, mapping, table, ledger, whole, cost.unpriced, own_areas))
        progress(done, len(combinations))
    return rows


def rows_csv(rows: list[dict[str, Any]]) -> str:
    """One line a row: what was asked, totals, utilization, useful part of it, DRAM bytes by operand, and of
    chips of many cores what they have beside; empty where a row has no such number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names, shares = list(rows[0]["totals"]) if rows else [], ("utilization", "useful")
    writer.writerow([*KEYS, "samples", *names, *shares, *(f"dram_{o}_bytes" for o in OPERANDS), *ON_CORES])
    for row in rows:
        writer.writerow(
            [
                *(row[k] for k in (*KEYS, "samples")),
                *row["totals"].values(),
                *(row[s] for s in shares),
                *(row["dram_bytes"][o] for o in OPERANDS),
                *((row["many_cores"] or {}).get(name) for name in ON_CORES),
            ]
        )
    return text.getvalue()
