"""Which source neurons a box of target neurons listens to, by the shapes of a projection alone (G5)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwsim.geometry import output_taps
from hwsim.network import Network, Population, Projection

Mask = NDArray[np.bool_]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class Box:
    """Neurons of channels ``c0`` to ``c1`` at positions ``p0`` to ``p1``, inclusive (G2)."""

    c0: int
    c1: int
    p0: int
    p1: int

    @property
    def size(self) -> int:
        return (self.c1 - self.c0 + 1) * (self.p1 - self.p0 + 1)

    @staticmethod
    def of(first: int, last: int, positions: int) -> "Box":
        """The box whose corners are neurons ``first`` and ``last`` of planes of ``positions``."""
        return Box(first // positions, last // positions, first % positions, last % positions)

    def corners(self, positions: int) -> tuple[int, int]:
        return self.c0 * positions + self.p0, self.c1 * positions + self.p1


@dataclass(frozen=True, eq=False)
class Reach:
    """A projection's connections, which are a product: channel to channel times position to position.

    A source neuron (c, s) reaches a target neuron (d, p) where channel c reaches d and position s lies in
    the window of p. Weights of zero count as connections.
    """

    projection: Projection
    source: Population
    target: Population

    @staticmethod
    def of(network: Network, projection: Projection) -> "Reach":
        known = network.population
        return Reach(projection, known[projection.source], known[projection.target])

    def channels(self, c0: int, c1: int) -> Mask:
        """Source channels that any of the target channels takes; shape (source channels,)."""
        taken = np.zeros(self.source.channels, np.bool_)
        kind = self.projection.kind
        if kind == "dense":
            taken[:] = True
        elif kind == "conv2d":
            outputs = self.target.channels // self.projection.groups
            inputs = self.source.channels // self.projection.groups
            taken[c0 // outputs * inputs : (c1 // outputs + 1) * inputs] = True
        else:
            taken[c0 : c1 + 1] = True
        return taken

    @cached_property
    def _windows(self) -> tuple[Mask, Mask]:
        """Rows and columns: whether a target's window holds a source's, shape (targets, sources)."""
        p, made = self.projection, []
        axes = zip(self.source.plane, self.target.plane, p.kernel, p.stride, p.padding, strict=True)
        for size, outputs, kernel, stride, padding in axes:
            held = np.zeros((outputs, size), np.bool_)
            taps = output_taps(size, kernel, stride, padding, outputs)
            at = np.nonzero(taps >= 0)
            held[taps[at], at[0]] = True
            made.append(held)
        return made[0], made[1]

    def positions(self, p0: int, p1: int) -> Mask:
        """Source positions in the windows of target positions ``p0`` to ``p1``; shape (positions,)."""
        height, width = self.source.plane
        if self.projection.kind == "dense":
            return np.ones(height * width, np.bool_)
        rows, columns = self._windows
        taken = np.zeros((height, width), np.bool_)
        for top, bottom, left, right in _rectangles(p0, p1, self.target.plane[1]):
            taken |= np.outer(rows[top : bottom + 1].any(axis=0), columns[left : right + 1].any(axis=0))
        return taken.ravel()

    def channel_counts(self, c0: int, c1: int) -> Int:
        """How many of the target channels each source channel reaches; shape (source channels,)."""
        channel = np.arange(self.source.channels)
        kind = self.projection.kind
        if kind == "dense":
            return np.full(len(channel), c1 - c0 + 1, np.int64)
        if kind == "conv2d":
            outputs = self.target.channels // self.projection.groups
            first = channel // (self.source.channels // self.projection.groups) * outputs
            taken: Int = np.maximum(np.minimum(c1, first + outputs - 1) - np.maximum(c0, first) + 1, 0)
            return taken
        return ((channel >= c0) & (channel <= c1)).astype(np.int64)

    def position_counts(self, p0: int, p1: int) -> Int:
        """How many of the target positions hold each source position in their window; (positions,).

        A window holds a position once. Connections of neuron (c, s) into a box are the product of both.
        """
        height, width = self.source.plane
        if self.projection.kind == "dense":
            return np.full(height * width, p1 - p0 + 1, np.int64)
        rows, columns = self._windows
        counts = np.zeros((height, width), np.int64)
        for top, bottom, left, right in _rectangles(p0, p1, self.target.plane[1]):
            counts += np.outer(rows[top : bottom + 1].sum(axis=0), columns[left : right + 1].sum(axis=0))
        return counts.ravel()

    @cached_property
    def fan_in(self) -> Int:
        """In-bounds synapses of one target neuron, by its position; shape (target positions,)."""
        if self.projection.kind == "dense":
            return np.array([self.source.size], np.int64)
        rows, columns = self._windows
        grouped = self.projection.kind == "conv2d"
        inputs = self.source.channels // self.projection.groups if grouped else 1
        return np.outer(rows.sum(axis=1), columns.sum(axis=1)).ravel() * inputs

    @property
    def kernel_words(self) -> int:
        """Weights of one target channel as they are stored where kernels are shared; 0 without weights."""
        weights = self.projection.weights
        return 0 if weights is None else weights.size // len(weights)

    def synapses(self, box: Box, shared: bool) -> int:
        """Synapse words of a box of target neurons (G4)."""
        channels = box.c1 - box.c0 + 1
        if shared:
            return channels * self.kernel_words
        return channels * int(self.fan_in[box.p0 : box.p1 + 1].sum())


def _rectangles(p0: int, p1: int, across: int) -> list[tuple[int, int, int, int]]:
    """Positions ``p0`` to ``p1`` of rows of ``across`` as (top, bottom, left, right), inclusive."""
    (r0, x0), (r1, x1) = divmod(p0, across), divmod(p1, across)
    if r0 == r1:
        return [(r0, r1, x0, x1)]
    parts = [(r0, r0, x0, across - 1), (r1, r1, 0, x1)]
    if r1 - r0 > 1:
        parts.append((r0 + 1, r1 - 1, 0, across - 1))
    return parts
