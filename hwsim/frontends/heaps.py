"""A check of an HDF5 file's heaps, which hold its texts and names, before the library reads them.

libhdf5 2.0 (h5py 3.16) never returns from a global heap in which the step from one object to the next is
0 (free space of size 0, or a size that runs over 64 bits), and takes all memory for a local heap whose list
of free blocks comes back to itself. Layouts: HDF5 file format specification 3.0, III.D and III.E.
"""

import mmap
from pathlib import Path

from hwsim.errors import HwsimError

GLOBAL, LOCAL = b"GCOL", b"HEAP"
HEADER = 16
"""Bytes of a collection's header, and of each object's: lengths of 8 bytes."""

LAST_BLOCK = 1
MAX_STEPS = 3_000_000
WRAPS = 1 << 63
"""Steps from here on lead backward in 64 bits."""

VERSIONS = {GLOBAL: 1, LOCAL: 0}
"""The byte after the signature; libhdf5 reads no heap of another version."""

SUPERBLOCK = b"\x89HDF\r\n\x1a\n"
LENGTH_AT = {0: 14, 1: 14, 2: 10, 3: 10}
"""Where a superblock, by its version, says how many bytes a length has; the byte before: an offset."""


def check_heaps(path: Path) -> None:
    """Raises HwsimError if a heap of the file has no end, or if lengths have other than 8 bytes.

    Every other damage libhdf5 finds itself. Values of an array may spell a signature: what libhdf5 would not
    read as a heap, or has no address of, is none. Addresses count from the superblock, behind a user block.
    """
    if path.stat().st_size < HEADER * 2:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        base = _superblock(data)
        if base is not None and base + HEADER <= len(data):
            at = base + LENGTH_AT.get(data[base + 8], 10)
            if data[at - 1] != 8 or data[at] != 8:
                raise HwsimError(
                    f"{path}: offsets of {data[at - 1]} and lengths of {data[at]} bytes; expected 8"
                )
        left = MAX_STEPS
        for signature, check in ((GLOBAL, _check_global), (LOCAL, _check_local)):
            start = data.find(signature)
            while start >= 0:
                known = data[start + 4 : start + 5] == bytes([VERSIONS[signature]])
                left -= 1 + (check(path, data, start, base or 0) if known else 0)
                if left < 0:
                    raise HwsimError(f"{path}: its heaps hold more than {MAX_STEPS} texts and names")
                start = data.find(signature, start + 1)


def _superblock(data: mmap.mmap) -> int | None:
    """Where the superblock lies: at byte 0, 512, 1024, 2048 and so on."""
    at = 0
    while at < len(data):
        if data[at : at + len(SUPERBLOCK)] == SUPERBLOCK:
            return at
        at = max(512, 2 * at)
    return None


def _check_global(path: Path, data: mmap.mmap, start: int, _base: int) -> int:
    """Walk one collection from object to object and count them; object 0 is free space, of so many bytes."""
    steps = 0
    end = start + _number(data, start + 8)
    if end > len(data):
        return 0  # libhdf5 reads none beyond the end
    at = start + HEADER
    while at + HEADER <= end:
        size = _number(data, at + 8)
        step = size if data[at : at + 2] == b"\0\0" else HEADER + (size + 7) // 8 * 8
        if step == 0 or step >= WRAPS:
            raise HwsimError(f"{path}: a heap of texts at byte {start} is damaged")
        at += step
        steps += 1
    return steps


def _check_local(path: Path, data: mmap.mmap, start: int, base: int) -> int:
    """Follow the free blocks and count them: next block and size, at offsets into the data; 1 ends it."""
    size, block, address = (_number(data, start + at) for at in (8, 16, 24))
    address += base
    seen: set[int] = set()
    while block != LAST_BLOCK and block + HEADER <= size and address + block + HEADER <= len(data):
        if block in seen:
            if data.find((start - base).to_bytes(8, "little")) < 0:
                break  # no group names this address
            raise HwsimError(f"{path}: a heap of names at byte {start} is damaged")
        seen.add(block)
        block = _number(data, address + block)
    return len(seen)


def _number(data: mmap.mmap, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")
