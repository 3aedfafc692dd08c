"""Tiles with arrays by hand: cycles of jobs, when neurons are ready, cold start, energy (F1, F2, F4 to F6).

2 x 2 PEs with a skewed fill: a job of K inputs takes K + 2 cycles, its LIF stage 1. A packet takes 3 cycles
to send, 4 to receive; over n routers it travels 2 + 5 n (noc.md, R7 to R9).
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwsim.chip.cold import channel_of
from hwsim.chip.loop import run_chip
from hwsim.chip.prices import load_prices
from hwsim.chip.run import ChipRun
from hwsim.chip.tile_cost import tile_cost
from hwsim.cost import load_table, price, standing_power
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.hardware import Hardware
from hwsim.manycore.pipeline import priced
from hwsim.network import Network, Population, Projection
from hwsim.place.reach import Box
from hwsim.place.slices import Slice, Sliced
from tests.chip.examples import chip as event_cores
from tests.chip.examples import fired, net, on_cores
from tests.chip.test_cycles import ends
from tests.chip.tiles import tiles
from tests.examples import conv, dense
from tests.place.examples import grid


def verified(sliced: Sliced, trace: EventTrace, on: Hardware) -> ChipRun:
    run = run_chip(sliced, trace, on)
    run.verify(sliced.network, trace)
    return run


def three_folds(**parts: Any) -> ChipRun:
    """in (3) - a (5, tile 0) - out (1, tile 1); inputs 0 and 2, then a's neurons 1 and 2."""
    network = net({"in": 3, "a": 5, "out": 1}, [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 4, 0)], "out": [(0, 0, 1)]})
    return verified(placed, fired(network, {"in": [[0, 2]], "a": [[1, 2]]}), tiles(**parts))


def test_neurons_are_done_fold_by_fold() -> None:
    run = three_folds()
    # (E5, F1) the host's packets are there in 7 and 8: 11, 15; synapses take no time
    assert ends(run, 0, 0) == (0, 0, 0, 15)
    # (F2) N-folds of 2, 2 and 1 channels: the array ends in 5, 10, 15, LIF in 6, 11, 16. Neuron 1 is done in
    # 6, 2 in 11: sent until 9 and 14
    assert ends(run, 1, 0) == (15, 15 + 16, 15 + 16, 15)
    # there in 9 + 12 = 21 and 26: 25, 30
    assert ends(run, 1, 1) == (15, 15, 15, 15 + 30)
    # one job with 5 inputs: 7 + 1
    assert ends(run, 2, 1) == (45, 53, 53, 45)
    assert run.cycles.tolist() == [53]
    assert run.counts["synapses_dense"].sum() == 2 * 5 + 2 * 1


def test_where_dead_inputs_are_skipped_a_fold_is_done_earlier() -> None:
    run = three_folds(skip="event")
    # two live inputs: 4, 8, 12 and 5, 9, 13; packets until 8 and 12
    assert ends(run, 1, 0)[1] - 15 == 13
    assert ends(run, 1, 1)[3] - 15 == 28
    # 2 live inputs: 4 + 1
    assert ends(run, 2, 1)[1] - ends(run, 2, 1)[0] == 5


def test_the_ledger_has_all_tiles_and_every_cycle_from_begin_to_end() -> None:
    ledger = three_folds().ledger
    # (F4) tile 0: 16 cycles, tile 1: 8; the array streams 3 * 3 + 5 and fills and drains 4 * 2
    assert ledger.elapsed_cycles == 24
    assert ledger.by_cause("array")["stream"] == 14
    assert ledger.by_cause("array")["fill_drain"] == 8
    assert ledger.by_cause("lif")["update"] == 4
    # 2 inputs into 5 neurons and 2 spikes into 1
    assert ledger.total("ac") == 12
    # a spike at a tile is one word: 2 at tile 0, 2 at tile 1
    assert ledger.total("input_buffer_write") == 4
    # 16-bit states in words of 64 bits, once a step: a's folds one word each, out one; the first step reads
    # none
    assert ledger.total("membrane_buffer_write") == 4
    assert ledger.total("membrane_buffer_read") == 0
    # one word a job; the readout's is not sent
    assert (ledger.total("output_buffer_write"), ledger.total("output_buffer_read")) == (4, 3)
    assert ledger.total("dram_weight_read_bytes") == 0


def row(*, channels: int = 2, groups: int = 1) -> Network:
    """in (groups, 1, 4) - a (channels, 1, 4) by 1 x 1 kernels - out (1)."""
    populations = (
        Population("in", (groups, 1, 4), "input"),
        Population("a", (channels, 1, 4), "lif"),
        Population("out", (1,), "readout"),
    )
    weights = np.ones((channels, 1, 1, 1), np.float32)
    to_out = np.ones((1, 4 * channels), np.float32)
    joins = (conv("in", "a", weights, groups=groups), dense("a", "out", to_out))
    made = Network("row", populations, joins, "out", 1, "spikes")
    made.verify()
    return made


