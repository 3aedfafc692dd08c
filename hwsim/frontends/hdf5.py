"""HDF5 files of others, read defensively: types and sizes are checked before values are read.

Links lead nowhere else, nothing is followed into other files, and what a file inflates to is bounded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError
from hwsim.frontends.heaps import check_heaps
from hwsim.frontends.texts import check_texts
from hwsim.storage import check_file

MAX_VALUES = 1 << 26
"""Most values of one array, and of one of its chunks; larger ones are refused before they are read."""

MAX_RATIO = 64
MAX_INFLATED_BYTES = 1 << 28
"""Arrays may take ``MAX_RATIO`` times their stored size, and one file so many bytes beyond that."""

MAX_WORD = 64
MAX_NAME = MAX_WORD * 16
MAX_MEMBERS = 1 << 16

Array = NDArray[Any]


@contextmanager
def opened(path: Path, kind: str) -> "Iterator[Group]":
    """The root group of a file; what h5py raises on damaged files becomes an HwsimError."""
    check_file(path)
    with readable(path, kind):
        check_heaps(path)
    with readable(path, kind), h5py.File(path, "r") as file:
        yield Group(file, str(path), Budget(path.stat().st_size))


@contextmanager
def readable(where: object, kind: str) -> Iterator[None]:
    """Whatever goes wrong in the block becomes an HwsimError: ``where`` is no readable ``kind`` file."""
    try:
        yield
    except HwsimError:
        raise
    except (
        OSError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
        ArithmeticError,
        MemoryError,
        AttributeError,
        NotImplementedError,
    ) as error:
        raise HwsimError(f"{where}: not a readable {kind} file ({error})") from None


@dataclass
class Budget:
    """How many bytes a file of ``size`` may still inflate to beyond ``MAX_RATIO`` times what it stores."""

    size: int
    left: int = MAX_INFLATED_BYTES

    def spend(self, where: str, count: int, stored: int) -> None:
        self.left -= max(0, count - MAX_RATIO * min(stored, self.size))
        if self.left < 0:
            raise HwsimError(
                f"{where}: {stored} stored bytes inflate to {count}; a file may inflate by "
                f"{MAX_INFLATED_BYTES} bytes more than {MAX_RATIO}-fold"
            )


@dataclass(frozen=True)
class Group:
    """A group of the file; reads values only after it has checked their type and size."""

    group: Any
    where: str
    budget: Budget = field(repr=False)

    def __contains__(self, name: str) -> bool:
        return bool(self.group.id.links.exists(name.encode()))  # without following links

    def named(self, where: str) -> "Group":
        """The same group under another name in messages."""
        return Group(self.group, where, self.budget)

    def members(self, most: int = MAX_MEMBERS) -> list[str]:
        """The names of all members. Raises HwsimError if there are more than ``most``."""
        if len(self.group) > most:
            raise HwsimError(f"{self.where}: {len(self.group)} members; {most} at most")
        return [str(name) for name in self.group]

    def inner(self, name: str) -> "Group":
        found = self._stored(name)
        if not isinstance(found, h5py.Group):
            raise HwsimError(f"{self.where}: {name!r} is no group")
        return Group(found, f"{self.where}, {name}", self.budget)

    def is_text(self, name: str) -> bool:
        return h5py.check_string_dtype(self._dataset(name).dtype) is not None

    def text(self, name: str, longest: int = MAX_WORD) -> str:
        """One word."""
        data = self._dataset(name)
        kind = h5py.check_string_dtype(data.dtype)
        if kind is None or data.size != 1 or (kind.length or 0) > longest:
            raise HwsimError(f"{self.where}: {name!r} is {data.dtype} of shape {data.shape}; expected a word")
        check_texts(data, f"{self.where}: {name!r}")
        value = _decoded(np.ravel(data[()])[0])
        if len(value) > longest:
            raise HwsimError(f"{self.where}: {name!r} is {len(value)} characters long; {longest} at most")
        return value

    def pairs(self, name: str, most: int) -> list[tuple[str, str]]:
        """Rows of two words each."""
        if name in self and isinstance(data := self._stored(name), h5py.Dataset) and data.size == 0:
            return []
        data = self._dataset(name)
        kind = h5py.check_string_dtype(data.dtype)
        if kind is None or data.ndim != 2 or data.shape[1] != 2 or (kind.length or 0) > MAX_NAME:
            raise HwsimError(
                f"{self.where}: {name!r} is {data.dtype} of shape {data.shape}; expected pairs of words"
            )
        if len(data) > most:
            raise HwsimError(f"{self.where}: {name!r} has {len(data)} rows; {most} at most")
        check_texts(data, f"{self.where}: {name!r}")
        # many rows may point to one long text: a few rows at a time, as long as one may be
        step = min(1024, max(1, (1 << 24) // self.budget.size))
        found = []
        for start in range(0, len(data), step):
            for row in data[start : start + step]:
                words = tuple(_decoded(word) for word in row)
                if max(map(len, words)) > MAX_NAME:
                    raise HwsimError(f"{self.where}: {name!r} holds a name of {max(map(len, words))} letters")
                found.append((words[0], words[1]))
        return found

    def integer(self, name: str, low: int, high: int, default: int | None = None) -> int:
        if default is not None and name not in self:
            return default
        values = self.integers(name, 1)
        if not low <= values[0] <= high:
            raise HwsimError(f"{self.where}: {name} {values[0]}; it must lie in {low}..{high}")
        return values[0]

    def integers(self, name: str, count: int) -> tuple[int, ...]:
        """So many integers, as a scalar or one after the other."""
        data = self._dataset(name)
        if data.size != count or data.ndim > 1:
            raise HwsimError(f"{self.where}: {name} has shape {data.shape}; expected {count} integers")
        return tuple(int(v) for v in self._whole(name, data).ravel())

    def size(self, name: str) -> int:
        """How many values an array has."""
        return int(self._dataset(name).size)

    def array(self, name: str, shape: tuple[int, ...]) -> Array:
        """Integers of a known shape, in the narrowest type that holds them."""
        data = self._dataset(name)
        if data.shape != shape:
            raise HwsimError(f"{self.where}: {name} has shape {data.shape}; expected {shape}")
        values = self._whole(name, data)
        largest = max(int(values.max()), -int(values.min()) - 1)
        return values.astype(next(t for t in (np.int8, np.int16, np.int32) if largest <= np.iinfo(t).max))

    def numbers(self, name: str, dimensions: int) -> Array | None:
        """Finite numbers, as they are stored, or None if the dataset is empty on purpose (null space).

        Raises HwsimError for more than ``dimensions`` dimensions, other types, NaN and infinity.
        """
        if isinstance(found := self._stored(name), h5py.Dataset) and found.shape is None:
            return None
        data = self._dataset(name)
        if data.ndim > dimensions:
            raise HwsimError(
                f"{self.where}: {name} has shape {data.shape}; expected {dimensions} dimensions at most"
            )
        values = self._values(name, data)
        if bad := int(values.size - np.isfinite(values).sum()):
            raise HwsimError(f"{self.where}: {bad} of {values.size} values of {name} are NaN or infinite")
        return values

    def _values(self, name: str, data: Any) -> Array:
        if data.dtype.kind not in "iufb" or data.dtype.itemsize > 8:
            raise HwsimError(f"{self.where}: {name} is {data.dtype}; expected numbers")
        stored = data.id.get_storage_size()
        chunk = prod(data.chunks or (0,))
        self.budget.spend(f"{self.where}: {name}", max(data.size, chunk) * data.dtype.itemsize, stored)
        return np.asarray(data[()])

    def _whole(self, name: str, data: Any) -> Array:
        values = self._values(name, data)
        bound = 2**31 - 1
        if not np.array_equal(values, np.trunc(values)) or (np.abs(values.astype(np.float64)) > bound).any():
            raise HwsimError(f"{self.where}: {name} holds values that are not integers of 32 bits")
        return values.astype(np.int32)

    def _stored(self, name: str) -> Any:
        if name not in self:
            raise HwsimError(f"{self.where}: {name!r} is missing")
        if self.group.id.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
            raise HwsimError(f"{self.where}: {name!r} is a link to another place; it must be in the file")
        return self.group[name]

    def _dataset(self, name: str) -> Any:
        data = self._stored(name)
        if not isinstance(data, h5py.Dataset) or data.shape is None:
            raise HwsimError(f"{self.where}: {name!r} holds no values")
        if data.is_virtual or data.external:
            raise HwsimError(f"{self.where}: {name!r} lies in another file")
        chunk = prod(data.chunks or (0,))
        if not 1 <= data.size <= MAX_VALUES or chunk > MAX_VALUES:
            raise HwsimError(
                f"{self.where}: {name!r} declares shape {data.shape}; 1 to {MAX_VALUES} values are readable"
            )
        if data.id.get_storage_size() == 0:
            raise HwsimError(f"{self.where}: {name!r} declares shape {data.shape}, but nothing is stored")
        return data


def _decoded(word: Any) -> str:
    return word.decode("utf-8", "replace") if isinstance(word, bytes) else str(word)
