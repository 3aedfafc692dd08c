"""A Network run densely in PyTorch, step by step: every neuron, every state, no events.

It shares no code with the executor. Of integer networks it is the check that the executor is exact; of float
ones it shows the range of every state, in float64.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from hwsim.frontends.dense_arithmetic import Arithmetic, Integers, Reals
from hwsim.network import Network, Population, Projection

Array = NDArray[Any]


@dataclass
class Dense:
    """What happened. By population: ``outputs`` (samples, steps, neurons) of all but readouts, ``membranes``
    after each step, (samples, steps, words), a readout's running sum too, and ``ranges``, the lowest and the
    highest value that a word ("state", "current", "adaptation", "output") would have without saturation."""

    outputs: dict[str, Array] = field(default_factory=dict)
    membranes: dict[str, Array] = field(default_factory=dict)
    ranges: dict[str, dict[str, tuple[float, float]]] = field(default_factory=dict)
    saturated: dict[str, dict[str, int]] = field(default_factory=dict)

    def answers(self, network: Network) -> Array:
        """The readout's sum after the last step, (samples, neurons)."""
        name = network.readout
        if network.population[name].kind == "readout":
            return np.asarray(self.membranes[name][:, -1])
        return np.asarray(self.outputs[name].sum(axis=1))


@dataclass
class _State:
    """The states of a population, or of a group that shares them: (samples, words)."""

    v: Tensor
    u: Tensor
    adapted: Tensor
    pending: Tensor
    waits: Tensor


@torch.no_grad()
def run_dense(network: Network, inputs: Array, progress: Callable[[int], None] | None = None) -> Dense:
    """Run all timesteps on real ``inputs``, as :func:`hwsim.execute.executor.encode` takes them."""
    return DenseRun(network, inputs).run(progress)


def answers_of(network: Network, inputs: Array, arithmetic: Arithmetic, weights: dict[str, Tensor]) -> Tensor:
    """The readout's sum after the last step, (samples, neurons), by which gradients come back to ``weights``:
    codes by the names of projections, "NAME bias" for their biases."""
    run = DenseRun(network, inputs, arithmetic)
    run.weights |= {name: codes for name, codes in weights.items() if name in run.weights}
    run.biases |= {name: weights[f"{name} bias"] for name in run.biases if f"{name} bias" in weights}
    run.run(None)
    if network.population[network.readout].kind == "readout":
        return run.kept[network.readout][-1]
    return torch.stack(run.history[network.readout]).sum(0)


