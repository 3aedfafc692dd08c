"""Placements as mapping files have them: written, read back, and checked against network and grid."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from hwsim.errors import HwsimError
from hwsim.grid import Grid
from hwsim.mapping import Mapping, PlacedSlice
from hwsim.network import Network, Population
from hwsim.place.loads import check, loads
from hwsim.place.reach import Box, Int
from hwsim.place.slices import Slice, Sliced


def moved(sliced: Sliced, place: Int, grid: Grid) -> Sliced:
    """The same slices on the grid's cores: core i goes to ``place[i]``."""
    return Sliced(
        sliced.network, tuple(replace(s, core=int(place[s.core])) for s in sliced.slices), grid.cores
    )


def with_placement(mapping: Mapping, sliced: Sliced) -> Mapping:
    """The mapping with these slices for its placement."""
    placement = {}
    for name, pieces in sliced.of_population.items():
        height, width = sliced.network.population[name].plane
        corners = [(*s.box.corners(height * width), s.core) for s in pieces]
        if corners:
            placement[name] = [PlacedSlice(first=a, last=b, core=core) for a, b, core in corners]
    return mapping.model_copy(update={"placement": placement})


def placed(
    mapping: Mapping, network: Network, grid: Grid, weight_bits: int, file: Path | None = None
) -> Sliced:
    """The slices of a mapping's placement.

    Raises HwsimError, with the ``file`` that the mapping was read from, for neurons that lie on no core or
    on several, for cores that the grid has not, and for limits that a core exceeds (G2 to G9).
    """
    try:
        return _placed(mapping, network, grid, weight_bits)
    except HwsimError as error:
        if file is None:
            raise
        raise HwsimError(f"{file}: {error}") from None


def _placed(mapping: Mapping, network: Network, grid: Grid, weight_bits: int) -> Sliced:
    mapping.verify(network)
    slices: list[Slice] = []
    for p in network.populations:
        pieces = mapping.placement.get(p.name, [])
        if p.kind == "input":
            if pieces:
                raise HwsimError(f"placement: {p.name!r} is the input, which comes from the host (G8)")
            continue
        slices += _of_population(p, pieces, grid)
    sliced = Sliced(network, tuple(slices), grid.cores)
    check(sliced, loads(sliced, grid.limits.shared_weights, weight_bits), grid)
    return sliced


def _of_population(p: Population, pieces: list[PlacedSlice], grid: Grid) -> list[Slice]:
    positions = p.plane[0] * p.plane[1]
    times = np.zeros((p.channels, positions), np.int64)
    slices: list[Slice] = []
    for i, piece in enumerate(pieces):
        where = f"placement.{p.name}.{i}"
        if piece.last >= p.size:
            raise HwsimError(f"{where}: last: found neuron {piece.last}, allowed 0 to {p.size - 1}")
        if piece.core >= grid.cores:
            raise HwsimError(f"{where}: core: found {piece.core}, allowed 0 to {grid.cores - 1}")
        box = Box.of(piece.first, piece.last, positions)
        if box.c0 > box.c1 or box.p0 > box.p1:
            raise HwsimError(
                f"{where}: first {piece.first} is channel {box.c0}, position {box.p0}; last {piece.last} is "
                f"channel {box.c1}, position {box.p1}: neither may be before the first's"
            )
        if any(s.core == piece.core for s in slices):
            raise HwsimError(f"{where}: core {piece.core} has a slice of this population already (G2)")
        times[box.c0 : box.c1 + 1, box.p0 : box.p1 + 1] += 1
        slices.append(Slice(p.name, box, piece.core))
    if (times != 1).any():
        at = int((times.ravel() != 1).argmax())
        raise HwsimError(
            f"placement: {p.name!r}: {int((times != 1).sum())} of {p.size} neurons lie on no core or on "
            f"several; the first is {at}, on {times.ravel()[at]}"
        )
    return slices
