"""HDF5 files of events: SHD as it is published, and event cameras in one flat layout."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.events import Events
from hwsim.datasets.files import DEFLATE
from hwsim.datasets.nmnist import whole_events
from hwsim.datasets.npz import whole
from hwsim.datasets.values import Split
from hwsim.errors import HwsimError, one_line
from hwsim.storage import check_file

COCHLEA = (700,)
"""Channels of SHD."""


def read_shd(paths: list[Path]) -> tuple[Split, Split]:
    """Splits of shd_train.h5 and shd_test.h5: spikes/times in seconds, spikes/units, labels."""
    train, test = (_opened(path, _shd) for path in paths)
    return train, test


def read_camera(sensor: tuple[int, int, int]) -> Callable[[list[Path]], tuple[Split, Split]]:
    """A reader of one file with groups train and test of t_us, x, y, p, offsets (N + 1) and labels (N)."""

    def read(paths: list[Path]) -> tuple[Split, Split]:
        train, test = (
            _opened(paths[0], partial(_camera, group=group, sensor=sensor)) for group in ("train", "test")
        )
        return train, test

    return read


def _opened(path: Path, read: Callable[[Path, Any], Split]) -> Split:
    check_file(path)
    try:
        with h5py.File(path, "r") as file:
            return read(path, file)
    except HwsimError:
        raise
    except (OSError, KeyError, ValueError, TypeError, RuntimeError, MemoryError) as error:
        raise HwsimError(f"{path}: is no readable HDF5 file ({one_line(error)})") from None


def _array(path: Path, file: Any, name: str) -> NDArray[Any]:
    """An array, read once what is stored of it is as long as it claims; HDF5 fills the rest with zeros."""
    found = file.get(name)
    if not isinstance(found, h5py.Dataset):
        raise HwsimError(f"{path}: lacks {name}")
    plain = found.chunks is None and found.dtype.kind != "O" and not found.external
    if plain and found.id.get_storage_size() < found.nbytes:
        raise HwsimError(
            f"{path}: {name} claims {found.nbytes} bytes; the file stores {found.id.get_storage_size()}"
        )
    if found.external or found.is_virtual or found.nbytes > DEFLATE * path.stat().st_size:
        raise HwsimError(f"{path}: {name} claims {found.nbytes} bytes that are not in the file")
    array: NDArray[Any] = np.asarray(found[()])
    return array


def _shd(path: Path, file: Any) -> Split:
    times = _array(path, file, "spikes/times")
    units = _array(path, file, "spikes/units")
    labels = whole(path, "labels", _array(path, file, "labels"))
    if not len(times) == len(units) == len(labels) or times.dtype.kind != "O" or units.dtype.kind != "O":
        raise HwsimError(
            f"{path}: spikes/times has {len(times)} rows, spikes/units {len(units)}, labels {len(labels)}; "
            "they must agree, and rows have lengths of their own"
        )
    counts = [len(row) for row in times]
    if counts != [len(row) for row in units]:
        raise HwsimError(f"{path}: a row of spikes/times is not as long as its spikes/units")
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    seconds = np.concatenate([*times, np.zeros(0, np.float16)]).astype(np.float64)
    if not np.isfinite(seconds).all() or (seconds.size and not 0 <= seconds.max() < 4000):
        raise HwsimError(f"{path}: spikes/times holds times outside of 0 to 4000 s")
    x = whole_events(path, np.concatenate([*units, np.zeros(0, np.uint16)]))
    t = np.rint(seconds * 1e6).astype(np.int64)
    zero = np.broadcast_to(np.uint8(0), x.shape)
    events = Events(t, x, zero, zero, offsets, COCHLEA)
    events.verify(str(path))
    if (x > np.iinfo(np.uint16).max).any():
        raise HwsimError(f"{path}: spikes/units passes 16 bits")
    return Split(Events(t.astype(np.uint32), x.astype(np.uint16), zero, zero, offsets, COCHLEA), labels)


def _camera(path: Path, file: Any, group: str, sensor: tuple[int, int, int]) -> Split:
    t, x, y, p = (whole_events(path, _array(path, file, f"{group}/{k}")) for k in ("t_us", "x", "y", "p"))
    offsets = whole(path, "offsets", _array(path, file, f"{group}/offsets"))
    labels = whole(path, "labels", _array(path, file, f"{group}/labels"))
    events = Events(t, x, y, p, offsets, sensor)
    events.verify(f"{path} ({group})")
    if len(labels) != len(events):
        raise HwsimError(f"{path}: {group} has {len(events)} samples and {len(labels)} labels")
    return Split(events, labels)
