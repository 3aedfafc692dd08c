"""Which job loads inputs, and how much of them stays (docs/machine.md, B2, B3, W9)."""

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.lower.lowering import Lowering
from hwsim.lower.schedule import ACTION
from hwsim.mapping import Mapping
from hwsim.network import Coding, Network, Population, Projection
from tests.examples import all_silent, chip, conv, dense
from tests.lower.building import all_live, chain, checked, lowered, moved, plans, pointwise


def tall(side: int = 4, coding: Coding = "spikes") -> Network:
    """A 3x3 convolution with padding 1 of one channel on (side, side) to 2 channels."""
    shapes = (1, side, side), (2, side, side)
    populations = (Population("in", shapes[0], "input"), Population("a", shapes[1], "lif"))
    kernel = np.ones((2, 1, 3, 3), np.float32)
    projection = conv("in", "a", kernel, padding=(1, 1))
    return checked(Network("n", populations, (projection,), "a", 1, coding))


def inputs(network: Network, hardware: Hardware, **mapping: Any) -> list[int]:
    return moved(network, hardware, "load input", Mapping(**mapping))


def kept(network: Network, hardware: Hardware, **mapping: Any) -> str | None:
    return plans(network, hardware, Mapping(**mapping))["a"].inputs


def test_rows_of_a_map_enter_as_the_folds_reach_them_and_stay() -> None:
    # 16 x 16 spikes of 2 bytes a row; an M-fold is one row: rows 0, 1, then 2, and so on; 2 N-folds
    network = tall(16)
    found = inputs(network, chip(16, 1), fold_order="m_outer")
    assert found == [4, 0, *[2, 0] * 14, 0, 0]
    assert kept(network, chip(16, 1), fold_order="m_outer") == "whole"


def test_a_window_of_rows_is_loaded_again_for_every_fold_of_channels_outside() -> None:
    # 32 bytes do not fit 16, of which a job has 8; the rows that a fold of 16 positions reaches, at most
    # ceil(15/16) + 3 = 4 of 2 bytes, do
    network, hardware = tall(16), chip(16, 1, inputs=16)
    assert inputs(network, hardware, fold_order="n_outer") == [4, *[2] * 14, 0] * 2
    assert inputs(network, hardware, fold_order="m_outer") == [4, 0, *[2, 0] * 14, 0, 0]
    assert kept(network, hardware) == "window"


def test_a_sample_stays_where_a_mini_batch_does_not() -> None:
    # n_outer: 2 samples of 32 bytes do not fit 40: they enter again for the second N-fold
    network, hardware = tall(16), chip(16, 1, inputs=40)
    rows = [4, *[2] * 14, 0]
    assert inputs(network, hardware, fold_order="n_outer", batch=2) == rows * 4
    assert kept(network, hardware, fold_order="n_outer", batch=2) == "sample"
    # with the samples outside of the channels one is enough
    assert kept(network, hardware, fold_order="m_outer", batch=2) == "whole"


def test_a_fold_loads_its_own_inputs_if_nothing_else_fits() -> None:
    # 4 x 4 values of a byte, 3 positions a fold: neither 16 bytes nor a window of 4 rows fit 15.
    # Rows x columns in bounds, run by run: 2x4; 2x2 + 3x3; 3x3 + 3x2; 3x4; 2x4; 2x2
    network, hardware = tall(coding="series"), chip(3, 2, inputs=15, double=False)
    assert inputs(network, hardware) == [8, 13, 15, 12, 8, 4]
    with pytest.raises(
        HwsimError,
        match=r"layer 'a': the inputs of one fold of k_tile 1 take 15 bytes; .* 14 bytes .*; enlarge it$",
    ):
        inputs(network, chip(3, 2, inputs=14, double=False))


def test_a_fold_loads_once_for_every_tile_and_fold_of_channels() -> None:
    # K = 4 channels in tiles of 2, 3 positions on 2 rows: 4 bits, 1 byte, and 2 bits, 1 byte, 2 N-folds;
    # all in all 12 bits, and 2 bytes do not fit 1
    network = pointwise(4, 2, 3)
    found = inputs(network, chip(2, 1, inputs=1, weight=2, double=False), fold_order="m_outer")
    assert found == [1, 1] * 4
    assert kept(network, chip(2, 1, inputs=1, weight=2, double=False)) == "fold"


def test_a_constant_image_is_loaded_once_and_a_series_at_every_step() -> None:
    # 3 positions of 2 channels of 8 bits
    for coding, expected in (("frames", [6, 0]), ("series", [6, 6])):
        network = pointwise(2, 1, 3, timesteps=2, coding=coding)  # type: ignore[arg-type]
        assert inputs(network, chip(4, 1), direct_coding="each_step") == expected


