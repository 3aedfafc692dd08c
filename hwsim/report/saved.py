"""Saved results read back for a report. A file is anybody's: its size, JSON and fields are checked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from hwsim.configuration import describe, shown
from hwsim.errors import HwsimError
from hwsim.json_text import parsed
from hwsim.report.chip_schema import ChipJson
from hwsim.report.result_schema import ResultJson
from hwsim.storage import is_dir, is_file

SCHEMA = 1
"""Version of result.json and of chip.json that is read."""

MAX_BYTES = 2**28

MOST_WRONG = 12
"""Wrong fields that an error tells."""

Kind = Literal["result", "chip"]
NAMES: dict[Kind, str] = {"result": "result.json", "chip": "chip.json"}
MODELS: dict[Kind, type[BaseModel]] = {"result": ResultJson, "chip": ChipJson}
MARKS: dict[Kind, tuple[str, ...]] = {"result": ("hardware", "per_sample"), "chip": ("chip", "ticks")}
"""Fields that tell one from the other, and from anything else."""


@dataclass(frozen=True, eq=False)
class Saved:
    """A result as it was saved: the file, what kind it is, and its JSON."""

    path: Path
    kind: Kind
    values: dict[str, Any]


def load(given: Path) -> Saved:
    """Read result.json, chip.json or the directory that holds one of them.

    Raises HwsimError that names the file and what is wrong with it: no such file, another schema version, a
    field with what was found and what is allowed.
    """
    path = _file(given)
    if path.stat().st_size > MAX_BYTES:
        raise HwsimError(f"{path}: larger than {MAX_BYTES} bytes, not a result")
    values = _parsed(path)
    kind = _kind(path, values)
    if (found := values.get("schema")) != SCHEMA or isinstance(found, bool):
        raise HwsimError(
            f"{path}: schema: found {shown(found)}; this version of hwsim reads {SCHEMA}. "
            "Make the report with the version that wrote the file"
        )
    try:
        MODELS[kind].model_validate(values)
    except ValidationError as error:
        lines = describe(error, MODELS[kind], str(path)).splitlines()
        more = [f"{path}: {len(lines) - MOST_WRONG} more"] if len(lines) > MOST_WRONG else []
        raise HwsimError("\n".join(lines[:MOST_WRONG] + more)) from None
    return Saved(path, kind, values)


def _file(given: Path) -> Path:
    if is_dir(given):
        held = [given / name for name in NAMES.values() if is_file(given / name)]
        if not held:
            raise HwsimError(
                f"{given}: holds no {' and no '.join(NAMES.values())}; hwsim estimate -o writes one"
            )
        if len(held) > 1:
            raise HwsimError(f"{given}: holds {' and '.join(NAMES.values())}; name the file")
        return held[0]
    if not is_file(given):
        raise HwsimError(f"{given}: no such file or directory")
    return given


def _parsed(path: Path) -> dict[str, Any]:
    try:
        values = parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HwsimError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise HwsimError(f"{path}: not readable as JSON: {error}") from None
    if not isinstance(values, dict):
        raise HwsimError(f"{path}: expected a JSON object, found {type(values).__name__}")
    return values


def _kind(path: Path, values: dict[str, Any]) -> Kind:
    for kind, marks in MARKS.items():
        if all(mark in values for mark in marks):
            return kind
    if "rows" in values:
        raise HwsimError(f"{path}: is a comparison; a report is of result.json or chip.json")
    told = ", ".join(shown(name) for name in list(values)[:6]) or "nothing"
    raise HwsimError(
        f"{path}: neither a result nor a chip's result: found {told}; allowed: what estimate writes"
    )
