"""A run by the SimPy reference of event-driven cores: slow, and it computes the spikes that it sends."""

from collections import defaultdict

import numpy as np

from hwsim.chip.config import Chip
from hwsim.chip.reference import ReferenceRun, simulate
from hwsim.chip.run import ChipRun
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.noc.counts import Totals
from hwsim.noc.state import CAUSE_NAMES
from hwsim.noc.trees import hops_between
from hwsim.place.slices import HOST, Sliced


def run_reference(sliced: Sliced, chip: Chip | Hardware, inputs: Events) -> tuple[ChipRun, EventTrace]:
    """Every sample of the input's events on the chip, and what its cores emitted.

    Raises HwsimError for tiles with arrays, of which it knows nothing.
    """
    if isinstance(chip, Hardware):
        raise HwsimError(
            f"engine 'reference': of event-driven cores and of one tile alone; allowed on the tiles of "
            f"{chip.name}: kernel"
        )
    found = simulate(sliced, chip, inputs)
    same = ("interval", "depth", "cores", "begin", "update_end", "send_end", "receive_end", "cycles")
    more = ("latency", "waits", "counts", "links", "addressed", "packet_latency")
    fields = {name: getattr(found, name) for name in (*same, *more)}
    run = ChipRun(
        chip=chip, network_id=sliced.network.id, trace_id=found.trace.id, network=totals_of(found, chip),
        **fields,
    )  # fmt: skip
    return run, found.trace


def totals_of(found: ReferenceRun, chip: Chip) -> Totals:
    """The counts of the routers over all samples (R15); ``cycles`` up to the last arrival as the cores see
    it."""
    table, numbers = chip.grid.network, range(len(found.routers[0]))
    of_router = [[sample[i] for sample in found.routers] for i in numbers]
    up, down = chip.exchange.ratio(chip.clock_hz)
    last = [max((p.arrived for p in packets), default=-1) for packets in found.packets]
    return Totals(
        cycles=sum(cycle * up // down + 1 for cycle in last),
        flit_bits=table.flit_bits,
        flits=np.array([np.sum([r.flits for r in each], axis=0) for each in of_router], np.int64),
        injected=np.array([sum(r.injected for r in each) for each in of_router], np.int64),
        vc_allocations=np.array([sum(r.vc_allocations for r in each) for each in of_router], np.int64),
        stalls=np.array(
            [[sum(getattr(r.stalls, c) for r in each) for c in CAUSE_NAMES] for each in of_router], np.int64
        ),
        buffer_writes=np.array([sum(r.buffer_writes for r in each) for each in of_router], np.int64),
        forks=sum(r.forks for each in of_router for r in each),
        saved_flit_hops=saved_by_trees(found, chip),
    )


def saved_by_trees(found: ReferenceRun, chip: Chip) -> int:
    """Routers on the single paths of all packets, less those of what was sent."""
    grid, sent = chip.grid, 0
    if grid.network.multicast == "copies":
        return 0
    for packets in found.packets:
        routers: dict[tuple[int, int, int], set[int]] = defaultdict(set)
        for p in packets:
            if p.core != p.source:
                routers[p.tick, p.source, p.number].add(p.core // grid.cores_per_router)
        for (_, source, _), to in routers.items():
            start = 0 if source == HOST else source // grid.cores_per_router
            goals = np.array(sorted(to), np.int64)
            sent += int(hops_between(grid.network, np.full_like(goals, start), goals).sum())
    injected = sum(router.injected for sample in found.routers for router in sample)
    return sent - int(found.links.sum()) - injected
