"""Learner: weights and thresholds that change image by image, and what the network answers with them."""

import math
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.methods.stdp import fixed, kernels
from hwsim.methods.stdp.coding import spikes_of
from hwsim.methods.stdp.counts import Counts
from hwsim.methods.stdp.layout import Dynamics, Plasticity
from hwsim.methods.stdp.room import new_room
from hwsim.methods.stdp.spec import LearnSpec, Neurons

LEVELS = 256
"""Of a pixel's intensity."""

LABELS, TEST = 1 << 20, 1 << 21
"""Streams of random numbers for label assignment and test; those of training are the passes, from 0."""

Images = NDArray[np.uint8]


class Learner:
    """Excitatory neurons of ``spec`` for images of ``inputs`` pixels.

    ``weights`` (inputs, neurons) and ``theta`` (neurons,) in mV, float32.
    """

    def __init__(self, spec: LearnSpec, inputs: int) -> None:
        self.spec = spec
        drawn = np.random.default_rng(spec.seed).random((inputs, spec.neurons), np.float32)
        self.weights = np.float32(spec.w_initial) * drawn
        self.theta = np.zeros(spec.neurons, np.float32)
        self.dynamics, self.grids = dynamics_of(spec), fixed.grids_of(spec)
        self.rule, self.traces = plasticity_of(spec), traces_of(spec)
        self.gaps = gaps_of(spec.max_rate)
        if spec.norm:
            self.weights *= (spec.norm / self.weights.sum(0, dtype=np.float64)).astype(np.float32)
        self.weights = fixed.rounded(spec, "weights", self.weights)

    @property
    def inputs(self) -> int:
        return len(self.weights)

    def learn(self, images: Images, first: int, stream: int) -> tuple[NDArray[np.int32], Counts]:
        """Learn ``images`` (B, inputs) in their order, the first of which is number ``first`` of its pass;
        spikes by neuron (B, neurons)."""
        responses = np.zeros((len(images), self.spec.neurons), np.int32)
        counts = np.zeros(len(Counts().plain()), np.int64)
        kernels.learn_images(
            self.dynamics, self.rule, self.grids, self.traces, self.gaps, images, first, self.spec.seed,
            stream, self.spec.timesteps, self.weights, self.theta, responses, counts,
        )  # fmt: skip
        return responses, Counts.of(counts)

    def answer(
        self, images: Images, first: int, stream: int
    ) -> tuple[NDArray[np.int32], NDArray[np.int64], Counts]:
        """Spikes by neuron (B, neurons), the neuron that fired at each step or -1 (B, steps), and counts.

        Weights and theta stay as they are.
        """
        responses = np.zeros((len(images), self.spec.neurons), np.int32)
        winners = np.zeros((len(images), self.spec.timesteps), np.int64)
        ends = np.linspace(0, len(images), numba.get_num_threads() + 1, dtype=np.int64)
        counts = np.zeros((len(ends) - 1, len(Counts().plain())), np.int64)

        def part(block: int) -> None:
            of = slice(ends[block], ends[block + 1])
            kernels.answer_images(
                self.dynamics, self.rule, self.grids, self.traces, self.gaps, images[of], first + of.start,
                self.spec.seed, stream, self.weights, self.theta, responses[of], winners[of], counts[block],
            )  # fmt: skip

        with ThreadPoolExecutor(len(counts)) as pool:
            list(pool.map(part, range(len(counts))))
        return responses, winners, Counts.of(counts.sum(0))

    def spikes(self, images: Images, first: int, stream: int) -> NDArray[np.uint8]:
        """The input spikes that :meth:`learn` or :meth:`answer` sees: (B, steps, inputs) of 0 and 1."""
        dense = np.zeros((len(images), self.spec.timesteps, self.inputs), np.uint8)
        room = new_room(self.inputs, self.spec.neurons, self.spec.timesteps)
        spikes_of(images, first, self.spec.seed, stream, self.gaps, room, dense)
        return dense


def pixels(images: NDArray[np.generic]) -> Images:
    """(B, inputs) bytes of images (B, ...): bytes as they are, intensities in [0, 1] in steps of 1/255.

    Raises HwsimError for other values.
    """
    flat = images.reshape(len(images), -1)
    if flat.dtype == np.uint8:
        return np.ascontiguousarray(flat)
    values = flat.astype(np.float64)
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise HwsimError(
            f"intensities span {values.min():g} to {values.max():g}; allowed are 0 to 1, or bytes"
        )
    return np.rint(values * (LEVELS - 1)).astype(np.uint8)


def gaps_of(max_rate: float) -> NDArray[np.float64]:
    """1 / log(1 - p) of each level, p = level / 255 * max_rate / 1000; 0 where p is 1, NaN where it is 0."""
    gaps = np.full(LEVELS, np.nan)
    for level in range(1, LEVELS):
        p = level / (LEVELS - 1) * max_rate / 1000
        gaps[level] = 1 / math.log1p(-p) if p < 1 else 0.0
    return gaps


def divisor_of(neurons: Neurons) -> float:
    """d of v -= (v - rest) / d, which is v = rest + exp(-decay) (v - rest)."""
    return -1 / math.expm1(-neurons.decay)


def dynamics_of(spec: LearnSpec) -> Dynamics:
    e, i, f = spec.excitatory, spec.inhibitory, np.float32
    return Dynamics(
        f(e.rest), f(e.reset), f(e.threshold), f(divisor_of(e)), e.refractory,
        f(i.rest), f(i.reset), f(i.threshold), f(divisor_of(i)), i.refractory,
        f(spec.drive), f(-fixed.inhibition_of(spec)), int(spec.relayed),
    )  # fmt: skip


def plasticity_of(spec: LearnSpec) -> Plasticity:
    rule, f = spec.learning, np.float32
    return Plasticity(
        f(rule.pre_rate), f(rule.post_rate), int(rule.soft), rule.update_step, rule.threshold_spikes,
        rule.confident, f(spec.w_max), f(spec.growth), f(math.exp(-spec.fading * spec.timesteps)), spec.norm,
    )  # fmt: skip


def traces_of(spec: LearnSpec) -> NDArray[np.float32]:
    """What is left of a trace of 1 after 0 to T steps, each product rounded to float32."""
    factor = np.float32(math.exp(-spec.trace_decay))
    return np.concatenate([[np.float32(1)], np.cumprod(np.full(spec.timesteps, factor), dtype=np.float32)])
