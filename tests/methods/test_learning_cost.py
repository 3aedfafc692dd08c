"""Counts of learning as actions and picojoules: by hand, conserved, and those of the simulated chip."""

import math
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hwsim.cost import load_table
from hwsim.errors import HwsimError
from hwsim.hardware import load_hardware
from hwsim.methods.learning_cost.actions import COMPONENT
from hwsim.methods.stdp.counts import Counts
from tests.methods.learning_costs import (
    EIGHT_BITS,
    INTEGERS,
    ONE_IMAGE,
    cost,
    prices,
    spec,
    tile,
)


def test_an_image_learned_costs_what_it_costs_by_hand() -> None:
    found = cost()
    assert found.by_component() == {
        # 7 additions of 16 bits at 2, 7 cycles of registers of 8 and 1 bits at 0.75
        "pe_array": 7 * 2.0 + 7 * 0.75,
        # 8 updates of a comparison and an addition of 8 bits, 8 leaks by a multiplication
        "lif_units": 8 * (0.5 + 1.0) + 8 * 3.0,
        # multiplications: 3 traces by a rate, 2 weights scaled, 2 thetas fade; additions: 3 changes, 2 for
        # the sum, 1 theta grows; as many comparisons; one division of 8 subtractions
        "learning_units": 7 * 3.0 + 6 * 1.0 + 6 * 0.5 + 8 * 1.0,
        # words read: 3 rows of inputs, 1 of inhibition, 3 by the rule, 2 * 2 by the normalization, and 8
        # (a burst) to store all; written: 3, 2, and 8 loaded
        "weight_buffer": (4 + 3 + 4 + 8) * 8.0 + (3 + 2 + 8) * 10.0,
        # 4 scans of a word of inputs and one of own spikes; 4 bursts and 3, of 8 words each
        "input_buffer": 8 * 8.0 + 7 * 8 * 10.0,
        # 4 words written, each read for the 8 words of its burst
        "output_buffer": 4 * 8 * 8.0 + 4 * 10.0,
        # 2 * 11 bits are a word: read 3 times, written 4; traces: cleared once, 4 set, 3 read and looked up;
        # theta: one grows, and the word of both fades, read and written each
        "membrane_buffer": (3 + 6 + 2) * 8.0 + (4 + 1 + 4 + 2) * 10.0,
        # bursts: 4 and 3 of spikes in, 4 out, weights in and out
        "dram": (7 + 4 + 2) * 64 * 0.5,
    }
    assert found.total_pj == sum(found.by_component().values())
    assert found.unpriced == ()


def test_an_answer_costs_neurons_synapses_spikes_and_the_loading_alone() -> None:
    learned, answered = cost(), cost(learns=False)
    assert set(answered.by_part()) == {"neurons", "synapses", "spikes", "loading"}
    assert answered.count("lif_update") == 8
    assert answered.count("weight_buffer_read") == 4
    assert answered.count("dram_weight_write_bytes") == 0
    parts = learned.by_part()
    assert all(answered.by_part()[part] == parts[part] for part in ("neurons", "synapses", "spikes"))


def test_floats_are_priced_by_rows_of_floats_and_their_words_are_of_32_bits() -> None:
    found = cost(of=spec({}))
    components = found.by_component()
    # additions of floats at 10, registers of 32 bits and of 1
    assert components["pe_array"] == 7 * 10.0 + 7 * 2.25
    # comparisons of floats are those of 32-bit integers
    assert components["lif_units"] == 8 * (1.5 + 10.0) + 8 * 20.0
    # the normalization saturates nothing, nor does the growth, its division subtracts 24 mantissas of 24 bits
    expected = (5 + 2) * 20.0 + 6 * 10.0 + 3 * 1.5 + 24 * 3.0
    assert components["learning_units"] == pytest.approx(expected, rel=1e-12)
    # 2 weights of 32 bits are a word, as are 2 of 8; a weight across the layout is one too
    assert found.count("weight_buffer_read", part="synapses") == 4


def test_floats_under_a_table_without_them_are_refused_by_name() -> None:
    with pytest.raises(HwsimError, match="no float_add, and this learning computes in float32"):
        cost(of=spec({}), by=prices(*INTEGERS))
    # the chip's own widths are integers
    assert cost(of=spec({}), by=prices(*INTEGERS), widths="chip").total_pj > 0


