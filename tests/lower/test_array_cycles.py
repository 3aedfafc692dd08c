"""Array cycles of layers made by hand: closed forms (docs/machine.md, W3 to W6, P1, P2)."""

from dataclasses import replace
from math import ceil

import numpy as np
import pytest

from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware, load_hardware
from hwsim.ledger import CAUSE_COLUMNS, Ledger
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population
from tests.examples import all_silent, chip, conv, dense, simulate, small_network
from tests.lower.building import chain, checked, lowered, pointwise

DENSE_SATA = load_hardware("sata").with_skip("dense")


def array_cycles(ledger: Ledger, layer: int = 0) -> int:
    """Cycles of the PE array itself: streaming, filling and draining."""
    busy = [
        i for i, pair in enumerate(CAUSE_COLUMNS) if pair in (("array", "stream"), ("array", "fill_drain"))
    ]
    return int(ledger.cycles[layer, busy].sum())


def one_conv(inputs: int, outputs: int, side: int, kernel: int = 3, timesteps: int = 1) -> Network:
    """A valid convolution of spikes on a square plane."""
    made = side - kernel + 1
    weights = np.zeros((outputs, inputs, kernel, kernel), np.int8)
    populations = (
        Population("in", (inputs, side, side), "input"),
        Population("a", (outputs, made, made), "lif"),
    )
    return checked(Network("conv", populations, (conv("in", "a", weights),), "a", timesteps, "spikes", True))


def one_dense(inputs: int, outputs: int, timesteps: int = 1) -> Network:
    populations = (Population("in", (inputs,), "input"), Population("a", (outputs,), "lif"))
    projection = dense("in", "a", np.zeros((outputs, inputs), np.int8))
    return checked(Network("dense", populations, (projection,), "a", timesteps, "spikes", True))


def simulated(network: Network, hardware: Hardware, mapping: Mapping | None = None) -> Ledger:
    """The ledger of one sample in which every neuron fires."""
    (ledger,) = simulate(network, EventTrace.all_live(network), hardware, mapping)
    return ledger


# SATA's VGG9 on 8 x 16 PEs, per layer and timestep: F folds of K + 8 + 16 - 2 cycles, F = ceil(M/8) *
# ceil(N/16). SATA_Sim, the public simulator, reports one less of each: the index of its last cycle.
# Channels: M = 30^2 = 900 gives 113 folds of positions; 22148 = 113 * 4 * (27 + 22), so K = 3 * 9 and
# N = 64; 270296 = 113 * 4 * (576 + 22), so K = 64 * 9, and so on.
VGG9 = [
    (one_conv(3, 64, 32), 22148),
    (one_conv(64, 64, 32), 270296),
    (one_conv(64, 128, 16), 119600),
    (one_conv(128, 128, 16), 234800),
    (one_conv(128, 256, 8), 93920),
    (one_conv(256, 256, 8), 186080),
    (one_conv(256, 256, 8), 186080),
    (one_dense(4096, 1024), 263552),
    (one_dense(1024, 10), 1046),
]


@pytest.mark.parametrize(("network", "cycles"), VGG9, ids=[str(c) for _, c in VGG9])
def test_vgg9_on_sata_takes_the_cycles_of_its_simulator(network: Network, cycles: int) -> None:
    assert array_cycles(simulated(network, DENSE_SATA)) == cycles


def test_timesteps_repeat_the_pass_on_the_array() -> None:
    assert array_cycles(simulated(one_conv(3, 64, 32, timesteps=4), DENSE_SATA)) == 4 * 22148


def test_a_gated_array_takes_as_long_as_a_dense_one() -> None:
    network = one_conv(3, 64, 32)
    silent = all_silent(network)
    (gated,) = simulate(network, silent, DENSE_SATA.with_skip("gate"))
    assert array_cycles(gated) == 22148
    assert gated.total("ac_issued", "mac_issued") == 0


