"""ChipRun: when every core began and ended each tick of each sample, and what it did (E6, E7)."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hwsim.chip.cold import ColdStart
from hwsim.chip.config import Chip, grid_of
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.geometry import windows
from hwsim.grid import Grid
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.lower import conservation
from hwsim.network import Network
from hwsim.noc.counts import Totals
from hwsim.place.reach import Int

COUNTS = (
    "updates", "fired", "touched", "sent", "local", "spikes_sent", "received",
    "synapses_dense", "synapses_conv", "synapses_other", "marks",
)  # fmt: skip
"""What is counted of each tick and core (E7)."""

SYNAPSES = {"dense": "synapses_dense", "conv2d": "synapses_conv"}
"""The count of a projection's kind; of all others it is ``synapses_other``."""


@dataclass(frozen=True, eq=False)
class ChipRun:
    """S samples of K ticks on C cores in use; arrays (S, K, C + 1) have the host last.

    ``cores`` (C,): their numbers on the grid, rising. ``begin``, ``update_end``, ``send_end``,
    ``receive_end`` (S, K, C + 1): b, u, w and a of E3 to E6, in cycles of the cores from the sample's begin.
    ``cycles`` (S,): the run of each sample. ``latency``: L of a tick; ``waits`` (S, K, C + 1): cycles by
    which ``tick_cycles`` held back each next begin, or the end. ``counts``: COUNTS by name, (S, K, C + 1).
    ``links`` (S, K, 2): links crossed along x and y. ``addressed`` (S, K): cores that packets
    into the network were for. ``network``: counts of the network-on-chip over all samples.
    ``packet_latency`` (longest + 1,): deliveries by cycles of the network from creation to arrival.
    ``ledgers``: on tiles with arrays one a sample, of all tiles together: their cycles are those from b to u
    of every tile and tick, in which array, LIF units and lanes have their causes (F4). ``cold``: their
    weights, before the first tick (F5). Event-driven cores have neither.
    """

    chip: Chip | Hardware
    network_id: str
    trace_id: str
    interval: int
    depth: dict[str, int]
    cores: Int
    begin: Int
    update_end: Int
    send_end: Int
    receive_end: Int
    cycles: Int
    latency: int
    waits: Int
    counts: dict[str, Int]
    links: Int
    addressed: Int
    network: Totals
    packet_latency: Int
    ledgers: tuple[Ledger, ...] = ()
    cold: ColdStart | None = None

    @property
    def grid(self) -> Grid:
        return grid_of(self.chip)

    @property
    def leaks_multiplied(self) -> bool:
        """Of tiles with arrays: whether LIF units have multipliers for leaks."""
        return bool(self.ledgers) and self.ledger.leaks_multiplied

    @property
    def samples(self) -> int:
        return len(self.begin)

    @property
    def ticks(self) -> int:
        return int(self.begin.shape[1])

    @property
    def synapses(self) -> Int:
        """Of all kinds of projections, (S, K, C + 1)."""
        return self.counts["synapses_dense"] + self.counts["synapses_conv"] + self.counts["synapses_other"]

    def spans(self) -> dict[str, Int]:
        """Of each sample and tick, (S, K): first begin, last end of each unit and of all, longest wait."""
        ends = {name: getattr(self, name).max(axis=2) for name in ("update_end", "send_end", "receive_end")}
        return {
            "begin": self.begin.min(axis=2),
            **ends,
            "end": np.maximum.reduce(list(ends.values())),
            "waits": self.waits.max(axis=2),
        }

    def busy(self) -> dict[str, Int]:
        """Cycles in which each unit of each core works, (S, K, C + 1); the host takes no time."""
        exchange, n = self.chip.exchange, self.counts
        sending = (n["sent"] + n["local"]) * exchange.send_cycles
        sending[..., -1] = 0
        update, receive = self.update_end - self.begin, n["received"] * exchange.receive_cycles
        if isinstance(self.chip, Chip):
            core = self.chip.core
            update = (n["updates"] - n["fired"]) * core.update_cycles + n["fired"] * core.fire_cycles
            receive = receive + self.synapses * core.synapse_cycles
        return {"update": update, "send": sending, "receive": receive}

    @property
    def ledger(self) -> Ledger:
        """Of all samples, one after the other. Raises HwsimError where there is none."""
        if not self.ledgers:
            raise HwsimError(f"chip {self.chip.name!r}: event-driven cores have no ledger")
        return sum(self.ledgers[1:], start=self.ledgers[0])

    def totals(self) -> dict[str, int]:
        """Every count over all samples, ticks and cores, and the links, deliveries and cycles."""
        return {name: int(values.sum()) for name, values in self.counts.items()} | {
            "synapses": int(self.synapses.sum()),
            "links_x": int(self.links[..., 0].sum()),
            "links_y": int(self.links[..., 1].sum()),
            "addressed": int(self.addressed.sum()),
            "cycles": int(self.cycles.sum()),
        }

    def seconds(self) -> float:
        """Of all samples, one after the other."""
        return int(self.cycles.sum()) / self.chip.clock_hz

    def verify(self, network: Network, trace: EventTrace) -> None:
        """Check what is conserved: packets, spikes, synapses, updates, links and the order of cycles, and on
        tiles with arrays the useful operations that the events demand.

        Raises HwsimError naming what differs.
        """
        n = self.counts
        found = {name: values.sum(axis=(1, 2)) for name, values in n.items()}
        owed = synapses_owed(network, trace)
        fired = [e.counts().sum(axis=1) for p, e in trace.events.items() if p != network.input.name]
        updates = sum(
            p.size * (1 if p.name in network.constant else network.timesteps)
            for p in network.populations
            if p.kind != "input"
        )
        equal: tuple[tuple[str, Any, Any], ...] = (
            ("packets received", n["received"].sum(axis=2), n["local"].sum(axis=2) + self.addressed),
            ("updates", found["updates"], np.full(self.samples, updates)),
            ("neurons fired", found["fired"], sum(fired, np.zeros(self.samples, np.int64))),
            *((name, found[name], owed[name]) for name in owed),
            ("packets in the network", found["sent"].sum(), self.network.injected.sum()),
            ("links crossed", self.links.sum(), self.network.link_traversals),
        )
        for what, has, wants in equal:
            if not np.array_equal(has, wants):
                raise HwsimError(f"chip: {what}: found {has}, expected {wants}; this is a defect of hwsim")
        if isinstance(self.chip, Hardware):
            sparse = self.chip.pe_array.weight_sparsity
            for sample, ledger in enumerate(self.ledgers):
                conservation.check(network, trace.select(sample, sample + 1), ledger, frozenset(), sparse)
        ends = np.maximum.reduce([self.update_end, self.send_end, self.receive_end])
        wrong = (
            ("a neuron touched twice", n["touched"] > n["updates"]),
            ("updates end before they begin", self.update_end < self.begin),
            ("sending ends before the updates", self.send_end < self.update_end),
            ("receiving ends before the tick begins", self.receive_end < self.begin),
            ("a tick begins before the one before has ended", self.begin[:, 1:] < ends[:, :-1]),
        )
        for what, where in wrong:
            if where.any():
                raise HwsimError(f"chip: {what} {int(where.sum())} times; this is a defect of hwsim")


def synapses_owed(network: Network, trace: EventTrace) -> dict[str, Int]:
    """Connections that the events of each sample take, (S,) by count: windows that hold each neuron."""
    owed = {name: np.zeros(trace.samples, np.int64) for name in (*SYNAPSES.values(), "synapses_other")}
    for p in network.projections:
        source, target = network.population[p.source], network.population[p.target]
        if p.kind == "dense":
            fan_out = np.full(source.size, target.size)
        else:
            places = windows(source.plane, p.kernel, p.stride, p.padding, target.plane)
            each = target.channels // p.groups if p.kind == "conv2d" else 1
            fan_out = np.tile(places * each, source.channels)
        events = trace.events[p.source]
        totals = np.concatenate([[0], np.cumsum(fan_out[events.index])])
        ends = totals[events.offsets[:: events.steps]]
        owed[SYNAPSES.get(p.kind, "synapses_other")] += np.diff(ends)
    return owed


def merged(totals: list[Totals]) -> Totals:
    """The counts of several networks of one table, one after the other."""
    summed = {
        f.name: sum(getattr(t, f.name) for t in totals) for f in fields(Totals) if f.name != "flit_bits"
    }
    return Totals(**summed, flit_bits=totals[0].flit_bits)
