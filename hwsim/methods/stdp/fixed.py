"""Fixed point of a learning: formats from bits and ranges, and the numbers that kernels take of them."""

import math

import numpy as np
from numpy.typing import NDArray

from hwsim.fixed_point import FixedPoint, decay_format, fitting
from hwsim.methods.stdp.labels import Labels
from hwsim.methods.stdp.layout import (
    FLOAT,
    FLOAT_MEMBRANE,
    NEAREST,
    STOCHASTIC,
    TRUNCATE,
    Grid,
    Grids,
    Membrane,
)
from hwsim.methods.stdp.spec import LearnSpec, Neurons, Word

ROUNDINGS = {"truncate": TRUNCATE, "nearest": NEAREST, "stochastic": STOCHASTIC}

CONSTANT_BITS = 16
"""Of leaks: constants, whose bits nobody searches."""

RELAY_BITS = 8
"""Least bits of the inhibitory neurons' words and of what drives them, which must fire them."""

VOTES = FixedPoint(15, 15, False)
"""Of votes beside membranes in fixed point. Float32 adds up 512 of them exactly."""


def fraction_bits(spec: LearnSpec, word: Word, bits: int, reached: float) -> int:
    """What ``bits`` leave behind the point. Weights come to ``w_max`` (or saturate one step below), or to
    what normalization has taken them to (``reached``); theta to ``reached`` (mV), and membranes as far above
    their rest as a threshold with that theta; they saturate as far below it.
    """
    if word == "weights":
        return fitting(bits, 0.0, max(spec.w_max, reached), slack=1.0).fraction_bits
    if word == "theta":
        return fitting(bits, 0.0, reached).fraction_bits
    highest = above_rest(spec.excitatory.threshold, spec.excitatory) + reached
    return fitting(bits, -highest, highest).fraction_bits


def above_rest(level: float, neurons: Neurons) -> float:
    """mV."""
    return level - neurons.rest


def kept_of(neurons: Neurons) -> float:
    """The factor by which a step's leak takes a membrane to its rest."""
    return math.exp(-neurons.decay)


def leak_format(neurons: Neurons) -> FixedPoint:
    return decay_format(np.array([kept_of(neurons)]), CONSTANT_BITS)


def inhibition_format(spec: LearnSpec) -> FixedPoint:
    """Of as many bits as the weights that learn, among which it lies."""
    return fitting(spec.formats["weights"].bits, -spec.inhibition, 0.0)


def inhibition_of(spec: LearnSpec) -> float:
    """mV; beside membranes in fixed point what its format holds."""
    if "membrane" not in spec.formats:
        return spec.inhibition
    of = inhibition_format(spec)
    return -float(of.values(of.codes(-spec.inhibition)))


def rounded(spec: LearnSpec, word: Word, values: NDArray[np.float32]) -> NDArray[np.float32]:
    """``values`` in the format of the ``word``, as they are without one; stochastic from the seed."""
    form = spec.formats.get(word)
    if form is None:
        return values
    of = form.of(word)
    return of.values(of.codes(values, form.rounding, spec.seed)).astype(np.float32)


def held(spec: LearnSpec, labels: Labels) -> Labels:
    """Labels whose votes an integer network holds, where membranes are in fixed point."""
    if "membrane" not in spec.formats:
        return labels
    return Labels(labels.of, VOTES.values(VOTES.codes(labels.votes)).astype(np.float32))


def grids_of(spec: LearnSpec) -> Grids:
    return Grids(_grid(spec, "weights"), _membrane(spec), _grid(spec, "theta"))


def _grid(spec: LearnSpec, word: Word) -> Grid:
    form = spec.formats.get(word)
    if form is None:
        return FLOAT
    of = form.of(word)
    return Grid(1 / of.step, float(of.low), float(of.high), ROUNDINGS[form.rounding])


def _membrane(spec: LearnSpec) -> Membrane:
    form, own = spec.formats.get("membrane"), spec.excitatory
    if form is None:
        return FLOAT_MEMBRANE
    of, leak = form.of("membrane"), leak_format(own)
    return Membrane(
        True, 1 / of.step, float(of.low), float(of.high), 0.5 if form.running == "nearest" else 0.0,
        float(leak.values(leak.codes(kept_of(own), form.running))),
        float(of.codes(above_rest(own.reset, own), form.running)), float(threshold_format(of).high),
        above_rest(own.threshold, own),
    )  # fmt: skip


def threshold_format(membrane: FixedPoint) -> FixedPoint:
    """Unsigned, of the membranes' bits and scale."""
    return FixedPoint(min(membrane.bits, 31), membrane.fraction_bits, False)
