"""Slices of populations on cores, and the sets of cores that each neuron's spikes go to (G2, G5, G6)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from hwsim.network import Network
from hwsim.place.reach import Box, Int, Mask, Reach

HOST = -1
"""The core number that stands for the host, where the input's spikes come from (G8)."""


@dataclass(frozen=True)
class Slice:
    """A box of a population's neurons on a core."""

    population: str
    box: Box
    core: int


@dataclass(frozen=True, eq=False)
class Classes:
    """Neurons of one population told apart by where they lie and which cores they reach.

    Neuron (c, s) is of class ``channel_class[c] * position_classes + position_class[s]``; ``home`` is
    each class's own core, ``reached`` (classes, cores) the cores that it reaches, ``neurons`` its size.
    """

    channel_class: Int
    position_class: Int
    home: Int
    reached: Mask
    neurons: Int

    @property
    def position_classes(self) -> int:
        return int(self.position_class.max()) + 1

    def of(self, neurons: NDArray[np.int32]) -> Int:
        """The classes of neurons by number."""
        channel, position = np.divmod(neurons, len(self.position_class))
        found: Int = self.channel_class[channel] * self.position_classes + self.position_class[position]
        return found


@dataclass(frozen=True, eq=False)
class Sliced:
    """A network whose populations, all but the input, lie on cores 0 to ``cores`` - 1."""

    network: Network
    slices: tuple[Slice, ...]
    cores: int

    @cached_property
    def of_population(self) -> dict[str, tuple[Slice, ...]]:
        found: dict[str, list[Slice]] = {p.name: [] for p in self.network.populations}
        for piece in self.slices:
            found[piece.population].append(piece)
        return {name: tuple(pieces) for name, pieces in found.items()}

    def classes(self, population: str) -> Classes:
        """The classes of a population's neurons; those of the input have the host for their core."""
        p = self.network.population[population]
        places = p.plane[0] * p.plane[1]
        own = self.of_population[population] or (
            Slice(population, Box(0, p.channels - 1, 0, places - 1), HOST),
        )
        boxes = [(s.box, s.core) for s in own]
        channel_bits = [_between(p.channels, [(b.c0, b.c1) for b, _ in boxes])]
        position_bits = [_between(places, [(b.p0, b.p1) for b, _ in boxes])]
        cores: list[int] = []
        for projection in self.network.out_of(population):
            reach = Reach.of(self.network, projection)
            pieces = self.of_population[projection.target]
            cores += [s.core for s in pieces]
            channel_bits.append(_each(p.channels, reach.channels, [(s.box.c0, s.box.c1) for s in pieces]))
            position_bits.append(_each(places, reach.positions, [(s.box.p0, s.box.p1) for s in pieces]))
        of_channel, channel_class = _distinct(np.concatenate(channel_bits, axis=1))
        of_position, position_class = _distinct(np.concatenate(position_bits, axis=1))
        pairs = of_channel[:, None, :] & of_position[None, :, :]
        flat = pairs.reshape(-1, pairs.shape[2])
        reached = np.zeros((len(flat), self.cores), np.bool_)
        for column, core in enumerate(cores, len(boxes)):
            reached[:, core] |= flat[:, column]
        home = np.array([core for _, core in boxes], np.int64)[flat[:, : len(boxes)].argmax(axis=1)]
        neurons = np.outer(np.bincount(channel_class), np.bincount(position_class)).ravel()
        return Classes(channel_class, position_class, home, reached, neurons)


def numbered(sliced: Sliced) -> tuple[Sliced, Int]:
    """The slices with cores numbered in the order in which they come up, and the core that each was."""
    cores = list(dict.fromkeys(s.core for s in sliced.slices))
    number = {core: i for i, core in enumerate(cores)}
    slices = tuple(replace(s, core=number[s.core]) for s in sliced.slices)
    return Sliced(sliced.network, slices, len(cores)), np.array(cores, np.int64)


def _between(size: int, ranges: list[tuple[int, int]]) -> Mask:
    """Whether each of ``size`` numbers lies in each range; shape (size, ranges)."""
    number = np.arange(size)[:, None]
    low, high = np.array(ranges, np.int64).reshape(-1, 2).T
    inside: Mask = (number >= low) & (number <= high)
    return inside


def _each(size: int, reach: Callable[[int, int], Mask], ranges: list[tuple[int, int]]) -> Mask:
    """Which of ``size`` source channels or positions each range of the target takes; (size, ranges)."""
    known = {r: reach(*r) for r in set(ranges)}
    return np.stack([known[r] for r in ranges], axis=1) if ranges else np.zeros((size, 0), np.bool_)


def _distinct(rows: Mask) -> tuple[Mask, Int]:
    """The distinct rows, and for each row which of them it is."""
    packed = np.packbits(rows, axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    return rows[first], which.ravel().astype(np.int64)
