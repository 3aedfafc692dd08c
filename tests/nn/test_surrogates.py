"""Surrogates: a step forward, the stated slope backward."""

import math

import pytest
import torch
from torch import Tensor

from hwsim.nn import Dspike, Rectangle, Sigmoid, Surrogate, Tanh, arctan, cauchy
from hwsim.nn.shapes import SHAPES, Shape

SURROGATES = [arctan, cauchy, Rectangle(0.5), Sigmoid(4.0), Tanh(2.0), Dspike(3.0)]


def gradient(surrogate: Surrogate, x: float) -> float:
    distance = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    surrogate(distance, True).backward()
    assert distance.grad is not None
    return distance.grad.item()


@pytest.mark.parametrize("surrogate", SURROGATES, ids=repr)
def test_forward_is_the_step_function(surrogate: Surrogate) -> None:
    distance = torch.tensor([-1.0, 0.0, 1e-6])
    assert surrogate(distance, True).tolist() == [0, 1, 1]
    assert surrogate(distance, False).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("surrogate", "x", "slope"),
    [
        (Rectangle(0.5), 0.25, 2.0),  # 1 / width up to the edge
        (Rectangle(0.5), -0.26, 0.0),
        (Sigmoid(4.0), 0.0, 1.0),  # a / 4
        (Tanh(2.0), 0.0, 1.0),  # a / 2
        (Dspike(3.0), 0.0, 1.5 / math.tanh(1.5)),  # b / (2 tanh(b / 2))
        (Dspike(3.0), 0.51, 0.0),
        (Dspike(1e-4), 0.4, 1.0),  # the rectangle of width 1
    ],
)
def test_slopes_at_points_done_by_hand(surrogate: Surrogate, x: float, slope: float) -> None:
    assert gradient(surrogate, x) == pytest.approx(slope)


@pytest.mark.parametrize("shape", list(SHAPES))
def test_slope_and_derivative_in_alpha_are_those_of_the_value(shape: Shape) -> None:
    """Central differences of H at points off its kinks."""
    smooth, alpha, h = SHAPES[shape], 0.7, 1e-6
    x = torch.tensor([-0.6, -0.31, -0.1, 0.0, 0.2, 0.33, 0.7], dtype=torch.float64)

    def differences(low: Tensor, high: Tensor) -> Tensor:
        return (high - low) / (2 * h)

    slope = differences(smooth.value(x - h, alpha), smooth.value(x + h, alpha))
    by_alpha = differences(smooth.value(x, alpha - h), smooth.value(x, alpha + h))
    torch.testing.assert_close(smooth.slope(x, alpha), slope, rtol=1e-7, atol=1e-8)
    torch.testing.assert_close(
        smooth.by_alpha(x, alpha, smooth.slope(x, alpha)), by_alpha, rtol=1e-7, atol=1e-8
    )


@pytest.mark.parametrize(
    ("make", "message"), [(Rectangle, "width"), (Sigmoid, "steepness"), (Tanh, "steepness")]
)
def test_a_width_or_steepness_that_is_not_positive_is_an_error(make: type, message: str) -> None:
    with pytest.raises(ValueError, match=rf"{message} is 0.0; it must be positive"):
        make(0.0)
