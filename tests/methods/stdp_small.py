"""Networks of two neurons whose every spike follows by hand, and short learnings of digits."""

from typing import Any

import numpy as np

from hwsim.methods.stdp.learner import Learner
from hwsim.methods.stdp.spec import LearnSpec

EVERY_STEP = np.full((1, 1), 255, np.uint8)
"""One image of one pixel that spikes at every step, at a max_rate of 1000 Hz."""


def two_neurons(weights: list[list[float]], **fields: Any) -> Learner:
    """Neurons 0 and 1 with these weights (inputs, 2) from pixels that spike at most at every step.

    A spike of weight 20 takes a neuron from -65 to -45 mV, above -52, and it fires. It is refractory for 5
    steps, so that it fires at steps 0, 6, 12, ...
    """
    plain = {
        "model": "tinysnn/lateral", "neurons": 2, "data": "none", "max_rate": 1000.0, "norm": 0.0,
        "growth": 0.0, "w_max": 100.0,
    }  # fmt: skip
    learner = Learner(LearnSpec.of(plain | fields), len(weights))
    learner.weights = np.array(weights, np.float32)
    return learner


def learned(weights: list[list[float]], **fields: Any) -> Learner:
    """After one image of pixels that spike at every step."""
    learner = two_neurons(weights, **fields)
    learner.learn(np.full((1, len(weights)), 255, np.uint8), 0, 0)
    return learner


def of_digits(**fields: Any) -> LearnSpec:
    """Ten neurons, 60 digits of 8 x 8 pixels, 50 steps."""
    small = {
        "model": "tinysnn/lateral", "neurons": 10, "data": "digits", "train_samples": 60, "test_samples": 30,
        "timesteps": 50, "norm": 20.0, "max_rate": 200.0,
    }  # fmt: skip
    return LearnSpec.of(small | fields)
