"""Points of a space: what they set, and the chip, mapping and table that come of it."""

import sys
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from hwsim.configuration import describe, shown
from hwsim.cost import CostTable, load_table
from hwsim.errors import HwsimError, nearest
from hwsim.explore.expressions import expression
from hwsim.explore.quantities import QUANTITIES
from hwsim.explore.space import Point, Space, Value
from hwsim.hardware import Hardware
from hwsim.mapping import Mapping, load_mapping
from hwsim.storage import content_id

Settings = dict[str, Value]
"""Values of fields by their dotted names."""

MODELS: dict[str, type[BaseModel]] = {"hardware": Hardware, "mapping": Mapping}


@dataclass(frozen=True, eq=False)
class Base:
    """What points begin with: chips and tables by the names that the space calls them, and a mapping.

    ``hardware``, ``table``: the name of the one that a point has that sets none.
    """

    chips: dict[str, Hardware]
    tables: dict[str, CostTable]
    mapping: Mapping
    hardware: str
    table: str

    @cached_property
    def id(self) -> str:
        return content_id(
            "base",
            {
                "chips": {name: chip.id for name, chip in self.chips.items()},
                "tables": {name: table.id for name, table in self.tables.items()},
                "mapping": self.mapping.id,
                "default": [self.hardware, self.table],
            },
        )

    @cached_property
    def _dumps(self) -> dict[str, dict[str, Any]]:
        """Fields as they were given, so that one that follows from another follows from a changed one too."""
        return {name: chip.model_dump(exclude_unset=True) for name, chip in self.chips.items()}

    def applied(self, settings: Settings) -> tuple[Hardware, Mapping, CostTable]:
        """What a point's settings make of it. Raises HwsimError for what no chip or mapping can be."""
        chip = _chosen(self.chips, settings.get("hardware", self.hardware), "hardware")
        table = _chosen(self.tables, settings.get("table", self.table), "table")
        own = {head: _below(settings, head) for head in MODELS}
        if own["hardware"]:
            values = self._dumps[str(settings.get("hardware", self.hardware))]
            chip = _changed(Hardware, values, own["hardware"])
        mapping = self.mapping
        if own["mapping"]:
            mapping = _changed(Mapping, mapping.model_dump(exclude_unset=True), own["mapping"])
        return chip, mapping, table

    def value(self, name: str, settings: Settings) -> Any:
        """A field's value where no parameter sets it. Raises HwsimError for a name that is of nothing."""
        head, _, rest = name.partition(".")
        if name in ("hardware", "table"):
            return getattr(self, name)
        if head not in MODELS or not rest:
            raise HwsimError(f"{shown(name)} is no parameter, field or quantity of the space")
        found: Any = self.mapping
        if head == "hardware":
            found = _chosen(self.chips, settings.get("hardware", self.hardware), "hardware")
        for part in rest.split("."):
            if isinstance(found, BaseModel) and part in type(found).model_fields:
                found = getattr(found, part)
            elif isinstance(found, dict) and part in found:
                found = found[part]
            else:
                raise HwsimError(f"{shown(name)}: there is no field {part!r}.{_known(found, part)}")
        return found


def opened(space: Space, chip: Callable[[str], Hardware]) -> Base:
    """Read what the space names. Raises HwsimError for a value that its field never takes."""
    chips = {name: chip(name).alone for name in _names(space, "hardware", space.hardware)}
    tables = {name: load_table(name) for name in _names(space, "table", space.table)}
    mapping = load_mapping(Path(space.mapping)) if space.mapping else Mapping()
    base = Base(chips, tables, mapping, space.hardware, space.table)
    _check_values(space, base)
    _check_expressions(space, base)
    return base


def settings_of(space: Space, base: Base, point: Point) -> Settings:
    """The fields that a point sets, derived ones last. Raises HwsimError for one that has no value there."""
    found: Settings = {}
    for name, value in point.items():
        options = space.parameters[name].options
        found |= {name: value} if options is None else options[str(value)]
    for name, text in space.derived.items():
        try:
            value = expression(text)(lambda n: _looked_up(n, base, point, found))
        except HwsimError as error:
            raise HwsimError(f"derived {name}: {error}") from None
        if isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
            raise HwsimError(f"derived {name}: {shown(text)}: {shown(value)} is no finite number")
        found[name] = value
    return found


def refused(space: Space, base: Base, point: Point, settings: Settings) -> str | None:
    """The constraint of parameters alone that a point does not keep, or that has no value there, and why."""
    for text in space.constraints:
        if not space.of_results(text):
            try:
                if not expression(text)(lambda n: _looked_up(n, base, point, settings)):
                    return f"not kept: {text}"
            except HwsimError as error:
                return f"constraint {error}"
    return None


