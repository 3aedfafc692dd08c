"""Score random cells of SNASNet on untrained networks: a task a cell, in a directory that is resumed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, NonNegativeInt, PositiveInt, ValidationError

from hwsim.configuration import Configured, describe, save_yaml
from hwsim.errors import HwsimError
from hwsim.methods.run_directory import alone, check_same
from hwsim.methods.training_free import candidate
from hwsim.methods.training_free.cells import Edges, random_cells, text_of
from hwsim.storage import is_file
from hwsim.task_store import TaskStore
from hwsim.tasks import Compute, Task, here, whole_path

SPEC, TASKS = "search.yaml", "tasks.jsonl"

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

    @property
    def network(self) -> dict[str, Any]:
        """What is the same of all its cells, of the arguments of a task."""
        names = ("channels", "inner", "batch", "batches", "timesteps", "seed")
        return {name: getattr(self, name) for name in names} | {"images": self.images}

    @property
    def places(self) -> dict[str, Any]:
        """Where the images lie."""
        directory = self.data_directory
        return {"data": whole_path(self.data), "directory": directory and str(Path(directory).resolve())}

    @property
    def images(self) -> str:
        """Digest of the training split. Raises HwsimError for data that are no images."""
        return candidate.load(self.data, self.data_directory).train.digest()


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
    compute: Compute = here,
    progress: Progress = lambda _stage, _done, _total: None,
) -> list[Scored]:
    """All cells by falling score, of equal ones the first drawn. What ``directory`` has is not scored again.

    The result depends on neither who computes nor interruptions. Raises HwsimError for a directory of another
    search, a damaged one, and data that are no images.
    """
    candidate.batches_of(spec.data, spec.data_directory, spec.images, spec.batch, spec.batches, spec.seed)
    cells, network = [text_of(cell) for cell in random_cells(spec.seed, spec.cells, spec.edges)], spec.network
    tasks = {cell: Task(candidate.score, {"cell": cell} | network, spec.places) for cell in cells}
    directory.mkdir(parents=True, exist_ok=True)
    with alone(directory):
        check_same(directory, SPEC, spec, "search", has_begun=is_file(directory / TASKS))
        save_yaml(directory / SPEC, spec)
        store = TaskStore(directory / TASKS)
        found = values_of(store, list(tasks.values()), compute, progress, "cells")
    scored = [Scored(n, cell, **found[tasks[cell].id]) for n, cell in enumerate(cells)]
    return sorted(scored, key=lambda one: (-one.score(spec.kernel), one.number))


def values_of(
    store: TaskStore, tasks: list[Task], compute: Compute, progress: Progress, stage: str
) -> dict[str, Any]:
    """What came of each task, by its id. Raises HwsimError where a task ended with an error."""
    found: dict[str, Any] = {}
    progress(stage, 0, len(tasks))
    for one in store.compute(tasks, compute):
        if one.error is not None:
            raise HwsimError(one.error)
        found[one.id] = one.value
        progress(stage, len(found), len(tasks))
    return found
