"""The chip, sample after sample (E1)."""

from collections.abc import Callable

import numpy as np

from hwsim.chip.config import Chip
from hwsim.chip.reference.diary import Entry
from hwsim.chip.reference.run import Int, ReferenceRun
from hwsim.chip.reference.sample import Sample, given
from hwsim.chip.reference.wiring import Wiring
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.place.slices import Sliced

COUNTS: dict[str, Callable[[Entry], int]] = {
    "updates": lambda entry: entry.updates,
    "fired": lambda entry: entry.fired,
    "touched": lambda entry: entry.touched,
    "sent": lambda entry: entry.sent,
    "local": lambda entry: entry.local,
    "spikes_sent": lambda entry: entry.spikes_sent,
    "received": lambda entry: entry.received,
    "synapses_dense": lambda entry: entry.synapses["dense"],
    "synapses_conv": lambda entry: entry.synapses["conv2d"],
    "synapses_other": lambda entry: (
        entry.synapses.total() - entry.synapses["dense"] - entry.synapses["conv2d"]
    ),
    "marks": lambda entry: entry.marks,
}


def simulate(sliced: Sliced, chip: Chip, inputs: Events) -> ReferenceRun:
    """Every sample of ``inputs`` on the chip, cores of ``sliced`` by their numbers on its grid.

    Raises HwsimError for neurons that see each other outside of projections (G9).
    """
    network = sliced.network
    for p in network.populations:
        if p.shared or p.one_spike:
            raise HwsimError(f"population {p.name!r}: its neurons share states or wait for each other (G9)")
    wiring = Wiring(sliced)
    samples = [Sample(wiring, chip, given(inputs, s)) for s in range(inputs.samples)]
    last = samples[-1]

    def each(value: Callable[[Entry], int]) -> Int:
        return np.array([s.of_entries(value) for s in samples], np.int64)

    latencies = [delay for s in samples for delay in s.wires.latencies]
    return ReferenceRun(
        interval=wiring.ticks.interval,
        depth=wiring.ticks.depth,
        cores=np.array(list(wiring.slices), np.int64),
        begin=each(lambda entry: entry.begin),
        update_end=each(lambda entry: entry.updated),
        send_end=each(lambda entry: entry.sending_ends),
        receive_end=each(lambda entry: entry.receiving_ends),
        cycles=np.array([s.cycles for s in samples], np.int64),
        latency=last.barriers.latency,
        waits=np.array([s.barriers.waits for s in samples], np.int64),
        counts={name: each(value) for name, value in COUNTS.items()},
        links=np.array([s.by_tick(s.wires.crossed, [0, 0]) for s in samples], np.int64),
        addressed=np.array([s.by_tick(s.wires.addressed, 0) for s in samples], np.int64),
        packet_latency=np.bincount(np.array(latencies, np.int64), minlength=1),
        packets=[s.packets for s in samples],
        routers=[[router.counts for router in s.wires.network.routers] for s in samples],
        trace=EventTrace.join([s.trace() for s in samples]),
    )
