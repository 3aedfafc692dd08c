"""One sample: host, cores and network wired, run to the end of its last tick."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hwsim.chip.config import Chip
from hwsim.chip.reference.barriers import Barriers, latency, router
from hwsim.chip.reference.clock import Clock
from hwsim.chip.reference.core import Core, Host, Pace, Sending
from hwsim.chip.reference.diary import Entry
from hwsim.chip.reference.layer import Given, Input, Layer
from hwsim.chip.reference.packets import Packet
from hwsim.chip.reference.run import PacketTimes
from hwsim.chip.reference.wires import Wires
from hwsim.chip.reference.wiring import Wiring
from hwsim.events import Events, EventTrace
from hwsim.place.slices import HOST


class Sample:
    """``cores``: by number, rising, the host last. ``packets``: of cores and host, once they have arrived."""

    def __init__(self, wiring: Wiring, chip: Chip, inputs: Given) -> None:
        self.wiring, table, grid = wiring, chip.core, chip.grid
        self.clock = clock = Clock(table)
        pace = Pace(
            table.update_cycles,
            table.fire_cycles,
            table.send_cycles,
            table.receive_cycles,
            table.synapse_cycles,
        )
        how = Sending(grid.spikes_per_packet, grid.network.multicast == "copies", table.barrier == "none")
        self.packets: list[PacketTimes] = []
        self.wires = Wires(
            clock, grid.network, lambda core: router(core, grid.cores_per_router), self.deliver
        )
        self.layers = {
            core: [Layer(wiring, piece) for piece in pieces] for core, pieces in wiring.slices.items()
        }
        self.cores = {n: Core(clock, n, wiring, layers, pace, how) for n, layers in self.layers.items()}
        self.cores[HOST] = Host(clock, HOST, wiring, [Input(wiring.network, inputs)], Pace(), how)
        pairs = wiring.between()
        for n, core in self.cores.items():
            core.wires = self.wires
            core.senders = [other for m, other in self.cores.items() if (m, n) in pairs]
            core.listeners = [other for m, other in self.cores.items() if (n, m) in pairs]
        delay = latency(table, wiring, grid.cores_per_router)
        self.barriers = Barriers(clock, table, wiring, list(self.cores.values()), delay)
        clock.run()
        last = [core.diary[-1] for core in self.cores.values()]
        shortest = max(entry.begin for entry in last) + table.tick_cycles
        self.cycles = max(max(entry.end for entry in last) + delay, shortest)

    def deliver(self, core: int, packet: Packet) -> None:
        times = (packet.tick, packet.core, packet.number, core, packet.created, self.clock.cycle)
        self.packets.append(PacketTimes(*times))
        self.cores[core].arrive(packet)

    def of_entries(self, value: Callable[[Entry], int]) -> list[list[int]]:
        """(ticks, cores + 1), the host last."""
        ticks = range(self.wiring.ticks.total)
        return [[value(core.diary[tick]) for core in self.cores.values()] for tick in ticks]

    def by_tick(self, found: Mapping[int, Any], nothing: Any) -> list[Any]:
        return [found.get(tick, nothing) for tick in range(self.wiring.ticks.total)]

    def trace(self) -> EventTrace:
        """What was emitted, and the sums of the readout, as the executor gives them."""
        network = self.wiring.network
        dtype = np.int32 if network.integer else np.float32
        values = {
            p.name: np.zeros((1, 1 if p.name in network.constant else network.timesteps, p.size), dtype)
            for p in network.populations
        }
        for core in self.cores.values():
            for spike in core.emitted:
                values[spike.population][0, spike.step, spike.neuron] = spike.value
        shape = (1, network.timesteps, network.population[network.readout].size)
        readout = np.cumsum(np.broadcast_to(values[network.readout], shape), axis=1, dtype=dtype)
        for layer in (layer for layers in self.layers.values() for layer in layers):
            for (step, neuron), output in layer.outputs.items():
                if network.population[layer.population].kind == "readout":
                    values[layer.population][0, step, neuron] = output
        if network.population[network.readout].kind == "readout":
            readout = values[network.readout]
        events = {
            p.name: Events.from_dense(values[p.name], network.is_binary(p.name))
            for p in network.populations
            if p.kind != "readout"
        }
        return EventTrace(network.id, network.timesteps, events, readout)


def given(inputs: Events, sample: int) -> Given:
    """The host's events of a sample, by step and neuron."""
    found: dict[tuple[int, int], float] = {}
    for step in range(inputs.steps):
        cell = inputs.cell(sample, step)
        ones = [1] * (cell.stop - cell.start)
        values = ones if inputs.payload is None else inputs.payload[cell].tolist()
        found |= {(step, n): v for n, v in zip(inputs.index[cell].tolist(), values, strict=True)}
    return found
