"""Every neuron variant, shared state and delay: against a dense emulation, and by hand."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hwsim.errors import HwsimError
from hwsim.execute import plan
from hwsim.execute.executor import encode, execute
from hwsim.network import Network, Population, Projection
from tests.execute.neurons import (
    INTEGRATOR,
    SETTINGS,
    agree,
    networks,
    neuron,
    single,
    spikes_of,
    two_layers,
    values_of,
)


@settings(max_examples=150, **SETTINGS)
@given(networks(), st.sampled_from([1, 3, 4]))
def test_executor_equals_the_dense_emulation(case: tuple[Network, Any], threads: int) -> None:
    with patch.object(plan, "threads", lambda: threads):  # 3: blocks of channels, 1: none
        agree(*case, only_if=assume)


@settings(max_examples=60, **SETTINGS)
@given(st.integers(0, 2**32 - 1), st.data())
def test_neurons_compute_in_single_precision(seed: int, data: Any) -> None:
    """With one synapse a neuron no sum is rounded, and any float32 numbers must agree to the last bit."""
    rng = np.random.default_rng(seed)
    fields = neuron(data.draw, False, False)
    draws = {n: float(rng.uniform(0.1, 1)) for n in ("threshold", "gain", "rest", "reset_value", "initial")}
    draws["decay"] = float(rng.uniform(1, 3)) if "divide" in fields["leak"] else float(rng.uniform(0, 1))
    for name in ("current_decay", "adaptation", "adaptation_decay"):
        if name in fields:
            draws[name] = float(rng.uniform(0, 1))
    drawn = fields | draws
    layer = Population("layer", (8, 1, 1), "lif", **drawn)
    if data.draw(st.integers(0, 3)) == 0:
        drawn = {n: drawn[n] for n in INTEGRATOR if n in drawn}
        layer = Population("layer", (8, 1, 1), "li", **drawn)
    weights = rng.normal(0.5, 1, (8, 1, 1, 1)).astype(np.float32)
    synapses = Projection("in", "input", "layer", "conv2d", weights, groups=8)
    network = Network(
        "any", (Population("input", (8, 1, 1), "input"), layer), (synapses,), "layer", 8, "spikes"
    )
    agree(network, (rng.random((2, 8, 8, 1, 1)) < 0.7).astype(int))


def test_layers_that_share_a_state_hand_it_on() -> None:
    """EfficientLIF-Net, cross-layer: U2 = .5 (U1 - O1) + W2 O1, and U1 of the next step starts from U2."""
    network = two_layers([[[1.75]], [[0.5]]], 1, "shared")
    # t = 0, input: U1 = 1.75, fires, .75 left; U2 = .375 + .5 = .875, silent
    # t = 1, input: U1 = .4375 + 1.75 = 2.1875, fires, 1.1875; U2 = .59375 + .5 = 1.09375, fires, .09375
    # t = 2, none:  U1 = .046875; U2 = .0234375
    assert spikes_of(network, [1, 1, 0]) == [[[1], [1], [0]], [[0], [1], [0]]]
    # alone: U2 = .5, then .25 + .5 = .75
    assert spikes_of(two_layers([[[1.75]], [[0.5]]], 1, ""), [1, 1, 0])[1] == [[0], [0], [0]]


def test_channel_groups_that_share_a_state_hand_it_on() -> None:
    """EfficientLIF-Net, cross-channel C#2: U(2) = .5 (U(1) - O(1)) + X(2), and U(1) goes on from U(2)."""
    matrix = [[0.75], [0.75]]
    # t = 0: U(1) = .75, silent; U(2) = .375 + .75 = 1.125, fires, .125 left
    # t = 1: U(1) = .0625 + .75 = .8125, silent; U(2) = .40625 + .75 = 1.15625, fires, .15625
    # t = 2: U(1) = .078125 + .75 = .828125, silent; U(2) = .4140625 + .75 = 1.1640625, fires
    assert spikes_of(two_layers([matrix], 2, ""), [1, 1, 1]) == [[[0, 1], [0, 1], [0, 1]]]
    # alone: .75; 1.125, fires, .125; .8125
    assert spikes_of(two_layers([matrix], 1, ""), [1, 1, 1]) == [[[0, 0], [1, 1], [0, 0]]]


