"""Bytes of a file, plain or compressed, never more than its reader asked for."""

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, cast

from hwsim.errors import HwsimError, one_line
from hwsim.storage import check_file

DEFLATE = 1032
"""Bytes that deflate makes of one at the most (zlib's technical details)."""


def read_bytes(path: Path, most: int) -> bytes:
    """The whole file, inflated where its name ends in .gz.

    Raises HwsimError naming the file where it is damaged or holds more than ``most`` bytes.
    """
    check_file(path)
    try:
        with cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(min(most, capacity(path)) + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise HwsimError(f"{path}: cannot be read ({one_line(error)})") from None
    if len(content) > most:
        raise HwsimError(f"{path}: holds more than {most} bytes; it must not")
    return content


def capacity(path: Path) -> int:
    """The most bytes that the file can hold, inflated: what bounds a claim in its header."""
    size = path.stat().st_size
    return size * DEFLATE if path.suffix == ".gz" else size


def read_start(path: Path, count: int) -> bytes:
    """The first ``count`` bytes, or as many as there are; inflated where the name ends in .gz."""
    check_file(path)
    try:
        with cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise HwsimError(f"{path}: cannot be read ({one_line(error)})") from None
