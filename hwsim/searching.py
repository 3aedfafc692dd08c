"""What ``hwsim search`` does: search into a directory, show the best that was found."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import hwsim
from hwsim import cell_costs
from hwsim.cell_costs import Costed, CostSpec
from hwsim.computing import computing
from hwsim.delivery import interruptible, progress_bars, say, tell, write_together
from hwsim.methods.run_directory import as_path, check_own
from hwsim.methods.training_free.candidate import MODEL
from hwsim.methods.training_free.search import SPEC, SearchSpec, search
from hwsim.report import cells_console, cells_page, console
from hwsim.report.csv_files import text_of
from hwsim.storage import write_text

TOLD, TABLE, PAGE = "search.json", "search.csv", "search.html"


def snasnet(
    values: Mapping[str, Any],
    costs: Mapping[str, Any],
    output: Path,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Score cells as the ``values`` of a SearchSpec say, and what they cost as the ``costs`` of a CostSpec
    say (none: nothing is simulated), those that are None left out; show the best.

    Ctrl-C ends with status 130 and says how to go on. Raises HwsimError for a directory that holds something
    else than a search.
    """
    spec = SearchSpec.of({name: value for name, value in values.items() if value is not None})
    given = {name: value for name, value in costs.items() if value is not None}
    asked = CostSpec(**given) if given else None
    if asked is not None:
        cell_costs.check(spec, asked)
    check_own(output, SPEC, "search")
    with (
        interruptible(f"the same command goes on from what is in {output}"),
        progress_bars() as progress,
        computing(workers, scheduler) as compute,
    ):
        scored = search(spec, output, compute, progress)
        cells = [Costed(one) for one in scored]
        if asked is not None:
            cells = cell_costs.costed(spec, asked, scored, output, compute, progress)
    found = described(spec, asked, cells, output)
    paths = write_together(output, lambda directory: _write(found, directory))
    if "page" not in paths:
        (output / PAGE).unlink(missing_ok=True)
    if as_json:
        say(json.dumps(found, indent=1, allow_nan=False))
        return
    cells_console.show(found, console.terminal())
    tell(paths, as_json)
    say(f"next: {found['next']}")


def described(spec: SearchSpec, asked: CostSpec | None, cells: list[Costed], output: Path) -> dict[str, Any]:
    """The search as JSON values: cells by falling score, ``next`` the command that trains the first."""
    told = [
        asdict(one.scored)
        | {"costs": dict(one.costs), "refused": one.refused, "front": one.front,
           "train": _train(spec, one.scored.cell, output)}
        for one in cells
    ]  # fmt: skip
    cost = None
    if asked is not None:
        names = cell_costs.opened(asked.hardware, asked.table)
        cost = asdict(asked) | {"chip": names.chip.name}
    return {
        "spec": spec.model_dump(mode="json"),
        "cost": cost,
        "cells": told,
        "next": told[0]["train"],
        "hwsim": hwsim.__version__,
    }


def _train(spec: SearchSpec, cell: str, output: Path) -> str:
    settings = {"matrix": cell, "channels": spec.channels, "inner": spec.inner}
    given = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    given += ["--data", spec.data]
    if spec.data_directory is not None:
        given += ["--data-dir", spec.data_directory]
    given += ["--timesteps", str(spec.timesteps), "-o", f"{as_path(output)}-{cell.replace(',', '-')}"]
    return shlex.join(["hwsim", "train", MODEL, *given])


def _write(found: dict[str, Any], directory: Path) -> dict[str, Path]:
    paths = {"search": directory / TOLD, "table": directory / TABLE}
    write_text(paths["search"], json.dumps(found, indent=1, allow_nan=False) + "\n")
    write_text(paths["table"], text_of(_rows(found)))
    if found["cost"] is not None:
        paths["page"] = cells_page.write(found, directory / PAGE)
    return paths


def _rows(found: dict[str, Any]) -> list[list[Any]]:
    """A head, and a row a cell; what is not known is empty."""
    costs = list(dict.fromkeys(name for one in found["cells"] for name in one["costs"]))
    plain = ("number", "cell", "sahd", "hd", "parameters")
    head = [*plain, *costs, *(["front"] if found["cost"] else [])]
    rows = [
        [one[name] for name in plain]
        + [one["costs"].get(name) for name in costs]
        + ([int(one["front"])] if found["cost"] else [])
        for one in found["cells"]
    ]
    return [head, *(["" if value is None else value for value in row] for row in rows)]
