"""What a mapping leaves open is chosen by trying everything (docs/machine.md, C1)."""

from itertools import product
from math import ceil
from typing import Any

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.lower.choices import cycles, cycles_floor
from hwsim.lower.lowering import Lowering
from hwsim.mapping import LayerMapping, Mapping, Objective
from hwsim.network import Network, Population
from hwsim.program import LOADED, STORED
from tests.examples import chip, conv, small_network
from tests.lower.building import chain, checked, lowered, plans, pointwise
from tests.lower.test_stores import read_on


def layer(inputs: int = 6, outputs: int = 7, side: int = 5) -> Network:
    """A 3x3 convolution, 2 steps, large enough to want tiles."""
    populations = (
        Population("in", (inputs, side, side), "input"),
        Population("a", (outputs, side, side), "lif"),
    )
    kernel = np.ones((outputs, inputs, 3, 3), np.float32)
    return checked(Network("n", populations, (conv("in", "a", kernel, padding=(1, 1)),), "a", 2, "spikes"))


def halves(length: int) -> list[int]:
    """ceil(length / 2^i), i = 0, 1, ... until 1."""
    tiles = [ceil(length / 2**i) for i in range(length.bit_length() + 1)]
    return tiles[: tiles.index(1) + 1]


def cost(network: Network, hardware: Hardware, mapping: Mapping, objective: Objective) -> int:
    """The objective of a mapping without choices, from the program's own jobs."""
    jobs = lowered(network, hardware.with_skip("dense"), mapping).jobs
    if objective == "dram_bytes":
        outputs = jobs.store_bytes[:, STORED.index("output")].sum()
        return int(jobs.load_bytes.sum() + jobs.store_bytes.sum() - outputs)
    array = jobs.preload + jobs.stream + jobs.fill
    moved = np.concatenate([jobs.load_bytes, jobs.store_bytes], axis=1)
    assert moved.shape[1] == len(LOADED) + len(STORED)
    transfers = [sum(hardware.transfer_cycles(int(x)) for x in row) for row in moved]
    return int(np.maximum(array, transfers).sum())


@pytest.mark.parametrize("objective", ["dram_bytes", "cycles"])
@pytest.mark.parametrize(
    ("array", "tile", "length"),
    [({}, "k_tile", 6), ({"dataflow": "ws"}, "m_tile", 25), ({"dataflow": "is"}, "n_tile", 7)],
    ids=["os", "ws", "is"],
)
@pytest.mark.parametrize("room", [40, 120, 400])
@pytest.mark.parametrize("weight", [100, 300])
@pytest.mark.parametrize("inputs", [6, 11])
def test_the_least_of_all_orders_and_tiles_is_chosen(
    objective: Objective, array: dict[str, Any], tile: str, length: int, room: int, weight: int, inputs: int
) -> None:
    hardware = chip(
        4, 3, inputs=room, weight=weight, output=200, membrane=60, bandwidth=9000, burst=4, **array
    )
    network, found = layer(inputs), {}
    other: Objective = "cycles" if objective == "dram_bytes" else "dram_bytes"
    # K-tiles of all channels, which is one of all of them, and of ceil(channels / 2, 3, 4, 6, 8, 12)
    of_channels = {6: [6, 3, 2, 1], 11: [11, 6, 4, 3, 2, 1]}
    sizes = of_channels[inputs] if tile == "k_tile" else halves(length)
    for size, order in product(sizes, ("m_outer", "n_outer")):
        choice = LayerMapping.model_validate({"fold_order": order, tile: size})
        mapping = Mapping(layers={"a": choice})
        try:
            found[choice] = (
                cost(network, hardware, mapping, objective),
                cost(network, hardware, mapping, other),
            )
        except HwsimError:
            continue
    assert found
    resolved = Lowering(network, hardware, Mapping(objective=objective)).resolved
    # the other objective between equals, then the first: the largest tile, then m_outer
    chosen = resolved.layers["a"]
    if tile == "k_tile" and chosen.k_tile is None:
        chosen = chosen.model_copy(update={"k_tile": inputs})
    assert chosen == min(found, key=lambda choice: found[choice])


