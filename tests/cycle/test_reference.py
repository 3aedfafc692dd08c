"""The SimPy reference against docs/machine.md, by numbers worked out by hand in the comments."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from hwsim.cycle.reference.array import Operands, PEArray
from hwsim.cycle.reference.chip import Sums, simulate
from hwsim.cycle.reference.jobs import Job, plan
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import Ledger
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from tests.random_cases import Case, cases, draw_case, is_legal

some_cases = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)

LAYER_MAJOR, STEP_MAJOR = Mapping(schedule="layer_major"), Mapping(schedule="step_major")


def chip(
    rows: int = 1,
    columns: int = 1,
    skip: str = "gate",
    *,
    banks: int = 2,
    units: int = 1,
    lanes: int = 1,
    double: bool = True,
    weight: int = 4096,
    inputs: int = 4096,
    output: int = 4096,
    membrane: int | None = None,
    bandwidth: int = 1,
    burst: int = 1,
    state_bits: int = 16,
) -> Hardware:
    """A chip with words and weights of 8 bits, sums of 16; DRAM moves ``bandwidth`` bytes per cycle."""

    def buffer(size: int) -> dict[str, int]:
        return {"capacity_bytes": size, "word_bits": 8}

    buffers = {"weight": buffer(weight), "input": buffer(inputs), "output": buffer(output)}
    return Hardware.model_validate(
        {
            "name": "test",
            "description": "",
            "clock_hz": 1,
            "node_nm": 28,
            "pe_array": {"rows": rows, "columns": columns, "skip": skip, "partial_sum_banks": banks},
            "lif": {"units": units, "vector_lanes": lanes},
            "precision": {
                "weight_bits": 8,
                "partial_sum_bits": 16,
                "state_bits": state_bits,
                "activation_bits": 8,
            },
            "buffers": buffers | {"membrane": membrane and buffer(membrane), "double_buffered": double},
            "dram": {"bandwidth_bytes_per_s": bandwidth, "burst_bytes": burst},
            "sources": {},
        }
    )


def conv(source: Population, target: Population, kernel: int = 1, **parts: Any) -> Projection:
    shape = (target.channels, source.channels // parts.get("groups", 1), kernel, kernel)
    weights = np.arange(1, np.prod(shape) + 1).reshape(shape).astype(np.int16)
    name = f"{source.name}>{target.name}"
    return Projection(name, source.name, target.name, "conv2d", weights, kernel=(kernel, kernel), **parts)


def dense(source: Population, target: Population) -> Projection:
    weights = np.ones((target.size, source.size), np.int8)
    return Projection(f"{source.name}>{target.name}", source.name, target.name, "dense", weights)


def net(
    populations: list[Population], projections: list[Projection], steps: int = 1, coding: Any = "spikes"
) -> Network:
    network = Network(
        "test",
        tuple(populations),
        tuple(projections),
        populations[-1].name,
        steps,
        coding,
        integer=True,
    )
    network.verify()
    return network


def traced(network: Network, **emitted: Any) -> EventTrace:
    """One sample; ``emitted`` (steps, neurons) by population, silence for the others."""
    events = {}
    for p in network.populations:
        if p.kind == "readout":
            continue
        steps = 1 if p.name in network.constant else network.timesteps
        values = np.zeros((1, steps, p.size), np.int32)
        values[0] = emitted.get(p.name, 0)
        events[p.name] = Events.from_dense(values, network.is_binary(p.name))
    outputs = np.zeros((1, network.timesteps, network.population[network.readout].size))
    trace = EventTrace(network.id, network.timesteps, events, outputs)
    trace.verify(network)
    return trace


def pair(inputs: int, outputs: int, steps: int = 1) -> Network:
    """Spikes into one fully connected LIF layer."""
    source, target = Population("in", (inputs,), "input"), Population("a", (outputs,), "lif")
    return net([source, target], [dense(source, target)], steps)


def spent(ledger: Ledger, unit: str) -> dict[str, int]:
    return {cause: cycles for cause, cycles in ledger.by_cause(unit).items() if cycles}


def jobs_of(network: Network, hardware: Hardware, mapping: Mapping) -> list[Job]:
    return plan(network, hardware, mapping)[1]


# --- the array -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("skip", "length", "issued"),
    # 3 channels on 1 x 2 positions; spikes of channel 0 at both positions, of channel 2 at the second:
    # k = 0 and k = 2 are live. dense issues 3 k on 2 x 2 PEs, gate and event 3 events x 2 channels.
    [("dense", 3, 12), ("gate", 3, 6), ("event", 2, 6)],
)
def test_a_fold_of_a_1x1_convolution_with_three_spikes(skip: str, length: int, issued: int) -> None:
    source, target = Population("in", (3, 1, 2), "input"), Population("a", (2, 1, 2), "lif")
    network = net([source, target], [conv(source, target)])
    trace = traced(network, **{"in": [1, 1, 0, 0, 0, 1]})
    sums: Sums = {}
    ledger = simulate(network, trace, 0, chip(2, 2, skip), LAYER_MAJOR, sums=sums)
    cycles = length + 2 + 2 - 2
    assert spent(ledger, "array")["stream"] == length
    assert spent(ledger, "array")["fill_drain"] == 2
    assert (ledger.total("ac"), ledger.total("ac_issued")) == (6, issued)
    assert (ledger.total("mac"), ledger.total("mac_issued")) == (0, 0)
    assert ledger.total("pe_cycles") == 4 * cycles
    # A weight of 8 bits is a word: two columns take two words. A row scans 3 bits: one word.
    assert (ledger.total("weight_reads"), ledger.total("weight_buffer_read")) == (2 * length, 2 * length)
    assert (ledger.total("input_reads"), ledger.total("input_buffer_read")) == (6, 2)
    # Weights 1 2 3 of channel 0 and 4 5 6 of channel 1.
    assert sums["a"].tolist() == [[[1, 1 + 3], [4, 4 + 6]]]


@pytest.mark.parametrize("length", [1, 2, 7])
@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (1, 4), (3, 1), (4, 5)])
def test_a_pass_takes_its_inputs_and_the_way_through_the_whole_array(
    length: int, rows: int, columns: int
) -> None:
    operands = Operands(np.ones((length, 1)), np.ones((length, 1)), np.zeros(length, bool))
    done = PEArray(rows, columns).run(operands, np.ones((length, 1), bool))
    assert (done.stream, done.cycles) == (length, length + rows + columns - 2)
    assert (done.pe_cycles, done.ac, done.sums.item()) == (done.cycles, length, length)


def test_a_pass_without_inputs_takes_no_cycle() -> None:
    operands = Operands(np.ones((0, 2)), np.ones((0, 3)), np.zeros(0, bool))
    assert PEArray(2, 3).run(operands, np.ones((0, 2), bool)).cycles == 0


def test_without_spikes_an_event_array_rests_but_loads_weights_and_scans_inputs() -> None:
    network = pair(3, 2, steps=2)
    ledger = simulate(network, traced(network), 0, chip(skip="event"), LAYER_MAJOR)
    assert {"stream", "fill_drain"}.isdisjoint(spent(ledger, "array"))
    assert ledger.total("pe_cycles", "weight_reads", "ac_issued") == 0
    assert ledger.total("dram_weight_read_bytes") == 6
    assert ledger.total("input_reads") == 2 * 2 * 3


def test_all_live_inputs_cost_an_event_array_what_they_cost_a_dense_one() -> None:
    source, target = Population("in", (2, 4, 3), "input"), Population("a", (3, 2, 1), "lif")
    network = net([source, target], [conv(source, target, 3)], steps=2)
    trace = traced(network, **{"in": np.ones((2, 24))})
    one, other = (simulate(network, trace, 0, chip(2, 2, skip), STEP_MAJOR) for skip in ("event", "dense"))
    assert one == other


def direct(p: Projection, network: Network, values: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Weighted sums (channels, positions) of one step by numpy, no folds and no tiles."""
    if p.kind == "dense":
        return (weights @ values)[:, None]
    padded = np.pad(
        values.reshape(network.population[p.source].shape), [(0, 0), *((n, n) for n in p.padding)]
    )
    windows = sliding_window_view(padded, p.kernel, axis=(1, 2))[:, :: p.stride[0], :: p.stride[1]]
    grouped = zip(np.split(windows, p.groups), np.split(weights, p.groups), strict=True)
    sums = [np.einsum("ihwyx,oiyx->ohw", window, kernels) for window, kernels in grouped]
    return np.concatenate(sums).reshape(len(weights), -1)


