"""Candidates of model selection: sizes, and ways to fixed point, of one network that learns (tinySNN)."""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError
from pydantic import model_validator as validator

from hwsim.configuration import Configured, describe
from hwsim.errors import HwsimError
from hwsim.fixed_point import MOST_BITS, ParameterRounding
from hwsim.methods.stdp.fixed import fraction_bits
from hwsim.methods.stdp.learn import highest
from hwsim.methods.stdp.rules import RuleName
from hwsim.methods.stdp.spec import LearnSpec, ModelName, Word

FLOAT = "float"

Scheme = Literal["ptq", "itq"]
"""``ptq``: a float learning is rounded afterwards; ``itq``: it learns in fixed point."""

Parts = Literal["qW", "qWN"]
"""``qW``: weights have fewer bits; ``qWN``: weights, membranes and theta."""

WORDS: dict[Parts, tuple[Word, ...]] = {"qW": ("weights",), "qWN": ("weights", "membrane", "theta")}


class Space(Configured):
    """What is combined: ``neurons``, and float beside every one of ``bits``, ``scheme``, ``rounding`` and
    ``parts``. All learn from the same ``data``, by the same ``rule``, seed, passes and samples."""

    model: ModelName
    data: str = Field(min_length=1)
    data_directory: str | None = None
    neurons: list[PositiveInt] = Field(default=[100, 400], min_length=1)
    bits: list[int] = Field(default=[16, 8, 6, 4])
    scheme: list[Scheme] = Field(default=["ptq", "itq"], min_length=1)
    rounding: list[ParameterRounding] = Field(default=["nearest"], min_length=1)
    parts: list[Parts] = Field(default=["qW", "qWN"], min_length=1)
    rule: RuleName = "tinysnn"
    passes: PositiveInt = 1
    timesteps: PositiveInt = 350
    train_samples: PositiveInt | None = None
    test_samples: PositiveInt | None = None
    seed: NonNegativeInt = 0

    @validator(mode="after")
    def _consistent(self) -> Self:
        for name in ("neurons", "bits", "scheme", "rounding", "parts"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} {', '.join(map(str, values))}: one is there twice")
        if wrong := [bits for bits in self.bits if not 2 <= bits <= MOST_BITS]:
            raise ValueError(f"bits {wrong[0]}: allowed are 2 to {MOST_BITS}")
        return self

    @staticmethod
    def of(values: Mapping[str, Any]) -> "Space":
        """From plain values. Raises HwsimError, a line for each field that is wrong."""
        try:
            return Space.model_validate(dict(values))
        except ValidationError as error:
            raise HwsimError(describe(error, Space, "select")) from None

    def plain(self, neurons: int) -> LearnSpec:
        """The float learning of a size."""
        kept = set(LearnSpec.model_fields) & set(Space.model_fields) - {"neurons"}
        return LearnSpec.of({name: getattr(self, name) for name in kept} | {"neurons": neurons})


class Kind(Configured):
    """One candidate: ``bits`` None is in float, without scheme, rounding and parts."""

    neurons: PositiveInt
    bits: int | None = None
    scheme: Scheme | None = None
    rounding: ParameterRounding | None = None
    parts: Parts | None = None

    @property
    def name(self) -> str:
        """Also that of its directory: n100-float, n100-ptq-qW-8-nearest."""
        told = [self.scheme, self.parts, self.bits, self.rounding] if self.bits else [FLOAT]
        return "-".join(map(str, (f"n{self.neurons}", *told)))


def kinds(space: Space) -> Iterator[Kind]:
    """All candidates; the float learning of a size before those that need it."""
    for neurons in space.neurons:
        yield Kind(neurons=neurons)
        for bits, scheme, rounding, parts in product(space.bits, space.scheme, space.rounding, space.parts):
            yield Kind(neurons=neurons, bits=bits, scheme=scheme, rounding=rounding, parts=parts)


def spec_of(kind: Kind, space: Space, store: Path) -> LearnSpec:
    """What it learns. Integer bits follow from the range of weights and from the thresholds that the float
    learning of its size, which ``store`` holds, has reached."""
    plain = space.plain(kind.neurons)
    if kind.bits is None or kind.parts is None:
        return plain
    source = store / Kind(neurons=kind.neurons).name
    formats = {
        word: {
            "bits": kind.bits,
            "fraction": fraction_bits(plain, word, kind.bits, highest(source, word)),
            "rounding": kind.rounding,
        }
        for word in WORDS[kind.parts]
    }
    values = plain.model_dump() | {"formats": formats}
    return LearnSpec.of(values | ({"initial": str(source), "passes": 0} if kind.scheme == "ptq" else {}))
