"""Which timestep an operation belongs to, and the one timestep that all of them repeat.

Layouts. ``step``: the model computes one timestep per call. ``time_first``: one call takes a sequence
(T, B, ...); ``batch_first``: (B, T, ...). ``static``: one call takes (B, ...) and runs its timesteps
inside. In all but the first an operation either works on all timesteps at once, on tensors (T, B, ...)
or (T * B, ...), or it is one turn of a loop: the n-th call of a neuron is timestep n, and what it reads
and feeds follows.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np
from torch import nn

from hwsim.errors import HwsimError
from hwsim.frontends.recording import Operation

Layout = Literal["step", "time_first", "batch_first", "static"]
Form = Literal["step", "sequence", "merged", "batch_first"]
"""(B, ...); (T, B, ...); (T * B, ...); (B, T, ...)."""

RESHAPES = ("reshape", "Flatten", "Unflatten")

LEADING: dict[Form, int] = {"step": 1, "sequence": 2, "merged": 1, "batch_first": 2}

Key = tuple[str, str, int]
"""Module path, kind, and how often that pair ran before in the same timestep."""


@dataclass(frozen=True)
class Read:
    """The output ``part`` of the operation ``key``, ``lag`` timesteps ago."""

    key: Key
    part: int
    lag: int


@dataclass(frozen=True)
class Node:
    """An operation of the repeated timestep; ``shape`` is that of one sample at one step."""

    key: Key
    reads: tuple[Read, ...]
    shape: tuple[int, ...]
    form: Form
    module: nn.Module | None
    details: Any

    @property
    def path(self) -> str:
        return self.key[0]

    @property
    def kind(self) -> str:
        return self.key[1]

    @property
    def leading(self) -> int:
        """How many dimensions (batch, time) come before the sample's."""
        return LEADING[self.form]

    def same(self, other: "Node") -> bool:
        """Whether the other does the same with the same; slices of a sequence differ in their place only."""
        equal = self.kind == "select" or np.array_equal(self.details, other.details)
        return equal and (self.key, self.reads, self.shape) == (other.key, other.reads, other.shape)


@dataclass(frozen=True)
class Timed:
    """A recording with a timestep (None: all of them, or before the loop) and a key per operation."""

    layout: Layout
    timesteps: int
    steps: list[int | None]
    keys: list[Key]
    forms: list[Form]
    graphs: dict[int | None, dict[Key, Node]]

    def step(self, timestep: int) -> dict[Key, Node]:
        """Everything that timestep computes, in the order in which it ran."""
        nodes = self.graphs[None] | self.graphs[timestep]
        places = (i for i, step in enumerate(self.steps) if step in (None, timestep))
        return {self.keys[i]: nodes[self.keys[i]] for i in places}


def timed(
    operations: list[Operation], maker: list[tuple[int, int]], layout: Layout, timesteps: int, batch: int
) -> Timed:
    """Sort a recording into timesteps. Raises HwsimError where the model's loop over time is not clear."""
    forms = _forms(operations, maker, layout, timesteps, batch)
    if layout == "step":
        steps: list[int | None] = [o.call for o in operations]
    else:
        steps = _steps(operations, maker, forms, timesteps)
    seen: Counter[tuple[int | None, str, str]] = Counter()
    keys: list[Key] = []
    graphs: dict[int | None, dict[Key, Node]] = {None: {}} | {t: {} for t in range(timesteps)}
    for place, operation in enumerate(operations):
        step = steps[place]
        kind = (step, operation.path, operation.kind)
        keys.append((operation.path, operation.kind, seen[kind]))
        seen[kind] += 1
        reads = tuple(_read(step, *maker[n], steps, keys) for n in operation.reads)
        form = forms[place]
        shape = operation.shape[LEADING[form] :]
        node = Node(keys[place], reads, shape, form, operation.module, operation.details)
        graphs[step][keys[place]] = node
    return Timed(layout, timesteps, steps, keys, forms, graphs)


@dataclass(frozen=True)
class Timestep:
    """The operations that every timestep repeats, in the order in which they ran.

    ``turn`` leaves out those that work on all timesteps at once. In the first ``settling`` steps some may
    be missing, as a connection back in time has nothing to read in them.
    """

    nodes: dict[Key, Node]
    turn: dict[Key, Node]
    settling: int

    def check(self, times: Timed, sample: int = 0) -> None:
        """Raises HwsimError if a recording has a timestep that computes something else."""
        for t in range(self.settling, times.timesteps):
            if not _equal(times.graphs[t], self.turn, times.layout):
                raise HwsimError(f"the model's graph changes at timestep {t} of sample {sample}")


