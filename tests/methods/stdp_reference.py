"""Diehl-and-Cook networks step by step, dense and slow: what the kernels must equal bit for bit.

Arrays are float32, every step touches every neuron and every trace; random numbers are Python integers.
"""

import math
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hwsim.fixed_point import FixedPoint, shifted
from hwsim.methods.stdp.spec import LearnSpec, Word

MASK = 2**64 - 1
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
OF_WEIGHT, OF_THETA, OF_NORM = range(3)
F = np.float32


def mixed(state: int) -> int:
    z = ((state ^ (state >> 30)) * FIRST) & MASK
    z = ((z ^ (z >> 27)) * SECOND) & MASK
    return z ^ (z >> 31)


def uniform(state: int) -> float:
    return ((mixed(state) >> 11) + 1) * 2.0**-53


def key_of(seed: int, stream: int, image: int) -> int:
    state = mixed((seed + GOLDEN) & MASK)
    state = mixed(state ^ (stream * GOLDEN & MASK))
    return mixed(state ^ (image * FIRST & MASK))


def spikes_of(image: NDArray[np.uint8], spec: LearnSpec, key: int) -> NDArray[np.bool_]:
    """(steps, inputs): each pixel's gaps are geometric, so that every step spikes with probability p."""
    spikes = np.zeros((spec.timesteps, len(image)), bool)
    state = key
    for i, level in enumerate(image):
        p = int(level) / 255 * spec.max_rate / 1000
        if p == 0:
            continue
        t = -1
        while True:
            state = (state + GOLDEN) & MASK
            t += 1 + (int(math.log(uniform(state)) * (1 / math.log1p(-p))) if p < 1 else 0)
            if t >= spec.timesteps:
                break
            spikes[t, i] = True
    return spikes


def on_grid(spec: LearnSpec, word: Word, value: F, key: int, what: int, step: int, place: int) -> F:
    form = spec.formats.get(word)
    if form is None:
        return F(value)
    of = form.of(word)
    if form.rounding != "stochastic":
        return F(of.values(of.codes(value, form.rounding)))
    at = (((step * 4 + what) << 32) + int(place)) & MASK
    drawn = 1.0 - uniform(key ^ (at * GOLDEN & MASK))
    code = math.floor(float(value) * 2.0**of.fraction_bits + drawn)
    return F(of.values(min(max(code, of.low), of.high)))


class Membranes:
    """Those of the excitatory neurons for an image: float32, or codes as of a quantized network."""

    def __init__(self, spec: LearnSpec, neurons: int) -> None:
        self.of = spec.excitatory
        self.form = spec.formats.get("membrane")
        self.d = F(-1 / math.expm1(-self.of.decay))
        self.v = np.full(
            neurons, F(self.of.rest) if self.form is None else 0, F if self.form is None else int
        )

    def above(self, current: NDArray[np.float32], theta: NDArray[np.float32]) -> NDArray[np.float64]:
        """One step; how far each is above its threshold."""
        if self.form is None:
            self.v = self.v - (self.v - F(self.of.rest)) / self.d + current
            return np.asarray(self.v - (F(self.of.threshold) + theta), np.float64)
        form = self.form.of("membrane")
        x = FixedPoint(32, form.fraction_bits).codes(current, self.form.running)
        leak = int(FixedPoint(16, 16, False).codes(math.exp(-self.of.decay), self.form.running))
        kept = [shifted(int(v) * leak, 16, self.form.running) for v in self.v]
        self.v = np.clip(kept + x, form.low, form.high)
        height = self.of.threshold - self.of.rest + theta.astype(np.float64)
        level = FixedPoint(form.bits, form.fraction_bits, False).codes(height, self.form.running)
        return np.asarray(self.v - np.maximum(level, 1), np.float64)

    def reset(self, crossed: NDArray[np.bool_]) -> None:
        level: float = F(self.of.reset)
        if self.form is not None:
            level = self.form.of("membrane").codes(self.of.reset - self.of.rest, self.form.running)
        self.v = np.where(crossed, level, self.v)


