"""A model run over all timesteps at once: layer by layer where it is feed-forward, else step by step."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import groupby
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hwsim.nn.answering import answering
from hwsim.nn.clif import CLIF
from hwsim.nn.layers import Synapse, Window
from hwsim.nn.neurons import LIF, Stateful, by_step, reset_states
from hwsim.nn.plif import PLIF
from hwsim.nn.shared import SharedLIF, SharedState

Normalization = Literal["all_steps", "each_step"]
"""What batch normalization takes its statistics over in training: T * B samples, or B at each step."""

TIMED = frozenset(kind.forward for kind in (LIF, PLIF, CLIF, SharedLIF, Synapse, Window))


@contextmanager
def timed(model: nn.Module, timesteps: int) -> Iterator[None]:
    """Within it one call of ``model`` computes all ``timesteps`` T: input (T * B, ...), output (T * B, ...).

    The first B samples are step 0's. Layers without states work on all steps at once; neurons, windows
    and synapses go through theirs. Raises ValueError naming a module that must step with others:
    :class:`Feedback`, layers that share one state, modules with states of another forward().
    """
    if reason := _obstacle(model):
        raise ValueError(f"{type(model).__name__} cannot run all timesteps in one call: {reason}")
    modules = [m for m in model.modules() if isinstance(m, Stateful)]
    for module in modules:
        module.timesteps = timesteps
    try:
        yield
    finally:
        for module in modules:
            module.timesteps = None


def unroll(
    model: nn.Module,
    inputs: Tensor,
    timesteps: int | None = None,
    stepwise: bool = False,
    normalization: Normalization = "all_steps",
) -> Tensor:
    """Outputs of every step, from the start of a sample: (T, B, ...).

    ``inputs``: (T, B, ...); or, with ``timesteps`` T given, (B, ...), shown at every step (direct coding).

    A ``Sequential`` is cut into segments. A run of layers that feed forward only is computed in one call
    for all steps; the layers from the first to the last user of one state, and a layer that holds a
    :class:`Feedback`, step. Under direct coding what stands before the first neuron is computed once. Any
    other model, and a Sequential with hooks, is one segment. In evaluation mode the outputs are those of
    stepping, to the rounding of convolutions of another batch size.

    In training mode batch normalization of a segment that does not step takes its statistics over T * B
    samples and updates its averages once (as SpikingJelly's multi-step mode, and tdBN); that of one that
    steps T times over B. With ``normalization`` "each_step" all do the latter, but for what is computed once
    under direct coding, the same at every step. ``stepwise`` calls the whole model at each step.

    A module that mixes samples of a batch, or keeps values from step to step without being a
    :class:`Stateful`, needs ``stepwise``: nothing here can see it. Hooks of neurons see (T * B, ...) at once.
    Raises ValueError where a model that is one segment calls a neuron twice a step.
    """
    steps = inputs if timesteps is None else inputs.expand(timesteps, *inputs.shape)
    reset_states(model)
    if stepwise:
        return _step([model], steps)
    layers = list(_layers(model))
    if timesteps is not None:
        first = next((i for i, layer in enumerate(layers) if not _constant(layer)), len(layers))
        value = inputs
        for layer in layers[:first]:
            value = layer(value)
        layers, steps = layers[first:], value.expand(timesteps, *value.shape)
    marks = _stepping(layers)
    for marked, segment in groupby(zip(marks, layers, strict=True), key=lambda pair: pair[0]):
        modules = [layer for _, layer in segment]
        steps = _step(modules, steps) if marked else _at_once(modules, steps, normalization)
    return steps


def _layers(model: nn.Module) -> Iterator[nn.Module]:
    """The modules that ``model`` calls one after another: one that it names twice is called twice."""
    hooked = model._forward_hooks or model._forward_pre_hooks or model._backward_hooks
    if isinstance(model, nn.Sequential) and type(model).forward is nn.Sequential.forward and not hooked:
        for child in model:
            yield from _layers(child)
    else:
        yield model


def _constant(layer: nn.Module) -> bool:
    """Whether the layer gives the same at every step of the same input."""
    return not any(isinstance(m, Stateful) or (_drops(m) and m.training) for m in layer.modules())


def _drops(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.dropout._DropoutNd)


def _stepping(layers: list[nn.Module]) -> list[bool]:
    """For each layer whether it must step with its neighbours."""
    users: dict[int, list[int]] = {}
    for i, layer in enumerate(layers):
        for state in {id(m) for m in layer.modules() if isinstance(m, Stateful)}:
            users.setdefault(state, []).append(i)
    spans = [(at[0], at[-1]) for at in users.values() if at[0] < at[-1]]
    return [
        bool(_obstacle(layer)) or any(first <= i <= last for first, last in spans)
        for i, layer in enumerate(layers)
    ]


def _obstacle(model: nn.Module) -> str:
    """Why a module cannot run all steps in one call; empty if it can."""
    stateful = [(name, m) for name, m in model.named_modules() if isinstance(m, Stateful)]
    shared = Counter(id(m.state) for _, m in stateful if isinstance(m, SharedLIF))
    for name, module in stateful:
        if isinstance(module, SharedLIF) and shared[id(module.state)] > 1:
            return f"{name!r} shares its state with another layer"
        if not isinstance(module, SharedState) and type(module).forward not in TIMED:
            return f"{name!r} ({type(module).__name__}) computes one step a call"
    return ""


def _at_once(layers: list[nn.Module], steps: Tensor, normalization: Normalization) -> Tensor:
    values, held = steps.flatten(0, 1), nn.ModuleList(layers)
    with timed(held, len(steps)), _called_once(held), _normalized(held, len(steps), normalization):
        for layer in layers:
            values = layer(values)
    return by_step(values, len(steps))


@contextmanager
def _called_once(model: nn.Module) -> Iterator[None]:
    """Raises ValueError where a module with a state is called again: its first call did all steps."""
    seen: set[nn.Module] = set()

    def check(name: str, module: nn.Module, _inputs: Any) -> None:
        if module in seen:
            raise ValueError(
                f"{name!r} ({type(module).__name__}) is called twice a step; use stepwise=True, or a "
                "module of its own for each call"
            )
        seen.add(module)

    hooks = [
        module.register_forward_pre_hook(partial(check, name))
        for name, module in model.named_modules()
        if isinstance(module, Stateful)
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _normalized(
    model: nn.Module, timesteps: int, normalization: Normalization
) -> AbstractContextManager[None]:
    """Batch normalization that uses the statistics of its batch takes them step by step where it is to; in
    evaluation always, where it keeps no averages."""

    def by_batch(norm: _BatchNorm) -> bool:
        return normalization == "each_step" if norm.training else norm.running_mean is None

    def each_step(norm: _BatchNorm, merged: Tensor) -> Tensor:
        return torch.cat([type(norm).forward(norm, part) for part in by_step(merged, timesteps)])

    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and by_batch(m)]
    return answering(norms, each_step)


def _step(layers: list[nn.Module], steps: Tensor) -> Tensor:
    outputs = []
    for step in steps:
        value = step
        for layer in layers:
            value = layer(value)
        outputs.append(value)
    return torch.stack(outputs)
