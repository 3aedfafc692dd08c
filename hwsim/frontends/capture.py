"""Capture: a PyTorch module and real inputs become a Network and the spikes that PyTorch gave."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from hwsim.errors import HwsimError
from hwsim.events import Events, EventTrace
from hwsim.frontends.answer import answered, check, first, summed
from hwsim.frontends.arguments import as_array, checked_choice, checked_count
from hwsim.frontends.lowering import Lowering
from hwsim.frontends.neurons import describe, reset_neurons, rule_of
from hwsim.frontends.preconditions import check_model
from hwsim.frontends.recording import Recorder, held_parameters
from hwsim.frontends.signals import Made
from hwsim.frontends.timing import Key, Layout, Node, Timed, Timestep, repeated, settled, timed
from hwsim.network import Coding, Network

Progress = Callable[[int, int], None]
Array = NDArray[Any]

SETTLING = (2, 3, 6, 18)
"""Timesteps run until two in a row compute the same, to see connections back in time."""


@dataclass(frozen=True)
class Structure:
    """A network and where in a run of ``model`` its populations' outputs are found."""

    model: nn.Module
    network: Network
    layout: Layout
    timestep: Timestep
    made_by: dict[str, Made]
    output: Key

    def filled(self, model: nn.Module) -> Network | None:
        """The network of the same operations with what ``model`` holds, which has modules of the same names;
        None where an operation's values are not all those of one module.

        Nothing runs: that ``model`` computes by these operations is for the caller to know.
        """
        nodes = {}
        for key, node in self.timestep.nodes.items():
            nodes[key] = node
            if node.module is not None:
                if self.model.get_submodule(node.path) is not node.module:
                    return None
                module = model.get_submodule(node.path)
                held = node.details == held_parameters(node.module)
                details = held_parameters(module) if held else node.details
                nodes[key] = replace(node, module=module, details=details)
        network = self.network
        return Lowering(nodes).build(self.output, network.name, network.timesteps, network.coding)


@dataclass(frozen=True)
class Captured:
    """``network`` and, for the same inputs, the ``reference`` trace recorded from PyTorch's own run."""

    network: Network
    reference: EventTrace
    structure: Structure


def capture(
    model: nn.Module,
    inputs: Array | torch.Tensor,
    timesteps: int,
    name: str = "model",
    coding: Coding = "frames",
    batch: int = 32,
    progress: Progress | None = None,
    layout: Layout | None = None,
) -> Captured:
    """Run ``model`` on ``inputs`` for ``timesteps`` steps and read the network off the run.

    ``inputs``: (samples, *shape) for frames; (samples, timesteps, *shape) for spikes and series; an array or
    a tensor, taken as float32.
    ``layout``: how the model takes time, see frontends/timing.py; None tries what fits. The model runs in
    eval mode. Raises HwsimError naming the module for anything that cannot be lowered faithfully, for a
    graph that changes between timesteps, and for inputs that the model does not accept.
    """
    checked_choice("coding", coding, Coding, optional=False)
    checked_choice("layout", layout, Layout)
    timesteps, batch = checked_count("timesteps", timesteps), checked_count("batch", batch)
    inputs = as_array(inputs)
    if not len(inputs):
        raise HwsimError("inputs hold no sample")
    if coding != "frames" and inputs.shape[1:2] != (timesteps,):
        found = inputs.shape[1] if inputs.ndim > 1 else "no"
        raise HwsimError(f"inputs hold {found} timesteps, asked for {timesteps}")
    check_model(model)
    with _evaluated(model):
        run = _Run(model, timesteps, coding)
        structure = run.structure(np.ascontiguousarray(inputs[:1], np.float32), name, layout)
        traces = []
        for start in range(0, len(inputs), batch):
            part = np.ascontiguousarray(inputs[start : start + batch], np.float32)
            traces.append(run.trace(structure, part, start))
            if progress:
                progress(min(start + batch, len(inputs)), len(inputs))
    return Captured(structure.network, EventTrace.join(traces), structure)


