"""A check of the references to an HDF5 file's texts of variable length, before the library follows them.

A reference is the text's length (4 bytes), the address of its heap (8) and an index (4): HDF5 file format
specification 3.0, VIII.C. libhdf5 2.0 takes memory for the declared length before it looks for the text.
"""

import zlib
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from hwsim.errors import HwsimError

REFERENCE = 16
"""Bytes of a reference: offsets of 8 bytes."""


def check_texts(data: h5py.Dataset, where: str) -> None:
    """Raises HwsimError if a text is declared longer than the file is, or if that cannot be known.

    ``where`` names the dataset in messages. Texts of fixed length are left alone.
    """
    kind = h5py.check_string_dtype(data.dtype)
    if kind is None or kind.length is not None:
        return
    path = Path(data.file.filename)
    size = path.stat().st_size
    for raw in _stored(data, path, size, where):
        lengths = np.frombuffer(raw[: len(raw) // REFERENCE * REFERENCE], np.uint32)[:: REFERENCE // 4]
        if lengths.size and (longest := int(lengths.max())) > size:
            raise HwsimError(f"{where} declares a text of {longest} bytes; the whole file has {size}")


def _stored(data: h5py.Dataset, path: Path, size: int, where: str) -> Iterator[bytes]:
    """The references as bytes: at one place, or chunk by chunk."""
    found: Any = data.id
    with path.open("rb") as file:
        if data.chunks is None:
            at = found.get_offset()
            if at is None:
                raise HwsimError(f"{where} keeps its texts in its header; expected contiguous or in chunks")
            file.seek(at)
            yield file.read(data.size * REFERENCE)
            return
        places: list[tuple[int, int, int]] = []
        found.chunk_iter(lambda chunk: places.append((chunk.byte_offset, chunk.size, chunk.filter_mask)))
        properties = found.get_create_plist()
        filters = [properties.get_filter(i)[0] for i in range(properties.get_nfilters())]
        for at, count, skipped in places:
            file.seek(at)
            used = [f for i, f in enumerate(filters) if not skipped >> i & 1]
            yield _unpacked(file.read(min(count, size)), used, prod(data.chunks) * REFERENCE, where)


def _unpacked(raw: bytes, filters: list[int], size: int, where: str) -> bytes:
    """A chunk of ``size`` bytes with its filters undone, the last one first."""
    for code in reversed(filters):
        if code == h5py.h5z.FILTER_DEFLATE:
            raw = _inflated(raw, size, where)
        elif code == h5py.h5z.FILTER_SHUFFLE:
            rows = np.frombuffer(raw[: len(raw) // REFERENCE * REFERENCE], np.uint8)
            raw = rows.reshape(REFERENCE, -1).T.tobytes()
        else:
            raise HwsimError(f"{where} is packed by HDF5 filter {code}; texts may be packed by gzip alone")
    return raw


def _inflated(raw: bytes, most: int, where: str) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, most)
    except zlib.error as error:
        raise HwsimError(f"{where} cannot be unpacked ({error})") from None
