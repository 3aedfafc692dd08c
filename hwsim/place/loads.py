"""What every core holds, and whether its limits allow it (G3 to G7, G9)."""

from dataclasses import dataclass

import numpy as np

from hwsim.errors import HwsimError
from hwsim.grid import LIMITS, Grid
from hwsim.place.reach import Int, Reach
from hwsim.place.slices import HOST, Sliced


@dataclass(frozen=True, eq=False)
class Loads:
    """Of each core: neurons, synapse words, bytes of them, axons in and out; shape (cores,)."""

    neurons: Int
    synapses: Int
    weight_bytes: Int
    axons_in: Int
    axons_out: Int

    def of(self, limit: str) -> Int:
        values: Int = getattr(self, limit)
        return values


def weight_bytes(synapses: int, weight_bits: int) -> int:
    """Synapse words in whole bytes, packed (G4)."""
    return -(-synapses * weight_bits // 8)


def loads(sliced: Sliced, shared_weights: bool, weight_bits: int) -> Loads:
    """Exact counts of every core."""
    network = sliced.network
    neurons, synapses, axons_in, axons_out = (np.zeros(sliced.cores, np.int64) for _ in range(4))
    for piece in sliced.slices:
        neurons[piece.core] += piece.box.size
        for projection in network.into(piece.population):
            synapses[piece.core] += Reach.of(network, projection).synapses(piece.box, shared_weights)
    for p in network.populations:
        classes = sliced.classes(p.name)
        axons_in += classes.neurons @ classes.reached
        sent = classes.neurons * classes.reached.sum(axis=1)
        placed = classes.home != HOST
        np.add.at(axons_out, classes.home[placed], sent[placed])
    stored = np.array([weight_bytes(int(n), weight_bits) for n in synapses], np.int64)
    return Loads(neurons, synapses, stored, axons_in, axons_out)


def check(sliced: Sliced, found: Loads, grid: Grid) -> None:
    """Raises HwsimError for every limit that a core exceeds: which, of which populations, by how much."""
    lines = []
    for limit in LIMITS:
        allowed = getattr(grid.limits, limit)
        if allowed is None:
            continue
        values = found.of(limit)
        for core in np.nonzero(values > allowed)[0]:
            held = ", ".join(repr(s.population) for s in sliced.slices if s.core == core)
            lines.append(
                f"core {core} with {held}: {limit}: found {values[core]}, allowed {allowed}: "
                f"{values[core] - allowed} too many"
            )
    if lines:
        raise HwsimError("\n".join(lines))
