"""Capture: a PyTorch module and real inputs become a Network and the spikes that PyTorch gave."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.frontends.lowering import Lowering
from hwsim.frontends.recording import Operation, Recorder
from hwsim.network import Coding, Network
from hwsim.nn import reset_states

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Captured:
    """``network`` and, for the same inputs, the ``reference`` trace recorded from PyTorch's own run."""

    network: Network
    reference: EventTrace


def capture(
    model: nn.Module,
    inputs: NDArray[Any],
    timesteps: int,
    name: str = "model",
    coding: Coding = "frames",
    batch: int = 32,
    progress: Progress | None = None,
) -> Captured:
    """Run ``model`` on ``inputs`` for ``timesteps`` steps and read the network off the run.

    ``inputs``: float32 (samples, *shape) for frames; (samples, timesteps, *shape) for spikes and series. The
    model computes one timestep per call and keeps its membranes in between; it runs in eval mode.
    Raises HwsimError naming the module for anything that cannot be lowered faithfully, for a
    graph that changes between timesteps, and for inputs that the model does not accept.
    """
    if timesteps < 1:
        raise HwsimError(f"timesteps is {timesteps}; it must be at least 1")
    if not len(inputs):
        raise HwsimError("inputs hold no sample")
    if coding != "frames" and inputs.shape[1:2] != (timesteps,):
        found = inputs.shape[1] if inputs.ndim > 1 else "no"
        raise HwsimError(f"inputs hold {found} timesteps, asked for {timesteps}")
    _check_weights(model)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        return _capture(model, inputs, timesteps, name, coding, batch, progress)
    finally:
        for module, training in modes:
            module.training = training
        reset_states(model)


def _capture(
    model: nn.Module,
    inputs: NDArray[Any],
    timesteps: int,
    name: str,
    coding: Coding,
    batch: int,
    progress: Progress | None,
) -> Captured:
    recorder = Recorder(model)
    network: Network | None = None
    made_by: dict[str, int] = {}
    operations: list[Operation] = []
    traces = []
    for start in range(0, len(inputs), batch):
        part = torch.from_numpy(np.ascontiguousarray(inputs[start : start + batch], np.float32))
        reset_states(model)
        recorded: dict[str, list[NDArray[Any]]] = {}
        outputs = []
        for step in range(timesteps):
            output = recorder.run(part if coding == "frames" else part[:, step])
            if network is None:
                number = recorder.number(output)
                if number is None:
                    raise HwsimError("the model's output does not depend on its input")
                operations = recorder.operations
                lowering = Lowering(tuple(recorder.tensors[0].shape[1:]))
                network = lowering.build(operations, number, name, timesteps, coding)
                made_by = lowering.made_by
            elif recorder.operations != operations:
                raise HwsimError(f"the model's graph changes at timestep {step} of sample {start}")
            for population, number in made_by.items():
                if population in network.constant and step:
                    continue
                tensor = recorder.tensors[number]
                values = tensor.reshape(len(tensor), -1).numpy()
                binary = network.is_binary(population)
                if binary and not np.isin(values, (0, 1)).all():
                    raise HwsimError(f"module {population!r} emits values that are not 0 or 1 as spikes")
                recorded.setdefault(population, []).append(values.astype(np.uint8 if binary else np.float32))
            outputs.append(output)
        assert network is not None
        traces.append(_trace(network, recorded, outputs))
        if progress:
            progress(min(start + batch, len(inputs)), len(inputs))
    assert network is not None
    return Captured(network, EventTrace.join(traces))


def _trace(network: Network, recorded: dict[str, list[NDArray[Any]]], outputs: list[Tensor]) -> EventTrace:
    events = {
        name: Events.from_dense(np.stack(values, axis=1), network.is_binary(name))
        for name, values in recorded.items()
        if network.population[name].kind != "readout"
    }
    steps = torch.stack(outputs, dim=1)
    sums = steps.reshape(*steps.shape[:2], -1).cumsum(dim=1).numpy()
    return EventTrace(network.id, network.timesteps, events, sums)


def _check_weights(model: nn.Module) -> None:
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise HwsimError(f"parameter {name!r} of the model holds NaN or infinite values")
