"""What the rules change of weights and thresholds, by hand (docs/stdp.md)."""

import math

import numpy as np
import pytest

from hwsim.methods.stdp.fixed import ROUNDINGS, fraction_bits, rounded
from hwsim.methods.stdp.layout import Grid
from hwsim.methods.stdp.plasticity import on_grid
from tests.methods.stdp_small import EVERY_STEP, learned, of_digits, two_neurons


def winners(weights: list[list[float]], **fields: object) -> list[int]:
    learner = two_neurons(weights, **fields)
    return learner.answer(np.full((1, len(weights)), 255, np.uint8), 0, 0)[1][0].tolist()


def test_a_neuron_that_fired_takes_no_input_for_its_refractory_steps() -> None:
    assert winners([[20.0, 0.0]], timesteps=13) == [0, -1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1, 0]


def test_of_neurons_that_cross_together_the_farthest_above_fires_and_all_are_reset() -> None:
    # 25 mV is farther above than 20 mV; both wait 5 steps and cross again at step 6
    assert winners([[20.0, 25.0]], timesteps=7, inhibition=0.0) == [1, -1, -1, -1, -1, -1, 1]
    learner = learned([[20.0, 25.0]], timesteps=1, growth=0.5, fading=0.0)
    assert learner.theta.tolist() == [0.5, 0.5]


def test_direct_inhibition_arrives_one_step_later_and_through_a_layer_two() -> None:
    # neuron 1 is at -58 after step 0 and at -65 + 7 * exp(-.01) + 7 = -51.07 after step 1, above -52; minus
    # 3 mV of inhibition it is not, and fires at step 2. A layer's inhibition comes at step 2, too late.
    inhibited = {"timesteps": 3, "inhibition": 3.0}
    assert winners([[20.0, 7.0]], model="tinysnn/lateral", **inhibited) == [0, -1, 1]
    assert winners([[20.0, 7.0]], model="tinysnn/baseline", **inhibited) == [0, 1, -1]


def test_pairwise_stdp_depresses_on_input_spikes_and_potentiates_on_output_spikes() -> None:
    rates = {"rule": "stdp", "pre_rate": 0.5, "post_rate": 0.25}
    # step 0: both traces are 1: 20 - 0.5 + 0.25
    assert learned([[20.0, 0.0]], timesteps=1, **rates).weights.tolist() == [[19.75, 0.0]]
    # step 1: the input spikes alone, the neuron's trace is exp(-0.05)
    after = learned([[20.0, 0.0]], timesteps=2, **rates).weights
    assert after[0, 0] == pytest.approx(19.75 - 0.5 * math.exp(-0.05), rel=1e-6)


def test_weights_stay_between_zero_and_w_max() -> None:
    up = learned([[20.0, 0.0]], timesteps=1, pre_rate=0.0, post_rate=7.0, w_max=24.0)
    down = learned([[20.0, 0.0]], timesteps=1, pre_rate=30.0, post_rate=0.0)
    assert (up.weights[0, 0], down.weights[0, 0]) == (24.0, 0.0)


def test_self_learning_stdp_waits_for_the_confident_spike() -> None:
    rule = {"rule": "sl_stdp", "confident": 2, "pre_rate": 0.5, "post_rate": 0.25}
    # spikes at steps 0 and 6
    assert learned([[20.0, 0.0]], timesteps=6, **rule).weights[0, 0] == 20.0
    assert learned([[20.0, 0.0]], timesteps=7, **rule).weights[0, 0] == 19.75


@pytest.mark.parametrize(("threshold_spikes", "k"), [(1, 2), (2, 1), (3, 1), (0, 1)])
def test_tinysnn_updates_once_an_update_step_by_k(threshold_spikes: int, k: int) -> None:
    rule = {"rule": "tinysnn", "post_rate": 0.01, "update_step": 7, "threshold_spikes": threshold_spikes}
    # two spikes until step 6: k = ceil(2 / N_th); w += k * 0.01 * 1 * (100 - 20)
    assert learned([[20.0, 0.0]], timesteps=6, **rule).weights[0, 0] == 20.0
    after = learned([[20.0, 0.0]], timesteps=7, **rule).weights
    assert after[0, 0] == pytest.approx(20 + k * 0.8, rel=1e-6)
    assert after[0, 1] == 0.0


def test_the_weights_into_a_neuron_that_learned_are_scaled_to_their_norm() -> None:
    after = learned([[12.0, 1.0], [12.0, 2.0]], timesteps=1, norm=78.4, pre_rate=0.0, post_rate=1.0)
    np.testing.assert_allclose(after.weights, [[39.2, 1.0], [39.2, 2.0]], rtol=1e-6)


def test_a_spike_raises_the_threshold_for_all_images_after_it_and_the_rise_fades() -> None:
    learner = learned([[20.0, 0.0]], timesteps=1, growth=14.0, fading=0.0)
    # the threshold is at -38 now, -45 no longer reaches it
    assert learner.theta.tolist() == [14.0, 0.0]
    assert learner.answer(EVERY_STEP, 0, 0)[1].tolist() == [[-1]]
    faded = learned([[20.0, 0.0]], timesteps=2, growth=14.0, fading=0.1)
    assert faded.theta[0] == pytest.approx(14 * math.exp(-0.2), rel=1e-6)


