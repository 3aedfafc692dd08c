"""Space files: which fields of chip, mapping, network and table a sweep changes, and what it keeps to.

A parameter is a field by its dotted name (``hardware.pe_array.rows``, ``mapping.batch``,
``network.sharing``), a whole chip or table (``hardware``, ``table``), or a name of one's own whose
``options`` set several fields at once. See docs/explore.md.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from hwsim import zoo
from hwsim.configuration import Configured, load_yaml
from hwsim.errors import HwsimError
from hwsim.explore.expressions import expression
from hwsim.explore.quantities import QUANTITIES

Value = bool | int | float | str | None
Point = dict[str, Value]
"""Values of a space's parameters by their names, those alone that are active."""

NETWORK = ("model", "sharing", "bits", "timesteps")
WHOLE = ("hardware", "table")
MOST_CHOICES = 100_000


class Parameter(Configured):
    """What a parameter may be: ``values``, or ``options`` by name, or from ``low`` to ``high``.

    A range has steps (``step``, or ``factor`` from each value to the next; integers without either: 1), or
    is continuous, drawn evenly or, with ``log``, evenly in the logarithm. ``when``: the expression of earlier
    parameters that must hold; where it does not, the field stays as it is.
    """

    values: list[Value] | None = None
    options: dict[str, dict[str, Value]] | None = None
    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = Field(default=None, gt=0)
    factor: int | float | None = Field(default=None, gt=1)
    log: bool = False
    when: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        return {"values": given} if isinstance(given, list) else given

    @field_validator("options", mode="before")
    @classmethod
    def _named(cls, options: Any) -> Any:
        return {str(k): v for k, v in options.items()} if isinstance(options, dict) else options

    @field_validator("when")
    @classmethod
    def _condition(cls, when: str | None) -> str | None:
        return _parsed(when)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        ranged = self.low is not None or self.high is not None
        if (self.values is not None) + (self.options is not None) + ranged != 1:
            raise ValueError("give one of: values, options, or low and high")
        listed = self.values if self.values is not None else self.options
        if listed is not None:
            if not listed:
                raise ValueError("there is no value")
            if isinstance(listed, list) and len({(type(v), v) for v in listed}) < len(listed):
                raise ValueError("a value is there twice")
            if self.step or self.factor or self.log:
                raise ValueError("step, factor and log are of ranges with low and high")
            return self
        low, high = self.low, self.high
        if low is None or high is None or low > high:
            raise ValueError(f"a range needs low and high, low no larger: found {low} and {high}")
        if (self.step is not None) + (self.factor is not None) + self.log > 1:
            raise ValueError("give one of step, factor and log")
        if (self.factor or self.log) and low <= 0:
            raise ValueError(f"factor and log need a low above 0: found {low}")
        if self._steps is not None and self._steps > MOST_CHOICES:
            raise ValueError(f"more than {MOST_CHOICES} values")
        return self

    @property
    def whole(self) -> bool:
        """Whether a range is of integers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def _stepwise(self) -> int | float | None:
        return self.step or (1 if self.whole and not self.factor and not self.log else None)

    @property
    def _steps(self) -> float | None:
        low, high = self.low or 0, self.high or 0
        if self.factor:
            return math.log(high / low) / math.log(self.factor)
        return (high - low) / self._stepwise if self._stepwise else None

    @property
    def choices(self) -> tuple[Value, ...] | None:
        """Every value in order; None where a range is continuous."""
        if self.values is not None:
            return tuple(self.values)
        if self.options is not None:
            return tuple(self.options)
        low, high, step = self.low, self.high, self._stepwise
        if low is None or high is None or self._steps is None:
            return None
        count = math.floor(self._steps + 1e-9) + 1
        if step is not None:
            return tuple(low + i * step for i in range(count))
        made = [low * (self.factor or 1) ** i for i in range(count)]
        return tuple(round(v) for v in made) if self.whole else tuple(made)


class Space(Configured):
    """A space of designs. ``model`` with its weights, inputs and timesteps, ``hardware``, ``mapping``,
    ``table``: what its points begin with. ``samples``: inputs that each runs on. ``derived``: fields that
    follow from others."""

    description: str = ""
    model: str | None = None
    weights: str | None = None
    inputs: str | None = None
    timesteps: PositiveInt | None = Field(default=None, le=4096)
    samples: PositiveInt = Field(default=4, le=4096)
    hardware: str = "sata"
    mapping: str | None = None
    table: str = "sata_kernels"
    parameters: dict[str, Parameter] = Field(min_length=1)
    derived: dict[str, str] = Field(default_factory=dict)
    constraints: list[str] = Field(default_factory=list)
    objectives: list[str] = Field(default_factory=lambda: ["energy_pj", "latency_ns", "area_um2"])

    @field_validator("derived")
    @classmethod
    def _formulas(cls, derived: dict[str, str]) -> dict[str, str]:
        for name, text in derived.items():
            _check_name(name, fields=True)
            _parsed(text)
        return derived

    @field_validator("constraints")
    @classmethod
    def _conditions(cls, constraints: list[str]) -> list[str]:
        return [text for text in constraints if _parsed(text)]

    @field_validator("objectives")
    @classmethod
    def _known(cls, objectives: list[str]) -> list[str]:
        check_objectives(objectives)
        return objectives

    @model_validator(mode="after")
    def _named(self) -> Self:
        earlier: set[str] = set()
        for name, parameter in self.parameters.items():
            _check_name(name, fields=parameter.options is None)
            for option in (parameter.options or {}).values():
                for field in option:
                    _check_name(field, fields=True)
                    if field in self.parameters:
                        raise ValueError(f"{field} is a parameter and set by {name}: leave one out")
            names = expression(parameter.when).names if parameter.when else ()
            if late := [n for n in names if n not in earlier]:
                raise ValueError(f"{name}: when names {late[0]}, which is no parameter listed before it")
            earlier.add(name)
        if both := [name for name in self.derived if name in self.parameters]:
            raise ValueError(f"{both[0]} is a parameter and derived: leave one out")
        if self.model is None and "network.model" not in self.fields:
            raise ValueError("no model: give model, or a parameter network.model")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field that some point sets."""
        own = [n for n, p in self.parameters.items() if p.options is None]
        optional = [f for p in self.parameters.values() for o in (p.options or {}).values() for f in o]
        return tuple(dict.fromkeys([*own, *optional, *self.derived]))

    @property
    def size(self) -> int | None:
        """Points of the whole product, conditions and constraints not heeded; None if it has no end."""
        choices = [p.choices for p in self.parameters.values()]
        return None if None in choices else math.prod(len(c) for c in choices if c is not None)

    def of_results(self, text: str) -> bool:
        """Whether a constraint is of what comes out, and not of parameters alone."""
        return any(name in QUANTITIES for name in expression(text).names)


