"""Which job stores outputs, the output buffer, and what lies where in DRAM (docs/machine.md, B5, B6, S2)."""

from dataclasses import replace

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.lower.lowering import Lowering
from hwsim.lower.stores import UNLIMITED
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from hwsim.program import REGIONS
from tests.examples import all_silent, chip, conv, dense
from tests.lower.building import chain, checked, lowered, moved, pointwise


def read_on(network: Network) -> Network:
    """The network with a readout behind it, so that its last layer's map is stored."""
    last = network.populations[-1]
    readout = Population("out", (1,), "readout")
    weights = np.ones((1, last.size), np.float32)
    projections = (*network.projections, dense(last.name, "out", weights))
    return checked(
        replace(network, populations=(*network.populations, readout), projections=projections, readout="out")
    )


def test_outputs_leave_in_whole_bursts_as_they_fill() -> None:
    # 60 spikes, 8 bytes, in folds of 16 of 2 bytes; bursts of 4 bytes: at the second and the last fold
    network = read_on(chain(2, 60))
    assert moved(network, chip(1, 16, burst=4), "store output") == [0, 4, 0, 4]


def test_a_readout_stores_nothing_and_a_map_that_nobody_reads_is_not_stored() -> None:
    network = read_on(chain(2, 60))
    assert sum(moved(network, chip(1, 16), "store output", layer=1)) == 0
    assert sum(moved(chain(2, 60), chip(1, 16), "store output")) == 0


def test_a_pass_stores_the_maps_of_its_steps_and_a_fold_those_of_its_samples() -> None:
    # 16 spikes are 2 bytes a step: 5 steps in passes of 2; 3 samples on 2 rows
    network = read_on(chain(2, 16, timesteps=5))
    assert moved(network, chip(1, 16, window=2), "store output") == [4, 4, 2]
    mapping = Mapping(batch=3, batch_on="M")
    assert moved(read_on(chain(2, 16)), chip(2, 16), "store output", mapping) == [4, 2]


def test_a_fused_pool_is_stored_by_the_layer_before_it() -> None:
    # W2, B5: 64 spikes pooled to 16, 2 bytes; the layer's own map, 8 bytes, only if somebody else reads it
    populations = (
        Population("in", (1, 8, 8), "input"),
        Population("a", (1, 8, 8), "lif"),
        Population("p", (1, 4, 4), "relay"),
        Population("out", (1,), "readout"),
    )
    ones = np.ones((1, 1, 1, 1), np.float32)
    projections = (
        conv("in", "a", ones),
        Projection("pool", "a", "p", "max_pool", kernel=(2, 2), stride=(2, 2)),
        dense("p", "out", np.ones((1, 16), np.float32)),
    )
    network = checked(Network("n", populations, projections, "out", 1, "spikes"))
    assert moved(network, chip(64, 1), "store output") == [2]
    both = replace(network, projections=(*projections, dense("a", "out", np.ones((1, 64), np.float32))))
    assert moved(both, chip(64, 1), "store output") == [8 + 2]


def test_lists_of_few_spikes_are_stored_in_fewer_bytes() -> None:
    # W9: 120 neurons in folds of 60: bitmaps take 7 and 8 bytes; an empty list 7 bits, 1 byte, at its end
    network = read_on(chain(2, 120))
    assert moved(network, chip(1, 60), "store output") == [7, 8]
    lowering = Lowering(network, chip(1, 60, spikes="list"), Mapping())
    program = lowering.lower(all_silent(network), range(1))
    program.verify()
    assert program.jobs.store_bytes[:2, 0].tolist() == [0, 1]


def test_the_output_buffer_has_slots_for_the_largest_store() -> None:
    # B6: stores of 7 and 8 bytes in 30
    network = read_on(chain(2, 120))
    assert lowered(network, chip(1, 60, output=30)).output_slots == 3
    assert lowered(chain(2, 120), chip(1, 60, output=30)).output_slots == UNLIMITED


def test_states_wait_in_the_output_buffer_too() -> None:
    # B6: 4 states of 16 bits: 8 bytes
    network = chain(2, 4, timesteps=2)
    assert lowered(network, chip(1, 4, output=30), Mapping(schedule="step_major")).output_slots == 3


def test_a_store_larger_than_the_output_buffer_is_refused() -> None:
    with pytest.raises(
        HwsimError, match=r"layer 'l1': one job stores 8 bytes; .* 7 bytes of buffers\.output"
    ):
        lowered(read_on(chain(2, 120)), chip(1, 60, output=7))


def regions(network: Network, hardware: object, mapping: Mapping) -> list[dict[str, int]]:
    program = lowered(network, hardware, mapping)  # type: ignore[arg-type]
    return [dict(zip(REGIONS, row, strict=True)) for row in program.regions.tolist()]


def test_regions_hold_all_that_their_operand_ever_takes() -> None:
    # S2: step_major, 2 samples, 3 steps, bursts of 4 bytes. l1: 40 * 3 weights are 120 bytes; 40 spikes of
    # input are 5 bytes, 8 in bursts, for 6 maps; 3 states of 16 bits are 6 bytes, 8, for both samples; its
    # map of 3 spikes 1 byte, 4, for 6 maps. out: 3 weights, 4 bytes; l1's map; its state of 2 bytes, 4.
    network = read_on(chain(40, 3, timesteps=3))
    first, second = regions(network, chip(1, 8, burst=4), Mapping(schedule="step_major", batch=2))
    nothing = {"hold": 0, "spill": 0}
    assert first == {"weight": 120, "input": 48, "membrane": 16, "output": 24} | nothing
    assert second == {"weight": 4, "input": 24, "membrane": 8, "output": 0} | nothing


def test_a_region_that_nothing_enters_is_empty_and_spills_take_their_largest_request() -> None:
    # S2: states stay in the buffer; 6 partial sums of 16 bits
    mapping = Mapping(layers={"a": LayerMapping(m_tile=3)})
    hardware = chip(2, 2, dataflow="ws", membrane=100)
    (found,) = regions(pointwise(5, 2, 3), hardware, mapping)
    assert (found["membrane"], found["spill"], found["hold"], found["output"]) == (0, 12, 0, 0)


def test_held_sums_have_a_region() -> None:
    # 6 sums of 16 bits of each of 2 samples
    network = chain(2, 6, timesteps=3, coding="frames")
    (found,) = regions(network, chip(1, 4), Mapping(schedule="step_major", batch=2))
    assert found["hold"] == 24


def test_regions_that_do_not_fit_the_dram_are_refused() -> None:
    # S2: DDR4 of 8 GiB and a request of 2^40 bytes
    scheduled = Lowering(chain(1, 1), chip(table="ddr4_2400"), Mapping()).scheduled(1)
    loads, stores = np.array([[2**40, 0, 0, 0, 0]]), np.zeros((1, 4), np.int64)
    with pytest.raises(HwsimError, match=r"takes 1099511627776 bytes of DRAM; 'ddr4_2400' has \d+"):
        scheduled.regions(loads, stores, np.zeros(1, np.int64))