@some_cases
@given(cases().filter(is_legal))
def test_array_sums_and_useful_operations_equal_a_direct_convolution(case: Case) -> None:
    network, sums = case.network, Sums()
    ledger = simulate(*case.arguments, sums=sums)
    useful = {"ac": dict.fromkeys(sums, 0), "mac": dict.fromkeys(sums, 0)}
    assert set(sums) == {p.target for p in network.projections if p.has_weights}
    for name, found in sums.items():
        expected = np.zeros_like(found)
        for p in network.into(name):
            if not p.has_weights:
                continue
            assert p.weights is not None
            source = network.population[p.source]
            emitted = case.trace.events[p.source].dense(source.size)[case.sample].astype(np.float64)
            action = "ac" if network.is_binary(p.source) else "mac"
            for step in range(len(found)):
                values = emitted[step if len(emitted) > 1 else 0]
                expected[step] += direct(p, network, values, p.weights)
                reached = direct(p, network, values != 0, np.ones(p.weights.shape))
                useful[action][name] += int(reached.sum())
        np.testing.assert_array_equal(found, expected)
    for action, counts in useful.items():
        booked = dict(zip(ledger.layers, ledger.per_layer(action).tolist(), strict=True))
        assert {name: booked[name] for name in counts} == counts


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


def test_of_a_load_and_a_store_that_can_start_together_the_load_goes_first() -> None:
    # Step by step, states of 2 bytes in DRAM: jobs 0 and 1 as above, each stores 2 bytes; jobs 2 and 3
    # load 1 + 2 and 2 bytes and store 2. load 0-4, 4-7, 7-10; array 4-7, 7-10; lif 7-8, 10-11.
    # At 10 load 3 (ready at 10) and store 0 (ready at 8) meet: load 10-12, then store 12-14.
    # array 10-13, 13-16; lif 13-14, 16-17; stores 14-16, 16-18, 18-20.
    network = pair(3, 2, steps=2)
    ledger = simulate(network, traced(network), 0, chip(), STEP_MAJOR)
    assert spent(ledger, "array") == {"weight": 3, "input": 1, "stream": 12, "drain": 4}
    assert spent(ledger, "lif") == {"array": 7 + 2 + 2 + 2, "update": 4, "drain": 3}
    assert spent(ledger, "dma") == {"weight": 6, "input": 2, "membrane": 4, "store": 8}


