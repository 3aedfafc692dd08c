"""Lowering and cycle kernel on networks made by hand: closed forms, order of jobs, conservation."""

from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import pytest

from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware, load_hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, Ledger
from hwsim.lower import conservation
from hwsim.lower.lowering import Lowering, lower
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from tests.examples import all_silent, chip, conv, dense, simulate, small_network

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


def checked(network: Network) -> Network:
    network.verify()
    return network


def simulated(network: Network, hardware: Hardware, mapping: Mapping | None = None) -> Ledger:
    """The ledger of one sample in which every neuron fires."""
    (ledger,) = simulate(network, EventTrace.all_live(network), hardware, mapping)
    return ledger


# --- closed forms --------------------------------------------------------------------------------

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
        simulated(network, chip(4, 4, "dense"), Mapping(direct_coding=coding))  # type: ignore[arg-type]
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


# --- order of jobs -------------------------------------------------------------------------------


def two_layers() -> Network:
    """Two 1x1 convolutions of 4 positions and 2 channels, 2 steps."""
    shape = (2, 2, 2)
    populations = (
        Population("in", shape, "input"),
        Population("a", shape, "lif"),
        Population("b", shape, "lif"),
    )
    weights = np.zeros((2, 2, 1, 1), np.int8)
    projections = (conv("in", "a", weights), conv("a", "b", weights))
    return checked(Network("two", populations, projections, "b", 2, "spikes", True))


def order(mapping: Mapping) -> list[tuple[int, int]]:
    """(layer, step) of every job on 2 x 1 PEs, which make 2 M-folds and 2 N-folds a layer."""
    network = two_layers()
    program = lower(network, EventTrace.all_live(network), 0, chip(2, 1), mapping)
    return list(zip(program.jobs.layer.tolist(), program.jobs.step.tolist(), strict=True))


def test_layer_major_runs_all_steps_of_a_fold_before_the_next() -> None:
    # layer, folds, step
    assert order(Mapping(schedule="layer_major")) == [(0, 0), (0, 1)] * 4 + [(1, 0), (1, 1)] * 4


def test_step_major_runs_all_layers_of_a_step_before_the_next() -> None:
    # step, layer, folds
    assert order(Mapping(schedule="step_major")) == [(0, 0)] * 4 + [(1, 0)] * 4 + [(0, 1)] * 4 + [(1, 1)] * 4


def weight_bytes(mapping: Mapping) -> list[int]:
    """Weight bytes of the first four jobs (folds) of the first layer, on 2 x 1 PEs."""
    network = replace(two_layers(), timesteps=1)
    program = lower(network, EventTrace.all_live(network), 0, chip(2, 1, weight=6), mapping)
    return program.jobs.load_bytes[:4, 0].tolist()


@pytest.mark.parametrize(
    "mapping",
    [
        Mapping(fold_order="n_outer"),
        Mapping(fold_order="m_outer", layers={"a": LayerMapping(fold_order="n_outer")}),
    ],
    ids=["whole", "layer"],
)
def test_channels_outside_load_each_tile_of_weights_once(mapping: Mapping) -> None:
    # 8 bytes of weights do not fit 6, nor a layer's 4 the 3 of a job; a fold's tile takes 2
    assert weight_bytes(mapping) == [2, 0, 2, 0]


def test_positions_outside_load_each_tile_of_weights_for_every_fold() -> None:
    assert weight_bytes(Mapping(fold_order="m_outer")) == [2, 2, 2, 2]


def test_a_free_order_takes_the_one_that_loads_less() -> None:
    assert weight_bytes(Mapping(fold_order="auto")) == [2, 0, 2, 0]


# --- several samples -----------------------------------------------------------------------------


def test_a_lowering_is_laid_out_once_for_all_samples() -> None:
    network = two_layers()
    rng = np.random.default_rng(0)
    events = {
        p.name: Events.from_dense((rng.random((3, 2, 8)) < 0.5).astype(np.float32), True)
        for p in network.populations
    }
    trace = EventTrace(network.id, 2, events, np.zeros((3, 2, 8), np.float32))
    hardware, mapping = chip(2, 1, "event"), Mapping()
    lowering = Lowering(network, hardware, mapping)
    for sample in (2, 0, 1, 2):
        kept = lowering.lower(trace, sample)
        fresh = lower(network, trace.select(sample, sample + 1), 0, hardware, mapping)
        assert kept.id == fresh.id


# --- conservation --------------------------------------------------------------------------------


def conserved() -> tuple[Network, EventTrace, Ledger]:
    network = two_layers()
    trace = EventTrace.all_live(network)
    (ledger,) = simulate(network, trace, chip(2, 1))
    return network, trace, ledger