def spaces() -> list[str]:
    """Names of the spaces that ship with hwsim."""
    return list(zoo.shipped("models/spaces"))


def load_space(path: Path) -> Space:
    """Read a space file, or a shipped space by name; files that it names lie beside it.

    Raises HwsimError naming file, line and field.
    """
    path = zoo.file_of("models/spaces", "space", path)
    space = load_yaml(path, Space)
    beside: dict[str, str] = {}
    for name in ("model", "weights", "hardware", "mapping", "table", "inputs"):
        value = getattr(space, name)
        file = str(value).partition(":")[0]
        if value is not None and Path(file).suffix and (path.parent / file).is_file():
            beside[name] = str(path.parent / value)
    return space.model_copy(update=beside)


def check_objectives(names: list[str]) -> None:
    """Raises ValueError for a name that no point has, and for one that is there twice."""
    for name in names:
        if name not in QUANTITIES:
            raise ValueError(f"{name!r} is no objective; known: {', '.join(QUANTITIES)}")
    if not names or len(set(names)) < len(names):
        raise ValueError(f"objectives {', '.join(names) or 'none'}: give each once, and at least one")


def grid(space: Space) -> Iterator[Point]:
    """Every combination of the values, in the order of the file; a parameter whose ``when`` does not hold is
    left out. A point at which a ``when`` has no value ends there (:func:`undecided`). Raises HwsimError for a
    continuous range.
    """
    names = list(space.parameters)
    for name, parameter in space.parameters.items():
        if parameter.choices is None:
            raise HwsimError(
                f"{name}: a continuous range has no grid; give step or factor, or draw at random"
            )

    def extended(point: Point, place: int) -> Iterator[Point]:
        if place == len(names):
            yield point
            return
        name = names[place]
        parameter = space.parameters[name]
        try:
            active = is_active(parameter, point)
        except HwsimError:
            yield point
            return
        if not active:
            yield from extended(point, place + 1)
            return
        for value in parameter.choices or ():
            yield from extended(point | {name: value}, place + 1)

    return extended({}, 0)


def is_active(parameter: Parameter, point: Point) -> bool:
    """Whether ``when`` holds; a parameter that is itself left out is None in it. Raises HwsimError where it
    has no value."""
    return parameter.when is None or bool(expression(parameter.when)(point.get))


def undecided(space: Space, point: Point) -> str | None:
    """The first parameter of which a point does not say whether it is there, and why."""
    for name, parameter in space.parameters.items():
        try:
            is_active(parameter, point)
        except HwsimError as error:
            return f"{name}: when {error}"
    return None


def _parsed(text: str | None) -> str | None:
    if text is not None:
        try:
            expression(text)
        except HwsimError as error:
            raise ValueError(str(error)) from None
    return text


def _check_name(name: str, fields: bool) -> None:
    """Raises ValueError for a name that is of no field, or, of options, is not a name of one's own."""
    head, _, rest = name.partition(".")
    if not fields:
        if not re.fullmatch(r"[A-Za-z_]\w*", name) or name in (*WHOLE, "mapping", "network", *QUANTITIES):
            raise ValueError(f"{name!r}: options have a name of your own, of letters, digits and _")
        return
    if name in WHOLE or (head in ("hardware", "mapping") and rest):
        return
    if head == "network" and rest in NETWORK:
        return
    raise ValueError(
        f"{name!r} is no field; allowed: hardware.FIELD, mapping.FIELD, "
        f"{', '.join(f'network.{n}' for n in NETWORK)}, hardware (a chip), table"
    )
