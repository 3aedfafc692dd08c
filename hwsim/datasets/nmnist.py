"""N-MNIST: a .bin file of 40-bit ATIS events a sample, in Train/0 ... Test/9; and nmnist_1100.npz."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.events import Events
from hwsim.datasets.npz import need, read_npz, whole
from hwsim.datasets.values import Split
from hwsim.errors import HwsimError, one_line

SENSOR = (2, 34, 34)
EVENT = 5
"""Bytes of an event: x, y, and 24 bits big-endian of which the first is the polarity, the rest us."""

OVERFLOW_ROW = 240
OVERFLOW_US = 1 << 13
"""An event in row 240 is none: it adds this time to all after it."""

FOLDERS = ("Train/", "Test/")


def read_atis(path: Path) -> tuple[NDArray[Any], ...]:
    """t in us (uint32), x, y, p (uint8) of one file. Raises HwsimError naming a file that is cut."""
    try:
        raw = np.fromfile(path, np.uint8)
    except OSError as error:
        raise HwsimError(f"{path}: cannot be read ({one_line(error)})") from None
    if len(raw) % EVENT:
        raise HwsimError(f"{path}: has {len(raw)} bytes; expected events of {EVENT}")
    x, y, high, middle, low = raw.reshape(-1, EVENT).T
    time = ((high & 127).astype(np.uint32) << 16) | (middle.astype(np.uint32) << 8) | low
    over = y == OVERFLOW_ROW
    if over.any():
        time += OVERFLOW_US * np.cumsum(over, dtype=np.uint32)
        keep = ~over
        return time[keep], x[keep], y[keep], high[keep] >> 7
    return time, x, y, high >> 7


def read_nmnist(paths: list[Path]) -> tuple[Split, Split]:
    """The splits of the folders of FOLDERS, in the order of class and file name."""
    return _folder(paths[0]), _folder(paths[1])


def _folder(folder: Path) -> Split:
    named = [(path, k) for k in range(10) for path in sorted((folder / str(k)).glob("*.bin"))]
    if not named:
        raise HwsimError(f"{folder}: has no .bin files in folders 0 to 9")
    most = sum(path.stat().st_size for path, _ in named) // EVENT
    times = np.empty(most, np.uint32)
    fields = np.empty((3, most), np.uint8)
    offsets = np.zeros(len(named) + 1, np.int64)
    for sample, (path, _) in enumerate(named):
        time, *rest = read_atis(path)
        start = offsets[sample]
        end = offsets[sample + 1] = start + len(time)
        times[start:end] = time
        for field, values in zip(fields, rest, strict=True):
            field[start:end] = values
    total = offsets[-1]
    x, y, p = fields[:, :total]
    events = Events(times[:total], x, y, p, offsets, SENSOR)
    events.verify(str(folder))
    return Split(events, np.array([label for _, label in named], np.int64))


def read_nmnist_npz(paths: list[Path]) -> tuple[Split, Split]:
    """Events with offsets, label and is_test of one .npz file."""
    path = paths[0]
    t, x, y, p, offsets, labels, test = need(
        path, read_npz(path), "t_us", "x", "y", "p", "offset", "label", "is_test"
    )
    t, x, y, p = (whole_events(path, a) for a in (t, x, y, p))
    events = Events(t, x, y, p, whole(path, "offset", offsets), SENSOR)
    events.verify(str(path))
    whole_labels = whole(path, "label", labels)
    if test.dtype != bool or not len(whole_labels) == len(test) == len(events):
        raise HwsimError(
            f"{path}: {len(events)} samples, {len(labels)} labels and {len(test)} of is_test ({test.dtype}); "
            "lengths must agree, and is_test be true or false"
        )
    both = Split(events, whole_labels)
    return both.take(~test), both.take(test)


def whole_events(path: Path, values: NDArray[Any]) -> NDArray[Any]:
    """A field of events. Raises HwsimError where it is no row of whole numbers."""
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise HwsimError(
            f"{path}: a field of events is {values.dtype} {values.shape}; expected whole numbers"
        )
    return values
