"""One design point: lowered, cycled and priced from a network and its events that are there already."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hwsim.cost import price
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.explore.points import Base, Settings
from hwsim.lower.lowering import Lowering
from hwsim.lower.streaming import BY_EVENTS
from hwsim.network import Network
from hwsim.result_values import lif_memory_bytes, totals, weight_memory_bytes
from hwsim.reuse import Reuse
from hwsim.simulation import simulate
from hwsim.storage import content_id

REUSE = Reuse(kinds=BY_EVENTS)
"""What layers streamed in this process, of all points and networks that it has seen. Their plans are of one
chip and mapping, which no other point has."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A network as the options of ``network.*`` make it, what happened in it, and how often it is right.

    ``accuracy``: of the samples that ran, or of a test split where a card tells it; None where not known.
    """

    network: Network
    trace: EventTrace
    accuracy: float | None = None
    warning: str | None = None

    @cached_property
    def id(self) -> str:
        meta = {"network": self.network.id, "events": self.trace.id, "accuracy": self.accuracy}
        return content_id("subject", meta)


def evaluate(settings: Settings, base: Base, subject: Subject, **_ids: str) -> dict[str, Any]:
    """The quantities of a point, means over the samples (hwsim.explore.quantities), or why it is ``refused``:
    what no chip can be, has no legal mapping, or has no price.

    ``_ids`` name base and subject by their content.
    """
    try:
        return _evaluated(settings, base, subject)
    except HwsimError as error:
        return {"refused": str(error)}


def _evaluated(settings: Settings, base: Base, subject: Subject) -> dict[str, Any]:
    network, trace = subject.network, subject.trace
    chip, mapping, table = base.applied(settings)
    chip = chip.worded(network)
    if mapping.batch > trace.samples:
        raise HwsimError(f"mapping.batch {mapping.batch}: the space has {trace.samples} samples")
    ledgers = simulate(Lowering(network, chip, mapping, REUSE), trace)
    ledger = sum(ledgers[1:], start=ledgers[0])
    cost = price(ledger, chip, table)
    whole, samples = totals(ledger, cost, chip), trace.samples
    energy, latency = whole["energy_pj"] / samples, whole["latency_ns"] / samples
    found: dict[str, Any] = {
        "energy_pj": energy,
        "latency_ns": latency,
        "area_um2": whole["area_um2"],
        "dram_bytes": whole["dram_bytes"] / samples,
        "edp_pj_ns": energy * latency,
        "spikes": whole["spikes"] / samples,
        "lif_memory_bytes": lif_memory_bytes(network, chip),
        "weight_bytes": weight_memory_bytes(network, chip.precision.weight_bits),
        "accuracy": subject.accuracy,
        "utilization": ledger.share_of(chip.peak_operations(network.timesteps), "ac_issued", "mac_issued"),
    }
    return found | ({"unpriced": list(cost.unpriced)} if cost.unpriced else {})


def reused() -> dict[str, int]:
    """Streams of layers that points of this process took over, and that they worked out."""
    return {"found": sum(REUSE.found.values()), "made": sum(REUSE.made.values())}
