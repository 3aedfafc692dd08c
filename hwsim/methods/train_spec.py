"""TrainSpec: everything that decides what a training gives, one value, written beside its results."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError
from pydantic import model_validator as validator

from hwsim.configuration import Configured, describe
from hwsim.errors import HwsimError
from hwsim.methods.lif_sharing import parse_sharing
from hwsim.nn.asgl import SMALLEST
from hwsim.nn.timed import Normalization

Method = Literal["sg", "asgl", "efficientlif"]
"""``sg``: spikes forward, a surrogate's slope backward. ``asgl``: smooth activations mixed with spikes,
widths that adapt. ``efficientlif``: ``sg`` with arctan and answers summed over the steps."""

Surrogate = Literal["arctan", "rectangle", "sigmoid", "tanh", "dspike"]
OF_ASGL = ("spike_fraction", "zeta", "milestones", "alpha_rate")
Encoding = Literal["direct", "poisson", "latency"]
Augmentation = Literal["crop", "flip", "shift", "cutout", "mixup", "cutmix"]
Device = Literal["auto", "cpu", "cuda"]


class TrainSpec(Configured):
    """What is trained, on what and how.

    ``model`` is a zoo name or file.py:callable, ``settings`` are ``key=value`` of its builder. ``path``: of
    a model with choices of layers, an option of each, which are trained alone. ``surrogate``
    None is the model's own, of asgl rectangle (the paper's clip), of efficientlif arctan. ``alpha``: the
    width (rectangle, dspike) or the steepness (sigmoid, tanh) of the surrogates, with asgl the first one;
    arctan has none. ``spike_fraction`` is ASGL's p, which becomes 1 - (1 - p) zeta after each of the
    ``milestones`` (epochs done). ``alpha_rate``: the learning rate of ASGL's widths, which have an Adam of
    their own; 0 keeps them. ``rate`` falls as a cosine from its peak to 0, after rising linearly for
    ``warmup`` epochs. ``initial`` is the directory of a training whose weights are taken over.
    ``normalization``: what batch normalization takes its statistics over in training, T * B samples
    (all_steps) or B at each step; None is each_step for efficientlif and backward reverse, else all_steps.
    Layers from the first to the last user of a state that is shared across layers always take it over B:
    compare sharings with each_step. ``backward`` reverse computes states again instead of keeping them.
    ``spike_penalty``: lambda_reg of what spikes add to the loss (:mod:`hwsim.methods.spike_penalty`).
    ``prune``: share of the weights of convolutions and linear layers that is set to zero, growing over the
    first ``prune_epochs``.
    """

    model: str = Field(min_length=1)
    settings: list[str] = Field(default_factory=list)
    path: list[str] = Field(default_factory=list)
    data: str = Field(min_length=1)
    data_directory: str | None = None
    method: Method = "sg"
    sharing: str = "none"
    surrogate: Surrogate | None = None
    alpha: float | None = Field(default=None, ge=1e-6, le=1e6)
    spike_fraction: float = Field(default=0.8, ge=0, le=1)
    zeta: float = Field(default=1.0, ge=0, le=1)
    milestones: list[PositiveInt] = Field(default_factory=list)
    alpha_rate: NonNegativeFloat = 1e-3
    epochs: PositiveInt = 10
    batch: PositiveInt = 100
    optimizer: Literal["sgd", "adam", "adamw"] = "adamw"
    rate: PositiveFloat = 2e-3
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: NonNegativeFloat = 1e-2
    warmup: NonNegativeInt = 1
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    loss: Literal["ce", "mse"] = "ce"
    spike_penalty: NonNegativeFloat = 0.0
    normalization: Normalization | None = None
    backward: Literal["standard", "reverse"] = "standard"
    augment: list[Augmentation] = Field(default_factory=list)
    timesteps: PositiveInt | None = None
    coding: Encoding = "direct"
    seed: NonNegativeInt = Field(default=0, le=2**62)
    device: Device = "auto"
    train_samples: PositiveInt | None = None
    test_samples: PositiveInt | None = None
    initial: str | None = None
    prune: float = Field(default=0.0, ge=0, lt=1)
    prune_epochs: NonNegativeInt = 0

    @property
    def shape(self) -> Surrogate:
        """The surrogate, also where the method says it; arctan stands for the model's own."""
        return self.surrogate or ("rectangle" if self.method == "asgl" else "arctan")

    @property
    def normalized(self) -> Normalization:
        """What batch statistics are taken over, also where the method or the backward says it."""
        each = self.method == "efficientlif" or self.backward == "reverse"
        return self.normalization or ("each_step" if each else "all_steps")

    @validator(mode="after")
    def _consistent(self) -> Self:
        parse_sharing(self.sharing)
        if self.method == "efficientlif" and self.shape != "arctan":
            raise ValueError(f"surrogate {self.shape}: method efficientlif is defined with arctan")
        if self.method == "asgl" and self.shape == "arctan":
            raise ValueError("surrogate arctan: of asgl it is rectangle, sigmoid, tanh or dspike")
        if self.shape == "arctan" and self.alpha is not None:
            raise ValueError(f"alpha {self.alpha:g}: the surrogate arctan has none; choose another surrogate")
        if self.method == "asgl" and self.alpha is not None and self.alpha < SMALLEST:
            raise ValueError(f"alpha {self.alpha:g}: asgl keeps it at {SMALLEST:g} or above")
        if self.backward == "reverse" and self.normalized != "each_step":
            raise ValueError("normalization all_steps: backward reverse computes each step of its own")
        if self.backward == "reverse" and self.method == "asgl" and self.spike_fraction < 1:
            raise ValueError(
                "backward reverse: it keeps spikes as bits, and asgl below p = 1 emits other values"
            )
        if self.spike_penalty and self.backward == "reverse":
            raise ValueError(
                f"spike_penalty {self.spike_penalty:g}: it needs the graph of the spikes, which backward "
                "reverse does not keep; allowed: backward standard"
            )
        if self.spike_penalty and self.method == "asgl" and self.spike_fraction < 1:
            raise ValueError(
                f"spike_penalty {self.spike_penalty:g}: asgl emits spikes alone only with spike_fraction 1, "
                f"this is {self.spike_fraction:g}"
            )
        for field in OF_ASGL if self.method != "asgl" else ():
            given = getattr(self, field)
            if given != TrainSpec.model_fields[field].get_default(call_default_factory=True):
                raise ValueError(f"{field} {given}: it is of method asgl, this is {self.method}")
        if self.optimizer != "sgd" and self.momentum != TrainSpec.model_fields["momentum"].default:
            raise ValueError(f"momentum {self.momentum:g}: it is of optimizer sgd, this is {self.optimizer}")
        if self.milestones and self.milestones[-1] >= self.epochs:
            raise ValueError(f"milestones {self.milestones}: no epoch of the {self.epochs} follows the last")
        if bool(self.milestones) != (self.zeta != 1.0):
            raise ValueError("zeta and milestones: give both, by how much p changes and when, or none")
        if self.milestones != sorted(set(self.milestones)):
            raise ValueError(f"milestones {self.milestones}: epochs in rising order, each once")
        if self.warmup >= self.epochs and self.warmup > 1:
            raise ValueError(f"warmup {self.warmup}: it must be shorter than the {self.epochs} epochs")
        if bool(self.prune) != bool(self.prune_epochs):
            raise ValueError("prune and prune_epochs: give both, how much and over how many epochs, or none")
        if self.prune_epochs > self.epochs:
            raise ValueError(f"prune_epochs {self.prune_epochs}: there are only {self.epochs} epochs")
        return self

    @staticmethod
    def of(values: Mapping[str, Any]) -> "TrainSpec":
        """From plain values. Raises HwsimError, a line for each field that is wrong."""
        try:
            return TrainSpec.model_validate(dict(values))
        except ValidationError as error:
            raise HwsimError(describe(error, TrainSpec, "train")) from None