def test_weights_in_integers_and_membranes_in_floats_are_priced_each_as_what_they_are() -> None:
    found = cost(of=spec({"weights": EIGHT_BITS["weights"]})).by_component()
    assert found["pe_array"] == 7 * 10.0 + 7 * 0.75
    assert found["lif_units"] == 8 * (1.5 + 10.0) + 8 * 20.0


def test_weights_that_do_not_fit_lie_in_dram_and_move_in_bursts() -> None:
    # (2 + 2) * 2 bytes
    fits, found = cost(on=tile(weight=8)), cost(on=tile(weight=7))
    assert fits.count("dram_weight_read_bytes") == 64
    assert found.count("dram_weight_read_bytes", "dram_weight_write_bytes", part="loading") == 0
    # rows: 3 of inputs and 1 of inhibition, a burst each, which is 8 words in the buffer
    assert found.count("dram_weight_read_bytes", part="synapses") == 4 * 64
    assert found.count("weight_buffer_write", part="synapses") == 4 * 8
    assert found.count("weight_buffer_read") == 4
    # a burst a weight: 3 of the rule, 2 * 2 of the normalization
    assert found.count("dram_weight_read_bytes", part="rule") == 3 * 64
    assert found.count("dram_weight_write_bytes", part="rule") == 3 * 64
    assert found.count("dram_weight_read_bytes", part="normalization") == 4 * 64
    assert found.count("dram_weight_write_bytes", part="normalization") == 2 * 64


@pytest.mark.parametrize("pinned", [True, False])
def test_a_line_along_the_layout_is_moved_once_and_across_it_a_weight_at_a_time(pinned: bool) -> None:
    # 10 rows of which 4 weights each are depressed, 5 columns of 16 weights potentiated and normalized;
    # 16 inputs and 16 neurons in 8 bits: a line is 2 words, or a burst
    counts = replace(
        ONE_IMAGE, weight_writes=40 + 80, depressed_rows=10, depressed_weights=40, potentiated_neurons=5,
        norm_writes=80, norm_reads=160, input_spikes=7, input_operations=112, inhibition_operations=15,
    )  # fmt: skip
    on = tile(weight=512 if pinned else 511, inputs=4096)
    name, unit = ("weight_buffer_read", 2) if pinned else ("dram_weight_read_bytes", 64)
    each = 1 if pinned else 64
    of = spec(neurons=16)
    along = cost(counts, of=of, on=on, inputs=16, layout="input")
    assert along.count(name, part="rule") == 10 * unit + 80 * each
    assert along.count(name, part="normalization") == 2 * 80 * each
    across = cost(counts, of=of, on=on, inputs=16, layout="neuron")
    assert across.count(name, part="rule") == 40 * each + 5 * unit
    assert across.count(name, part="normalization") == 2 * 5 * unit
    # folds of two neurons: a row is 8 words; across, a weight is one
    if pinned:
        assert along.count(name, part="synapses") == 7 * 8 + 8
        assert across.count(name, part="synapses") == 7 * 16 + 8


def test_traces_that_decay_are_all_multiplied_and_moved_at_every_step() -> None:
    lazy, decay = cost(), cost(traces="decay")
    assert lazy.count("learning_multiply", part="traces") == 0
    assert decay.count("learning_multiply", part="traces") == 16
    # 4 traces of 8 bits are a word: cleared once, 4 set, and at each of 4 steps; 3 are read
    assert decay.count("membrane_buffer_write", part="traces") == 1 + 4 + 4
    assert decay.count("membrane_buffer_read", part="traces") == 3 + 4


def test_states_that_do_not_fit_are_in_dram_a_burst_each_time() -> None:
    # membranes take 3 bytes; 2 bytes of theta and 2 of four traces of 3 bits follow
    found = cost(on=tile(membrane=5))
    assert found.count("dram_membrane_read_bytes", "dram_membrane_write_bytes", part="neurons") == 0
    assert found.count("dram_membrane_write_bytes", part="theta") == 0
    assert found.count("dram_membrane_write_bytes", part="traces") == (1 + 4) * 64
    # the table of traces, 5 bytes, does not fit either: a trace read is two bursts
    assert found.count("dram_membrane_read_bytes", part="traces") == 2 * 3 * 64
    without = cost(on=tile(membrane=None))
    assert without.count("dram_membrane_read_bytes", part="neurons") == 3 * 64


