"""A trained supernet: its space, and paths of it with the weights that they inherit."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.datasets import Split, load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.run_directory import digest_of
from hwsim.methods.spike_aware.sections import can_be_cut
from hwsim.methods.train import finished
from hwsim.methods.train_data import Feed
from hwsim.methods.train_model import WEIGHTS, build, load_weights, sources_of
from hwsim.methods.train_spec import TrainSpec
from hwsim.nn import choices, unroll
from hwsim.storage import content_id

PART = 100
"""Images at once, in calibration those that one estimate of the statistics is of."""


@dataclass(frozen=True, eq=False)
class Supernet:
    """A finished training of a model with choices, and its data."""

    directory: Path
    spec: TrainSpec
    model: nn.Module
    feed: Feed

    @staticmethod
    def of(directory: Path) -> "Supernet":
        """Raises HwsimError for a training that is not done, one without choices, and data that are not the
        ones it was trained on."""
        trained = finished(directory)
        spec, card = trained.spec, trained.card
        data = load_dataset(spec.data, Path(spec.data_directory) if spec.data_directory else None)
        feed = Feed.of(data, spec, int(card["timesteps"]))
        model, _ = build(spec, feed.fit(), feed.shape, feed.coding)
        load_weights(model, directory / WEIGHTS)
        if not choices(model):
            raise HwsimError(f"{directory}: its model {spec.model} has no choices of layers: no supernet")
        return Supernet(directory, spec, model, feed)

    @cached_property
    def id(self) -> str:
        """Of the weights, how they were trained, the code of a model's file, and all training images."""
        spec = self.spec.model_dump(exclude={"data", "data_directory", "initial", "device"})
        meta = {"spec": spec, "weights": digest_of(self.directory / WEIGHTS)}
        if code := sources_of(self.spec):
            meta["code"] = code
        return content_id("supernet", meta | {"train": self.feed.data.train.digest()})

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Of each choice."""
        return tuple(tuple(choice.options) for choice in choices(self.model).values())

    @cached_property
    def in_sections(self) -> bool:
        """Whether its paths may be worked out section by section (:func:`can_be_cut`), on two images."""
        images = self.shown(self.feed.train.take(slice(2)))
        steps = self.feed.timesteps if self.feed.coding == "frames" else None

        def run(model: nn.Module) -> Tensor:
            with torch.no_grad():
                return unroll(model.eval(), images, steps, normalization=self.spec.normalized)

        return can_be_cut(self.model, run)

    def validation(self, count: int) -> Split:
        """Training images that it was not trained on. Raises HwsimError where there are fewer."""
        begin, whole = len(self.feed.train), len(self.feed.data.train)
        if begin + count > whole:
            raise HwsimError(
                f"{self.directory}: trained on {begin:,} of {whole:,} training images of {self.spec.data}; "
                f"{count:,} others are asked for. Train it with fewer --train-samples, or validate on fewer"
            )
        return self.feed.data.train.take(slice(begin, begin + count))

    def check_calibration(self, count: int) -> None:
        """Raises HwsimError where there are fewer training images."""
        if count > len(self.feed.train):
            raise HwsimError(
                f"calibration {count:,}: {self.directory} was trained on {len(self.feed.train):,} images"
            )

    def shown(self, images: Split) -> Tensor:
        """Images as PyTorch takes them: (samples, ...), or (timesteps, samples, ...)."""
        return self.feed.batch(images, np.random.default_rng(self.spec.seed))[0]

    def inputs(self, images: Split) -> NDArray[Any]:
        """As a captured network takes them: (samples, ...), or (samples, timesteps, ...)."""
        values = self.shown(images).numpy()
        return values if self.feed.coding == "frames" else np.ascontiguousarray(values.swapaxes(0, 1))
