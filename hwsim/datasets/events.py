"""Recordings of event cameras and cochleas: all events of all samples in five arrays."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hwsim.errors import HwsimError


@dataclass(frozen=True, eq=False)
class Events:
    """Event k happens ``t_us[k]`` after the start of its sample at column ``x``, row ``y``, polarity ``p``.

    Sample i has events ``offsets[i]`` to ``offsets[i + 1]``. ``sensor`` is (P, H, W), or (C,) of a cochlea,
    whose channel is ``x``; there ``y`` and ``p`` are zero.
    """

    t_us: NDArray[Any]
    x: NDArray[Any]
    y: NDArray[Any]
    p: NDArray[Any]
    offsets: NDArray[np.int64]
    sensor: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, *sensor): that of the same samples as one frame each."""
        return (len(self), *self.sensor)

    def __getitem__(self, index: NDArray[Any] | slice) -> Self:
        """The samples of ``index`` (indices, mask or slice), in its order."""
        chosen = np.arange(len(self))[index]
        counts = self.offsets[chosen + 1] - self.offsets[chosen]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        k = np.repeat(self.offsets[chosen] - offsets[:-1], counts) + np.arange(offsets[-1])
        return type(self)(self.t_us[k], self.x[k], self.y[k], self.p[k], offsets, self.sensor)

    def cells(self) -> NDArray[np.int64]:
        """Index of each event in a flat frame: (p H + y) W + x, or x of a cochlea."""
        if len(self.sensor) == 1:
            return self.x.astype(np.int64)
        _, height, width = self.sensor
        flat: NDArray[np.int64] = (self.p.astype(np.int64) * height + self.y) * width + self.x
        return flat

    def samples(self) -> NDArray[np.int64]:
        """The sample of each event."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def frames(
        self, timesteps: int, bin_us: int | None = None, equal_counts: bool = False, binary: bool = False
    ) -> NDArray[np.uint8]:
        """Events of each bin and pixel (T, N, *sensor), at most 255; 0 or 1 where ``binary``.

        Bin of an event at t: floor(t / bin_us), events of bin T and later dropped; without ``bin_us`` each
        sample is cut into T bins as long as each other, floor(T t / (t_last + 1)). With ``equal_counts``
        bins hold as many events as each other: event k of n is in bin floor(T k / n).
        """
        if timesteps < 1:
            raise HwsimError(f"timesteps is {timesteps}; allowed are 1 and more")
        if bin_us is not None and (bin_us < 1 or equal_counts):
            raise HwsimError(f"bin_us is {bin_us}: allowed are 1 and more, and None with equal_counts")
        sample = self.samples()
        if equal_counts:
            each = np.diff(self.offsets)
            rank = np.arange(len(sample)) - np.repeat(self.offsets[:-1], each)
            step = timesteps * rank // np.repeat(each, each)
        elif bin_us is not None:
            step = self.t_us.astype(np.int64) // bin_us
        else:
            step = timesteps * self.t_us.astype(np.int64) // (self._last() + 1)[sample]
        size = int(np.prod(self.sensor))
        flat = (step * len(self) + sample) * size + self.cells()
        flat = flat[step < timesteps]
        shape = (timesteps, len(self), *self.sensor)
        if binary:
            frames = np.zeros(shape, np.uint8)
            frames.reshape(-1)[flat] = 1
            return frames
        counts = np.zeros(shape, np.uint32)
        np.add.at(counts.reshape(-1), flat, np.uint32(1))
        return np.minimum(counts, 255, out=counts).astype(np.uint8)

    def _last(self) -> NDArray[np.int64]:
        """Time of the last event of each sample, 0 where it has none."""
        last = np.zeros(len(self), np.int64)
        full = np.diff(self.offsets) > 0
        if full.any():
            last[full] = np.maximum.reduceat(self.t_us, self.offsets[:-1][full])
        return last

    def verify(self, name: str) -> None:
        """Raises HwsimError naming the file where an event lies outside of the sensor or of its sample."""
        counts = {len(a) for a in (self.t_us, self.x, self.y, self.p)}
        if len(counts) > 1:
            raise HwsimError(f"{name}: t, x, y and p have {sorted(counts)} events; they must agree")
        total = counts.pop()
        if len(self.offsets) < 1 or self.offsets[0] != 0 or self.offsets[-1] != total:
            raise HwsimError(f"{name}: offsets must run from 0 to the number of events, {total}")
        if (np.diff(self.offsets) < 0).any():
            raise HwsimError(f"{name}: offsets fall; they must never")
        sensor = self.sensor if len(self.sensor) == 3 else (1, 1, *self.sensor)
        for what, values, size in zip("pyx", (self.p, self.y, self.x), sensor, strict=True):
            if total and (values.min() < 0 or values.max() >= size):
                raise HwsimError(
                    f"{name}: {what} spans {values.min()} to {values.max()}; allowed are 0 to {size - 1}"
                )
        if total and self.t_us.min() < 0:
            raise HwsimError(f"{name}: an event is at {self.t_us.min()} us; times are 0 and later")
