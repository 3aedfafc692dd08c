"""Tiny data sets in their standard formats."""

import gzip
import io
import pickle
import struct
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

IDX = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def idx_bytes(array: NDArray[Any]) -> bytes:
    """Magic 0x0000 08 dimensions, big-endian sizes, bytes."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder: Path, compressed: bool = False) -> dict[str, NDArray[np.uint8]]:
    """Six and four images of 28 x 28 in the four files; the arrays by file."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {}
    for name in IDX:
        n = 6 if name.startswith("train") else 4
        shape = (n, 28, 28) if "images" in name else (n,)
        arrays[name] = rng().integers(0, 256 if "images" in name else 10, shape, np.uint8)
        content = idx_bytes(arrays[name])
        path = folder / f"{name}.gz" if compressed else folder / name
        path.write_bytes(gzip.compress(content) if compressed else content)
    return arrays


def python2_pickle(data: NDArray[np.uint8], labels: list[int], key: bytes) -> bytes:
    """A batch as Python 2 wrote it: protocol 2, its texts as bytes, NumPy's old module names."""
    parts = [b"\x80\x02}(", _text(b"data")]
    parts += [b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85", _text(b"b"), b"\x87R("]
    parts += [b"K\x01", _number(data.shape[0]), _number(data.shape[1]), b"\x86"]
    parts += [b"cnumpy\ndtype\n", _text(b"u1"), b"K\x00K\x01\x87R(K\x03", _text(b"|"), b"NNN"]
    parts += [_number(-1), _number(-1), b"K\x00tb\x89", b"T" + struct.pack("<i", data.size), data.tobytes()]
    parts += [b"tb", _text(key), b"](" + b"".join(_number(k) for k in labels) + b"e"]
    parts += [_text(b"batch_label"), _text(b"training batch"), b"u."]
    return b"".join(parts)


def _text(value: bytes) -> bytes:
    return b"U" + bytes([len(value)]) + value


def _number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def write_cifar10(folder: Path, python2: bool = True) -> dict[str, tuple[NDArray[np.uint8], list[int]]]:
    """Two rows a file; the rows and labels by file."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {}
    for k, name in enumerate([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]):
        rows = np.random.default_rng(k).integers(0, 256, (2, 3072), np.uint8)
        labels = [k, 9 - k]
        if python2:
            content = python2_pickle(rows, labels, b"labels")
        else:
            content = pickle.dumps({b"data": rows, b"labels": labels}, protocol=2)
        (folder / name).write_bytes(content)
        made[name] = (rows, labels)
    return made


def atis(events: list[tuple[int, int, int, int]]) -> bytes:
    """Events (t, x, y, p) of 40 bits: x, y, then p and 23 bits of time, big-endian."""
    return b"".join(bytes((x, y)) + ((p << 23) | t).to_bytes(3, "big") for t, x, y, p in events)


def write_nmnist(folder: Path) -> None:
    """One recording of three events a class and split."""
    for split in ("Train", "Test"):
        for label in range(10):
            place = folder / split / str(label)
            place.mkdir(parents=True)
            (place / "00001.bin").write_bytes(
                atis([(5, label, 3, 1), (70_000, 33, 33, 0), (300_000, 0, 0, 1)])
            )


def write_shd(folder: Path) -> None:
    """Two recordings a split: units 1, 2, 699 at 0.5, 0.25 and 1 s, and unit 5 at 0.125 s."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("shd_train.h5", "shd_test.h5"):
        with h5py.File(folder / name, "w") as file:
            times = file.create_dataset("spikes/times", (2,), h5py.vlen_dtype(np.float16))
            units = file.create_dataset("spikes/units", (2,), h5py.vlen_dtype(np.uint16))
            times[0], times[1] = np.array([0.5, 0.25, 1], np.float16), np.array([0.125], np.float16)
            units[0], units[1] = np.array([1, 2, 699], np.uint16), np.array([5], np.uint16)
            file["labels"] = np.array([19, 0], np.uint16)


def write_camera(path: Path) -> None:
    """Two recordings a split: two events and one."""
    with h5py.File(path, "w") as file:
        for split in ("train", "test"):
            file[f"{split}/t_us"] = np.array([0, 10, 4], np.uint32)
            file[f"{split}/x"] = np.array([0, 127, 3], np.uint8)
            file[f"{split}/y"] = np.array([1, 127, 3], np.uint8)
            file[f"{split}/p"] = np.array([0, 1, 1], np.uint8)
            file[f"{split}/offsets"] = np.array([0, 2, 3])
            file[f"{split}/labels"] = np.array([0, 9], np.uint8)


def npz_bytes(**arrays: Any) -> bytes:
    made = io.BytesIO()
    np.savez_compressed(made, **arrays)
    return made.getvalue()
