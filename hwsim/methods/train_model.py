"""The module that a TrainSpec asks for: built, its states shared, its surrogates set."""

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from hwsim.datasets import Dataset
from hwsim.errors import HwsimError, one_line
from hwsim.frontends.loading import Opened, open_model
from hwsim.methods.lif_sharing import parse_sharing
from hwsim.methods.shared_model import shared_model
from hwsim.methods.train_data import Feed
from hwsim.methods.train_spec import TrainSpec
from hwsim.network import Coding, Network
from hwsim.nn import SpikingNeuron, choices, fixed
from hwsim.nn.asgl import ASGL, use_surrogate
from hwsim.nn.reversible import check_reversible
from hwsim.nn.shapes import Shape
from hwsim.nn.surrogate import Dspike, Rectangle, Sigmoid, Tanh, arctan
from hwsim.nn.timed import unroll
from hwsim.source import model_sources
from hwsim.storage import check_file

WEIGHTS = "weights.safetensors"

LOOKED_AT = 3
"""Steps that a model is run for before it is trained."""


def build(
    spec: TrainSpec, fit: Mapping[str, Any], shape: tuple[int, ...], coding: Coding
) -> tuple[nn.Module, Opened]:
    """The module with random weights of ``spec.seed`` and states shared as the spec says, and what is known
    of its model.

    ``fit``: the builder's parameters that follow from the data, unless ``settings`` say them. ``shape`` is
    that of an input at one step. Raises HwsimError where the model is known to take another.
    """
    opened = open_model(spec.model, None, spec.settings, trained=False, fit=fit, seed=spec.seed)
    if isinstance(opened.model, Network):
        raise HwsimError(
            f"{spec.model} is a network's file, which is not trained; name a zoo model or file.py:callable"
        )
    if opened.shape not in (None, shape):
        raise HwsimError(
            f"{spec.model} takes inputs of shape {opened.shape}, a sample of {spec.data} is {shape} at each "
            "step; see the options of its builder"
        )
    _check_neurons(opened.model, spec)
    model, sharing = _on_path(opened.model, spec), parse_sharing(spec.sharing)
    if not sharing:
        return model, opened
    sample = np.ones((1, *shape) if coding == "frames" else (1, 2, *shape), np.float32)
    return shared_model(model, sharing, sample, opened.sharing, coding), opened


def sources_of(spec: TrainSpec) -> dict[str, str]:
    """Digests of the model's file and of what it imports from there (:func:`hwsim.source.model_sources`), by
    path; none of a model of the zoo. Raises HwsimError where there is no such file."""
    path, _, _ = spec.model.rpartition(":")
    if not path.endswith(".py"):
        return {}
    check_file(Path(path))
    (_, own), *imported = model_sources(Path(path)).items()
    return {path: own} | {str(Path(path).parent / name): digest for name, digest in imported}


def _on_path(model: nn.Module, spec: TrainSpec) -> nn.Module:
    if not spec.path:
        return model
    if not choices(model):
        raise HwsimError(f"path {','.join(spec.path)}: {spec.model} has no choices of layers")
    try:
        return fixed(model, spec.path)
    except ValueError as error:
        raise HwsimError(f"path {','.join(spec.path)}: {error}") from None


def _check_neurons(model: nn.Module, spec: TrainSpec) -> None:
    """Raises HwsimError for a model without neurons, and where one of ReLUs is to be trained by spikes."""
    if any(isinstance(m, SpikingNeuron) for m in model.modules()):
        return
    if not any(isinstance(m, nn.ReLU) for m in model.modules()):
        raise HwsimError(f"{spec.model} has no layer of neurons of hwsim.nn, which is what is trained here")
    spiking = {
        "method": spec.method != "sg",
        "sharing": bool(parse_sharing(spec.sharing)),
        "surrogate": spec.surrogate is not None,
        "backward": spec.backward != "standard",
        "spike_penalty": spec.spike_penalty > 0,
    }
    if asked := [field for field, given in spiking.items() if given]:
        raise HwsimError(
            f"{asked[0]} {getattr(spec, asked[0])}: {spec.model} has ReLUs, and no neurons that spike"
        )
    if spec.timesteps != 1:
        raise HwsimError(
            f"timesteps {spec.timesteps or 'of the model'}: {spec.model} has ReLUs, which answer "
            "every step of an image alike; allowed: 1"
        )


def prepared(spec: TrainSpec, data: Dataset) -> tuple[nn.Module, Feed]:
    """The module, on the CPU without its surrogates, and the data fed to it."""
    feed = Feed.of(data, spec, None)
    model, opened = build(spec, feed.fit(), feed.shape, feed.coding)
    if spec.timesteps is None and opened.timesteps is not None:
        feed = Feed.of(data, spec, opened.timesteps)
    _check_runs(model, feed)
    return model, feed


