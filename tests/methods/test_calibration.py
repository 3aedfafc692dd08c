"""Calibrated thresholds: every layer fires at the rate asked for, whatever its neurons."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.frontends.synthetic import synthetic_inputs
from hwsim.methods.calibration import RATE, calibrate, firing_rates
from hwsim.network import Network, Population, Projection
from models import fashion

VARIANTS: dict[str, dict[str, Any]] = {
    "soft reset": {},
    "hard reset": {"reset": "zero"},
    "parametric": {"leak": "relax", "reset": "zero"},
    "divided": {"leak": "leak_divide", "decay": 2.0, "rest": -3.0, "initial": -3.0, "threshold": 1.0},
    "current": {"current_decay": 0.5},
    "double exponential": {"kind": "clif", "current_decay": 0.9, "decay": 0.7},
    "adaptive": {"adaptation": 0.2, "adaptation_decay": 0.9},
    "refractory": {"refractory": 1},
    "several spikes": {"multispike": True},
    "thresholds of their own": {"vectors": {"threshold": np.linspace(0.5, 2.0, 64)}},
}


def network(scale: float = 1.0, loop: bool = False, **parts: Any) -> Network:
    """20 inputs -> 64 neurons (fed back to themselves with a delay) -> 48 neurons -> 5 sums; 6 steps."""
    rng = np.random.default_rng(1)
    populations = (
        Population("in", (20,), "input"),
        Population("a", (64,), **{"kind": "lif", "decay": 0.5} | parts),
        Population("b", (48,), "lif", decay=0.5),
        Population("out", (5,), "readout"),
    )
    projections = [
        Projection(
            f"{s.name}>{t.name}",
            s.name,
            t.name,
            "dense",
            rng.normal(size=(t.size, s.size)).astype(np.float32) * scale,
        )
        for s, t in pairwise(populations)
    ]
    if loop:
        back = rng.normal(size=(64, 48)).astype(np.float32) / 8
        projections.append(Projection("b>a", "b", "a", "dense", back, delay=1))
    made = Network("net", populations, tuple(projections), "out", 6)
    made.verify()
    return made


INPUTS = np.random.default_rng(0).random((8, 20)).astype(np.float32)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("rate", [0.1, 0.18])
def test_every_layer_fires_at_the_rate(variant: str, rate: float) -> None:
    made = calibrate(network(**VARIANTS[variant]), INPUTS, rate)
    made.network.verify()
    assert made.missed == ()
    measured = firing_rates(made.network, INPUTS)
    assert measured == made.rates
    for found in measured.values():
        # one of 64 * 6 * 8 places more or less, and the tolerance of 1 %, which steps of a rate may exceed
        assert found == pytest.approx(rate, rel=0.05)


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_the_scale_of_the_weights_does_not_matter(scale: float) -> None:
    plain, scaled = (calibrate(network(s), INPUTS).network for s in (1.0, scale))
    first = [n.population["a"].threshold for n in (plain, scaled)]
    assert first[1] / first[0] == pytest.approx(scale, rel=0.05)


def test_nothing_but_thresholds_changes_and_thresholds_keep_their_proportions() -> None:
    before = network(**VARIANTS["thresholds of their own"])
    after = calibrate(before, INPUTS).network
    ratio = after.population["a"].vectors["threshold"] / before.population["a"].vectors["threshold"]
    assert ratio == pytest.approx(np.full(64, ratio[0]))
    assert ratio[0] != 1
    for p, q in zip(before.populations, after.populations, strict=True):
        assert replace(q, threshold=p.threshold, vectors=p.vectors) == p
    assert after.projections is before.projections


def test_a_threshold_moves_from_the_rest_that_it_is_measured_from() -> None:
    """Rest -65, threshold -52: a scale of the absolute value would lift it above all that can be reached."""
    given = {"leak": "leak_divide", "decay": 20.0, "rest": -65.0, "initial": -65.0, "threshold": -52.0,
             "reset": "value", "reset_value": -60.0}  # fmt: skip
    made = calibrate(network(4.0, **given), INPUTS, 0.1)
    assert made.rates["a"] == pytest.approx(0.1, rel=0.05)
    assert made.network.population["a"].threshold > -65


def test_layers_that_feed_each_other_are_set_together() -> None:
    made = calibrate(network(loop=True), INPUTS, 0.15)
    assert firing_rates(made.network, INPUTS) == made.rates
    for found in made.rates.values():
        assert found == pytest.approx(0.15, rel=0.1)


def test_it_is_deterministic() -> None:
    assert calibrate(network(), INPUTS).network.id == calibrate(network(), INPUTS).network.id


def test_a_layer_that_no_threshold_brings_to_the_rate_is_named() -> None:
    made = calibrate(network(one_spike=True), INPUTS, 0.18)
    assert made.missed == ("a",)
    assert 0 < made.rates["a"] <= 1 / 64  # one spike a step at most
    assert made.rates["b"] == pytest.approx(0.18, rel=0.05)


def test_a_layer_that_nothing_excites_keeps_its_thresholds() -> None:
    before = network()
    silent = tuple(
        replace(p, weights=-np.abs(p.weights)) if p.target == "a" and p.weights is not None else p
        for p in before.projections
    )
    made = calibrate(replace(before, projections=silent), INPUTS, 0.18)
    assert made.network.population["a"].threshold == 1.0
    assert made.rates["a"] == 0
    assert made.missed == ("a", "b")


def test_a_captured_module_fires_at_the_default_rate_on_synthetic_images() -> None:
    torch.manual_seed(0)
    images = synthetic_inputs((1, 28, 28), 8)
    captured = capture(fashion.fashion(channels=16), images, 4).network
    made = calibrate(captured, images)
    assert RATE == 0.18
    for found in made.rates.values():
        assert found == pytest.approx(0.18, rel=0.05)
    trace = execute(made.network, encode(made.network, images))
    assert len(trace.events["1"].index) / (8 * 4 * 16 * 28 * 28) == made.rates["1"]


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.5, float("nan")])
def test_a_rate_outside_of_zero_and_one_is_refused(rate: float) -> None:
    with pytest.raises(HwsimError, match="must lie between 0 and 1"):
        calibrate(network(), INPUTS, rate)


def test_shared_states_and_integers_are_refused() -> None:
    with pytest.raises(HwsimError, match="layer 'a' shares its state already"):
        calibrate(network(channel_groups=2), INPUTS)
    with pytest.raises(HwsimError, match="computes in integers"):
        calibrate(replace(network(), integer=True), INPUTS)


# --- synthetic inputs ----------------------------------------------------------------------------


def test_synthetic_images_fill_zero_to_one_and_come_from_a_seed() -> None:
    images = synthetic_inputs((3, 16, 16), 4)
    assert images.shape == (4, 3, 16, 16)
    assert images.dtype == np.float32
    assert (images.min(axis=(1, 2, 3)) == 0).all()
    assert (images.max(axis=(1, 2, 3)) == 1).all()
    np.testing.assert_array_equal(images[:2], synthetic_inputs((3, 16, 16), 2))
    assert not np.array_equal(images, synthetic_inputs((3, 16, 16), 4, seed=1))


def test_neighbouring_pixels_are_alike_and_so_are_channels() -> None:
    image = synthetic_inputs((3, 64, 64), 1)[0]
    beside = np.corrcoef(image[:, :, 1:].ravel(), image[:, :, :-1].ravel())[0, 1]
    far = np.corrcoef(image[:, :, 32:].ravel(), image[:, :, :32].ravel())[0, 1]
    assert beside > 0.6
    assert far < 0.3
    assert np.corrcoef(image[0].ravel(), image[1].ravel())[0, 1] > 0.2


@pytest.mark.parametrize("shape", [(7,), (1, 1, 1), (2, 1, 5), (1, 5, 4)])
def test_any_shape_has_finite_inputs(shape: tuple[int, ...]) -> None:
    values = synthetic_inputs(shape, 2)
    assert values.shape == (2, *shape)
    assert ((values >= 0) & (values <= 1)).all()
