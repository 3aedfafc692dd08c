"""Network: what is computed. Populations of neurons, projections between them, and their numbers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from hwsim.fixed_point import FixedPoint
from hwsim.format_checks import check_formats
from hwsim.network_checks import check
from hwsim.population import (
    DECAY_ONE,
    Coding,
    Compare,
    Leak,
    Population,
    PopulationKind,
    Projection,
    ProjectionKind,
    Reset,
)
from hwsim.storage import content_id, damage_named, load_value, save_value

__all__ = [
    "DECAY_ONE",
    "Coding",
    "Compare",
    "Leak",
    "Network",
    "Population",
    "PopulationKind",
    "Projection",
    "ProjectionKind",
    "Reset",
]


@dataclass(frozen=True, eq=False)
class Network:
    """A graph of populations, executed for ``timesteps`` steps in the order in which they are listed.

    Projections without delay run forward in that order; a cycle needs a delay. Populations of one
    ``state_group`` hand one state from each to the next and, at the next step, to the first again.

    ``coding`` says what the input population emits: ``frames`` (direct coding: the same graded image
    at every step), ``spikes`` (its own events at every step) or ``series`` (its own graded values at every
    step, as a sensor gives them). ``readout`` names the population
    whose summed output is the answer. ``integer`` networks compute in integers, others in float32. An integer
    network whose populations and projections have formats is *quantized* (docs/quantization.md).
    """

    name: str
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    readout: str
    timesteps: int
    coding: Coding = "frames"
    integer: bool = False
    notes: dict[str, str] = field(default_factory=dict)

    @cached_property
    def population(self) -> dict[str, Population]:
        return {p.name: p for p in self.populations}

    @property
    def input(self) -> Population:
        return next(p for p in self.populations if p.kind == "input")

    @cached_property
    def _into(self) -> dict[str, tuple[Projection, ...]]:
        found: dict[str, tuple[Projection, ...]] = {}
        for p in self.projections:
            found[p.target] = (*found.get(p.target, ()), p)
        return found

    def into(self, target: str) -> tuple[Projection, ...]:
        """The projections that end in ``target``, in order."""
        return self._into.get(target, ())

    @cached_property
    def _out_of(self) -> dict[str, tuple[Projection, ...]]:
        found: dict[str, tuple[Projection, ...]] = {}
        for p in self.projections:
            found[p.source] = (*found.get(p.source, ()), p)
        return found

    def out_of(self, source: str) -> tuple[Projection, ...]:
        """The projections that begin in ``source``, in order."""
        return self._out_of.get(source, ())

    @cached_property
    def owners(self) -> dict[str, str]:
        """By population, the one that owns its state words: the first of its state group, or itself."""
        first: dict[str, str] = {}
        return {p.name: first.setdefault(p.state_group or p.name, p.name) for p in self.populations}

    @property
    def state_words(self) -> int:
        """State words of all neurons but the readout's, a shared word once."""
        kept = (p for p in self.populations if p.kind != "readout" and self.owners[p.name] == p.name)
        return sum(p.state_words for p in kept)

    @property
    def parameters(self) -> int:
        arrays = [a for p in self.projections for a in (p.weights, p.bias) if a is not None]
        return sum(a.size for a in arrays)

    @cached_property
    def constant(self) -> frozenset[str]:
        """Populations whose output is the same at every step: frames and stateless views of them."""
        names = {self.input.name} if self.coding == "frames" else set()
        for p in self.populations:
            sources = [q.source for q in self.into(p.name)]
            still = all(q.delay == 0 for q in self.into(p.name))
            if p.kind in ("relay", "relu") and sources and still and all(s in names for s in sources):
                names.add(p.name)
        return frozenset(names)

    @property
    def quantized(self) -> bool:
        """Whether it has fixed-point formats."""
        return any(p.formats for p in self.populations) or any(q.formats for q in self.projections)

    def _term_fraction(self, q: Projection) -> int:
        """Fraction bits of what a projection delivers: those of its weights and of its source's values."""
        emitted = self.population[q.source].emitted_format
        of_weights = q.formats["weights"].fraction_bits if "weights" in q.formats else 0
        return of_weights + (emitted.fraction_bits if emitted else 0)

    def _sum_fraction(self, name: str) -> int:
        """Fraction bits of the sum of all that reaches a population: the most of any term, bias or state."""
        incoming = self.into(name)
        biases = [q.formats["bias"].fraction_bits for q in incoming if "bias" in q.formats]
        terms = [self._term_fraction(q) for q in incoming]
        return max([self.population[name].fraction_bits, *terms, *biases])

    def left_shift(self, q: Projection) -> int:
        """By how many bits a projection's sum is shifted left to meet the others of its target."""
        return self._sum_fraction(q.target) - self._term_fraction(q)

    def bias_shift(self, q: Projection) -> int:
        """By how many bits its bias is."""
        return self._sum_fraction(q.target) - q.formats["bias"].fraction_bits if "bias" in q.formats else 0

    def right_shift(self, name: str) -> int:
        """By how many bits a population's sum is shifted right, and rounded, to the scale of its state."""
        return self._sum_fraction(name) - self.population[name].fraction_bits

    def is_binary(self, name: str) -> bool:
        """Whether every event of the population has the value 1."""
        population = self.population[name]
        if population.spikes:
            return not population.multispike
        if population.kind == "input":
            return self.coding == "spikes"
        incoming = self.into(name)
        return (
            population.kind == "relay"
            and len(incoming) == 1
            and incoming[0].kind == "max_pool"
            and self.is_binary(incoming[0].source)
        )

    @cached_property
    def id(self) -> str:
        meta = self._meta() | {"projections": [p.id for p in self.projections]}
        return content_id("network", meta, self._vectors())

    @cached_property
    def components(self) -> tuple[tuple[str, ...], ...]:
        """Populations that must run step by step together, in an order in which the groups can run.

        Strongly connected components of the graph of projections and of states handed on; most have
        one population.
        """
        place = {p.name: i for i, p in enumerate(self.populations)}
        alone = not any(p.state_group for p in self.populations)
        if alone and all(place[p.source] < place[p.target] for p in self.projections):
            return tuple((p.name,) for p in self.populations)
        graph: Any = networkx.DiGraph()
        graph.add_nodes_from(place)
        graph.add_edges_from((p.source, p.target) for p in self.projections)
        for group in {p.state_group for p in self.populations if p.state_group}:
            members = [p.name for p in self.populations if p.state_group == group]
            graph.add_edges_from(pairwise([*members, members[0]]))
        condensed = networkx.condensation(graph)
        members_of = {c: sorted(condensed.nodes[c]["members"], key=place.__getitem__) for c in condensed}
        order = networkx.lexicographical_topological_sort(condensed, key=lambda c: place[members_of[c][0]])
        return tuple(tuple(members_of[c]) for c in order)

    def as_ann(self) -> "Network":
        """The ANN counterpart: the same graph run once, ReLU for neurons that fire, a sum for integrators."""
        stateless: dict[str, PopulationKind] = {"lif": "relu", "clif": "relu", "li": "relay"}
        populations = tuple(
            Population(p.name, p.shape, stateless[p.kind]) if p.kind in stateless else replace(p, formats={})
            for p in self.populations
        )
        projections = tuple(replace(q, formats={}) if q.formats else q for q in self.projections)
        return replace(
            self, name=f"{self.name} (ANN)", populations=populations, projections=projections, timesteps=1,
            coding="frames",
        )  # fmt: skip

    def _meta(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "populations": [p.plain() for p in self.populations],
            "projections": [p.plain() for p in self.projections],
            "readout": self.readout,
            "timesteps": self.timesteps,
            "coding": self.coding,
            "integer": self.integer,
            "notes": self.notes,
        }

    def _vectors(self) -> dict[str, NDArray[Any]]:
        return {
            f"{i}.{name}": array for i, p in enumerate(self.populations) for name, array in p.vectors.items()
        }

    def save(self, path: Path) -> None:
        arrays = {
            f"{i}.{part}": array
            for i, p in enumerate(self.projections)
            for part, array in (("weights", p.weights), ("bias", p.bias))
            if array is not None
        }
        vectors = {f"population.{name}": array for name, array in self._vectors().items()}
        save_value(path, "network", self._meta(), arrays | vectors)

    @staticmethod
    def load(path: Path) -> "Network":
        """Read a saved network and verify it."""
        meta, arrays = load_value(path, "network")
        with damage_named(path, "network"):
            header = _Header.model_validate_json(json.dumps(meta))
            projections = tuple(
                Projection(
                    **p.model_dump(exclude={"formats"}),
                    formats=p.formats,
                    weights=arrays.get(f"{i}.weights"),
                    bias=arrays.get(f"{i}.bias"),
                )
                for i, p in enumerate(header.projections)
            )
            populations = tuple(
                replace(p, vectors=_vectors_of(arrays, i)) for i, p in enumerate(header.populations)
            )
            network = Network(
                header.name, populations, projections, header.readout, header.timesteps,
                header.coding, header.integer, header.notes,
            )  # fmt: skip
            network.verify()
        return network

    def verify(self) -> None:
        """Check names, kinds, shapes, ranges, finiteness and order. Raises HwsimError."""
        check(self)
        check_formats(self)


def _vectors_of(arrays: dict[str, NDArray[Any]], population: int) -> dict[str, NDArray[Any]]:
    """Parameters per neuron of one saved population."""
    mine = f"population.{population}."
    return {key.removeprefix(mine): array for key, array in arrays.items() if key.startswith(mine)}


class _ProjectionHeader(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    source: str
    target: str
    kind: ProjectionKind
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    groups: int
    divisor: float
    delay: int
    formats: Mapping[str, FixedPoint] = {}


class _Header(BaseModel):
    """The JSON of a saved network, type by type."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    populations: list[Population]
    projections: list[_ProjectionHeader]
    readout: str
    timesteps: int
    coding: Coding
    integer: bool
    notes: dict[str, str]
