"""Which load waits for which store (docs/machine.md, S3)."""

from typing import Any

import numpy as np

from hwsim.hardware import Hardware
from hwsim.lower.lowering import Lowering
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from tests.examples import chip, dense, small_network
from tests.lower.building import chain, checked, pointwise


def after(network: Network, hardware: Hardware, **mapping: Any) -> list[int]:
    found = Lowering(network, hardware, Mapping(**mapping))
    waits: list[int] = found.scheduled(found.mapping.batch).fixed["after"].tolist()
    return waits


def test_the_first_job_of_a_layer_waits_for_the_layers_that_it_reads() -> None:
    # layer_major, 2 steps each: l2 begins as job 2 behind job 1, l3 as job 4 behind job 3
    assert after(chain(1, 1, 1, 1, timesteps=2), chip()) == [-1, -1, 1, -1, 3, -1]


def test_a_layer_waits_for_the_layer_that_writes_its_fused_pool() -> None:
    # a, 3 steps in 8 M-folds of 2 N-folds, then a pool without jobs, then the readout
    found = after(small_network(), chip())
    assert found[:48] == [-1] * 48
    assert found[48] == 47


def test_the_latest_of_several_sources_counts() -> None:
    populations = tuple(
        Population(n, (1,), k)  # type: ignore[arg-type]
        for n, k in (("in", "input"), ("a", "lif"), ("b", "lif"), ("c", "lif"))
    )
    one = np.ones((1, 1), np.float32)
    projections = (
        dense("in", "a", one),
        dense("in", "b", one),
        dense("b", "c", one),
        Projection("short", "a", "c", "identity"),
    )
    network = checked(Network("n", populations, projections, "c", 1, "spikes"))
    assert after(network, chip()) == [-1, -1, 1]


def test_every_step_is_a_block_of_its_own_in_step_major() -> None:
    # l1, l2 at steps 0 and 1; states in DRAM: l1 at step 1 waits for itself (0), l2 for l1 (2)
    assert after(chain(1, 1, 1, timesteps=2), chip(), schedule="step_major") == [-1, 0, 0, 2]
    # in the buffer there is nothing to wait for but the inputs
    assert after(chain(1, 1, 1, timesteps=2), chip(membrane=100), schedule="step_major") == [-1, 0, -1, 2]


def test_a_loop_waits_for_what_its_later_layer_wrote_a_step_before() -> None:
    # l1, l2 at steps 0, 1 of samples 0, 1: l1 behind l2 of the turn before, the first sample's last as well
    network = chain(1, 1, 1, timesteps=2, loop="l2>l1")
    found = after(network, chip(membrane=100), batch=2, sample_loop="outer")
    assert found == [-1, 0, 1, 2, 3, 4, 5, 6]
    # both samples of l1, both of l2, at steps 0 and 1: the first job of each waits for the turn before
    assert after(network, chip(membrane=100), batch=2) == [-1, -1, 1, -1, 3, -1, 5, -1]


def test_layers_of_one_state_wait_for_each_other() -> None:
    # three layers that do not read each other, one state: each waits for the one before
    populations = (
        Population("in", (1,), "input"),
        *(Population(n, (1,), "lif", state_group="s") for n in ("a", "b", "c")),
    )
    one = np.ones((1, 1), np.float32)
    projections = tuple(dense("in", n, one) for n in ("a", "b", "c"))
    network = checked(Network("n", populations, projections, "c", 2, "spikes"))
    assert after(network, chip()) == [-1, 0, 1, 2, 3, 4]
    assert after(network, chip(membrane=2)) == [-1] * 6


def test_partial_sums_wait_for_the_job_before() -> None:
    # 3 K-tiles at 2 steps: each but the first loads what the one before stored
    network = pointwise(5, 1, 1, timesteps=2)
    hardware = chip(2, 1, dataflow="ws", membrane=100)
    assert after(network, hardware) == [-1, 0, 1, -1, 3, 4]
    assert after(network, chip(2, 1, dataflow="ws", membrane=100, partial_sum=100)) == [-1] * 6


def test_states_and_held_sums_of_a_fold_wait_for_its_pass_before() -> None:
    # ws, layer_major: 2 folds of 3 passes; states in DRAM
    network = pointwise(1, 1, 2, timesteps=3, coding="frames")
    layers = {"a": LayerMapping(m_tile=1)}
    assert after(network, chip(1, 1, dataflow="ws"), layers=layers) == [-1, 0, 1, -1, 3, 4]