def repeated(times: Timed) -> Timestep:
    """The timestep that the recording repeats, read off its last one."""
    last = times.timesteps - 1
    nodes = times.step(last)
    delayed = sum(any(r.lag for r in node.reads) for node in nodes.values())
    step = Timestep(nodes, times.graphs[last], delayed + 1 if delayed else 0)
    step.check(times)
    return step


def settled(times: Timed) -> bool:
    """Whether the last two timesteps compute the same."""
    return _equal(times.graphs[times.timesteps - 2], times.graphs[times.timesteps - 1], times.layout)


def _equal(earlier: dict[Key, Node], last: dict[Key, Node], layout: Layout) -> bool:
    """Whether two timesteps compute the same; functions that follow a loop belong to its last turn."""
    after = [n for k, n in last.items() if k not in earlier]
    if after and (layout == "step" or any(n.module is not None or n.kind == "add" for n in after)):
        return False
    return all(k in last and last[k].same(n) for k, n in earlier.items())


def _read(step: int | None, made: int, part: int, steps: list[int | None], keys: list[Key]) -> Read:
    source = steps[made]
    lag = 0 if step is None or source is None else step - source
    if lag < 0:
        raise HwsimError(f"module {keys[made][0]!r} ({keys[made][1]}): is not called in every timestep")
    return Read(keys[made], part, lag)


def _forms(
    operations: list[Operation], maker: list[tuple[int, int]], layout: Layout, timesteps: int, batch: int
) -> list[Form]:
    """How time lies in the first tensor that each operation made."""
    given: dict[Layout, Form] = {"time_first": "sequence", "batch_first": "batch_first"}
    forms: list[Form] = []
    for operation in operations:
        if not operation.reads:
            forms.append(given.get(layout, "step") if operation.kind == "input" else "step")
            continue
        source = maker[operation.reads[0]][0]
        forms.append(_form(operation, forms[source], operations[source].shape, timesteps, batch))
    return forms


def _form(operation: Operation, before: Form, read: tuple[int, ...], timesteps: int, batch: int) -> Form:
    """What the operation makes of a tensor of shape ``read`` and form ``before``."""
    kind, shape, after = operation.kind, operation.shape, before
    swapped: dict[Form, Form] = {"sequence": "batch_first", "batch_first": "sequence"}
    time = {"sequence": 0, "batch_first": 1}.get(before)
    grown = kind == "repeat" and prod(shape) == timesteps * prod(read)
    if kind == "stack":
        after = "batch_first" if operation.details == 1 else "sequence"
    elif kind == "swap":
        after = swapped.get(before, before)
    elif (kind == "select" and time is not None) or (kind in ("mean", "sum") and time in operation.details):
        after = "step"
    elif grown or (kind in RESHAPES and before in ("sequence", "merged")):
        if shape[:2] == (timesteps, batch):
            after = "sequence"
        elif shape[0] == timesteps * batch:
            after = "merged"
    return after


def _steps(
    operations: list[Operation], maker: list[tuple[int, int]], forms: list[Form], timesteps: int
) -> list[int | None]:
    totals = Counter(o.path for o, form in zip(operations, forms, strict=True) if _turns(o, form))
    turn: dict[str, int] = defaultdict(int)
    steps: list[int | None] = []
    for operation, form in zip(operations, forms, strict=True):
        before = [s for s in (steps[maker[n][0]] for n in operation.reads) if s is not None]
        step = max(before, default=None)
        if operation.kind == "select" and form == "step" and step is None:
            step = _selected(operation, forms[maker[operation.reads[0]][0]], timesteps)
        elif operation.kind == "stack" or form != "step":
            step = None
        elif _turns(operation, form):
            step = _turn(operation, totals[operation.path], turn[operation.path], timesteps, step)
            turn[operation.path] += 1
        steps.append(step)
    return steps


def _turns(operation: Operation, form: Form) -> bool:
    """Whether the operation is a layer that computes one timestep."""
    return operation.module is not None and form == "step"


def _turn(operation: Operation, total: int, turn: int, timesteps: int, read: int | None) -> int | None:
    """The timestep of the ``turn``-th of ``total`` calls of a layer."""
    if total % timesteps == 0:
        return turn // (total // timesteps)
    if total == timesteps - 1:
        return turn + 1
    if total == 1 and read is None:
        return None
    raise HwsimError(
        f"module {operation.path!r} ({operation.kind}): is called {total} times in a run of {timesteps} "
        "timesteps; a layer must be called equally often in each"
    )


def _selected(operation: Operation, form: Form, timesteps: int) -> int | None:
    """The timestep that a slice of a sequence is."""
    dimension, index = operation.details
    if dimension != (1 if form == "batch_first" else 0):
        raise HwsimError(f"in module {operation.path!r}: takes a slice of a signal that is not one timestep")
    return int(index) % timesteps
