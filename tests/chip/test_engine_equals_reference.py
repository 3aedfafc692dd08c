"""The fast engine against the SimPy reference: every cycle and count of every tick (docs/chip.md)."""

from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings

from hwsim.chip.loop import Player, run_chip
from hwsim.chip.reference import ReferenceRun, simulate
from hwsim.chip.run import ChipRun
from hwsim.execute.executor import encode, execute
from hwsim.noc.state import CAUSE_NAMES
from tests.chip.nets import LONG_BEGINS, LONG_CHAIN, LONG_PLACES, chip, dense, net, placed
from tests.chip.random_cases import Case, cases, saved
from tests.execute.against_torch import differences
from tests.place.examples import grid
from tests.volume import parts

RANDOM = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
PARTS = 8
ARRAYS = (
    "cores", "begin", "update_end", "send_end", "receive_end", "cycles", "waits", "links", "addressed",
    "packet_latency",
)  # fmt: skip


def odd_fields(fast: ChipRun, slow: ReferenceRun) -> list[str]:
    """Fields that differ, counts by their names."""
    odd = [name for name in ARRAYS if not np.array_equal(getattr(fast, name), getattr(slow, name))]
    odd += [name for name in ("interval", "depth", "latency") if getattr(fast, name) != getattr(slow, name)]
    assert set(fast.counts) == set(slow.counts)
    odd += [
        name for name, found in router_counts(slow).items() if (getattr(fast.network, name) != found).any()
    ]
    return odd + [name for name in slow.counts if not np.array_equal(fast.counts[name], slow.counts[name])]


def router_counts(slow: ReferenceRun) -> dict[str, Any]:
    """Of each router over all samples, as Totals names them (R15)."""
    each = [
        {
            "flits": router.flits,
            "injected": router.injected,
            "vc_allocations": router.vc_allocations,
            "buffer_writes": router.buffer_writes,
            "stalls": [getattr(router.stalls, cause) for cause in CAUSE_NAMES],
        }
        for router in chain(*slow.routers)
    ]
    shape = len(slow.routers), len(slow.routers[0]), -1
    columns = {name: np.array([row[name] for row in each]).reshape(shape).sum(axis=0) for name in each[0]}
    return {name: c[:, 0] if c.shape[1] == 1 else c for name, c in columns.items()}


def compare(case: Case) -> None:
    """E1-E7, and that the spikes are the executor's."""
    slow = simulate(case.sliced, case.chip, case.inputs)
    assert not differences(slow.trace, case.trace)
    fast = run_chip(case.sliced, case.trace, case.chip)
    assert not odd_fields(fast, slow)
    fast.verify(case.sliced.network, case.trace)


def with_one_channel(case: Case) -> Case:
    """On a mesh of one virtual channel without receive queues or trees, with a barrier after each tick."""
    on = case.chip
    changed = on.grid.network.changed(topology="mesh", virtual_channels=1, multicast="copies")
    noc = saved(changed.model_copy(update={"receive_queue_flits": None}))
    parts = on.grid.width, on.grid.height, on.grid.cores_per_router
    core = on.core.model_copy(update={"barrier": "tick"})
    mesh = grid(*parts, noc=noc, spikes_per_packet=on.grid.spikes_per_packet)
    found = replace(case, chip=on.model_copy(update={"core": core, "grid": mesh}))
    assert Player(found.sliced, found.chip).in_one_kernel
    return found


def test_a_core_that_may_still_be_sent_to_holds_up_the_layers_beside_its_own() -> None:
    """E6, `layer`: core 3 begins tick 3 at 34, as core 1, which reaches c beside it, updates until 24."""
    on = chip(4, barrier="layer", barrier_first_cycles=10)
    trace = execute(LONG_CHAIN, encode(LONG_CHAIN, np.zeros((1, 3, 1))))
    found = run_chip(placed(LONG_CHAIN, on, LONG_PLACES), trace, on)
    assert found.begin[0, :6].tolist() == LONG_BEGINS


def test_a_net_without_neurons_that_fire_conserves_what_it_counts() -> None:
    """E7: an input and a readout: nothing fires."""
    network = net([dense("x", "out", [[1, 1]])], x=2, out=1)
    trace = execute(network, encode(network, np.ones((1, 1, 2))))
    found = run_chip(placed(network, chip(), {"out": 1}), trace, chip())
    found.verify(network, trace)
    assert found.totals()["fired"] == 0
    assert found.totals()["touched"] == 1


@settings(max_examples=60, derandomize=True, **RANDOM)
@given(cases())
def test_small_random_networks_on_random_chips_equal_the_reference(case: Case) -> None:
    compare(case)


@settings(max_examples=100, derandomize=True, **RANDOM)
@given(cases())
def test_networks_of_one_virtual_channel_with_a_barrier_equal_the_reference(case: Case) -> None:
    compare(with_one_channel(case))


@pytest.mark.slow
@pytest.mark.parametrize("part", parts(4))
def test_four_hundred_networks_of_one_virtual_channel_equal_the_reference(part: int) -> None:
    every = settings(max_examples=100, **RANDOM)(given(cases())(lambda c: compare(with_one_channel(c))))
    seed(1 + part)(every)()


@pytest.mark.slow
@pytest.mark.parametrize("part", parts(PARTS))
def test_a_thousand_random_networks_on_random_chips_equal_the_reference(part: int) -> None:
    seed(part)(settings(max_examples=1000 // PARTS, **RANDOM)(given(cases())(compare)))()