def structure(
    model: nn.Module,
    sample: Array | torch.Tensor,
    timesteps: int,
    name: str = "model",
    coding: Coding = "frames",
    layout: Layout | None = None,
) -> Network:
    """The network alone, read off a run on one ``sample``: (1, *shape), or (1, timesteps, *shape)."""
    checked_choice("coding", coding, Coding, optional=False)
    checked_choice("layout", layout, Layout)
    timesteps = checked_count("timesteps", timesteps)
    sample = as_array(sample)
    check_model(model)
    with _evaluated(model):
        run, one = _Run(model, timesteps, coding), np.ascontiguousarray(sample, np.float32)
        found = run.structure(one, name, layout)
        run.trace(found, one, 0)
    return found.network


class _Run:
    """Runs of one model, recorded."""

    def __init__(self, model: nn.Module, timesteps: int, coding: Coding) -> None:
        self.model, self.timesteps, self.coding = model, timesteps, coding
        self.recorder = Recorder(model)

    def structure(self, sample: Array, name: str, layout: Layout | None) -> Structure:
        """The first layout in which the model runs and can be lowered; else the first one's error."""
        failed: HwsimError | None = None
        for candidate in self._candidates(sample, layout):
            try:
                return self._structure(sample, name, candidate)
            except HwsimError as error:
                failed = failed or error
        assert failed is not None
        raise failed

    def _candidates(self, sample: Array, layout: Layout | None) -> list[Layout]:
        whole: list[Layout] = ["static"] if self.coding == "frames" else ["time_first", "batch_first"]
        alone: list[Layout] = ["step", *whole] if self.timesteps == 1 else ["step"]
        if layout is not None:
            return [layout]
        neurons = ((path, m) for path, m in self.model.named_modules() if rule_of(m) is not None)
        if any(describe(path, module).all_steps for path, module in neurons):
            return [*whole, "time_first"] if self.coding == "frames" else whole
        try:
            self._call(sample.repeat(2, axis=0), "step", 1)
        except HwsimError:
            return ["step", *whole]
        return whole if max(self.recorder.neuron_calls.values(), default=0) > 1 else alone

    def _structure(self, sample: Array, name: str, layout: Layout) -> Structure:
        batch = 1 if layout == "step" else 3 if self.timesteps == 2 else 2
        for steps in SETTLING:
            answers = self._call(sample.repeat(batch, axis=0), layout, steps)
            times = self._timed(layout, batch)
            if layout != "step" or (settled(times) and self._reached(answers[-1])):
                break
        timestep = repeated(times)
        output = summed(self.recorder, times, answered(self.recorder, answers[-1]))
        lowering = Lowering(timestep.nodes)
        network = lowering.build(output, name, self.timesteps, self.coding)
        return Structure(self.model, network, layout, timestep, lowering.made_by, output)

    def _reached(self, answer: Any) -> bool:
        """Whether the input has come through to the answer."""
        return self.recorder.number(first(answer, self.recorder)) is not None

    def _timed(self, layout: Layout, batch: int) -> Timed:
        recorder = self.recorder
        timesteps = recorder.calls if layout == "step" else self.timesteps
        looped = max(recorder.neuron_calls.values(), default=0)
        if layout != "step" and looped > 1 and looped != self.timesteps:
            most = max(recorder.neuron_calls, key=recorder.neuron_calls.__getitem__)
            raise HwsimError(
                f"module {most!r} is called {looped} times in one call of the model, asked for "
                f"{self.timesteps} timesteps. If that is the model's loop over time, ask for {looped}; two "
                "layers cannot share one membrane"
            )
        return timed(recorder.operations, recorder.maker, layout, timesteps, batch)

    def _call(
        self, part: Array, layout: Layout, steps: int, wanted: frozenset[Any] = frozenset()
    ) -> list[Any]:
        """Run the model from the start of a sample; what each call returned."""
        recorder, frames = self.recorder, self.coding == "frames"
        recorder.begin(wanted)
        reset_neurons(self.model)
        values = torch.from_numpy(part)
        if layout == "step":
            last = values.shape[1] - 1 if not frames else 0
            return [recorder.run(values if frames else values[:, min(t, last)]) for t in range(steps)]
        if layout == "static":
            return [recorder.run(values)]
        sequence = values.unsqueeze(1).repeat_interleave(self.timesteps, 1) if frames else values
        return [recorder.run(sequence.transpose(0, 1) if layout == "time_first" else sequence)]

    def trace(self, structure: Structure, part: Array, start: int) -> EventTrace:
        """The events of every population on ``part``, as PyTorch computed them."""
        network, layout = structure.network, structure.layout
        keys = {*(made.key for made in structure.made_by.values()), structure.output}
        wanted = frozenset((path, kind) for path, kind, _ in keys if kind != "input")
        padded = part if layout == "step" or len(part) > 1 else part.repeat(2, axis=0)
        answers = self._call(padded, layout, self.timesteps, wanted)
        times = self._timed(layout, len(padded))
        structure.timestep.check(times, start)
        found = _Kept(times, self.recorder.kept, len(padded))
        events = {}
        for population in network.populations:
            if population.kind == "input":
                values = part.reshape(len(part), -1, population.size)
            elif population.kind == "readout":
                continue
            else:
                made = structure.made_by[population.name]
                node = structure.timestep.nodes[made.key]
                values = found.values(node)[: len(part), :, made.start : made.start + population.size]
            if population.name in network.constant:
                values = values[:, :1]
            binary = network.is_binary(population.name)
            if binary and not np.isin(values, (0, 1)).all():
                raise HwsimError(f"module {population.name!r} emits values that are not 0 or 1 as spikes")
            events[population.name] = Events.from_dense(values, binary)
        given = [tensor.numpy() for a in answers if (tensor := first(a, self.recorder)) is not None]
        steps = found.values(structure.timestep.nodes[structure.output], given if layout == "step" else [])
        check(given, steps, layout)
        sums = steps[: len(part)].cumsum(axis=1, dtype=np.float32)
        return EventTrace(network.id, network.timesteps, events, sums)