def test_what_the_mapping_says_is_kept() -> None:
    mapping = Mapping(fold_order="n_outer", layers={"a": LayerMapping(m_tile=3)})
    lowering = Lowering(layer(), chip(4, 3, dataflow="ws"), mapping)
    assert lowering.resolved.layers["a"] == LayerMapping(fold_order="n_outer", m_tile=3)
    assert lowering.choices["a"]["m_tile"] == 3


def test_a_tile_whose_store_does_not_fit_the_output_buffer_is_not_chosen() -> None:
    # P6: 8 positions of 3 channels in 2 K-tiles spill 48 bytes, 4 of them 24; states, of which the last
    # K-tile stores as many, may stay on chip
    network = pointwise(8, 3, 8)
    for membrane in (None, 100):
        for output, tile in ((48, 8), (47, 4)):
            hardware = chip(4, 3, dataflow="ws", output=output, membrane=membrane)
            assert Lowering(network, hardware, Mapping()).resolved.layers["a"].m_tile == tile


@pytest.mark.parametrize(("output", "tile"), [(24, 64), (23, 32)])
def test_a_tile_whose_map_does_not_fit_the_output_buffer_is_not_chosen(output: int, tile: int) -> None:
    # B5: 64 positions of 3 spikes are 24 bytes, half of them 12
    network = read_on(pointwise(4, 3, 64))
    lowering = Lowering(network, chip(4, 3, dataflow="ws", output=output, membrane=1000), Mapping())
    assert lowering.resolved.layers["a"].m_tile == tile


def test_interleaved_channel_groups_stay_so() -> None:
    # M2, P6: 4 positions of 2 channels spill 16 bytes; single channels would spill 8 but run step by step
    network = pointwise(8, 4, 8, channel_groups=2)
    lowering = Lowering(network, chip(4, 4, dataflow="is", output=16, membrane=100), Mapping())
    assert lowering.resolved.layers["a"].n_tile == 2
    assert not lowering.choices["a"]["stepwise"]
    with pytest.raises(HwsimError, match=r"layer 'a': one job stores 16 bytes"):
        Lowering(network, chip(4, 4, dataflow="is", output=15, membrane=100), Mapping())


def test_without_a_legal_choice_the_first_problem_is_told() -> None:
    with pytest.raises(HwsimError, match=r"layer 'a': the weights of one tile \(4 x 3 x 8 bits\)"):
        Lowering(layer(), chip(4, 3, dataflow="ws", weight=20), Mapping())


def test_the_last_mini_batch_keeps_the_choices_of_the_others() -> None:
    # batch_on M, ws: 5 samples in tiles; a mini-batch of 2 is lowered with the same mapping
    mapping = Mapping(batch=5, batch_on="M")
    lowering = Lowering(pointwise(4, 3, 1), chip(4, 3, dataflow="ws"), mapping)
    tile = lowering.resolved.layers["a"].m_tile
    assert tile == 5
    assert lowering.scheduled(2).plans[0].layer.rows.tolist() == [2]
    assert lowering.scheduled(2).plans[0].layer.tile == 5


def test_choices_name_what_stays_where() -> None:
    found = Lowering(layer(), chip(4, 3), Mapping(schedule="step_major")).choices["a"]
    assert found == {
        "fold_order": "m_outer",
        "k_tiles": 1,
        "inputs_kept": "whole",
        "weights_kept": "network",
        "weights_pinned": True,
        "sums_held": False,
        "state": "dram",
        "pass_steps": 1,
        "stepwise": False,
    }


