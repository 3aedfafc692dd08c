"""Rows of a comparison: models under several sharings, chips, schedules, mini-batches and tables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.area import areas, channel_groups, lif_area_share
from hwsim.caveats import caveats
from hwsim.cost import Cost, CostTable, price
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import DRAM_BYTES, Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.network import Network
from hwsim.pipeline import UNTRUSTED, simulate
from hwsim.result_values import accuracy, lif_memory_bytes, totals, weight_memory_bytes
from hwsim.words import bits_of

KEYS = ("model", "sharing", "bits", "hardware", "schedule", "batch", "table")
OPERANDS: dict[str, tuple[str, ...]] = {
    operand: tuple(a for a in DRAM_BYTES if a.startswith(f"dram_{operand}_"))
    for operand in ("weight", "input", "output", "membrane", "hold", "spill")
}
"""Bytes of DRAM traffic by what moves."""

ON_CORES = ("cores_used", "packets", "hops")
"""Of ``many_cores``, what compare.csv has."""


NO_LABELS = "unknown: the inputs have no labels"


def untrusted(sentence: str) -> str:
    """The caveat of spikes that are not PyTorch's."""
    return f"{UNTRUSTED}: {sentence}"


@dataclass(frozen=True)
class Subject:
    """What a row is of: a network as it ran, by the name of its sharing, and what its answers are worth.

    ``equal_answers``: share of the samples that it answers as the float network does, where that ran beside.
    ``accuracy``: share of ``accuracy_samples``, which are those of the run or of a whole test split; where it
    is None, ``accuracy_unknown`` says why. ``saved``: the name of the directory that the result was read
    from, None of what was simulated now. ``doubts``: caveats of its spikes, whatever prices them.
    """

    network: Network
    sharing: str
    samples: int
    accuracy: float | None = None
    accuracy_unknown: str | None = NO_LABELS
    saved: str | None = None
    doubts: tuple[str, ...] = ()
    accuracy_samples: int | None = None
    equal_answers: float | None = None

    def facts(self, hardware: str, schedule: str, batch: int, table: str) -> dict[str, Any]:
        """What was combined, by name, and the accuracy, as a row of the JSON has them."""
        return {
            "model": self.network.name,
            "sharing": self.sharing,
            "bits": bits_of(self.network),
            "hardware": hardware,
            "schedule": schedule,
            "batch": batch,
            "table": table,
            "saved": self.saved,
            "samples": self.samples,
            "accuracy": self.accuracy,
            "accuracy_unknown": self.accuracy_unknown,
            "accuracy_samples": None if self.accuracy is None else self.accuracy_samples or self.samples,
            "equal_answers": self.equal_answers,
        }