@pytest.mark.parametrize(
    ("rows", "columns", "m", "n", "k"),
    [(1, 1, 1, 1, 1), (4, 4, 4, 4, 7), (4, 4, 5, 5, 7), (3, 5, 10, 11, 2), (16, 2, 3, 9, 30)],
)
def test_a_dense_pass_takes_folds_times_depth_fill_and_drain(
    rows: int, columns: int, m: int, n: int, k: int
) -> None:
    # a 1x1 convolution: K channels on (1, M) positions to N channels
    populations = (Population("in", (k, 1, m), "input"), Population("a", (n, 1, m), "lif"))
    projection = conv("in", "a", np.zeros((n, k, 1, 1), np.int8))
    network = checked(Network("n", populations, (projection,), "a", 1, "spikes", True))
    ledger = simulated(network, chip(rows, columns, "dense"))
    assert array_cycles(ledger) == ceil(m / rows) * ceil(n / columns) * (k + rows + columns - 2)
    assert ledger.total("ac") == m * n * k


def test_groups_take_a_pass_each() -> None:
    # 6 channels in 3 groups of 2, to 3 groups of 4: M = 9, N = 4, K = 2 on 2 x 3 PEs:
    # 3 groups * 5 M-folds * 2 N-folds * (2 + 2 + 3 - 2)
    weights = np.zeros((12, 2, 1, 1), np.int8)
    populations = (Population("in", (6, 3, 3), "input"), Population("a", (12, 3, 3), "lif"))
    projection = conv("in", "a", weights, groups=3)
    network = checked(Network("n", populations, (projection,), "a", 1, "spikes", True))
    assert array_cycles(simulated(network, chip(2, 3, "dense"))) == 3 * 5 * 2 * 5


def test_a_layer_too_deep_for_the_weight_buffer_fills_the_array_once_a_tile() -> None:
    # K = 10 weights of 8 bits a column; 2 columns: 20 bytes in one tile, or 8 bytes a tile: 4 + 4 + 2
    # channels. Each tile is a pass of its own with 2 + 2 - 2 cycles of fill and drain
    network = one_dense(10, 2)
    assert array_cycles(simulated(network, chip(2, 2, "dense", weight=40))) == 10 + 2
    assert array_cycles(simulated(network, chip(2, 2, "dense", weight=16))) == 10 + 3 * 2


def test_a_held_layer_streams_at_its_first_step_alone() -> None:
    # frames into one convolution, 5 steps: with direct coding once the array works for one of them
    network = replace(one_conv(2, 3, 4, timesteps=5), coding="frames")
    hardware = chip(4, 4, "dense")
    held = simulated(network, hardware, Mapping(direct_coding="once"))
    repeated = simulated(network, hardware, Mapping(direct_coding="each_step"))
    assert array_cycles(repeated) == 5 * array_cycles(held)
    assert repeated.total("mac") == 5 * held.total("mac")
    assert repeated.total("lif_update") == held.total("lif_update")


def test_a_series_is_multiplied_and_loaded_anew_at_every_step_and_never_held() -> None:
    # 5 steps of 2 x 4 x 4 inputs of 8 bits; each of 3 x 2 x 2 outputs multiplies 2 x 9 of them a step
    network = replace(one_conv(2, 3, 4, timesteps=5), coding="series")
    once, repeated = (
        simulated(network, chip(4, 4, "dense"), Mapping(direct_coding=coding))
        for coding in ("once", "each_step")
    )
    assert not once.differences(repeated)
    assert once.total("mac") == 5 * 12 * 18
    assert once.total("ac") == 0
    assert once.total("dram_input_read_bytes") == 5 * 32


