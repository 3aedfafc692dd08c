"""Which job loads weights (docs/machine.md, B1)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwsim.hardware import Hardware
from hwsim.mapping import LayerMapping, Mapping
from tests.examples import chip
from tests.lower.building import chain, moved, plans, pointwise
from tests.lower.test_order import two_layers


def weights(hardware: Hardware, mapping: Mapping) -> list[int]:
    """Weight bytes of the first layer's jobs: 2 M-folds and 2 N-folds of 2 bytes on 2 x 1 PEs, 1 step."""
    return moved(replace(two_layers(), timesteps=1), hardware, "load weight", mapping)


def test_weights_of_a_network_that_fits_are_loaded_once_for_all_samples() -> None:
    # 8 bytes in 8: each tile by the first job that uses it
    found = weights(chip(2, 1, weight=8), Mapping(fold_order="m_outer", batch=2))
    assert found == [2, 2, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "mapping",
    [
        Mapping(fold_order="n_outer"),
        Mapping(fold_order="m_outer", layers={"a": LayerMapping(fold_order="n_outer")}),
        Mapping(fold_order="auto"),
    ],
    ids=["whole", "layer", "free"],
)
def test_channels_outside_load_each_tile_of_weights_once(mapping: Mapping) -> None:
    # 8 bytes of weights do not fit 6, nor a layer's 4 the 3 of a job; a fold's tile takes 2
    assert weights(chip(2, 1, weight=6), mapping) == [2, 0, 2, 0]


def test_positions_outside_load_each_tile_of_weights_for_every_fold() -> None:
    assert weights(chip(2, 1, weight=6), Mapping(fold_order="m_outer")) == [2, 2, 2, 2]


def test_a_mini_batch_shares_the_weights_of_a_layer_that_fits() -> None:
    # 4 bytes of a layer fit the 4 of a job: once a layer, in the first M-fold of the first sample
    found = weights(chip(2, 1, weight=7, double=False), Mapping(fold_order="m_outer", batch=2))
    assert found == [2, 2, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("schedule", "samples", "loop", "expected"),
    [
        # jobs of l1: sample 0 steps 0 and 1, then sample 1; plain: one block
        ("layer_major", "inner", "", [6, 0, 0, 0]),
        # a block for every step: step 0 of both samples, then step 1
        ("step_major", "inner", "", [6, 0, 6, 0]),
        # a block for every sample and step; 2 bytes more for the loop's own weights, 3 channels of 3
        ("layer_major", "outer", "l1>l1", [15, 15, 15, 15]),
        ("step_major", "outer", "l1>l1", [15, 15, 15, 15]),
        # samples inside: a block for every step
        ("layer_major", "inner", "l1>l1", [15, 0, 15, 0]),
        ("step_major", "inner", "l1>l1", [15, 0, 15, 0]),
    ],
)
def test_a_layer_loads_its_weights_again_whenever_a_coarser_loop_comes_back(
    schedule: Any, samples: Any, loop: str, expected: list[int]
) -> None:
    # 2 -> 3 -> 30: the network's weights do not fit, the 6 or 15 bytes of l1 do
    network = chain(2, 3, 30, timesteps=2, loop=loop)
    hardware = chip(1, 3, weight=30)
    mapping = Mapping(schedule=schedule, batch=2, sample_loop=samples)
    assert moved(network, hardware, "load weight", mapping) == expected


def test_a_layer_of_several_k_tiles_loads_every_tile_for_every_job_where_outputs_stay() -> None:
    # K = 5 channels of 1 byte, 2 to a tile: 2, 2, 1 bytes for each of 2 positions and 2 steps
    network = pointwise(5, 1, 2, timesteps=2)
    found = moved(network, chip(1, 1, weight=2, double=False), "load weight")
    assert found == [2, 2, 1] * 4


def test_k_tiles_where_weights_stay_share_the_room_of_an_n_fold() -> None:
    # 5 bytes of an N-fold fit 5, a network of two of them (10) does not: once for both steps and samples
    network = pointwise(5, 2, 1, timesteps=2)
    mapping = Mapping(batch=2, fold_order="n_outer")
    found = moved(network, chip(2, 1, weight=5, double=False, dataflow="ws"), "load weight", mapping)
    one_fold = [2, 2, 1] + [0] * 9
    assert found == one_fold * 2


def test_k_tiles_of_an_n_fold_that_does_not_fit_are_loaded_by_every_job() -> None:
    # B1: the 5 bytes of an N-fold do not fit 4, each tile of 2 rows does: 2 N-folds, 2 samples, 2 steps
    network = pointwise(5, 2, 1, timesteps=2)
    mapping = Mapping(batch=2, fold_order="n_outer")
    found = moved(network, chip(2, 1, weight=4, double=False, dataflow="ws"), "load weight", mapping)
    assert found == [2, 2, 1] * 8


def test_a_held_layer_loads_weights_for_the_pass_that_streams() -> None:
    # W5: tiles of 2, 2 and 1 bytes at the first of 3 steps, though every job would load its tile
    network = pointwise(5, 1, 1, timesteps=3, coding="frames")
    found = moved(network, chip(1, 1, weight=2, double=False), "load weight")
    assert found == [2, 2, 1] + [0] * 6


def test_sparse_weights_take_the_bits_that_are_not_zero_and_a_bitmap() -> None:
    # 4 x 3 weights of 8 bits, 5 of them not zero, on 2 columns: channels 0, 1 have 4: 4 * 8 + 8 = 40 bits,
    # 5 bytes; channel 2 has 1: 8 + 4 = 12 bits, 2 bytes. All: 5 * 8 + 12 = 52 bits, 7 bytes
    network = pointwise(4, 3, 1)
    kernel = np.zeros((3, 4, 1, 1), np.float32)
    kernel[0, :3] = kernel[1, 3] = kernel[2, 0] = 1
    projections = (replace(network.projections[0], weights=kernel),)
    network = replace(network, projections=projections)
    sparse = chip(
        1, 2, "event", weight=8, double=False, streams="own", fill="broadcast", weight_sparsity=True
    )
    plain = chip(1, 2, "event", weight=8, double=False)
    assert moved(network, sparse, "load weight", Mapping(fold_order="n_outer")) == [5, 2]
    assert moved(network, plain, "load weight", Mapping(fold_order="n_outer")) == [8, 4]
    # B1: 7 bytes fit 8, 12 do not
    assert plans(network, sparse)["a"].kept == "network"
    assert plans(network, plain)["a"].kept == "fold"
