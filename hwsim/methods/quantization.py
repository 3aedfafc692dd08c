"""Quantization: a float Network to an integer one with fixed-point formats (docs/quantization.md)."""

from dataclasses import dataclass, replace
from math import log2
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.fixed_point import (
    MOST_BITS,
    FixedPoint,
    ParameterRounding,
    Rounding,
    decay_format,
    fitting,
    narrow,
)
from hwsim.frontends.dense import Dense, run_dense
from hwsim.methods.quantization_form import plain_form
from hwsim.network import Network, Population, Projection

Array = NDArray[Any]
Range = tuple[float, float]

DECAYS = ("decay", "current_decay", "adaptation_decay")
NEAR = 15
"""A state has at most so many fraction bits more than what reaches it, and that at most so many more."""


@dataclass(frozen=True)
class Precision:
    """Bits of ``weights`` (of biases those of the state, if more), ``state`` words and thresholds, ``inputs``
    and ``leak`` (decays); how parameters are rounded, and from which seed."""

    weights: int = 8
    state: int = 16
    inputs: int = 8
    leak: int = 8
    rounding: ParameterRounding = "nearest"
    seed: int = 0

    def check(self) -> None:
        """Raises HwsimError for bits and roundings that there are not."""
        for name, low in (("weights", 1), ("state", 2), ("inputs", 1), ("leak", 1)):
            bits = getattr(self, name)
            if not low <= bits <= MOST_BITS:
                raise HwsimError(f"{name}: {bits} bits; allowed are {low} to {MOST_BITS}")
        if self.rounding not in get_args(ParameterRounding):
            allowed = ", ".join(get_args(ParameterRounding))
            raise HwsimError(f"rounding {self.rounding!r}; allowed: {allowed}")
        if self.seed < 0:
            raise HwsimError(f"seed {self.seed}; it must not be negative")

    @property
    def running(self) -> Rounding:
        """How products and sums are rounded while the network runs: truncated where parameters are, else to
        the nearest."""
        return "truncate" if self.rounding == "truncate" else "nearest"


@dataclass(frozen=True)
class Row:
    """One parameter or state: its format, the range that was seen, the worst error of a code, and how many
    codes had to saturate."""

    where: str
    name: str
    format: FixedPoint
    low: float
    high: float
    error: float
    saturated: int


@dataclass(frozen=True)
class Quantized:
    """The integer network, and a row for each of its parameters and states."""

    network: Network
    rows: tuple[Row, ...]


def quantize(network: Network, precision: Precision, samples: Array) -> Quantized:
    """``network`` in integers; the ranges of its states are those that it has on ``samples``, in float64.

    Raises HwsimError for an integer network, for NaN and for neurons without an integer form.
    """
    return convert(*observed(network, samples), precision)


def observed(network: Network, samples: Array) -> tuple[Network, Dense]:
    """The network in the form that is converted, and what it does in float64 on ``samples``."""
    if network.integer:
        raise HwsimError(f"{network.name!r} computes in integers already; quantize the float network")
    network.verify()
    if not len(samples) or not np.isfinite(samples).all():
        raise HwsimError("samples to observe ranges on: there must be one at least, without NaN and infinity")
    plain = plain_form(network)
    return plain, run_dense(plain, samples)


def convert(plain: Network, seen: Dense, precision: Precision) -> Quantized:
    """The plain form to integers, with integer bits from what was ``seen``."""
    precision.check()
    return _Conversion(plain, seen, precision).run()


