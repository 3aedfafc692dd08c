"""What the kernels are given: numbers of a network, of a rule and of fixed-point formats, and counters."""

from typing import NamedTuple

import numpy as np

NO_ROUNDING, TRUNCATE, NEAREST, STOCHASTIC = range(4)

OF_WEIGHT, OF_THETA, OF_NORM = range(3)
"""What a random number of stochastic rounding is drawn for."""

(
    IMAGES,
    STEPS,
    INPUT_SPIKES,
    EXCITATORY_SPIKES,
    INHIBITORY_SPIKES,
    EXCITATORY_UPDATES,
    INHIBITORY_UPDATES,
    INPUT_OPERATIONS,
    RELAY_OPERATIONS,
    INHIBITION_OPERATIONS,
    TRACE_WRITES,
    TRACE_READS,
    TRACE_DECAYS,
    WEIGHT_READS,
    WEIGHT_WRITES,
    NORM_READS,
    NORM_WRITES,
    THETA_UPDATES,
    DEPRESSED_ROWS,
    DEPRESSED_WEIGHTS,
    POTENTIATED_NEURONS,
) = range(21)
"""Places of the counters, in the order of :class:`hwsim.methods.stdp.counts.Counts`."""


class Dynamics(NamedTuple):
    """Numbers of the neurons: mV, steps, and decays d of v -= (v - rest) / d."""

    rest: np.float32
    reset: np.float32
    threshold: np.float32
    decay: np.float32
    refractory: int
    relay_rest: np.float32
    relay_reset: np.float32
    relay_threshold: np.float32
    relay_decay: np.float32
    relay_refractory: int
    drive: np.float32
    inhibition: np.float32
    relayed: int


class Plasticity(NamedTuple):
    """Numbers of a learning rule (:class:`hwsim.methods.stdp.rules.Rule`) and of what goes with it."""

    pre_rate: np.float32
    post_rate: np.float32
    soft: int
    every: int
    pivot: int
    confident: int
    w_max: np.float32
    growth: np.float32
    fading: np.float32
    total: float


class Grid(NamedTuple):
    """A fixed-point format: values are codes, ``low`` to ``high``, times 1 / ``scale``."""

    scale: float
    low: float
    high: float
    rounding: int


class Membrane(NamedTuple):
    """Fixed point of the excitatory membranes, as integer networks compute (docs/quantization.md): codes of
    v - rest, ``low`` to ``high``, in float64, which holds them and their products exactly.

    ``half`` is added to a magnitude before it is rounded down: 0.5 for the nearest, 0 to truncate. ``decay``:
    the factor of the leak. ``reset`` and ``top``, the highest threshold, are codes; ``threshold`` is that
    above the rest, without theta, in mV.
    """

    used: bool
    scale: float
    low: float
    high: float
    half: float
    decay: float
    reset: float
    top: float
    threshold: float


class Grids(NamedTuple):
    """Formats of the weights, of the excitatory membranes and of theta."""

    weights: Grid
    membrane: Membrane
    theta: Grid


FLOAT = Grid(1.0, 0.0, 0.0, NO_ROUNDING)
"""No format: float32 as it is."""

FLOAT_MEMBRANE = Membrane(False, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class Room(NamedTuple):
    """Arrays that one image after another uses: N neurons, I inputs, T steps.

    ``begins`` (T + 1,): where each step's input spikes begin in ``sources``; ``times`` and ``pixels`` hold
    them before they are sorted. ``above`` (N,): v - h, or -inf while refractory. ``winners`` (T,): the neuron
    that fired at each step, or -1. ``codes`` and ``levels`` (N,): membranes and thresholds in fixed point.
    ``seen`` (I,) and ``fired`` (N,): the step of the last spike, or -1.
    ``learners`` (N,): those that have fired often enough to learn; ``waiting_update`` (N,): those that fired
    since the last update step.
    """

    begins: np.ndarray
    sources: np.ndarray
    times: np.ndarray
    pixels: np.ndarray
    current: np.ndarray
    membrane: np.ndarray
    waiting: np.ndarray
    above: np.ndarray
    threshold: np.ndarray
    relay: np.ndarray
    relay_waiting: np.ndarray
    relay_current: np.ndarray
    relayed: np.ndarray
    winners: np.ndarray
    seen: np.ndarray
    fired: np.ndarray
    learners: np.ndarray
    waiting_update: np.ndarray
    since_update: np.ndarray
    changed: np.ndarray
    sums: np.ndarray
    codes: np.ndarray
    levels: np.ndarray
