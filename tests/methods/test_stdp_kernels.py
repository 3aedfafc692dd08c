"""The kernels that learn by STDP against a slow, dense reference, bit for bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hwsim.methods.stdp.learner import Learner
from hwsim.methods.stdp.spec import LearnSpec
from tests.methods.stdp_reference import Slow, key_of, spikes_of

INPUTS, NEURONS = 12, 5


def spec_of(**values: Any) -> LearnSpec:
    """A net so small and strongly driven that several neurons cross their thresholds at once."""
    given = {
        "model": "tinysnn/lateral", "neurons": NEURONS, "data": "mnist", "timesteps": 30, "max_rate": 700.0,
        "norm": 6.0,
    }  # fmt: skip
    return LearnSpec.of(given | values)


def images_of(seed: int, count: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.integers(0, 256, (count, INPUTS)) * (rng.random((count, INPUTS)) < 0.8)).astype(np.uint8)


def check(spec: LearnSpec, images: np.ndarray) -> tuple[Learner, Slow]:
    """Learn, then answer, in both; every spike, weight, threshold and count."""
    fast = Learner(spec, INPUTS)
    slow = Slow(spec, fast.weights.copy(), fast.theta.copy())
    responses, counts = fast.learn(images, 7, 2)
    for b, image in enumerate(images):
        key = key_of(spec.seed, 2, 7 + b)
        expected, _ = slow.image(spikes_of(image, spec, key), key, learns=True)
        assert responses[b].tolist() == expected.tolist()
    np.testing.assert_array_equal(fast.weights, slow.weights)
    np.testing.assert_array_equal(fast.theta, slow.theta)
    assert slow.counts == {name: n for name, n in counts.plain().items() if name in slow.counts}
    _, winners, _ = fast.answer(images, 0, 9)
    for b, image in enumerate(images):
        key = key_of(spec.seed, 9, b)
        assert winners[b].tolist() == slow.image(spikes_of(image, spec, key), key, learns=False)[1]
    return fast, slow


@pytest.mark.parametrize("model", ["tinysnn/lateral", "tinysnn/baseline"])
@pytest.mark.parametrize("rule", ["stdp", "sl_stdp", "tinysnn"])
def test_each_rule_on_each_network_equals_the_reference(model: str, rule: str) -> None:
    fast, slow = check(spec_of(model=model, rule=rule), images_of(0))
    assert slow.counts["excitatory_spikes"] > 10
    assert slow.counts["weight_writes"] > 20
    assert (fast.weights.std(0) > 0).all()


@pytest.mark.parametrize("rounding", ["truncate", "nearest", "stochastic"])
@pytest.mark.parametrize("membrane_fraction", [2, 3])
def test_fixed_point_of_weights_membranes_and_theta_equals_the_reference(
    rounding: str, membrane_fraction: int
) -> None:
    form = {"bits": 8, "fraction": 5, "rounding": rounding}
    membrane = {"bits": 8, "fraction": membrane_fraction, "rounding": rounding}
    formats = {"weights": form, "membrane": membrane, "theta": form}
    fast, slow = check(spec_of(post_rate=0.1, pre_rate=0.05, formats=formats), images_of(1, 2))
    assert slow.counts["excitatory_spikes"] > 5
    assert ((fast.weights * 32) % 1 == 0).all()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(["tinysnn/lateral", "tinysnn/baseline"]),
            "rule": st.sampled_from(["stdp", "sl_stdp", "tinysnn"]),
            "pre_rate": st.sampled_from([0.0, 0.001, 0.3]),
            "post_rate": st.sampled_from([0.0, 0.02, 0.9]),
            "update_step": st.integers(1, 7),
            "threshold_spikes": st.integers(0, 3),
            "confident": st.integers(1, 4),
            "growth": st.sampled_from([0.0, 0.05, 3.0]),
            "fading": st.sampled_from([0.0, 1e-7, 0.01]),
            "norm": st.sampled_from([0.0, 6.0, 20.0]),
            "inhibition": st.sampled_from([0.0, 2.5, 17.5]),
            "drive": st.sampled_from([8.0, 22.5]),
            "max_rate": st.sampled_from([100.0, 700.0, 1000.0]),
            "seed": st.integers(0, 2**62),
        }
    ),
    st.integers(0, 1000),
)
def test_any_numbers_of_a_rule_and_a_network_equal_the_reference(values: dict[str, Any], drawn: int) -> None:
    check(spec_of(**values), images_of(drawn, 2))
