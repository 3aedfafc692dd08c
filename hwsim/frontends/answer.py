"""What the model answers with: the operation whose outputs, summed over the timesteps, are its output.

A model may return one timestep's output per call, a sequence, or the sum or mean over the timesteps:
a stack, a reduction, or ``total = total + output`` in a loop. A positive factor on it is of no account.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from hwsim.errors import HwsimError
from hwsim.frontends.neurons import output_part
from hwsim.frontends.recording import Operation, Recorder
from hwsim.frontends.timing import Form, Key, Layout, Timed

Array = NDArray[Any]

TOLERANCE = 1e-4
"""Of the largest answer: how far sums may differ by the order of additions."""

HARMLESS = {"reshape", "swap"}


def answered(recorder: Recorder, output: Any) -> int:
    """Number of the operation that made the model's output: of the first tensor, if it returns several."""
    several = _tensors(output)
    if not several:
        raise HwsimError(
            f"the model returns a {type(output).__name__}; expected a tensor, or several of which the first "
            "is the answer"
        )
    number = recorder.number(first(output, recorder))
    if number is None:
        raise HwsimError("the model's output does not depend on its input")
    return _source(recorder, number)


def first(output: Any, recorder: Recorder) -> Tensor | None:
    """The tensor that the model answers with: the first that is a layer's output and not a state."""
    tensors = _tensors(output)
    return next((t for t in tensors if _is_output(recorder, t)), tensors[0] if tensors else None)


def _tensors(output: Any) -> list[Tensor]:
    tensors = list(output) if isinstance(output, tuple | list) else [output]
    return [t for t in tensors if isinstance(t, Tensor)] if tensors and isinstance(tensors[0], Tensor) else []


def _is_output(recorder: Recorder, tensor: Tensor) -> bool:
    number = recorder.number(tensor)
    if number is None:
        return False
    made, part = recorder.maker[number]
    operation = recorder.operations[made]
    return part == output_part(operation.path, operation.module)


def check(given: list[Array], steps: Array, layout: Layout) -> None:
    """Hold what the calls of the model returned against the sum over time that is taken for its answer.

    ``given``: the answers of one timestep a call (layout "step"), or one answer of them all; ``steps``:
    (samples, timesteps, neurons). They must be proportional by one positive factor, step by step, summed
    up to each step, or as one sum. Raises HwsimError otherwise.
    """
    samples, timesteps, size = steps.shape
    known: list[Array] = []
    if layout == "step":
        found = np.stack([g.reshape(samples, -1) for g in given], axis=1)
        known = [steps, steps.cumsum(axis=1)]
    else:
        (found,) = given
        if found.size == samples * size:
            known, found = [steps.sum(axis=1)], found.reshape(samples, -1)
        elif found.size == steps.size and found.shape[:2] == (timesteps, samples):
            known, found = [steps], found.reshape(timesteps, samples, -1).swapaxes(0, 1)
        elif found.size == steps.size:
            known, found = [steps], found.reshape(samples, timesteps, -1)
    if not any(_proportional(found, k) for k in known):
        raise HwsimError(
            f"the model's answer, of shape {found.shape[1:]} a sample, is not the sum over its timesteps of "
            f"what its last layer makes, {size} values a step; return the outputs of all timesteps, their "
            "sum or their mean, without anything added or changed"
        )


def _proportional(found: Array, known: Array) -> bool:
    if found.shape != known.shape:
        return False
    a, b = found.astype(np.float64), known.astype(np.float64)
    square = float((b * b).sum())
    factor = float((a * b).sum()) / square if square else 0.0
    far = np.abs(a - factor * b).max(initial=0.0)
    return (factor > 0 or not square) and bool(far <= TOLERANCE * np.abs(a).max(initial=1e-30))


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
