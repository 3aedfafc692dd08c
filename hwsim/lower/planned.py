"""Plans of layers, taken over from layers of the same content."""

from dataclasses import dataclass

from hwsim.lower.choices import best
from hwsim.lower.content import Content, content
from hwsim.lower.counts import fixed_counts, map_counts
from hwsim.lower.layers import Task, Weighted
from hwsim.lower.layout import Choice, array_layer, vector_layer
from hwsim.lower.maps import Maps
from hwsim.lower.plans import Plan, Traffic, plan
from hwsim.lower.states import Counts, Place
from hwsim.reuse import Reuse


@dataclass(frozen=True, eq=False)
class Unplanned:
    """A layer that is to be planned."""

    task: Task
    name: str
    weighted: tuple[Weighted, ...]
    stepwise: frozenset[str]
    pinned: bool
    outlasting: dict[str, Place]

    @property
    def content(self) -> Content:
        return content(self.task, self.name, self.weighted, self.stepwise, self.pinned, self.outlasting)

    def plan(self) -> Plan:
        """The best one of all that are legal."""
        if self.weighted:
            return best(self.task, self.name, self.weighted, self.stepwise, self.pinned, self.outlasting)
        layer = vector_layer(self.task, self.name, self.stepwise)
        return plan(self.task, layer, self.pinned, self.outlasting)

    def as_known(self, known: "_Known") -> Plan:
        """The same plan as of another layer of the same content."""
        if self.weighted:
            layer = array_layer(self.task, self.name, self.weighted, self.stepwise, known.choice)
        else:
            layer = vector_layer(self.task, self.name, self.stepwise)
        return Plan(**vars(known.traffic), task=self.task, layer=layer)


@dataclass(frozen=True, eq=False)
class _Known:
    """What a plan came to; ``counts`` are what its jobs do whatever happens."""

    choice: Choice
    traffic: Traffic
    counts: Counts


def planned(layer: Unplanned, of: Content | None, reuse: Reuse | None) -> tuple[Plan, Counts]:
    """The plan of a layer, and what its jobs do whatever happens."""
    if reuse is None:
        made = layer.plan()
        return made, _counted(made)

    def make() -> _Known:
        made = layer.plan()
        return _Known(Choice(made.layer.order, made.layer.tile), made.traffic, _counted(made))

    known = reuse.of("plans", of, make)
    return layer.as_known(known), known.counts


def _counted(made: Plan) -> Counts:
    """Where maps are lists events decide what moving them takes."""
    counts = fixed_counts(made)
    if made.task.binary_maps:
        moved = made.load("input"), made.streamed.words, made.store("output")
        counts |= map_counts(made, Maps(made.task), *moved, ())
    return counts
