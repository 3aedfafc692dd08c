"""Values on disk: one safetensors file holds the arrays and, in its header, the JSON.

No pickle. A file is written aside and moved into its place, so an interrupted run leaves
either the old file or the new one. The identity of a value is the hash of its content.
"""

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from hwsim.aside import aside
from hwsim.errors import HwsimError
from hwsim.json_text import parsed

FORMAT = 1

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Errors of a disk that takes no more."""

Arrays = Mapping[str, NDArray[Any]]


def canonical_json(meta: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces: equal values give equal text."""
    return json.dumps(meta, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_id(kind: str, meta: Mapping[str, Any], arrays: Arrays | None = None) -> str:
    """First 16 hex digits of the SHA-256 over kind, JSON and arrays (names, dtypes, shapes, bytes)."""
    digest = hashlib.sha256(f"{kind}\n{canonical_json(meta)}\n".encode())
    for name in sorted(arrays or {}):
        array = np.ascontiguousarray((arrays or {})[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.data if array.size else b"")
    return digest.hexdigest()[:16]


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path that replaces ``path`` when the block ends without an error.

    It lies in a hidden directory beside it (:mod:`hwsim.aside`). A link stays, and the file that it names is
    replaced. Who may read a new file is for the umask to say; one that is replaced keeps its permissions.
    Raises HwsimError for what is there and no file, and for a directory or disk that does not take it.
    """
    with looked_up(path):
        path = path.resolve() if path.is_symlink() else path
        if path.exists() and not path.is_file():
            raise HwsimError(f"{path}: is not a file that can be replaced; name a file")
    with ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
            temporary = held.enter_context(aside(path.parent, path.name)) / path.name
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise HwsimError(f"{path}: cannot be written: {reason}") from None
        try:
            yield temporary
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise HwsimError(f"{path}: cannot be written: {error.strerror}") from None
        try:
            if mode is not None:
                temporary.chmod(mode)
            temporary.replace(path)
        except OSError as error:
            raise HwsimError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextmanager
def looked_up(path: Path) -> Iterator[None]:
    """A path that the system cannot look up, such as a name too long, becomes an HwsimError naming it."""
    try:
        yield
    except OSError as error:
        raise HwsimError(f"{path}: {error.strerror or error}") from None


def is_file(path: Path) -> bool:
    """Whether there is such a file. Raises HwsimError for a path that cannot be looked up."""
    with looked_up(path):
        return path.is_file()


def is_dir(path: Path) -> bool:
    """Whether there is such a directory. Raises HwsimError for a path that cannot be looked up."""
    with looked_up(path):
        return path.is_dir()


def check_file(path: Path) -> None:
    """Raises HwsimError where there is no file, and says so where a directory is in its place."""
    if is_dir(path):
        raise HwsimError(f"{path}: is a directory; name a file")
    if not is_file(path):
        raise HwsimError(f"{path}: no such file")
    if not os.access(path, os.R_OK):
        raise HwsimError(f"{path}: cannot be read: its permissions do not allow it")


def is_same(path: Path, other: Path) -> bool:
    """Whether ``path`` is there and is ``other``. Raises HwsimError for one that cannot be looked up."""
    with looked_up(path):
        return path.exists() and path.samefile(other)


def check_apart(**paths: Path | None) -> None:
    """Raises HwsimError if two of the files, by what they are for, are one."""
    named = [(what, path) for what, path in paths.items() if path is not None]
    for (what, path), (other, second) in combinations(named, 2):
        with looked_up(second):
            one = path.resolve() == second.resolve() or (second.exists() and is_same(path, second))
        if one:
            raise HwsimError(f"{second}: is both {what} and {other}; name another file")


def write_text(path: Path, text: str) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def save_value(path: Path, kind: str, meta: Mapping[str, Any], arrays: Arrays) -> None:
    """Write one value: ``kind`` names its type, ``meta`` is JSON, ``arrays`` are numpy arrays."""
    header = {"hwsim": kind, "format": str(FORMAT), "meta": canonical_json(meta)}
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(contiguous, metadata=header))


def stored_kind(path: Path) -> str | None:
    """What kind of hwsim value ``path`` holds, or None for any other safetensors file."""
    with _opened(path) as file:
        return (file.metadata() or {}).get("hwsim")


def load_value(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a value of ``kind`` back. Raises HwsimError naming the file and what was found in it."""
    with _opened(path) as file:
        header = file.metadata() or {}
        if header.get("hwsim") != kind:
            found = header.get("hwsim", "tensors without an hwsim header")
            raise HwsimError(f"{path}: expected a saved {kind}, found {found}")
        if header.get("format") != str(FORMAT):
            raise HwsimError(
                f"{path}: format {header.get('format')} is not readable; this version reads {FORMAT}"
            )
        try:
            meta = parsed(header["meta"])
        except (KeyError, ValueError) as error:
            raise HwsimError(f"{path}: the header of this {kind} is damaged ({error})") from None
        if not isinstance(meta, dict):
            raise HwsimError(f"{path}: the header of this {kind} is not a JSON object")
        try:
            return meta, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except (SafetensorError, TypeError, AttributeError) as error:
            raise HwsimError(f"{path}: a tensor of this {kind} is of no type of NumPy ({error})") from None


@contextmanager
def damage_named(path: Path, kind: str) -> Iterator[None]:
    """Whatever goes wrong while a value is put together from ``path`` becomes an HwsimError naming it."""
    try:
        yield
    except HwsimError as error:
        raise HwsimError(f"{path}: {error}") from None
    except KeyError as error:
        raise HwsimError(f"{path}: the {kind} in this file is damaged: it lacks {error}") from None
    except (TypeError, ValueError, IndexError, AttributeError, ArithmeticError) as error:
        raise HwsimError(f"{path}: the {kind} in this file is damaged ({error})") from None


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    check_file(path)
    try:
        opened = safe_open(path, framework="numpy")
    except (SafetensorError, OSError) as error:
        raise HwsimError(f"{path}: not a safetensors file ({error})") from None
    with opened as file:
        yield file
