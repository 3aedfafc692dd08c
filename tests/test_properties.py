"""What must hold for every network, trace, chip and mapping (docs/machine.md), on random cases."""

from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch.nn import functional

from hwsim.cost import load_table
from hwsim.cycle.run import run
from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.hardware import Hardware
from hwsim.ledger import ACTIONS, CAUSE_COLUMNS, DRAM_BYTES, Ledger
from hwsim.lower.lowering import Lowering
from hwsim.mapping import Mapping
from hwsim.memories import Dram
from hwsim.network import Network, Projection
from hwsim.pipeline import counterpart
from tests.examples import all_silent, chip, conv, simulate, small_network
from tests.random_cases import Case, cases, is_legal
from tests.random_networks import draw_network


def made_plain(case: Case) -> Case:
    """The case where outputs stay, with one stream for all rows, a step a pass, bitmaps, plain bandwidth."""
    hardware = case.hardware
    array = hardware.pe_array.model_copy(
        update={
            "dataflow": "os",
            "rows_hold": "M",
            "columns_hold": "N",
            "streams": "shared",
            "window": 1,
            "overlap": False,
            "weight_sparsity": False,
            "decode": None,
        }
    )
    buffers = hardware.buffers.model_copy(update={"spikes": "bitmap"})
    dram = Dram(bandwidth_bytes_per_s=hardware.dram.bandwidth, burst_bytes=hardware.dram.burst)
    changed = {"pe_array": array, "buffers": buffers, "dram": dram}
    return replace(case, hardware=hardware.model_copy(update=changed))


def punctual(case: Case) -> bool:
    """Whether no projection has a delay."""
    return all(p.delay == 0 for p in case.network.projections)


legal = cases().filter(is_legal)
plain = cases().filter(punctual).map(made_plain).filter(is_legal)
random_settings = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def ledger(case: Case, trace: EventTrace | None = None, hardware: Hardware | None = None) -> Ledger:
    hardware = hardware or case.hardware
    program = Lowering(case.network, hardware, case.mapping).lower(trace or case.trace, case.samples)
    program.verify()
    found = run(program, hardware)
    found.verify()
    return found


def column(found: Ledger, unit: str, *causes: str) -> Any:
    """Cycles per layer of one unit and some causes."""
    return found.cycles[:, [i for i, (u, c) in enumerate(CAUSE_COLUMNS) if u == unit and c in causes]].sum(1)


def with_more_spikes(case: Case, seed: int, share: float = 0.3) -> EventTrace:
    """The trace with events added to neurons that were silent."""
    rng = np.random.default_rng(seed)
    events = {}
    for name, e in case.trace.events.items():
        values = e.dense(case.network.population[name].size)
        added = (values == 0) & (rng.random(values.shape) < share)
        events[name] = Events.from_dense(np.where(added, 1, values).astype(values.dtype), e.payload is None)
    return replace(case.trace, events=events)


# --- work ----------------------------------------------------------------------------------------


def reached(case: Case, p: Projection, steps: int) -> int:
    """(event, output in bounds) pairs of all samples in the first steps: a convolution of ones by PyTorch."""
    source = case.network.population[p.source]
    events = case.trace.events[p.source].select(case.samples.start, case.samples.stop)
    live = events.dense(source.size)[:, :steps] != 0
    assert p.weights is not None
    sparse = case.hardware.pe_array.weight_sparsity
    ones = torch.from_numpy((p.weights != 0 if sparse else np.ones_like(p.weights)).astype(np.float64))
    flat = torch.from_numpy(live.astype(np.float64))
    if p.kind == "dense":
        return int((flat @ ones.T).sum())
    planes = flat.reshape(-1, *source.shape)
    return int(functional.conv2d(planes, ones, None, p.stride, p.padding, groups=p.groups).sum())


def is_held(network: Network, name: str, mapping: Mapping) -> bool:
    """W5: an array layer of several steps, all of whose weighted inputs are constant."""
    weighted = [p for p in network.into(name) if p.has_weights]
    constant = all(p.source in network.constant and not p.delay for p in weighted)
    several = name not in network.constant and network.timesteps > 1
    return bool(weighted) and constant and several and mapping.direct_coding == "once"