def test_one_bank_of_sums_holds_the_array_and_one_output_slot_the_lif_units() -> None:
    # As before with P = 1 and Q = 1 (5 bytes of state, sum and activation per output).
    # load 0-4, 4-7, 7-10; array 4-7; lif 7-8; array 8-11 (1 cycle for its bank). At 10 only store 0
    # (8) is ready: 10-12; load 3 (11) 12-14. lif 1 waits for the slot from 11 to 12: 12-13; store 1 14-16.
    # array 2 waits for lif 1: 13-16 (2); lif 16-17, store 17-19. array 3 17-20 (1), lif 20-21, store 21-23.
    network = pair(3, 2, steps=2)
    ledger = simulate(network, traced(network), 0, chip(banks=1, output=5), STEP_MAJOR)
    assert spent(ledger, "array") == {
        "weight": 3, "input": 1, "partial_sum": 1 + 2 + 1, "stream": 12, "drain": 3,
    }  # fmt: skip
    assert spent(ledger, "lif") == {"array": 7 + 3 + 3 + 3, "output": 1, "update": 4, "drain": 2}
    assert spent(ledger, "dma") == {"weight": 6, "input": 2, "membrane": 4, "store": 8, "idle": 1 + 2}


def test_the_array_waits_for_a_store_in_front_of_its_load() -> None:
    # States of 8 bytes, one load buffer. load 0-4, array 4-7, load 7-10, lif 7-8, array 10-13.
    # store 0 10-18; load 2 (ready at 13, 1 + 8 bytes) and store 1 (ready at 18) meet at 18: load 18-27,
    # array 27-30, lif 30-31. store 1 27-35; load 3 (ready at 30) 35-43, array 43-46, lif 46-47.
    # store 2 43-51, store 3 51-59.
    network = pair(3, 2, steps=2)
    ledger = simulate(network, traced(network), 0, chip(double=False, state_bits=64), STEP_MAJOR)
    assert spent(ledger, "array") == {
        "weight": 6, "input": 2, "store": 5 + 5, "membrane": 16, "stream": 12, "drain": 13,
    }  # fmt: skip
    assert spent(ledger, "lif") == {"array": 7 + 5 + 16 + 15, "update": 4, "drain": 12}
    assert spent(ledger, "dma") == {"weight": 6, "input": 2, "membrane": 16, "store": 32, "idle": 3}


