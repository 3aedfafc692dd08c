"""Variants of a model that the command line asks for: other weights, calibrated thresholds, shared states."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError, nearest
from hwsim.frontends.arguments import checked_choice, checked_count, made_shape
from hwsim.frontends.loading import AS_WRITTEN, SEED, Model, Opened, Reading, check_taken, open_model
from hwsim.frontends.synthetic import synthetic_inputs
from hwsim.frontends.timing import Layout
from hwsim.methods.calibration import RATE, Calibrated, calibrate, firing_rates
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.methods.trained import open_training, training_named
from hwsim.network import Coding, Network
from hwsim.pipeline import Progress, Workload

Init = Literal["random", "calibrated"]

SYNTHETIC = "synthetic, drawn from seed 0, of no data set"

UNTRAINED_SHARING = "unknown: the weights were not trained with states shared like this; spikes are its own"


@dataclass(frozen=True)
class Variant:
    """What the options say: the builder's ``key=value`` texts, the shape of an input, how states are shared,
    whether random weights are wanted, with thresholds calibrated to ``rate`` or as they are, how a .nir
    file is to be read, what a module's inputs are (``coding``) and how it takes time (``layout``)."""

    settings: tuple[str, ...] = ()
    shape: str | None = None
    sharing: str = "none"
    init: str | None = None
    rate: float | None = None
    producer: str | None = None
    dt: float | None = None
    coding: str | None = None
    layout: str | None = None

    @property
    def reading(self) -> Reading:
        return Reading(self.producer, self.dt)

    @property
    def trained(self) -> bool:
        return self.init is None

    @property
    def calibrated(self) -> bool:
        return self.init == "calibrated"

    def coding_of(self, opened: Opened) -> Coding:
        """What the inputs are: as the options say, else as the model is known to take them."""
        coding: Any = self.coding or opened.coding
        return cast(Coding, coding)

    def coding_asked(self) -> Coding | None:
        """What the options say that the inputs are, if they say it."""
        coding: Any = self.coding
        return cast(Coding | None, coding)

    def layout_of(self) -> Layout | None:
        layout: Any = self.layout
        return cast(Layout | None, layout)

    def input_shape(self, opened: Opened) -> tuple[int, ...] | None:
        return _shape(self.shape) if self.shape else opened.shape

    def open(self, model: str | Model, weights: Path | None) -> Opened:
        """The model, opened as the options say; an object is taken as it is. Raises HwsimError for options
        that it would not heed."""
        if not isinstance(model, str):
            opened = self._object(model, weights)
        elif directory := training_named(model):
            opened = self._training(model, directory, weights)
        else:
            opened = open_model(model, weights, self.settings, self.trained, self.reading)
        check_taken(opened, self.coding, self.layout)
        return opened

    def _training(self, model: str, directory: Path, weights: Path | None) -> Opened:
        given = {"weights": weights, "set": self.settings, "init": self.init, "shape": self.shape}
        if found := [f"--{name}" for name, value in given.items() if value]:
            raise HwsimError(
                f"{model} is a training, with weights and options of its own; leave out {found[0]}"
            )
        if self.reading != AS_WRITTEN:
            raise HwsimError(f"{model}: producer and dt are for .nir files")
        return open_training(directory)

    def _object(self, model: Model, weights: Path | None) -> Opened:
        if weights is not None or self.settings or self.reading != AS_WRITTEN:
            raise HwsimError("weights, settings, producer and dt are for files; this model is an object")
        if self.init is not None:
            raise HwsimError(
                f"init {self.init} is for models by name; this one is an object, with its weights"
            )
        return Opened(called(model), model, timesteps=model.timesteps if isinstance(model, Network) else None)

    def check(self, weights: object, inputs: object, timesteps: int | None) -> None:
        """Raises HwsimError for values and combinations that mean nothing, before any work begins."""
        parse_sharing(self.sharing)
        if self.shape:
            _shape(self.shape)
        if self.shape and inputs is not None:
            raise HwsimError("--shape is for models without inputs; leave out --shape or --inputs")
        if self.init is not None and self.init not in get_args(Init):
            raise HwsimError(f"--init {self.init!r}.{nearest(self.init, list(get_args(Init)))}")
        if self.init and weights:
            raise HwsimError(f"--init {self.init} is for random weights; leave out --weights or --init")
        checked_choice("--coding", self.coding, Coding)
        checked_choice("--layout", self.layout, Layout)
        if timesteps is not None:
            checked_count("timesteps", timesteps)
        if self.rate is not None and not self.calibrated:
            raise HwsimError("--rate is what --init calibrated aims at; give both or none")
        if self.rate is not None and not 0 < self.rate < 1:
            raise HwsimError(f"--rate {self.rate:g}: spikes per neuron and step; it must lie between 0 and 1")
        if timesteps and any(s.partition("=")[0].strip() == "timesteps" for s in self.settings):
            raise HwsimError("timesteps are given twice: by --timesteps and by --set")