def boxes(network: Network, *a: tuple[int, int, int, int, int]) -> Sliced:
    """Slices of a: two channels, two positions and a tile; out lies on tile 0."""
    slices = [Slice("a", Box(*box), core) for *box, core in a]
    return Sliced(network, (*slices, Slice("out", Box(0, 0, 0, 0), 0)), 2)


def test_spikes_leave_in_the_order_of_jobs_not_of_neurons() -> None:
    # (F2, E4) folds of positions 0, 1 and 2, 3 of both channels: the array ends in 3 and 6, LIF in 4 and 7.
    # Neuron 4 (channel 1, position 0) is done in 4 and sent until 7, neuron 2 in 7 and until 10
    network = row()
    placed = boxes(network, (0, 1, 0, 3, 1))
    run = verified(placed, fired(network, {"a": [[2, 4]]}), tiles())
    assert ends(run, 1, 1)[1:3] == (7, 10)


def test_spikes_share_packets_in_the_order_of_jobs() -> None:
    # 0 and 4 fill a packet in 4, sent until 7; 2 is alone until the slice is done in 7, sent until 10. In the
    # order of neurons 0 and 2 would be together in 7
    network = row()
    placed = boxes(network, (0, 1, 0, 3, 1))
    run = verified(placed, fired(network, {"a": [[0, 2, 4]]}), tiles(spikes_per_packet=2))
    assert ends(run, 1, 1)[1:3] == (7, 10)
    # tile 0 takes the first from 7 + 12 on until 23, the second from 22 on until 27
    assert ends(run, 1, 0)[3] == 27
    assert run.totals()["received"] == 2
    assert run.ledger.total("input_buffer_write") == 3


def test_folds_begin_at_the_first_position_of_a_slice() -> None:
    # positions 1 to 3: folds 1, 2 and 3. Only position 3 has a live input: the first fold has no cycle in the
    # array and ends in 1; the second streams 1, ends in 3, LIF in 4. From position 0 on folds would be
    # 0, 1 and 2
    network = row()
    placed = boxes(network, (0, 1, 0, 0, 0), (0, 1, 1, 3, 1))
    run = verified(placed, fired(network, {"in": [[3]]}), tiles(skip="event"))
    begin = ends(run, 1, 1)[0]
    assert ends(run, 1, 1)[1] - begin == 4
    assert ends(run, 1, 0)[1] - begin == 1
    assert run.ledger.total("ac") == 2


def test_a_slice_that_begins_within_a_group_has_a_job_of_that_part() -> None:
    # 4 channels in 2 groups. Tile 0 has channel 0: M-folds of 2 positions: 3, 6 and 4, 7. Tile 1 has the rest
    # of group 0, then group 1: four jobs, 3, 6, 9, 12 and 13
    network = row(channels=4, groups=2)
    placed = boxes(network, (0, 0, 0, 3, 0), (1, 3, 0, 3, 1))
    run = verified(placed, fired(network, {"in": [[5]]}), tiles())
    begin = ends(run, 1, 0)[0]
    assert [ends(run, 1, core)[1] - begin for core in (0, 1)] == [7, 13]
    # event: the input is channel 1, position 1: of tile 1 the third job only, whose bank of sums is free
    # after the first's LIF stage in 1: array 4, LIF 5; the last 6
    run = verified(placed, fired(network, {"in": [[5]]}), tiles(skip="event"))
    begin = ends(run, 1, 0)[0]
    assert [ends(run, 1, core)[1] - begin for core in (0, 1)] == [2, 6]
    assert run.ledger.total("ac") == 2


def test_pools_are_computed_on_the_vector_lanes() -> None:
    # (F2) 16 neurons in a fold of 4 and no array: 4 taps * ceil(4 / 2 lanes) = 8 cycles. in - pool - out: one
    # window has both spikes, so that one neuron fires; done in 8, sent until 11
    populations = (
        Population("in", (1, 4, 4), "input"),
        Population("pool", (1, 2, 2), "relay"),
        Population("out", (1,), "readout"),
    )
    joins = (
        Projection("p", "in", "pool", "max_pool", kernel=(2, 2), stride=(2, 2)),
        dense("pool", "out", np.ones((1, 4), np.float32)),
    )
    network = Network("pools", populations, joins, "out", 1, "spikes")
    slices = (Slice("pool", Box(0, 0, 0, 3), 1), Slice("out", Box(0, 0, 0, 0), 0))
    trace = fired(network, {"in": [[0, 1]], "pool": [[0]]})
    run = verified(Sliced(network, slices, 2), trace, tiles(lanes=2))
    begin = ends(run, 1, 1)[0]
    assert [end - begin for end in ends(run, 1, 1)[1:3]] == [8, 11]
    assert run.ledger.by_cause("lif")["vector"] == 8
    assert run.ledger.total("pool_or") == 2
    # 16 bits of the input and 4 of the pool, a word each
    assert run.ledger.total("input_buffer_read") == 2