def test_answering_changes_nothing() -> None:
    learner = two_neurons([[20.0, 7.0]], timesteps=30, growth=1.0)
    learner.answer(EVERY_STEP, 0, 0)
    assert learner.weights.tolist() == [[20.0, 7.0]]
    assert learner.theta.tolist() == [0.0, 0.0]


def test_counts_of_direct_inhibition_are_those_by_hand() -> None:
    learner = two_neurons([[20.0, 0.0]], timesteps=13, norm=20.0, pre_rate=1e-4)
    _, counts = learner.learn(EVERY_STEP, 0, 0)
    assert (counts.images, counts.steps, counts.input_spikes, counts.excitatory_spikes) == (1, 13, 13, 3)
    assert (counts.excitatory_updates, counts.inhibitory_updates) == (26, 0)
    # the spikes of steps 0 and 6 inhibit the other neuron, that of step 12 comes too late
    assert (counts.input_operations, counts.relay_operations, counts.inhibition_operations) == (26, 0, 2)
    # one weight depressed at each of 13 steps, and potentiated at the three spikes
    assert (counts.weight_reads, counts.weight_writes) == (16, 16)
    assert (counts.depressed_rows, counts.depressed_weights, counts.potentiated_neurons) == (13, 13, 3)
    assert (counts.trace_writes, counts.trace_reads, counts.trace_decays) == (13 + 3, 16, 13 + 26)
    # one column of one weight: read for the sum, read and written to be scaled
    assert (counts.norm_reads, counts.norm_writes) == (2, 1)
    # three growths, then both thetas fade
    assert counts.theta_updates == 5
    assert counts.lif_updates == 26
    assert counts.synaptic_operations == 28


def test_counts_of_an_inhibitory_layer_are_those_by_hand() -> None:
    learner = two_neurons([[20.0, 0.0]], timesteps=13, model="tinysnn/baseline")
    _, _, counts = learner.answer(EVERY_STEP, 0, 0)
    # spikes at 0, 6, 12; relayed at 1 and 7, which inhibit at 2 and 8
    assert (counts.excitatory_spikes, counts.inhibitory_spikes) == (3, 2)
    assert (counts.input_operations, counts.relay_operations, counts.inhibition_operations) == (26, 2, 2)
    assert (counts.excitatory_updates, counts.inhibitory_updates) == (26, 26)
    assert (counts.weight_writes, counts.trace_writes, counts.theta_updates) == (0, 0, 0)


@pytest.mark.parametrize(
    ("rounding", "value", "expected"),
    [
        # steps of 1/4, from -2 to 1.75
        ("truncate", 0.74, 0.5), ("truncate", -0.1, 0.0), ("nearest", 0.74, 0.75), ("nearest", 0.625, 0.75),
        ("nearest", -0.625, -0.75), ("nearest", 9.0, 1.75), ("truncate", -9.0, -2.0),
        ("stochastic", 0.5, 0.5),
    ],
)  # fmt: skip
def test_fixed_point_rounds_and_saturates(rounding: str, value: float, expected: float) -> None:
    grid = Grid(4.0, -8.0, 7.0, ROUNDINGS[rounding])
    assert on_grid(np.float32(value), grid, np.uint64(5), 0, 0, 0) == expected


def test_stochastic_rounding_keeps_the_mean() -> None:
    grid = Grid(4.0, -8.0, 7.0, ROUNDINGS["stochastic"])
    drawn = [on_grid(np.float32(0.3), grid, np.uint64(5), 0, 3, i) for i in range(4000)]
    assert set(drawn) == {0.25, 0.5}
    # 0.3 lies 0.2 of a step above 0.25: the mean of 4000 is off by 0.25 * sqrt(.16 / 4000) = 0.0016
    assert np.mean(drawn) == pytest.approx(0.3, abs=5 * 0.0016)


def test_first_weights_are_rounded_too_and_floats_are_left_alone() -> None:
    values = np.array([0.1, 0.2], np.float32)
    assert rounded(
        of_digits(formats={"weights": {"bits": 4, "fraction": 2}}), "weights", values
    ).tolist() == [
        0.0,
        0.25,
    ]
    assert rounded(of_digits(), "weights", values) is values


def test_fraction_bits_are_what_the_range_leaves() -> None:
    spec = of_digits()
    # weights up to 1 take all 8 bits behind the point (255/256 stands for 1), up to 3 two bits less
    assert fraction_bits(spec, "weights", 8, 0.0) == 8
    assert fraction_bits(of_digits(w_max=3.0), "weights", 8, 0.0) == 6
    # theta up to 120 mV: 7 of 8 bits; membranes to 13 + 120 above and below the rest: 8 and a sign
    assert fraction_bits(spec, "theta", 8, 120.0) == 1
    assert fraction_bits(spec, "membrane", 12, 120.0) == 3