@random_settings
@given(legal)
def test_useful_operations_are_the_events_fan_out_in_bounds(case: Case) -> None:
    found = ledger(case)
    for i, name in enumerate(found.layers):
        expected = {True: 0, False: 0}
        for p in case.network.into(name):
            if p.has_weights:
                steps = 1 if name in case.network.constant else case.network.timesteps
                steps = 1 if is_held(case.network, name, case.mapping) else max(0, steps - p.delay)
                if p.source in case.network.constant:
                    count = reached(case, p, 1) * steps
                else:
                    count = reached(case, p, steps)
                expected[case.network.is_binary(p.source)] += count
        assert (found.per_layer("ac")[i], found.per_layer("mac")[i]) == (expected[True], expected[False])


@random_settings
@given(legal)
def test_spikes_and_events_are_those_of_the_trace(case: Case) -> None:
    found = ledger(case)
    for i, name in enumerate(found.layers):
        events = case.trace.events.get(name)
        count = 0 if events is None else int(events.counts()[case.samples.start : case.samples.stop].sum())
        assert found.per_layer("events_out")[i] == count
        assert found.per_layer("lif_spike")[i] == count * case.network.population[name].spikes


@random_settings
@given(legal)
def test_both_schedules_do_the_same_work(case: Case) -> None:
    same = (
        "ac",
        "mac",
        "lif_update",
        "lif_spike",
        "events_in",
        "events_out",
        "vector_add",
        "vector_mac",
        "pool_or",
    )
    found = []
    for schedule in ("layer_major", "step_major"):
        other = replace(case, mapping=case.mapping.model_copy(update={"schedule": schedule}))
        assume(is_legal(other))
        found.append([ledger(other).per_layer(action).tolist() for action in same])
    assert found[0] == found[1]


@random_settings
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 3))
def test_the_ann_counterpart_does_every_mac_in_bounds_once(seed: int, layers: int, timesteps: int) -> None:
    network = replace(draw_network(np.random.default_rng(seed), layers, timesteps), coding="frames")
    found = counterpart(network, chip(4, 4, weight=1 << 20, inputs=1 << 20, output=1 << 20), Mapping(),
                        load_table("snn_paper_fp32"))  # fmt: skip
    for i, name in enumerate(found.ledger.layers):
        assert found.ledger.per_layer("mac")[i] == dense_macs(network, name)
    assert found.ledger.total("ac") == 0


def dense_macs(network: Network, name: str) -> int:
    """In-bounds MACs of one step: PyTorch's convolution of ones with ones."""
    total = 0
    for p in network.into(name):
        if p.kind == "dense" and p.weights is not None:
            total += p.weights.size
        elif p.weights is not None:
            plane = torch.ones((1, *network.population[p.source].shape), dtype=torch.float64)
            ones = torch.ones(p.weights.shape, dtype=torch.float64)
            total += int(functional.conv2d(plane, ones, None, p.stride, p.padding, groups=p.groups).sum())
    return total


def test_the_counterpart_of_a_network_of_spikes_multiplies_too() -> None:
    # an ANN has no spikes, whatever the coding of the SNN's inputs
    network = small_network("spikes")
    small = chip(4, 4, weight=1 << 20, inputs=1 << 20, output=1 << 20)
    found = counterpart(network, small, Mapping(), load_table("snn_paper_fp32")).ledger
    assert found.per_layer("mac").tolist() == [dense_macs(network, n) for n in found.layers]


# --- modes ---------------------------------------------------------------------------------------


@random_settings
@given(plain)
def test_with_every_neuron_live_events_cost_what_dense_costs(case: Case) -> None:
    # without padding every streamed input is in bounds
    assume(all(p.padding == (0, 0) for p in case.network.projections))
    live = replace(case, trace=EventTrace.all_live(case.network), samples=range(1))
    event = ledger(live, hardware=case.hardware.with_skip("event"))
    dense = ledger(live, hardware=case.hardware.with_skip("dense"))
    assert not event.differences(dense)


