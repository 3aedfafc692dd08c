"""A core, and the host: three units as processes (E3, E4, E5)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from hwsim.chip.reference.clock import Clock, Phase, Process
from hwsim.chip.reference.diary import Entry
from hwsim.chip.reference.layer import Input, Layer
from hwsim.chip.reference.neurons import Number
from hwsim.chip.reference.packets import Packet, Ready, Spike
from hwsim.chip.reference.wires import Wires
from hwsim.chip.reference.wiring import Wiring

LAST = (2**62, 0)
"""The place of what is behind all neurons."""


@dataclass(frozen=True)
class Pace:
    """Cycles of what a core does; the host takes none to send and updates nothing."""

    update: int = 0
    fire: int = 0
    send: int = 0
    receive: int = 0
    synapse: int = 0


@dataclass(frozen=True)
class Sending:
    """How spikes leave: ``spikes`` a packet at most, ``copies`` or a tree, with ``marks`` or without."""

    spikes: int
    copies: bool
    marks: bool


class Core:
    """``senders``: cores that reach this one; ``listeners``: cores that it reaches; itself may be of both.

    Events by tick: ``begins``, ``updated``, ``sent_all`` and ``received_all``, when no packet of the tick
    can come any more. ``wires``, ``senders`` and ``listeners`` are set when the chip is wired.
    """

    wires: Wires
    senders: "Sequence[Core]"
    listeners: "Sequence[Core]"

    def __init__(
        self,
        clock: Clock,
        number: int,
        wiring: Wiring,
        layers: Sequence[Layer | Input],
        pace: Pace,
        how: Sending,
    ) -> None:
        self.clock, self.number, self.wiring, self.layers = clock, number, wiring, layers
        self.pace, self.how = pace, how
        ticks = range(wiring.ticks.total)
        self.diary = [Entry() for _ in ticks]
        self.begins = [clock.event() for _ in ticks]
        self.updated = [clock.event() for _ in ticks]
        self.sent_all = [clock.event() for _ in ticks]
        self.received_all = [clock.event() for _ in ticks]
        self.coming = [0 for _ in ticks]
        self.over: list[set[int]] = [set() for _ in ticks]
        self.to_send: list[Ready] = []
        self.inbox: list[tuple[int, tuple[int, int, int], Packet]] = []
        self.more_to_send, self.more_arrived = clock.event(), clock.event()
        self.packets = 0
        self.emitted: list[Spike] = []
        for unit in (self.update(), self.send(), self.receive()):
            clock.process(unit)

    # --- updates ---------------------------------------------------------------------------------

    def update(self) -> Process:
        """Slice after slice, neuron after neuron (E3)."""
        for tick, begins in enumerate(self.begins):
            yield begins
            entry = self.diary[tick]
            entry.begin = self.clock.cycle
            for place, layer in enumerate(self.layers):
                step = self.wiring.ticks.step(layer.population, tick)
                if step is not None:
                    yield from self.run(place, step, tick)
            entry.updated = self.clock.cycle
            self.end_of_tick(tick)
            self.updated[tick].succeed()

    def run(self, place: int, step: int, tick: int) -> Process:
        """One step of a slice; spikes with one set of cores share packets (E4)."""
        layer = self.layers[place]
        groups = defaultdict[frozenset[int], list[Spike]](list)
        for neuron in layer.neurons:
            value, touched = layer.step(neuron, step)
            yield self.clock.cycles(self.pace.fire if value else self.pace.update)
            self.note(self.diary[tick], value, touched)
            if not value:
                continue
            spike = Spike(layer.population, step, neuron, value)
            self.emitted.append(spike)
            cores = self.wiring.reached.get((layer.population, neuron), frozenset())
            groups[cores].append(spike)
            if len(groups[cores]) == self.how.spikes:
                self.queue(tick, cores, groups.pop(cores), place)
        for cores, spikes in groups.items():
            self.queue(tick, cores, spikes, place)

    def note(self, entry: Entry, value: Number, touched: bool) -> None:
        """An update."""
        entry.updates += 1
        entry.fired += bool(value)
        entry.touched += touched

    def queue(self, tick: int, cores: frozenset[int], spikes: list[Spike], place: int) -> None:
        """The spikes' packets are ready now: one to the own core, then to the others."""
        others = tuple(sorted(cores - {self.number}))
        own = [(self.number,)] if self.number in cores else []
        to = [(core,) for core in others] if self.how.copies else [others] if others else []
        neuron = (place, spikes[-1].neuron)
        for which, target in enumerate([*own, *to]):
            packet = Packet(self.number, tick, target, tuple(spikes))
            self.ready(Ready(self.clock.cycle, neuron, which, packet))

    def end_of_tick(self, tick: int) -> None:
        """Marks, behind all else (E6)."""
        others = sorted(core.number for core in self.listeners if core is not self) if self.how.marks else []
        for which, core in enumerate(others):
            self.ready(Ready(self.clock.cycle, LAST, which, Packet(self.number, tick, (core,), mark=True)))
        self.ready(Ready(self.clock.cycle, LAST, len(others), None))

    # --- sending ---------------------------------------------------------------------------------

    def ready(self, item: Ready) -> None:
        heappush(self.to_send, item)
        if not self.more_to_send.triggered:
            self.more_to_send.succeed()

    def send(self) -> Process:
        """One packet after the other, of those that are ready the first (E4)."""
        tick = 0
        while tick < len(self.diary):
            if not self.to_send:
                self.more_to_send = self.clock.event()
                yield self.more_to_send
            yield self.clock.in_phase(Phase.SENDING)
            packet = heappop(self.to_send).packet
            if packet is None:
                self.sent_all[tick].succeed()
                for core in [self] if self.how.marks else {self, *self.listeners}:
                    core.no_more(tick, self)
                tick += 1
                continue
            yield self.clock.cycles(self.pace.send)
            self.diary[tick].last_sent = self.clock.cycle
            self.create(packet)

    def create(self, packet: Packet) -> None:
        """The packet enters the network, or is here at once."""
        packet.created, packet.number = self.clock.cycle, self.packets
        self.packets += 1
        entry = self.diary[packet.tick]
        entry.marks += packet.mark
        for core in self.listeners:
            core.coming[packet.tick] += core.number in packet.to
        if packet.to == (self.number,):
            entry.local += 1
            self.arrive(packet)
        else:
            entry.sent += 1
            entry.spikes_sent += len(packet.spikes)
            self.wires.give(packet)

    # --- receiving -------------------------------------------------------------------------------

    def arrive(self, packet: Packet) -> None:
        heappush(self.inbox, (self.clock.cycle, packet.order, packet))
        if not self.more_arrived.triggered:
            self.more_arrived.succeed()

    def receive(self) -> Process:
        """One packet after the other, of those that have arrived the first, whatever their tick (E5)."""
        while True:
            if not self.inbox:
                self.more_arrived = self.clock.event()
                yield self.more_arrived
            yield self.clock.in_phase(Phase.RECEIVING)
            packet = heappop(self.inbox)[-1]
            entry = self.diary[packet.tick]
            met = 0
            for layer in self.layers:
                for spike in packet.spikes:
                    for kind, synapses in layer.hear(spike).items():
                        entry.synapses[kind] += synapses
                        met += synapses
            yield self.clock.cycles(self.pace.receive + self.pace.synapse * met)
            entry.received += 1
            entry.last_received = self.clock.cycle
            self.coming[packet.tick] -= 1
            if packet.mark:
                self.over[packet.tick].add(packet.core)
            self.settle(packet.tick)

    def no_more(self, tick: int, sender: "Core") -> None:
        """A sender has sent its last packet of a tick; marks, where there are any, say so instead (E6)."""
        self.over[tick].add(sender.number)
        self.settle(tick)

    def settle(self, tick: int) -> None:
        """Whether all packets of a tick have been taken, and none can follow."""
        done = self.received_all[tick]
        none_follow = {core.number for core in self.senders} <= self.over[tick]
        if none_follow and not self.coming[tick] and not done.triggered:
            done.succeed()


class Host(Core):
    """It takes no time and updates nothing (E4)."""

    def note(self, entry: Entry, value: Number, touched: bool) -> None:
        pass