@pytest.mark.parametrize(
    ("array", "tile", "message"),
    [
        ({}, {"m_tile": 2}, "found 2, but hardware 'test' has dataflow os, where only k_tile is allowed"),
        ({}, {"n_tile": 2}, "found 2, but .* dataflow os, where only k_tile is allowed"),
        ({"dataflow": "ws"}, {"k_tile": 2}, "dataflow ws, where only m_tile is allowed"),
        ({"dataflow": "ws"}, {"n_tile": 2}, "dataflow ws, where only m_tile is allowed"),
        ({"dataflow": "is"}, {"k_tile": 2}, "dataflow is, where only n_tile is allowed"),
        ({"dataflow": "is"}, {"m_tile": 2}, "dataflow is, where only n_tile is allowed"),
        # K = 7 channels of one tap, M = 5 positions, N = 4 channels
        ({}, {"k_tile": 8}, "found 8; at most the layer's 7 source channels of a group"),
        ({"dataflow": "ws"}, {"m_tile": 6}, "found 6; at most the layer's 5 positions"),
        ({"dataflow": "is"}, {"n_tile": 5}, "found 5; at most the layer's 4 channels of a group"),
    ],
)
def test_a_tile_that_does_not_apply_is_refused(
    array: dict[str, Any], tile: dict[str, int], message: str
) -> None:
    # W3, W6
    (field,) = tile
    with pytest.raises(HwsimError, match=rf"^mapping: layers\.a\.{field}: .*{message}"):
        Lowering(pointwise(7, 4, 5), chip(2, 3, **array), Mapping(layers={"a": LayerMapping(**tile)}))  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "what"), [("pool", "is a fused pool"), ("in", "is the input")])
def test_a_tile_of_what_is_no_array_layer_is_refused(name: str, what: str) -> None:
    mapping = Mapping(layers={name: LayerMapping(k_tile=1)})
    with pytest.raises(HwsimError, match=f"layers.{name}.k_tile: found 1, but '{name}' {what}; only layers"):
        Lowering(small_network(), chip(), mapping)


@pytest.mark.parametrize(("name", "what"), [("pool", "is a fused pool"), ("in", "is the input")])
def test_an_order_of_what_is_no_array_layer_is_refused(name: str, what: str) -> None:
    mapping = Mapping(layers={name: LayerMapping(fold_order="m_outer")})
    with pytest.raises(
        HwsimError, match=rf"layers\.{name}\.fold_order: found m_outer, but '{name}' {what}; only"
    ):
        Lowering(small_network(), chip(), mapping)
    Lowering(small_network(), chip(), Mapping(layers={name: LayerMapping()}))


def test_between_choices_of_equal_cycles_the_one_of_fewer_bytes_is_taken() -> None:
    # C1: 4 M-folds and 4 N-folds, 16 bytes of weights each; a job may have 20 of all 64. The fast DRAM hides
    # behind the array. m_outer loads the weights for every M-fold, n_outer once; 16 bytes of inputs
    network, hardware = pointwise(8, 8, 16), chip(4, 2, weight=40)
    found = {
        order: [
            cost(network, hardware, Mapping(fold_order=order), objective)
            for objective in ("cycles", "dram_bytes")
        ]
        for order in ("m_outer", "n_outer")
    }
    assert found["m_outer"][0] == found["n_outer"][0]
    assert (found["m_outer"][1], found["n_outer"][1]) == (4 * 64 + 16, 64 + 16)
    for objective in ("cycles", "dram_bytes"):
        chosen = Lowering(network, hardware, Mapping(objective=objective)).resolved.layers["a"]
        assert chosen.fold_order == "n_outer"


def test_channels_outside_are_tried_for_as_many_samples_as_folds_of_positions() -> None:
    # C1, B1: 2 samples of 2 M-folds; 4 N-folds of 16 bytes of weights, of which a job may have 20 of all 64:
    # m_outer loads them 4 times, n_outer once; inputs are 8 bytes a sample
    network, hardware = pointwise(8, 8, 8), chip(4, 2, weight=40)
    found = [
        cost(network, hardware, Mapping(fold_order=order, batch=2), "dram_bytes")
        for order in ("m_outer", "n_outer")
    ]
    assert found == [4 * 64 + 16, 64 + 16]
    assert Lowering(network, hardware, Mapping(batch=2)).resolved.layers["a"].fold_order == "n_outer"


def test_several_k_tiles_are_tried_where_columns_are_left_out() -> None:
    # C1, B2: a row of 12 pixels of 2 channels under a stride of 3: a fold of all 4 outputs spans 10 columns,
    # 20 bytes of both channels of the 12 that a job has, 10 of one. The whole row, 24, fits the whole buffer
    populations = (Population("in", (2, 1, 12), "input"), Population("a", (1, 1, 4), "lif"))
    projection = conv("in", "a", np.ones((1, 2, 1, 1), np.float32), stride=(1, 3))
    network = checked(Network("strided", populations, (projection,), "a", 1, "series"))
    hardware = chip(4, 1, inputs=24)
    for tile, size in ((2, 24), (1, 2 * 10)):
        mapping = Mapping(fold_order="m_outer", layers={"a": LayerMapping(k_tile=tile)})
        # and a byte of weights a channel
        assert cost(network, hardware, mapping, "dram_bytes") == size + 2
    assert Lowering(network, hardware, Mapping()).resolved.layers["a"].k_tile == 1


