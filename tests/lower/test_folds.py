"""Folds, passes and K-tiles of every dataflow (docs/machine.md, W3, W4, W6, M2)."""

from typing import Any

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.lower.folds import bit_layout
from hwsim.lower.layers import Layer
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population
from tests.examples import chip, conv
from tests.lower.building import chain, checked, plans, pointwise


def laid(network: Network, hardware: Any, mapping: Mapping | None = None) -> Layer:
    return plans(network, hardware, mapping)["a"].layer


def own(**choices: Any) -> Mapping:
    return Mapping(layers={"a": LayerMapping(**choices)})


def test_outputs_that_stay_lie_in_folds_of_rows_and_columns() -> None:
    # W3, os: 5 positions on 2 rows, 4 channels on 3 columns, all 7 of K in one tile
    layer = laid(pointwise(7, 4, 5), chip(2, 3))
    assert (layer.rows.tolist(), layer.columns.tolist(), layer.depth.tolist()) == ([2, 2, 1], [3, 1], [7])


def test_outputs_that_stay_may_lie_the_other_way_round() -> None:
    # channels on 2 rows, positions on 3 columns
    layer = laid(pointwise(7, 4, 5), chip(2, 3, rows_hold="N", columns_hold="M"))
    assert (layer.rows.tolist(), layer.columns.tolist()) == ([3, 2], [2, 2])


def test_a_dimension_that_does_not_lie_on_the_array_has_folds_of_one() -> None:
    # W3: rows hold T, columns hold N: every position is a fold of its own
    layer = laid(pointwise(7, 4, 5, timesteps=4), chip(2, 3, rows_hold="T", columns_hold="N"))
    assert (layer.rows.tolist(), layer.columns.tolist()) == ([1] * 5, [3, 1])


@pytest.mark.parametrize(("m_tile", "rows"), [(5, [5]), (2, [2, 2, 1])])
def test_weights_that_stay_lie_in_tiles_of_rows_and_stream_m_tile_positions(
    m_tile: int, rows: list[int]
) -> None:
    # W3, W6, ws: K = 7 on 2 rows, N = 4 on 3 columns
    layer = laid(pointwise(7, 4, 5), chip(2, 3, dataflow="ws"), own(m_tile=m_tile))
    assert (layer.rows.tolist(), layer.columns.tolist()) == (rows, [3, 1])
    assert layer.depth.tolist() == [2, 2, 2, 1]


@pytest.mark.parametrize(("n_tile", "columns"), [(4, [4]), (3, [3, 1])])
def test_inputs_that_stay_lie_in_tiles_of_rows_and_stream_n_tile_channels(
    n_tile: int, columns: list[int]
) -> None:
    # W3, is: K = 7 on 2 rows, M = 5 on 3 columns
    layer = laid(pointwise(7, 4, 5), chip(2, 3, dataflow="is"), own(n_tile=n_tile))
    assert (layer.rows.tolist(), layer.columns.tolist()) == ([3, 2], columns)
    assert layer.depth.tolist() == [2, 2, 2, 1]


def test_k_tiles_of_rows_touch_every_channel_that_they_cut() -> None:
    # W6: 3 taps a channel, 4 rows: k 0..3 touch channels 0, 1; k 4..7 channels 1, 2; k 8 channel 2
    populations = (Population("in", (3, 1, 5), "input"), Population("a", (2, 1, 3), "lif"))
    weights = np.ones((2, 3, 1, 3), np.float32)
    network = checked(Network("n", populations, (conv("in", "a", weights),), "a", 1, "spikes"))
    layer = laid(network, chip(4, 2, dataflow="ws"))
    assert layer.depth.tolist() == [4, 4, 1]
    assert layer.touched(0).tolist() == [2, 2, 1]


@pytest.mark.parametrize(
    ("array", "schedule", "timesteps", "sizes"),
    [
        ({}, "layer_major", 7, [1] * 7),
        ({"window": 3}, "layer_major", 7, [3, 3, 1]),
        ({"window": "all"}, "layer_major", 7, [7]),
        ({"window": "all"}, "layer_major", 100, [64, 36]),
        # T on 3 columns: 3 windows of 2 steps a pass
        ({"window": 2, "rows_hold": "N", "columns_hold": "T"}, "layer_major", 7, [6, 1]),
        ({"window": 2, "rows_hold": "N", "columns_hold": "T"}, "step_major", 3, [1, 1, 1]),
    ],
)
def test_a_pass_covers_the_windows_that_lie_on_the_array(
    array: dict[str, Any], schedule: Any, timesteps: int, sizes: list[int]
) -> None:
    # W4: P = min(T, W * fT, 64), one step in step_major
    layer = laid(pointwise(2, 2, 2, timesteps), chip(2, 3, **array), Mapping(schedule=schedule))
    assert layer.pass_sizes.tolist() == sizes


