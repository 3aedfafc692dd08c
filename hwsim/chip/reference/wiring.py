"""What is the same for all samples: ticks, which neuron lies where, and what it reaches (E2, G2, G5)."""

from collections import defaultdict
from itertools import product

from hwsim.chip.reference.depths import Ticks
from hwsim.chip.reference.synapses import Synapse, synapses
from hwsim.place.slices import HOST, Slice, Sliced


class Wiring:
    """``slices``: of each core in use, in the order of the network's populations (E3)."""

    def __init__(self, sliced: Sliced) -> None:
        self.network = network = sliced.network
        self.ticks = Ticks(network)
        self.slices: dict[int, list[Slice]] = {core: [] for core in sorted({s.core for s in sliced.slices})}
        self.home: dict[str, dict[int, int]] = {
            network.input.name: dict.fromkeys(range(network.input.size), HOST)
        }
        for p in network.populations:
            for piece in sliced.of_population[p.name]:
                self.slices[piece.core].append(piece)
                own = self.home.setdefault(p.name, {})
                own |= dict.fromkeys(neurons_of(piece, p.plane[0] * p.plane[1]), piece.core)
        self.synapses: dict[str, dict[int, list[Synapse]]] = {}
        self.window: dict[str, dict[int, int]] = {}
        reached = defaultdict[tuple[str, int], set[int]](set)
        for q in network.projections:
            self.synapses[q.name] = synapses(network, q)
            self.window[q.target] = defaultdict(int)
            for n, targets in self.synapses[q.name].items():
                for synapse in targets:
                    reached[q.source, n].add(self.home[q.target][synapse.target])
                    self.window[q.target][synapse.target] += 1
        self.reached = {neuron: frozenset(cores) for neuron, cores in reached.items()}

    def cores_of(self, population: str) -> set[int]:
        return set(self.home[population].values())

    def populations_on(self, core: int) -> set[str]:
        return {name for name, home in self.home.items() if core in home.values()}

    def between(self) -> set[tuple[int, int]]:
        """Pairs of a core and a core that it reaches at all; both may be one."""
        return {(self.home[name][n], core) for (name, n), cores in self.reached.items() for core in cores}


def neurons_of(piece: Slice, positions: int) -> list[int]:
    """The neurons of a slice, in their order."""
    box = piece.box
    channels, places = range(box.c0, box.c1 + 1), range(box.p0, box.p1 + 1)
    return [c * positions + s for c, s in product(channels, places)]