def test_layers_and_channel_groups_share_one_state() -> None:
    """L + C#2: layer 1 group 1, group 2, layer 2 group 1, group 2, and at the next step the first again."""
    network = two_layers([[[0.75], [0.75]], [[0, 0.5], [1, 0.5]]], 2, "shared")
    # t = 0: .75; .375 + .75 = 1.125 fires, .125 | .0625 + .5 = .5625; .28125 + .5 = .78125
    # t = 1: .390625 + .75 = 1.140625 fires, .140625; .0703125 + .75 = .8203125
    #        | .41015625; .205078125 + 1 = 1.205078125 fires, .205078125
    # t = 2: .1025390625 + .75 = .8525390625; .42626953125 + .75 = 1.17626953125 fires, .17626953125
    #        | .088134765625 + .5 = .588134765625; .2940673828125 + .5 = .7940673828125
    assert spikes_of(network, [1, 1, 1]) == [[[0, 1], [1, 0], [0, 1]], [[0, 0], [0, 1], [0, 0]]]
    assert [p.state_words for p in network.populations] == [0, 1, 1]


def test_a_leaky_integrator_emits_its_membrane() -> None:
    """c = c / 2 + x: a synapse's exponential filter; with gain 4 and a second neuron that keeps all."""
    layer = Population("li", (2,), "li", gain=4.0, vectors={"decay": np.array([0.5, 1.0])})
    expected = [[4, 4], [2, 4], [5, 8], [2.5, 8]]
    assert values_of(single(layer, steps=4), [1, 0, 1, 0]) == expected
    assert layer.state_words == 2
    assert not single(layer).is_binary("li")


def test_a_leaky_integrator_with_a_current_is_a_second_order_filter() -> None:
    """u = u / 2 + x = 1, .5, .25; v = v / 4 + u = 1, .75, .4375."""
    layer = Population("li", (1,), "li", decay=0.25, current_decay=0.5)
    assert values_of(single(layer), [1, 0, 0]) == [[1], [0.75], [0.4375]]
    assert layer.state_words == 2


def test_a_leaky_integrator_relaxes_to_its_rest() -> None:
    """v = v - (v - 2) / 2: from 0 to 1, 1.5, and with the input of 1 once more to 2.75."""
    layer = Population("li", (1,), "li", leak="leak_divide", decay=2.0, rest=2.0)
    assert values_of(single(layer), [0, 0, 1]) == [[1], [1.5], [2.75]]


def test_a_leaky_integrator_at_zero_emits_no_event() -> None:
    """v = v + x with x = 1, then -1 through a delay of one step: 1, 0, 0."""
    network = single(Population("li", (1,), "li"))
    back = Projection("late", "input", "li", "dense", np.array([[-1]], np.float32), delay=1)
    network = replace(network, projections=(*network.projections, back))
    trace = execute(network, encode(network, np.array([1, 0, 0]).reshape(1, 3, 1)))
    assert trace.events["li"].counts().tolist() == [[1, 0, 0]]


def test_the_ann_counterpart_of_a_leaky_integrator_is_a_sum() -> None:
    ann = single(Population("li", (1,), "li", decay=0.5)).as_ann()
    assert [p.kind for p in ann.populations] == ["input", "relay"]
    ann.verify()


def test_membranes_start_where_the_population_says() -> None:
    """v = initial - (initial - rest) / 2 + x: -4 to -3 + 1; a second neuron from 2 to 0 + 1."""
    start = {"initial": np.array([-4.0, 2.0])}
    layer = Population("li", (2,), "li", leak="leak_divide", decay=2.0, rest=-2.0, vectors=start)
    assert values_of(single(layer, steps=2), [1, 0]) == [[-2, 1], [-2, -0.5]]
    spiking = replace(layer, name="lif", kind="lif", threshold=0.5, reset="value", reset_value=-2.0)
    assert spikes_of(single(spiking, steps=2), [1, 0]) == [[[0, 1], [0, 0]]]


def test_a_membrane_stays_at_or_above_its_floor() -> None:
    """-3 a step: held at -1, so that 2 in the third step is enough to reach 1."""
    layer = Population("lif", (1,), "lif", floor=-1.0)
    for floored, fires in ((layer, 1), (replace(layer, floor=None), 0)):
        network = replace(single(floored, steps=4), coding="series")
        assert spikes_of(network, [-3, -3, 2, 0]) == [[[0], [0], [fires], [0]]]


def test_a_membrane_in_millivolts_has_a_negative_threshold() -> None:
    """From -65 by 8 a step over -52: -57, -49 fires and goes to -62; -54, -46 fires."""
    layer = Population("lif", (1,), "lif", threshold=-52.0, reset="value", reset_value=-62.0, initial=-65.0)
    assert spikes_of(single(layer, 8.0, steps=4), [1, 1, 1, 1]) == [[[0], [1], [0], [1]]]


