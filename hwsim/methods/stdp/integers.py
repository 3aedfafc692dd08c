"""What has learned with membranes in fixed point as an integer Network with formats."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.fixed_point import FixedPoint, Rounding, fitting, narrow
from hwsim.methods.stdp.fixed import (
    RELAY_BITS,
    VOTES,
    above_rest,
    inhibition_format,
    kept_of,
    leak_format,
    threshold_format,
)
from hwsim.methods.stdp.spec import LearnSpec, Neurons
from hwsim.network import Network, Population, Projection

SUM_BITS = 31
"""Of the readout's sums: 65,535 votes of 15 bits fit."""


def integers_of(network: Network, spec: LearnSpec, theta: NDArray[np.float32]) -> Network:
    """The float ``network`` of :func:`hwsim.methods.stdp.network.network_of` in the formats of ``spec``.

    Levels are measured from the rest; every code is the one with which the learner computes, so that the
    spikes are its own. Leaks have 16 bits, inhibition those of the weights, the inhibitory neurons' words
    those of the membranes and 8 at least.
    """
    membrane = spec.formats["membrane"]
    own, other = spec.excitatory, spec.inhibitory
    height = above_rest(other.threshold, other)
    relay = fitting(max(RELAY_BITS, membrane.bits), 0.0, height + spec.drive)
    driven = fitting(max(RELAY_BITS, spec.formats["weights"].bits), 0.0, spec.drive)
    levels = above_rest(own.threshold, own) + theta.astype(np.float64)
    made: Mapping[str, Any] = {
        "excitatory": lambda p: _neurons(p, own, membrane.of("membrane"), membrane.running, levels),
        "inhibitory": lambda p: _neurons(p, other, relay, "nearest", np.array([height])),
        "label": lambda p: replace(p, formats={"state": FixedPoint(SUM_BITS, VOTES.fraction_bits, False)}),
        "input": lambda p: p,
    }
    formats = {
        "input->excitatory": spec.formats["weights"].of("weights"),
        "excitatory->inhibitory": driven,
        "excitatory->label": VOTES,
    }
    told = ", ".join(f"{form.bits}-bit {word}" for word, form in sorted(spec.formats.items()))
    return replace(
        network,
        populations=tuple(made[p.name](p) for p in network.populations),
        projections=tuple(
            _coded(q, formats.get(q.name, inhibition_format(spec))) for q in network.projections
        ),
        integer=True,
        notes=network.notes | {"quantization": f"{told}, {membrane.rounding}"},
    )


def _coded(q: Projection, of: FixedPoint) -> Projection:
    assert q.weights is not None
    return replace(q, weights=narrow(of.codes(q.weights)), formats={"weights": of})


def _neurons(
    p: Population, neurons: Neurons, of: FixedPoint, rounding: Rounding, levels: NDArray[np.float64]
) -> Population:
    """In the plain form v = decay * v + x; ``levels``: thresholds above the rest, in mV."""
    height, leak = threshold_format(of), leak_format(neurons)
    thresholds = np.maximum(height.codes(levels, rounding), 1).astype(np.float64)
    several = len(thresholds) > 1
    return replace(
        p,
        leak="decay",
        decay=float(leak.values(leak.codes(kept_of(neurons), rounding))),
        threshold=1.0 if several else float(thresholds[0]),
        vectors={"threshold": thresholds} if several else {},
        rest=0.0,
        initial=0.0,
        reset_value=float(of.codes(above_rest(neurons.reset, neurons), rounding)),
        formats={"state": of, "threshold": height, "decay": leak},
        rounding=rounding,
    )