class DenseRun:
    """A run in progress."""

    def __init__(self, network: Network, inputs: Array, arithmetic: Arithmetic | None = None) -> None:
        self.network, self.found = network, Dense()
        own: Arithmetic = Integers() if network.integer else Reals()
        self.arithmetic: Arithmetic = arithmetic or own
        self.samples = len(inputs)
        of = network.input.formats.get("output")
        values = inputs if of is None else of.codes(inputs)
        self.given = torch.from_numpy(np.array(values)).to(self.arithmetic.dtype)
        self.given = self.given.reshape(self.samples, -1, *network.input.shape)
        self.weights = {
            q.name: torch.from_numpy(q.weights.copy()).to(self.arithmetic.dtype)
            for q in network.projections
            if q.weights is not None
        }
        self.biases = {
            q.name: torch.from_numpy(q.bias.copy()).to(self.arithmetic.dtype)
            for q in network.projections
            if q.bias is not None
        }
        self.states = {
            owner: self._fresh(network.population[owner]) for owner in set(network.owners.values())
        }
        self.history: dict[str, list[Tensor]] = {p.name: [] for p in network.populations}
        self.kept: dict[str, list[Tensor]] = {p.name: [] for p in network.populations if p.has_state}

    def _fresh(self, p: Population) -> _State:
        words = p.size // p.channel_groups if p.has_state else 0
        zero = torch.zeros(self.samples, words, dtype=self.arithmetic.dtype)
        start = zero
        if p.has_state and p.kind not in ("readout", "clif") and not p.shared:
            start = zero + self.arithmetic.parameter(p, "initial")
        waits = torch.zeros(self.samples, words, dtype=torch.int64)
        return _State(start, zero, zero, zero, waits)

    def run(self, progress: Callable[[int], None] | None) -> Dense:
        for t in range(self.network.timesteps):
            for p in self.network.populations:
                if p.kind == "input":
                    at = t if self.given.shape[1] > 1 else 0
                    self.history[p.name].append(self.given[:, at].flatten(1))
                    continue
                x = self._sum(p, t)
                x = self.arithmetic.aligned(p, x, self.network.right_shift(p.name))
                emitted = self._update(p, x)
                if emitted is not None:
                    self.history[p.name].append(emitted)
            if progress:
                progress(t + 1)
        for name, parts in self.history.items():
            if parts:
                self.found.outputs[name] = torch.stack(parts, 1).detach().numpy()
        for name, parts in self.kept.items():
            self.found.membranes[name] = torch.stack(parts, 1).detach().numpy()
        return self.found

    def _sum(self, p: Population, t: int) -> Tensor:
        total = torch.zeros(self.samples, p.size, dtype=self.arithmetic.dtype)
        for q in self.network.into(p.name):
            if q.bias is not None:
                bias = self.arithmetic.raised(self.biases[q.name], self.network.bias_shift(q))
                total += bias.repeat_interleave(p.size // p.channels)
            if t >= q.delay:
                came = self._delivered(q, self.history[q.source][t - q.delay])
                total += self.arithmetic.raised(came, self.network.left_shift(q))
        return total

    def _delivered(self, q: Projection, values: Tensor) -> Tensor:
        """What a projection brings of its source's values, (samples, target neurons)."""
        source = self.network.population[q.source]
        if q.kind == "identity":
            return values
        if q.kind == "dense":
            return self.arithmetic.linear(F.linear, values, self.weights[q.name])
        planes = values.reshape(len(values), source.channels, *source.plane)
        if q.kind == "conv2d":

            def convolved(x: Tensor, weights: Tensor) -> Tensor:
                return F.conv2d(x, weights, None, q.stride, q.padding, 1, q.groups)

            return self.arithmetic.linear(convolved, planes, self.weights[q.name]).flatten(1)
        pooled = _pooled(q, planes).flatten(1)
        return pooled if self.network.integer else pooled / q.divisor

    def _update(self, p: Population, x: Tensor) -> Tensor | None:
        """A step of a population; what it emits, None for a readout."""
        if p.kind in ("relay", "relu"):
            value = self._kept(p, "output", x)
            return value.clamp(min=0) if p.kind == "relu" else value
        state = self.states[self.network.owners[p.name]]
        if p.kind == "readout":
            state.v = self._kept(p, "state", state.v + x)
            emitted = None
        elif p.channel_groups > 1:
            parts = zip(_groups(p), x.chunk(p.channel_groups, 1), strict=True)
            emitted = torch.cat([self._fired(group, state, part) for group, part in parts], 1)
        else:
            emitted = self._fired(p, state, x)
        self.kept[p.name].append(state.v)
        return emitted

    def _fired(self, p: Population, state: _State, x: Tensor) -> Tensor:
        a = self.arithmetic
        x = a.parameter(p, "gain") * x
        if p.kind == "clif":
            return self._clif(p, state, x)
        if p.has_current:
            x = state.u = self._kept(p, "current", a.leaked(p, "current_decay", state.u) + x)
        resting = state.waits > 0
        if p.kind == "lif":
            x = torch.where(resting, torch.zeros_like(x), x)
        v = a.stepped(p, state.v, x)
        if p.kind == "li":
            state.v = self._kept(p, "state", v)
            return state.v
        return self._lif(p, state, v, resting)

    def _lif(self, p: Population, state: _State, v: Tensor, resting: Tensor) -> Tensor:
        a, zero = self.arithmetic, torch.zeros((), dtype=self.arithmetic.dtype)
        level = {"zero": zero, "value": a.parameter(p, "reset_value")}.get(p.reset)
        if p.delayed_reset:
            v = torch.where(state.pending != 0, v - state.pending if level is None else level, v)
        v = self._kept(p, "state", v)
        h = a.parameter(p, "threshold") + state.adapted
        one = torch.ones((), dtype=a.dtype)
        spikes = torch.where(resting, zero, a.fired(v, h, p.compare == ">="))
        if p.multispike:
            spikes = torch.where(spikes > 0, a.count(v, h), zero)
        emitted = _farthest(spikes, v - h) if p.one_spike else spikes
        fired = spikes > 0
        state.waits = torch.where(fired, p.refractory, (state.waits - 1).clamp(min=0))
        if p.delayed_reset:
            state.pending = torch.where(fired, h * spikes if level is None else one, zero)
        else:
            v = v - h * torch.where(fired, spikes, zero) if level is None else torch.where(fired, level, v)
        if p.floored:
            v = torch.maximum(v, a.parameter(p, "floor"))
        state.v = self._kept(p, "state", v)
        if p.adaptive:
            grown = a.leaked(p, "adaptation_decay", state.adapted)
            state.adapted = self._kept(p, "adaptation", grown + a.parameter(p, "adaptation") * spikes)
        return torch.where(fired, emitted, zero) if p.multispike else emitted

    def _clif(self, p: Population, state: _State, x: Tensor) -> Tensor:
        """m - v - e against the threshold; ``u`` is m, ``adapted`` e, ``pending`` the last spikes."""
        a = self.arithmetic
        h = a.parameter(p, "threshold")
        state.u = self._kept(p, "current", a.leaked(p, "current_decay", state.u) + x)
        state.v = self._kept(p, "state", a.leaked(p, "decay", state.v) + x)
        recovering = a.leaked(p, "current_decay", state.adapted) + h * state.pending
        state.adapted = self._kept(p, "adaptation", recovering)
        state.pending = a.fired(state.u - state.v - state.adapted, h, p.compare == ">=")
        return state.pending

    def _kept(self, p: Population, name: str, x: Tensor) -> Tensor:
        """The word, saturated; its range without saturation is noted."""
        low, high = float(x.detach().min()), float(x.detach().max())
        before = self.found.ranges.setdefault(p.name, {}).get(name, (low, high))
        self.found.ranges[p.name][name] = (min(low, before[0]), max(high, before[1]))
        kept = self.arithmetic.kept(p, name, x)
        counts = self.found.saturated.setdefault(p.name, {})
        counts[name] = counts.get(name, 0) + int((kept != x).sum())
        return kept


def _groups(p: Population) -> list[Population]:
    """Its channel groups as populations of their own."""
    size = p.size // p.channel_groups
    given = [
        {name: values.ravel()[k : k + size] for name, values in p.vectors.items()}
        for k in range(0, p.size, size)
    ]
    shape = (p.channels // p.channel_groups, *p.shape[1:])
    return [replace(p, shape=shape, channel_groups=1, vectors=vectors) for vectors in given]


def _pooled(q: Projection, planes: Tensor) -> Tensor:
    """The windows' sums or maxima; a maximum over no neuron is 0."""
    (py, px), sizes = q.padding, zip(q.kernel, q.stride, strict=True)
    (kh, sh), (kw, sw) = sizes
    if q.kind == "avg_pool":
        windows = F.pad(planes, (px, px, py, py)).unfold(2, kh, sh).unfold(3, kw, sw)
        return Tensor(windows.sum((-1, -2)))
    values = F.pad(planes, (px, px, py, py)).unfold(2, kh, sh).unfold(3, kw, sw)
    there = F.pad(torch.ones_like(planes[:1, :1]), (px, px, py, py)).unfold(2, kh, sh).unfold(3, kw, sw) > 0
    lowest = values.min() if values.numel() else 0
    largest = torch.where(there, values, lowest).amax((-1, -2))
    return torch.where(there.any(-1).any(-1), largest, torch.zeros_like(largest))


def _farthest(spikes: Tensor, above: Tensor) -> Tensor:
    """Of each sample's spikes only that of the neuron farthest above its threshold, the first of equals."""
    lowest = above.min() - 1
    first = torch.where(spikes > 0, above, lowest).argmax(1, keepdim=True)
    return torch.zeros_like(spikes).scatter(1, first, spikes.gather(1, first))
