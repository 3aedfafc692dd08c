"""What the reference's array does with three spikes, dataflow by dataflow (docs/machine.md, W3 to P6)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwsim.cycle.reference.array import PEs
from hwsim.cycle.reference.chip import Sums, simulate
from hwsim.cycle.reference.streams import Operands
from hwsim.events import EventTrace
from hwsim.mapping import LayerMapping, Mapping
from hwsim.memories import Buffer
from hwsim.network import Network, Population
from hwsim.pe_array import PEArray
from tests.cycle.direct import check_sums_and_operations, legal_case
from tests.cycle.small import LAYER_MAJOR, STEP_MAJOR, chip, conv, jobs_of, net, pair, spent, traced

WHOLE = Mapping(fold_order="m_outer", layers={"a": LayerMapping(m_tile=2, n_tile=2)})
"""All positions and channels of the networks here in one fold."""


def two_positions(*spikes: list[int]) -> tuple[Network, EventTrace]:
    """3 channels on 1 x 2 positions; ``spikes``: live channels at each. Weights 1 2 3 and 4 5 6."""
    source, target = Population("in", (3, 1, 2), "input"), Population("a", (2, 1, 2), "lif")
    network = net([source, target], [conv(source, target)])
    values = np.zeros((3, 2))
    for position, channels in enumerate(spikes):
        values[channels, position] = 1
    return network, traced(network, **{"in": values.ravel()})


def over_time() -> tuple[Network, EventTrace]:
    """2 inputs, 1 neuron, 4 steps: input 0 spikes at steps 0 and 1, input 1 at step 3."""
    network = pair(2, 1, steps=4)
    return network, traced(network, **{"in": [[1, 0], [1, 0], [0, 0], [0, 1]]})


# --- outputs stay --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skip", "length", "issued"),
    # Channel 0 at both positions and channel 2 at the second: k = 0 and k = 2 are live. dense issues 3 k on
    # 2 x 2 PEs, gate and event 3 events x 2 channels.
    [("dense", 3, 12), ("gate", 3, 6), ("event", 2, 6)],
)
@pytest.mark.parametrize(("holds", "fill"), [("MN", "systolic"), ("NM", "systolic"), ("MN", "broadcast")])
def test_a_fold_of_a_1x1_convolution_with_three_spikes(
    skip: str, length: int, issued: int, holds: str, fill: str
) -> None:
    network, trace = two_positions([0], [0, 2])
    hardware = chip(2, 2, skip, rows_hold=holds[0], columns_hold=holds[1], fill=fill)
    sums: Sums = {}
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR, sums=sums)
    fill_drain = 2 if fill == "systolic" else 0
    assert spent(ledger, "array")["stream"] == length
    assert spent(ledger, "array").get("fill_drain", 0) == fill_drain
    assert (ledger.total("ac"), ledger.total("ac_issued")) == (6, issued)
    assert (ledger.total("mac"), ledger.total("mac_issued")) == (0, 0)
    assert ledger.total("pe_cycles") == 4 * (length + fill_drain)
    # A weight of 8 bits is a word: two columns take two words. A row scans 3 bits: one word.
    assert (ledger.total("weight_reads"), ledger.total("weight_buffer_read")) == (2 * length, 2 * length)
    assert (ledger.total("input_reads"), ledger.total("input_buffer_read")) == (6, 2)
    # Weights 1 2 3 of channel 0 and 4 5 6 of channel 1.
    assert sums["a"].tolist() == [[[[1, 1 + 3], [4, 4 + 6]]]]


@pytest.mark.parametrize("length", [1, 2, 7])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 1), (4, 5)])
def test_a_pass_takes_its_inputs_and_the_way_through_the_whole_array(
    length: int, rows: int, columns: int
) -> None:
    operands = Operands(np.ones((length, 1, 1)), np.ones((length, 1)), np.zeros(length, bool))
    array = PEArray(rows=rows, columns=columns, skip="gate", partial_sum_banks=1)
    done = PEs(array, Buffer(capacity_bytes=1, word_bits=8)).run(operands, 1, 1)
    assert (done.stream, done.fill_drain) == (length, rows + columns - 2)
    assert (done.pe_cycles, done.ac, done.sums.item()) == (length + rows + columns - 2, length, length)


def test_without_spikes_an_event_array_rests_but_loads_weights_and_scans_inputs() -> None:
    network = pair(3, 2, steps=2)
    ledger = simulate(network, traced(network), 0, chip(skip="event"), LAYER_MAJOR)
    assert {"stream", "fill_drain"}.isdisjoint(spent(ledger, "array"))
    assert ledger.total("pe_cycles", "weight_reads", "ac_issued") == 0
    assert ledger.total("dram_weight_read_bytes") == 6
    assert ledger.total("input_reads") == 2 * 2 * 3


def test_all_live_inputs_cost_an_event_array_what_they_cost_a_dense_one() -> None:
    source, target = Population("in", (2, 4, 3), "input"), Population("a", (3, 2, 1), "lif")
    network = net([source, target], [conv(source, target, 3)], steps=2)
    trace = traced(network, **{"in": np.ones((2, 24))})
    one, other = (simulate(network, trace, 0, chip(2, 2, skip), STEP_MAJOR) for skip in ("event", "dense"))
    assert one == other


# --- time in the array ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skip", "window", "lanes", "streams"),
    [
        # A pass a step: k 0, k 0, nothing, k 1; without skipping both k at each of 4 steps.
        ("event", 1, "parallel", [1, 1, 0, 1]),
        ("event", 1, "serial", [1, 1, 0, 1]),
        ("gate", 1, "parallel", [2, 2, 2, 2]),
        # Two steps a pass: k 0 is one beat in parallel lanes, a beat a step in serial ones.
        ("event", 2, "parallel", [1, 1]),
        ("event", 2, "serial", [2, 1]),
        ("gate", 2, "parallel", [2, 2]),
        ("gate", 2, "serial", [4, 4]),
        # Three steps and one: 0, 0 | 1.
        ("event", 3, "serial", [2, 1]),
        ("gate", 3, "serial", [6, 2]),
        ("event", "all", "parallel", [2]),
        ("event", "all", "serial", [3]),
    ],
)
def test_a_window_of_steps_streams_an_input_once_or_once_a_step(
    skip: str, window: Any, lanes: str, streams: list[int]
) -> None:
    network, trace = over_time()
    hardware = chip(1, 1, skip, window=window, time_lanes=lanes)
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR)
    assert len(jobs_of(network, hardware, LAYER_MAJOR)) == len(streams)
    assert spent(ledger, "array")["stream"] == ledger.total("weight_reads") == sum(streams)
    # One LIF update a step, 3 events to one neuron, 2 inputs scanned at 4 steps.
    assert spent(ledger, "lif")["update"] == 4
    assert (ledger.total("ac"), ledger.total("ac_issued"), ledger.total("input_reads")) == (3, 3, 8)


@pytest.mark.parametrize(
    ("window", "lanes", "streams", "occupied"),
    [
        # Two windows of a step on the two columns: steps 0, 1 (k 0), then 2, 3 (k 1).
        (1, "parallel", [1, 1], [2, 2]),
        (1, "serial", [1, 1], [2, 2]),
        # Windows 0, 1 and 2, 3: k 0 and k 1 in parallel; k 0 at both offsets, k 1 at the second in serial.
        (2, "parallel", [2], [2]),
        (2, "serial", [3], [2]),
        # Windows 0, 1, 2 and 3: k 0 at offsets 0 and 1, k 1 at offset 0.
        (3, "serial", [3], [2]),
        # A window of four steps occupies one column.
        (4, "serial", [3], [1]),
    ],
)
@pytest.mark.parametrize("holds", ["NT", "TN", "MT", "TM"])
def test_windows_lie_beside_each_other_where_the_array_holds_time(
    holds: str, window: int, lanes: str, streams: list[int], occupied: list[int]
) -> None:
    network, trace = over_time()
    sides = {"rows_hold": holds[0], "columns_hold": holds[1]}
    rows, columns = (2 if held == "T" else 1 for held in holds)
    hardware = chip(rows, columns, "event", window=window, time_lanes=lanes, **sides)
    sums: Sums = {}
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR, sums=sums)
    assert spent(ledger, "array")["stream"] == sum(streams)
    fill = rows + columns - 2
    expected = sum(pes * (length + fill) for pes, length in zip(occupied, streams, strict=True))
    assert ledger.total("pe_cycles") == expected
    assert sums["a"].ravel().tolist() == [1, 1, 0, 1]


# --- an operand stays ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skip", "streams", "issued"),
    # Two rows: K-tiles k 0, 1 and k 2. k 0 lives at both positions, k 2 only at the second.
    [("event", [2, 1], 6), ("gate", [2, 2], 6), ("dense", [2, 2], 12)],
)
def test_where_weights_stay_positions_without_spikes_are_skipped(
    skip: str, streams: list[int], issued: int
) -> None:
    network, trace = two_positions([0], [0, 2])
    sums: Sums = {}
    ledger = simulate(network, trace, 0, chip(2, 2, skip, dataflow="ws", partial_sum=8), WHOLE, sums=sums)
    array = spent(ledger, "array")
    assert (array["stream"], array["preload"], array["fill_drain"]) == (sum(streams), 2 + 2, 2 + 2)
    assert (ledger.total("ac"), ledger.total("ac_issued")) == (6, issued)
    # 2 and then 1 weights of each of 2 columns, a word each.
    assert ledger.total("weight_reads") == ledger.total("weight_buffer_read") == 6
    assert ledger.total("pe_cycles") == 4 * (2 + streams[0] + 2) + 2 * (2 + streams[1] + 2)
    # 4 sums of 16 bits: 8 words, written twice, read once.
    assert ledger.total("partial_sum_buffer_write") == 16
    assert ledger.total("partial_sum_buffer_read") == 8
    assert sums["a"].tolist() == [[[[1, 4], [4, 10]]]]


def test_partial_sums_without_a_buffer_for_them_spill_to_dram() -> None:
    network, trace = two_positions([0], [0, 2])
    hardware = chip(2, 2, dataflow="ws", partial_sum=7)
    jobs = jobs_of(network, hardware, WHOLE)
    assert [(job.loads["spill"], job.stores["spill"], job.after) for job in jobs] == [(0, 8, -1), (8, 0, 0)]
    ledger = simulate(network, trace, 0, hardware, WHOLE)
    assert ledger.total("partial_sum_buffer_write") == 0
    assert ledger.total("dram_spill_read_bytes") == ledger.total("dram_spill_write_bytes") == 8


def test_a_held_layer_adds_up_its_partial_sums_once() -> None:
    # K-tiles of 2 and 1 k for one neuron, three steps in a pass: 2 words of 8 bits written twice, read once.
    source, target = Population("in", (3, 1, 1), "input"), Population("a", (1, 1, 1), "lif")
    network = net([source, target], [conv(source, target)], 3, "frames")
    mapping = Mapping(fold_order="m_outer", layers={"a": LayerMapping(m_tile=1)})
    hardware = chip(2, 1, dataflow="ws", window="all", partial_sum=6)
    ledger = simulate(network, traced(network, **{"in": [1, 2, 3]}), 0, hardware, mapping)
    assert ledger.total("partial_sum_buffer_write") == 4
    assert ledger.total("partial_sum_buffer_read") == 2
    assert (ledger.total("mac"), ledger.total("lif_update")) == (3, 3)


@pytest.mark.parametrize(("lanes", "length"), [("parallel", 2), ("serial", 4)])
def test_where_inputs_stay_channels_are_streamed(lanes: str, length: int) -> None:
    # Two steps in a window, the same three spikes at each; K-tiles as above, 2 channels a tile.
    source, target = Population("in", (3, 1, 2), "input"), Population("a", (2, 1, 2), "lif")
    network = net([source, target], [conv(source, target)], steps=2)
    trace = traced(network, **{"in": [[1, 1, 0, 0, 0, 1]] * 2})
    hardware = chip(2, 2, dataflow="is", window=2, time_lanes=lanes, partial_sum=16)
    sums: Sums = {}
    ledger = simulate(network, trace, 0, hardware, WHOLE, sums=sums)
    array = spent(ledger, "array")
    assert (array["stream"], array["preload"], array["fill_drain"]) == (2 * length, 2 + 2, 2 + 2)
    assert ledger.total("ac") == ledger.total("ac_issued") == 12
    assert ledger.total("weight_reads") == 6
    assert ledger.total("pe_cycles") == (4 + 2) * (2 + length + 2)
    assert sums["a"].tolist() == [[[[1, 4], [4, 10]]] * 2]


def test_serial_lanes_stream_a_position_past_the_weights_once_a_live_step() -> None:
    # 2 rows hold both k. One position: steps 0, 1 and 3 are live. W = 4: one pass.
    network, trace = over_time()
    mapping = Mapping(fold_order="m_outer", layers={"a": LayerMapping(m_tile=1)})
    for skip, lanes, length in (("event", "serial", 3), ("gate", "serial", 4), ("event", "parallel", 1)):
        hardware = chip(2, 1, skip, dataflow="ws", window="all", time_lanes=lanes)
        ledger = simulate(network, trace, 0, hardware, mapping)
        assert spent(ledger, "array")["stream"] == length
        assert spent(ledger, "array")["preload"] == 2


# --- own streams ---------------------------------------------------------------------------------


def test_rows_with_own_streams_wait_for_the_longest() -> None:
    # L = 0 and 3, the mean 1.5: 2 cycles of stream and 1 of imbalance; 4 PEs for 3 cycles. Weights are read
    # for 3 beats of 2 channels. 3 banks: never two rows at once.
    network, trace = two_positions([], [0, 1, 2])
    hardware = chip(2, 2, "event", streams="own", fill="broadcast", weight_banks=3)
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR)
    array = spent(ledger, "array")
    assert (array["stream"], array["imbalance"], "conflict" in array) == (2, 1, False)
    assert ledger.total("pe_cycles") == 4 * 3
    assert ledger.total("weight_reads") == 3 * 2
    assert ledger.total("ac") == ledger.total("ac_issued") == 6


@pytest.mark.parametrize(
    ("banks", "ports", "spikes", "conflict"),
    [
        # Beat 0 asks for k 0 and 2, beat 1 for k 2: 0 and 2 share the only bank, or the even one of two.
        (1, 1, ([0, 2], [2]), 1),
        (2, 1, ([0, 2], [2]), 1),
        (3, 1, ([0, 2], [2]), 0),
        (1, 2, ([0, 2], [2]), 0),
        # Both rows ask for k 0: one access.
        (1, 1, ([0], [0, 2]), 0),
    ],
)
def test_rows_that_ask_one_bank_for_different_weights_wait(
    banks: int, ports: int, spikes: tuple[list[int], list[int]], conflict: int
) -> None:
    network, trace = two_positions(*spikes)
    hardware = chip(2, 2, "event", streams="own", fill="broadcast", weight_banks=banks, weight_ports=ports)
    array = spent(simulate(network, trace, 0, hardware, LAYER_MAJOR), "array")
    assert (array["stream"], array.get("conflict", 0)) == (2, conflict)


def test_zero_weights_are_neither_stored_nor_streamed() -> None:
    # Weights 1 0 3 and 0 5 6. Spikes of k 0 and 2 at the first position, of k 2 at the second: PEs take 2, 1
    # and 1, 1 beats: the mean 5/4, 2 cycles. Words: 2 weights and a bitmap of 3 bits, 19 bits, 3 words a
    # channel. The tile: 4 weights of 8 bits and 6 bits, 5 bytes.
    source, target = Population("in", (3, 1, 2), "input"), Population("a", (2, 1, 2), "lif")
    projection = replace(
        conv(source, target), weights=np.array([[1, 0, 3], [0, 5, 6]], np.int16)[:, :, None, None]
    )
    network = net([source, target], [projection])
    trace = traced(network, **{"in": [1, 0, 0, 0, 1, 1]})
    hardware = chip(2, 2, "event", streams="own", fill="broadcast", weight_sparsity=True)
    sums: Sums = {}
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR, sums=sums)
    array = spent(ledger, "array")
    assert (array["stream"], array.get("imbalance", 0)) == (2, 0)
    assert ledger.total("ac") == ledger.total("ac_issued") == 5
    assert ledger.total("weight_reads") == 5
    assert (ledger.total("weight_buffer_read"), ledger.total("weight_index_reads")) == (6, 6)
    assert ledger.total("dram_weight_read_bytes") == 5
    assert sums["a"].tolist() == [[[[4, 3], [6, 6]]]]


# --- decoder -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lanes", "rate", "decode"),
    # A 2 x 2 window merges 4 lists: 2 levels of 2 or 1 of 4. Three spikes, 3 cycles of stream.
    [(2, 1, 6 - 3), (4, 1, 0), (2, 4, 0), (3, 1, 6 - 3)],
)
def test_the_array_waits_for_the_decoder(lanes: int, rate: int, decode: int) -> None:
    source, target = Population("in", (1, 2, 2), "input"), Population("a", (1, 1, 1), "lif")
    network = net([source, target], [conv(source, target, 2)])
    trace = traced(network, **{"in": [1, 1, 0, 1]})
    hardware = chip(1, 1, "event", decode={"events_per_cycle": rate, "merge_lanes": lanes})
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR)
    array = spent(ledger, "array")
    assert (array["stream"], array.get("decode", 0)) == (3, decode)
    assert (ledger.total("decode_events"), ledger.total("pe_cycles")) == (3, 3 + decode)


def test_a_decoder_and_the_mapping_bound_the_inputs_of_a_pass() -> None:
    # 5 channels, 2 inputs at once: 2, 2 and 1; a k_tile of 1 channel: five tiles.
    source, target = Population("in", (5, 1, 1), "input"), Population("a", (1, 1, 1), "lif")
    network = net([source, target], [conv(source, target)])
    hardware = chip(1, 1, "event", decode={"events_per_cycle": 1, "merge_lanes": 2, "max_inputs": 2})
    mapping = Mapping(fold_order="m_outer", layers={"a": LayerMapping(k_tile=5)})
    assert [job.tile_k for job in jobs_of(network, hardware, mapping)] == [2, 2, 1]
    mapping = Mapping(fold_order="m_outer", layers={"a": LayerMapping(k_tile=1)})
    assert [job.tile_k for job in jobs_of(network, hardware, mapping)] == [1] * 5


# --- overlap -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overlap", "fill_drain"),
    # R = 2: a fill of one cycle. load 0-2, 2-3; stream 2-5 and 5-8, out at 6 and 9; lif 6-7, 9-10. Without
    # overlap the second pass begins at 6.
    [(True, 1), (False, 2)],
)
def test_with_overlap_a_pass_follows_on_the_last_value_of_the_one_before(
    overlap: bool, fill_drain: int
) -> None:
    network = pair(3, 2)
    hardware = chip(2, 1, bandwidth=4, overlap=overlap)
    ledger = simulate(network, traced(network), 0, hardware, LAYER_MAJOR)
    assert spent(ledger, "array") == {
        "weight": 1, "input": 1, "stream": 6, "fill_drain": fill_drain, "drain": 1,
    }  # fmt: skip


def test_with_overlap_weights_go_into_second_registers_while_the_pass_before_streams() -> None:
    # K-tiles of 2 and 1 k, two N-folds: four jobs of one beat, a preload of 2, a fill of 1, loads of a cycle.
    # load 0-2, 2-3, then when jobs 0 and 1 have streamed, at 5 and 7: 5-6, 7-8. preload 2-4, 4-6, 6-8, 8-10;
    # stream 4-5, 6-7, 8-9, 10-11; out at 6, 8, 10, 12; lif 8-9, 12-13.
    network = pair(3, 2)
    mapping = Mapping(fold_order="m_outer", layers={"a": LayerMapping(m_tile=1)})
    hardware = chip(2, 1, dataflow="ws", bandwidth=4, overlap=True, partial_sum=2, membrane=2)
    ledger = simulate(network, traced(network), 0, hardware, mapping)
    assert spent(ledger, "array") == {
        "weight": 1, "input": 1, "preload": 2 + 1 + 1 + 1, "stream": 4, "fill_drain": 1, "drain": 1,
    }  # fmt: skip
    assert spent(ledger, "lif") == {"array": 8 + 3, "update": 2}


# --- any network ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**20))
def test_array_sums_and_useful_operations_equal_a_direct_convolution(seed: int) -> None:
    check_sums_and_operations(legal_case(seed))
