"""Pickles of CIFAR's python version, read without running anything that they name.

A pickle may call whatever it names. Here the three names that an array of NumPy needs stand for inert classes
that record what they are given, and any other is refused; the array is built from the record once that is
checked.
"""

import io
import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.files import read_bytes
from hwsim.errors import HwsimError, one_line

MOST = 1 << 30
"""Bytes of the largest file that is read; CIFAR's have at most 154 million."""


class _Type:
    """A dtype as it was written: its code."""

    def __init__(self, code: object = None, *_: object) -> None:
        self.code = code.decode("ascii", "replace") if isinstance(code, bytes) else code

    def __setstate__(self, state: object) -> None:
        """Byte order and fields: of no meaning to bytes."""


class _Array:
    """An array as it was written: (version, shape, dtype, is Fortran's, bytes)."""

    state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _encode(text: object, _: object = None) -> bytes:
    """How Python 3 writes bytes in protocol 2."""
    if not isinstance(text, str):
        raise pickle.UnpicklingError("bytes are written as a text")
    return text.encode("latin-1")


ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = ALLOWED.get((module, name))
        if found is None:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not allowed")
        return found

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError(f"it names the outside object {str(pid)[:40]!r}, which is not allowed")


def read_pickle(path: Path) -> dict[str, Any]:
    """The dictionary of a file, its keys as text; arrays are as :func:`bytes_of` takes them.

    Raises HwsimError naming the file for a pickle that is damaged, that names anything but arrays of NumPy,
    or that is no dictionary.
    """
    content = read_bytes(path, MOST)
    try:
        value = _Reader(io.BytesIO(content), encoding="bytes").load()
    except (
        *(pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError),
        *(MemoryError, OverflowError, ImportError, RecursionError),
    ) as error:
        raise HwsimError(f"{path}: is no readable pickle of arrays ({one_line(error)})") from None
    if not isinstance(value, dict):
        raise HwsimError(f"{path}: holds a {type(value).__name__}; expected a dictionary")
    return {key.decode("latin-1") if isinstance(key, bytes) else str(key): v for key, v in value.items()}


def bytes_of(path: Path, name: str, value: object) -> NDArray[np.uint8]:
    """The array of bytes that was written. Raises HwsimError where it is another thing or size."""
    state = value.state if isinstance(value, _Array) else None
    match state:
        case (_, tuple(shape), _Type(code=code), bool() | int() as fortran, bytes(raw)):
            sizes = all(isinstance(n, int) and n >= 0 for n in shape)
            if code not in ("u1", "|u1") or fortran or not sizes or math.prod(shape) != len(raw):
                raise HwsimError(
                    f"{path}: {name} is {code} of shape {shape} in {len(raw)} bytes; expected rows of u1"
                )
            array: NDArray[np.uint8] = np.frombuffer(raw, np.uint8).reshape(shape)
            return array
    raise HwsimError(f"{path}: {name} is no array of bytes")
