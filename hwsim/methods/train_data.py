"""Batches of a data set as a training feeds them: augmented, scaled, coded as inputs of every timestep."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hwsim.datasets import Dataset, Events, Split
from hwsim.datasets.encoding import ENCODINGS
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.methods.augment import augment
from hwsim.methods.train_spec import TrainSpec
from hwsim.network import Coding

TIMESTEPS = 4
"""Of images and events, where neither the spec nor the model says how many."""


PART = 1000
"""Samples whose mean and deviation are computed at once."""


@dataclass(frozen=True, eq=False)
class Feed:
    """A data set fed for ``timesteps``; ``coding`` is what the network gets; ``mean`` and ``deviation`` are
    those of the training
    values, a channel each, which images at direct coding and series are scaled by."""

    data: Dataset
    train: Split
    test: Split
    spec: TrainSpec
    timesteps: int
    coding: Coding
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]

    @staticmethod
    def of(data: Dataset, spec: TrainSpec, timesteps: int | None) -> "Feed":
        """``timesteps``: the model's own, if the spec does not say. Raises HwsimError for a coding or
        augmentations that are not for data of this kind."""
        if data.kind == "steps":
            raise HwsimError(f"{data.name}: a label at every step; trained are data with one label a sample")
        if data.kind != "images":
            for option, given in (("coding", spec.coding != "direct"), ("augment", bool(spec.augment))):
                if given:
                    raise HwsimError(f"{option}: for images; {data.name} is of {data.kind}")
        steps = spec.timesteps or timesteps or TIMESTEPS
        if data.kind == "series":
            steps = data.shape[0]
            if spec.timesteps not in (None, steps):
                raise HwsimError(f"timesteps {spec.timesteps}: a sample of {data.name} has {steps}")
        coding: Coding = "frames"
        if data.kind == "series":
            coding = "spikes" if _binary(data.train.arrays) else "series"
        elif data.kind == "events" or spec.coding != "direct":
            coding = "spikes"
        train, test = data.train.take(slice(spec.train_samples)), data.test.take(slice(spec.test_samples))
        _warn_of_classes(data, "train", data.train, train)
        _warn_of_classes(data, "test", data.test, test)
        mean, deviation = _scale(train) if coding != "spikes" else _unscaled()
        return Feed(data, train, test, spec, steps, coding, mean, deviation)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one sample's input at one step."""
        return self.data.shape[1:] if self.data.kind == "series" else self.data.shape

    def fit(self) -> dict[str, Any]:
        """Parameters of builders that follow from the data."""
        fit: dict[str, Any] = {"classes": self.data.classes, "channels_in": self.shape[0]}
        if len(self.shape) == 3:
            return fit | {"resolution": self.shape[1]}
        return fit | {"inputs": self.shape[0]}

    def batch(
        self, split: Split, rng: np.random.Generator, augmentations: Sequence[str] = ()
    ) -> tuple[Tensor, Tensor]:
        """What the model gets, (B, *shape) of frames, else (T, B, *shape) float32, and the targets: labels
        (B,), after mixup or cutmix probabilities (B, classes). ``rng`` draws augmentations and the spikes of
        Poisson coding."""
        labels = torch.from_numpy(split.labels)
        if isinstance(split.inputs, Events):
            frames = split.inputs.frames(self.timesteps, binary=True)
            return torch.from_numpy(frames.astype(np.float32)), labels
        if self.data.kind == "series":
            return self._series(split), labels
        values = as_float(split.arrays)
        if augmentations:
            generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
            images = torch.from_numpy(values)
            images, labels = augment(images, labels, augmentations, generator, self.data.classes)
            values = images.numpy()
        if self.coding == "spikes":
            drawn = (rng,) if self.spec.coding == "poisson" else ()
            spikes = ENCODINGS[self.spec.coding](values, self.timesteps, *drawn)
            return torch.from_numpy(spikes.astype(np.float32)), labels
        return torch.from_numpy((values - self.mean) / self.deviation), labels

    def _series(self, split: Split) -> Tensor:
        """(T, B, C), 0 after the end of a series; spikes as they are, other values scaled."""
        values = (split.arrays.astype(np.float32) - self.mean) / self.deviation
        if split.lengths is not None:
            values[np.arange(self.timesteps) >= split.lengths[:, None]] = 0
        return torch.from_numpy(np.ascontiguousarray(values.swapaxes(0, 1)))


def _binary(values: NDArray[Any]) -> bool:
    return bool(((values == 0) | (values == 1)).all())


def _warn_of_classes(data: Dataset, which: str, whole: Split, taken: Split) -> None:
    """Warns (HwsimWarning) where the first samples lack classes that the split has."""
    found, of = len(np.unique(taken.labels)), len(np.unique(whole.labels))
    if found < of:
        warnings.warn(
            f"the first {len(taken)} {which} samples of {data.name} are of {found} of its {of} classes: the "
            f"split is sorted; take more --{which}-samples, or all",
            HwsimWarning,
            stacklevel=3,
        )


def as_float(values: NDArray[Any]) -> NDArray[np.float32]:
    """Pixels (uint8) as x / 255, anything else as it is."""
    return values.astype(np.float32) / np.float32(255 if values.dtype == np.uint8 else 1)


def _unscaled() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.zeros(1, np.float32), np.ones(1, np.float32)


def _scale(train: Split) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation of each channel, shaped to be broadcast: images (C, 1, 1), series (1, C).

    A channel that never changes has deviation 1. A part of the samples is in memory as float64 at a time.
    """
    values = train.arrays
    axes = (0, 2, 3) if values.ndim == 4 else (0, 1)
    parts = [values[i : i + PART] for i in range(0, len(values), PART)]
    count = values.size // values.shape[1 if values.ndim == 4 else 2]
    mean = sum(p.sum(axes, np.float64, keepdims=True)[0] for p in parts) / count
    squares = sum(np.square(p - mean).sum(axes, keepdims=True)[0] for p in parts)
    deviation = np.sqrt(squares / count)
    deviation[deviation == 0] = 1.0
    scale = 255 if values.ndim == 4 and values.dtype == np.uint8 else 1
    return (mean / scale).astype(np.float32), (deviation / scale).astype(np.float32)