@random_settings
@given(plain)
def test_without_a_spike_the_array_does_nothing_in_event_mode(case: Case) -> None:
    silent = replace(case, trace=all_silent(case.network), samples=range(1))
    found = ledger(silent, hardware=case.hardware.with_skip("event"))
    assert not column(found, "array", "stream", "fill_drain").any()
    assert found.total("ac_issued", "mac_issued", "pe_cycles", "weight_reads") == 0


@random_settings
@given(plain)
def test_events_never_stream_more_than_gating_and_gating_streams_all(case: Case) -> None:
    event, gate, dense = (
        ledger(case, hardware=case.hardware.with_skip(s)) for s in ("event", "gate", "dense")
    )
    for causes in (("stream",), ("fill_drain",)):
        assert (column(event, "array", *causes) <= column(gate, "array", *causes)).all()
        assert (column(gate, "array", *causes) == column(dense, "array", *causes)).all()


@random_settings
@given(plain)
def test_the_modes_do_the_same_useful_work(case: Case) -> None:
    useful = [
        [ledger(case, hardware=case.hardware.with_skip(s)).per_layer(a).tolist() for a in ("ac", "mac")]
        for s in ("dense", "gate", "event")
    ]
    assert useful[0] == useful[1] == useful[2]


@random_settings
@given(plain)
def test_gating_and_events_issue_nothing_useless(case: Case) -> None:
    for skip in ("gate", "event"):
        found = ledger(case, hardware=case.hardware.with_skip(skip))
        for kind in ("ac", "mac"):
            assert np.array_equal(found.per_layer(kind), found.per_layer(f"{kind}_issued"))


# --- time ----------------------------------------------------------------------------------------


@random_settings
@given(plain)
def test_no_chip_is_faster_than_its_pes_or_its_channel(case: Case) -> None:
    found = ledger(case)
    array, dram = case.hardware.pe_array, case.hardware.dram
    assert found.elapsed_cycles >= ceil(found.total("ac_issued", "mac_issued") / (array.rows * array.columns))
    moved = found.total(*DRAM_BYTES) * case.hardware.clock_hz
    assert found.elapsed_cycles >= ceil(moved / dram.bandwidth)


@random_settings
@given(plain)
def test_occupied_cycles_are_at_most_all_pes_in_all_array_cycles(case: Case) -> None:
    found = ledger(case)
    pes = case.hardware.pe_array.rows * case.hardware.pe_array.columns
    assert (found.per_layer("pe_cycles") <= pes * column(found, "array", "stream", "fill_drain")).all()


@random_settings
@given(plain)
def test_clock_and_bandwidth_scaled_together_change_no_cycle(case: Case) -> None:
    dram = case.hardware.dram
    faster = case.hardware.model_copy(
        update={
            "clock_hz": 7 * case.hardware.clock_hz,
            "dram": dram.model_copy(update={"bandwidth_bytes_per_s": 7 * dram.bandwidth}),
        }
    )
    assert not ledger(case).differences(ledger(case, hardware=faster))


@random_settings
@given(plain, st.integers(0, 2**32 - 1))
def test_more_spikes_never_shorten_a_stream_nor_lessen_the_work(case: Case, seed: int) -> None:
    hardware = case.hardware.with_skip("event")
    before, after = (ledger(case, t, hardware) for t in (case.trace, with_more_spikes(case, seed)))
    assert (column(before, "array", "stream") <= column(after, "array", "stream")).all()
    assert (column(before, "array", "fill_drain") <= column(after, "array", "fill_drain")).all()
    for action in ("ac_issued", "mac_issued", "weight_reads", "pe_cycles"):
        assert (before.per_layer(action) <= after.per_layer(action)).all()


