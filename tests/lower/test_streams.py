"""Streams of layers with three spikes, counted by hand (docs/machine.md, W1 to W5, P1 to P4).

Most tests take one layer: two source channels of 1 x 3, a 1 x 2 kernel, two output positions (lanes), two
target channels, two steps. K = 4: k0 and k1 are the taps of channel 0, k2 and k3 of channel 1, and lane m
sees column m + kx. The spikes are (step 0, channel 0, column 1), (step 0, channel 1, column 0) and (step 1,
channel 0, column 1), so that live are

    step 0: lane 0 {k1, k2}, lane 1 {k0}        step 1: lane 0 {k1}, lane 1 {k0}
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hwsim.events import Events
from hwsim.lower.streams import Incoming, Shape, Streams
from tests.lower.all_streams import all_streams
from tests.lower.streams_cases import chip

SPIKES = [(0, 0, 1), (0, 1, 0), (1, 0, 1)]

CONV = Incoming(
    groups=1, channels=2, plane=(1, 3), kernel=(1, 2), stride=(1, 1), padding=(0, 0), delay=0, binary=True,
    tiles=np.array([[0, 0, 4]]), nonzero=None,
)  # fmt: skip
LAYER = Shape(
    plane=(1, 2), groups=1, channels=(np.arange(2),), rows=np.array([2]), samples=1, together=False,
    steps=2, pass_steps=1, window=1, k_tiles=1, held=False,
)  # fmt: skip
BOTH_STEPS = replace(LAYER, pass_steps=2, window=2)
POINT = replace(CONV, channels=1, plane=(1, 2), kernel=(1, 1), tiles=np.array([[0, 0, 1]]))
"""One channel read by a 1 x 1 kernel: lane m sees column m."""


def spikes(
    *where: tuple[int, int, int], channels: int = 2, width: int = 3, steps: int = 2, samples: int = 1
) -> Events:
    """(step, channel, column) of the last sample; those before are silent."""
    values = np.zeros((samples, steps, channels, width), np.float32)
    for step, channel, column in where:
        values[-1, step, channel, column] = 1
    return Events.from_dense(values.reshape(samples, steps, -1), binary=True)


def counted(
    shape: Shape = LAYER,
    p: Incoming | tuple[Incoming, ...] = CONV,
    events: Events | tuple[Events, ...] | None = None,
    *,
    samples: range = range(1),
    banks: int = 1,
    ports: int = 1,
    **array: Any,
) -> Streams:
    hardware = chip(banks=banks, ports=ports, **{"rows": 2, "columns": 2, "skip": "event"} | array)
    events = spikes(*SPIKES) if events is None else events
    incoming = p if isinstance(p, tuple) else (p,)
    return all_streams(hardware, shape, incoming, events if isinstance(events, tuple) else (events,), samples)


def by_pass(values: NDArray[np.int64]) -> list[int]:
    """Of a layer with one job a pass."""
    assert values.size == values.shape[3]
    return values.ravel().tolist()


OWN: dict[str, Any] = {"streams": "own", "fill": "broadcast"}
SPARSE = OWN | {"weight_sparsity": True}


# --- shared streams (P1) -------------------------------------------------------------------------


def test_a_shared_stream_is_as_long_as_the_inputs_live_in_any_lane() -> None:
    # step 0: {k0, k1, k2}; step 1: {k0, k1}; nothing is out of balance where all rows share
    found = counted()
    assert by_pass(found.length) == by_pass(found.stream) == by_pass(found.reads) == [3, 2]
    assert by_pass(found.imbalance) == by_pass(found.conflict) == by_pass(found.decode) == [0, 0]


def test_live_inputs_and_operations_are_summed_over_lanes() -> None:
    # step 0: 2 + 1, step 1: 1 + 1; each reaches both channels (P3)
    found = counted()
    assert by_pass(found.live[0]) == [3, 2]
    assert (found.ac, found.mac) == (10, 0)
    graded = counted(p=replace(CONV, binary=False))
    assert (graded.ac, graded.mac) == (0, 10)


@pytest.mark.parametrize(("lanes", "beats"), [("parallel", 3), ("serial", 5)])
def test_a_window_streams_an_input_once_in_parallel_and_once_a_live_step_in_serial(
    lanes: str, beats: int
) -> None:
    # both steps in one pass: k0 and k1 live at both steps, k2 at one: 3 inputs, 2 + 2 + 1 beats
    found = counted(BOTH_STEPS, window=2, time_lanes=lanes)
    assert by_pass(found.length) == [beats]
    assert by_pass(found.live[0]) == [5]


@pytest.mark.parametrize("skip", ["gate", "dense"])
def test_without_skipping_every_input_streams_and_the_live_ones_are_still_counted(skip: str) -> None:
    found = counted(skip=skip)
    assert by_pass(found.length) == [4, 4]
    assert by_pass(found.live[0]) == [3, 2]
    assert found.ac == 10
    # serial: every k at both offsets of the window
    assert by_pass(counted(BOTH_STEPS, skip=skip, window=2, time_lanes="parallel").length) == [4]
    assert by_pass(counted(BOTH_STEPS, skip=skip, window=2, time_lanes="serial").length) == [8]


@pytest.mark.parametrize(("lanes", "beats"), [("parallel", 1), ("serial", 2)])
def test_windows_side_by_side_share_the_beats_of_an_offset(lanes: str, beats: int) -> None:
    # W4: four steps in two windows of two on the columns; one input, live at steps 0, 2 and 3: 0 and 2 lie
    # at offset 0 of their windows, 3 at offset 1
    shape = replace(LAYER, steps=4, pass_steps=4, window=2, channels=(np.array([0]), np.array([1])))
    events = spikes((0, 0, 0), (2, 0, 0), (3, 0, 0), channels=1, width=2, steps=4)
    found = counted(shape, POINT, events, window=2, time_lanes=lanes, rows_hold="M", columns_hold="T")
    assert by_pass(found.length) == [beats]
    assert by_pass(found.live[0]) == [3]


def test_gated_serial_windows_on_the_array_stream_as_many_beats_as_a_window_has_offsets() -> None:
    # 4 inputs at 2 offsets, though 4 steps are in the pass
    shape = replace(LAYER, steps=4, pass_steps=4, window=2)
    events = spikes(*SPIKES, steps=4)
    array: dict[str, Any] = {"window": 2, "time_lanes": "serial", "rows_hold": "M", "columns_hold": "T"}
    assert by_pass(counted(shape, CONV, events, skip="gate", **array).length) == [8]


def test_a_pass_of_64_steps_reaches_its_last_step() -> None:
    # W4: 65 steps in passes of 64; one spike at each of the steps 0, 63 and 64
    shape = replace(LAYER, steps=65, pass_steps=64, window=65)
    events = spikes((0, 0, 0), (63, 0, 0), (64, 0, 0), channels=1, width=2, steps=65)
    for array in ({}, OWN):
        found = counted(shape, POINT, events, window="all", time_lanes="serial", **array)
        assert by_pass(found.length) == [2, 1]


# --- own streams and conflicts (P1, P2) ----------------------------------------------------------


def test_a_row_of_its_own_streams_what_is_live_in_its_lane() -> None:
    # step 0: L_0 = 2, L_1 = 1; step 1: 1 and 1. Two banks keep k0 and k1 apart
    found = counted(banks=2, **OWN)
    assert by_pass(found.length) == [2, 1]
    assert by_pass(found.reads) == [3, 2]
    assert by_pass(found.conflict) == [0, 0]
    # both steps in one pass, serial: L_0 = 2 (k1) + 1 (k2), L_1 = 2 (k0)
    found = counted(BOTH_STEPS, banks=2, window=2, time_lanes="serial", **OWN)
    assert (by_pass(found.length), by_pass(found.reads)) == ([3], [5])


def test_what_the_longest_row_streams_beyond_the_mean_is_imbalance() -> None:
    # only lane 0 sees column 0: k0 at both steps, k2 at one. Parallel: L_0 = 2, L_1 = 0, mean 1.
    # Serial: L_0 = 3, mean 1.5, rounded up
    events = spikes((0, 0, 0), (0, 1, 0), (1, 0, 0))
    found = counted(BOTH_STEPS, events=events, window=2, **OWN)
    assert (by_pass(found.stream), by_pass(found.imbalance)) == ([1], [1])
    found = counted(BOTH_STEPS, events=events, window=2, time_lanes="serial", **OWN)
    assert (by_pass(found.stream), by_pass(found.imbalance)) == ([2], [1])


@pytest.mark.parametrize(("banks", "ports", "cycles"), [(1, 1, 1), (2, 1, 1), (4, 1, 0), (2, 2, 0)])
def test_rows_wait_for_a_bank_that_two_inputs_share(banks: int, ports: int, cycles: int) -> None:
    # columns 0 and 1 of channel 0, column 2 of channel 1, step 0. Row 0 streams k0, k1; row 1 k0, k3.
    # Beat 0: both ask for k0, one access. Beat 1: k1 and k3, of one bank unless there are four
    events = spikes((0, 0, 0), (0, 0, 1), (0, 1, 2))
    found = counted(events=events, banks=banks, ports=ports, **OWN)
    assert by_pass(found.length) == [2, 0]
    assert by_pass(found.conflict) == [cycles, 0]


@pytest.mark.parametrize(("banks", "cycles"), [(1, 2), (2, 0)])
def test_in_serial_rows_conflict_in_every_beat_of_an_input(banks: int, cycles: int) -> None:
    # row 0: k1, k1, k2; row 1: k0, k0. Beats 0 and 1 ask for k1 and k0
    found = counted(BOTH_STEPS, banks=banks, window=2, time_lanes="serial", **OWN)
    assert by_pass(found.conflict) == [cycles]


@pytest.mark.parametrize(("banks", "cycles"), [(1, 1), (2, 0)])
def test_inputs_are_counted_through_a_k_tile_of_several_projections(banks: int, cycles: int) -> None:
    # row 0 streams the input of the first projection, k0, row 1 that of the second, k1
    first = spikes((0, 0, 0), channels=1, width=2)
    second = spikes((0, 0, 1), channels=1, width=2)
    found = counted(LAYER, (POINT, POINT), (first, second), banks=banks, **OWN)
    assert by_pass(found.conflict) == [cycles, 0]
    assert [by_pass(live) for live in found.live] == [[1, 0], [1, 0]]


def test_own_rows_without_skipping_are_in_step_and_in_balance() -> None:
    # P4: both ask for the same k in every beat, which is one access: 4, as many as a shared stream makes
    found = counted(skip="gate", **OWN)
    assert by_pass(found.length) == by_pass(found.stream) == [4, 4]
    assert by_pass(found.reads) == [4, 4]
    assert by_pass(found.conflict) == [0, 0]


# --- zero weights skipped (P1, P3) ---------------------------------------------------------------

NONZERO = np.array([[False, True, True, False], [True, False, False, False]])
"""Channel 0 has weights at k1 and k2, channel 1 at k0."""


def test_pes_that_join_lists_of_their_own_wait_for_no_bank() -> None:
    # P2: the streams of test_rows_wait_for_a_bank_that_two_inputs_share, which conflict in one bank
    events = spikes((0, 0, 0), (0, 0, 1), (0, 1, 2))
    found = counted(p=replace(CONV, nonzero=np.ones((2, 4), bool)), events=events, **SPARSE)
    assert by_pass(found.length) == [2, 0]
    assert by_pass(found.conflict) == [0, 0]


def test_a_pe_streams_live_inputs_that_meet_a_weight() -> None:
    # step 0: row 0 (k1, k2) 2 and 0, row 1 (k0) 0 and 1: longest 2, sum 3, mean 3/4.
    # Step 1: row 0 (k1) 1 and 0, row 1 (k0) 0 and 1: longest 1, sum 2
    found = counted(p=replace(CONV, nonzero=NONZERO), **SPARSE)
    assert by_pass(found.length) == [2, 1]
    assert by_pass(found.reads) == [3, 2]
    assert by_pass(found.stream) == [1, 1]
    assert by_pass(found.imbalance) == [1, 0]
    assert by_pass(found.conflict) == [0, 0]


@pytest.mark.parametrize(("lanes", "longest", "reads"), [("parallel", 2, 3), ("serial", 3, 5)])
def test_a_pe_streams_an_input_of_a_window_once_or_once_a_live_step(
    lanes: str, longest: int, reads: int
) -> None:
    # both steps in one pass: row 0 k1 (both steps) and k2 (one) for channel 0, row 1 k0 (both) for channel 1:
    # in parallel 2 and 1 beats, in serial 3 and 2; 5 operations are useful either way
    found = counted(BOTH_STEPS, replace(CONV, nonzero=NONZERO), window=2, time_lanes=lanes, **SPARSE)
    assert by_pass(found.length) == [longest]
    assert by_pass(found.reads) == [reads]
    assert found.ac == 5


def test_operations_with_zero_weights_are_not_useful() -> None:
    # of 5 live inputs each meets one weight; all 5 are read
    found = counted(p=replace(CONV, nonzero=NONZERO), **SPARSE)
    assert found.ac == 5
    assert by_pass(found.live[0]) == [3, 2]


def test_n_folds_with_other_weights_have_streams_of_their_own() -> None:
    # one channel a fold; step 0: channel 0 (2, 0), channel 1 (0, 1)
    shape = replace(LAYER, channels=(np.array([1]), np.array([0])))
    found = counted(shape, replace(CONV, nonzero=NONZERO), columns=1, **SPARSE)
    assert found.length[0, :, 0, :, 0].tolist() == [[1, 1], [2, 1]]
    assert found.reads[0, :, 0, :, 0].tolist() == [[1, 1], [2, 1]]


# --- streamed positions and channels (P1) --------------------------------------------------------

HALVES = replace(CONV, tiles=np.array([[0, 0, 2], [1, 2, 4]]))
"""K-tiles of two rows: {k0, k1}, {k2, k3}."""


def test_a_weight_stationary_array_streams_positions_with_a_live_input() -> None:
    # tile 0: both lanes at both steps; tile 1: lane 0 at step 0
    found = counted(replace(LAYER, k_tiles=2), HALVES, dataflow="ws")
    assert found.length[0, 0, 0].tolist() == [[2, 1], [2, 0]]
    assert found.live[0][0, 0, 0].tolist() == [[2, 1], [2, 0]]
    assert found.ac == 10


@pytest.mark.parametrize(("lanes", "beats"), [("parallel", [2, 1]), ("serial", [4, 1])])
def test_a_streamed_position_counts_once_or_once_a_live_step(lanes: str, beats: list[int]) -> None:
    shape = replace(BOTH_STEPS, k_tiles=2)
    found = counted(shape, HALVES, dataflow="ws", window=2, time_lanes=lanes)
    assert found.length[0, 0, 0].tolist() == [beats]


@pytest.mark.parametrize(("lanes", "beats"), [("parallel", 2), ("serial", 4)])
def test_without_skipping_all_positions_or_channels_stream(lanes: str, beats: int) -> None:
    # two positions for ws, two channels for is, both steps in one pass
    shape = replace(BOTH_STEPS, k_tiles=2)
    for dataflow in ("ws", "is"):
        found = counted(shape, HALVES, dataflow=dataflow, skip="gate", window=2, time_lanes=lanes)
        assert found.length[0, 0, 0].tolist() == [[beats, beats]]
        assert found.live[0][0, 0, 0].tolist() == [[4, 1]]
        assert found.ac == 10


def test_an_input_stationary_fold_streams_its_own_channels() -> None:
    # three channels in n-tiles of two
    shape = replace(LAYER, channels=(np.array([0, 1]), np.array([2])))
    found = counted(shape, dataflow="is", skip="gate", rows=4)
    assert found.length[0, :, 0, :, 0].tolist() == [[2, 2], [1, 1]]


# --- decoding (P2) -------------------------------------------------------------------------------


def decode(lanes: int, events: int = 1) -> dict[str, Any]:
    return {"decode": {"merge_lanes": lanes, "events_per_cycle": events}}


@pytest.mark.parametrize(
    ("lanes", "events", "cycles"), [(2, 1, [3, 2]), (2, 4, [0, 0]), (3, 1, [3, 2]), (4, 1, [0, 0])]
)
def test_decoding_takes_the_cycles_that_merging_exceeds_the_stream_by(
    lanes: int, events: int, cycles: list[int]
) -> None:
    # two projections of two taps: 4 lists, merged by 2 or 3 in two levels, by 4 in one. E = 3 and 2 beats:
    # two levels take 6 and 4 cycles, 3 and 2 more than the stream; four events a cycle 2 and 1
    silent = spikes()
    found = counted(LAYER, (CONV, CONV), (spikes(*SPIKES), silent), **decode(lanes, events))
    assert by_pass(found.decoded) == [3, 2]
    assert by_pass(found.decode) == cycles


def test_decoded_are_the_beats_of_every_step_of_a_parallel_window() -> None:
    # E = 5 as in serial, the stream 3
    found = counted(BOTH_STEPS, window=2, **decode(2))
    assert (by_pass(found.decoded), by_pass(found.decode)) == ([5], [2])


def test_own_rows_wait_for_the_row_with_the_most_to_decode() -> None:
    # parallel window: row 0 has k1 twice and k2, row 1 k0 twice: E = 3; L = 2; one bank: k1 and k0 conflict
    found = counted(BOTH_STEPS, window=2, **OWN, **decode(2))
    assert (by_pass(found.decoded), by_pass(found.length)) == ([3], [2])
    assert (by_pass(found.conflict), by_pass(found.decode)) == ([1], [0])
    assert by_pass(counted(BOTH_STEPS, window=2, banks=2, **OWN, **decode(2)).decode) == [1]


def test_spikes_are_decoded_though_no_weight_awaits_them() -> None:
    p = replace(CONV, nonzero=np.zeros((2, 4), bool))
    found = counted(p=p, **SPARSE, **decode(2))
    assert by_pass(found.length) == [0, 0]
    assert by_pass(found.decode) == by_pass(found.decoded) == [2, 1]


# --- what arrives when (W1, W3, W5) --------------------------------------------------------------


@pytest.mark.parametrize("array", [{}, OWN | {"banks": 2}])
def test_a_delayed_projection_brings_what_was_a_step_before(array: dict[str, Any]) -> None:
    # step 0 nothing, step 1 what was emitted at step 0; the spike of step 1 comes too late
    found = counted(p=replace(CONV, delay=1), **array)
    assert by_pass(found.length) == ([0, 2] if array else [0, 3])
    assert by_pass(found.live[0]) == [0, 3]
    assert found.ac == 6


CONSTANT = spikes((0, 0, 1), (0, 1, 0), (0, 1, 2), steps=1)
"""Lane 0 {k1, k2}, lane 1 {k0, k3}."""


@pytest.mark.parametrize("array", [{}, OWN | {"banks": 4}])
def test_a_constant_source_emits_at_every_step(array: dict[str, Any]) -> None:
    once = 2 if array else 4
    assert by_pass(counted(events=CONSTANT, **array).length) == [once, once]
    assert by_pass(counted(events=CONSTANT, **array).live[0]) == [4, 4]
    late = counted(p=replace(CONV, delay=1), events=CONSTANT, **array)
    assert (by_pass(late.length), by_pass(late.live[0])) == ([0, once], [0, 4])
    # three steps in one pass, the first without events: 2 beats for each input
    three = replace(LAYER, steps=3, pass_steps=3, window=3)
    serial: dict[str, Any] = {"window": 3, "time_lanes": "serial"}
    late = counted(three, replace(CONV, delay=1), CONSTANT, **array, **serial)
    assert (by_pass(late.length), by_pass(late.live[0])) == ([2 * once], [8])


@pytest.mark.parametrize(
    ("array", "length"), [({}, 4), (OWN | {"banks": 4}, 2), ({"skip": "gate"}, 4), ({"dataflow": "ws"}, 2)]
)
def test_a_held_layer_streams_in_its_first_pass_only(array: dict[str, Any], length: int) -> None:
    # each live input of step 0 reaches both channels once
    shape = replace(LAYER, held=True)
    found = counted(shape, events=CONSTANT, **array)
    assert (by_pass(found.length), by_pass(found.live[0]), found.ac) == ([length, 0], [4, 0], 8)
    # one step of a serial window of two: one beat an input
    whole = counted(replace(BOTH_STEPS, held=True), events=CONSTANT, window=2, time_lanes="serial", **array)
    assert (by_pass(whole.length), by_pass(whole.live[0]), whole.ac) == ([length], [4], 8)


def test_m_folds_of_all_samples_follow_one_another() -> None:
    # one lane a fold; the first of the three samples is not meant, the second is silent
    shape = replace(LAYER, rows=np.array([1, 1]), samples=2)
    found = counted(shape, events=spikes(*SPIKES, samples=3), samples=range(1, 3), rows=1)
    assert found.length[0, 0, :, :, 0].tolist() == [[0, 0], [0, 0], [2, 1], [1, 1]]
    assert found.ac == 10


@pytest.mark.parametrize("array", [{}, OWN])
def test_samples_side_by_side_are_lanes(array: dict[str, Any]) -> None:
    # W3: a dense source of 3 neurons; samples 0 and 1 see neuron 0, sample 2 neuron 2; two rows
    values = np.zeros((3, 1, 3), np.float32)
    values[[0, 1, 2], 0, [0, 0, 2]] = 1
    p = replace(CONV, channels=3, plane=(1, 1), kernel=(1, 1), tiles=np.array([[0, 0, 3]]))
    shape = replace(LAYER, plane=(1, 1), samples=3, together=True, rows=np.array([2, 1]), steps=1)
    found = counted(shape, p, Events.from_dense(values, binary=True), samples=range(3), **array)
    assert found.length[0, 0, :, 0, 0].tolist() == [1, 1]
    assert found.live[0][0, 0, :, 0, 0].tolist() == [2, 1]
    assert found.ac == 6


@pytest.mark.parametrize("array", [{}, OWN | {"banks": 4}])
def test_a_projection_of_one_group_serves_every_group(array: dict[str, Any]) -> None:
    # two groups of one channel: the first projection brings each group one of its two source channels,
    # the second, of one group, brings both to both; lane 0 only
    grouped = replace(POINT, groups=2)
    both = replace(POINT, channels=2, tiles=np.array([[0, 0, 2]]))
    shape = replace(LAYER, groups=2, channels=(np.array([0]),), steps=1)
    first = spikes((0, 1, 0), width=2, steps=1)
    second = spikes((0, 0, 0), (0, 1, 0), width=2, steps=1)
    found = counted(shape, (grouped, both), (first, second), **array)
    assert found.length.ravel().tolist() == [2, 3]
    assert [live.ravel().tolist() for live in found.live] == [[0, 1], [2, 2]]
    assert found.ac == 5
