"""Fixed-point numbers: integer codes with a scale of a power of two (docs/quantization.md)."""

from dataclasses import dataclass
from math import floor, log2
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError

ParameterRounding = Literal["nearest", "truncate", "stochastic"]
"""How a real value becomes a code: to the nearest, ties away from zero; toward zero; or down or up at
random, so that the mean is the value."""

Rounding = Literal["nearest", "truncate"]
"""How a product or a sum is rounded while a network runs: the first two of the above."""

MOST_BITS = 32
FRACTIONS = (-64, 64)

FINEST = 48
"""Most fraction bits that a format is given: beyond, a range is so small that it is as good as 0."""


@dataclass(frozen=True)
class FixedPoint:
    """Numbers ``code * 2^-fraction_bits``, codes of ``bits`` bits.

    Signed codes are two's complement, -2^(bits-1) to 2^(bits-1) - 1; unsigned ones 0 to 2^bits - 1. A signed
    code of one bit is a sign, -1 or +1, and cannot be 0. ``fraction_bits`` may be negative, or above
    ``bits``.
    """

    bits: int
    fraction_bits: int = 0
    signed: bool = True

    @property
    def low(self) -> int:
        """The smallest code."""
        return -(1 << max(self.bits - 1, 0)) if self.signed else 0

    @property
    def high(self) -> int:
        """The largest code."""
        if self.signed:
            return max((1 << (self.bits - 1)) - 1, 1)
        return int((1 << self.bits) - 1)

    @property
    def sign_only(self) -> bool:
        return self.signed and self.bits == 1

    @property
    def step(self) -> float:
        """What a code of 1 is worth."""
        return float(2.0**-self.fraction_bits)

    def check(self, where: str) -> None:
        """Raises HwsimError for bits and fraction bits out of range."""
        most = MOST_BITS if self.signed else MOST_BITS - 1
        if not 1 <= self.bits <= most:
            kind = "signed" if self.signed else "unsigned"
            raise HwsimError(f"{where}: {self.bits} bits; a {kind} format has 1 to {most}")
        low, high = FRACTIONS
        if not low <= self.fraction_bits <= high:
            raise HwsimError(f"{where}: {self.fraction_bits} fraction bits; allowed are {low} to {high}")

    def holds(self, codes: Any) -> bool:
        """Whether all codes are of this format."""
        given = np.asarray(codes, np.int64)
        inside = bool(((given >= self.low) & (given <= self.high)).all())
        return inside and not (self.sign_only and (given == 0).any())

    def codes(self, values: Any, rounding: ParameterRounding = "nearest", seed: int = 0) -> NDArray[np.int64]:
        """The codes of real ``values``, rounded, then saturated. Raises HwsimError for NaN and infinity.

        A sign is +1 for 0. ``stochastic``: floor(x + r), r uniform in [0, 1) from ``seed``.
        """
        given = np.asarray(values, np.float64)
        if not np.isfinite(given).all():
            raise HwsimError("a value is NaN or infinite; it has no fixed-point code")
        if rounding not in get_args(ParameterRounding):
            raise HwsimError(f"rounding {rounding!r}; allowed: {', '.join(get_args(ParameterRounding))}")
        if self.sign_only:
            return np.where(given < 0, -1, 1).astype(np.int64)
        scaled = np.ldexp(given, self.fraction_bits)
        if rounding == "stochastic":
            whole = np.floor(scaled + np.random.default_rng(seed).random(scaled.shape))
        elif rounding == "nearest":
            whole = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
        else:
            whole = np.trunc(scaled)
        return np.clip(whole, self.low, self.high).astype(np.int64)

    def values(self, codes: Any) -> NDArray[np.float64]:
        """What codes are worth."""
        return np.ldexp(np.asarray(codes, np.float64), -self.fraction_bits)

    def __str__(self) -> str:
        kind = "" if self.signed else "u"
        return f"{kind}{self.bits}.{self.fraction_bits}"


def shifted(value: int, right: int, rounding: Rounding) -> int:
    """``value / 2^right`` rounded: by magnitude, so that -x gives minus what x gives."""
    half = 1 << (right - 1) if rounding == "nearest" and right else 0
    magnitude = (abs(value) + half) >> right
    return magnitude if value >= 0 else -magnitude


def fitting(bits: int, low: float, high: float, finest: int = FINEST, slack: float = 0.5) -> FixedPoint:
    """The format of most fraction bits that holds ``low`` to ``high``, to ``slack`` steps; signed if low < 0.

    Of a range without width at 0: no fraction bits. A sign (1 bit, signed): the power of two nearest to half
    the range.
    """
    if not (np.isfinite(low) and np.isfinite(high)):
        raise HwsimError(f"a range from {low} to {high} has no fixed-point format")
    signed = low < 0
    bits = bits if signed else min(bits, MOST_BITS - 1)
    largest = max(abs(low), abs(high))
    if largest == 0:
        return FixedPoint(bits, 0, False)
    if signed and bits == 1:
        return FixedPoint(1, min(finest, -round(log2(largest))), True)
    fraction = min(finest, floor(log2((1 << bits) / largest)) + 1)
    while not _fits(FixedPoint(bits, fraction, signed), low, high, slack):
        fraction -= 1
    return FixedPoint(bits, fraction, signed)


def _fits(of: FixedPoint, low: float, high: float, slack: float) -> bool:
    inside = low * 2.0**of.fraction_bits >= of.low - slack
    return inside and high * 2.0**of.fraction_bits <= of.high + slack


def decay_format(values: NDArray[Any], bits: int) -> FixedPoint:
    """Exact where ``bits`` allow it, with as few fraction bits as it takes: a power of two is a shift."""
    bits = min(bits, MOST_BITS - 1)
    for fraction in range(bits + 1):
        scaled = values * 2.0**fraction
        if np.array_equal(scaled, np.round(scaled)) and scaled.max(initial=0) < 1 << bits:
            return FixedPoint(bits, fraction, False)
    return fitting(bits, 0.0, float(values.max()), finest=MOST_BITS - 2)


def narrow(codes: NDArray[Any]) -> NDArray[Any]:
    """Codes in the narrowest of int8, int16 and int32."""
    for kind in (np.int8, np.int16):
        info: Any = np.iinfo(kind)
        if codes.min(initial=0) >= info.min and codes.max(initial=0) <= info.max:
            return codes.astype(kind)
    return codes.astype(np.int32)