def test_of_all_that_cross_only_the_farthest_above_its_threshold_fires() -> None:
    """v - h = 1, 2, 2, silent: neuron 1 fires as the first of equals, and 0, 1, 2 are reset to -8."""
    layer = Population(
        "lif", (4,), "lif", reset="value", reset_value=-8.0, one_spike=True,
        vectors={"threshold": np.array([3.0, 2.0, 2.0, 5.0])},
    )  # fmt: skip
    # 4; then -4 three times and 8, 3 above its threshold; then 0 three times and -4
    assert spikes_of(single(layer, 4.0), [1, 1, 1]) == [[[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]]


def test_the_first_of_equals_is_the_lowest_neuron_number() -> None:
    """Neurons 1 (channel 0, position 1) and 2 (channel 1, position 0) are equal; positions do not decide."""
    populations = (
        Population("input", (2, 1, 2), "input"),
        Population("lif", (2, 1, 2), "lif", one_spike=True),
    )
    projection = Projection("in", "input", "lif", "identity")
    network = Network("tie", populations, (projection,), "lif", 1, "spikes")
    trace = execute(network, encode(network, np.array([0, 1, 1, 0]).reshape(1, 1, 2, 1, 2)))
    assert trace.events["lif"].index.tolist() == [1]


def test_all_that_cross_are_refractory_and_adapt_although_one_fires() -> None:
    """h = 1 + a. t0: both at 2, a = 2 each, neuron 0 fires. t1: refractory. t2: v = 0 + 2 < 3; t3: 4 >= 3."""
    layer = Population("lif", (2,), "lif", reset="zero", one_spike=True, refractory=1, adaptation=2.0)
    expected = [[1, 0], [0, 0], [0, 0], [1, 0]]
    assert spikes_of(single(layer, 2.0, steps=4), [1, 1, 1, 1]) == [expected]


def test_reset_to_zero_ignores_the_reset_value() -> None:
    """With current_decay 0 the neuron is not the plain one; v = 1, fires, 0; v = 1, fires again."""
    layer = Population("lif", (1,), "lif", reset="zero", reset_value=-5.0, current_decay=0.0)
    assert spikes_of(single(layer), [1, 1, 1]) == [[[1], [1], [1]]]


def test_a_delayed_reset_subtracts_the_threshold_that_was_crossed() -> None:
    """h = 1 + a. t0: v = 2 fires at h = 1, a = 1. t1: v = 4 - 1 = 3 fires at 2, a = 2. t2: 5 - 2 = 3 at 3."""
    layer = Population("lif", (1,), "lif", delayed_reset=True, adaptation=1.0)
    assert spikes_of(single(layer, 2.0), [1, 1, 1]) == [[[1], [1], [1]]]

    # With h of the later step: 4 - 2 = 2 fires at 2, then 4 - 3 = 1 would be silent.


def test_parameters_per_neuron_count_although_the_field_is_at_its_default() -> None:
    """Neuron 1 adapts by 2: fires at 1 (v = 1), then v = 1, 2 < 3. Neuron 0 fires at every step."""
    layer = Population("lif", (2,), "lif", vectors={"adaptation": np.array([0.0, 2.0])})
    assert spikes_of(single(layer), [1, 1, 1]) == [[[1, 1], [1, 0], [1, 0]]]
    assert layer.state_words == 4
    cuba = Population("lif", (2,), "lif", vectors={"current_decay": np.array([0.0, 1.0])}, threshold=2.0)
    # Neuron 1: u = 1, 2, 3: v = 1; 3, fires, 1; 4. Neuron 0: v = 1; 2, fires, 0; 1.
    assert spikes_of(single(cuba), [1, 1, 1]) == [[[0, 0], [1, 1], [0, 1]]]


def test_a_group_named_like_a_population_shares_nothing_with_it() -> None:
    network = two_layers([[[0.75]], [[0.5]], [[0.5]]], 1, "")
    first, *rest = network.populations[1:]
    rest = [replace(p, state_group="layer0") for p in rest]
    back = Projection("back", "layer2", "layer0", "identity", delay=1)
    network = replace(
        network, populations=(network.input, first, *rest), projections=(*network.projections, back)
    )
    agree(network, np.ones((2, 3, 1), int))


def test_refractory_neurons_take_no_input_and_do_not_fire() -> None:
    """v = 3 fires, 2 left: over the threshold, but refractory for a step; then 2 + 3 fires, 4 left."""
    layer = Population("lif", (1,), "lif", refractory=1)
    assert spikes_of(single(layer, 3.0), [1, 1, 1]) == [[[1], [0], [1]]]


def test_sums_of_a_shared_integer_state_are_bounded_over_all_its_uses() -> None:
    """2**28 a step and 4 steps is 2**30 for one neuron; four groups add 2**32 to the one state they share."""
    layer = Population("lif", (4,), "lif", threshold=2.0**29)
    execute(network := single(layer, 2**28, True, 4), encode(network, np.ones((1, 4, 1), int)))
    network = single(replace(layer, channel_groups=4), 2**28, True, 4)
    with pytest.raises(HwsimError, match="beyond int32"):
        execute(network, encode(network, np.ones((1, 4, 1), int)))