def test_a_constant_image_is_loaded_at_every_step_where_other_layers_come_between() -> None:
    # B2, step_major: 3 positions of 2 channels of 8 bits
    network = pointwise(2, 1, 3, timesteps=2, coding="frames")
    assert inputs(network, chip(4, 1), schedule="step_major", direct_coding="each_step") == [6, 6]
    # a loop in layer_major: 6 neurons of 8 bits, and at step 1 the bit that l2 emitted at step 0
    looped = chain(6, 1, 1, timesteps=2, coding="frames", loop="l2>l1")
    assert inputs(looped, chip(1, 1)) == [6, 6 + 1]


def test_a_pass_of_several_steps_loads_them_together() -> None:
    # W4: 5 steps in passes of 2, 6 bits of spikes a step
    network = pointwise(2, 1, 3, timesteps=5)
    assert inputs(network, chip(4, 1, window=2)) == [2, 2, 1]


def test_a_delayed_map_comes_when_its_time_has_come() -> None:
    # W9: nothing at steps 0 and 1; frames once, at step 2
    for coding, expected in (("spikes", [0, 0, 1, 1]), ("frames", [0, 0, 6, 0])):
        network = pointwise(2, 1, 3, timesteps=4, coding=coding)  # type: ignore[arg-type]
        late = (replace(network.projections[0], delay=2),)
        assert inputs(replace(network, projections=late), chip(4, 1)) == expected


def test_a_fold_of_samples_loads_the_map_of_each() -> None:
    # batch_on M: 3 samples of 9 spikes, 2 bytes each, on 2 rows; 2 N-folds of one channel
    network, mapping = chain(9, 2), {"batch": 3, "batch_on": "M", "fold_order": "m_outer"}
    assert inputs(network, chip(2, 1), **mapping) == [4, 0, 2, 0]
    # 6 bytes of all samples do not fit 5: every job loads what it takes
    assert inputs(network, chip(2, 1, inputs=5, double=False), **mapping) == [4, 4, 2, 2]


def test_groups_share_a_map_that_stays_and_is_read_by_all_of_them() -> None:
    # 2 groups, and a projection of 1 group beside them: 4 channels of 8 spikes: 4 bytes; a group's own
    # 2 channels: 2 bytes for each of both
    populations = (Population("in", (4, 1, 8), "input"), Population("a", (2, 1, 8), "lif"))
    ones = np.ones((2, 4, 1, 1), np.float32)
    projections = (
        replace(conv("in", "a", ones[:, :2], groups=2), name="own"),
        conv("in", "a", ones),
    )
    network = checked(Network("n", populations, projections, "a", 1, "spikes"))
    assert inputs(network, chip(8, 2)) == [2 + 4, 2]


def shortcut(kind: str = "identity") -> Network:
    """A dense layer of 20 neurons with an identity of its input of 20 spikes."""
    populations = (Population("in", (20,), "input"), Population("a", (20,), "lif"))
    projections = (
        dense("in", "a", np.ones((20, 20), np.float32)),
        Projection("short", "in", "a", kind),  # type: ignore[arg-type]
    )
    return checked(Network("n", populations, projections, "a", 1, "spikes"))


def test_a_shortcut_is_streamed_as_the_outputs_are_finished() -> None:
    # B3: N-folds of 8, 8, 4 neurons: bytes 1, 2, 3 of the identity's 20 bits; the dense operand once, 3
    assert inputs(shortcut(), chip(1, 8)) == [3 + 1, 1, 1]


def test_samples_that_lie_side_by_side_each_stream_their_shortcut() -> None:
    # batch_on M: 2 samples: twice as much
    assert inputs(shortcut(), chip(2, 8), batch=2, batch_on="M") == [2 * (3 + 1), 2, 2]


def test_lists_of_few_spikes_take_fewer_bytes() -> None:
    # W9: 100 neurons: bit_length(100) = 7 bits of count and 7 for each address: no spike 7 bits, 1 byte; all
    # of them no more than the bitmap of 100 bits, 13 bytes
    network, hardware = chain(100, 1), chip(1, 1, spikes="list")
    lowering = Lowering(network, hardware, Mapping())
    for trace, expected in ((all_silent(network), 1), (all_live(network), 13)):
        program = lowering.lower(trace, range(1))
        program.verify()
        assert program.jobs.load_bytes[:, 1].tolist() == [expected]


def test_a_list_that_takes_as_many_bits_as_the_bitmap_is_a_bitmap() -> None:
    # W9: 98 inputs: 7 bits of count and 7 an event: 12 events 91 bits, 13 events 98, no less than 98. 2
    # N-folds read 12 entries (84 bits, 2 words) or all inputs (2 words)
    hardware = chip(1, 1, spikes="list")
    assert read_inputs(chain(98, 2), hardware, [[12]]) == (24, 4)
    assert read_inputs(chain(98, 2), hardware, [[13]]) == (196, 4)


