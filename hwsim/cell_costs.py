"""What the cells of a search cost on a chip, by the simulator, and which no other beats in score and cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hwsim.costing import OnChip
from hwsim.errors import HwsimError
from hwsim.methods.run_directory import alone
from hwsim.methods.training_free import candidate
from hwsim.methods.training_free.search import TASKS, Progress, Scored, SearchSpec
from hwsim.pareto import non_dominated
from hwsim.reuse import Reuse
from hwsim.task_store import TaskStore
from hwsim.tasks import Compute, Task, here, whole_path


@dataclass(frozen=True)
class CostSpec:
    """Which ``cost`` on which chip is weighed against the score: of the ``costed`` cells with the highest
    scores (None: of all), mean of the first ``samples`` images of the first batch that is scored."""

    cost: str = "energy_pj"
    hardware: str = "sata"
    table: str | None = None
    samples: int = 1
    costed: int | None = None


@dataclass(frozen=True)
class Costed:
    """A scored cell, its ``costs`` of a sample by name (empty: not asked for, or ``refused`` by the chip),
    and whether it is of the ``front``: no other has a higher score at a lower cost."""

    scored: Scored
    costs: Mapping[str, float] = field(default_factory=dict)
    refused: str | None = None
    front: bool = False


def costs_of(
    cell: str, channels: int, inner: int, batch: int, batches: int, timesteps: int, seed: int, images: str,
    samples: int, chip: str, prices: str, *, data: str, directory: str | None, hardware: str,
    table: str | None,
) -> dict[str, float]:  # fmt: skip
    """Every cost of a cell's untrained network on a chip, of a sample.

    ``chip`` and ``prices`` are what ``hardware`` and ``table`` name, by content. Raises HwsimError for cells
    that do not fit the chip, and where a name stands for something else by now.
    """
    on = opened(hardware, table)
    if contents(on) != {"chip": chip, "prices": prices}:
        raise HwsimError(f"{hardware} or its prices changed since this search was asked for")
    network, inputs = candidate.as_scored(
        cell, channels, inner, batch, batches, timesteps, seed, images, data, directory
    )
    return on.of_network(network, inputs[:samples], known())


@cache
def opened(hardware: str, table: str | None) -> OnChip:
    """The chip. Raises HwsimError for what names none."""
    return OnChip.of(hardware, table)


@cache
def known() -> Reuse:
    """What this process knows of layers that it simulated before."""
    return Reuse()


def contents(on: OnChip) -> dict[str, str]:
    rows = on.prices if isinstance(on.prices, tuple) else (on.prices,)
    return {"chip": on.chip.id, "prices": ",".join(row.id for row in rows)}


def check(spec: SearchSpec, asked: CostSpec) -> None:
    """Raises HwsimError for a cost that the chip has not and for more samples than a batch has."""
    opened(asked.hardware, asked.table).check(asked.cost)
    if not 1 <= asked.samples <= spec.batch:
        raise HwsimError(f"samples {asked.samples}: of the first batch, from 1 to {spec.batch}")
    if asked.costed is not None and asked.costed < 1:
        raise HwsimError(f"costed {asked.costed}: at least one cell")


def costed(
    spec: SearchSpec,
    asked: CostSpec,
    found: Sequence[Scored],
    directory: Path,
    compute: Compute = here,
    progress: Progress = lambda _stage, _done, _total: None,
) -> list[Costed]:
    """The cells as they are ``found``, with the costs of the best of them and the front.

    Costs are tasks of the same directory as the scores: neither who computes nor interruptions change them,
    and what is there is not simulated again. A cell that does not fit the chip has none.
    """
    on = opened(asked.hardware, asked.table)
    arguments = spec.network | contents(on) | {"samples": asked.samples}
    places = spec.places | {"hardware": whole_path(asked.hardware), "table": whole_path(asked.table)}
    cells = dict.fromkeys(one.cell for one in found[: asked.costed])
    tasks = {cell: Task(costs_of, {"cell": cell} | arguments, places) for cell in cells}
    done: dict[str, Any] = {}
    progress("costs", 0, len(tasks))
    with alone(directory):
        store = TaskStore(directory / TASKS)
        for one in store.compute(list(tasks.values()), compute):
            done[one.id] = one
            progress("costs", len(done), len(tasks))
    told = []
    for scored in found:
        of = done[tasks[scored.cell].id] if scored.cell in tasks else None
        told.append(Costed(scored, (of and of.value) or {}, of and of.error))
    return _with_front(told, spec.kernel, asked.cost)


def _with_front(found: list[Costed], kernel: str, cost: str) -> list[Costed]:
    """A cell whose score is minus infinity, and one without a cost, is not of it."""
    points = np.array([[-one.scored.score(kernel), one.costs.get(cost, np.nan)] for one in found])
    points[np.isinf(points)] = np.nan
    front = non_dominated(points)
    return [
        Costed(one.scored, one.costs, one.refused, bool(best)) for one, best in zip(found, front, strict=True)
    ]
