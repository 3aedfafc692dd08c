"""FixedPoint: ranges, roundings, what is refused."""

import numpy as np
import pytest

from hwsim.errors import HwsimError
from hwsim.fixed_point import FixedPoint, shifted


def test_codes_are_twos_complement_or_begin_at_0() -> None:
    assert (FixedPoint(8).low, FixedPoint(8).high) == (-128, 127)
    assert (FixedPoint(8, signed=False).low, FixedPoint(8, signed=False).high) == (0, 255)
    assert (FixedPoint(32).low, FixedPoint(32).high) == (-(2**31), 2**31 - 1)
    assert FixedPoint(8, 3).step == 0.125
    assert FixedPoint(8, -2).values([3]).tolist() == [12.0]


def test_one_signed_bit_is_a_sign_and_one_unsigned_bit_is_0_or_1() -> None:
    assert FixedPoint(1, 1).codes([-0.2, 0.0, 0.7]).tolist() == [-1, 1, 1]
    assert not FixedPoint(1).holds([0])
    assert FixedPoint(1, 0, False).codes([-3.0, 0.4, 0.5, 9.0]).tolist() == [0, 0, 1, 1]


def test_nearest_takes_ties_away_from_zero_and_truncation_goes_toward_it() -> None:
    of = FixedPoint(8, 1)  # steps of 1/2: x is 2 x codes
    values = [0.25, -0.25, 0.74, -0.74, 0.75]
    assert of.codes(values, "nearest").tolist() == [1, -1, 1, -1, 2]
    assert of.codes(values, "truncate").tolist() == [0, 0, 1, -1, 1]


def test_stochastic_rounding_is_right_on_average_and_repeats_with_its_seed() -> None:
    of, values = FixedPoint(8), np.full(10_000, 2.3)
    codes = of.codes(values, "stochastic", 5)
    assert set(codes.tolist()) == {2, 3}
    # the mean of 10,000 draws of variance 0.21 lies within 5 of their standard deviations, 0.0046
    assert abs(codes.mean() - 2.3) < 0.023
    assert np.array_equal(codes, of.codes(values, "stochastic", 5))
    assert not np.array_equal(codes, of.codes(values, "stochastic", 6))
    assert of.codes([4.0, -3.0], "stochastic", 1).tolist() == [4, -3]


def test_what_is_too_large_saturates() -> None:
    assert FixedPoint(4).codes([100.0, -100.0]).tolist() == [7, -8]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(HwsimError, match="NaN or infinite"):
        FixedPoint(8).codes([1.0, bad])


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (FixedPoint(0), "0 bits; a signed format has 1 to 32"),
        (FixedPoint(33), "33 bits; a signed format has 1 to 32"),
        (FixedPoint(32, 0, False), "32 bits; a unsigned format has 1 to 31"),
        (FixedPoint(8, 65), "65 fraction bits; allowed are -64 to 64"),
    ],
)
def test_bits_out_of_range_are_refused(of: FixedPoint, said: str) -> None:
    with pytest.raises(HwsimError, match=f"layer: {said}"):
        of.check("layer")


def test_a_shift_rounds_by_magnitude() -> None:
    assert [shifted(v, 1, "truncate") for v in (3, -3, 4)] == [1, -1, 2]
    assert [shifted(v, 1, "nearest") for v in (3, -3, 4)] == [2, -2, 2]
    assert shifted(-5, 0, "nearest") == -5