@torch.no_grad()
def _check_runs(model: nn.Module, feed: Feed) -> None:
    """Raises HwsimError where the model does not take the data, gives no answer (B, classes) a step, or gives
    others step by step than at once: in float64, where rounding moves no spike."""
    inputs, _ = feed.batch(feed.test.take(slice(2)), np.random.default_rng(0))
    shown = LOOKED_AT if feed.coding == "frames" else None
    name, copied = feed.spec.model, copy.deepcopy(model).double().eval()
    inputs = inputs.double() if shown else inputs[:LOOKED_AT].double()
    try:
        outputs = unroll(copied, inputs, shown)
        stepped = unroll(copied, inputs, shown, stepwise=True)
    except (RuntimeError, ValueError, TypeError, IndexError) as error:
        raise HwsimError(
            f"{name} does not take the inputs of {feed.data.name}, {feed.shape} at each step: "
            f"{one_line(error)}"
        ) from None
    if outputs.shape != stepped.shape or not torch.allclose(outputs, stepped, rtol=1e-6, atol=1e-6):
        raise HwsimError(
            f"{name} gives other answers when it is called for all timesteps at once than step by step: a "
            "module keeps values of its own, mixes samples of a batch or draws at random; allowed are the "
            "states of hwsim.nn"
        )
    if outputs.shape[2:] != (feed.data.classes,):
        raise HwsimError(
            f"{name} gives outputs of shape {tuple(outputs.shape[2:])} a sample; {feed.data.name} has "
            f"{feed.data.classes} classes"
        )


def check_backward(model: nn.Module, feed: Feed) -> None:
    """Raises HwsimError where the spec asks for a backward that the model or the data does not allow."""
    if feed.spec.backward != "reverse":
        return
    if feed.coding != "frames":
        raise HwsimError(
            f"backward reverse: it shows one image at every step (coding direct); this is fed {feed.coding}"
        )
    try:
        check_reversible(model.train())
    except ValueError as error:
        raise HwsimError(f"backward reverse: {error}") from None


def set_surrogates(model: nn.Module, spec: TrainSpec) -> None:
    """Give every layer of neurons the surrogate of the spec; it keeps its own where the spec and its method
    name none. Alphas are 1 where the spec says no other."""
    if spec.surrogate is None and spec.method == "sg":
        return
    alpha = 1.0 if spec.alpha is None else spec.alpha
    if spec.method == "asgl":
        shape = _OF_ASGL[spec.shape]
        use_surrogate(model, lambda: ASGL(shape, alpha, spec.spike_fraction, spec.alpha_rate > 0))
    else:
        use_surrogate(model, lambda: _OF_SPIKES[spec.shape](alpha))


_OF_ASGL: dict[str, Shape] = {
    "rectangle": "clip", "sigmoid": "sigmoid", "tanh": "tanh", "dspike": "dspike",
}  # fmt: skip
_OF_SPIKES: dict[str, Callable[[float], Callable[[Tensor, bool], Tensor]]] = {
    "arctan": lambda _: arctan,
    "rectangle": Rectangle,
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "dspike": lambda width: Dspike(1.0 / width),
}


def load_weights(model: nn.Module, path: Path) -> None:
    """Read the weights of the same architecture; how states are shared does not matter to them.

    Raises HwsimError naming the first tensor that one of the two lacks or has in another shape.
    """
    check_file(path)
    try:
        given = load_file(path)
    except (SafetensorError, OSError) as error:
        raise HwsimError(f"{path}: not a safetensors file ({one_line(error)})") from None
    check_fits(model.state_dict(), given, path)
    model.load_state_dict(given)


def check_fits(own: Mapping[str, Tensor], given: Mapping[str, Tensor], path: Path) -> None:
    """Raises HwsimError where the tensors of a file are not the model's."""
    for name, tensor in own.items():
        if name not in given:
            raise HwsimError(f"{path}: has no tensor {name!r} for the model; it is of another architecture")
        if given[name].shape != tensor.shape:
            raise HwsimError(
                f"{path}: tensor {name!r} is {tuple(given[name].shape)}, the model's is "
                f"{tuple(tensor.shape)}; weights are those of one architecture and its options"
            )
        if not torch.isfinite(given[name]).all():
            raise HwsimError(f"{path}: tensor {name!r} holds values that are NaN or infinite")
    if odd := sorted(set(given) - set(own)):
        raise HwsimError(f"{path}: tensor {odd[0]!r} is not of the model; it is of another architecture")


def trained_tensors(model: nn.Module, names: list[str]) -> dict[str, Tensor]:
    """The tensors of these names, on the CPU: what the network computes with, without surrogates' widths."""
    state = model.state_dict()
    return {name: state[name].detach().cpu().contiguous() for name in names}


def device_of(spec: TrainSpec) -> torch.device:
    """Where to train. Raises HwsimError where cuda is asked for and there is none."""
    available = torch.cuda.is_available()
    if spec.device == "cuda" and not available:
        raise HwsimError("device cuda: PyTorch finds no CUDA device here; allowed: auto, cpu")
    return torch.device("cuda" if available and spec.device != "cpu" else "cpu")
