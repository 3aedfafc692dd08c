"""Quantization-aware training: it trains the codes that the executor runs."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.fixed_point import FixedPoint
from hwsim.frontends.dense import answers_of
from hwsim.frontends.dense_arithmetic import Straight, straight
from hwsim.methods.quantization import Precision, convert, observed
from hwsim.methods.quantization_training import Lessons, coded, train_on
from hwsim.network import Network, Population, Projection
from tests.quantization.nets import exactly_equal

RNG = np.random.default_rng(1)
CENTERS = RNG.random((4, 10))
LABELS = RNG.integers(0, 4, 200)
IMAGES = np.clip(CENTERS[LABELS] + RNG.normal(0, 0.1, (200, 10)), 0, 1).astype(np.float32)


def network() -> Network:
    """Untrained: 10 values to 24 neurons to 4 classes."""
    rng = np.random.default_rng(2)
    hidden = Population("hidden", (24,), "lif", decay=0.5)
    shapes = {"hidden": (24, 10), "readout": (4, 24)}
    projections = tuple(
        Projection(target, source, target, "dense", rng.normal(0, 0.5, shapes[target]).astype(np.float32),
                   np.zeros(shapes[target][0], np.float32))
        for source, target in (("input", "hidden"), ("hidden", "readout"))
    )  # fmt: skip
    populations = (Population("input", (10,), "input"), hidden, Population("readout", (4,), "readout"))
    return Network("small", populations, projections, "readout", 4)


def test_training_with_three_bits_learns_and_stays_exact() -> None:
    """Of 4 classes; random weights are right in about a quarter of the 200 samples."""
    precision = Precision(3, 8)
    plain, seen = observed(network(), IMAGES[:16])
    start = convert(plain, seen, precision)
    trained = train_on(plain, start, precision, Lessons(IMAGES, LABELS, 12, rate=1e-2)).network

    def right(made: Network) -> float:
        return float((execute(made, encode(made, IMAGES)).outputs[:, -1].argmax(1) == LABELS).mean())

    assert right(start.network) < 0.6
    assert right(trained) > 0.9
    exactly_equal(trained, IMAGES[:8])
    assert [q.formats for q in trained.projections] == [q.formats for q in start.network.projections]


@pytest.mark.parametrize("rounding", ["nearest", "truncate"])
def test_what_is_trained_computes_what_is_executed(rounding: str) -> None:
    """The forward pass of training, in float64, gives the executor's answers to the last code."""
    plain, seen = observed(network(), IMAGES[:16])
    made = convert(plain, seen, Precision(5, 6, rounding=rounding)).network  # type: ignore[arg-type]
    answers = answers_of(made, IMAGES, Straight(), {})
    np.testing.assert_array_equal(answers.numpy(), execute(made, encode(made, IMAGES)).outputs[:, -1])


def test_gradients_go_straight_through_rounding_and_stop_at_saturation() -> None:
    value = torch.tensor([0.3, -0.3, 9.0], dtype=torch.float64, requires_grad=True)
    coded(value, FixedPoint(4, 2), True).sum().backward()  # type: ignore[no-untyped-call]
    assert coded(value, FixedPoint(4, 2), True).tolist() == [1, -1, 7]  # 1.2, -1.2, 36 of 7
    assert value.grad is not None
    assert value.grad.tolist() == [4, 4, 0]  # a code is 1/4
    assert straight(torch.tensor([1.5, -1.5]), True).tolist() == [2, -2]
    assert straight(torch.tensor([1.5, -1.5]), False).tolist() == [1, -1]


def test_codes_of_training_are_those_of_conversion() -> None:
    values = np.random.default_rng(4).normal(0, 1, 500)
    for of in (FixedPoint(1, 1), FixedPoint(4, 2), FixedPoint(8, 9, False)):
        for rounding in ("nearest", "truncate"):
            found = coded(torch.from_numpy(values), of, rounding == "nearest").numpy()
            np.testing.assert_array_equal(found, of.codes(values, rounding))  # type: ignore[arg-type]


def test_what_cannot_be_trained_is_refused() -> None:
    plain, seen = observed(network(), IMAGES[:4])
    start = convert(plain, seen, Precision())
    lessons = Lessons(IMAGES, LABELS)
    with pytest.raises(HwsimError, match="stochastic rounding is for ptq"):
        train_on(plain, start, Precision(rounding="stochastic"), lessons)
    with pytest.raises(HwsimError, match="labels from 0 to 9; 4 classes"):
        train_on(plain, start, Precision(), replace(lessons, labels=np.full(200, 9) * (np.arange(200) > 0)))
