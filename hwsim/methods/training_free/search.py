"""Score random cells of SNASNet on untrained networks, into a directory that can be gone on with."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError
from torch import Tensor, nn

from hwsim.configuration import Configured, describe, save_yaml
from hwsim.datasets import Dataset, load_dataset
from hwsim.errors import HwsimError
from hwsim.frontends.loading import open_model
from hwsim.methods.run_directory import alone, check_same, write_metrics
from hwsim.methods.train_data import Feed
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.training_free.cells import Edges, random_cells, text_of
from hwsim.methods.training_free.score import scores
from hwsim.storage import is_file

SPEC, SCORES = "search.yaml", "scores.jsonl"
MODEL = "snasnet/search"

KEPT_EVERY = 50
"""Cells after which the scores are written."""

Progress = Callable[[str, int, int], None]


class SearchSpec(Configured):
    """Which cells are scored and how.

    ``cells`` random ones of ``edges`` (forward alone, or both); the best has the highest score of ``kernel``.
    A network has ``channels`` and a hidden layer of ``inner`` neurons, and weights of the same ``seed``
    whatever the cell; it sees ``batches`` of ``batch`` training images for ``timesteps``.
    Source: SNASNet, Section 3 (5,000 cells, batches of 256, two of them, T = 5).
    """

    data: str = Field(min_length=1)
    data_directory: str | None = None
    cells: PositiveInt = 1000
    edges: Edges = "both"
    kernel: Literal["sahd", "hd"] = "sahd"
    channels: PositiveInt = 16
    inner: PositiveInt = 64
    batch: int = Field(default=64, ge=2)
    batches: PositiveInt = 2
    timesteps: PositiveInt = 5
    seed: NonNegativeInt = 0

    @staticmethod
    def of(values: Mapping[str, Any]) -> "SearchSpec":
        """From plain values. Raises HwsimError, a line for each field that is wrong."""
        try:
            return SearchSpec.model_validate(dict(values))
        except ValidationError as error:
            raise HwsimError(describe(error, SearchSpec, "search snasnet")) from None


@dataclass(frozen=True)
class Scored:
    """The cell of a ``number`` as ``--set matrix=`` takes it, and its scores; ``parameters`` of its network.

    A score of None is minus infinity: some samples are answered alike.
    """

    number: int
    cell: str
    sahd: float | None
    hd: float | None
    parameters: int

    def score(self, kernel: str) -> float:
        found = self.sahd if kernel == "sahd" else self.hd
        return -np.inf if found is None else found


def search(
    spec: SearchSpec,
    directory: Path,
    workers: int = 1,
    progress: Progress = lambda _stage, _done, _total: None,
) -> list[Scored]:
    """All cells by falling score, of equal ones the first drawn. What ``directory`` has is not scored again.

    The result does not depend on ``workers`` (processes of one thread each), nor on interruptions. Raises
    HwsimError for a directory of another search, a damaged one, and data that are no images.
    """
    check_same(directory, SPEC, spec, "search", has_begun=is_file(directory / SCORES))
    batches(spec)
    save_yaml(directory / SPEC, spec)
    with alone(directory):
        done = {one.number: one for one in _kept(directory, spec)}
        left = [n for n in range(spec.cells) if n not in done]
        progress("cells", len(done), spec.cells)
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            waiting = [
                pool.submit(scored, spec, left[i : i + KEPT_EVERY]) for i in range(0, len(left), KEPT_EVERY)
            ]
            try:
                for part in as_completed(waiting):
                    done |= {one.number: one for one in part.result()}
                    write_metrics(directory / SCORES, [asdict(done[n]) for n in sorted(done)])
                    progress("cells", len(done), spec.cells)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return sorted(done.values(), key=lambda one: (-one.score(spec.kernel), one.number))


def scored(spec: SearchSpec, numbers: list[int]) -> list[Scored]:
    """The cells of these numbers, in one thread."""
    torch.set_num_threads(1)
    images, fit = batches(spec)
    found = []
    for number in numbers:
        (cell,) = random_cells(spec.seed, number + 1, spec.edges, first=number)
        settings = [f"matrix={text_of(cell)}", f"channels={spec.channels}", f"inner={spec.inner}"]
        model = open_model(MODEL, None, settings, trained=False, fit=fit, seed=spec.seed).model
        assert isinstance(model, nn.Module)
        torch.manual_seed(spec.seed)
        told = scores(model, images, spec.timesteps)
        known = {name: value if np.isfinite(value) else None for name, value in told.items()}
        parameters = sum(p.numel() for p in model.parameters())
        found.append(Scored(number, text_of(cell), known["sahd"], known["hd"], parameters))
    return found


@cache
def batches(spec: SearchSpec) -> tuple[list[Tensor], dict[str, Any]]:
    """The images (B, C, H, W) of each batch, scaled as a training does, and what builders take of the data.

    Raises HwsimError for data that are no images and for too few of them.
    """
    data: Dataset = load_dataset(spec.data, Path(spec.data_directory) if spec.data_directory else None)
    if data.kind != "images":
        raise HwsimError(f"{spec.data}: is of {data.kind}; cells are scored on images")
    count = spec.batch * spec.batches
    if count > len(data.train):
        raise HwsimError(f"{spec.data}: {len(data.train)} training images; {count} are asked for")
    feed = Feed.of(data, TrainSpec.of({"model": MODEL, "data": spec.data}), spec.timesteps)
    rng = np.random.default_rng(spec.seed)
    order = rng.permutation(len(data.train))[:count].reshape(spec.batches, spec.batch)
    return [feed.batch(data.train.take(part), rng)[0] for part in order], feed.fit()


def _kept(directory: Path, spec: SearchSpec) -> list[Scored]:
    """What was scored before. Raises HwsimError for a damaged file."""
    path = directory / SCORES
    if not is_file(path):
        return []
    try:
        found = [Scored(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    except (ValueError, TypeError) as error:
        raise HwsimError(f"{path}: is damaged ({error}); delete it to score all cells again") from None
    if any(not 0 <= one.number < spec.cells for one in found):
        raise HwsimError(f"{path}: has cells of another search; delete it to score all cells again")
    return found