@dataclass(frozen=True)
class _Kept:
    """The tensors that a run kept, as (samples, timesteps, elements)."""

    times: Timed
    kept: dict[int, Array]
    samples: int

    def values(self, node: Node, early: Sequence[Any] = ()) -> Array:
        """What ``node`` made; in first steps that lack it ``early``, the model's answers, or nothing."""
        places = [i for i, k in enumerate(self.times.keys) if k == node.key and i in self.kept]
        by_step = {self.times.steps[i]: self.kept[i] for i in places}
        if None in by_step:
            return self._whole(by_step[None], self.times.forms[places[0]])
        size = prod(node.shape)
        for t, answer in enumerate(early):
            if t not in by_step and answer.size == len(answer) * size:
                by_step[t] = answer
        nothing = np.zeros((self.samples, size), np.uint8)
        steps = [by_step.get(t, nothing) for t in range(self.times.timesteps)]
        return np.stack([s.reshape(self.samples, size) for s in steps], axis=1)

    def _whole(self, array: Array, form: str) -> Array:
        timesteps = self.times.timesteps
        if form == "step":
            return array.reshape(self.samples, 1, -1).repeat(timesteps, axis=1)
        if form == "batch_first":
            return array.reshape(self.samples, timesteps, -1)
        return array.reshape(timesteps, self.samples, -1).swapaxes(0, 1)


@contextmanager
def _evaluated(model: nn.Module) -> Iterator[None]:
    """The model in eval mode; afterwards each of its modules in its own mode again, without states."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training
        reset_neurons(model)
