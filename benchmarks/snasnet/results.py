"""Lines of reports/snasnet's CSV files: what is done in out/snasnet, else what the files had before."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.csv_text import csv_text
from benchmarks.snasnet.__main__ import Searches
from benchmarks.snasnet.looked import CHIPS, looked
from benchmarks.snasnet.plan import FEEDBACK, SMALL, Run, bases, drawn, plan, with_feedback
from hwsim.methods.train import CARD
from hwsim.storage import is_dir, is_file, write_text

Row = dict[str, Any]
Rows = list[Row]

KEYS = {
    "trainings": ("name",),
    "cells": ("cell",),
    "networks": ("name", "place"),
    "activity": ("cell", "kind", "layer"),
    "scored": ("data", "edges", "number"),
    "speed": ("channels", "resolution", "batch"),
}
"""Files, and what tells their lines apart."""
TEXTS = {"name", "cell", "data", "edges", "kind", "layer", "place"}
"""Columns of texts, though some look like numbers."""
ACTIVE = 30
"""Cells whose activity is looked at."""
NOTHING = -1e9
"""In the place of a score of minus infinity."""


def best(rows: Rows) -> dict[tuple[str, Any, str], str]:
    """Best cell by data set, edges and kernel, of the lines of scored."""
    found: dict[tuple[str, Any, str], Row] = {}
    for row in rows:
        for kernel in ("sahd", "hd"):
            key = row["data"], row["edges"], kernel
            if key not in found or row[kernel] > found[key][kernel]:
                found[key] = row
    return {key: str(row["cell"]) for key, row in found.items()}


def scored_rows(searches: Searches) -> Rows:
    return [
        {"data": data, "edges": edges, "number": one.number, "cell": one.cell, "sahd": one.score("sahd"),
         "hd": one.score("hd"), "parameters": one.parameters}
        for (data, edges), cells in searches.items()
        for one in sorted(cells, key=lambda one: one.number)
    ]  # fmt: skip


def collected(store: Path, table: Path, scored: Rows, tell: Any) -> dict[str, Rows]:
    """Lines by file. ``store``: out/snasnet, where there is one; ``table``: the report's directory."""
    if not is_dir(store):
        return {name: read(table / f"{name}.csv") for name in KEYS}
    runs = [run for run in plan(best(scored)) if is_file(run.directory(store) / CARD)]
    with_costs = [(run, places(run)) for run in runs if places(run)]
    cells = [*drawn("both"), *(run.cell for run in runs if run.data == SMALL)]
    found = looked(store, cells, drawn("both"), drawn("both")[:ACTIVE], with_costs, runs, tell)
    new = {
        "scored": scored,
        "trainings": [
            training_row(run, store) | {"accuracy_each_step": found["each step"][run.name]} for run in runs
        ],
        "cells": [
            {"cell": cell, **_finite(found["score"][cell]),
             **_named("untrained", found["untrained"].get(cell, {})),
             **_named("untrained_event", found["untrained event"].get(cell, {}))}
            for cell in dict.fromkeys(cells)
        ],
        "networks": [
            {"name": name, "place": place, **one[place],
             **{k: one[k] for k in ("compared", "differences", "trusted", "kept_bits", "returned")}}
            for name, one in found["trained"].items()
            for place in CHIPS
            if place in one
        ],
        "activity": [{"cell": c, **row} for c, rows in found["activity"].items() for row in rows],
        "speed": [],
    }  # fmt: skip
    return {name: merged(read(table / f"{name}.csv"), new[name], KEYS[name]) for name in KEYS}


def places(run: Run) -> tuple[str, ...]:
    """Where a trained network is simulated: random cells on one tile of each kind, those with feedback added
    everywhere."""
    if run.data != SMALL or run.timesteps != 5 or run.seed != 0:
        return ()
    if run.cell in paired():
        return tuple(CHIPS)
    return ("tile", "event") if run.cell in drawn("both") else ()


def paired() -> list[str]:
    """Forward cells, and what became of them with feedback."""
    return [with_feedback(base, of) for base in bases() for of in ((), *FEEDBACK.values())]


def training_row(run: Run, store: Path) -> Row:
    card = json.loads((run.directory(store) / CARD).read_text(encoding="utf-8"))
    rates = list(card["spike_rates"].values())
    return {
        "name": run.name, "data": run.data, "cell": run.cell, "seed": run.seed, "timesteps": run.timesteps,
        "accuracy": card["test_accuracy"], "train_accuracy": card["train_accuracy"],
        "spike_rate": float(np.mean(rates)), "cpu_minutes": card["cpu_minutes"],
    }  # fmt: skip


def _finite(found: Mapping[str, Any]) -> Row:
    return {name: NOTHING if value is None else value for name, value in found.items()}


def _named(what: str, costs: Mapping[str, Any]) -> Row:
    return {f"{what}_{name}": value for name, value in costs.items()}


def merged(before: Rows, now: Rows, keys: Sequence[str]) -> Rows:
    """What is there now in the place of what was there before."""
    found = {tuple(row[key] for key in keys): row for row in (*before, *now)}
    return sorted(found.values(), key=lambda row: tuple(row[key] for key in keys))


def read(path: Path) -> Rows:
    if not is_file(path):
        return []
    lines = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return [{k: text if k in TEXTS else _value(text) for k, text in line.items()} for line in lines]


def _value(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def write(path: Path, rows: Iterable[Row]) -> None:
    rows = list(rows)
    head = list(dict.fromkeys(name for row in rows for name in row))
    told = [{name: f"{v:.8g}" if isinstance(v, float) else v for name, v in row.items()} for row in rows]
    write_text(path, csv_text(head, told))