# The DMA channel takes the transfer that can start first (S3), so that with loads and stores in
# play a later array may reorder them and end the run earlier. One layer that nobody reads stores
# nothing under layer_major: its transfers are in order, and nothing that is slowed down can end sooner.
lonely = cases(max_layers=1).filter(punctual).map(made_plain).filter(is_legal)


def in_order(case: Case) -> Case:
    mapping = case.mapping.model_copy(
        update={"schedule": "layer_major", "fold_order": "m_outer", "layers": {}}
    )
    changed = replace(case, mapping=mapping, hardware=case.hardware.with_skip("event"))
    assume(is_legal(changed))
    found = ledger(changed)
    assume(found.by_cause("dma")["store"] == 0)
    return changed


@random_settings
@given(lonely, st.integers(0, 2**32 - 1))
def test_more_spikes_never_end_a_layer_sooner(case: Case, seed: int) -> None:
    case = in_order(case)
    assert ledger(case).elapsed_cycles <= ledger(case, with_more_spikes(case, seed)).elapsed_cycles


@random_settings
@given(lonely, st.floats(1.01, 20.0))
def test_less_bandwidth_never_ends_a_layer_sooner(case: Case, factor: float) -> None:
    case = in_order(case)
    narrow = max(1, int(case.hardware.dram.bandwidth / factor))
    dram = case.hardware.dram.model_copy(update={"bandwidth_bytes_per_s": narrow})
    slower = case.hardware.model_copy(update={"dram": dram})
    assert ledger(case).elapsed_cycles <= ledger(case, hardware=slower).elapsed_cycles


@random_settings
@given(
    lonely, st.sampled_from([("pe_array", "partial_sum_banks"), ("lif", "units"), ("lif", "vector_lanes")])
)
def test_fewer_banks_units_or_lanes_never_end_a_layer_sooner(case: Case, part: tuple[str, str]) -> None:
    case = in_order(case)
    group, name = part
    now = getattr(getattr(case.hardware, group), name)
    assume(now > 1)
    fewer = getattr(case.hardware, group).model_copy(update={name: now - 1})
    slower = case.hardware.model_copy(update={group: fewer})
    assert ledger(case).elapsed_cycles <= ledger(case, hardware=slower).elapsed_cycles


# --- series --------------------------------------------------------------------------------------


def one_by_one(case: Case) -> Case:
    """The case in mini-batches of one sample."""
    changed = replace(case, mapping=case.mapping.model_copy(update={"batch": 1}), samples=range(1))
    assume(is_legal(changed))
    return changed


@random_settings
@given(legal)
def test_samples_add_up_in_series_whatever_their_order(case: Case) -> None:
    case = one_by_one(case)
    samples = case.trace.samples
    ledgers = simulate(case.network, case.trace, case.hardware, case.mapping)
    assert len(ledgers) == samples
    turned = EventTrace.join([case.trace.select(i, i + 1) for i in reversed(range(samples))])
    backwards = simulate(case.network, turned, case.hardware, case.mapping)
    assert [e.id for e in backwards] == [e.id for e in reversed(ledgers)]
    total = sum(ledgers[1:], start=ledgers[0])
    total.verify()
    assert total.elapsed_cycles == sum(e.elapsed_cycles for e in ledgers)
    assert total == sum(backwards[1:], start=backwards[0])
    for action in ACTIONS:
        assert total.total(action) == sum(e.total(action) for e in ledgers)


@random_settings
@given(legal)
def test_a_sample_alone_costs_what_it_costs_among_others(case: Case) -> None:
    case = one_by_one(case)
    among = simulate(case.network, case.trace, case.hardware, case.mapping)[0]
    alone = case.trace.select(0, 1)
    assert simulate(case.network, alone, case.hardware, case.mapping) == (among,)


# --- symmetries ----------------------------------------------------------------------------------


