"""LearnSpec: everything that decides what a network learns, one value, written beside its results."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError
from pydantic import model_validator as validator

from hwsim.configuration import Configured, describe
from hwsim.errors import HwsimError
from hwsim.fixed_point import MOST_BITS, FixedPoint, ParameterRounding, Rounding
from hwsim.methods.stdp.rules import RULES, Rule, RuleName

ModelName = Literal["tinysnn/baseline", "tinysnn/lateral"]
MOST = 1e6
"""Of mV, and of a sum of weights: sums of float32 stay finite."""

Word = Literal["weights", "membrane", "theta"]
Vote = Literal["all", "proportion"]


class Neurons(Configured):
    """Leaky neurons: mV, ``decay`` a step, and ``refractory`` steps."""

    rest: float
    reset: float
    threshold: float
    refractory: NonNegativeInt
    decay: PositiveFloat

    @validator(mode="after")
    def _consistent(self) -> Self:
        if max(self.rest, self.reset) >= self.threshold:
            raise ValueError(
                f"threshold {self.threshold:g}: it must lie above rest {self.rest:g} and reset {self.reset:g}"
            )
        return self


class Format(Configured):
    """Fixed point of ``bits``, ``fraction`` of them behind the point, and how values are rounded to it
    (docs/quantization.md). Weights and theta are unsigned (31 bits at most), membranes signed."""

    bits: PositiveInt = Field(le=MOST_BITS)
    fraction: int = Field(ge=-16, le=48)
    rounding: ParameterRounding = "nearest"

    def of(self, word: Word) -> FixedPoint:
        signed = word == "membrane"
        return FixedPoint(self.bits if signed else min(self.bits, MOST_BITS - 1), self.fraction, signed)

    @property
    def running(self) -> Rounding:
        """How membranes are rounded, whose every step an executor repeats: not at random."""
        return "truncate" if self.rounding == "truncate" else "nearest"


class LearnSpec(Configured):
    """What learns, from what and how. Defaults are those of BindsNET's DiehlAndCook2015, but for inhibition
    (17.5 mV there, too little for one neuron to win) and max_rate (Diehl and Cook's own).

    ``model``: ``tinysnn/baseline`` inhibits through a layer of neurons, ``tinysnn/lateral`` directly. A pixel
    of intensity 1 spikes at ``max_rate`` Hz; a step is 1 ms. ``rule``, and its numbers if not the rule's own.
    ``drive`` and ``inhibition`` in mV. ``growth`` and ``fading`` of theta, the part of the threshold that
    adapts: + growth (mV) on a spike, * exp(-fading) a step. ``norm``: the sum of the weights into a neuron
    after each image, 0 for none. Weights begin uniformly in [0, w_initial] and stay in [0, w_max]. Labels
    come from ``label_samples`` of the training images once all are learned. ``initial`` is the directory of a
    learning whose weights and theta are taken over, rounded to the ``formats``; with 0 ``passes`` they are
    only that (post-training quantization). ``vote`` proportion weighs a
    neuron by the share of its responses that its label had. ``formats``: fixed point, after every change, of
    ``weights``, ``theta`` and, only with both of these, ``membrane`` (excitatory, measured from the rest).
    """

    model: ModelName
    neurons: int = Field(default=400, ge=2, le=100_000)
    data: str = Field(min_length=1)
    data_directory: str | None = None
    rule: RuleName = "stdp"
    pre_rate: NonNegativeFloat | None = None
    post_rate: NonNegativeFloat | None = None
    update_step: PositiveInt | None = None
    threshold_spikes: NonNegativeInt | None = None
    confident: PositiveInt | None = None
    initial: str | None = None
    passes: NonNegativeInt = 1
    timesteps: int = Field(default=350, ge=1, le=100_000)
    max_rate: float = Field(default=63.75, gt=0, le=1000)
    train_samples: PositiveInt | None = None
    test_samples: PositiveInt | None = None
    label_samples: PositiveInt = 10_000
    vote: Vote = "all"
    seed: NonNegativeInt = Field(default=0, le=2**62)
    excitatory: Neurons = Neurons(rest=-65.0, reset=-60.0, threshold=-52.0, refractory=5, decay=0.01)
    inhibitory: Neurons = Neurons(rest=-60.0, reset=-45.0, threshold=-40.0, refractory=2, decay=0.1)
    drive: PositiveFloat = 22.5
    inhibition: float = Field(default=120.0, ge=0, le=MOST)
    growth: float = Field(default=0.05, ge=0, le=MOST)
    fading: NonNegativeFloat = 1e-7
    trace_decay: PositiveFloat = 0.05
    norm: float = Field(default=78.4, ge=0, le=MOST)
    w_initial: PositiveFloat = 0.3
    w_max: PositiveFloat = 1.0
    formats: dict[Word, Format] = Field(default_factory=dict)

    @validator(mode="after")
    def _consistent(self) -> Self:
        if self.w_initial > self.w_max:
            raise ValueError(f"w_initial {self.w_initial:g}: it must not be above w_max {self.w_max:g}")
        if self.passes == 0 and self.initial is None:
            raise ValueError(
                "passes 0: nothing would be learned; name a learning to take over, or 1 and more"
            )
        if "membrane" in self.formats:
            self._check_membrane()
        return self

    def _check_membrane(self) -> None:
        """Whether the network has an integer form that spikes as the learner does."""
        if missing := [word for word in ("weights", "theta") if word not in self.formats]:
            raise ValueError(f"formats: membrane needs a format of {' and '.join(missing)}, too")
        if self.formats["membrane"].bits < 2:
            raise ValueError("formats: membrane has a sign and needs 2 bits at least")
        away = self.inhibitory.threshold - self.inhibitory.rest
        if self.relayed and (self.drive < away or self.inhibitory.reset < self.inhibitory.rest):
            raise ValueError(
                f"formats: with membrane a drive ({self.drive:g}) must fire an inhibitory neuron at once: "
                f"{away:g} mV or more, and its reset must not lie below its rest"
            )

    @property
    def learning(self) -> Rule:
        """The rule with its numbers."""
        rule = RULES[self.rule]
        own = {name: getattr(self, name) for name in Rule.model_fields if hasattr(self, name)}
        return rule.model_copy(update={name: value for name, value in own.items() if value is not None})

    @property
    def relayed(self) -> bool:
        """Whether inhibition goes through a layer of neurons."""
        return self.model == "tinysnn/baseline"

    @staticmethod
    def of(values: Mapping[str, Any]) -> "LearnSpec":
        """From plain values. Raises HwsimError, a line for each field that is wrong."""
        try:
            return LearnSpec.model_validate(dict(values))
        except ValidationError as error:
            raise HwsimError(describe(error, LearnSpec, "learn")) from None
