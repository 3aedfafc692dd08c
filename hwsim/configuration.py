"""YAML files to validated, frozen models: every error names the file, the line and the field."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from hwsim.errors import HwsimError, nearest
from hwsim.storage import write_text

MAX_BYTES = 4_000_000


class Configured(BaseModel):
    """A part of a configuration file: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=BaseModel)
Location = tuple[int | str, ...]


def load_yaml(path: Path, model: type[Model]) -> Model:
    """Read ``path`` as one ``model``, whose validators find its folder in their context under ``folder``.

    Raises HwsimError listing every wrong field with its line.
    """
    if not path.is_file():
        raise HwsimError(f"{path}: no such file")
    if path.stat().st_size > MAX_BYTES:
        raise HwsimError(f"{path}: larger than {MAX_BYTES} bytes, not a configuration file")
    try:
        text = path.read_text(encoding="utf-8")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.load(text, Loader=_UniqueKeys)  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise HwsimError(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(values, dict):
        raise HwsimError(f"{path}: expected a mapping of fields, found {type(values).__name__}")
    try:
        return model.model_validate(values, context={"folder": path.parent})
    except ValidationError as error:
        raise HwsimError(describe(error, model, str(path), tree)) from None


def parse_value(text: str, as_text: bool = False) -> Any:
    """One YAML value from a command line; ``as_text`` leaves every scalar the text that it is.

    ``1e-3`` is a number too, which YAML wants written as 1.0e-3. Raises HwsimError if it is not YAML.
    """
    loader = yaml.BaseLoader if as_text else _UniqueKeys
    if not as_text and re.fullmatch(r"[-+]?\d+[eE][-+]?\d+", text):
        return float(text)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506 (both make nothing but values and containers)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise HwsimError(f"not readable as YAML: {error}") from None


def save_yaml(path: Path, model: BaseModel) -> None:
    """Write a configuration so that :func:`load_yaml` gives an equal one back."""
    write_text(path, yaml.safe_dump(model.model_dump(mode="json"), sort_keys=False, allow_unicode=True))


def describe(
    error: ValidationError, model: type[BaseModel], where: str, tree: yaml.Node | None = None
) -> str:
    """One line per wrong field: place, field, what is wrong, what was found, the nearest name."""
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
        else:
            lines.append(f"{place}: {name}: found {item['input']!r}. {item['msg']}.")
    return "\n".join(lines)


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
    """SafeLoader that refuses a key given twice, where YAML would keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, Hashable) or name in seen:
                raise yaml.YAMLError(f"line {key.start_mark.line + 1}: key {name!r} is given twice")
            seen.add(name)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


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
