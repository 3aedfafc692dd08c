"""A model run over all timesteps at once: layer by layer where it is feed-forward, else step by step."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

import torch
from torch import Tensor, nn

from hwsim.nn.clif import CLIF
from hwsim.nn.layers import Synapse, Window
from hwsim.nn.neurons import LIF, Stateful, by_step, reset_states
from hwsim.nn.plif import PLIF
from hwsim.nn.shared import SharedLIF, SharedState

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


def unroll(model: nn.Module, inputs: Tensor, timesteps: int | None = None, stepwise: bool = False) -> Tensor:
    """Outputs of every step, from the start of a sample: (T, B, ...).

    ``inputs``: (T, B, ...); or, with ``timesteps`` T given, (B, ...), shown at every step (direct coding).

    A ``Sequential`` is cut into segments. A run of layers that feed forward only is computed in one call
    for all steps; the layers from the first to the last user of one shared state, and a layer that holds a
    :class:`Feedback`, step. Under direct coding what stands before the first neuron is computed once. Any
    other model is one segment. In evaluation mode the outputs are those of stepping, to the
    rounding of convolutions of another batch size. In training mode batch normalization of a
    segment that does not step takes its statistics over T * B samples and updates its averages once,
    not T times over B (as SpikingJelly's multi-step mode, and tdBN); ``stepwise`` gives the latter.
    Hooks of neurons see (T * B, ...) at once; those of a Sequential itself are not called.
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
        steps = _step(modules, steps) if marked else _at_once(modules, steps)
    return steps


def _layers(model: nn.Module) -> Iterator[nn.Module]:
    """The modules that ``model`` calls one after another."""
    if type(model).forward is nn.Sequential.forward:
        for child in model.children():
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
        for state in {id(m) for m in layer.modules() if isinstance(m, SharedState)}:
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


def _at_once(layers: list[nn.Module], steps: Tensor) -> Tensor:
    values = steps.flatten(0, 1)
    with timed(nn.ModuleList(layers), len(steps)):
        for layer in layers:
            values = layer(values)
    return by_step(values, len(steps))


def _step(layers: list[nn.Module], steps: Tensor) -> Tensor:
    outputs = []
    for step in steps:
        value = step
        for layer in layers:
            value = layer(value)
        outputs.append(value)
    return torch.stack(outputs)