AS_IT_IS = Variant()


def called(model: Model) -> str:
    """The name of a model that is an object: a network's own, of a module its class's."""
    return model.name if isinstance(model, Network) else type(model).__name__


def _shape(text: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (1, 3) or not all(re.fullmatch(r"[1-9]\d{0,8}", p, re.ASCII) for p in parts):
        raise HwsimError(f"--shape {text!r}: write one input's shape as channels,height,width or as neurons")
    return tuple(map(int, parts))


def made_inputs(opened: Opened, variant: Variant, samples: int, timesteps: int) -> NDArray[np.float32]:
    """Synthetic inputs of the model's shape. Raises HwsimError where the shape is not known."""
    shape = variant.input_shape(opened)
    if shape is None:
        raise HwsimError(
            f"{opened.name!r} comes without inputs; give real ones with --inputs FILE.npz (images, labels), "
            "or say the shape of one input with --shape 3,32,32"
        )
    coding = variant.coding_of(opened)
    made_shape(shape, samples, coding, timesteps)
    return synthetic_inputs(shape, samples, coding=coding, timesteps=timesteps)


def varied(
    work: Workload, opened: Opened, variant: Variant, synthetic: bool, progress: Progress
) -> tuple[Workload, dict[str, float] | None]:
    """The workload as asked for, with notes of every change, and the rates if thresholds were calibrated.

    A changed network is no longer the module that was captured: its spikes are not held against
    PyTorch's. Calibrated, or with states shared that its weights were not trained with, it gives no
    accuracy either. States are shared after the calibration.
    """
    network, rates = work.network, None
    if (variant.init or variant.shape) and isinstance(opened.model, Network):
        option = f"--init {variant.init}" if variant.init else "--shape"
        raise HwsimError(f"{opened.name!r} is a saved network; {option} is for modules")
    if synthetic:
        network = _noted(network, "inputs", SYNTHETIC)
    if opened.untrained or variant.init:
        network = _noted(network, "weights", f"random (seed {SEED}), not trained")
    same = network
    sharing = parse_sharing(variant.sharing)
    if variant.calibrated:
        rate = RATE if variant.rate is None else variant.rate
        made = calibrate(network, work.inputs, rate, lambda d, n: progress("calibrate", d, n))
        inputs = f"{made.samples} {'synthetic' if synthetic else 'of the given'} inputs"
        network = _noted(made.network, "calibration", _calibration(made, rate, inputs, bool(sharing)))
    network = share(network, sharing, opened.sharing)
    if sharing and work.labels is not None and not variant.calibrated:
        network = _noted(network, "accuracy", UNTRAINED_SHARING)
    if variant.calibrated:
        rates = firing_rates(network, work.inputs[: made.samples]) if sharing else made.rates
    reference = work.reference if network is same else None
    return replace(
        work,
        network=network,
        reference=reference and replace(reference, network_id=network.id),
        labels=None if variant.calibrated or sharing else work.labels,
    ), rates


def _noted(network: Network, name: str, text: str) -> Network:
    return replace(network, notes=network.notes | {name: text})


def _calibration(made: Calibrated, rate: float, inputs: str, shared: bool) -> str:
    note = (
        f"thresholds calibrated to rate {rate:g} (spikes per neuron and step) on {inputs}"
        f"{', before states were shared' if shared else ''}; weights random, not trained: what the network "
        "answers, and any accuracy, means nothing"
    )
    if made.missed:
        found = ", ".join(f"{name} ({made.rates[name]:.3f})" for name in made.missed)
        note += f"; no threshold brings these layers to that rate: {found}"
    return note