def test_a_dram_with_commands_opens_a_row_for_each_request() -> None:
    sata = load_hardware("sata").model_dump()["dram"]
    found = cost(on=tile(weight=7, dram=sata), by=prices(*INTEGERS))
    requests = 7 + 4 + (4 + 3 + 3 + 4 + 2)
    assert found.count("dram_activates") == requests
    assert found.count("dram_reads", "dram_writes") == requests
    # DDR4-2400 of hwsim/tables/dram: activate and precharge 3.45 nJ, read 2.93 nJ, write 2.55 nJ with no IO
    assert found.by_component()["dram"] > requests * (3450 + 2550)


def test_the_soft_rule_multiplies_once_more_and_by_its_own_factor() -> None:
    tinysnn = replace(ONE_IMAGE, depressed_rows=0, depressed_weights=0, weight_writes=1, trace_reads=1)
    found = cost(tinysnn, of=spec(rule="tinysnn"))
    # rate * x, times (w_max - w), and k * rate once; w_max - w and the sum
    assert found.count("learning_multiply", part="rule") == 3
    assert found.count("learning_add", part="rule") == 2


def test_stochastic_rounding_draws_a_number_for_each_value_it_rounds() -> None:
    drawn = {name: form | {"rounding": "stochastic"} for name, form in EIGHT_BITS.items()}
    assert cost().count("random_number") == 0
    found = cost(of=spec(drawn))
    # membranes are rounded to the nearest at each step
    assert found.count("random_number", part="neurons") == 0
    assert found.count("random_number", part="rule") == 3
    assert found.count("random_number", part="normalization") == 2
    # one grows, two fade
    assert found.count("random_number", part="theta") == 3
    # two additions of 8 bits each
    assert found.total_pj == cost().total_pj + (3 + 2 + 3) * 2.0
    answered = cost(of=spec(drawn), learns=False)
    assert (answered.count("random_number"), answered.total_pj) == (0, cost(learns=False).total_pj)


NEURONS = {"rest": -65.0, "reset": -60.0, "threshold": -52.0, "refractory": 5}
LEAKS = ("decay_shift", "decay_add", "decay_multiply")


@pytest.mark.parametrize(
    ("divisor", "leak", "pj"),
    [
        # 1/d = 1/8; 3/8 = 1/4 + 1/8 by an addition of floats; 1/10
        (8, "decay_shift", 0.0),
        (8 / 3, "decay_add", 10.0),
        (10, "decay_multiply", 20.0),
    ],
)
def test_a_leak_of_floats_is_classified_by_one_over_d(divisor: float, leak: str, pj: float) -> None:
    neurons = NEURONS | {"decay": -math.log1p(-1 / divisor)}
    found = cost(of=spec({}, excitatory=neurons))
    assert {name: found.count(name) for name in LEAKS} == dict.fromkeys(LEAKS, 0) | {leak: 8}
    assert found.by_component()["lif_units"] == 8 * (1.5 + 10.0 + pj)


@pytest.mark.parametrize(
    ("kept", "leak", "pj"),
    [
        # 7/8 = 1 - 1/8 by an addition of 8 bits; 11/16 has three terms whichever the signs
        (1 / 2, "decay_shift", 0.0),
        (7 / 8, "decay_add", 1.0),
        (11 / 16, "decay_multiply", 3.0),
    ],
)
def test_a_leak_in_fixed_point_is_classified_by_the_factor_that_it_keeps(
    kept: float, leak: str, pj: float
) -> None:
    found = cost(of=spec(excitatory=NEURONS | {"decay": -math.log(kept)}))
    assert {name: found.count(name) for name in LEAKS} == dict.fromkeys(LEAKS, 0) | {leak: 8}
    assert found.by_component()["lif_units"] == 8 * (0.5 + 1.0 + pj)


