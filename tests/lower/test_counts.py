"""Operations, accesses and LIF cycles of a layer (docs/machine.md, P3, P4, L1, L2)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.cycle.reference.books import powers_of_two
from hwsim.hardware import Hardware
from hwsim.lower.counts import leak_action
from hwsim.lower.lowering import Lowering
from hwsim.lower.schedule import ACTION
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from tests.examples import all_silent, chip
from tests.lower.building import all_live, chain, checked, columns, lowered, pointwise


def count(network: Network, hardware: Hardware, *actions: str, **mapping: Any) -> tuple[int, ...]:
    """Counts of the first layer if every neuron fires."""
    program = lowered(network, hardware, Mapping(**mapping))
    return tuple(int(program.counts[0, ACTION[action]]) for action in actions)


def with_neuron(network: Network, **fields: Any) -> Network:
    first, second, *rest = network.populations
    return replace(network, populations=(first, replace(second, **fields), *rest))


def test_lif_units_take_the_outputs_of_a_fold_at_every_step() -> None:
    # L1: 2 x 4 outputs on 3 units: 3 cycles a step, 5 steps in passes of 2
    network = pointwise(1, 4, 2, timesteps=5)
    found = columns(network, chip(2, 4, units=3, window=2), None, "update", "serialization")
    assert found == [(6, 0), (6, 0), (3, 0)]


def test_units_at_the_edge_take_a_columns_width_a_cycle() -> None:
    # L1: 8 outputs, 100 units, 4 columns
    network = pointwise(1, 4, 2)
    assert columns(network, chip(2, 4, units=100), None, "update") == [(1,)]
    assert columns(network, chip(2, 4, units=100, placement="edge"), None, "update") == [(2,)]


def test_channel_groups_share_the_units_of_one() -> None:
    # L1: 8 outputs in 2 groups on 3 units: ceil(8/3) = 3 at once, 2 * ceil(8/6) = 4 one after the other
    network = pointwise(1, 4, 2, channel_groups=2)
    assert columns(network, chip(2, 4, units=3), None, "update", "serialization") == [(3, 1)]


@pytest.mark.parametrize(("groups", "units", "cycles"), [(1, 128, (1, 0)), (4, 32, (4, 0)), (4, 128, (1, 3))])
def test_each_channel_group_is_updated_on_all_units(groups: int, units: int, cycles: tuple[int, int]) -> None:
    # L1, as docs/hardware.md draws it: groups of 128 / g outputs, ceil(128 / (g * units)) cycles each
    network = pointwise(1, 128, 1, channel_groups=groups)
    assert columns(network, chip(1, 128, units=units), None, "update", "serialization") == [cycles]


def test_shortcuts_and_pools_take_the_lanes() -> None:
    # L1: 12 outputs on 5 lanes: 3 cycles for the identity; for the pool 2 x 2 windows of 3 outputs each
    populations = (
        Population("in", (3, 2, 2), "input"),
        Population("a", (3, 2, 2), "lif"),
        Population("p", (3, 1, 1), "relay"),
    )
    projections = (
        Projection("short", "in", "a", "identity"),
        Projection("pool", "a", "p", "avg_pool", kernel=(2, 2), stride=(2, 2), divisor=4.0),
    )
    network = checked(Network("n", populations, projections, "p", 1, "spikes"))
    assert columns(network, chip(4, 4, lanes=5), None, "laned", "update") == [(3, 1), (4, 0)]


@pytest.mark.parametrize(
    ("neuron", "shift", "add", "multiply"),
    [
        ({"decay": 1.0}, 0, 0, 0),
        ({"decay": 0.0}, 0, 0, 0),
        ({"decay": 0.25}, 1, 0, 0),
        ({"decay": 0.75}, 0, 1, 0),  # 1 - 1/4
        ({"decay": 0.625}, 0, 1, 0),  # 1/2 + 1/8
        ({"decay": 0.6875}, 0, 0, 1),  # 1011 in sixteenths: 1 - 1/4 - 1/16
        ({"decay": 1.6, "leak": "leak_divide"}, 0, 1, 0),  # 5/8
        ({"decay": 0.3}, 0, 0, 1),
        ({"decay": 0.5, "current_decay": 0.3}, 1, 0, 1),
        ({"decay": 0.5, "current_decay": 0.875}, 1, 1, 0),
        ({"decay": 1.0, "adaptation": 1.0, "adaptation_decay": 0.5}, 1, 0, 0),
        ({"decay": 0.3, "adaptation": 0.0, "adaptation_decay": 0.5}, 0, 0, 1),  # adds nothing that decays
        ({"decay": 4.0, "leak": "leak_divide"}, 1, 0, 0),
        ({"decay": 1.0, "leak": "leak_divide"}, 0, 0, 0),
        ({"decay": 3.0, "leak": "relax_divide"}, 0, 0, 1),
        ({"decay": 1.0, "leak": "relax"}, 1, 0, 0),
        ({"kind": "clif", "decay": 0.5, "current_decay": 0.3}, 1, 0, 2),
        ({"kind": "li", "decay": 0.5}, 1, 0, 0),
        ({"vectors": {"decay": np.array([0.5, 1.0, 0.0])}}, 1, 0, 0),
        ({"vectors": {"decay": np.array([0.5, 0.75, 0.0])}}, 0, 1, 0),
        ({"vectors": {"decay": np.array([0.5, 0.75, 0.3])}}, 0, 0, 1),
    ],
)
def test_each_leak_factor_is_a_shift_an_addition_or_a_multiplication(
    neuron: dict[str, Any], shift: int, add: int, multiply: int
) -> None:
    # L2: 3 neurons, 2 steps
    network = checked(with_neuron(chain(2, 3, timesteps=2), **neuron))
    found = count(network, chip(), "lif_update", "decay_shift", "decay_add", "decay_multiply")
    assert found == (6, 6 * shift, 6 * add, 6 * multiply)


@given(st.one_of(st.integers(0, 2**20), st.floats(0, 2, allow_subnormal=False)), st.integers(0, 40))
def test_a_leak_is_what_its_fewest_powers_of_two_make_it(number: float, fraction: int) -> None:
    """The kernel's rule by bits of the mantissa is the reference's, by a non-adjacent form."""
    factor = number / 2.0**fraction
    names = ("decay_shift", "decay_shift", "decay_add", "decay_multiply")
    assert leak_action(np.array([factor])) == names[min(powers_of_two(factor), 3)]


def test_the_last_bit_of_a_leak_counts_as_any_other() -> None:
    # L2: 1/2 + 2^-53 are two powers of two, 1/2 + 3 * 2^-53 = 1/2 + 2^-51 - 2^-53 are three
    assert leak_action(np.array([0.5 + 2.0**-53])) == "decay_add"
    assert leak_action(np.array([0.5 + 3 * 2.0**-53])) == "decay_multiply"


def test_biases_and_updates_count_for_every_sample_and_spikes_as_they_are() -> None:
    # L2: 3 neurons, 2 steps, 4 samples
    network = chain(2, 3, timesteps=2)
    biased = replace(network.projections[0], bias=np.ones(3, np.float32))
    network = replace(network, projections=(biased,))
    found = count(network, chip(), "bias_add", "lif_update", "lif_spike", "events_in", batch=4)
    assert found == (24, 24, 24, 16)


def test_events_that_come_too_late_are_not_delivered() -> None:
    # L2, W1: 2 spikes a step for 5 steps; the last 3 steps' arrive after the end
    network = chain(2, 3, timesteps=5)
    late = replace(network, projections=(replace(network.projections[0], delay=3),))
    assert count(late, chip(), "events_in", "ac", batch=2) == (2 * 4, 2 * 4 * 3)
    frames = replace(late, coding="frames")
    assert count(frames, chip(), "events_in", "mac") == (4, 12)


def test_late_events_are_not_merged_by_a_pool() -> None:
    # L2: 4 spikes a step in one window each, 2 of 3 steps in time
    populations = (Population("in", (1, 2, 2), "input"), Population("p", (1, 1, 1), "relay"))
    pool = Projection("pool", "in", "p", "max_pool", kernel=(2, 2), delay=1)
    network = checked(Network("n", populations, (pool,), "p", 3, "spikes"))
    assert count(network, chip(), "pool_or", "events_in", batch=2) == (16, 16)


def test_an_array_whose_weights_stay_reads_them_once_a_pass() -> None:
    # P4: K = 5 in tiles of 2, 2, 1, N = 3 on 2 columns, 2 M-folds, 2 steps: 5 * 3 * 4 weights; words of 8
    # bits: as many
    network = pointwise(5, 3, 4, timesteps=2)
    layers = {"a": LayerMapping(m_tile=2)}
    hardware = chip(2, 2, dataflow="ws", word=8)
    assert count(network, hardware, "weight_reads", "weight_buffer_read", layers=layers) == (60, 60)
    (silent,) = (
        Lowering(network, hardware.with_skip("event"), Mapping(layers=layers)).lower(
            all_silent(network), range(1)
        ),
    )
    assert silent.counts[0, ACTION["weight_reads"]] == 0
    assert silent.jobs.preload.sum() == silent.jobs.fill.sum() == 0


def test_outputs_that_stay_read_a_row_of_weights_for_every_streamed_input() -> None:
    # P4: L = 5 in each of 2 x 2 folds and 2 steps; 2 and 1 channels of 8 bits in words of 16: 1 and 1
    network = pointwise(5, 3, 4, timesteps=2)
    found = count(network, chip(2, 2, word=16), "weight_reads", "weight_buffer_read")
    assert found == (5 * 3 * 2 * 2, 5 * 2 * 2 * 2)


def test_inputs_are_scanned_row_by_row() -> None:
    # P4: 4 positions x 5 inputs x 2 steps in 2 N-folds; 5 spikes are one word
    network = pointwise(5, 3, 4, timesteps=2)
    found = count(network, chip(2, 2), "input_reads", "input_buffer_read")
    assert found == (4 * 5 * 2 * 2, 4 * 2 * 2)


def test_sparse_weights_are_read_with_their_bitmaps() -> None:
    # P4: 4 inputs, channels with 3 and 1 weights: 4 of 8 bits and bitmaps of 4: words of 16:
    # ceil(28/16) + ceil(12/16) = 3, of 8: ceil(28/8) + ceil(12/8) = 6; 8 bits of bitmap
    network = pointwise(4, 2, 1)
    kernel = np.zeros((2, 4, 1, 1), np.float32)
    kernel[0, :3] = kernel[1, 3] = 1
    network = replace(network, projections=(replace(network.projections[0], weights=kernel),))
    parts: dict[str, Any] = {"streams": "own", "fill": "broadcast", "weight_sparsity": True}
    names = ("weight_reads", "weight_buffer_read", "weight_index_reads", "ac")
    for word, words in ((16, 3), (8, 6)):
        assert count(network, chip(1, 2, "event", word=word, **parts), *names) == (4, words, 8, 4)


def test_a_dense_array_issues_every_operation_and_a_gated_one_the_live_ones() -> None:
    # P3: M = 4, N = 3, K = 5, 2 steps, 2 samples
    network = pointwise(5, 3, 4, timesteps=2)
    for skip, issued in (("dense", 2 * 4 * 3 * 5 * 2), ("gate", 0)):
        lowering = Lowering(network, chip(2, 2, skip), Mapping(batch=2))  # type: ignore[arg-type]
        program = lowering.lower(all_silent(network, 2), range(2))
        assert program.counts[0, ACTION["ac_issued"]] == issued
        assert program.counts[0, ACTION["ac"]] == 0


def test_occupied_pes_are_what_lies_on_the_array() -> None:
    # P4: os 2 x 3 outputs; with T on 3 columns ceil(3/1) steps of 2 channels; ws K x N; is K x M
    network = pointwise(5, 3, 2, timesteps=3)
    assert columns(network, chip(2, 3), None, "occupied") == [(6,)] * 3
    on_time = chip(2, 3, rows_hold="N", columns_hold="T")
    assert columns(network, on_time, None, "occupied") == [(6,), (3,)] * 2
    once = replace(network, timesteps=1)
    assert columns(once, chip(4, 3, dataflow="ws"), None, "occupied") == [(12,), (3,)]
    assert columns(once, chip(4, 3, dataflow="is"), None, "occupied") == [(8,), (2,)]


def test_a_mini_batch_does_the_work_of_its_samples() -> None:
    network = chain(3, 4, 2, timesteps=3)
    hardware, trace = chip(2, 2, "event"), all_live(network, 3)
    whole = Lowering(network, hardware, Mapping(batch=3)).lower(trace, range(3))
    alone = Lowering(network, hardware, Mapping())
    parts = [alone.lower(trace, range(s, s + 1)) for s in range(3)]
    for action in ("ac", "lif_update", "events_in", "output_writes", "weight_reads", "input_reads"):
        column = ACTION[action]
        assert whole.counts[:, column].tolist() == sum(p.counts[:, column] for p in parts).tolist()  # type: ignore[union-attr]
