"""One cell of a search: its untrained network, its scores, and the network as a chip would run it.

What is asked of a cell is a function of plain arguments (:mod:`hwsim.tasks`): the cell, how its network is
made and seen, and the images by content.
"""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.datasets import Dataset, load_dataset
from hwsim.errors import HwsimError
from hwsim.frontends.capture import structure
from hwsim.frontends.loading import open_model
from hwsim.methods.train_data import Feed
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.training_free.score import scores
from hwsim.network import Network
from hwsim.nn import reset_states

MODEL = "snasnet/search"


def score(
    cell: str, channels: int, inner: int, batch: int, batches: int, timesteps: int, seed: int, images: str,
    data: str, directory: str | None,
) -> dict[str, float | int | None]:  # fmt: skip
    """Scores of a cell by kernel, None for minus infinity, and the parameters of its network.

    ``images``: digest of the training split of ``data``, which lies in ``directory``. Raises HwsimError for
    other data than those.
    """
    torch.set_num_threads(1)
    taken, fit = batches_of(data, directory, images, batch, batches, seed)
    model = untrained(cell, channels, inner, seed, fit)
    torch.manual_seed(seed)
    found = scores(model, taken, timesteps)
    told = {name: value if np.isfinite(value) else None for name, value in found.items()}
    return told | {"parameters": sum(p.numel() for p in model.parameters())}


def untrained(cell: str, channels: int, inner: int, seed: int, fit: dict[str, Any]) -> nn.Module:
    """The network of a cell with the random weights of a seed."""
    settings = [f"matrix={cell}", f"channels={channels}", f"inner={inner}"]
    model = open_model(MODEL, None, settings, trained=False, fit=fit, seed=seed).model
    assert isinstance(model, nn.Module)
    return model


@torch.no_grad()
def as_scored(
    cell: str, channels: int, inner: int, batch: int, batches: int, timesteps: int, seed: int, images: str,
    data: str, directory: str | None,
) -> tuple[Network, NDArray[np.float32]]:  # fmt: skip
    """The untrained network of a cell as a chip runs it, and the first batch (B, C, H, W), which it runs on.

    Its normalizations have the statistics of that batch, of all steps together, in place of those of each
    step that they had while it was scored. Raises HwsimError as :func:`score`.
    """
    torch.set_num_threads(1)
    taken, fit = batches_of(data, directory, images, batch, batches, seed)
    model = untrained(cell, channels, inner, seed, fit)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    torch.manual_seed(seed)
    model.train()
    for _ in range(timesteps):
        model(taken[0])
    reset_states(model.eval())
    inputs: NDArray[np.float32] = taken[0].numpy()
    return structure(model, inputs[:1], timesteps, cell), inputs


@cache
def batches_of(
    data: str, directory: str | None, images: str, batch: int, batches: int, seed: int
) -> tuple[list[Tensor], dict[str, Any]]:
    """The images (B, C, H, W) of each batch, scaled as a training does, and what builders take of the data.

    Raises HwsimError for other data than those of the digest ``images``, for data that are no images and for
    too few of them.
    """
    loaded = load(data, directory)
    if loaded.train.digest() != images:
        raise HwsimError(f"{data}: is not what this search began with; begin in another directory")
    count = batch * batches
    if count > len(loaded.train):
        raise HwsimError(f"{data}: {len(loaded.train)} training images; {count} are asked for")
    feed = Feed.of(loaded, TrainSpec.of({"model": MODEL, "data": data}), None)
    rng = np.random.default_rng(seed)
    order: NDArray[np.int64] = rng.permutation(len(loaded.train))[:count].reshape(batches, batch)
    return [feed.batch(loaded.train.take(part), rng)[0] for part in order], feed.fit()


@cache
def load(data: str, directory: str | None) -> Dataset:
    """Raises HwsimError for data that are no images."""
    found = load_dataset(data, Path(directory) if directory else None)
    if found.kind != "images":
        raise HwsimError(f"{data}: is of {found.kind}; cells are scored on images")
    return found