class _Conversion:
    def __init__(self, network: Network, seen: Dense, precision: Precision) -> None:
        self.network, self.seen, self.precision = network, seen, precision
        self.rows: list[Row] = []
        self.emitted: dict[str, int] = {}
        self.formats: dict[str, FixedPoint] = {}

    def run(self) -> Quantized:
        weights = {q.name: self._weights_format(q) for q in self.network.projections}
        for p in self.network.populations * 2:  # once more, now that the sources of loops are known
            self.formats[p.name] = self._own_format(p, weights)
            self.emitted[p.name] = 0 if self._counts(p) else self.formats[p.name].fraction_bits
        projections = tuple(
            self._projection(q, weights[q.name], i) for i, q in enumerate(self.network.projections)
        )
        populations = tuple(self._population(p) for p in self.network.populations)
        told = f"{self.precision.weights}-bit weights, {self.precision.state}-bit states"
        network = replace(
            self.network, name=f"{self.network.name} (w{self.precision.weights} v{self.precision.state})",
            populations=populations, projections=projections, integer=True,
            notes=self.network.notes | {"quantization": f"{told}, {self.precision.rounding}"},
        )  # fmt: skip
        network.verify()
        return Quantized(network, tuple(self.rows))

    def _counts(self, p: Population) -> bool:
        """Whether it emits spikes or counts of them, whose scale is 1."""
        return p.spikes or (p.kind == "input" and self.network.coding == "spikes")

    def _weights_format(self, q: Projection) -> FixedPoint | None:
        if q.weights is None:
            return None
        of = fitting(self.precision.weights, *_range(q.weights), slack=1.0)
        if of.sign_only:
            size = float(np.abs(q.weights).mean())
            of = replace(of, fraction_bits=-round(log2(size)))
        return of

    def _sharers(self, p: Population) -> list[Population]:
        """All populations that use its state."""
        group = p.state_group
        return [q for q in self.network.populations if q is p or (group and q.state_group == group)]

    def _range_of(self, p: Population) -> Range:
        """What its words and levels reach, of all that share its state."""
        found = [0.0]
        for q in self._sharers(p):
            for low, high in self.seen.ranges.get(q.name, {}).values():
                found += [low, high]
            if q.kind in ("lif", "li", "clif"):
                for name in ("threshold", "reset_value", "initial", "floor", "adaptation"):
                    if q.given(name) and _used(q, name):
                        found += list(_range(q.parameter(name)))
        return min(found), max(found)

    def _own_format(self, p: Population, weights: dict[str, FixedPoint | None]) -> FixedPoint:
        """Of the state, or of what it emits."""
        if p.kind == "input":
            return fitting(self.precision.inputs, *_range(self.seen.outputs[p.name]), slack=1.0)
        of = fitting(self.precision.state, *self._range_of(p))
        reaching = [q for m in self._sharers(p) for q in self.network.into(m.name)]
        terms = [self._term(q, weights) for q in reaching if q.source in self.emitted]
        if p.kind in ("relay", "relu"):
            return replace(of, fraction_bits=min([of.fraction_bits, max(terms, default=0)]))
        return replace(of, fraction_bits=min([of.fraction_bits, *(t + NEAR for t in terms)]))

    def _term(self, q: Projection, weights: dict[str, FixedPoint | None]) -> int:
        of = weights[q.name]
        return self.emitted[q.source] + (of.fraction_bits if of else 0)

    def _projection(self, q: Projection, of: FixedPoint | None, number: int) -> Projection:
        state, source = self.formats[q.target].fraction_bits, self.emitted[q.source]
        seed = self.precision.seed + 2 * number
        formats: dict[str, FixedPoint] = {}
        weights = bias = None
        if q.weights is not None and of is not None:
            finest = state + NEAR - source
            fraction = min(of.fraction_bits, finest) if q.weights.any() else state - source
            of = formats["weights"] = replace(of, fraction_bits=fraction)
            weights = narrow(self._codes(q.name, "weights", q.weights, of, seed))
        if q.bias is not None:
            bits = max(self.precision.weights, self.precision.state)
            finest = max(state, source + (of.fraction_bits if of else 0))
            given = fitting(bits, *_range(q.bias), finest=finest)
            formats["bias"] = given if q.bias.any() else replace(given, fraction_bits=state)
            bias = narrow(self._codes(q.name, "bias", q.bias, formats["bias"], seed + 1))
        return replace(q, weights=weights, bias=bias, formats=formats)

    def _population(self, p: Population) -> Population:
        own = self.formats[p.name]
        if p.kind in ("input", "relay", "relu"):
            self._told(p.name, "output", own, self._seen(p, "output"))
            formats = {} if self._counts(p) else {"output": own}
            return replace(p, formats=formats, rounding=self.precision.running if formats else "truncate")
        self._told(p.name, "state", own, self._seen(p, "state"))
        if p.kind == "readout":
            return replace(p, formats={"state": own}, rounding=self.precision.running)
        return self._neurons(p, own)

    def _neurons(self, p: Population, own: FixedPoint) -> Population:
        changed: dict[str, Array] = {}
        formats = {"state": own}
        unsigned = replace(own, bits=min(own.bits, MOST_BITS - 1), signed=False)
        for name in ("threshold", "reset_value", "initial", "floor", "rest"):
            if not p.given(name) or (p.kind == "li" and name == "threshold"):
                continue
            values = p.parameter(name)
            of = unsigned if name == "threshold" and values.min() >= 0 else own
            used = _used(p, name) and bool(values.any())
            codes = self._codes(p.name, name, values, of, 0) if used else np.zeros(len(values))
            if name == "threshold":
                codes = np.where((codes == 0) & (values > 0), 1, codes)
                formats["threshold"] = of
            changed[name] = codes
        if p.has_current:
            self._told(p.name, "current", own, self._seen(p, "current"))
            formats["current"] = own
        if p.kind == "clif":
            formats["adaptation"] = own
        elif p.adaptive:
            codes = self._codes(p.name, "adaptation", p.parameter("adaptation"), own, 0)
            changed["adaptation"] = codes
            if codes.any():
                formats["adaptation"] = own
        for name in DECAYS:
            if not p.given(name) or (name == "adaptation_decay" and "adaptation" not in formats):
                continue
            if name == "adaptation_decay" and p.kind == "clif":
                continue
            values = p.parameter(name)
            formats[name] = decay_format(values, self.precision.leak)
            codes = self._codes(p.name, name, values, formats[name], 0)
            changed[name] = codes / 2.0 ** formats[name].fraction_bits
        if "adaptation_decay" not in changed:
            changed["adaptation_decay"] = np.ones(1)
        return _with_codes(p, changed, formats, self.precision.running)

    def _seen(self, p: Population, name: str) -> Range:
        if p.kind == "input":
            return _range(self.seen.outputs[p.name])
        return self.seen.ranges.get(p.name, {}).get(name, (0.0, 0.0))

    def _told(self, where: str, name: str, of: FixedPoint, seen: Range) -> None:
        self.rows.append(Row(where, name, of, *seen, of.step / 2, 0))

    def _codes(self, where: str, name: str, values: Array, of: FixedPoint, seed: int) -> Array:
        rounding = self.precision.rounding if name in ("weights", "bias") else self.precision.running
        codes = of.codes(values, rounding, seed)
        error = float(np.abs(of.values(codes) - values).max(initial=0))
        beyond = np.abs(np.asarray(values, np.float64) - of.values(codes)) > of.step * (1 + 1e-9)
        count = 0 if of.sign_only else int(beyond.sum())
        self.rows.append(Row(where, name, of, *_range(values), error, count))
        return codes


def _used(p: Population, name: str) -> bool:
    """Whether a level takes part in what the neuron computes."""
    if name == "threshold":
        return p.kind != "li"
    if name == "reset_value":
        return p.kind == "lif" and p.reset == "value"
    return name in ("initial", "floor") or (name == "adaptation" and p.adaptive)


def _with_codes(
    p: Population, parameters: dict[str, Array], formats: dict[str, FixedPoint], rounding: Rounding
) -> Population:
    single = {name: float(value[0]) for name, value in parameters.items() if len(value) == 1}
    several = {name: np.asarray(value, np.float64) for name, value in parameters.items() if len(value) > 1}
    changes: dict[str, Any] = {**single, "vectors": several, "formats": formats, "rounding": rounding}
    return replace(p, **changes)


def _range(values: Array) -> Range:
    if not np.isfinite(values).all():
        raise HwsimError("a parameter is NaN or infinite; it has no fixed-point format")
    return float(values.min(initial=0)), float(values.max(initial=0))
