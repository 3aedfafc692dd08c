"""Arrays of .npz files, with what their headers claim checked against the file before memory is taken."""

import lzma
import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.files import DEFLATE
from hwsim.errors import HwsimError, one_line
from hwsim.storage import check_file

_HEADERS: dict[tuple[int, int], Callable[[Any], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of the file, each inflated once.

    Raises HwsimError naming the file and array for what is no npz, damaged, pickled, or larger in its header
    than in the file.
    """
    check_file(path)
    try:
        with zipfile.ZipFile(path) as archive:
            return {
                info.filename.removesuffix(".npy"): _member(path, archive, info)
                for info in archive.infolist()
            }
    except HwsimError:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError),
        *(ValueError, TypeError, SyntaxError, tokenize.TokenError, OverflowError, MemoryError),
    ) as error:
        raise HwsimError(f"{path}: is no readable .npz file ({one_line(error)})") from None


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    if info.file_size > DEFLATE * info.compress_size + DEFLATE:
        raise HwsimError(
            f"{path}: {info.filename} claims {info.file_size} bytes and holds {info.compress_size}"
        )
    with archive.open(info) as file:
        shape, dtype, start = _header(path, info.filename, file)
    claimed = math.prod(shape) * dtype.itemsize
    if dtype.hasobject:
        raise HwsimError(f"{path}: {info.filename} holds Python objects; allowed are numbers and texts")
    if claimed != info.file_size - start:
        raise HwsimError(
            f"{path}: {info.filename} claims shape {shape}, {claimed} bytes; "
            f"the file holds {info.file_size - start}"
        )
    with archive.open(info) as file:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    return array


def _header(path: Path, name: str, file: Any) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    opened: BinaryIO = file
    version = np.lib.format.read_magic(opened)
    if version not in _HEADERS:
        raise HwsimError(f"{path}: {name} is of .npy version {version}; allowed are 1.0 and 2.0")
    shape, _, dtype = _HEADERS[version](opened)
    return shape, dtype, opened.tell()


def need(path: Path, arrays: dict[str, NDArray[Any]], *names: str) -> list[NDArray[Any]]:
    """The arrays of these names. Raises HwsimError naming those that are missing, or single values."""
    missing = [name for name in names if name not in arrays]
    if missing:
        raise HwsimError(f"{path}: lacks {', '.join(missing)}; it has {', '.join(sorted(arrays)) or 'none'}")
    single = [name for name in names if arrays[name].ndim == 0]
    if single:
        raise HwsimError(f"{path}: {', '.join(single)}: a single value; expected an array")
    return [arrays[name] for name in names]


def whole(path: Path, name: str, labels: NDArray[Any], dimensions: int = 1) -> NDArray[np.int64]:
    """Labels as int64. Raises HwsimError naming file and array where they are no whole numbers."""
    if labels.dtype.kind not in "iu" or labels.ndim != dimensions:
        raise HwsimError(
            f"{path}: {name} is {labels.dtype} {labels.shape}; "
            f"allowed are whole numbers in {dimensions} dimension{'s' * (dimensions > 1)}"
        )
    return labels.astype(np.int64)
