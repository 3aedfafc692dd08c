"""What moves through the array or stays in it: bundles (docs/machine.md, P2 and P3).

A bundle has three fields with a number for each step of the pass: a value, and whether an accumulate and a
multiply-accumulate is executed with it.
"""

import numpy as np

from hwsim.cycle.reference.streams import Array, Beat, Operands
from hwsim.pe_array import Skip

VALUE, AC, MAC = range(3)
FIELDS = 3


def inputs_of(operands: Operands, skip: Skip) -> Array:
    """(fields, K, lanes, steps). Dense executes everything, else what is live (P3)."""
    executes = np.ones(operands.inputs.shape, bool) if skip == "dense" else operands.live
    graded = operands.graded[:, None, None]
    return np.stack([operands.inputs, executes & ~graded, executes & graded])


def weights_of(operands: Operands) -> Array:
    """(fields, K, channels, steps): the same at every step, executed wherever the input is."""
    ones = np.ones((*operands.weights.shape, operands.inputs.shape[2]))
    return np.stack([operands.weights[:, :, None] * ones, ones, ones])


def served(bundle: Array, beats: list[Beat]) -> Array:
    """(fields, beats, lanes, steps) from (fields, numbers, lanes, steps): nothing at steps not served."""
    chosen = np.zeros((bundle.shape[0], len(beats), *bundle.shape[2:]))
    for j, beat in enumerate(beats):
        for step in beat.steps:
            chosen[:, j, :, step] = bundle[:, beat.number, :, step]
    return chosen


def widened(bundle: Array, lanes: int) -> Array:
    """Silence on the lanes of an edge that are not occupied."""
    wide = np.zeros((*bundle.shape[:2], lanes, bundle.shape[3]))
    wide[:, :, : bundle.shape[2]] = bundle
    return wide


def entering(edge: Array, cycle: int) -> Array:
    """(fields, lanes, steps): lane i receives its j-th value at cycle i + j (P2)."""
    values = np.zeros_like(edge[:, 0])
    for i in range(edge.shape[2]):
        if 0 <= cycle - i < edge.shape[1]:
            values[:, i] = edge[:, cycle - i, i]
    return values
