"""Do the formats of a quantized network fit its populations, its projections and its codes?"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.fixed_point import FixedPoint
from hwsim.network_checks import Graph
from hwsim.population import Population, Projection

MOST_SHIFT = 62
"""Bits by which a sum is shifted either way."""

DECAYS = ("decay", "current_decay", "adaptation_decay")
LEVELS = ("threshold", "adaptation", "rest", "reset_value", "initial", "floor")
"""Parameters that are codes of the state's scale."""


class Quantized(Graph, Protocol):
    """What a Network shows of itself to be checked here, too."""

    @property
    def quantized(self) -> bool: ...
    def left_shift(self, q: Projection) -> int: ...
    def bias_shift(self, q: Projection) -> int: ...
    def right_shift(self, name: str) -> int: ...


def check_formats(network: Quantized) -> None:
    """Ranges, completeness and codes of all formats. Raises HwsimError naming the first that is wrong."""
    if not network.quantized:
        return
    if not network.integer:
        raise HwsimError(f"network {network.name!r}: has formats, so it must be an integer network")
    for p in network.populations:
        _check_population(network, p)
    for q in network.projections:
        _check_projection(network, q)
    for group in {p.state_group for p in network.populations if p.state_group}:
        members = [p for p in network.populations if p.state_group == group]
        first = members[0]
        for name in ("state", "current", "adaptation"):
            if other := next((p for p in members if p.formats.get(name) != first.formats.get(name)), None):
                raise HwsimError(
                    f"state group {group!r}: {other.name!r} has another format of the {name} than "
                    f"{first.name!r}; layers that share a state share its format"
                )


def needed(p: Population, coding: str) -> set[str]:
    """The formats that a population of a quantized network must have."""
    if p.kind == "input":
        return set() if coding == "spikes" else {"output"}
    if p.kind in ("relay", "relu"):
        return {"output"}
    if p.kind == "readout":
        return {"state"}
    found = {"state", "decay"}
    if p.kind != "li":
        found.add("threshold")
    if p.has_current:
        found |= {"current", "current_decay"}
    if p.kind == "clif":
        found.add("adaptation")
    elif p.adaptive:
        found |= {"adaptation", "adaptation_decay"}
    return found


def _check_population(network: Quantized, p: Population) -> None:
    label = f"population {p.name!r}"
    wanted, found = needed(p, network.coding), set(p.formats)
    if wanted != found:
        raise HwsimError(
            f"{label}: has formats of {_told(found)}; a {p.kind} of a quantized network has {_told(wanted)}"
        )
    for name, of in p.formats.items():
        of.check(f"{label}: {name}")
        if of.sign_only and p.kind != "input":
            raise HwsimError(f"{label}: {name} of 1 bit must be unsigned; weights and inputs may be signs")
    if p.kind != "input" and network.right_shift(p.name) > MOST_SHIFT:
        raise HwsimError(
            f"{label}: its sums have {network.right_shift(p.name)} fraction bits more than its state; "
            f"{MOST_SHIFT} at most"
        )
    if p.kind not in ("lif", "li", "clif"):
        return
    state = p.formats["state"]
    for name in ("current", "adaptation"):
        if name in found and p.formats[name].fraction_bits != state.fraction_bits:
            raise HwsimError(
                f"{label}: {name} has {p.formats[name].fraction_bits} fraction bits, the state "
                f"{state.fraction_bits}; a population's states have one scale"
            )
    for name in DECAYS:
        if name in found:
            one = p.parameter(name) * 2.0 ** p.formats[name].fraction_bits
            _held(one, p.formats[name], f"{label}: {name}")
    if "threshold" in found:
        finer = state.fraction_bits - p.formats["threshold"].fraction_bits
        codes = p.parameter("threshold") / 2.0**finer
        if finer < 0 or not np.array_equal(codes, np.round(codes)):
            raise HwsimError(
                f"{label}: threshold of {p.formats['threshold']} does not fit the state's scale, {state}"
            )
        _held(codes, p.formats["threshold"], f"{label}: threshold")
    for name in LEVELS:
        if name not in ("threshold", "adaptation") and p.given(name):
            _held(p.parameter(name), state, f"{label}: {name}")
    if p.adaptive and p.kind == "lif":
        _held(p.parameter("adaptation"), p.formats["adaptation"], f"{label}: adaptation")


def _check_projection(network: Quantized, q: Projection) -> None:
    label = f"projection {q.name!r}"
    arrays = {"weights": q.weights, "bias": q.bias}
    wanted = {name for name, array in arrays.items() if array is not None}
    if wanted != set(q.formats):
        raise HwsimError(f"{label}: has formats of {_told(set(q.formats))}; it needs {_told(wanted)}")
    for name in sorted(wanted):
        q.formats[name].check(f"{label}: {name}")
        _held(arrays[name], q.formats[name], f"{label}: {name}")
    if max(network.left_shift(q), network.bias_shift(q)) > MOST_SHIFT:
        raise HwsimError(
            f"{label}: its scale and that of {q.target!r} are {network.left_shift(q)} bits apart; "
            f"{MOST_SHIFT} at most"
        )


def _held(codes: NDArray[Any] | None, of: FixedPoint, label: str) -> None:
    assert codes is not None
    if not of.holds(codes):
        raise HwsimError(
            f"{label}: codes from {codes.min():g} to {codes.max():g}; {of.bits} bits hold {of.low} to "
            f"{of.high}" + (" without 0" if of.sign_only else "")
        )


def _told(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
