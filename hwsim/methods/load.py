"""``hwsim.load``: one function that makes a Network of whatever describes one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends.arguments import (
    checked_choice,
    checked_count,
    checked_inputs,
    checked_number,
    checked_path,
    checked_text,
    checked_texts,
    made_shape,
)
from hwsim.frontends.capture import structure
from hwsim.frontends.loading import Opened, Reading, check_taken, fitted, load_inputs, open_model, timed
from hwsim.frontends.timing import Layout
from hwsim.methods.trained import open_training, training_named
from hwsim.network import Coding, Network


def load(
    model: str | Path | nn.Module | Network,
    inputs: NDArray[Any] | Tensor | Path | str | None = None,
    timesteps: int | None = None,
    *,
    weights: Path | str | None = None,
    settings: Sequence[str] = (),
    producer: str | None = None,
    dt: float | None = None,
    coding: Coding | None = None,
    layout: Layout | None = None,
) -> Network:
    """A Network, verified, of a file, a zoo name or a module.

    ``model``: a file .nir (NIR), .net (lava-dl) or .safetensors (saved by hwsim), a zoo name,
    ``"file.py:callable"``, the directory of a training (``hwsim train``, ``hwsim learn``), or an nn.Module.
    ``inputs``: an array or a .npy or .npz file: (samples, *shape) or (samples, timesteps, *shape). A module
    needs them, as it is run on them to be captured; a network of the zoo is run on its own, or on ones. A
    .nir or .net takes its timesteps from them, else from ``timesteps``.
    ``weights``: a safetensors file for a module. ``settings``: ``key=value`` texts for its builder.
    ``producer`` and ``dt``: how to read a .nir (:func:`hwsim.frontends.nir.read.read_nir`). ``coding``: what
    the inputs of a module, a .nir or a .net are; default for the files: what ``inputs`` look like. A training
    has weights, settings, inputs, timesteps and a sharing of its own; inputs and timesteps may be replaced.
    ``layout``: how a module takes time (:func:`hwsim.frontends.capture.capture`).

    Raises HwsimError for everything else, and where something needed is missing.
    """
    steps = None if timesteps is None else checked_count("timesteps", timesteps)
    checked_choice("coding", coding, Coding)
    checked_choice("layout", layout, Layout)
    reading = Reading(
        None if producer is None else checked_text("producer", producer),
        None if dt is None else checked_number("dt", dt),
    )
    file, texts = (
        None if weights is None else checked_path("weights", weights),
        checked_texts("settings", settings),
    )
    if isinstance(model, nn.Module | Network):
        if file is not None or texts or reading != Reading():
            raise HwsimError("weights, settings, producer and dt are for files; this model is an object")
        saved = model.timesteps if isinstance(model, Network) else None
        opened = Opened(type(model).__name__, model, timesteps=saved)
    else:
        if not isinstance(model, str | Path) or not str(model):
            raise HwsimError(f"model is {model!r}; it must be a path, a zoo name, an nn.Module or a Network")
        directory = training_named(str(model))
        if directory is None:
            opened = open_model(str(model), file, texts, reading=reading)
        else:
            _check_alone(directory, {"weights": file, "settings": texts, "producer": producer, "dt": dt})
            opened = open_training(directory)
    return _network_of(opened, inputs, steps, coding, layout)


def _check_alone(directory: Path, given: dict[str, object]) -> None:
    """Raises HwsimError for what a training has of its own, or does not heed."""
    if found := [name for name, value in given.items() if value]:
        raise HwsimError(
            f"{directory} is a training, with weights and options of its own; leave out {found[0]}"
        )


def _network_of(
    opened: Opened,
    inputs: NDArray[Any] | Tensor | Path | str | None,
    steps: int | None,
    coding: Coding | None,
    layout: Layout | None,
) -> Network:
    check_taken(opened, coding, layout)
    if isinstance(opened.model, Network):
        return _network(opened, opened.model, inputs, steps, coding)
    steps = steps or opened.timesteps
    if steps is None or (inputs is None and opened.shape is None and opened.inputs is None):
        missing = "timesteps" if steps is None and inputs is not None else "inputs"
        raise HwsimError(f"{opened.name!r} is a module, which is captured by running it: give {missing}")
    kind = coding or opened.coding
    values = _sample(opened, kind, steps) if inputs is None else _values(inputs, 1)
    if kind != "frames" and values.shape[1] != steps:
        raise HwsimError(
            f"inputs of shape {values.shape}; {kind} are (samples, timesteps, ...) of {steps} timesteps"
        )
    return structure(opened.model, values[:1], steps, opened.name, kind, layout)


def _network(
    opened: Opened, network: Network, inputs: Any, timesteps: int | None, coding: Coding | None
) -> Network:
    values = None if inputs is None else _values(inputs)
    if opened.timesteps is not None:
        if timesteps not in (None, network.timesteps):
            raise HwsimError(f"{network.name!r} has {network.timesteps} timesteps, asked for {timesteps}")
        one = network.input.shape if network.coding == "frames" else (network.timesteps, *network.input.shape)
        if values is not None and values.shape[1:] != one:
            takes = f"(samples, {', '.join(map(str, one))})"
            raise HwsimError(f"inputs of shape {values.shape}; {network.name!r} takes {takes}")
        return network
    if values is None:
        if timesteps is None:
            raise HwsimError(f"say how many timesteps {network.name!r} runs, or give its inputs")
        fit = timed(opened, timesteps, coding).model
    else:
        fit = fitted(opened, values, timesteps, coding).model
    assert isinstance(fit, Network)
    fit.verify()
    return fit


def _values(inputs: Any, samples: int | None = None) -> NDArray[np.float32]:
    if isinstance(inputs, Path | str):
        return checked_inputs(load_inputs(checked_path("inputs", inputs), samples).values)
    return checked_inputs(inputs)


def _sample(opened: Opened, coding: Coding, timesteps: int) -> NDArray[np.float32]:
    """One sample to see a network's structure with: the zoo's own where its shape still fits, else ones."""
    if opened.inputs is not None:
        own = load_inputs(opened.inputs, 1).values
        if opened.shape in (None, own.shape[1:]):
            return own
    assert opened.shape is not None
    return np.ones(made_shape(opened.shape, 1, coding, timesteps), np.float32)
