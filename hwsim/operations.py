"""Synaptic operations of a run, counted as hwsim does and as the tools do that users compare with.

Every count is a mean over samples, each run alone with one call of every layer a timestep. All of them
follow from the network and its events; none of the other tools is needed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.events import Events, EventTrace
from hwsim.geometry import output_taps, windows
from hwsim.network import Network, Population, Projection

Counts = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

DEFINITIONS: dict[str, str] = {
    "ac": (
        "hwsim: additions that events cause: one for every synapse in bounds that an event of value 1 "
        "reaches, and for every input of a sum or an average pool; no biases, no neurons."
    ),
    "mac": "hwsim: the same through weights from populations that emit graded values, zeros skipped.",
    "dense": (
        "hwsim: ac + mac if every neuron emitted at every step, in bounds, without the steps whose events a "
        "delay keeps from arriving."
    ),
    "neurobench_ac": (
        "NeuroBench 2.3, Effective_ACs: nonzero inputs times nonzero weights of a layer, in bounds, in "
        "calls whose input is all 0, 1 or -1."
    ),
    "neurobench_mac": "NeuroBench 2.3, Effective_MACs: the same in all other calls; zeros are skipped.",
    "neurobench_dense": "NeuroBench 2.3, Dense: all inputs times all weights of a layer, in bounds.",
    "spikingjelly_synop": (
        "SpikingJelly 2.0, SynOpCounter: inputs of 1 times the weights that they meet, in bounds, zero "
        "weights included, in calls whose input is all 0 or 1 (weights that are all 0 or 1 aside)."
    ),
    "spikingjelly_mac": (
        "SpikingJelly 2.0, MACCounter without batch normalization: all multiplications of the other calls, "
        "zeros and padding included."
    ),
    "syops_ac": (
        "syops 0.0.5, ACs: mean input times (multiplications with padding + biases) in calls whose input "
        "has at most two values, all from 0 to 1; for pools mean input times inputs; one a neuron and step "
        "(it counts batch normalization too, which is folded here)."
    ),
    "syops_mac": (
        "syops 0.0.5, MACs: multiplications with padding + biases, or inputs of pools, in all other calls."
    ),
}
"""What each count is, and which version of which tool it was read from."""


@dataclass(frozen=True)
class LayerOperations:
    """Counts of one projection, or (kind "neurons") of one spiking population."""

    name: str
    kind: str
    source: str
    target: str
    counts: dict[str, float]


@dataclass(frozen=True)
class Operations:
    """Counts a sample, layer by layer."""

    model: str
    samples: int
    timesteps: int
    layers: tuple[LayerOperations, ...]

    @property
    def totals(self) -> dict[str, float]:
        return {key: sum(row.counts.get(key, 0.0) for row in self.layers) for key in DEFINITIONS}

    def as_dict(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "samples": self.samples,
            "timesteps": self.timesteps,
            "definitions": DEFINITIONS,
            "layers": [
                {"name": r.name, "kind": r.kind, "source": r.source, "target": r.target, "counts": r.counts}
                for r in self.layers
            ],
            "totals": self.totals,
        }


def count(network: Network, trace: EventTrace) -> Operations:
    """Count the operations of ``trace``, the events of ``network``."""
    emitted = {
        name: Emitted(events, network.population[name].size, network.timesteps)
        for name, events in trace.events.items()
    }
    rows = []
    for p in network.populations:
        for q in network.into(p.name):
            counted = _COUNTS[q.kind](Layer(network, q, emitted[q.source]))
            rows.append(LayerOperations(q.name, q.kind, q.source, p.name, counted))
        if p.spikes:
            updates = {"syops_ac": float(p.size * network.timesteps)}
            rows.append(LayerOperations(p.name, "neurons", p.name, p.name, updates))
    return Operations(network.name, trace.samples, network.timesteps, tuple(rows))


class Emitted:
    """What a population emitted in every cell (sample, step), a constant population at every step."""

    def __init__(self, events: Events, size: int, timesteps: int) -> None:
        self.events, self.size, self.timesteps = events, size, timesteps
        self.cells = np.repeat(np.arange(len(events.offsets) - 1), np.diff(events.offsets))
        self.values = np.ones(len(events.index)) if events.payload is None else events.payload

    def by_step(self, cells: NDArray[Any]) -> NDArray[Any]:
        """Values of cells as (samples, timesteps)."""
        shape = (self.events.samples, self.timesteps)
        return np.broadcast_to(cells.reshape(self.events.samples, self.events.steps), shape)

    def reached(self, fan_out: Ints) -> Counts:
        """Sum of ``fan_out`` over the neurons that emitted."""
        found: Counts = self.by_step(self._sum(fan_out[self.events.index]))
        return found

    @cached_property
    def ones(self) -> Flags:
        """Whether all values are 0 or 1."""
        return self.by_step(self._sum(self.values != 1) == 0)

    @cached_property
    def units(self) -> Flags:
        """Whether all values are 0, 1 or -1."""
        return self.by_step(self._sum(np.abs(self.values) != 1) == 0)

    @cached_property
    def two_valued(self) -> Flags:
        """Whether there are at most two different values, all from 0 to 1."""
        cells = len(self.events.offsets) - 1
        least, most = np.full(cells, np.inf), np.full(cells, -np.inf)
        np.minimum.at(least, self.cells, self.values)
        np.maximum.at(most, self.cells, self.values)
        full = np.diff(self.events.offsets) == self.size
        others = (self.values != least[self.cells]) & (~full[self.cells] | (self.values != most[self.cells]))
        empty = np.diff(self.events.offsets) == 0
        return self.by_step(empty | ((least >= 0) & (most <= 1) & (self._sum(others) == 0)))

    @cached_property
    def mean(self) -> Counts:
        """Mean value of all neurons."""
        return self.by_step(self._sum(self.values) / self.size)

    def _sum(self, weights: NDArray[Any]) -> Counts:
        cells = len(self.events.offsets) - 1
        return np.bincount(self.cells, weights, cells).astype(np.float64)


class Layer:
    """A projection, and means over samples of what its source sends through it."""

    def __init__(self, network: Network, projection: Projection, emitted: Emitted) -> None:
        self.projection, self.emitted = projection, emitted
        self.source = network.population[projection.source]
        self.target = network.population[projection.target]
        self.binary = network.is_binary(projection.source)

    @property
    def steps(self) -> int:
        """Steps whose events arrive in time."""
        return max(self.emitted.timesteps - self.projection.delay, 0)

    def mean(self, of_cells: Counts) -> float:
        """Sum over the steps that arrive in time, mean over samples."""
        return float(of_cells[:, : self.steps].sum() / len(of_cells))

    def split(
        self, chosen: Flags, if_chosen: Counts | float, otherwise: Counts | float
    ) -> tuple[float, float]:
        """Means of one count over the chosen cells and of another over the rest."""
        first, second = np.where(chosen, if_chosen, 0.0), np.where(chosen, 0.0, otherwise)
        return self.mean(first), self.mean(second)

    @property
    def padded(self) -> int:
        """Multiplications of one step, padding counted."""
        assert self.projection.weights is not None
        return prod(self.projection.weights.shape[1:]) * self.target.size


def fan_out(
    projection: Projection, source: Population, target: Population, nonzero: bool
) -> NDArray[np.int64]:
    """Synapses in bounds of each source neuron; ``nonzero``: without those of weight 0. Shape (neurons,)."""
    if projection.kind == "identity":
        return np.ones(source.size, np.int64)
    if projection.weights is None:
        axes = (source.plane, projection.kernel, projection.stride, projection.padding, target.plane)
        return np.tile(windows(*axes), source.channels)
    present = projection.weights != 0 if nonzero else np.ones(projection.weights.shape, np.bool_)
    if projection.kind == "dense":
        return np.asarray(present.sum(axis=0), np.int64)
    # (groups, outputs a group, inputs a group, kh, kw) to (source channels, kh, kw)
    grouped = present.reshape(projection.groups, -1, *present.shape[1:]).sum(axis=1, dtype=np.int64)
    by_channel = grouped.reshape(source.channels, *projection.kernel)
    rows, columns = (
        (output_taps(size, kernel, stride, padding, out) >= 0).astype(np.int64)
        for size, kernel, stride, padding, out in zip(
            source.plane, projection.kernel, projection.stride, projection.padding, target.plane, strict=True
        )
    )
    return np.asarray(np.einsum("cij,yi,xj->cyx", by_channel, rows, columns), np.int64).ravel()


def _weighted(layer: Layer) -> dict[str, float]:
    sent = layer.emitted
    ends = (layer.projection, layer.source, layer.target)
    synapses, nonzero = fan_out(*ends, nonzero=False), fan_out(*ends, nonzero=True)
    reached = sent.reached(synapses)
    effective_ac, effective_mac = layer.split(sent.units, sent.reached(nonzero), sent.reached(nonzero))
    synop, multiplied = layer.split(sent.ones, reached, layer.padded)
    biased = layer.padded + (0 if layer.projection.bias is None else layer.target.size)
    accumulated, rest = layer.split(sent.two_valued, biased * sent.mean, biased)
    exact, dense = layer.mean(reached), float(synapses.sum() * layer.steps)
    return {
        "ac": exact if layer.binary else 0.0,
        "mac": 0.0 if layer.binary else exact,
        "dense": dense,
        "neurobench_ac": effective_ac,
        "neurobench_mac": effective_mac,
        "neurobench_dense": dense,
        "spikingjelly_synop": synop,
        "spikingjelly_mac": multiplied,
        "syops_ac": accumulated,
        "syops_mac": rest,
    }


def _added(layer: Layer) -> dict[str, float]:
    synapses = fan_out(layer.projection, layer.source, layer.target, nonzero=False)
    dense = float(synapses.sum() * layer.steps)
    return {"ac": layer.mean(layer.emitted.reached(synapses)), "dense": dense}


def _pooled(layer: Layer) -> dict[str, float]:
    """syops counts a pool's inputs; a maximum adds nothing."""
    sent = layer.emitted
    accumulated, rest = layer.split(sent.two_valued, sent.size * sent.mean, sent.size)
    return {"syops_ac": accumulated, "syops_mac": rest}


_COUNTS: dict[str, Callable[[Layer], dict[str, float]]] = {
    "dense": _weighted,
    "conv2d": _weighted,
    "identity": _added,
    "max_pool": _pooled,
    "avg_pool": lambda layer: _added(layer) | _pooled(layer),
}
