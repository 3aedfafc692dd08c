"""A builder's options from ``key=value`` texts, checked against its signature before it is called."""

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from hwsim.configuration import parse_value
from hwsim.errors import HwsimError, nearest

Parameters = Mapping[str, inspect.Parameter]


@dataclass(frozen=True)
class Settings:
    """``arguments`` of the builder, its defaults among them, and the ``timesteps`` if they were set."""

    arguments: dict[str, Any]
    timesteps: int | None = None


def read_settings(
    pairs: Sequence[str], builder: Callable[..., Any], name: str, options: Mapping[str, Any] | None = None
) -> Settings:
    """The arguments to call ``builder`` with: ``options`` and, over them, what ``pairs`` say.

    A value is YAML (``16``, ``0.5``, ``[a, b]``; ``a,b`` is a list too) and must be what the parameter's
    annotation allows; without one, a default that is a bool, a number, a tuple or a list says it.
    ``timesteps`` is known for every builder. Raises HwsimError naming the option, what was found and what
    is allowed.
    """
    parameters = _parameters(builder)
    given: dict[str, Any] = {}
    timesteps: int | None = None
    for pair in pairs:
        key, equals, text = (part.strip() for part in pair.partition("="))
        if not (key and equals):
            raise HwsimError(f"--set {pair!r}: write it as key=value")
        if key in given or (key == "timesteps" and timesteps is not None):
            raise HwsimError(f"--set {key} is given twice")
        if key == "timesteps":
            timesteps = _steps(text)
        if key in parameters or (_takes_any(parameters) and key != "timesteps"):
            given[key] = _value(key, text, parameters.get(key), name)
        elif key != "timesteps":
            known = [k for k, p in parameters.items() if p.kind != p.VAR_KEYWORD]
            raise HwsimError(f"--set: {name} has no option {key!r}.{nearest(key, [*known, 'timesteps'])}")
    defaults = {k: p.default for k, p in parameters.items() if p.default is not p.empty}
    return Settings(defaults | dict(options or {}) | given, timesteps)


def taken(builder: Callable[..., Any]) -> list[str]:
    """Names of what a builder can be given."""
    return [name for name, p in _parameters(builder).items() if p.kind != p.VAR_KEYWORD]


def _parameters(builder: Callable[..., Any]) -> Parameters:
    """What can be given by name. Annotations that cannot be evaluated are not checked."""
    try:
        signature = inspect.signature(builder, eval_str=True)
    except (NameError, SyntaxError, TypeError):
        try:
            signature = inspect.signature(builder)
        except (TypeError, ValueError):
            return {}
    unnamed = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)
    return {name: p for name, p in signature.parameters.items() if p.kind not in unnamed}


def _takes_any(parameters: Parameters) -> bool:
    return any(p.kind == p.VAR_KEYWORD for p in parameters.values())


def _steps(text: str) -> int:
    steps = parse_value(text)
    if type(steps) is not int or steps < 1:
        raise HwsimError(f"--set timesteps={text}: it must be an integer of at least 1")
    return steps


def _value(key: str, text: str, parameter: inspect.Parameter | None, name: str) -> Any:
    """The first reading of ``text`` that the annotation allows; digits may also be meant as text."""
    listed = f"[{text}]"
    readings = [(text, False), (text, True), (listed, False), (listed, True)]
    if "," in text and not text.startswith(("[", "{")):
        readings = readings[2:] + readings[:2]
    values = []
    for written, as_text in readings:
        try:
            values.append(parse_value(written, as_text))
        except HwsimError as error:
            if as_text:
                raise HwsimError(f"--set {key}={text}: {error}") from None
    annotation = Any if parameter is None else parameter.annotation
    if parameter is not None and annotation is parameter.empty:
        annotation = _like(parameter.default)
    if annotation is Any or isinstance(annotation, str):
        return values[0]
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except (PydanticSchemaGenerationError, PydanticUserError):
        return values[0]
    for value in values:
        for validate, given in ((adapter.validate_python, value), (adapter.validate_json, _json(value))):
            try:
                return validate(given, strict=True)
            except ValidationError:
                continue
    allowed = inspect.formatannotation(annotation).replace("typing.", "").replace("collections.abc.", "")
    raise HwsimError(f"--set {key}={text}: found {values[0]!r}; {name} takes {key}: {allowed}")


def _json(value: Any) -> str:
    """As JSON, of which a tuple is a list too."""
    return json.dumps(value, default=str)


def _like(default: Any) -> Any:
    """The annotation that a default stands for where the builder has none; Any where it tells nothing."""
    if isinstance(default, bool):
        return bool
    if isinstance(default, int | float):
        return int | float
    if not isinstance(default, tuple | list):
        return Any
    kinds = [_like(item) for item in default]
    kind = kinds[0] if kinds and all(other == kinds[0] for other in kinds) else Any
    return (
        tuple.__class_getitem__((kind, ...)) if isinstance(default, tuple) else list.__class_getitem__(kind)
    )
