"""A trained supernet: its space, and paths of it with the weights that they inherit."""

import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from hwsim.datasets import Split, load_dataset
from hwsim.errors import HwsimError
from hwsim.methods.run_directory import digest_of
from hwsim.methods.train import finished
from hwsim.methods.train_data import Feed
from hwsim.methods.train_model import WEIGHTS, build, load_weights
from hwsim.methods.train_spec import TrainSpec
from hwsim.nn import choices, fixed, unroll
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
        """Of the weights, how they were trained, and all training images."""
        spec = self.spec.model_dump(exclude={"data", "data_directory", "initial", "device"})
        meta = {"spec": spec, "weights": digest_of(self.directory / WEIGHTS)}
        return content_id("supernet", meta | {"train": self.feed.data.train.digest()})

    @property
    def options(self) -> tuple[tuple[str, ...], ...]:
        """Of each choice."""
        return tuple(tuple(choice.options) for choice in choices(self.model).values())

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

    def on_path(self, path: tuple[str, ...], calibration: int) -> nn.Module:
        """The network of a path in eval mode; batch statistics are means over the first ``calibration``
        training images, PART at a time.

        Those of the supernet are of all paths together and fit none (AutoSNN inherits them with the weights;
        single-path one-shot search recomputes them). Raises ValueError for a path that it has not.
        """
        model = fixed(copy.deepcopy(self.model), path)
        norms = [module for module in model.modules() if isinstance(module, _BatchNorm)]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        model.train()
        images = self.feed.train.take(slice(calibration))
        with torch.no_grad():
            for start in range(0, len(images), PART):
                self._answers(model, images.take(slice(start, start + PART)))
        return model.eval()

    @torch.no_grad()
    def accuracy(self, model: nn.Module, split: Split) -> float:
        """Share of right answers."""
        right = 0
        for start in range(0, len(split), PART):
            part = split.take(slice(start, start + PART))
            right += int((self._answers(model, part).argmax(1) == torch.from_numpy(part.labels)).sum())
        return right / len(split)

    def inputs(self, split: Split) -> NDArray[Any]:
        """As a captured network takes them: (samples, ...), or (samples, timesteps, ...)."""
        values = self._batch(split).numpy()
        return values if self.feed.coding == "frames" else np.ascontiguousarray(values.swapaxes(0, 1))

    def _batch(self, split: Split) -> Tensor:
        return self.feed.batch(split, np.random.default_rng(self.spec.seed))[0]

    def _answers(self, model: nn.Module, part: Split) -> Tensor:
        shown = self.feed.timesteps if self.feed.coding == "frames" else None
        return unroll(model, self._batch(part), shown, normalization=self.spec.normalized).mean(0)
