"""A network cut into slices that cores can hold: as few cores as the rules find (G2, G10, G11)."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from hwsim.errors import HwsimError
from hwsim.grid import Grid
from hwsim.network import Network
from hwsim.place.loads import check, loads
from hwsim.place.reach import Box, Mask, Reach
from hwsim.place.search import Search
from hwsim.place.slices import Slice, Sliced, numbered

Progress = Callable[[int, int], None]


@dataclass(eq=False)
class Core:
    """What is on a core so far; ``heard`` are the source neurons of its axons in, by population."""

    populations: set[str] = field(default_factory=set)
    neurons: int = 0
    synapses: int = 0
    sent: int = 0
    heard: dict[str, Mask] = field(default_factory=dict)

    def with_box(self, piece: "Core") -> "Core":
        heard = dict(self.heard)
        for name, mask in piece.heard.items():
            heard[name] = heard[name] | mask if name in heard else mask
        return Core(
            self.populations | piece.populations,
            self.neurons + piece.neurons,
            self.synapses + piece.synapses,
            self.sent + piece.sent,
            heard,
        )

    def fits(self, grid: Grid, weight_bits: int) -> bool:
        limits = grid.limits
        held = (
            (self.neurons, limits.neurons),
            (self.synapses, limits.synapses),
            (-(-self.synapses * weight_bits // 8), limits.weight_bytes),
            (self.sent, limits.axons_out),
        )
        if any(allowed is not None and found > allowed for found, allowed in held):
            return False
        return limits.axons_in is None or sum(int(m.sum()) for m in self.heard.values()) <= limits.axons_in


def partition(network: Network, grid: Grid, weight_bits: int, progress: Progress | None = None) -> Sliced:
    """Slices of every population but the input, on cores numbered in the order of the network.

    Populations are cut from the last to the first, so that the cores that a neuron's spikes go to are known
    when its own population is cut. Raises HwsimError naming the limit for a network that does not fit, and
    for one with shared states.
    """
    _check_states(network)
    placed = [p for p in network.populations if p.kind != "input"]
    cores: list[Core] = []
    slices: list[Slice] = []
    for done, population in enumerate(reversed(placed), 1):
        search = Search(Sliced(network, tuple(slices), len(cores)), population, grid, weight_bits)
        boxes = search.best()
        check_cores(len(boxes), grid, f"population {population.name!r}: ")
        for box in boxes:
            piece = _alone(search, box)
            core, joined = _home(cores, piece, grid, weight_bits)
            if core == len(cores):
                cores.append(joined)
            cores[core] = joined
            slices.append(Slice(population.name, box, core))
        if progress:
            progress(done, len(placed))
    sliced = _in_order(network, slices, len(cores))
    check(sliced, loads(sliced, grid.limits.shared_weights, weight_bits), grid)
    check_cores(sliced.cores, grid)
    return sliced


def check_cores(cores: int, grid: Grid, where: str = "") -> None:
    """Raises HwsimError where the chip has too few (G9)."""
    if cores > grid.cores:
        raise HwsimError(
            f"{where}cores: found {cores} needed, allowed {grid.cores} on the chip ({grid.network.width} x "
            f"{grid.network.height} routers, cores_per_router {grid.cores_per_router}): "
            f"{cores - grid.cores} too many"
        )


def _check_states(network: Network) -> None:
    shared = next((p.name for p in network.populations if p.shared), None)
    if shared is not None:
        raise HwsimError(
            f"population {shared!r} shares its states; on cores of their own, populations and channels "
            "cannot: leave out --sharing"
        )


def _alone(search: Search, box: Box) -> Core:
    """A box of the population as if it had a core for itself."""
    s = search.sent[:, box.p1 + 1] - search.sent[:, box.p0]
    shared = search.limits.shared_weights
    core = Core(
        {search.population.name},
        box.size,
        sum(r.synapses(box, shared) for r in search.reaches),
        int(s[box.c1 + 1] - s[box.c0]),
    )
    if search.limits.axons_in is not None:
        for r in search.reaches:
            core.heard[r.source.name] = core.heard.get(r.source.name, np.False_) | heard(r, box)
    return core


def heard(reach: Reach, box: Box) -> Mask:
    """Source neurons that a box takes by one projection; shape (channels, positions) (G5)."""
    return np.outer(reach.channels(box.c0, box.c1), reach.positions(box.p0, box.p1))


def _home(cores: list[Core], piece: Core, grid: Grid, weight_bits: int) -> tuple[int, Core]:
    """The youngest core with room for a piece of another population, or a new one (G11)."""
    for i in range(len(cores) - 1, -1, -1):
        if piece.populations & cores[i].populations:
            continue
        spare = replace(cores[i], heard={}).with_box(replace(piece, heard={}))
        if spare.fits(grid, weight_bits):
            joined = cores[i].with_box(piece)
            if joined.fits(grid, weight_bits):
                return i, joined
    return len(cores), piece


def _in_order(network: Network, slices: list[Slice], cores: int) -> Sliced:
    """The same slices, population by population, with cores numbered as they first come up."""
    place = {p.name: i for i, p in enumerate(network.populations)}
    slices = sorted(slices, key=lambda s: (place[s.population], s.box.c0, s.box.p0))
    return numbered(Sliced(network, tuple(slices), cores))[0]
