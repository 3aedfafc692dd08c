"""From the operations of one timestep to populations and projections.

Between neurons a tensor is a :class:`Current`, a sum of projections that have a source but no target
yet. A neuron, a pool or the model's output gives it one; so does a second reader, in order that nothing
is computed twice. A tensor of an earlier step is the same population read with a delay.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from math import prod

import numpy as np

from hwsim.errors import HwsimError
from hwsim.frontends import layers
from hwsim.frontends.neurons import output_part
from hwsim.frontends.signals import Current, Draft, Emitted, Joined, Made, Recent, Signal, planar
from hwsim.frontends.timing import Key, Node, Read
from hwsim.network import Coding, Network, Population, Projection


class Lowering:
    """Builds a Network from one timestep; ``made_by`` tells which tensor each population is."""

    def __init__(self, nodes: Mapping[Key, Node]) -> None:
        self.nodes = nodes
        self.populations: list[Population] = []
        self.projections: list[Projection] = []
        self.made_by: dict[str, Made] = {}
        self.signals: dict[Key, Signal] = {}
        self.awaited: dict[str, Key] = {}
        self.neurons: set[str] = set()
        self.sharing: dict[int, list[str]] = {}
        self.readers: Counter[Key] = Counter()

    def build(self, output: Key, name: str, timesteps: int, coding: Coding) -> Network:
        """The network whose answer is the sum over the steps of what the operation ``output`` makes."""
        needed = self._needed(output)
        self.readers = Counter(r.key for k in needed for r in set(layers.inputs(self.nodes[k])))
        self.readers[output] += 1
        for key, node in self.nodes.items():
            if key in needed:
                self.signals[key] = self._signal(node)
        readout = self._readout(output)
        self._settle()
        self._share()
        populations, projections = tuple(self.populations), tuple(self.projections)
        network = Network(name, populations, projections, readout, timesteps, coding)
        network.verify()
        return network

    def _needed(self, output: Key) -> set[Key]:
        """All neurons, the output, and everything that they read."""
        needed: set[Key] = set()
        waiting = [output, *(k for k, n in self.nodes.items() if layers.is_population(n))]
        while waiting:
            key = waiting.pop()
            if key not in needed:
                needed.add(key)
                waiting += [r.key for r in layers.inputs(self.nodes[key])]
        return needed

    def _signal(self, node: Node) -> Signal:
        lower = layers.rule(node)
        if lower is None:
            known = ", ".join(sorted({t.__name__ for t in (*layers.RULES, *layers.NEUTRAL)}))
            raise HwsimError(
                f"module {node.path!r} ({node.kind}) cannot be lowered. Known: {known}, and registered "
                "neurons (hwsim.frontends.register_neuron)"
            )
        return lower(self, node)

    def read(self, node: Node, place: int = 0) -> Signal:
        """What an operation reads: a signal of its own step, or of an earlier one."""
        read = node.reads[place]
        if read.part != output_part(read.key[0], self.nodes[read.key].module):
            raise HwsimError(
                f"module {read.key[0]!r} ({read.key[1]}): tensor {read.part} of its call goes into other "
                "layers; only the spikes of a neuron that resets can, or the membrane of one that does not"
            )
        if read.lag:
            return self._earlier(read)
        signal = self.signals[read.key]
        if isinstance(signal, Current) and signal.weighted and self.readers[read.key] > 1:
            signal = self.signals[read.key] = self.relayed(read.key)
        return signal

    def _earlier(self, read: Read) -> Emitted:
        """A population that may not exist yet: it gets its name when all operations are lowered."""
        name = f"?{read.key}"
        self.awaited[name] = read.key
        return Emitted(name, self.nodes[read.key].shape, read.lag)

    def as_current(self, signal: Signal, where: str) -> Current:
        """What a neuron takes: a sum of projections; a population's output becomes an identity."""
        if isinstance(signal, Current):
            return signal
        if isinstance(signal, Emitted):
            draft = Draft(signal.population, "identity", delay=signal.delay)
            return Current((draft,), self.shape_of(signal.population), signal.shape)
        raise HwsimError(f"{where}: cannot take a concatenation or a window; give it its own layer first")

    def as_emitted(self, node: Node, place: int = 0) -> Emitted | Recent | Joined:
        """What a projection takes: populations; a sum becomes a relay of graded values."""
        signal, key = self.read(node, place), node.reads[place].key
        if isinstance(signal, Current):
            signal = self.signals[key] = self.relayed(key)
        elif isinstance(signal, Joined):
            starts = np.cumsum([0, *(prod(part.shape) for part in signal.parts)])
            parts = [self._part(p, Made(key, int(s))) for p, s in zip(signal.parts, starts, strict=False)]
            signal = self.signals[key] = replace(signal, parts=tuple(parts))
        return signal

    def _part(self, part: Emitted | Current, made: Made) -> Emitted:
        return part if isinstance(part, Emitted) else self._relay(part, made)

    def relayed(self, key: Key) -> Emitted:
        """The sum that an operation made, as a population of its own."""
        signal = self.signals[key]
        assert isinstance(signal, Current)
        return self._relay(signal, Made(key))

    def _relay(self, current: Current, made: Made) -> Emitted:
        name = self.unused_name(f"{made.key[0] or 'model'}.sum")
        return self.add(self.carrier(name, current), current, made)

    def carrier(self, name: str, current: Current) -> Population:
        """The population that emits a current as it is: a relay, or an integrator if it is filtered."""
        if current.filter is None:
            return Population(name, current.natural, "relay")
        return Population(name, current.natural, "li", decay=current.filter)

    def add(self, population: Population, current: Current, made: Made) -> Emitted:
        """A population and the projections into it."""
        self.populations.append(population)
        self.made_by[population.name] = made
        self.connect(population.name, current.drafts)
        return Emitted(population.name, current.shape)

    def connect(self, target: str, drafts: tuple[Draft, ...]) -> None:
        for draft in drafts:
            name = self.unused_name(f"{draft.source}->{target}", projections=True)
            weights, bias = (None if a is None else a.astype(np.float32) for a in (draft.weights, draft.bias))
            self.projections.append(
                Projection(
                    name, draft.source, target, draft.kind, weights, bias, draft.kernel, draft.stride,
                    draft.padding, draft.groups, draft.divisor, draft.delay,
                )
            )  # fmt: skip

    def unused_name(self, wanted: str, projections: bool = False) -> str:
        used = {p.name for p in (self.projections if projections else self.populations)}
        name, count = wanted, 2
        while name in used:
            name, count = f"{wanted}#{count}", count + 1
        return name

    def shape_of(self, population: str) -> tuple[int, ...]:
        if population in self.awaited:
            return planar(self.nodes[self.awaited[population]].shape)
        return next(p.shape for p in self.populations if p.name == population)

    def _readout(self, output: Key) -> str:
        signal = self.signals[output]
        if isinstance(signal, Emitted) and not signal.delay:
            population = next(p for p in self.populations if p.name == signal.population)
            if population.spikes:
                return population.name
        current = self.as_current(signal, "the model's output")
        if current.filter is not None:
            current = self.as_current(self.relayed(output), "the model's output")
        name = self.unused_name("readout")
        self.add(Population(name, current.natural, "readout"), current, Made(output))
        return name

    def _settle(self) -> None:
        """Give the populations that were read before they existed their names."""
        found = {name: self._existing(key) for name, key in self.awaited.items()}
        for i, projection in enumerate(self.projections):
            if projection.source not in found:
                continue
            emitted, shape = _traced(projection.source, found), self.shape_of(projection.source)
            if projection.kind not in ("dense", "identity") and self.shape_of(emitted.population) != shape:
                raise HwsimError(
                    f"population {projection.target!r}: reads {emitted.population!r} of the step before as "
                    f"shape {shape}; reshape it in the step in which it is read"
                )
            self.projections[i] = replace(
                projection,
                name=self.unused_name(f"{emitted.population}->{projection.target}", projections=True),
                source=emitted.population,
                delay=projection.delay + emitted.delay,
            )

    def _share(self) -> None:
        """One group of states a memory that several layers have in common, named by the first of them."""
        groups = {name: names[0] for names in self.sharing.values() if len(names) > 1 for name in names}
        self.populations = [
            replace(p, state_group=groups[p.name]) if p.name in groups else p for p in self.populations
        ]

    def _existing(self, key: Key) -> Emitted:
        signal = self.signals[key]
        if isinstance(signal, Current):
            signal = self.signals[key] = self.relayed(key)
            self._move_up()
        if not isinstance(signal, Emitted):
            raise HwsimError(f"module {key[0]!r}: a concatenation or a window is read one step later")
        return signal

    def _move_up(self) -> None:
        """The last population to the first place behind all that it reads in its own step."""
        late = self.populations.pop()
        sources = {p.source for p in self.projections if p.target == late.name and not p.delay}
        places = [i for i, p in enumerate(self.populations) if p.name in sources]
        self.populations.insert(max(places, default=0) + 1, late)

    def plane_source(self, node: Node) -> Emitted | Joined:
        """What a convolution or pool reads: populations that were not flattened."""
        source = self.as_emitted(node)
        parts = source.parts if isinstance(source, Joined) else (source,)
        for part in parts:
            if not isinstance(part, Emitted) or self.shape_of(part.population) != planar(part.shape):
                raise HwsimError(
                    f"module {node.path!r} ({node.kind}): reads a signal of shape {source.shape}; "
                    "expected (channels, height, width) or (channels, length)"
                )
            if len(part.shape) < 2:
                raise HwsimError(
                    f"module {node.path!r} ({node.kind}): reads a signal of shape {source.shape}; "
                    "expected (channels, height, width) or (channels, length)"
                )
        assert isinstance(source, Emitted | Joined)
        return source


def _traced(name: str, found: Mapping[str, Emitted]) -> Emitted:
    """The population behind an awaited name, also where it is what another one emitted earlier still.

    Raises HwsimError for a loop of wires that leads back to itself.
    """
    emitted, seen = found[name], {name}
    while emitted.population in found:
        if emitted.population in seen:
            raise HwsimError(f"the operation {name[1:]} reads itself of an earlier step and nothing else")
        seen.add(emitted.population)
        before = found[emitted.population]
        emitted = replace(emitted, population=before.population, delay=emitted.delay + before.delay)
    return emitted