def violations(
    space: Space, base: Base, point: Point, settings: Settings, values: dict[str, Any]
) -> dict[str, float]:
    """Constraints of results that a point does not keep, and by how much; one of a quantity that is not
    known counts 1. Raises HwsimError for one that has no value there."""
    found = {}
    for text in space.constraints:
        if space.of_results(text):
            names = [n for n in expression(text).names if n in QUANTITIES]
            by = 1.0
            if all(values[n] is not None for n in names):
                try:
                    by = expression(text).violation(
                        lambda n: values[n] if n in QUANTITIES else _looked_up(n, base, point, settings)
                    )
                except HwsimError as error:
                    raise HwsimError(f"constraint {error}") from None
            if by:
                found[text] = by
    return found


def _looked_up(name: str, base: Base, point: Point, settings: Settings) -> Any:
    if name in point:
        return point[name]
    return settings[name] if name in settings else base.value(name, settings)


def _names(space: Space, field: str, default: str) -> list[str]:
    """Every chip or table that a point may have."""
    values: list[Value] = [default]
    for name, parameter in space.parameters.items():
        if name == field:
            values += parameter.choices or ()
        values += [o[field] for o in (parameter.options or {}).values() if field in o]
    return [str(v) for v in dict.fromkeys(values)]


def _check_values(space: Space, base: Base) -> None:
    """Raises HwsimError for an unknown field and for a value out of its range, whatever others are."""
    for name, parameter in space.parameters.items():
        tried: Iterable[tuple[str, Value]] = [
            (f, v) for o in (parameter.options or {}).values() for f, v in o.items()
        ]
        if parameter.options is None:
            ends = (parameter.low, parameter.high)
            tried = [(name, v) for v in (parameter.choices if parameter.choices is not None else ends)]
        for field, value in tried:
            head, _, rest = field.partition(".")
            if head in MODELS and rest:
                _check_value(base, head, field, value)


def _check_value(base: Base, head: str, field: str, value: Value) -> None:
    model, path = MODELS[head], tuple(field.split(".")[1:])
    values = base._dumps[base.hardware] if head == "hardware" else base.mapping.model_dump(exclude_unset=True)
    try:
        model.model_validate(_with(values, {field.partition(".")[2]: value}))
    except ValidationError as error:
        found = error.errors()
        if any(e["type"] == "extra_forbidden" for e in found):
            raise HwsimError(f"{field}: {describe(error, model, head).splitlines()[0]}") from None
        own = [e for e in found if e["loc"][: len(path)] == path and e["type"] != "value_error"]
        if own:
            raise HwsimError(f"{field}: found {shown(value)}. {own[0]['msg']}.") from None


def _check_expressions(space: Space, base: Base) -> None:
    """Raises HwsimError for a name in a formula or constraint that is of nothing, and for one that is never a
    number where arithmetic needs one."""
    known = {*space.parameters, *space.fields, *QUANTITIES}
    for text in (*space.derived.values(), *space.constraints):
        for name in expression(text).names:
            if name in QUANTITIES and text in space.derived.values():
                raise HwsimError(f"derived {shown(text)}: {name} is not known before the point is evaluated")
            if name not in known:
                base.value(name, {})
    whens = {f"parameters.{name}.when": p.when for name, p in space.parameters.items() if p.when}
    formulas = {f"derived.{name}": text for name, text in space.derived.items()}
    conditions = {f"constraints.{i}": text for i, text in enumerate(space.constraints)}
    for field, text in (whens | formulas | conditions).items():
        for name in expression(text).numbers:
            values = _values_of(space, base, name, known)
            if values and not any(isinstance(v, int | float) for v in values):
                raise HwsimError(
                    f"{field}: {shown(text)}: {name} is no number ({shown(values[0])}); "
                    "+ - * / // % take numbers alone"
                )


def _values_of(space: Space, base: Base, name: str, known: set[str]) -> Sequence[Any]:
    """Values of a name as far as they are there before a point is drawn; none where they are not listed."""
    if name in space.parameters:
        return space.parameters[name].choices or ()
    return () if name in known else (base.value(name, {}),)


def _chosen(named: dict[str, Any], name: Value, what: str) -> Any:
    if name not in named:
        raise HwsimError(f"{what}: found {shown(name)}.{nearest(str(name), list(named))}")
    return named[str(name)]


def _below(settings: Settings, head: str) -> Settings:
    return {n.partition(".")[2]: v for n, v in settings.items() if n.startswith(f"{head}.")}


def _with(values: dict[str, Any], changes: Settings) -> dict[str, Any]:
    changed = deepcopy(values)
    for name, value in changes.items():
        *outer, last = name.split(".")
        place = changed
        for part in outer:
            if not isinstance(place.get(part), dict):
                place[part] = {}
            place = place[part]
        place[last] = value
    return changed


def _changed(model: type[Any], values: dict[str, Any], changes: Settings) -> Any:
    try:
        return model.model_validate(_with(values, changes))
    except ValidationError as error:
        raise HwsimError(describe(error, model, model.__name__.lower())) from None


def _known(found: Any, part: str) -> str:
    if isinstance(found, BaseModel):
        return nearest(part, list(type(found).model_fields))
    return nearest(part, list(found)) if isinstance(found, dict) else ""