def test_k_tiles_go_down_to_one_channel_whatever_their_number() -> None:
    # C1, B2: 7 channels: tiles of 7, 4, 3, 2 and 1. A fold of 4 positions of a channel has 4 bytes, and fits
    network = pointwise(7, 1, 8, coding="series")
    chosen = Lowering(network, chip(4, 1, inputs=4, double=False), Mapping()).resolved.layers["a"]
    assert chosen.k_tile == 1


def test_a_k_tile_that_fits_weights_and_inputs_is_found() -> None:
    # W6, B2: 8 channels of 4 positions of a byte. All 8 bytes of weights fit, but no fold of 4 x 8 bytes of
    # inputs fits 20: one of 4 channels does
    network = pointwise(8, 1, 8, coding="series")
    chosen = Lowering(network, chip(4, 1, inputs=20, weight=1000, double=False), Mapping()).resolved
    assert chosen.layers["a"].k_tile == 4
    with pytest.raises(HwsimError, match=r"fold of k_tile 1 take 4 bytes; .* 3 bytes of buffers.input"):
        Lowering(network, chip(4, 1, inputs=3, double=False), Mapping())
    given = Mapping(layers={"a": LayerMapping(k_tile=8)})
    with pytest.raises(HwsimError, match=r"of k_tile 8 take 32 bytes; .* 20 bytes of .* a smaller k_tile"):
        Lowering(network, chip(4, 1, inputs=20, double=False), given)
    with pytest.raises(HwsimError, match=r"weights of k_tile 8 .* 7 bytes .* a smaller k_tile"):
        Lowering(network, chip(4, 1, weight=7, double=False), given)


def test_a_tile_of_samples_has_at_most_those_of_a_mini_batch() -> None:
    # W3, batch_on M: 3 samples of a layer with one position
    def tiled(tile: int, **choices: Any) -> Lowering:
        mapping = Mapping(layers={"l1": LayerMapping(m_tile=tile)}, batch=3, **choices)
        return Lowering(chain(3, 4), chip(2, 4, dataflow="ws"), mapping)

    assert tiled(3, batch_on="M").resolved.layers["l1"].m_tile == 3
    with pytest.raises(HwsimError, match="found 4; at most the layer's 3 samples of a mini-batch"):
        tiled(4, batch_on="M")
    with pytest.raises(HwsimError, match="found 2; at most the layer's 1 positions"):
        tiled(2)


def test_a_mapping_of_more_jobs_than_are_laid_out_is_refused_with_the_layer_that_has_most() -> None:
    # 1x1 ws, m_tile 1: 4096 k x 64 n x 65 positions = 17,039,360 jobs
    network = pointwise(4096, 64, 65)
    mapping = Mapping(layers={"a": LayerMapping(m_tile=1)})
    with pytest.raises(
        HwsimError, match=r"layer 'a' on .* it has 17039360 of the 17039360 jobs .* 16777216;"
    ):
        Lowering(network, chip(1, 1, dataflow="ws"), mapping)


@pytest.mark.parametrize(
    "array",
    # 500 bytes a second at 1000 Hz: two cycles a byte, most of which the array waits for
    [{}, {"bandwidth": 500}, {"fill": "systolic"}, {"dataflow": "ws"}, {"dataflow": "is"}],
)
def test_cycles_are_those_of_the_jobs_and_no_less_than_their_floor(array: dict[str, Any]) -> None:
    network, hardware = layer(), chip(4, 3, inputs=400, weight=300, output=200, burst=4, **array)
    fixed = Lowering(network, hardware, Mapping(objective="cycles")).resolved
    plan = plans(network, hardware.with_skip("dense"), fixed)["a"]
    assert cycles(plan) == cost(network, hardware, fixed, "cycles")
    assert cycles_floor(plan) <= cycles(plan)
