"""What a data set is once it is read: arrays that stay as small as on disk until a batch is made of them."""

import hashlib
from dataclasses import astuple, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from hwsim.datasets.events import Events
from hwsim.errors import HwsimError

Kind = Literal["images", "series", "steps", "events"]
"""``images`` (N, C, H, W); ``series`` (N, T, C), one label each; ``steps`` (N, T, C) with a label every step;
``events`` as :class:`Events`."""

IGNORED = -1
"""Label of a step that has none; of ``steps`` only."""


@dataclass(frozen=True, eq=False)
class Split:
    """Samples and labels (N,) int64, or (N, T) where every step has its own.

    ``lengths`` (N,) int64 are the steps of each series before its padding of zeros, None where all are full.
    """

    inputs: NDArray[Any] | Events
    labels: NDArray[np.int64]
    lengths: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[Any] | slice) -> Self:
        """The samples of ``index`` (indices, mask or slice), in its order."""
        lengths = None if self.lengths is None else self.lengths[index]
        return type(self)(self.inputs[index], self.labels[index], lengths)

    def digest(self) -> str:
        """SHA-256 of all that samples and labels are, bit for bit."""
        told = hashlib.sha256()
        parts = astuple(self.inputs) if isinstance(self.inputs, Events) else (self.inputs,)
        for part in (*parts, self.labels, self.lengths):
            array = np.ascontiguousarray(() if part is None else part)
            told.update(f"{array.dtype.str} {array.shape}".encode())
            told.update(array.data)
        return told.hexdigest()

    @property
    def arrays(self) -> NDArray[Any]:
        """The inputs as one array. Raises HwsimError for events, which are binned first."""
        if isinstance(self.inputs, Events):
            raise HwsimError("events are no array: bin them with inputs.frames(timesteps)")
        return self.inputs


@dataclass(frozen=True, eq=False)
class Dataset:
    """``shape`` is of one sample: (C, H, W) of images and events, (T, C) of series, (C,) of flat events."""

    name: str
    kind: Kind
    train: Split
    test: Split
    classes: int
    shape: tuple[int, ...]
    source: str
    license: str
    note: str

    def verify(self, where: str = "") -> None:
        """Raises HwsimError naming the data set, and ``where`` its files are, if its arrays disagree."""
        name = f"{self.name} ({where})" if where else self.name
        for which, split in (("train", self.train), ("test", self.test)):
            if len(split) == 0:
                raise HwsimError(f"{name}: the {which} split has no samples")
            if len(split.inputs) != len(split.labels):
                raise HwsimError(
                    f"{name}: {which} has {len(split.inputs)} samples and {len(split.labels)} labels"
                )
            if split.inputs.shape[1:] != self.shape:
                raise HwsimError(f"{name}: samples of {which} are {split.inputs.shape[1:]}, not {self.shape}")
            expected = f"expected one a {'step' if self.kind == 'steps' else 'sample'}"
            if (split.labels.ndim == 2) != (self.kind == "steps"):
                raise HwsimError(f"{name}: labels of {which} are {split.labels.shape}; {expected}")
            low, high = int(split.labels.min()), int(split.labels.max())
            least = IGNORED if self.kind == "steps" else 0
            if low < least or high >= self.classes:
                raise HwsimError(
                    f"{name}: labels of {which} span {low} to {high}; "
                    f"allowed are {least} to {self.classes - 1}"
                )
