"""Open what the user names: a zoo entry, ``file.py:callable``, a network's file, arrays of inputs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from hwsim import zoo
from hwsim.errors import HwsimError, one_line
from hwsim.frontends.arguments import checked_count
from hwsim.frontends.array_files import headers, rows
from hwsim.frontends.model_files import builder
from hwsim.frontends.netx import read_netx
from hwsim.frontends.nir.read import read_nir
from hwsim.frontends.settings import Settings, read_settings, taken
from hwsim.network import Coding, Network
from hwsim.storage import check_file, stored_kind

Model = nn.Module | Network
"""A model that is an object."""

SEED = 0
"""Of the random weights that a builder gives its network."""


@dataclass(frozen=True)
class Opened:
    """A model and what is known about it: paths, a checkpoint's card, the shape of one input, its coding.

    ``untrained``: the weights are known to be random. ``sharing``: which layers may share a state memory.
    ``tested``: accuracy on a test split, told by the card, and its samples.
    """

    name: str
    model: nn.Module | Network
    inputs: Path | None = None
    timesteps: int | None = None
    card: Path | None = None
    shape: tuple[int, ...] | None = None
    coding: Coding = "frames"
    untrained: bool = False
    sharing: tuple[tuple[str, ...], ...] | None = None
    tested: tuple[float, int] | None = None


@dataclass(frozen=True)
class Reading:
    """How to read a .nir file: who wrote it, and its time step, as in :mod:`hwsim.frontends.nir.read`."""

    producer: str | None = None
    dt: float | None = None


AS_WRITTEN = Reading()


@dataclass(frozen=True)
class Inputs:
    """Values as the network takes them, and labels if the file has any."""

    values: NDArray[np.float32]
    labels: NDArray[np.int64] | None


def open_model(
    spec: str,
    weights: Path | None = None,
    settings: Sequence[str] = (),
    trained: bool = True,
    reading: Reading = AS_WRITTEN,
    fit: Mapping[str, Any] | None = None,
    seed: int = SEED,
) -> Opened:
    """A zoo name, ``file.py:callable`` that returns an nn.Module, or the path of a network: one saved by
    hwsim (.safetensors), NIR (.nir) or lava-dl (.net).

    ``weights``: a safetensors file for the module. ``settings``: ``key=value`` texts for its builder.
    ``trained`` False leaves a zoo network without its checkpoint. ``reading``: for .nir. A .nir or .net says
    nothing of timesteps: its network has 1 until :func:`fitted`. ``fit``: what a builder with parameters of
    these names is to be given, over the zoo's options and under ``settings``. ``seed``: of random weights.
    Raises HwsimError for anything else.
    """
    network = read_network(spec, reading)
    if network is not None:
        if weights is not None or settings:
            raise HwsimError(f"{spec} is a network file and takes no {'weights' if weights else '--set'}")
        return Opened(network.name, network)
    if reading != AS_WRITTEN:
        raise HwsimError(f"{spec}: producer and dt are for .nir files")
    path, _, attribute = spec.rpartition(":")
    if path.endswith(".py"):
        build = builder(Path(path), attribute)
        read = _settings(settings, build, spec, fit=fit)
        module = _with_weights(_build(build, spec, read.arguments, seed), weights)
        return Opened(attribute, module, timesteps=read.timesteps)
    if spec.endswith(".py"):
        raise HwsimError(f"{spec}: name the function that builds the model, as {spec}:FUNCTION")
    if Path(spec).suffix == ".safetensors":
        if weights is not None or settings:
            raise HwsimError(f"{spec} is a saved network and takes no {'weights' if weights else '--set'}")
        if stored_kind(Path(spec)) != "network":
            raise HwsimError(
                f"{spec}: not a saved network; weights go with a model: file.py:callable --weights {spec}"
            )
        network = Network.load(Path(spec))
        return Opened(network.name, network, timesteps=network.timesteps)
    entry, home = zoo.entry(spec), zoo.directory()
    file, _, attribute = entry.builder.rpartition(":")
    build = builder(home / file, attribute)
    read = _settings(settings, build, spec, entry.options, fit)
    shipped = home / entry.weights if entry.weights and weights is None and trained else None
    module = _build(build, f"{home / file}:{attribute}", read.arguments, seed)
    try:
        model = _with_weights(module, shipped or weights)
    except HwsimError as error:
        if not (shipped and settings):
            raise
        raise HwsimError(
            f"{spec} with {', '.join(settings)}: its trained checkpoint was made without; give other weights "
            f"with --weights or take random ones with --init random. {error}"
        ) from None
    return Opened(
        spec,
        model,
        home / entry.inputs if entry.inputs else None,
        read.timesteps or entry.timesteps,
        home / entry.card if entry.card and shipped else None,
        entry.input_shape(read.arguments),
        entry.coding,
        not (shipped or weights),
        tuple(map(tuple, entry.sharing)) if entry.sharing else None,
    )


def read_network(spec: str, reading: Reading = AS_WRITTEN, timesteps: int = 1) -> Network | None:
    """The network of a .nir or .net file, None for every other name."""
    kind = Path(spec).suffix
    if kind == ".nir":
        return read_nir(Path(spec), timesteps, reading.producer, reading.dt)
    if kind == ".net":
        if reading != AS_WRITTEN:
            raise HwsimError(f"{spec}: producer and dt are for .nir files")
        return read_netx(Path(spec), timesteps)
    return None


def fitted(
    opened: Opened, inputs: NDArray[Any], timesteps: int | None, coding: Coding | None = None
) -> Opened:
    """A network whose file says nothing of time, made fit for its inputs; everything else as it is.

    Inputs (samples, timesteps, *shape) bring their timesteps: spikes if they are 0 and 1 only, else series,
    or as ``coding`` says. Inputs (samples, *shape) are frames for so many ``timesteps``. Raises HwsimError
    for other shapes, where the timesteps are not known or differ, and for a ``coding`` that is another.
    """
    network = opened.model
    if not isinstance(network, Network) or opened.timesteps is not None:
        return opened
    shape = network.input.shape
    found: Coding = "frames"
    if inputs.ndim == len(shape) + 2 and inputs.shape[2:] == shape:
        if timesteps not in (None, inputs.shape[1]):
            raise HwsimError(f"the inputs hold {inputs.shape[1]} timesteps, asked for {timesteps}")
        timesteps = inputs.shape[1]
        found = "spikes" if ((inputs == 0) | (inputs == 1)).all() else "series"
    elif inputs.shape[1:] != shape:
        raise HwsimError(
            f"inputs of shape {inputs.shape}; {opened.name!r} takes (samples, timesteps, "
            f"{', '.join(map(str, shape))}), or without timesteps"
        )
    if coding not in (None, found) and (coding, found) != ("series", "spikes"):
        held = {"frames": "no timesteps", "spikes": "timesteps", "series": "values other than 0 and 1"}
        raise HwsimError(f"coding {coding!r}: the inputs, of shape {inputs.shape}, hold {held[found]}")
    if not timesteps:
        raise HwsimError(f"say how many timesteps {opened.name!r} runs: --timesteps T")
    return timed(opened, timesteps, coding or found)


def timed(opened: Opened, timesteps: int, coding: Coding | None = None) -> Opened:
    """A network whose file says nothing of time with so many timesteps; everything else as it is."""
    network = opened.model
    if not isinstance(network, Network) or opened.timesteps is not None:
        return opened
    steps = checked_count("timesteps", timesteps)
    model = replace(network, timesteps=steps, coding=coding or network.coding)
    return replace(opened, model=model, timesteps=steps)


def check_taken(opened: Opened, coding: str | None, layout: str | None) -> None:
    """Raises HwsimError where ``coding`` or ``layout`` is given for a network that would not heed it."""
    if isinstance(opened.model, Network):
        if layout is not None:
            raise HwsimError(f"layout is for modules; {opened.name!r} is a network")
        if coding is not None and opened.timesteps is not None:
            raise HwsimError(
                f"coding is for modules, .nir and .net files; {opened.name!r} takes {opened.model.coding}"
            )


def _settings(
    pairs: Sequence[str],
    builder: Callable[..., Any],
    name: str,
    options: Mapping[str, Any] | None = None,
    fit: Mapping[str, Any] | None = None,
) -> Settings:
    fitting = {k: v for k, v in (fit or {}).items() if k in taken(builder)}
    try:
        read = read_settings(pairs, builder, name, dict(options or {}) | fitting)
        if read.timesteps is not None:
            checked_count("timesteps", read.timesteps)
    except HwsimError as error:
        raise HwsimError(one_line(error)) from None
    return read


def _build(builder: Callable[..., Any], name: str, arguments: Mapping[str, Any], seed: int) -> nn.Module:
    """Call the builder; whatever weights it draws at random are those of the seed."""
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = builder(**arguments)
    except (Exception, SystemExit) as error:
        raise HwsimError(f"{name}() failed: {type(error).__name__}: {one_line(error)}") from error
    if not isinstance(model, nn.Module):
        raise HwsimError(f"{name}() returned a {type(model).__name__}, not an nn.Module")
    return model


def _with_weights(model: nn.Module, path: Path | None) -> nn.Module:
    if path is None:
        return model
    check_file(path)
    try:
        state = load_file(path)
    except (SafetensorError, OSError) as error:
        raise HwsimError(f"{path}: not a safetensors file ({one_line(error)})") from None
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise HwsimError(f"{path}: does not fit the model: {one_line(error)}") from None
    return model


def load_inputs(path: Path, samples: int | None = None) -> Inputs:
    """Inputs from .npy, or from .npz with ``images`` (or ``inputs``) and optionally ``labels``.

    uint8 ``images`` become x / 255, ``inputs`` stay as they are; grey images (samples, height, width)
    get a channel. Of a large file no more than the first ``samples`` are read.
    """
    check_file(path)
    found = headers(path, ("images", "inputs", "labels"))
    name = next((n for n in ("images", "inputs") if n in found), None)
    if name is None:
        raise HwsimError(f"{path}: holds {sorted(found)}; expected 'images' or 'inputs'")
    header, of_labels = found[name], found.get("labels")
    assert header is not None
    if header.dtype.kind not in "fiub" or len(header.shape) < 2:
        raise HwsimError(
            f"{path}: {name} is {header.dtype} of shape {header.shape}; expected numbers, one row a sample"
        )
    if 0 in header.shape:
        raise HwsimError(
            f"{path}: {name} is of shape {header.shape} and holds no values; expected one sample or more"
        )
    if of_labels is not None and (of_labels.shape != header.shape[:1] or of_labels.dtype.kind not in "iu"):
        raise HwsimError(
            f"{path}: labels are {of_labels.dtype} of shape {of_labels.shape}; expected {header.shape[0]} "
            "integers"
        )
    values = rows(path, header, samples)
    labels = None if of_labels is None else rows(path, of_labels, samples).astype(np.int64)
    pixels = name == "images" and values.dtype == np.uint8
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values.astype(np.float32) / (255 if pixels else 1)
    if name == "images" and scaled.ndim == 3:
        scaled = scaled[:, None]
    values = scaled.astype(np.float32)
    if bad := int(values.size - np.isfinite(values).sum()):
        raise HwsimError(
            f"{path}: {bad} of {values.size} values of {name} are not finite or too large for float32"
        )
    return Inputs(values, labels)