@dataclass(frozen=True)
class Executed:
    """A variant of the model, by the name of its sharing, and what happened in it.

    ``labels`` only of weights trained as they ran: an accuracy is never that of another network. Without
    them ``accuracy_unknown`` says why. ``tested``: accuracy of the same network on a test split and its
    samples, taken for that of the few that were executed. ``answers`` (samples,): those of the float network.
    """

    sharing: str
    network: Network
    trace: EventTrace
    labels: NDArray[np.int64] | None = None
    accuracy_unknown: str = NO_LABELS
    doubts: tuple[str, ...] = ()
    tested: tuple[float, int] | None = None
    answers: NDArray[np.int64] | None = None

    @property
    def own_answers(self) -> NDArray[np.int64]:
        """The class that each sample is given, (samples,)."""
        answers: NDArray[np.int64] = self.trace.outputs[:, -1].argmax(1)
        return answers

    @property
    def subject(self) -> Subject:
        if self.tested is not None:
            tested, of = self.tested
            return Subject(
                self.network, self.sharing, self.trace.samples, tested, None, None, self.doubts, of
            )
        right = accuracy(self.trace.outputs, self.labels)
        share, unknown = (right["accuracy"], None) if right else (None, self.accuracy_unknown)
        same = None if self.answers is None else float((self.own_answers == self.answers).mean())
        return Subject(
            self.network, self.sharing, self.trace.samples, share, unknown, doubts=self.doubts,
            equal_answers=same,
        )  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One estimate of the comparison; ``ledger`` is the sum over its samples, ``table`` what priced it.

    ``told``: ``lif_area_share``, ``area`` and ``caveats`` of the JSON.
    """

    subject: Subject
    hardware: Hardware
    mapping: Mapping
    table: str
    ledger: Ledger
    totals: dict[str, Any]
    unpriced: tuple[str, ...]
    told: dict[str, Any]

    @staticmethod
    def of(
        subject: Subject,
        hardware: Hardware,
        mapping: Mapping,
        ledger: Ledger,
        table: CostTable,
        own_areas: dict[str, float] | None = None,
    ) -> "Row":
        """Priced by a table."""
        multiplied = ledger.leaks_multiplied
        told = {
            "lif_area_share": lif_area_share(table, hardware, multiplied),
            "area": areas(table, hardware.alone, channel_groups(subject.network), own_areas, multiplied),
            "caveats": caveats(table, hardware, multiplied=multiplied),
        }
        return Row.priced(subject, hardware, mapping, ledger, price(ledger, hardware, table), told)

    @staticmethod
    def priced(
        subject: Subject,
        hardware: Hardware,
        mapping: Mapping,
        ledger: Ledger,
        cost: Cost,
        told: dict[str, Any],
    ) -> "Row":
        """At a cost that is known already."""
        whole = totals(ledger, cost, hardware)
        return Row(subject, hardware, mapping, cost.table, ledger, whole, cost.unpriced, told)

    @property
    def samples(self) -> int:
        return self.subject.samples

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
        return self.hardware.peak_operations(self.subject.network.timesteps)

    def as_dict(self) -> dict[str, Any]:
        """A row of the JSON (docs/result.md); totals are sums over ``samples``."""
        facts = self.subject.facts(self.hardware.name, self.mapping.schedule, self.mapping.batch, self.table)
        return facts | {
            "totals": self.totals,
            "utilization": self.utilization,
            "useful": self.useful,
            "weight_bytes": weight_memory_bytes(self.subject.network, self.hardware.precision.weight_bits),
            "lif": {
                "units": self.hardware.lif.units,
                "memory_bytes": lif_memory_bytes(self.subject.network, self.hardware),
                "updates": self.ledger.total("lif_update"),
            },
            "lif_area_share": self.told["lif_area_share"],
            "area": self.told["area"],
            "dram_bytes": {name: self.ledger.total(*actions) for name, actions in OPERANDS.items()},
            "cycles": self.ledger.by_cause("array"),
            "caveats": [*self.subject.doubts, *self.told["caveats"]],
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
    for done, (variant, given, mapping) in enumerate(combinations, 1):
        chip = given.worded(variant.network)
        ledgers = simulate(Lowering(variant.network, chip, mapping), variant.trace)
        ledger = sum(ledgers[1:], start=ledgers[0])
        rows += [Row.of(variant.subject, chip, mapping, ledger, table, own_areas) for table in tables]
        progress(done, len(combinations))
    return rows


def csv_rows(rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Lines of compare.csv, a head and one a row: what was asked, totals, utilization, useful part of it, LIF
    states, bytes of the weights, accuracy, equal answers, DRAM bytes by operand, and of chips of many cores
    what they have beside; None where there is no number."""
    plain = (*KEYS, "saved", "samples", "accuracy", "equal_answers", "weight_bytes")
    names, shares = list(rows[0]["totals"]) if rows else [], ("utilization", "useful")
    states = ("units", "memory_bytes", "updates")
    heads = (
        *names,
        *shares,
        *(f"lif_{s}" for s in states),
        *(f"dram_{o}_bytes" for o in OPERANDS),
        *ON_CORES,
    )
    lines = (
        [
            *(row[k] for k in plain),
            *row["totals"].values(),
            *(row[s] for s in shares),
            *(row["lif"][s] for s in states),
            *(row["dram_bytes"][o] for o in OPERANDS),
            *((row["many_cores"] or {}).get(name) for name in ON_CORES),
        ]
        for row in rows
    )
    return [[*plain, *heads], *lines]
