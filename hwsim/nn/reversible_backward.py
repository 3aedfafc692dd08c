"""The backward of a reversible run: pieces of the model computed again, states in reverse."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hwsim.nn.answering import answering
from hwsim.nn.neurons import Stateful
from hwsim.nn.reversal import fired_membrane, state_before, unpack
from hwsim.nn.reversible_forward import Memory, Neuron, Piece, Plan, groups_of, state_of


@contextmanager
def untracked(model: nn.Module) -> Iterator[None]:
    """Batch normalization in training takes the statistics of the batch and leaves the running ones."""
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.training and m.track_running_stats]
    for norm in norms:
        norm.track_running_stats = False
    try:
        yield
    finally:
        for norm in norms:
            norm.track_running_stats = True


class Replay:
    """One piece of one step again: neurons answer with the spikes that were kept, and cut the graph."""

    def __init__(self, bits: Sequence[Tensor]) -> None:
        self.bits = iter(bits)
        self.calls: list[tuple[Neuron, Tensor, Tensor]] = []

    def __call__(self, neuron: Neuron, current: Tensor) -> Tensor:
        spikes = unpack(next(self.bits), current.shape, current.dtype).requires_grad_()
        self.calls.append((neuron, current, spikes))
        return spikes


class Gradients:
    """Sums of gradients by the tensor that they are of."""

    def __init__(self) -> None:
        self.of: dict[Tensor, Tensor] = {}

    def add(self, tensor: Tensor, gradient: Tensor | None) -> None:
        if gradient is not None:
            self.of[tensor] = self.of[tensor] + gradient if tensor in self.of else gradient

    def pull(self, root: Tensor, gradient: Tensor, wanted: Sequence[Tensor], retain: bool) -> None:
        """Add the vector-Jacobian products of ``root`` with ``gradient`` for the ``wanted`` tensors."""
        if root.requires_grad:
            found = torch.autograd.grad(root, wanted, gradient, retain_graph=retain, allow_unused=True)
            for tensor, part in zip(wanted, found, strict=True):
                self.add(tensor, part)


@dataclass
class Backward:
    """The states on their way back: ``memories`` by user, and the gradients of their values."""

    plan: Plan
    memories: dict[Stateful, Memory]
    parameters: Gradients = field(default_factory=Gradients)
    slopes: dict[Stateful, Tensor] = field(default_factory=dict)

    def piece(self, piece: Piece, bits: Sequence[Tensor], given: Tensor, up: Tensor | None) -> Tensor | None:
        """The gradient of a piece's input ``given`` from that of its output; parameters' on the way."""
        replay, local = Replay(bits), Gradients()
        with torch.enable_grad(), answering(piece.neurons, replay):
            value = given
            for layer in piece.layers:
                value = layer(value)
        leaves = [given] * given.requires_grad + [spikes for _, _, spikes in replay.calls]
        wanted = [*piece.weights, *leaves]
        if up is not None:
            local.pull(value, up, wanted, retain=bool(replay.calls))
        while replay.calls:
            neuron, current, spikes = replay.calls.pop()
            arrived = local.of.pop(spikes, None)
            back = self.neuron(neuron, current.detach(), spikes.detach(), arrived)
            local.pull(current, back, wanted, retain=bool(replay.calls))
        for weight in piece.weights:
            self.parameters.add(weight, local.of.get(weight))
        return local.of.get(given)

    def neuron(self, neuron: Neuron, current: Tensor, spikes: Tensor, up: Tensor | None) -> Tensor:
        """The gradient of a neuron's currents from that of its spikes; its groups in reverse."""
        up = torch.zeros_like(spikes) if up is None else up
        parts = (t.chunk(groups_of(neuron), dim=1) for t in (current, spikes, up))
        back = [self.use(neuron, *group) for group in reversed(list(zip(*parts, strict=True)))]
        return torch.cat(back[::-1], dim=1)

    def use(self, neuron: Neuron, current: Tensor, spikes: Tensor, up: Tensor) -> Tensor:
        state = state_of(neuron)
        memory = self.memories[state]
        membrane = fired_membrane(memory.value, spikes.to(memory.value.dtype), neuron.threshold)
        memory.uses -= 1
        if memory.uses and memory.uses % memory.every == 0:
            memory.value = memory.kept.pop()
        elif memory.uses:
            memory.value = state_before(membrane, current.to(membrane.dtype), neuron.decay)
        learned = [p for p in neuron.parameters() if p.requires_grad]
        with torch.enable_grad():
            membrane.requires_grad_()
            again = neuron.surrogate(membrane - neuron.threshold, neuron.compare == ">=")
            after = membrane - neuron.threshold * again
            outputs, gradients = [again], [up.to(again.dtype)]
            if state in self.slopes:
                outputs, gradients = [again, after], [*gradients, self.slopes[state]]
            back, *rest = torch.autograd.grad(outputs, [membrane, *learned], gradients, allow_unused=True)
        for parameter, gradient in zip(learned, rest, strict=True):
            self.parameters.add(parameter, gradient)
        assert back is not None
        self.slopes[state] = neuron.decay * back
        return back.to(current.dtype)