def changed(ledger: Ledger, layer: int, action: str, amount: int) -> Ledger:
    counts = ledger.counts.copy()
    counts[layer, list(ACTIONS).index(action)] += amount
    return replace(ledger, counts=counts)


def test_a_true_ledger_conserves() -> None:
    network, trace, ledger = conserved()
    conservation.check(network, trace, ledger, frozenset())
    # all live: 2 steps, 8 events, each reaching 2 channels of one position
    assert ledger.per_layer("ac").tolist() == [32, 32]


@pytest.mark.parametrize("amount", [-1, 1])
@pytest.mark.parametrize("action", ["ac", "mac"])
def test_an_operation_too_many_or_too_few_is_found(action: str, amount: int) -> None:
    network, trace, ledger = conserved()
    message = rf"layer 'b' counts {32 + amount} useful operations; its events demand 32"
    with pytest.raises(HwsimError, match=message):
        conservation.check(network, trace, changed(ledger, 1, action, amount), frozenset())


def test_an_event_that_the_trace_does_not_have_is_found() -> None:
    network, trace, ledger = conserved()
    with pytest.raises(HwsimError, match="layer 'a' emits 17 events; the trace has 16"):
        conservation.check(network, trace, changed(ledger, 0, "events_out", 1), frozenset())


def test_every_simulation_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_more(program: Any, hardware: Hardware) -> Ledger:
        ledger = run(program, hardware)
        return changed(changed(ledger, 0, "ac", 1), 0, "ac_issued", 1)

    monkeypatch.setattr("hwsim.pipeline.run", one_more)
    with pytest.raises(HwsimError, match="layer 'a' counts 33 useful operations; its events demand 32"):
        conserved()


def test_every_ledger_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost_cycle(program: Any, hardware: Hardware) -> Ledger:
        ledger = run(program, hardware)
        ledger.cycles[0, CAUSE_COLUMNS.index(("dma", "idle"))] += 1
        return ledger

    monkeypatch.setattr("hwsim.pipeline.run", lost_cycle)
    with pytest.raises(HwsimError, match="the units' cycles do not agree"):
        conserved()


# --- illegal mappings ----------------------------------------------------------------------------


def test_a_tile_of_one_channel_that_does_not_fit_names_layer_and_buffer() -> None:
    # 9 taps of 2 columns at 8 bits: 18 bytes; a job gets 17
    with pytest.raises(
        HwsimError, match=r"layer 'a': .*\(9 x 2 x 8 bits\) do not fit the 17 bytes .*buffers\.weight"
    ):
        simulated(one_conv(2, 3, 5), chip(2, 2, weight=35))


def test_inputs_of_a_fold_that_do_not_fit_name_layer_and_buffer() -> None:
    # the fold of the last output of one row and the first of the next sees two windows of 3 x 3 positions
    # of 64 channels: 144 bytes, more than any other; a job gets 95
    with pytest.raises(
        HwsimError, match=r"layer 'a': the inputs of one fold take 144 bytes; .* 95 bytes of buffers\.input"
    ):
        simulated(one_conv(64, 3, 5), chip(2, 2, inputs=191))


def test_a_mapping_of_a_layer_that_does_not_exist_is_refused() -> None:
    with pytest.raises(HwsimError, match=r"no population 'aa'"):
        simulated(two_layers(), chip(), Mapping(layers={"aa": LayerMapping()}))


def test_a_chip_whose_output_buffer_holds_no_fold_is_refused() -> None:
    small = chip().buffers.output.model_copy(update={"capacity_bytes": 1})
    broken = chip().model_copy(update={"buffers": chip().buffers.model_copy(update={"output": small})})
    with pytest.raises(HwsimError, match=r"buffers\.output of 1 bytes cannot hold one fold"):
        simulated(two_layers(), broken)


def test_a_projection_without_weights_needs_no_weight_buffer() -> None:
    populations = (Population("in", (2, 4, 4), "input"), Population("pool", (2, 2, 2), "relay"))
    pool = Projection("p", "in", "pool", "max_pool", kernel=(2, 2), stride=(2, 2))
    network = checked(Network("n", populations, (pool,), "pool", 1, "spikes"))
    ledger = simulated(network, chip(2, 2, weight=1, output=64))
    assert array_cycles(ledger) == 0
    assert ledger.total("pool_or") == 32


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "li"}, r"layer 'a': the cycle model does not cost leaky integrators without spikes \(li\)"),
        ({"one_spike": True}, r"layer 'a': .* one_spike"),
    ],
)
def test_neurons_without_a_cost_are_refused_by_name(fields: dict[str, Any], message: str) -> None:
    network = two_layers()
    populations = tuple(replace(p, **fields) if p.name == "a" else p for p in network.populations)
    with pytest.raises(HwsimError, match=message):
        simulated(replace(network, populations=populations), chip())