def test_an_event_stream_is_as_long_as_the_inputs_that_are_live_in_a_fold() -> None:
    # 4 channels on (1, 4) positions, 2 rows: the first fold sees channels {0, 2}, the second none:
    # one pass of 2 + 2 + 2 - 2 cycles
    populations = (Population("in", (4, 1, 4), "input"), Population("a", (2, 1, 4), "lif"))
    projection = conv("in", "a", np.zeros((2, 4, 1, 1), np.int8))
    network = checked(Network("n", populations, (projection,), "a", 1, "spikes", True))
    values = np.zeros((1, 1, 4, 4), np.float32)
    values[0, 0, 0, 0] = values[0, 0, 0, 1] = values[0, 0, 2, 1] = 1
    silent = all_silent(network)
    trace = replace(silent, events=silent.events | {"in": Events.from_dense(values.reshape(1, 1, 16), True)})
    (ledger,) = simulate(network, trace, chip(2, 2, "event"))
    assert ledger.by_cause("array")["stream"] == 2
    assert array_cycles(ledger) == 4
    assert ledger.total("ac") == 3 * 2


def test_array_cycles_are_those_of_its_causes() -> None:
    ledger = simulated(small_network(), chip(2, 3, "dense"))
    spent = ledger.by_cause("array")
    assert (
        sum(array_cycles(ledger, i) for i in range(len(ledger.layers)))
        == spent["stream"] + spent["fill_drain"]
    )
    assert sum(spent.values()) == ledger.elapsed_cycles


def test_weights_that_stay_are_loaded_into_the_array_before_positions_stream() -> None:
    # P2, ws: 3 K-tiles x 2 N-folds x 2 M-folds, each R = 2 of preload; 3 and 2 positions; 2 + 2 - 2 to drain
    network, layers = pointwise(5, 3, 5), {"a": LayerMapping(m_tile=3)}
    jobs = lowered(network, chip(2, 2, "dense", dataflow="ws"), Mapping(layers=layers)).jobs
    assert jobs.preload.tolist() == [2] * 12
    assert sorted(jobs.stream.tolist()) == [2] * 6 + [3] * 6
    assert jobs.fill.tolist() == [2] * 12


def test_inputs_that_stay_let_channels_stream() -> None:
    # P2, is: 3 K-tiles x 3 M-folds; 3 channels each
    jobs = lowered(pointwise(5, 3, 5), chip(2, 2, "dense", dataflow="is")).jobs
    assert (jobs.preload.tolist(), jobs.stream.tolist()) == ([2] * 9, [3] * 9)


@pytest.mark.parametrize(("lanes", "cycles"), [("parallel", [7, 7, 7]), ("serial", [14, 14, 7])])
def test_a_window_streams_once_in_parallel_and_once_a_step_in_serial(lanes: str, cycles: list[int]) -> None:
    # P1: K = 7, 5 steps in passes of 2
    jobs = lowered(pointwise(7, 1, 1, timesteps=5), chip(1, 1, "dense", window=2, time_lanes=lanes)).jobs
    assert jobs.stream.tolist() == cycles


def test_steps_on_the_columns_stream_together() -> None:
    # W4: 5 steps on 4 columns: 2 passes of K = 7
    hardware = chip(2, 4, "dense", rows_hold="N", columns_hold="T")
    jobs = lowered(pointwise(7, 2, 1, timesteps=5), hardware).jobs
    assert (jobs.step.tolist(), jobs.stream.tolist()) == ([0, 4], [7, 7])


def test_a_mini_batch_on_the_rows_streams_once() -> None:
    # W3: 4 samples on 4 rows
    jobs = lowered(chain(7, 2), chip(4, 2, "dense"), Mapping(batch=4, batch_on="M")).jobs
    assert (jobs.stream.tolist(), jobs.occupied.tolist()) == ([7], [8])


def test_a_broadcast_fill_takes_no_time() -> None:
    jobs = lowered(pointwise(7, 2, 2), chip(2, 2, "dense", fill="broadcast")).jobs
    assert (jobs.stream.tolist(), jobs.fill.tolist()) == ([7], [0])