def test_weights_come_once_over_the_busiest_channel() -> None:
    # (F5) 15 weights of 8 bits on tile 0 and 5 on tile 1, in bursts of 8 bytes: 16 and 8; 4 bytes a cycle
    dram = {"burst": 8, "bandwidth": 4000}
    run = three_folds(**dram)
    assert run.cold is not None
    assert (run.cold.channel_bytes, run.cold.cycles) == ((24,), 6)
    two = three_folds(**dram, dram_channels=2).cold
    assert two is not None
    assert (two.channel_bytes, two.cycles) == ((16, 8), 4)
    assert two.ledger.total("dram_weight_read_bytes") == 24
    assert two.ledger.total("weight_buffer_write") == 2 + 1


def test_a_tile_has_the_channel_at_its_nearest_edge() -> None:
    four = grid(4, 3).model_copy(update={"dram_channels": 4})
    # left, right, top, bottom of rows of 4; ties to the first
    assert [channel_of(four, core) for core in range(12)] == [0, 2, 2, 1, 0, 0, 1, 1, 0, 3, 3, 1]
    two = four.model_copy(update={"dram_channels": 2})
    assert [channel_of(two, core) for core in range(4)] == [0, 0, 1, 1]


def test_energy_is_that_of_the_actions_and_of_the_hops() -> None:
    # (F6) 4 packets enter, two cross a link along x; Loihi's 1.7 and 3.0 pJ
    run, table = three_folds(), load_table("sata_kernels")
    cost = tile_cost(run, table)
    assert cost.hops_pj == pytest.approx(4 * 1.7 + 2 * 3.0)
    tile = price(run.ledger, run.chip, table)  # type: ignore[arg-type]
    assert cost.total_pj == pytest.approx(tile.total_pj + cost.hops_pj)
    assert cost.tiles.total_pj > 0
    assert cost.cold.total_pj > 0


def test_a_run_of_event_driven_cores_has_no_ledger() -> None:
    network = net({"in": 1, "a": 1, "out": 1}, [("in", "a", 0), ("a", "out", 0)])
    placed = on_cores(network, {"a": [(0, 0, 0)], "out": [(0, 0, 1)]})
    run = run_chip(placed, fired(network, {}), event_cores())
    with pytest.raises(HwsimError, match="event-driven cores have no ledger"):
        tile_cost(run, load_table("sata_kernels"))


def test_tiles_are_not_priced_by_rows_of_event_driven_cores() -> None:
    with pytest.raises(HwsimError, match="tiles with arrays are priced by an energy table"):
        priced(three_folds(), (load_prices("loihi_sanafe"),))


def test_all_tiles_and_routers_draw_power_whether_they_work_or_not() -> None:
    run, table = three_folds(), load_table("synthesis45")
    assert isinstance(run.chip, Hardware)
    of_dsent = run.grid.model_copy(update={"energy": "dsent45"})
    run = replace(run, chip=run.chip.model_copy(update={"grid": of_dsent}))
    found = tile_cost(run, table).standing_mw
    for name, power in standing_power(table, run.chip).items():
        assert power is not None
        assert found[name] == pytest.approx(2 * power)  # two tiles on two routers
    # dsent45: 13.93643 mW a router, 0.01386784 mW for each direction of the one wire between the two;
    # 0.343986 pJ a cycle of the network's 1 kHz, in mW
    assert found["router_leakage"] == pytest.approx(2 * 13.93643 + 2 * 0.01386784)
    assert found["router_clock"] == pytest.approx(2 * 0.343986 * 1000 * 1e-9)


def test_routers_whose_leakage_no_source_tells_are_unpriced() -> None:
    found = tile_cost(three_folds(), load_table("synthesis45")).standing_mw
    assert found["router_leakage"] is None
    assert found["router_clock"] is None


def test_hops_are_within_the_energy_of_a_whole_chips_operations() -> None:
    # 2 inputs reach 5 neurons, 2 of these 1: 12 synaptic operations of 23.6 pJ
    found = tile_cost(three_folds(), load_table("synop_loihi"))
    assert found.hops_pj == 0
    assert found.total_pj == pytest.approx(12 * 23.6)


def test_a_whole_chips_power_is_not_taken_for_each_tile() -> None:
    found = tile_cost(three_folds(), load_table("synop_truenorth_marginal"))
    assert found.standing_mw == {"chip": 64.4}
