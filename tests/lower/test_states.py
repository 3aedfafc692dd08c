"""Where states and held sums lie, and what moving them takes (docs/machine.md, M1 to M4, P6)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hwsim.hardware import Hardware
from hwsim.mapping import LayerMapping, Mapping
from hwsim.network import Network, Population, Projection
from tests.examples import chip, conv, dense
from tests.lower.building import chain, checked, moved, plans, pointwise


def counts(network: Network, hardware: Hardware, layer: str, mapping: Mapping | None = None) -> Any:
    """Counts of states, held sums and partial sums of one layer; absent ones are 0."""
    found = plans(network, hardware, mapping)[layer].counts
    return {name: number for name, number in found.items() if number}


def shared(timesteps: int = 3, **neuron: Any) -> Network:
    """l1, l2 and l3 of 4 neurons hand on one state."""
    return chain(4, 4, 4, 4, timesteps=timesteps, state_group="s", **neuron)


@pytest.mark.parametrize(
    ("neuron", "words"),
    [
        ({}, 1),
        ({"current_decay": 0.5}, 2),
        ({"adaptation": 0.5}, 2),
        ({"current_decay": 0.5, "adaptation": 0.5}, 3),
        ({"kind": "clif", "current_decay": 0.5}, 3),
        ({"kind": "li", "current_decay": 0.5}, 2),
    ],
)
def test_states_of_outputs_that_stay_lie_in_the_array(neuron: dict[str, Any], words: int) -> None:
    # M1, M3: 6 neurons, 5 steps, 2 samples: written every step, read every step but the first
    kind = neuron.pop("kind", "lif")
    network = pointwise(2, 3, 2, timesteps=5)
    population = replace(network.populations[1], kind=kind, **neuron)
    network = replace(network, populations=(network.input, population))
    found = counts(network, chip(2, 2), "a", Mapping(batch=2))
    assert found == {
        "membrane_register_write": 2 * 6 * 5 * words,
        "membrane_register_read": 2 * 6 * 4 * words,
    }


def test_interleaved_channel_groups_have_the_cells_of_one() -> None:
    # M3: 8 neurons of 2 groups share 4 cells: the second group reads what the first left, at step 0 too
    found = counts(pointwise(2, 8, 1, timesteps=3, channel_groups=2), chip(2, 8), "a")
    assert found == {"membrane_register_write": 24, "membrane_register_read": 24 - 4}


def test_states_lie_in_the_membrane_buffer_while_they_fit() -> None:
    # step_major, 2 samples: l1 takes 2 * 8 bytes of 21, l2 does not fit (24), l3 takes 4
    network = chain(2, 4, 6, 1, timesteps=3)
    mapping = Mapping(schedule="step_major", batch=2)
    found = plans(network, chip(2, 8, membrane=21), mapping)
    assert [found[name].place for name in ("l1", "l2", "l3")] == ["buffer", "dram", "buffer"]
    # a job's 4 states of 16 bits are one word of 64: written at 3 steps, read at 2, for each sample
    assert found["l1"].counts == {"membrane_buffer_write": 6, "membrane_buffer_read": 4}


def test_states_that_do_not_fit_move_at_every_step_but_the_first() -> None:
    # M3: 6 states of 16 bits in folds of 4 and 2 neurons, bursts of 8 bytes, 3 steps
    network, mapping = chain(2, 6, timesteps=3), Mapping(schedule="step_major")
    hardware = chip(1, 4, burst=8)
    assert moved(network, hardware, "load membrane", mapping) == [0, 0, 8, 8, 8, 8]
    assert moved(network, hardware, "store membrane", mapping) == [8, 8] * 3


def test_a_state_behind_a_layer_without_one_outlasts_its_turn_too() -> None:
    # M3: step_major: l1's 4 neurons take 8 bytes of 11, their average has no state, l2's 3 take 6 and do not
    # fit beside them
    populations = (
        Population("in", (1, 2, 2), "input"),
        Population("l1", (1, 2, 2), "lif"),
        Population("avg", (1, 1, 1), "relay"),
        Population("l2", (3,), "lif"),
    )
    projections = (
        conv("in", "l1", np.ones((1, 1, 1, 1), np.float32)),
        Projection("pool", "l1", "avg", "avg_pool", kernel=(2, 2), divisor=4.0),
        dense("avg", "l2", np.ones((3, 1), np.float32)),
    )
    network = checked(Network("n", populations, projections, "l2", 2, "spikes"))
    found = plans(network, chip(2, 2, membrane=11), Mapping(schedule="step_major"))
    assert [found[name].place for name in ("l1", "avg", "l2")] == ["buffer", None, "dram"]


def test_channel_groups_on_the_vector_lanes_start_in_the_first() -> None:
    # M3: 4 neurons in 2 groups behind an identity, 2 at once: states of 16 bits; at step 0 the second fold,
    # the second group, loads what the first has stored
    populations = (Population("in", (4,), "input"), Population("a", (4,), "lif", channel_groups=2))
    projections = (Projection("i", "in", "a", "identity"),)
    network = checked(Network("n", populations, projections, "a", 2, "spikes"))
    assert moved(network, chip(1, 2), "load membrane") == [0, 4, 4, 4]
    assert moved(network, chip(1, 2), "store membrane") == [4, 4, 4, 4]


def test_refractory_neurons_count_down_in_bits_of_their_own() -> None:
    # M1: bit_length(5) = 3: 4 * (16 + 3) bits are 10 bytes
    network = chain(2, 4, timesteps=2, refractory=5)
    assert moved(network, chip(1, 4), "store membrane", Mapping(schedule="step_major")) == [10, 10]


@pytest.mark.parametrize(("membrane", "place"), [(8, "buffer"), (7, "dram"), (None, "dram")])
def test_states_leave_an_array_whose_outputs_do_not_stay(membrane: int | None, place: str) -> None:
    # ws: a fold of 2 positions x 2 channels keeps 4 states of 16 bits over its passes
    network = pointwise(2, 2, 4, timesteps=5)
    mapping = Mapping(layers={"a": LayerMapping(m_tile=2)})
    hardware = chip(2, 2, dataflow="ws", window=2, membrane=membrane)
    assert plans(network, hardware, mapping)["a"].place == place
    if place == "buffer":
        # one word a fold and step: 2 folds, 5 steps; read but at step 0
        found = {"membrane_buffer_write": 10, "membrane_buffer_read": 8}
        assert counts(network, hardware, "a", mapping) == found
    else:
        # passes of 2, 2 and 1 steps
        assert moved(network, hardware, "load membrane", mapping) == [0, 8, 8] * 2
        assert moved(network, hardware, "store membrane", mapping) == [8, 8, 8] * 2


def test_a_handed_on_state_starts_only_in_its_first_layer() -> None:
    # M3: one state of 8 bytes for three layers; only l1 at step 0 reads nothing
    hardware = chip(1, 4, membrane=8)
    found = plans(shared(), hardware)
    assert {plan.place for plan in found.values()} == {"buffer"}
    assert [found[name].counts["membrane_buffer_read"] for name in ("l1", "l2", "l3")] == [2, 3, 3]
    assert [found[name].counts["membrane_buffer_write"] for name in ("l1", "l2", "l3")] == [3, 3, 3]


def test_a_handed_on_state_without_room_moves_between_any_two_layers() -> None:
    for layer, loads in ((0, [0, 8, 8]), (1, [8, 8, 8]), (2, [8, 8, 8])):
        assert moved(shared(), chip(1, 4), "load membrane", layer=layer) == loads
        assert moved(shared(), chip(1, 4), "store membrane", layer=layer) == [8, 8, 8]


def test_a_state_that_fits_alone_visits_the_buffer_once_a_step() -> None:
    # M3: 2 samples of 8 bytes do not fit 8: l1 loads it, l3 stores it, words are counted as in the buffer
    hardware, inner = chip(1, 4, membrane=8), Mapping(schedule="step_major", batch=2)
    assert {plan.place for plan in plans(shared(timesteps=2), hardware, inner).values()} == {"dram"}
    mapping = inner.model_copy(update={"sample_loop": "outer"})
    found = plans(shared(timesteps=2), hardware, mapping)
    assert {plan.place for plan in found.values()} == {"visit"}
    loads = [moved(shared(timesteps=2), hardware, "load membrane", mapping, layer) for layer in range(3)]
    stores = [moved(shared(timesteps=2), hardware, "store membrane", mapping, layer) for layer in range(3)]
    assert loads == [[0, 0, 8, 8], [0] * 4, [0] * 4]
    assert stores == [[0] * 4, [0] * 4, [8] * 4]
    assert found["l2"].counts == {"membrane_buffer_write": 4, "membrane_buffer_read": 4}


def test_channel_groups_one_after_the_other_start_in_the_first() -> None:
    # M2, M3: 4 channels in 2 groups on 1 column do not interleave: folds of channels 0 and 1 start at step 0
    network = pointwise(2, 4, 1, timesteps=2, channel_groups=2)
    found = moved(network, chip(1, 1), "load membrane")
    assert found == [0, 0, 2, 2, 2, 2, 2, 2]


def test_each_stepwise_component_has_the_membrane_buffer_to_itself() -> None:
    # two loops of 8 bytes of state each, one after the other, in a buffer of 8
    populations = (
        Population("in", (4,), "input"), Population("l1", (4,), "lif"), Population("l2", (4,), "lif"),
    )  # fmt: skip
    ones = np.ones((4, 4), np.float32)
    projections = (
        dense("in", "l1", ones),
        dense("l1", "l2", ones),
        replace(dense("l1", "l1", ones), name="b1", delay=1),
        replace(dense("l2", "l2", ones), name="b2", delay=1),
    )
    network = checked(Network("n", populations, projections, "l2", 2, "spikes"))
    found = plans(network, chip(1, 4, membrane=8))
    assert [found[name].place for name in ("l1", "l2")] == ["buffer", "buffer"]


def test_held_sums_stay_in_the_array_or_go_to_dram() -> None:
    # M4: 6 sums of 16 bits in folds of 4 and 2, held for 3 steps
    network = chain(2, 6, timesteps=3, coding="frames")
    found = counts(network, chip(1, 4), "l1")
    assert (found["hold_register_write"], found["hold_register_read"]) == (6, 12)
    for mapping, hardware in (
        (Mapping(schedule="step_major"), chip(1, 4)),
        (Mapping(layers={"l1": LayerMapping(m_tile=1)}), chip(2, 4, dataflow="ws")),
    ):
        step_major = mapping.schedule == "step_major"
        stores = [8, 4, 0, 0, 0, 0] if step_major else [8, 0, 0, 4, 0, 0]
        loads = [0, 0, 8, 4, 8, 4] if step_major else [0, 8, 8, 0, 4, 4]
        assert moved(network, hardware, "store hold", mapping) == stores
        assert moved(network, hardware, "load hold", mapping) == loads


def spilling(window: int = 1, coding: Any = "spikes") -> Network:
    """K = 5 in tiles of 2, 2, 1 on 2 rows: N = 2, M = 3, 3 steps."""
    return pointwise(5, 2, 3, timesteps=3, coding=coding)


def test_partial_sums_go_from_k_tile_to_k_tile_through_dram() -> None:
    # P6: 6 sums of 16 bits of 2 steps, then of 1: 24 and 12 bytes
    hardware = chip(2, 2, dataflow="ws", window=2)
    mapping = Mapping(layers={"a": LayerMapping(m_tile=3)})
    assert moved(spilling(), hardware, "store spill", mapping) == [24, 24, 0, 12, 12, 0]
    assert moved(spilling(), hardware, "load spill", mapping) == [0, 24, 24, 0, 12, 12]


@pytest.mark.parametrize(("room", "buffered"), [(24, True), (23, False)])
def test_partial_sums_have_a_buffer_of_their_own_if_a_pass_fits(room: int, buffered: bool) -> None:
    # P6: 24 bytes of a pass of 2 steps: 3 words and, of 1 step, 2; every tile writes, all but one read
    hardware = chip(2, 2, dataflow="ws", window=2, partial_sum=room)
    mapping = Mapping(layers={"a": LayerMapping(m_tile=3)})
    found = counts(spilling(), hardware, "a", mapping)
    words = (found.get("partial_sum_buffer_write", 0), found.get("partial_sum_buffer_read", 0))
    assert words == ((15, 10) if buffered else (0, 0))
    assert any(moved(spilling(), hardware, "store spill", mapping)) == (not buffered)


def test_a_held_layer_has_the_partial_sums_of_one_step() -> None:
    # W5: of passes of 2 and 1 steps, 6 sums of the first
    hardware = chip(2, 2, dataflow="ws", window=2)
    mapping = Mapping(layers={"a": LayerMapping(m_tile=3)})
    assert moved(spilling(coding="frames"), hardware, "store spill", mapping) == [12, 12, 0, 0, 0, 0]


def test_held_sums_of_a_fold_wait_in_the_partial_sum_buffer() -> None:
    # M4: ws, 3 steps; 2 N-folds of 3 positions of 1 channel, 16 bits: 6 bytes, a word of 64 bits; written
    # once and read twice for each fold. 5 bytes hold none: 6 are stored and loaded.
    network = pointwise(2, 2, 3, timesteps=3, coding="frames")
    mapping = Mapping(layers={"a": LayerMapping(fold_order="m_outer", m_tile=3)})
    for room, stored, words in ((6, [0] * 6, {"write": 2, "read": 4}), (5, [6, 0, 0] * 2, {})):
        hardware = chip(2, 1, dataflow="ws", partial_sum=room, membrane=100)
        assert moved(network, hardware, "store hold", mapping) == stored
        found = counts(network, hardware, "a", mapping)
        expected = {f"partial_sum_buffer_{direction}": number for direction, number in words.items()}
        assert {name: n for name, n in found.items() if "partial" in name} == expected
    # step by step the sums of all folds would have to stay
    stepwise = mapping.model_copy(update={"schedule": "step_major"})
    hardware = chip(2, 1, dataflow="ws", partial_sum=100, membrane=100)
    assert sum(moved(network, hardware, "store hold", stepwise)) == 12


def test_held_sums_of_k_tiles_are_written_as_their_partial_sums() -> None:
    # P6, M4: K = 5 in 3 tiles, 2 N-folds of 3 sums of 16 bits, a word of 64, at the first of 3 steps: each
    # tile writes, all but the first read; two steps more read the word of each fold
    mapping = Mapping(layers={"a": LayerMapping(m_tile=3)})
    hardware = chip(2, 1, dataflow="ws", partial_sum=100, membrane=100)
    found = counts(spilling(coding="frames"), hardware, "a", mapping)
    words = {name: n for name, n in found.items() if "partial" in name}
    assert words == {"partial_sum_buffer_write": 2 * 3, "partial_sum_buffer_read": 2 * 2 + 2 * 2}


def test_outputs_that_stay_have_no_partial_sums_to_move() -> None:
    network = pointwise(5, 2, 3)
    assert moved(network, chip(2, 2, weight=4, double=False), "store spill") == [0] * 6
