"""What directories of resumed runs have in common: one spec, one process, metrics, a card with digests."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hwsim.configuration import Configured, load_yaml, shown
from hwsim.errors import HwsimError
from hwsim.json_text import parsed
from hwsim.storage import check_file, is_dir, is_file, write_text


def check_same(directory: Path, name: str, spec: Configured, what: str, *, has_begun: bool) -> None:
    """Raises HwsimError where the directory is of a run that ``has_begun`` with another spec or none.

    ``name`` is that of the spec's file, ``what`` the kind of run in words. A run that failed before there
    was anything to go on from may be begun with another spec.
    """
    if not has_begun:
        return
    path = directory / name
    if not is_file(path):
        raise HwsimError(f"{directory}: has checkpoints and no {name}, which says of what; name another one")
    if told := differences(load_yaml(path, type(spec)), spec):
        raise HwsimError(
            f"{directory} is of another {what} ({told}); give the same options to go on with it, or "
            "another directory"
        )


def check_own(directory: Path, name: str, what: str) -> None:
    """Raises HwsimError where the directory holds files and no spec of the ``name``; temporary files of a run
    that was killed do not count."""
    if not is_dir(directory) or is_file(directory / name):
        return
    if any(not path.name.startswith(f".{name}.") for path in directory.iterdir()):
        raise HwsimError(f"{directory}: holds files that are of no {what}; name a new directory")


def check_origin(directory: Path, begun: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raises HwsimError where what a run was made of (digests by name) is not what it began with."""
    changed = [name for name in begun if begun[name] != now.get(name)]
    if changed:
        raise HwsimError(
            f"{directory}: {' and '.join(changed)} changed since this run began; begin in another directory, "
            "or go on with what it began with"
        )


def as_path(directory: Path) -> str:
    """As an argument that names the directory, even where a model of the zoo has its name."""
    return str(directory) if directory.is_absolute() else f"./{directory}"


def differences(found: Configured, asked: Configured) -> str:
    """The fields in which two specs differ, a text for errors; empty where they are equal."""
    before, now = found.model_dump(), asked.model_dump()
    return "; ".join(
        f"{name}: {shown(before[name])} there, {shown(now[name])} asked for"
        for name in before
        if before[name] != now[name]
    )


def write_metrics(path: Path, history: list[dict[str, Any]]) -> None:
    """A line of JSON a row."""
    write_text(path, "".join(json.dumps(row, allow_nan=False) + "\n" for row in history))


def checked_card(directory: Path, name: str, what: str) -> dict[str, Any]:
    """The card of a finished run. Raises HwsimError naming a file that is damaged or not the run's own."""
    card = _read(directory / name)[0]
    digests = card.get("sha256", {}) if isinstance(card, dict) else None
    if not isinstance(digests, dict):
        raise HwsimError(f"{directory / name}: this card is damaged")
    for file, digest in digests.items():
        check_file(directory / file)
        if digest_of(directory / file) != digest:
            raise HwsimError(f"{directory / file}: is not the file that the {what} wrote; it is damaged")
    return dict(card)


def read_json(path: Path) -> Any:
    """The value of a JSON file. Raises HwsimError naming one that is damaged."""
    return _read(path)[0]


def read_lines(path: Path) -> list[Any]:
    """The values of a file of JSON lines. Raises HwsimError naming one that is damaged."""
    return _read(path, lines=True)


def _read(path: Path, lines: bool = False) -> list[Any]:
    check_file(path)
    try:
        text = path.read_text(encoding="utf-8")
        return [parsed(part) for part in (text.splitlines() if lines else [text])]
    except ValueError as error:
        raise HwsimError(f"{path}: is damaged ({error})") from None


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Raises HwsimError where another process works in the directory; one that is killed does no more."""
    held = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise HwsimError(f"{directory}: another process is working in it") from None
    finally:
        os.close(held)