@dataclass
class Slow:
    """The state between images."""

    spec: LearnSpec
    weights: NDArray[np.float32]
    theta: NDArray[np.float32]
    counts: Counter[str] = field(default_factory=Counter)

    def image(self, spikes: NDArray[np.bool_], key: int, learns: bool) -> tuple[NDArray[np.int64], list[int]]:
        """Spikes by neuron, and the winner of each step or -1."""
        spec, rule = self.spec, self.spec.learning
        e, inh = spec.excitatory, spec.inhibitory
        steps, (inputs, neurons) = spec.timesteps, self.weights.shape
        d_inh = F(-1 / math.expm1(-inh.decay))
        membranes, waiting = Membranes(spec, neurons), np.zeros(neurons, int)
        u, waiting_inh = np.full(neurons, F(inh.rest)), np.zeros(neurons, int)
        factor = F(math.exp(-spec.trace_decay))
        x_pre, x_post = np.zeros(inputs, F), np.zeros(neurons, F)
        responses = np.zeros(neurons, np.int64)
        due: list[int] = []
        winners, winner, relayed, changed = [], -1, [], set()
        for t in range(steps):
            # input spikes, then inhibition, in the order of their neurons
            current = np.zeros(neurons, F)
            for i in np.flatnonzero(spikes[t]):
                current = current + self.weights[i]
                self.counts["input_operations"] += neurons
            sources = relayed if spec.relayed else [winner] * (winner >= 0)
            for j in sources:
                current = current + np.where(np.arange(neurons) == j, F(0), F(-spec.inhibition))
                self.counts["inhibition_operations"] += neurons - 1
            if spec.relayed:
                x = np.where(np.arange(neurons) == winner, F(spec.drive), F(0))
                self.counts["relay_operations"] += winner >= 0
                u = u - (u - F(inh.rest)) / d_inh + np.where(waiting_inh > 0, F(0), x)
                over = (waiting_inh == 0) & (u >= F(inh.threshold))
                waiting_inh = np.where(over, inh.refractory, np.maximum(waiting_inh - 1, 0))
                u = np.where(over, F(inh.reset), u)
                relayed = list(np.flatnonzero(over))
                self.counts["inhibitory_spikes"] += len(relayed)
            # membranes
            above = membranes.above(np.where(waiting > 0, F(0), current), self.theta)
            crossed = (waiting == 0) & (above >= 0)
            winner = int(np.where(crossed, above, -np.inf).argmax()) if crossed.any() else -1
            waiting = np.where(crossed, e.refractory, np.maximum(waiting - 1, 0))
            membranes.reset(crossed)
            winners.append(winner)
            if winner >= 0:
                responses[winner] += 1
                self.counts["excitatory_spikes"] += 1
            if not learns:
                continue
            for j in np.flatnonzero(crossed):
                grown = self.theta[j] + F(spec.growth)
                self.theta[j] = on_grid(spec, "theta", grown, key, OF_THETA, t, j)
                self.counts["theta_updates"] += 1
            # traces
            x_pre, x_post = x_pre * factor, x_post * factor
            x_pre[spikes[t]] = 1
            if winner >= 0:
                x_post[winner] = 1
                if winner not in due and responses[winner] >= rule.confident:
                    due.append(winner)
            if rule.pre_rate and responses.max() >= rule.confident:
                self.counts["depressed_rows"] += int(spikes[t].sum())
            # depression of what spikes, then potentiation at the end of an update step
            for j in np.flatnonzero((responses >= rule.confident) & (responses > 0)):
                for i in np.flatnonzero(spikes[t]) if rule.pre_rate else ():
                    w = max(self.weights[i, j] - F(rule.pre_rate) * x_post[j], F(0))
                    self._write(i, j, w, key, OF_WEIGHT, 2 * t)
                    self.counts["depressed_weights"] += 1
                    changed.add(j)
            if (t + 1) % rule.update_step == 0:
                k = math.ceil(responses.max() / rule.threshold_spikes) if rule.threshold_spikes else 1
                for j in due:
                    self.counts["potentiated_neurons"] += 1
                    for i in np.flatnonzero(x_pre):
                        change = F(k) * F(rule.post_rate) * x_pre[i]
                        if rule.soft:
                            change = change * (F(spec.w_max) - self.weights[i, j])
                        w = min(max(self.weights[i, j] + change, F(0)), F(spec.w_max))
                        self._write(i, j, w, key, OF_WEIGHT, 2 * t + 1)
                    changed.add(j)
                due = []
        if learns:
            for j in sorted(changed) if spec.norm else ():
                total = 0.0
                for i in range(inputs):
                    total += float(self.weights[i, j])
                scale = F(spec.norm / total) if total > 0 else F(1)
                for i in range(inputs):
                    w = self.weights[i, j] * scale
                    self.weights[i, j] = on_grid(spec, "weights", w, key, OF_NORM, 0, i * neurons + j)
                    self.counts["norm_writes"] += 1
            if spec.fading:
                faded = self.theta * F(math.exp(-spec.fading * steps))
                for j in range(neurons):
                    self.theta[j] = on_grid(spec, "theta", faded[j], key, OF_THETA, steps, j)
                self.counts["theta_updates"] += neurons
        return responses, winners

    def _write(self, i: int, j: int, w: np.float32, key: int, what: int, step: int) -> None:
        place = i * self.weights.shape[1] + j
        self.weights[i, j] = on_grid(self.spec, "weights", w, key, what, step, place)
        self.counts["weight_writes"] += 1