def test_bitmaps_beside_values_are_read_whole() -> None:
    # W9, P4: l2 reads the input's 3 values of 8 bits and 100 spikes of l1, all of which fire
    network = chain(3, 100, 1, coding="series")
    more = dense("in", "l2", np.ones((1, 3), np.float32))
    network = checked(replace(network, projections=(more, *network.projections)))
    assert [p.source for p in network.into("l2")] == ["in", "l1"]
    program = lowered(network, chip(1, 1, spikes="list"))
    assert program.counts[1, ACTION["input_reads"]] == 3 + 100


@pytest.mark.parametrize(
    ("spikes", "live", "reads", "words"),
    # P4, W9: 100 inputs in words of 64, 2 N-folds. A list is 7 bits and 7 for each event: with 13 events 98
    # bits, less than 100: 13 entries, 91 bits in 2 words; with 14 events the map is a bitmap, 2 words.
    [
        ("list", 0, 0, 0), ("list", 9, 18, 2), ("list", 13, 26, 4), ("list", 14, 200, 4),
        ("list", 100, 200, 4), ("bitmap", 0, 200, 4), ("bitmap", 13, 200, 4),
    ],
)  # fmt: skip
@pytest.mark.parametrize("array", [{}, {"dataflow": "ws"}, {"skip": "event"}], ids=["gate", "ws", "event"])
def test_maps_that_are_lists_are_read_by_entries_and_bitmaps_whole(
    spikes: Literal["bitmap", "list"], live: int, reads: int, words: int, array: dict[str, Any]
) -> None:
    network = chain(100, 2)
    rows = 100 if "dataflow" in array else 1
    found = read_inputs(network, chip(rows, 1, spikes=spikes, **array), [[live]])
    assert found == (reads, words)


def test_each_map_is_read_as_it_is_stored() -> None:
    # P4: steps of 3 and 50 events of 100 in one pass, 2 samples: lists of 3 entries (21 bits, a word a job)
    # and scans of 100 bits (2 words); the second sample has no list
    network = chain(100, 1, timesteps=2)
    hardware = chip(1, 1, spikes="list", window=2)
    assert read_inputs(network, hardware, [[3, 50], [50, 20]]) == (3 + 100 + 200, 1 + 2 + 4)
    batched = Mapping(batch=2, batch_on="M")
    assert read_inputs(network, chip(2, 1, spikes="list", window=2), [[3, 50], [50, 20]], batched) == (
        3 + 100 + 200, 1 + 2 + 4,
    )  # fmt: skip


def read_inputs(
    network: Network, hardware: Hardware, live: list[list[int]], mapping: Mapping | None = None
) -> tuple[int, int]:
    """Inputs and words that the first layer reads if the first so many neurons fire at each sample, step."""
    size = network.input.size
    dense = np.array([[np.arange(size) < n for n in steps] for steps in live], np.float32)
    silent = EventTrace.silent(network, len(live))
    trace = replace(silent, events=silent.events | {"in": Events.from_dense(dense, binary=True)})
    batch = (mapping or Mapping()).batch
    lowering, counts = Lowering(network, hardware, mapping or Mapping()), [0, 0]
    for begin in range(0, len(live), batch):
        found = lowering.lower(trace, range(begin, begin + batch)).counts[0]
        counts[0] += int(found[ACTION["input_reads"]])
        counts[1] += int(found[ACTION["input_buffer_read"]])
    return counts[0], counts[1]


def test_a_fold_that_skips_columns_is_loaded_where_that_is_less() -> None:
    # B2: a 1x1 convolution of stride 4 over 1 row of 16 pixels of a byte: 4 folds of a pixel, though the
    # whole row would fit as well; for every N-fold they are loaded again, with 5 of them 20 times
    for channels, residency, size in ((1, "fold", 4), (2, "fold", 8), (5, "whole", 16)):
        populations = (Population("in", (1, 1, 16), "input"), Population("a", (channels, 1, 4), "lif"))
        kernel = np.ones((channels, 1, 1, 1), np.float32)
        projection = conv("in", "a", kernel, stride=(4, 4))
        network = checked(Network("strided", populations, (projection,), "a", 1, "series"))
        hardware = chip(1, 1, inputs=1000)
        assert kept(network, hardware, fold_order="m_outer") == residency
        assert sum(inputs(network, hardware, fold_order="m_outer")) == size


