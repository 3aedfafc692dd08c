"""One function that makes a Network of whatever describes one."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends.capture import structure
from hwsim.frontends.loading import Opened, Reading, fitted, load_inputs, open_model
from hwsim.frontends.preconditions import as_array, count
from hwsim.frontends.timing import Layout
from hwsim.network import Coding, Network


def load(
    model: str | Path | nn.Module | Network,
    inputs: NDArray[Any] | Tensor | Path | str | None = None,
    timesteps: int | None = None,
    *,
    weights: Path | None = None,
    producer: str | None = None,
    dt: float | None = None,
    coding: Coding | None = None,
    layout: Layout | None = None,
) -> Network:
    """A Network, verified, of a file, a zoo name or a module.

    ``model``: a file .nir (NIR), .net (lava-dl) or .safetensors (saved by hwsim), a zoo name,
    ``"file.py:callable"``, or an nn.Module. ``inputs``: an array, a tensor, or a .npy or .npz file:
    (samples, *shape) or (samples, timesteps, *shape). A module needs them, as it is run on them to be
    captured; a .nir or .net takes its timesteps from them, else from ``timesteps``. ``weights``: a
    safetensors file for a module.
    ``producer`` and ``dt``: how to read a .nir (:func:`hwsim.frontends.nir.read.read_nir`). ``coding`` and
    ``layout``: what a module's inputs are, and how it takes time (:func:`hwsim.frontends.capture.capture`).

    Raises HwsimError for everything else, and where something needed is missing.
    """
    if not isinstance(model, str | Path | nn.Module | Network):
        raise HwsimError(
            f"model is a {type(model).__name__}; allowed: a file's path, a zoo name, 'file.py:callable', an "
            "nn.Module or a Network; of a function pass what it returns"
        )
    timesteps = None if timesteps is None else count("timesteps", timesteps)
    if isinstance(model, nn.Module | Network):
        given = (weights, producer, dt)
        if any(value is not None for value in given):
            raise HwsimError("weights, producer and dt are for files; this model is an object")
        saved = model.timesteps if isinstance(model, Network) else None
        opened = Opened(type(model).__name__, model, timesteps=saved)
    else:
        opened = open_model(str(model), weights, reading=Reading(producer, dt))
    values = _values(inputs, opened)
    if isinstance(opened.model, Network):
        return _network(opened, opened.model, values, timesteps)
    steps = timesteps or opened.timesteps
    if values is None or steps is None:
        missing = "inputs" if values is None else "timesteps"
        raise HwsimError(f"{opened.name!r} is a module, which is captured by running it: give {missing}")
    return structure(opened.model, values[:1], steps, opened.name, coding or opened.coding, layout)


def _network(opened: Opened, network: Network, values: NDArray[Any] | None, timesteps: int | None) -> Network:
    if opened.timesteps is not None:
        if timesteps not in (None, network.timesteps):
            raise HwsimError(f"{network.name!r} has {network.timesteps} timesteps, asked for {timesteps}")
        return network
    if values is None:
        if timesteps is None:
            raise HwsimError(f"say how many timesteps {network.name!r} runs, or give its inputs")
        values = np.zeros((1, timesteps, *network.input.shape), np.float32)
        if network.coding == "frames":
            values = values[:, 0]
    fit = fitted(opened, values, timesteps).model
    assert isinstance(fit, Network)
    fit.verify()
    return fit


def _values(inputs: NDArray[Any] | Tensor | Path | str | None, opened: Opened) -> NDArray[Any] | None:
    """Inputs as an array; of the zoo's own, one sample, enough to see a network's structure."""
    if inputs is None:
        return None if opened.inputs is None else load_inputs(opened.inputs, 1).values
    return load_inputs(Path(inputs)).values if isinstance(inputs, Path | str) else as_array(inputs)
