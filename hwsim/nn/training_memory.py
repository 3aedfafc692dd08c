"""Bytes of LIF states and spikes that a backward needs, computed from shapes."""

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hwsim.nn.answering import answering
from hwsim.nn.neurons import Stateful, reset_states
from hwsim.nn.reversal import interval
from hwsim.nn.reversible import check_reversible
from hwsim.nn.reversible_backward import untracked
from hwsim.nn.reversible_forward import Neuron, groups_of, state_of


@dataclass(frozen=True)
class LifMemory:
    """Bytes for a batch.

    ``forward``: one value a state. ``unshared``: one a neuron, forward of the same net without sharing.
    ``unrolled``: one a neuron and step, what autograd keeps of LIF neurons whether they share or not
    (each use's distance from the threshold). ``states``: the values that
    :func:`hwsim.nn.run_reversible` keeps, ceil(uses / K) of each state. ``bits``: a spike a bit, each
    layer and step padded to a byte.
    """

    forward: int
    unshared: int
    unrolled: int
    states: int
    bits: int

    @property
    def reversible(self) -> int:
        return self.states + self.bits


def lif_memory(
    model: nn.Module,
    images: Tensor,
    timesteps: int,
    tolerance: float = 1e-4,
    state_dtype: torch.dtype | None = None,
) -> LifMemory:
    """What LIF neurons take for ``images`` (B, C, H, W); a step of silent neurons tells the shapes.

    Raises ValueError for a model that :func:`hwsim.nn.run_reversible` refuses.
    """
    neurons = check_reversible(model)
    calls: list[tuple[Neuron, Tensor]] = []

    def silent(neuron: Neuron, current: Tensor) -> Tensor:
        calls.append((neuron, current.to("meta")))
        return torch.zeros_like(current)

    reset_states(model)
    with torch.no_grad(), answering(neurons, silent), untracked(model):
        model(images)
    uses: Counter[Stateful] = Counter()
    value: dict[Stateful, int] = {}
    kept: dict[Stateful, int] = {}
    for neuron, current in calls:
        state, word = state_of(neuron), state_dtype or current.dtype
        uses[state] += groups_of(neuron) * timesteps
        value[state] = current.numel() // groups_of(neuron) * word.itemsize
        kept[state] = interval(neuron.decay, word, tolerance)
    unshared = sum(current.numel() * (state_dtype or current.dtype).itemsize for _, current in calls)
    return LifMemory(
        forward=sum(value.values()),
        unshared=unshared,
        unrolled=timesteps * unshared,
        states=sum(-(-uses[state] // kept[state]) * size for state, size in value.items()),
        bits=timesteps * sum(-(-current.numel() // 8) for _, current in calls),
    )