def test_a_column_that_no_window_reaches_stays_out_of_folds_alone() -> None:
    # B2: 5 rows of 12 pixels of a byte under 1x3 windows of stride 3 with padding 1: columns -1 to 1, 2 to 4,
    # 5 to 7 and 8 to 10; a fold of one position loads its own: 2 + 3 + 3 + 3 bytes a row, where rows have 12
    populations = (Population("in", (1, 5, 12), "input"), Population("a", (1, 5, 4), "lif"))
    kernel = np.ones((1, 1, 1, 3), np.float32)
    projection = conv("in", "a", kernel, stride=(1, 3), padding=(0, 1))
    network = checked(Network("n", populations, (projection,), "a", 1, "series"))
    hardware = chip(1, 1, inputs=1000)
    assert kept(network, hardware) == "fold"
    assert inputs(network, hardware) == [2, 3, 3, 3] * 5


def test_what_is_streamed_lies_beside_what_stays() -> None:
    # B2, B3: 8 pixels of a byte and an identity of 8 more, 2 outputs a job: 2 bytes streamed by each of two
    # jobs beside a whole map of 8; or of a fold, 2 and 2
    populations = (Population("in", (1, 1, 8), "input"), Population("a", (1, 1, 8), "lif"))
    projections = (
        conv("in", "a", np.ones((1, 1, 1, 1), np.float32)),
        Projection("i", "in", "a", "identity"),
    )
    network = checked(Network("n", populations, projections, "a", 1, "series"))
    assert kept(network, chip(2, 1, inputs=12)) == "whole"
    assert kept(network, chip(2, 1, inputs=11)) == "fold"
    assert kept(network, chip(2, 1, inputs=10, double=False)) == "whole"
    assert kept(network, chip(2, 1, inputs=9, double=False)) == "fold"
    with pytest.raises(HwsimError, match=r"take 2 bytes beside 2 bytes of streamed inputs; .* a job 3 bytes"):
        plans(network, chip(2, 1, inputs=3, double=False))


def test_rows_that_no_output_needs_stay_out() -> None:
    # B2: a 1x1 convolution of stride 3 down over 8 rows of 8 pixels of a byte needs rows 0, 3 and 6
    populations = (Population("in", (1, 8, 8), "input"), Population("a", (1, 3, 8), "lif"))
    weights = np.ones((1, 1, 1, 1), np.float32)
    network = checked(
        Network("strided", populations, (conv("in", "a", weights, stride=(3, 1)),), "a", 1, "series")
    )
    assert sum(moved(network, chip(4, 1, inputs=1000), "load input")) == 3 * 8


def test_what_a_job_streams_must_fit_the_input_buffer() -> None:
    # B3: a 2x2 pool on the lanes streams 4 values of 8 bits for each of 4 outputs
    populations = (Population("in", (1, 4, 4), "input"), Population("a", (1, 2, 2), "relay"))
    pool = Projection("p", "in", "a", "avg_pool", kernel=(2, 2), stride=(2, 2), divisor=4.0)
    readout = Population("out", (1,), "readout")
    projections = (pool, dense("a", "out", np.ones((1, 4), np.float32)))
    network = checked(Network("pool", (*populations, readout), projections, "out", 1, "series"))
    assert sum(moved(network, chip(2, 2, inputs=16, double=False), "load input")) >= 16
    with pytest.raises(HwsimError, match=r"'a': the streamed inputs of one job take 16 bytes.* 15 bytes"):
        plans(network, chip(2, 2, inputs=15, double=False))


def test_rows_that_a_fold_reaches_follow_from_the_stride_down_and_not_across() -> None:
    # 16 positions are one row of outputs: at most ceil(15/16) * 2 + 3 = 5 rows of 2 bytes, for which a job
    # must be given 10; with the stride across, 1, they would be 4
    populations = (Population("in", (1, 16, 16), "input"), Population("a", (2, 8, 16), "lif"))
    kernel = np.ones((2, 1, 3, 3), np.float32)
    projection = conv("in", "a", kernel, padding=(1, 1), stride=(2, 1))
    network = checked(Network("n", populations, (projection,), "a", 1, "spikes"))
    assert kept(network, chip(16, 1, inputs=20), fold_order="n_outer") == "window"
    assert kept(network, chip(16, 1, inputs=18), fold_order="n_outer") != "window"


def test_a_fold_that_reaches_padding_alone_loads_nothing() -> None:
    # 8 channels of 3 positions under a kernel of 1 with padding 1: 5 outputs, of which the first and the last
    # see no input; a byte each of the others, of which a job has room for one
    populations = (Population("in", (8, 1, 3), "input"), Population("a", (1, 1, 5), "lif"))
    projection = conv("in", "a", np.ones((1, 8, 1, 1), np.float32), padding=(0, 1))
    network = checked(Network("n", populations, (projection,), "a", 1, "spikes"))
    assert inputs(network, chip(1, 1, inputs=1, double=False)) == [0, 1, 1, 1, 0]
