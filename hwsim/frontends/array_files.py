"""Arrays in .npy and .npz files: headers first, then no more rows than are asked for, and no pickles."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from hwsim.errors import HwsimError, one_line

MAX_INPUT_BYTES = 1 << 31
"""Of the rows that are read, as they are stored and as float32."""

CHUNK_BYTES = 1 << 20

ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")


@dataclass(frozen=True)
class Header:
    """What a file says of one array: its member in an archive (None for a .npy), type, shape and order."""

    member: str | None
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    by_columns: bool


def headers(path: Path, names: tuple[str, ...]) -> dict[str, Header | None]:
    """Headers of the arrays of an archive, None for those that are not among ``names``; a .npy is "inputs".

    Raises HwsimError naming the file for everything that is no such file.
    """
    with _named(path):
        with path.open("rb") as file:
            if file.read(4) not in ARCHIVES:
                file.seek(0)
                return {"inputs": _header(file, None)}
        with ZipFile(path) as archive:
            found: dict[str, Header | None] = {}
            for member in archive.namelist():
                name = member.removesuffix(".npy")
                found[name] = None
                if name in names:
                    with archive.open(member) as stream:
                        found[name] = _header(stream, member)
            return found


def rows(path: Path, header: Header, samples: int | None = None) -> NDArray[Any]:
    """The first ``samples`` rows of an array of one dimension or more, all of them by default.

    Raises HwsimError where they take more than MAX_INPUT_BYTES.
    """
    whole, row = header.shape[0], prod(header.shape[1:])
    wanted = whole if samples is None else min(samples, whole)
    read = whole if header.by_columns else wanted
    size = read * row * max(header.dtype.itemsize, 4)
    if size > MAX_INPUT_BYTES:
        raise HwsimError(
            f"{path}: {read} samples of shape {header.shape[1:]} ({header.dtype}) take {size} bytes; at most "
            f"{MAX_INPUT_BYTES} are read, take fewer samples"
        )
    with _named(path):
        if header.member is None:
            with path.open("rb") as file:
                values = _values(file, header, read * row, read == whole)
        else:
            with ZipFile(path) as archive, archive.open(header.member) as stream:
                values = _values(stream, header, read * row, read == whole)
    if header.by_columns:
        return values.reshape(header.shape[::-1]).T[:wanted]
    return values.reshape(wanted, *header.shape[1:])


def _header(stream: IO[bytes], member: str | None) -> Header:
    version = npy.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"format {version}, which is for headers longer than any array of numbers needs")
    shape, by_columns, dtype = npy.read_array_header_1_0(stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    if any(length < 0 for length in shape):
        raise ValueError(f"shape {shape}")
    return Header(member, dtype, tuple(int(length) for length in shape), bool(by_columns))


def _values(stream: IO[bytes], header: Header, count: int, to_the_end: bool) -> NDArray[Any]:
    """``count`` values from behind the header; at the end of an archive's member its checksum is checked."""
    if _header(stream, header.member) != header:
        raise ValueError("it changes while it is read")
    values = np.empty(count, header.dtype)
    target, filled = values.view(np.uint8).data, 0
    while filled < values.nbytes:
        part = stream.read(min(CHUNK_BYTES, values.nbytes - filled))
        if not part:
            raise EOFError(f"it ends after {filled} of {values.nbytes} bytes")
        target[filled : filled + len(part)] = part
        filled += len(part)
    if to_the_end:
        stream.read(1)
    return values


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """NumPy's parser of headers and the archive's reader fail with nearly every kind of error there is."""
    try:
        yield
    except HwsimError:
        raise
    except Exception as error:  # noqa: BLE001
        reason = one_line(error) or type(error).__name__
        raise HwsimError(f"{path}: not readable as a NumPy file without pickles ({reason})") from None