def test_theta_fades_in_fixed_point_as_in_floats_without_a_comparison() -> None:
    once, still = cost(), cost(replace(ONE_IMAGE, theta_updates=1), of=spec(fading=0.0))
    assert (once.count("learning_multiply", part="theta"), once.count("learning_add", part="theta")) == (2, 1)
    assert once.count("learning_compare", part="theta") == 1
    # two products of 8 bits, and the word of both read and written
    assert once.by_part()["theta"] == still.by_part()["theta"] + 2 * 3.0 + 8.0 + 10.0


def test_no_images_learned_cost_nothing_not_even_the_loading() -> None:
    found = cost(Counts())
    assert (found.rows, found.total_pj, found.dram_bytes) == ((), 0.0, 0)


def test_an_inhibitory_layer_is_updated_relayed_to_and_sends_spikes() -> None:
    of = spec(model="tinysnn/baseline")
    counts = replace(ONE_IMAGE, inhibitory_updates=8, relay_operations=1, inhibitory_spikes=1)
    found = cost(counts, of=of, learns=False)
    assert found.count("lif_update") == 16
    assert found.count("ac_issued") == 8
    assert found.count("weight_buffer_read") == 5
    # two layers: bitmaps of 4 steps in, 3 steps of each layer, 4 steps of each layer out
    assert found.count("dram_input_read_bytes") == (4 + 3 + 3) * 64
    assert found.count("dram_output_write_bytes") == 8 * 64


def test_a_table_of_a_whole_chip_is_refused() -> None:
    with pytest.raises(HwsimError, match="synop_loihi' prices synaptic operations of a whole chip alone"):
        cost(by=load_table("synop_loihi"))


def test_what_a_table_has_no_number_for_is_told_as_unpriced() -> None:
    found = cost(by=prices(*(row for row in INTEGERS if row["item"] != "register")))
    assert found.unpriced == ("pe_cycles",)


def test_widths_beyond_a_table_name_the_width() -> None:
    narrow = prices(*(row for row in INTEGERS if row.get("bits", 8) < 16))
    with pytest.raises(
        HwsimError,
        match=r"ac_issued of 16 bits: .*partial_sum_bits = 16: table 'own' has 'add' for 8 to 8 bits.*"
        r"; horowitz45 prices integers of 8 to 32 bits",
    ):
        cost(by=narrow)


names = [field.name for field in fields(Counts) if field.name != "images"]
counted = st.builds(Counts, **{name: st.integers(0, 10**9) for name in names})
choices = st.fixed_dictionaries(
    {
        "learns": st.booleans(),
        "traces": st.sampled_from(["lazy", "decay"]),
        "layout": st.sampled_from(["input", "neuron"]),
        "on": st.builds(tile, membrane=st.sampled_from([None, 5, 1024]), weight=st.sampled_from([7, 1024])),
        "of": st.builds(
            spec,
            st.sampled_from([{}, EIGHT_BITS]),
            model=st.sampled_from(["tinysnn/lateral", "tinysnn/baseline"]),
        ),
    }
)


@given(counted, choices)
def test_rows_add_up_to_components_to_parts_and_to_the_total(counts: Counts, chosen: dict[str, Any]) -> None:
    # theta changes at least as often as all fade, and the weights lowered are some of those written
    counts = replace(
        counts, images=1, steps=counts.steps + 1, theta_updates=counts.theta_updates + 2,
        weight_writes=counts.weight_writes + counts.depressed_weights,
    )  # fmt: skip
    found = cost(counts, **chosen)
    total = found.total_pj
    assert math.isclose(sum(found.by_component().values()), total, rel_tol=1e-9)
    assert math.isclose(sum(found.by_part().values()), total, rel_tol=1e-9)
    assert all(row.action.count > 0 and row.energy_pj >= 0 for row in found.rows)
    assert all(row.action.component == COMPONENT[row.action.action] for row in found.rows)
    # what neurons and synapses do is the learner's counts, whatever the chip
    assert found.count("lif_update") == counts.excitatory_updates + counts.inhibitory_updates
    assert found.count("ac_issued") == counts.synaptic_operations


def test_twice_the_images_cost_twice_as_much_but_for_the_loading() -> None:
    once, twice = cost(), cost(ONE_IMAGE + ONE_IMAGE)
    loading = once.by_part()["loading"]
    assert twice.by_part()["loading"] == loading
    assert twice.total_pj - loading == 2 * (once.total_pj - loading)
