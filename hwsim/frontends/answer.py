"""What the model answers with: the operation whose outputs, summed over the timesteps, are its output.

A model may return one timestep's output per call, a sequence, or the sum or mean over the timesteps:
a stack, a reduction, or ``total = total + output`` in a loop. A positive factor on it is of no account.
"""

from typing import Any

import numpy as np
from torch import Tensor

from hwsim.errors import HwsimError
from hwsim.frontends.neurons import output_part
from hwsim.frontends.recording import Operation, Recorder
from hwsim.frontends.timing import Form, Key, Timed

HARMLESS = {"reshape", "swap", "repeat"}


def answered(recorder: Recorder, output: Any) -> int:
    """Number of the operation that made the model's output: of the first tensor, if it returns several."""
    tensor = first(output)
    if tensor is None:
        raise HwsimError(
            f"the model returns a {type(output).__name__}; expected a tensor, or several of which the first "
            "is the answer"
        )
    number = recorder.number(tensor)
    if number is None:
        raise HwsimError("the model's output does not depend on its input")
    return _source(recorder, number)


def first(output: Any) -> Tensor | None:
    """The tensor that the model answers with, if it returns any."""
    tensors = output if isinstance(output, tuple | list) else [output]
    return tensors[0] if tensors and isinstance(tensors[0], Tensor) else None


def summed(recorder: Recorder, times: Timed, answer: int) -> Key:
    """Behind ``answer``, the operation of one timestep that is summed up."""
    operations, place = recorder.operations, answer
    while (found := _collapsed(recorder, times, place)) is not None:
        place = found
    if place == answer and times.layout != "step" and times.forms[place] == "step" and times.timesteps > 1:
        raise HwsimError(
            f"the model answers with {_named(operations[place])} of one timestep, or with something else "
            "that is no sum over its timesteps; return the outputs of all timesteps, their sum or their mean"
        )
    return times.keys[place]


def _collapsed(recorder: Recorder, times: Timed, place: int) -> int | None:
    """The operation under a stack, a sum over time, or a running sum; None if there is none."""
    operations = recorder.operations
    while _harmless(operations[place]):
        place = _source(recorder, operations[place].reads[0])
    operation = operations[place]
    sources = [_source(recorder, n) for n in operation.reads if operation.module is None]
    if operation.kind == "stack":
        return _stacked(operation, sources, times)
    if operation.kind in ("mean", "sum") and times.forms[place] == "step":
        time = {"sequence": (0,), "batch_first": (1,)}.get(times.forms[sources[0]])
        return sources[0] if operation.details == time else None
    if operation.kind == "add" and len(sources) == 2:
        own = [_is_running(times, place, source) for source in sources]
        if sum(own) == 1:
            return sources[own.index(False)]
    if operation.kind == "select" and _one_step(operations[sources[0]], times.forms[sources[0]]):
        raise HwsimError(
            f"the model answers with one timestep only, of {_named(operations[sources[0]])}; return the "
            "outputs of all timesteps, their sum or their mean"
        )
    return None


def _one_step(source: Operation, form: Form) -> bool:
    return source.kind != "input" and form in ("sequence", "batch_first")


def _harmless(operation: Operation) -> bool:
    """Whether the sum over time of what it makes decides as the sum of what it reads does."""
    factor = np.asarray(operation.details if operation.kind == "scale" else 0.0)
    return operation.kind in HARMLESS or (factor.size == 1 and bool((factor > 0).all()))


def _source(recorder: Recorder, number: int) -> int:
    """The operation that made a tensor, which is not one of its states."""
    made, part = recorder.maker[number]
    operation = recorder.operations[made]
    if part != output_part(operation.path, operation.module):
        raise HwsimError(
            f"the model answers with tensor {part} of the call of {_named(operation)}; only the spikes of a "
            "neuron that resets can be summed up, or the membrane of one that does not"
        )
    return made


def _is_running(times: Timed, place: int, source: int) -> bool:
    """Whether ``source`` is the same running sum one step earlier."""
    step, before = times.steps[place], times.steps[source]
    return step is not None and before == step - 1 and times.keys[source] == times.keys[place]


def _stacked(operation: Operation, sources: list[int], times: Timed) -> int:
    steps, keys = [times.steps[s] for s in sources], {times.keys[s] for s in sources}
    if steps != list(range(times.timesteps)) or len(keys) > 1:
        raise HwsimError(
            f"{_named(operation)}: stacks {len(sources)} tensors that are not one layer's outputs of the "
            f"{times.timesteps} timesteps"
        )
    return sources[-1]


def _named(operation: Operation) -> str:
    return f"module {operation.path or '(the model itself)'!r} ({operation.kind})"
