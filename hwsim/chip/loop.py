"""A placed network on a chip, sample by sample: packets through the network-on-chip, barriers (E1 to E7)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hwsim.chip.barriers import Barriers
from hwsim.chip.cold import ColdStart, cold_start
from hwsim.chip.config import Chip, grid_of
from hwsim.chip.fanout import LOCAL, Fanout, fanout_of
from hwsim.chip.kernels import (
    ADDRESSED,
    FIRED,
    LOCALS,
    MARKS,
    RECEIVED,
    SENT,
    SPIKES,
    TAKEN,
    UPDATES,
    arrivals,
    take,
)
from hwsim.chip.packets import Cores, EventCores, Sending, fired_in, sending
from hwsim.chip.run import ChipRun, merged
from hwsim.chip.tick_kernel import run_ticks
from hwsim.chip.ticks import Ticks, ticks_of
from hwsim.chip.tiles import TileArrays
from hwsim.chip.touched import tables_of, touched
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.noc.counts import Totals
from hwsim.noc.network import LATEST, traffic
from hwsim.noc.network import Network as Noc
from hwsim.noc.single import carries, lines_of, times_of, totals_of
from hwsim.place.reach import Int
from hwsim.place.slices import Sliced

Progress = Callable[[int, int], None]


@dataclass(eq=False)
class Arrived:
    """What came of sending from given begins: ``end`` (K, C + 1) of receiving, ``counts`` (K, C + 1, 4) of
    packets and synapses, deliveries by cycles of the network."""

    end: Int
    counts: Int
    latencies: Int

    @staticmethod
    def nothing(begin: Int) -> "Arrived":
        return Arrived(begin.copy(), np.zeros((*begin.shape, TAKEN + 3), np.int64), np.zeros(1, np.int64))


@dataclass(frozen=True, eq=False)
class Played:
    """One sample; begins and ends (K, C + 1), ``waits`` and ``touched`` too."""

    sending: Sending
    begin: Int
    arrived: Arrived
    waits: Int
    cycles: int
    touched: Int
    network: Totals
    ledger: Ledger | None


def run_chip(
    sliced: Sliced, trace: EventTrace, chip: Chip | Hardware, progress: Progress | None = None
) -> ChipRun:
    """Every sample of the trace on the chip; the slices' cores are those of its grid.

    Raises HwsimError for slices on cores that the grid has not, for a trace of another network, and on tiles
    with arrays for what they cannot hold (F3) and for a chip without ``grid.ticks``.
    """
    highest, allowed = max(s.core for s in sliced.slices), grid_of(chip).cores - 1
    if highest > allowed:
        raise HwsimError(f"chip {chip.name!r}: a slice lies on core {highest}, allowed 0 to {allowed}")
    trace.verify(sliced.network)
    player = Player(sliced, chip)
    played = []
    for sample in range(trace.samples):
        played.append(player.play(trace, sample))
        if progress:
            progress(sample + 1, trace.samples)
    return player.result(trace, played)


class Player:
    """One network on one chip: its tables, and the run of any sample.

    ``in_one_kernel``: a barrier follows each tick, and the network has one virtual channel and no trees.
    """

    def __init__(self, sliced: Sliced, chip: Chip | Hardware) -> None:
        self.network, self.chip, self.grid = sliced.network, chip, grid_of(chip)
        self.ticks: Ticks = ticks_of(sliced.network)
        self.fanout: Fanout = fanout_of(sliced, self.grid, chip.exchange.barrier == "none")
        self.touching = tables_of(sliced.network, self.ticks, self.fanout)
        self.barriers = Barriers.of(sliced, chip.exchange, self.fanout)
        self.cores: Cores
        self.cold: ColdStart | None = None
        if isinstance(chip, Chip):
            self.cores = EventCores(chip.core, self.fanout.kinds)
        else:
            self.cores = tiles = TileArrays(sliced, chip, self.ticks, self.fanout)
            self.cold = cold_start(tiles.task, list(tiles.works.values()), chip, self.grid)
        self.noc = self.grid.network.changed(ties="parity")
        self.in_one_kernel = (
            self.barriers.mode == "tick" and carries(self.noc) and not len(self.fanout.groups.source)
        )

    def play(self, trace: EventTrace, sample: int) -> Played:
        fired = fired_in(self.network, trace, sample, self.ticks, self.fanout.kinds)
        times = self.cores.times(fired)
        s = sending(fired, times, self.fanout, self.cores.cycles, self.grid.spikes_per_packet)
        if self.in_one_kernel:
            begin, arrived, network = self._all_ticks(s)
        else:
            begin, arrived, network = self._tick_by_tick(s)
            if self.barriers.mode != "tick":
                begin, arrived, network = self._together(s, begin, arrived, network)
        after, waits = self.barriers.following_each(begin, begin + s.updated, begin + s.sent, arrived.end)
        cycles = int(after[-1].max())
        cores = len(self.fanout.cores)
        reached = touched(self.network, trace, sample, self.ticks, self.touching, cores)
        return Played(s, begin, arrived, waits, cycles, reached, network, times.ledger)

    def _next(self, s: Sending, k: int, begin: Int, received: Int) -> tuple[Int, Int]:
        return self.barriers.following(begin, begin + s.updated[k], begin + s.sent[k], received)

    def _all_ticks(self, s: Sending) -> tuple[Int, Arrived, Totals]:
        """As ``_tick_by_tick`` with a barrier after each tick, on a network of one virtual channel."""
        begin, times = np.zeros(s.updated.shape, np.int64), times_of(self.noc)
        arrived, lines = Arrived.nothing(begin), lines_of(self.noc, times)
        latencies, barriers = np.zeros(len(s.created), np.int64), self.barriers
        ratio, waits = self.chip.exchange.ratio(self.chip.clock_hz), (barriers.latency, barriers.tick_cycles)
        out = begin, arrived.end, arrived.counts, latencies
        kinds, routes = self.fanout.kinds, self.fanout.routes
        n, cycles, late = run_ticks(kinds, routes, s, times, lines, self.cores.cycles, ratio, waits, out)
        if late >= 0:
            raise self._too_late(late)
        arrived.latencies = np.bincount(latencies[:n], minlength=1)
        return begin, arrived, totals_of(self.noc, lines, cycles)

    def _tick_by_tick(self, s: Sending) -> tuple[Int, Arrived, Totals]:
        """Each tick alone, all cores from its begin on: what there is with a barrier after each tick."""
        begin = np.zeros(s.updated.shape, np.int64)
        network = Noc(self.noc, self.fanout.groups)
        arrived = Arrived.nothing(begin)
        for k in range(self.ticks.count):
            arrived.end[k] = begin[k]
            packets = np.arange(s.first[k], s.first[k + 1])
            self._deliver(s, packets, np.full(len(packets), k), begin, network, arrived)
            if k + 1 < self.ticks.count:
                begin[k + 1] = self._next(s, k, begin[k], arrived.end[k])[0].max()
        return begin, arrived, network.totals()

    def _together(
        self, s: Sending, begin: Int, arrived: Arrived, network: Totals
    ) -> tuple[Int, Arrived, Totals]:
        """All ticks at once, from guessed begins, until they no longer move."""
        for n in range(begin.size + 2):
            moved = self._swept(s, arrived)
            if n and np.array_equal(moved, begin):
                return begin, arrived, network
            begin, arrived = moved, Arrived.nothing(moved)
            noc = Noc(self.noc, self.fanout.groups)
            self._deliver(s, np.arange(len(s.created)), s.tick, begin, noc, arrived)
            network = noc.totals()
        raise HwsimError("chip: the begins of ticks still move; this is a defect of hwsim")

    def _swept(self, s: Sending, arrived: Arrived) -> Int:
        """Begins that follow, tick by tick, from the ends of receiving that other begins led to."""
        begin = np.zeros_like(arrived.end)
        for k in range(len(begin) - 1):
            begin[k + 1] = self._next(s, k, begin[k], np.maximum(arrived.end[k], begin[k]))[0]
        return begin

    def _deliver(self, s: Sending, given: Int, tick: Int, begin: Int, network: Noc, arrived: Arrived) -> None:
        """Packets through the network and into their cores (E4, E5)."""
        routes, ratio = self.fanout.routes, self.chip.exchange.ratio(self.chip.clock_hz)
        created = begin[tick, s.core[given]] + s.created[given]
        order = np.lexsort((s.core[given], created))
        given, created, tick = given[order], created[order], tick[order]
        if len(created) and int(created[-1]) * ratio[0] // ratio[1] >= LATEST:
            raise self._too_late(created[-1])
        packet = s.packet[given]
        destination = routes.destination[packet]
        remote = np.flatnonzero(destination != LOCAL)
        in_network = traffic(
            ceil_scaled(created[remote], *ratio), routes.source[packet[remote]], destination[remote], 1
        )
        first = network.feed(in_network)
        network.run()
        found = network.take()
        most = int((routes.first[packet + 1] - routes.first[packet]).sum())
        out = tuple(np.zeros(most, np.int64) for _ in range(4))
        place = remote[found.packet - first]
        sizes = arrivals(routes, s.packet, given, found.tile, place, found.arrived, ratio, created, out)
        listed = (*out, *sizes)
        spikes = (s.begin, s.end, s.spikes)
        kinds, cycles = self.fanout.kinds, self.cores.cycles
        take(kinds, routes, spikes, s.kind, given, tick, listed, cycles, arrived.end, arrived.counts)
        arrived.latencies = _added(arrived.latencies, np.bincount(found.arrived - found.created))

    def _too_late(self, cycle: int) -> HwsimError:
        return HwsimError(
            f"chip {self.chip.name!r}: cycle {cycle} of the cores is later than the network counts; "
            "a shorter tick_cycles or a slower noc_clock_hz is needed"
        )

    def result(self, trace: EventTrace, played: list[Played]) -> ChipRun:
        begin = np.stack([p.begin for p in played])
        sent = np.stack([p.sending.counts for p in played])
        came = np.stack([p.arrived.counts for p in played])
        latencies = np.zeros(1, np.int64)
        for p in played:
            latencies = _added(latencies, p.arrived.latencies)
        columns: dict[str, Any] = {
            "updates": sent[..., UPDATES],
            "fired": sent[..., FIRED],
            "touched": np.stack([p.touched for p in played]),
            "sent": sent[..., SENT],
            "local": sent[..., LOCALS],
            "spikes_sent": sent[..., SPIKES],
            "received": came[..., RECEIVED],
            "synapses_dense": came[..., TAKEN],
            "synapses_conv": came[..., TAKEN + 1],
            "synapses_other": came[..., TAKEN + 2],
            "marks": sent[..., MARKS],
        }
        return ChipRun(
            chip=self.chip, network_id=self.network.id, trace_id=trace.id,
            interval=self.ticks.interval, depth=self.ticks.depth, cores=self.fanout.cores,
            begin=begin, update_end=begin + np.stack([p.sending.updated for p in played]),
            send_end=begin + np.stack([p.sending.sent for p in played]),
            receive_end=np.stack([p.arrived.end for p in played]),
            cycles=np.array([p.cycles for p in played], np.int64),
            latency=self.barriers.latency, waits=np.stack([p.waits for p in played]),
            counts={name: np.ascontiguousarray(values) for name, values in columns.items()},
            links=np.stack([p.sending.links for p in played]), addressed=sent[..., ADDRESSED].sum(axis=2),
            network=merged([p.network for p in played]), packet_latency=latencies,
            ledgers=tuple(p.ledger for p in played if p.ledger is not None), cold=self.cold,
        )  # fmt: skip


def ceil_scaled(cycles: Int, up: int, down: int) -> Int:
    """ceil(cycles * up / down), exactly, for cycles of any length that the result allows (E1)."""
    whole, rest = np.divmod(cycles, down)
    scaled: Int = whole * up - (-rest * up) // down
    return scaled


def _added(a: Int, b: Int) -> Int:
    """The sum of two histograms."""
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    total = longer.astype(np.int64)
    total[: len(shorter)] += shorter
    return total