def test_permuted_channels_with_their_weights_change_no_count() -> None:
    # channels of the input, with the events and the weights that belong to them
    network = small_network()
    rng = np.random.default_rng(0)
    events = {p.name: (rng.random((2, 3, p.size)) < 0.4).astype(np.float32) for p in network.populations[:3]}
    first = network.projections[0]
    assert first.weights is not None
    swapped = replace(first, weights=np.ascontiguousarray(first.weights[:, ::-1]))
    other = replace(network, projections=(swapped, *network.projections[1:]))
    turned = events | {"in": events["in"].reshape(2, 3, 2, 16)[:, :, ::-1].reshape(2, 3, 32)}
    found = []
    for chosen, values in ((network, events), (other, turned)):
        made = {name: Events.from_dense(v, True) for name, v in values.items()}
        trace = EventTrace(chosen.id, 3, made, np.zeros((2, 3, 5), np.float32))
        trace.verify(chosen)
        found.append(simulate(chosen, trace, chip(2, 2, "event")))
    assert found[0] == found[1]


@pytest.mark.parametrize("skip", ["dense", "gate", "event"])
def test_weights_themselves_cost_nothing(skip: Any) -> None:
    # other weights, the same events: the same ledger
    network = small_network()
    zeros = tuple(
        p if p.weights is None else replace(p, weights=np.zeros_like(p.weights)) for p in network.projections
    )
    other = replace(network, projections=zeros)
    trace = EventTrace.all_live(network)
    hardware = chip(2, 2, skip)
    again = replace(trace, network_id=other.id)
    assert simulate(network, trace, hardware) == simulate(other, again, hardware)


def test_an_empty_convolution_window_is_never_streamed_by_events() -> None:
    # a 1x1 convolution with padding 1: the outermost outputs see nothing, in dense they cost all the same
    populations = small_network().populations[:1]
    target = replace(small_network().populations[1], shape=(3, 6, 6), name="a")
    weights = np.ones((3, 2, 1, 1), np.float32)
    network = Network(
        "n", (*populations, target), (conv("in", "a", weights, padding=(1, 1)),), "a", 1, "spikes"
    )
    network.verify()
    trace = EventTrace.all_live(network)
    (event,) = simulate(network, trace, chip(6, 3, "event"))
    (dense,) = simulate(network, trace, chip(6, 3, "dense"))
    # 6 folds of one output row; the first and the last see padding alone; K = 2
    assert event.by_cause("array")["stream"] == 4 * 2
    assert dense.by_cause("array")["stream"] == 6 * 2
    assert event.total("ac") == dense.total("ac") == 16 * 2 * 3


@random_settings
@given(cases())
def test_an_illegal_mapping_is_an_hwsim_error_and_nothing_else(case: Case) -> None:
    try:
        ledger(case)
    except HwsimError as error:
        assert not is_legal(case)
        assert "layer" in str(error)  # noqa: PT017
    else:
        assert is_legal(case)


@random_settings
@given(
    cases(), st.sampled_from(("weight", "input", "output", "partial_sum")), st.sampled_from((1.3, 2.0, 7.0))
)
def test_a_larger_buffer_is_never_illegal_and_never_raises_the_least_dram_bytes(
    case: Case, name: str, factor: float
) -> None:
    # C1: with every order and tile left open
    buffers = case.hardware.buffers
    buffer = getattr(buffers, name)
    assume(buffer is not None)
    larger = buffer.model_copy(update={"capacity_bytes": ceil(buffer.capacity_bytes * factor)})
    hardware = case.hardware.model_copy(update={"buffers": buffers.model_copy(update={name: larger})})
    mapping = case.mapping.model_copy(update={"objective": "dram_bytes", "fold_order": "auto", "layers": {}})
    try:
        before = least_bytes(case.network, case.hardware, mapping)
    except HwsimError:
        assume(False)
    after = least_bytes(case.network, hardware, mapping)
    assert set(after) == set(before)
    assert all(after[layer] <= before[layer] for layer in before)


def least_bytes(network: Network, hardware: Hardware, mapping: Mapping) -> dict[str, int]:
    """The objective of every layer as it was chosen."""
    scheduled = Lowering(network, hardware, mapping).scheduled(mapping.batch)
    return {made.layer.name: made.moved_bytes for made in scheduled.plans}
