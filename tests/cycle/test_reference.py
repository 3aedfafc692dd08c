"""The SimPy reference's time and memory against docs/machine.md, by numbers worked out in the comments."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from hwsim.cycle.reference.chip import Sums, simulate
from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from tests.cycle.small import (
    LAYER_MAJOR,
    STEP_MAJOR,
    chip,
    conv,
    dense,
    jobs_of,
    net,
    pair,
    spent,
    traced,
)

# --- time ----------------------------------------------------------------------------------------


def test_double_buffers_load_the_second_job_while_the_first_one_runs() -> None:
    # One PE, 3 inputs, 2 neurons: two N-folds. load 0 moves 3 weights and 1 byte of spikes (0-4),
    # load 1 3 weights (4-7). array 4-7, 7-10. lif 7-8, 10-11. Nothing is stored.
    network = pair(3, 2)
    ledger = simulate(network, traced(network), 0, chip(), LAYER_MAJOR)
    assert spent(ledger, "array") == {"weight": 3, "input": 1, "stream": 6, "drain": 1}
    assert spent(ledger, "lif") == {"array": 7 + 2, "update": 2}
    assert spent(ledger, "dma") == {"weight": 6, "input": 1, "idle": 4}


def test_a_single_buffer_loads_the_second_job_after_the_first_one() -> None:
    # load 0-4, 7-10; array 4-7, 10-13; lif 7-8, 13-14.
    network = pair(3, 2)
    ledger = simulate(network, traced(network), 0, chip(double=False), LAYER_MAJOR)
    assert spent(ledger, "array") == {"weight": 6, "input": 1, "stream": 6, "drain": 1}
    assert spent(ledger, "lif") == {"array": 7 + 5, "update": 2}
    assert spent(ledger, "dma") == {"weight": 6, "input": 1, "idle": 3 + 4}


def relus(neurons: int) -> Network:
    """Spikes into ReLUs, whose map a readout reads."""
    source, relu = Population("in", (3,), "input"), Population("a", (neurons,), "relu")
    out = Population("out", (1,), "readout")
    return net([source, relu, out], [dense(source, relu), dense(relu, out)])


def test_of_a_load_and_a_store_that_can_start_together_the_load_goes_first() -> None:
    # Four N-folds of a, each stores a byte. loads 0-4, 4-7, 7-10; array 4-7, 7-10, 10-13, 13-16; lif 7-8,
    # 10-11, 13-14, 16-17. At 10 load 3 (ready at 10) and store 0 (ready at 8) meet: load 10-13, then the
    # stores 13-14, 14-15, 15-16 and 17-18. The readout's load of 4 + 4 bytes needs the map, 18-26;
    # array 26-30, lif 30-31. The array waits from 16, for the last store until 18.
    network = relus(4)
    ledger = simulate(network, traced(network), 0, chip(), LAYER_MAJOR)
    assert spent(ledger, "array") == {"weight": 7, "input": 5, "stream": 16, "dependency": 2, "drain": 1}
    assert spent(ledger, "lif") == {"array": 7 + 2 + 2 + 2 + 13, "update": 5}
    assert spent(ledger, "dma") == {"weight": 16, "input": 5, "store": 4, "idle": 1 + 5}


def test_the_array_waits_for_a_store_in_front_of_its_load() -> None:
    # Three ReLUs of 4 bytes, one load buffer. load 0-4, 7-10; array 4-7, 10-13; lif 7-8. store 0 10-14;
    # load 2 (ready at 13) 14-17, array 17-20, lif 20-21; store 1 17-21, store 2 21-25. The readout's load
    # 25-40 (3 + 12 bytes), array 40-43, lif 43-44.
    network = relus(3)
    ledger = simulate(network, traced(network), 0, chip(double=False, activation_bits=32), LAYER_MAJOR)
    assert spent(ledger, "array") == {
        "weight": 12, "input": 13, "store": 1, "dependency": 5, "stream": 12, "drain": 1,
    }  # fmt: skip
    assert spent(ledger, "dma") == {"weight": 12, "input": 13, "store": 12, "idle": 3 + 4}


def test_step_by_step_states_in_dram_wait_until_they_are_stored() -> None:
    # States of 2 bytes. load 0-4, 4-7; array 4-7, 7-10; lif 7-8, 10-11; store 8-10, 11-13. The block of
    # step 1 waits for store 1: load 2 (1 + 2 bytes) 13-16, load 3 16-18; array 16-19, 19-22; lif 19-20,
    # 22-23; store 20-22, 23-25.
    network = pair(3, 2, steps=2)
    ledger = simulate(network, traced(network), 0, chip(), STEP_MAJOR)
    assert spent(ledger, "array") == {
        "weight": 3, "input": 2, "stream": 12, "dependency": 3, "membrane": 2, "drain": 3,
    }  # fmt: skip
    assert spent(ledger, "lif") == {"array": 7 + 2 + 8 + 2, "update": 4, "drain": 2}
    assert spent(ledger, "dma") == {
        "weight": 6, "input": 2, "membrane": 4, "store": 8, "idle": 1 + 1 + 2 + 1,
    }  # fmt: skip


def test_one_bank_of_sums_holds_the_array_and_one_output_slot_the_lif_units() -> None:
    # P = 1, Q = 5 // 4 = 1, states of 4 bytes. load 0-4, 4-7; array 4-7; lif 7-8; array 8-11 (1 cycle for its
    # bank); store 0 8-12; lif 1 waits for the slot from 11 to 12: 12-13; store 1 13-17. load 2 17-22 (1 + 4),
    # load 3 22-26; array 22-25, lif 25-26, store 26-30; array 26-29; lif 3 waits to 30: 30-31; store 31-35.
    network = pair(3, 2, steps=2)
    ledger = simulate(network, traced(network), 0, chip(banks=1, output=5, state_bits=32), STEP_MAJOR)
    assert spent(ledger, "array") == {
        "weight": 3, "input": 2, "partial_sum": 1, "stream": 12, "dependency": 6, "membrane": 5, "drain": 6,
    }  # fmt: skip
    assert spent(ledger, "lif") == {"array": 7 + 3 + 12 + 3, "output": 2, "update": 4, "drain": 4}
    assert spent(ledger, "dma") == {"weight": 6, "input": 2, "membrane": 8, "store": 16, "idle": 3}


def test_lif_units_at_the_edge_serve_one_row_of_outputs_at_a_time() -> None:
    # 4 positions x 3 channels. 12 units: 1 cycle; 8 units: 2 cycles, at the edge min(C, 8) = 3 at once: 4
    # cycles; 2 units: 6 cycles at either place.
    source, target = Population("in", (1, 1, 4), "input"), Population("a", (3, 1, 4), "lif")
    network = net([source, target], [conv(source, target)])
    for units, inside, edge in ((12, 1, 4), (8, 2, 4), (2, 6, 6)):
        for placement, cycles in (("array", inside), ("edge", edge)):
            hardware = chip(4, 3, units=units, placement=placement)
            ledger = simulate(network, traced(network), 0, hardware, LAYER_MAJOR)
            assert spent(ledger, "lif")["update"] == cycles


# --- mapping and memory --------------------------------------------------------------------------


def image_net(steps: int) -> tuple[Network, EventTrace]:
    """An image of two pixels into one LIF channel by a 1x1 convolution."""
    source, target = Population("in", (1, 1, 2), "input"), Population("a", (1, 1, 2), "lif")
    network = net([source, target], [conv(source, target)], steps, "frames")
    return network, traced(network, **{"in": [5, 7], "a": np.ones((steps, 2))})


@pytest.mark.parametrize(
    ("direct_coding", "passes", "in_registers"), [("once", 1, (2, 4)), ("each_step", 3, (0, 0))]
)
def test_a_held_layer_streams_its_image_once(
    direct_coding: Any, passes: int, in_registers: tuple[int, int]
) -> None:
    # R = 2, C = 1, K = 1: a pass streams one cycle and fills one more; two pixels reach one channel each.
    network, trace = image_net(3)
    mapping = Mapping(direct_coding=direct_coding, fold_order="m_outer")
    sums: Sums = {}
    ledger = simulate(network, trace, 0, chip(2, 1), mapping, sums=sums)
    assert spent(ledger, "array")["stream"] == spent(ledger, "array")["fill_drain"] == passes
    assert ledger.total("mac") == ledger.total("mac_issued") == ledger.total("events_in") == 2 * passes
    assert (ledger.total("hold_register_write"), ledger.total("hold_register_read")) == in_registers
    assert (ledger.total("lif_update"), ledger.total("lif_spike")) == (6, 6)
    assert ledger.total("dram_input_read_bytes") == 2
    assert sums["a"].tolist() == [[[[5, 7]]] * passes]


@pytest.mark.parametrize(("direct_coding", "image", "hold"), [("once", 2, (4, 8)), ("each_step", 6, (0, 0))])
def test_step_by_step_held_sums_go_to_dram(direct_coding: Any, image: int, hold: tuple[int, int]) -> None:
    # Two sums of 16 bits: 4 bytes, stored at step 0 and loaded at steps 1 and 2.
    network, trace = image_net(3)
    mapping = Mapping(schedule="step_major", direct_coding=direct_coding, fold_order="m_outer")
    ledger = simulate(network, trace, 0, chip(2, 1), mapping)
    assert ledger.total("dram_input_read_bytes") == image
    assert (ledger.total("dram_hold_write_bytes"), ledger.total("dram_hold_read_bytes")) == hold


def test_states_fill_the_membrane_buffer_in_order_and_the_rest_goes_to_dram() -> None:
    # States of 2 bytes: layers of 8, 4 and 2 bytes and a buffer of 6. a is passed over, b and c fit.
    # Two steps: written twice, read once. Whole bursts of 5 bytes for a: 10 per step.
    shapes = {"a": 4, "b": 2, "c": 1}
    layers = [Population("in", (3,), "input")] + [Population(n, (s,), "lif") for n, s in shapes.items()]
    network = net(layers, [dense(one, two) for one, two in pairwise(layers)], 2)
    ledger = simulate(network, traced(network), 0, chip(1, 4, membrane=6, burst=5), STEP_MAJOR)
    assert ledger.per_layer("membrane_buffer_write").tolist() == [0, 8, 4]
    assert ledger.per_layer("membrane_buffer_read").tolist() == [0, 4, 2]
    assert ledger.per_layer("dram_membrane_write_bytes").tolist() == [20, 0, 0]
    assert ledger.per_layer("dram_membrane_read_bytes").tolist() == [10, 0, 0]
    assert ledger.total("membrane_register_write") == 0
    ledger = simulate(network, traced(network), 0, chip(1, 4, membrane=6), LAYER_MAJOR)
    assert ledger.per_layer("membrane_register_write").tolist() == [8, 4, 2]
    assert ledger.per_layer("membrane_register_read").tolist() == [4, 2, 1]


def test_the_fold_order_says_how_often_weights_are_loaded() -> None:
    # 2 x 2 folds with tiles of K = 2 x 2 columns = 4 bytes; the buffer of 4 bytes holds one of the two.
    # M outside loads a tile per fold (16 bytes), N outside per N-fold (8).
    source, target = Population("in", (2, 1, 4), "input"), Population("a", (4, 1, 4), "lif")
    network = net([source, target], [conv(source, target)])
    hardware = chip(2, 2, weight=4, double=False)
    for order, weight_bytes in (("m_outer", 16), ("n_outer", 8)):
        mapping = Mapping(layers={"a": LayerMapping(fold_order=order)})
        ledger = simulate(network, traced(network), 0, hardware, mapping)
        assert ledger.total("dram_weight_read_bytes") == weight_bytes
        assert ledger.total("dram_input_read_bytes") == 1


def test_weights_that_do_not_fit_are_tiled_by_source_channels() -> None:
    # 3 channels x 2 columns of one byte each, 5 bytes for a job: 2 channels, then 1.
    source, target = Population("in", (3, 1, 1), "input"), Population("a", (2, 1, 1), "lif")
    network = net([source, target], [conv(source, target)], steps=2)
    tiled = Mapping(fold_order="m_outer", layers={"a": LayerMapping(k_tile=2)})
    jobs = jobs_of(network, chip(1, 2, weight=5, double=False), tiled)
    assert [(job.steps.start, job.k, job.loads["weight"]) for job in jobs] == [
        (0, 0, 4), (0, 1, 2), (1, 0, 4), (1, 1, 2),
    ]  # fmt: skip
    with pytest.raises(HwsimError, match=r"'a'.*take 4 bytes.*weight buffer offers 3 bytes.* smaller k_tile"):
        jobs_of(network, chip(1, 2, weight=3, double=False), tiled)
    with pytest.raises(HwsimError, match=r"'a'.*take 6 bytes.*weight buffer offers 5 bytes.* smaller k_tile"):
        jobs_of(network, chip(1, 2, weight=5, double=False), LAYER_MAJOR)


def plane_net() -> Network:
    """A 4 x 4 image into a 3x3 convolution that keeps the size."""
    source, target = Population("in", (1, 4, 4), "input"), Population("a", (2, 4, 4), "lif")
    return net([source, target], [conv(source, target, 3, padding=(1, 1))], 1, "frames")


@pytest.mark.parametrize(
    ("capacity", "order", "loads"),
    [
        # whole, 16 bytes: rows up to 2, 3, 4, 4 of 4 bytes, for the first of two N-folds.
        (16, "n_outer", [8, 4, 4, 0, 0, 0, 0, 0]),
        # fold: 2, 3, 3, 2 in-bounds rows; the largest fold takes 12 bytes.
        (12, "n_outer", [8, 12, 12, 8] * 2),
        (12, "m_outer", [8, 8, 12, 12, 12, 12, 8, 8]),
    ],
)
def test_weighted_inputs_are_loaded_by_what_the_input_buffer_holds(
    capacity: int, order: Any, loads: list[int]
) -> None:
    hardware = chip(4, 1, inputs=capacity, double=False)
    jobs = jobs_of(plane_net(), hardware, Mapping(fold_order=order))
    assert [job.loads["input"] for job in jobs] == loads


@pytest.mark.parametrize(
    # One position per fold: a window of 1 * ceil(0 / 4) + 3 rows of 4 bytes fits, the image does not.
    # Rows up to 2, 3 and 4 are first needed at the first positions of output rows 0, 1 and 2.
    ("order", "loads"),
    [
        ("n_outer", [8, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0] * 2),
        ("m_outer", [8, *[0] * 7, 4, *[0] * 7, 4, *[0] * 15]),
    ],
)
def test_a_window_of_rows_moves_down_the_image(order: Any, loads: list[int]) -> None:
    jobs = jobs_of(plane_net(), chip(1, 1, inputs=12, double=False), Mapping(fold_order=order))
    assert [job.loads["input"] for job in jobs] == loads


def test_a_fold_of_inputs_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(HwsimError, match=r"'a'.*take 12 bytes.*input buffer offers 11 bytes"):
        jobs_of(plane_net(), chip(4, 1, inputs=11, double=False), LAYER_MAJOR)


def test_the_spike_writer_flushes_whole_bursts() -> None:
    # Four ReLUs of one byte, bursts of 3: nothing after 1 and 2, one burst after 3, the rest at the end.
    source, relu = Population("in", (1,), "input"), Population("a", (4,), "relu")
    out = Population("out", (1,), "readout")
    network = net([source, relu, out], [dense(source, relu), dense(relu, out)])
    jobs = jobs_of(network, chip(burst=3), LAYER_MAJOR)
    assert [job.stores["output"] for job in jobs] == [0, 0, 3, 3, 0]
    ledger = simulate(network, traced(network), 0, chip(burst=3), LAYER_MAJOR)
    assert ledger.per_layer("output_buffer_read").tolist() == [6, 0]
    # Words of 8 bits: a ReLU takes one, a readout's state of 16 bits two.
    assert ledger.per_layer("output_buffer_write").tolist() == [4, 2]


def test_the_spike_writer_of_an_array_layer_computes_its_max_pool() -> None:
    # 9 spikes of a 3 x 3 map into 2 x 2 windows of 2 x 2 at stride 1: the middle one lies in all 4, the
    # edges in 2, the corners in 1: 4 + 8 + 4 = 16. Only the pool's map is stored: 4 bits in a byte.
    source, spikes = Population("in", (1, 3, 3), "input"), Population("a", (1, 3, 3), "lif")
    pool, out = Population("b", (1, 2, 2), "relay"), Population("out", (1,), "readout")
    pooling = Projection("pool", "a", "b", "max_pool", kernel=(2, 2))
    network = net([source, spikes, pool, out], [conv(source, spikes), pooling, dense(pool, out)])
    trace = traced(network, a=np.ones(9), b=np.ones(4))
    hardware = chip(3, 1, lanes=2)
    assert {job.layer.name for job in jobs_of(network, hardware, LAYER_MAJOR)} == {"a", "out"}
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR)
    assert ledger.per_layer("pool_or").tolist() == [0, 16, 0]
    assert ledger.per_layer("dram_output_write_bytes").tolist() == [1, 0, 0]
    assert ledger.per_layer("events_in").tolist() == [0, 9, 4]
    assert "vector" not in spent(ledger, "lif")


def test_a_max_pool_of_the_input_runs_on_the_vector_lanes() -> None:
    # 4 outputs in folds of 3 and 1 on 2 lanes: 4 taps x (2 + 1) cycles. The 9 input bits are read as
    # 9 * 3 // 4 = 6 and 3 more: bytes 1 and 2 of the map, one word each.
    source, pool = Population("in", (1, 3, 3), "input"), Population("b", (1, 2, 2), "relay")
    network = net([source, pool], [Projection("pool", "in", "b", "max_pool", kernel=(2, 2))])
    trace = traced(network, **{"in": np.ones(9), "b": np.ones(4)})
    hardware = chip(3, 1, lanes=2)
    ledger = simulate(network, trace, 0, hardware, LAYER_MAJOR)
    assert spent(ledger, "lif")["vector"] == 4 * (2 + 1)
    assert ledger.total("pool_or") == 16
    assert [job.loads["input"] for job in jobs_of(network, hardware, LAYER_MAJOR)] == [1, 1]
    assert ledger.total("input_buffer_read") == 2


def test_a_shortcut_is_added_on_the_vector_lanes_at_every_step() -> None:
    # 3 spikes per step over 2 steps; 4 outputs on one lane per step: 8 cycles; a byte per step is loaded
    # for the shortcut beside the byte for the convolution.
    source, target = Population("in", (1, 2, 2), "input"), Population("a", (1, 2, 2), "lif")
    shortcut = Projection("skip", "in", "a", "identity")
    network = net([source, target], [conv(source, target), shortcut], steps=2)
    trace = traced(network, **{"in": [[1, 1, 1, 0]] * 2})
    ledger = simulate(network, trace, 0, chip(4, 1), LAYER_MAJOR)
    assert (ledger.total("vector_add"), ledger.total("vector_mac")) == (6, 0)
    assert spent(ledger, "lif")["vector"] == 8
    assert ledger.total("dram_input_read_bytes") == 4
    assert ledger.total("events_in") == 12


# --- errors and cases ----------------------------------------------------------------------------


def test_a_sample_outside_the_trace_is_an_error() -> None:
    network = pair(1, 1)
    with pytest.raises(HwsimError, match="sample 1: the trace has 1 samples"):
        simulate(network, traced(network), 1, chip(), LAYER_MAJOR)


def test_choices_left_open_are_an_error() -> None:
    network = pair(3, 2)
    with pytest.raises(HwsimError, match="'a': fold_order is auto"):
        simulate(network, traced(network), 0, chip(), Mapping())
    with pytest.raises(HwsimError, match="'a': no m_tile for dataflow ws"):
        simulate(network, traced(network), 0, chip(dataflow="ws"), LAYER_MAJOR)
    with pytest.raises(HwsimError, match="'a': no n_tile for dataflow is"):
        simulate(network, traced(network), 0, chip(dataflow="is"), LAYER_MAJOR)


def test_an_output_buffer_that_cannot_hold_a_store_is_an_error() -> None:
    # One neuron's state of 2 bytes goes to DRAM.
    network = pair(3, 2)
    with pytest.raises(HwsimError, match="'a': a job stores 2 bytes, but the output buffer holds 1 bytes"):
        simulate(network, traced(network), 0, chip(output=1), STEP_MAJOR)
