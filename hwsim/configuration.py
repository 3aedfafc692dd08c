"""YAML files to validated, frozen models: every error names the file, the line and the field."""

import re
from collections.abc import Hashable
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from hwsim.errors import HwsimError, nearest
from hwsim.storage import check_file, is_file, write_text

MAX_BYTES = 4_000_000


class Configured(BaseModel):
    """A part of a configuration file: unknown keys are errors, types are exact, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)


UNREADABLE = (
    yaml.YAMLError, ValueError, ArithmeticError, AttributeError, LookupError, TypeError, RecursionError,
)  # fmt: skip
"""What PyYAML raises for a text, and for a scalar that is not what its form or its tag promises."""

LONGEST_SHOWN = 80
MOST_SHOWN = 10_000
"""Characters, and values inside each other, of a value in an error."""

Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]


def load_yaml(path: Path, model: type[Model]) -> Model:
    """Read ``path`` as one ``model``, whose validators find its folder in their context under ``folder``.

    Raises HwsimError listing every wrong field with its line.
    """
    check_file(path)
    if path.stat().st_size > MAX_BYTES:
        raise HwsimError(f"{path}: larger than {MAX_BYTES} bytes, not a configuration file")
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 (a SafeLoader)
    except UNREADABLE as error:
        raise HwsimError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(values, dict):
        raise HwsimError(f"{path}: expected a mapping of fields, found {type(values).__name__}")
    try:
        return model.model_validate(values, context={"folder": path.parent})
    except ValidationError as error:
        raise HwsimError(describe(error, model, str(path), tree)) from None


def has_field(path: Path, name: str) -> bool:
    """Whether a YAML file has a field at its top; one that cannot be read has none."""
    if not is_file(path) or path.stat().st_size > MAX_BYTES:
        return False
    try:
        top = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, *UNREADABLE):
        return False
    return isinstance(top, yaml.MappingNode) and any(key.value == name for key, _ in top.value)


def parse_value(text: str, as_text: bool = False) -> Any:
    """One YAML value from a command line; ``as_text`` leaves every scalar the text that it is.

    ``1e-3`` is a number too, which YAML wants written as 1.0e-3. Raises HwsimError if it is not YAML.
    """
    loader = yaml.BaseLoader if as_text else _UniqueKeys
    if not as_text and re.fullmatch(r"[-+]?\d+[eE][-+]?\d+", text):
        return float(text)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 (both make nothing but values and containers)
    except UNREADABLE as error:
        raise HwsimError(f"not readable as YAML: {error}") from None


def save_yaml(path: Path, model: BaseModel) -> None:
    """Write a configuration so that :func:`load_yaml` gives an equal one back."""
    write_text(
        path,
        yaml.safe_dump(
            model.model_dump(mode="json"), sort_keys=False, allow_unicode=True, default_flow_style=None
        ),
    )


def describe(
    error: ValidationError, model: type[BaseModel], where: str, tree: yaml.Node | None = None
) -> str:
    """One line per wrong field: place, field, what is wrong, what was found, the nearest name.

    What is wrong with the whole has no field: the message names those that it is about.
    """
    lines = []
    for item in error.errors():
        location = item["loc"]
        line = _line(tree, location) if tree is not None else None
        place = where if line is None else f"{where}:{line}"
        name = ".".join(str(part) for part in location)
        if item["type"] == "extra_forbidden":
            lines.append(
                f"{place}: unknown field {name!r}.{nearest(str(location[-1]), _fields(model, location))}"
            )
        elif item["type"] == "missing":
            lines.append(f"{place}: field {name!r} is missing")
        elif not location:
            lines.append(f"{place}: {_sentence(item['msg'])}")
        else:
            lines.append(f"{place}: {name}: found {shown(item['input'])}. {_sentence(item['msg'])}")
    return "\n".join(lines)


def _sentence(message: str) -> str:
    """What pydantic or a validator says, with one dot at its end."""
    return f"{message.removeprefix('Value error, ').rstrip('.')}."


def shown(value: object) -> str:
    """A value as an error shows it, cut where it is long."""
    if not _is_small(value):
        return f"a {type(value).__name__} of many values inside each other"
    try:
        text = repr(value)
    except ValueError:
        return "an integer of thousands of digits"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def _is_small(value: object) -> bool:
    """Whether lists and dictionaries inside each other hold few values: by aliases, a few lines of YAML make
    more than there is memory for their text."""
    left, count = [value], 0
    while left and count <= MOST_SHOWN:
        one = left.pop()
        count += 1
        if isinstance(one, dict | list | tuple):
            left += list(islice(one.values() if isinstance(one, dict) else one, MOST_SHOWN))
    return not left or count <= MOST_SHOWN


def _fields(model: type[BaseModel], location: Location) -> list[str]:
    """The field names allowed where ``location`` points."""
    current: Any = model
    for part in location[:-1]:
        field = getattr(current, "model_fields", {}).get(part)
        current = field.annotation if field is not None else current
        inner = [k for k in _parts(current) if hasattr(k, "model_fields")]
        current = inner[0] if inner else None
    return list(getattr(current, "model_fields", {}))


def _parts(annotation: Any) -> list[Any]:
    """An annotation and, inside of list, dict and unions, its parts."""
    return [annotation, *(p for a in getattr(annotation, "__args__", ()) for p in _parts(a))]


class _UniqueKeys(yaml.SafeLoader):
    """SafeLoader that refuses a key given twice, where YAML would keep the last, and integers that YAML
    does not read as they are written: 010 is 8 to it, and 1:30 is 90.
    """

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._checked: set[int] = set()

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Take in what ``<<`` names; the keys of each mapping are checked before."""
        if id(node) not in self._checked:
            self._checked.add(id(node))
            seen: set[Any] = set()
            for key, _ in node.value:
                merges = key.tag == "tag:yaml.org,2002:merge"
                name = "<<" if merges else self.construct_object(key, deep=True)
                if not isinstance(name, Hashable) or name in seen:
                    raise yaml.YAMLError(f"line {key.start_mark.line + 1}: key {shown(name)} is given twice")
                seen.add(name)
        super().flatten_mapping(node)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if re.fullmatch(r"[-+]?0[0-9_]+", node.value) or ":" in node.value:
            raise yaml.YAMLError(
                f"line {node.start_mark.line + 1}: {shown(node.value)}: write an integer without leading "
                "zeros and colons, or in quotes if it is text"
            )
        return int(super().construct_yaml_int(node))


_UniqueKeys.add_constructor("tag:yaml.org,2002:int", _UniqueKeys.construct_yaml_int)


def _line(node: yaml.Node | None, location: Location) -> int | None:
    """The line, counted from 1, of the field at ``location``; of its parent if it is absent."""
    line: int | None = None
    for part in location:
        following: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, following = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            following = node.value[part]
            line = following.start_mark.line + 1
        node = following
    return line
