"""Training without the membranes of all steps: states computed again in reverse.

EfficientLIF-Net, Eq. 21 and 22 (its second line prints O_{l-1} for O_l).
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.modules.dropout import _DropoutNd

from hwsim.nn.answering import answering
from hwsim.nn.neurons import LIF, Stateful, reset_states
from hwsim.nn.reversal import unpack
from hwsim.nn.reversible_backward import Backward, untracked
from hwsim.nn.reversible_forward import Memory, Neuron, Piece, Plan, Recording
from hwsim.nn.shared import SharedLIF, SharedState


def run_reversible(
    model: nn.Module,
    images: Tensor,
    timesteps: int,
    tolerance: float = 1e-4,
    state_dtype: torch.dtype | None = None,
) -> Tensor:
    """:func:`hwsim.nn.run` with a backward that keeps no membranes of earlier layers, groups and steps.

    Kept until the backward are every layer's spikes as bits and each state's last value. The backward goes
    from the last use of a state to the first: currents x are computed again from the bits through the
    layers between the neurons, then

    v = U + threshold * s;  slope at v;  U_prev = (v - x) / decay.

    The last equation makes rounding 1 / decay times as large, so each state is kept after every K uses
    too, K from ``tolerance`` (of a membrane; :func:`hwsim.nn.reversal.interval`). ``state_dtype``
    torch.float64 holds states in 64 bits: K is larger, and a membrane within rounding of the threshold
    may fire where the standard run does not; None takes the currents' own, and the spikes are those of
    the standard run.

    Batch normalization uses the statistics of the batch again and updates its running ones once a step,
    in the forward. An nn.Sequential is computed again piece by piece, each up to the next neurons; any
    other model as a whole, one step at a time. Forward hooks fire again in the backward, and neurons hold
    no membranes afterward. The surrogate is asked again for its slope, so it must not be random.

    Shapes: images (B, C, H, W); returns (B, classes). Raises ValueError naming the layer for a hard reset
    or decay 0 (nothing to reverse), other layers with a state, dropout in training, and spikes that are
    not 0 or 1.
    """
    neurons = check_reversible(model)
    plan = Plan(model, neurons, timesteps, tolerance, state_dtype)
    reset_states(model)
    parameters = [p for p in model.parameters() if p.requires_grad]
    total: Tensor = _Reversible.apply(plan, images, *parameters)  # type: ignore[no-untyped-call]
    return total


def check_reversible(model: nn.Module) -> dict[Neuron, str]:
    """The model's neurons and their names. Raises ValueError naming the first that has no reverse."""
    neurons: dict[Neuron, str] = {}
    for name, module in model.named_modules():
        if isinstance(module, LIF | SharedLIF):
            if module.reset_mode == "zero":
                raise ValueError(
                    f"layer {name!r}: a hard reset (reset='zero') forgets the membrane, so that the "
                    "state before a spike cannot be computed in reverse; use reset='subtract' or hwsim.nn.run"
                )
            if module.decay == 0.0:
                raise ValueError(f"layer {name!r}: decay is 0, which forgets the state; it must be above 0")
            neurons[module] = name
        elif isinstance(module, Stateful) and not isinstance(module, SharedState):
            raise ValueError(
                f"layer {name!r}: the state of {type(module).__name__} cannot be computed in reverse; "
                "LIF and SharedLIF with reset='subtract' can"
            )
        elif isinstance(module, _DropoutNd) and module.training:
            raise ValueError(f"layer {name!r}: dropout would draw another mask when it is computed again")
    return neurons


def _layers(model: nn.Module) -> Iterator[nn.Module]:
    """The modules that nn.Sequentials call one after another."""
    if type(model) is nn.Sequential:
        for module in model:
            yield from _layers(module)
    else:
        yield model


class _Reversible(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, plan: Plan, images: Tensor, *parameters: Tensor) -> Tensor:
        recording, pieces = Recording(plan), list[Piece]()
        layers = list(_layers(plan.model))
        total: Tensor | None = None
        with answering(plan.neurons, recording):
            for step in range(plan.timesteps):
                value, start, calls = images, 0, 0
                for i, layer in enumerate(layers):
                    value = layer(value)
                    made = len(recording.bits)
                    ends = i == len(layers) - 1 or (value is recording.spikes and made > calls)
                    if step == 0 and ends:
                        pieces.append(Piece.of(layers[start : i + 1], range(calls, made)))
                        start, calls = i + 1, made
                total = value if total is None else total + value
        assert total is not None
        ctx.plan, ctx.pieces, ctx.shapes = plan, pieces, recording.shapes
        ctx.counts = len(parameters), len(recording.bits)
        ctx.memories = {s: (m.decay, m.every, m.uses, len(m.kept)) for s, m in recording.memories.items()}
        kept = [t for m in recording.memories.values() for t in (*m.kept, m.value)]
        ctx.save_for_backward(images, *parameters, *recording.bits, *kept)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        plan, (up,), (n, made) = ctx.plan, gradients, ctx.counts
        images, *rest = ctx.saved_tensors
        parameters, bits, kept = rest[:n], rest[n : n + made], iter(rest[n + made :])
        memories = {}
        for state, (decay, every, uses, copies) in ctx.memories.items():
            *held, value = (next(kept) for _ in range(copies + 1))
            memories[state] = Memory(value, decay, every, uses, held)
        back, calls = Backward(plan, memories), made // plan.timesteps
        of_images = None
        with untracked(plan.model):
            for step in reversed(range(plan.timesteps)):
                now = bits[step * calls : (step + 1) * calls]
                given_up: Tensor | None = up
                for piece in reversed(ctx.pieces):
                    first = piece.calls.start
                    given = images.detach() if first == 0 else unpack(now[first - 1], *ctx.shapes[first - 1])
                    given.requires_grad_(first > 0 or ctx.needs_input_grad[1])
                    here = now[first : piece.calls.stop]
                    given_up = back.piece(piece, here, given, given_up)
                if given_up is not None:
                    of_images = given_up if of_images is None else of_images + given_up
        return None, of_images, *(back.parameters.of.get(p) for p in parameters)