def test_a_stepwise_layer_has_passes_of_one_step() -> None:
    # W4, S5: a projection from a population to itself
    network = chain(2, 2, timesteps=3, loop="l1>l1")
    layer = plans(network, chip(2, 2, window="all"))["l1"].layer
    assert (layer.stepwise, layer.pass_sizes.tolist()) == (True, [1, 1, 1])


def test_a_fold_takes_the_same_channels_of_every_channel_group() -> None:
    # M2: 8 channels in 2 groups on 5 columns: 2 of each group a fold
    layer = laid(pointwise(3, 8, 2, channel_groups=2), chip(2, 5))
    assert [c.tolist() for c in layer.channels] == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert not layer.stepwise
    assert layer.cells.ravel().tolist() == [4, 4]


def test_channel_groups_that_do_not_fit_side_by_side_run_step_by_step() -> None:
    # M2, S5: 2 groups on 1 column
    layer = laid(pointwise(3, 8, 2, channel_groups=2), chip(2, 1))
    assert [c.tolist() for c in layer.channels] == [[n] for n in range(8)]
    assert layer.stepwise


def test_outputs_of_a_whole_mini_batch_lie_side_by_side() -> None:
    # W3, batch_on M: 5 samples of a dense layer on 2 rows
    layer = plans(chain(3, 4), chip(2, 4), Mapping(batch=5, batch_on="M"))["l1"].layer
    assert (layer.shape, layer.rows.tolist()) == ((1, 1, 1, 3, 1, 1), [2, 2, 1])


def test_a_recurrent_layer_keeps_its_samples_apart() -> None:
    # W3: batch_on M is not for stepwise components
    network = chain(3, 4, timesteps=2, loop="l1>l1")
    layer = plans(network, chip(2, 4), Mapping(batch=5, batch_on="M"))["l1"].layer
    assert (layer.shape[0], layer.rows.tolist()) == (5, [1])


def test_a_k_tile_that_was_asked_for_is_cut_by_channels() -> None:
    # W6: 7 channels, 3 a tile
    assert laid(pointwise(7, 4, 5), chip(2, 3), own(k_tile=3)).depth.tolist() == [3, 3, 1]


def test_a_decoder_of_few_inputs_cuts_k() -> None:
    # W6: max_inputs 4 of 7
    decode = {"events_per_cycle": 1, "merge_lanes": 2, "max_inputs": 4}
    assert laid(pointwise(7, 4, 5), chip(2, 3, "event", decode=decode)).depth.tolist() == [4, 3]


def test_a_decoder_of_fewer_inputs_than_a_channel_has_is_refused() -> None:
    # W6: a channel of a 3x3 kernel has 9 inputs
    decode = {"events_per_cycle": 1, "merge_lanes": 2, "max_inputs": 8}
    populations = (Population("in", (2, 5, 5), "input"), Population("a", (1, 3, 3), "lif"))
    projection = conv("in", "a", np.ones((1, 2, 3, 3), np.float32))
    network = checked(Network("n", populations, (projection,), "a", 1, "spikes"))
    for tile in (None, 1):
        with pytest.raises(HwsimError, match=r"'a': one channel has 9 inputs; .*max_inputs of .* is 8"):
            laid(network, chip(2, 3, "event", decode=decode), own(k_tile=tile))
    assert laid(network, chip(2, 3, "event", decode=decode | {"max_inputs": 9})).depth.tolist() == [9, 9]


def test_a_tile_of_weights_that_stay_must_fit_whole_rows() -> None:
    # W6: 4 rows of 3 columns of 8 bits are 12 bytes, though K is 1; a job gets 11
    with pytest.raises(HwsimError, match=r"layer 'a': .*\(4 x 3 x 8 bits\) do not fit the 11 bytes"):
        laid(pointwise(1, 3, 2), chip(4, 3, dataflow="ws", weight=23))


def test_channel_groups_interleave_where_inputs_stay_if_the_tile_takes_one_of_each() -> None:
    # M2: 8 channels in 2 groups; an N-tile of 1 holds a channel of one group alone, one of 2 of both
    network, hardware = pointwise(3, 8, 2, 2, channel_groups=2), chip(2, 5, dataflow="is")
    assert laid(network, hardware, own(n_tile=1)).stepwise
    assert not laid(network, hardware, own(n_tile=2)).stepwise
    assert not laid(network, hardware).stepwise


def test_a_k_tile_begins_with_a_word_of_its_own_however_many_channels_lie_before_it() -> None:
    # 40 channels take one word, 70 take two; a second group follows the first
    layout = bit_layout(1, (40, 40))
    assert layout.word.tolist() == [0] * 40 + [1] * 40
    assert layout.mask.tolist() == [1 << i for i in range(40)] * 2
    wide = bit_layout(2, (70, 3))
    assert wide.segments.tolist() == [0, 2, 3, 5, 6]
    assert wide.word.tolist() == [0] * 64 + [1] * 6 + [2] * 3 + [3] * 64 + [4] * 6 + [5] * 3
    assert wide.segment.tolist() == [0] * 70 + [1] * 3 + [2] * 70 + [3] * 3
