"""States, components, mini-batches and lists of the reference (docs/machine.md, W3, W9, M1-M3, S5)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwsim.cycle.reference.chip import simulate
from hwsim.ledger import Ledger
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


def floats(network: Network) -> Network:
    """The same network in float32."""
    projections = tuple(
        p if p.weights is None else replace(p, weights=p.weights.astype(np.float32))
        for p in network.projections
    )
    network = replace(network, projections=projections, integer=False)
    network.verify()
    return network


def neuron(kind: Any, **parts: Any) -> Network:
    """One input and one neuron for two steps."""
    source, target = Population("in", (1,), "input"), Population("a", (1,), kind, **parts)
    weights = np.ones((1, 1), np.float32)
    network = Network(
        "test", (source, target), (Projection("p", "in", "a", "dense", weights),), "a", 2, "spikes"
    )
    network.verify()
    return network


# --- words of state ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("network", "size", "words"),
    [
        (neuron("lif"), 2, 1),
        (neuron("li"), 2, 1),
        (neuron("li", current_decay=0.5), 4, 2),
        (neuron("lif", current_decay=0.5), 4, 2),
        (neuron("lif", adaptation=0.5), 4, 2),
        (neuron("lif", current_decay=0.5, adaptation=0.5), 6, 3),
        (neuron("clif", current_decay=0.5), 6, 3),
        # 16 bits and a counter of bit_length(5) = 3: 19 bits, 3 bytes.
        (neuron("lif", refractory=5), 3, 1),
    ],
)
def test_every_kind_of_neuron_has_its_words_of_state(network: Network, size: int, words: int) -> None:
    ledger = simulate(network, traced(network), 0, chip(), STEP_MAJOR)
    assert ledger.total("dram_membrane_write_bytes") == 2 * size
    assert ledger.total("dram_membrane_read_bytes") == size
    ledger = simulate(network, traced(network), 0, chip(), LAYER_MAJOR)
    assert ledger.total("membrane_register_write") == 2 * words
    assert ledger.total("membrane_register_read") == words


@pytest.mark.parametrize(
    ("network", "shifts", "multiplies", "adds"),
    # Two steps of one neuron: each factor counts 2.
    [
        (neuron("lif", decay=1.0), 0, 0, 0),
        (neuron("lif", decay=0.0), 0, 0, 0),
        (neuron("lif", decay=0.25), 2, 0, 0),
        (neuron("lif", decay=0.3), 0, 2, 0),
        (neuron("lif", decay=0.875), 0, 0, 2),
        (neuron("lif", decay=0.8125), 0, 2, 0),
        (neuron("lif", decay=1.0, leak="relax"), 2, 0, 0),
        (neuron("lif", decay=3.0, leak="leak_divide"), 0, 2, 0),
        (neuron("lif", decay=1.0, leak="leak_divide"), 0, 0, 0),
        (neuron("lif", decay=1.0, leak="relax_divide"), 2, 0, 0),
        (neuron("lif", decay=0.5, current_decay=0.3), 2, 2, 0),
        (neuron("lif", decay=0.5, adaptation=1.0, adaptation_decay=0.3), 2, 2, 0),
        (neuron("clif", decay=0.5, current_decay=0.3), 2, 4, 0),
    ],
)
def test_each_leak_factor_is_a_shift_a_multiplication_or_free(
    network: Network, shifts: int, multiplies: int, adds: int
) -> None:
    ledger = simulate(network, traced(network), 0, chip(), LAYER_MAJOR)
    found = (ledger.total(action) for action in ("decay_shift", "decay_multiply", "decay_add"))
    assert tuple(found) == (shifts, multiplies, adds)


def test_weights_that_stay_leave_the_states_of_a_fold_in_the_membrane_buffer() -> None:
    # Two neurons, a column: folds of one state of 2 bytes, words of 8 bits. 2 steps: 2 words are written
    # each, and read but at step 0.
    network = pair(1, 2, steps=2)
    mapping = Mapping(fold_order="m_outer", layers={"a": LayerMapping(m_tile=1)})
    ledger = simulate(network, traced(network), 0, chip(dataflow="ws", membrane=2), mapping)
    assert (ledger.total("membrane_buffer_write"), ledger.total("membrane_buffer_read")) == (8, 4)
    assert ledger.total("membrane_register_write", "dram_membrane_write_bytes") == 0
    ledger = simulate(network, traced(network), 0, chip(dataflow="ws", membrane=1), mapping)
    assert ledger.total("membrane_buffer_write") == 0
    assert ledger.total("dram_membrane_write_bytes") == 8
    assert ledger.total("dram_membrane_read_bytes") == 4


# --- shared states -------------------------------------------------------------------------------


def chain() -> Network:
    """Two layers of two neurons that hand one state on, for two steps."""
    source = Population("in", (2,), "input")
    one, two = (Population(name, (2,), "lif", state_group="s") for name in "ab")
    return floats(net([source, one, two], [dense(source, one), dense(one, two)], 2))


def kept(ledger: Ledger) -> dict[str, list[int]]:
    moved = [f"membrane_buffer_{w}" for w in ("write", "read")]
    moved += [f"dram_membrane_{w}_bytes" for w in ("write", "read")]
    return {action: ledger.per_layer(action).tolist() for action in moved}


def test_layers_of_a_state_group_hand_one_state_on() -> None:
    # Two states of 2 bytes: 4 words a job. a begins at step 0, b continues at once.
    network = chain()
    found = kept(simulate(network, traced(network), 0, chip(1, 2, membrane=4), LAYER_MAJOR))
    assert found["membrane_buffer_write"] == [8, 8]
    assert found["membrane_buffer_read"] == [4, 8]
    found = kept(simulate(network, traced(network), 0, chip(1, 2), LAYER_MAJOR))
    assert found["dram_membrane_write_bytes"] == [8, 8]
    assert found["dram_membrane_read_bytes"] == [4, 8]


def test_a_shared_state_that_fits_for_one_sample_visits_the_membrane_buffer() -> None:
    # Step by step, two samples need 8 bytes: only 4 fit. At each of 2 steps each of 2 samples' states come
    # with a (not at step 0) and leave with b.
    network, mapping = chain(), STEP_MAJOR.model_copy(update={"sample_loop": "outer"})
    found = kept(simulate(network, traced(network, 2), range(2), chip(1, 2, membrane=4), mapping))
    assert found["membrane_buffer_write"] == [16, 16]
    assert found["membrane_buffer_read"] == [8, 16]
    assert found["dram_membrane_write_bytes"] == [0, 16]
    assert found["dram_membrane_read_bytes"] == [8, 0]


def test_a_stepwise_component_runs_all_its_layers_step_by_step_and_waits_for_its_maps() -> None:
    # Jobs: a and b at step 0, a and b at step 1, of one sample after the other. b reads a; without a
    # membrane buffer a waits for the job of b that stored the state.
    network, mapping = chain(), LAYER_MAJOR.model_copy(update={"sample_loop": "outer"})
    jobs = jobs_of(network, chip(1, 2), mapping, traced(network, 2))
    assert [(job.samples[0], job.steps.start, job.layer.name) for job in jobs] == [
        (s, t, name) for s in range(2) for t in range(2) for name in "ab"
    ]
    assert [job.after for job in jobs] == [-1, 0, 1, 2, 3, 4, 5, 6]
    jobs = jobs_of(network, chip(1, 2, membrane=4), mapping, traced(network, 2))
    assert [job.after for job in jobs] == [-1, 0, -1, 2, -1, 4, -1, 6]


def test_samples_inside_of_a_stepwise_component_share_a_layers_turn() -> None:
    # Both samples of a, then of b, at each step; the first of each turn waits for the last of the one before.
    network = chain()
    jobs = jobs_of(network, chip(1, 2), LAYER_MAJOR, traced(network, 2))
    assert [(job.steps.start, job.layer.name, job.samples[0]) for job in jobs] == [
        (t, name, s) for t in range(2) for name in "ab" for s in range(2)
    ]
    assert [job.after for job in jobs] == [-1, -1, 1, -1, 3, -1, 5, -1]


def grouped(**parts: Any) -> Network:
    """One input into four channels in two groups that share their states, for two steps."""
    source = Population("in", (1, 1, 1), "input")
    target = Population("a", (4, 1, 1), "lif", channel_groups=2, **parts)
    return net([source, target], [conv(source, target)], 2)


@pytest.mark.parametrize(
    ("columns", "folds"),
    # w = 2 // 2 channels of both groups; 3 // 2 the same; 4 // 2 all.
    [(2, [(0, 2), (1, 3)]), (3, [(0, 2), (1, 3)]), (4, [(0, 1, 2, 3)])],
)
def test_folds_of_channel_groups_interleave(columns: int, folds: list[tuple[int, ...]]) -> None:
    network = grouped()
    jobs = jobs_of(network, chip(1, columns), LAYER_MAJOR)
    assert [job.channels for job in jobs if job.steps.start == 0] == folds
    assert not jobs[0].layer.stepwise
    ledger = simulate(network, traced(network), 0, chip(1, columns), LAYER_MAJOR)
    # 4 neurons at 2 steps; the first of each of 2 cells begins at nothing.
    assert (ledger.total("membrane_register_write"), ledger.total("membrane_register_read")) == (8, 6)


def test_channel_groups_that_do_not_interleave_run_step_by_step() -> None:
    # Folds of one channel. Two cells of 2 bytes; at step 0 the first group begins, the second continues.
    network = grouped()
    jobs = jobs_of(network, chip(), LAYER_MAJOR)
    assert [(job.steps.start, job.channels) for job in jobs] == [
        (t, (c,)) for t in range(2) for c in range(4)
    ]
    assert [job.loads["membrane"] for job in jobs] == [0, 0, 2, 2, 2, 2, 2, 2]
    assert [job.stores["membrane"] for job in jobs] == [2] * 8
    jobs = jobs_of(network, chip(membrane=4), LAYER_MAJOR)
    assert [job.state_reads for job in jobs] == [0, 0, 2, 2, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("units", "update", "serialization"),
    # 4 outputs, 2 groups, 2 steps. 2 units: 2 cycles, and 2 * ceil(4 / 4) are no more. 4 units: 1, but
    # the groups one after the other 2. 3 units: 2 and 2 * ceil(4 / 6).
    [(2, 4, 0), (4, 2, 2), (3, 4, 0)],
)
def test_channel_groups_take_turns_on_the_lif_units(units: int, update: int, serialization: int) -> None:
    network = grouped()
    lif = spent(simulate(network, traced(network), 0, chip(1, 4, units=units), LAYER_MAJOR), "lif")
    assert (lif["update"], lif.get("serialization", 0)) == (update, serialization)


# --- delays and loops ----------------------------------------------------------------------------


def test_a_delayed_projection_brings_what_was_emitted_before() -> None:
    # Three steps, a spike at each; delay 1: the spikes of steps 0 and 1 arrive at 1 and 2. Nothing is loaded
    # for step 0, a byte for each other.
    source, target = Population("in", (1,), "input"), Population("a", (1,), "lif")
    network = net([source, target], [dense(source, target, delay=1)], 3)
    trace = traced(network, **{"in": np.ones((3, 1))})
    ledger = simulate(network, trace, 0, chip(skip="event"), LAYER_MAJOR)
    assert ledger.total("events_in") == ledger.total("ac") == spent(ledger, "array")["stream"] == 2
    assert [job.loads["input"] for job in jobs_of(network, chip(), LAYER_MAJOR, trace)] == [0, 1, 1]


def test_a_layer_that_reads_itself_waits_for_its_last_map() -> None:
    source, target = Population("in", (1,), "input"), Population("a", (1,), "lif")
    network = net([source, target], [dense(source, target), dense(target, target, delay=1)], 3)
    jobs = jobs_of(network, chip(), LAYER_MAJOR)
    assert [job.after for job in jobs] == [-1, 0, 1]
    # Input and own map, a byte each; none of its own before step 0.
    assert [job.loads["input"] for job in jobs] == [1, 2, 2]


# --- mini-batches --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "inputs", "loads"),
    # 2 samples x 2 N-folds, a map of a byte. m_outer: at N-fold 0 of each sample. n_outer: samples inside of
    # the N-folds, both maps kept (2 bytes), or loaded again at each N-fold.
    [("m_outer", 1, [1, 0, 1, 0]), ("n_outer", 2, [1, 1, 0, 0]), ("n_outer", 1, [1, 1, 1, 1])],
)
def test_samples_of_a_mini_batch_share_weights(order: Any, inputs: int, loads: list[int]) -> None:
    network = pair(3, 2)
    jobs = jobs_of(network, chip(inputs=inputs, double=False), Mapping(fold_order=order), traced(network, 2))
    assert [job.loads["input"] for job in jobs] == loads
    assert sum(job.loads["weight"] for job in jobs) == 6
    places = [(job.samples[0], job.n) for job in jobs]
    assert places == (
        [(0, 0), (0, 1), (1, 0), (1, 1)] if order == "m_outer" else [(0, 0), (1, 0), (0, 1), (1, 1)]
    )


def test_samples_lie_where_positions_lie() -> None:
    # Two rows hold 2 of 3 samples, then 1. Input 0 fires in all, input 2 in the second: L = 2 and 1 beats.
    # Three maps of a byte; 4 events to one neuron; weights are read once a beat.
    network = pair(3, 1)
    mapping = Mapping(fold_order="m_outer", batch=3, batch_on="M")
    trace = traced(network, 3, **{"in": [[[1, 0, 0]], [[1, 0, 1]], [[1, 0, 0]]]})
    jobs = jobs_of(network, chip(2, 1), mapping, trace)
    assert [(job.samples, job.outputs, job.loads["input"]) for job in jobs] == [((0, 1), 2, 2), ((2,), 1, 1)]
    ledger = simulate(network, trace, range(3), chip(2, 1, "event"), mapping)
    assert spent(ledger, "array")["stream"] == ledger.total("weight_reads") == 3
    assert (ledger.total("ac"), ledger.total("lif_update")) == (4, 3)
    # A fold of one sample is no different from a batch outside.
    jobs = jobs_of(network, chip(1, 1), mapping, trace)
    assert [job.samples for job in jobs] == [(0,), (1,), (2,)]


def test_a_mini_batch_counts_what_its_samples_count_alone() -> None:
    network = pair(3, 2, steps=2)
    trace = traced(network, 2, **{"in": [[[1, 0, 0]] * 2, [[0, 1, 1]] * 2]})
    both = simulate(network, trace, range(2), chip(skip="event"), LAYER_MAJOR)
    alone = [simulate(network, trace, sample, chip(skip="event"), LAYER_MAJOR) for sample in range(2)]
    for action in ("ac", "ac_issued", "lif_update", "events_in", "input_reads", "membrane_register_read"):
        assert both.total(action) == sum(ledger.total(action) for ledger in alone)
    assert both.total("dram_weight_read_bytes") == alone[0].total("dram_weight_read_bytes") == 6


def test_samples_in_place_of_positions_load_the_rows_of_their_convolution() -> None:
    # A 2 x 2 window over 2 x 2 graded values of a byte: 4 bytes a sample. 8 bytes hold both samples whole; of
    # three, fold by fold: two, then one.
    source, target = Population("in", (1, 2, 2), "input"), Population("a", (1, 1, 1), "lif")
    network = net([source, target], [conv(source, target, 2)], coding="series")
    mapping = Mapping(fold_order="m_outer", batch=2, batch_on="M")
    hardware = chip(2, 1, inputs=8, double=False)
    for samples, loads in ((2, [8]), (3, [8, 4])):
        jobs = jobs_of(network, hardware, mapping, traced(network, samples))
        assert [job.loads["input"] for job in jobs] == loads


# --- lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "bits"),
    # 40 neurons: a count of 6 bits, addresses of 6 bits; a bitmap of 40 bits from 6 events on.
    [(0, 6), (1, 12), (3, 24), (5, 36), (6, 40), (40, 40)],
)
def test_a_map_of_spikes_is_a_list_where_that_is_shorter(events: int, bits: int) -> None:
    source, target = Population("in", (40,), "input"), Population("a", (1,), "lif")
    network = net([source, target], [dense(source, target)])
    trace = traced(network, **{"in": [1] * events + [0] * (40 - events)})
    ledger = simulate(network, trace, 0, chip(spikes="list"), LAYER_MAJOR)
    assert ledger.total("dram_input_read_bytes") == -(-bits // 8)
    # Of a list the live entries are read, 6 bits each from words of 8; a bitmap whole.
    assert ledger.total("input_reads") == (events if bits < 40 else 40)
    assert ledger.total("input_buffer_read") == (-(-events * 6 // 8) if bits < 40 else 5)
    ledger = simulate(network, trace, 0, chip(), LAYER_MAJOR)
    assert (ledger.total("dram_input_read_bytes"), ledger.total("input_reads")) == (5, 40)


def test_lists_are_written_as_they_come() -> None:
    # 40 ReLUs would be bytes; 40 spikes with 2 events are 6 + 12 bits: 3 bytes, and a bitmap 5.
    source, spikes, out = (
        Population("in", (1,), "input"), Population("a", (40,), "lif"), Population("out", (1,), "readout"),
    )  # fmt: skip
    network = net([source, spikes, out], [dense(source, spikes), dense(spikes, out)])
    trace = traced(network, a=[1, 1] + [0] * 38)
    for stored, size in (("list", 3), ("bitmap", 5)):
        ledger = simulate(network, trace, 0, chip(spikes=stored), LAYER_MAJOR)
        assert ledger.total("dram_output_write_bytes") == size


def test_multispikes_take_the_bits_of_an_activation() -> None:
    source, out = Population("in", (1,), "input"), Population("out", (1,), "readout")
    spikes = Population("a", (3,), "lif", multispike=True)
    network = net([source, spikes, out], [dense(source, spikes), dense(spikes, out)])
    ledger = simulate(network, traced(network, a=[2, 0, 3]), 0, chip(), LAYER_MAJOR)
    assert ledger.total("dram_output_write_bytes") == 3
    assert (ledger.total("lif_spike"), ledger.total("mac")) == (2, 2)
