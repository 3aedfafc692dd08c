"""The forward of a reversible run: states stepped once, spikes kept as bits."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from hwsim.nn.neurons import LIF, Stateful
from hwsim.nn.reversal import interval, pack
from hwsim.nn.shared import SharedLIF

Neuron = LIF | SharedLIF


@dataclass(frozen=True)
class Plan:
    model: nn.Module
    neurons: dict[Neuron, str]
    timesteps: int
    tolerance: float
    state_dtype: torch.dtype | None

    def interval(self, neuron: Neuron, current: Tensor) -> int:
        return interval(neuron.decay, self.state_dtype or current.dtype, self.tolerance)


@dataclass
class Memory:
    """One state while the run goes on: its value after ``uses`` uses, and copies kept on the way."""

    value: Tensor
    decay: float
    every: int
    uses: int = 0
    kept: list[Tensor] = field(default_factory=list)


@dataclass(frozen=True)
class Piece:
    """Layers between two sets of spikes; ``calls`` of neurons happen in them each step."""

    layers: Sequence[nn.Module]
    calls: range
    neurons: Sequence[Neuron]
    weights: Sequence[Tensor]

    @classmethod
    def of(cls, layers: Sequence[nn.Module], calls: range) -> "Piece":
        modules = dict.fromkeys(m for layer in layers for m in layer.modules())
        weights = dict.fromkeys(p for m in modules for p in m.parameters(recurse=False) if p.requires_grad)
        return cls(layers, calls, [m for m in modules if isinstance(m, Neuron)], list(weights))


def state_of(neuron: Neuron) -> Stateful:
    return neuron.state if isinstance(neuron, SharedLIF) else neuron


def groups_of(neuron: Neuron) -> int:
    return neuron.channel_groups if isinstance(neuron, SharedLIF) else 1


class Recording:
    """The forward: steps the neurons and keeps what the backward needs."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.memories: dict[Stateful, Memory] = {}
        self.bits: list[Tensor] = []
        self.shapes: list[tuple[torch.Size, torch.dtype]] = []
        self.spikes: Tensor | None = None

    def __call__(self, neuron: Neuron, current: Tensor) -> Tensor:
        name, groups = self.plan.neurons[neuron], groups_of(neuron)
        if current.shape[1] % groups:
            raise ValueError(
                f"layer {name!r} got {current.shape[1]} channels; {groups} groups do not divide them"
            )
        fired = [self._use(neuron, name, part) for part in current.chunk(groups, dim=1)]
        self.spikes = torch.cat(fired, dim=1) if groups > 1 else fired[0]
        flags = self.spikes != 0
        if not torch.equal(flags.to(self.spikes.dtype), self.spikes):
            raise ValueError(f"layer {name!r}: its spikes are not all 0 or 1, so that bits cannot keep them")
        self.bits.append(pack(flags))
        self.shapes.append((self.spikes.shape, self.spikes.dtype))
        return self.spikes

    def _use(self, neuron: Neuron, name: str, part: Tensor) -> Tensor:
        part_of_state = part if self.plan.state_dtype is None else part.to(self.plan.state_dtype)
        memory = self.memories.get(state_of(neuron))
        if memory is None:
            every = self.plan.interval(neuron, part)
            memory = Memory(torch.zeros_like(part_of_state), neuron.decay, every)
            self.memories[state_of(neuron)] = memory
        if memory.value.shape != part.shape or memory.decay != neuron.decay:
            raise ValueError(
                f"layer {name!r}: shape {tuple(part.shape)} and decay {neuron.decay} differ from those of "
                f"its state, {tuple(memory.value.shape)} and {memory.decay}"
            )
        if memory.uses and memory.uses % memory.every == 0:
            memory.kept.append(memory.value)
        membrane = neuron.decay * memory.value + part_of_state
        spikes = neuron.surrogate(membrane - neuron.threshold, neuron.compare == ">=")
        memory.value = membrane - neuron.threshold * spikes
        memory.uses += 1
        return spikes.to(part.dtype)