def test_fewer_lif_units_than_pes_serve_one_row_of_outputs_at_a_time() -> None:
    # 4 positions x 3 channels. 12 units for 12 PEs: 1 cycle; 8 units: min(C, 8) = 3 at once: 4 cycles;
    # 2 units: 6 cycles.
    source, target = Population("in", (1, 1, 4), "input"), Population("a", (3, 1, 4), "lif")
    network = net([source, target], [conv(source, target)])
    for units, cycles in ((12, 1), (8, 4), (2, 6)):
        ledger = simulate(network, traced(network), 0, chip(4, 3, units=units), LAYER_MAJOR)
        assert spent(ledger, "lif")["update"] == cycles


@some_cases
@given(cases().filter(is_legal))
def test_the_causes_of_every_unit_add_up_to_the_same_time(case: Case) -> None:
    simulate(*case.arguments).verify()


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
    mapping = Mapping(schedule="layer_major", direct_coding=direct_coding)
    sums: Sums = {}
    ledger = simulate(network, trace, 0, chip(2, 1), mapping, sums=sums)
    assert spent(ledger, "array")["stream"] == spent(ledger, "array")["fill_drain"] == passes
    assert ledger.total("mac") == ledger.total("mac_issued") == ledger.total("events_in") == 2 * passes
    assert (ledger.total("hold_register_write"), ledger.total("hold_register_read")) == in_registers
    assert (ledger.total("lif_update"), ledger.total("lif_spike")) == (6, 6)
    assert ledger.total("dram_input_read_bytes") == 2
    assert sums["a"].tolist() == [[[5, 7]]] * passes


@pytest.mark.parametrize(("direct_coding", "image", "hold"), [("once", 2, (4, 8)), ("each_step", 6, (0, 0))])
def test_step_by_step_held_sums_go_to_dram(direct_coding: Any, image: int, hold: tuple[int, int]) -> None:
    # Two sums of 16 bits: 4 bytes, stored at step 0 and loaded at steps 1 and 2.
    network, trace = image_net(3)
    mapping = Mapping(schedule="step_major", direct_coding=direct_coding)
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


def test_auto_takes_the_fold_order_that_reads_fewer_bytes() -> None:
    # 2 x 2 folds with tiles of K = 2 x 2 columns = 4 bytes; the buffer of 4 bytes holds one of the two.
    # M outside loads a tile per fold (16 bytes), N outside per N-fold (8).
    source, target = Population("in", (2, 1, 4), "input"), Population("a", (4, 1, 4), "lif")
    network = net([source, target], [conv(source, target)])
    hardware = chip(2, 2, weight=4, double=False)
    for order, weight_bytes in (("m_outer", 16), ("n_outer", 8), ("auto", 8)):
        mapping = Mapping(layers={"a": LayerMapping(fold_order=order)})
        ledger = simulate(network, traced(network), 0, hardware, mapping)
        assert ledger.total("dram_weight_read_bytes") == weight_bytes
        assert ledger.total("dram_input_read_bytes") == 1
    # On a tie (pinned weights are loaded once) M stays outside.
    jobs = jobs_of(network, chip(2, 2), Mapping())
    assert [(job.m, job.n) for job in jobs] == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_weights_that_do_not_fit_are_tiled_by_source_channels() -> None:
    # 3 channels x 2 columns of one byte each, 5 bytes for a job: 2 channels, then 1.
    source, target = Population("in", (3, 1, 1), "input"), Population("a", (2, 1, 1), "lif")
    network = net([source, target], [conv(source, target)], steps=2)
    jobs = jobs_of(network, chip(1, 2, weight=5, double=False), LAYER_MAJOR)
    assert [(job.step, job.k, job.loads["weight"]) for job in jobs] == [
        (0, 0, 4), (0, 1, 2), (1, 0, 4), (1, 1, 2),
    ]  # fmt: skip
    with pytest.raises(HwsimError, match=r"'a'.*take 2 bytes.*weight buffer offers 1 bytes"):
        plan(network, chip(1, 2, weight=2), LAYER_MAJOR)


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
        plan(plane_net(), chip(4, 1, inputs=11, double=False), LAYER_MAJOR)


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


def test_an_illegal_case_raises_nothing_but_an_hwsim_error() -> None:
    illegal = [case for case in map(draw_case, range(120)) if not is_legal(case)]
    assert illegal
    for case in illegal:
        with pytest.raises(HwsimError, match=r"layer 'p\d'.*buffer offers"):
            simulate(*case.arguments)


def test_a_seed_gives_the_same_case_again() -> None:
    one, other = draw_case(7), draw_case(7)
    assert one.network.id == other.network.id
    assert one.trace.id == other.trace.id
    assert repr(one) == repr(other)
