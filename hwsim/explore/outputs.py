"""What a sweep leaves beside its store: explore.json, tables, and the files of every point of the front."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hwsim import __version__
from hwsim.configuration import save_yaml
from hwsim.explore.importance import shares
from hwsim.explore.points import Base, Settings
from hwsim.explore.quantities import QUANTITIES
from hwsim.explore.space import Space
from hwsim.explore.sweep import Found, costs
from hwsim.pareto import non_dominated
from hwsim.report.csv_files import text_of
from hwsim.storage import write_text

SCHEMA = 1
TOLD, TABLE, COLUMNS, FRONT = "explore.json", "points.csv", "points.parquet", "front"


def described(
    space: Space, base: Base, found: Sequence[Found], objectives: list[str], run: dict[str, Any]
) -> dict[str, Any]:
    """A sweep as JSON values (docs/explore.md). ``run``: sampler, seed, budget and times."""
    front = non_dominated(np.array(costs(found, objectives), np.float64).reshape(len(found), -1))
    ordered = sorted(np.flatnonzero(front).tolist(), key=lambda i: (found[i].values or {})[objectives[0]])
    told = [one for one in found if one.values]
    return {
        "schema": SCHEMA,
        "hwsim": __version__,
        "description": space.description,
        "model": space.model,
        "samples": space.samples,
        "objectives": {name: QUANTITIES[name] for name in objectives},
        "parameters": {name: list(p.choices or (p.low, p.high)) for name, p in space.parameters.items()},
        "constraints": space.constraints,
        "run": run,
        "counts": {
            "asked": len(found),
            "evaluated": len(told),
            "within_constraints": sum(one.kept for one in found),
            "refused": sum(one.refused is not None for one in found),
            "failed": sum(one.failed is not None for one in found),
        },
        "front": ordered,
        "commands": {str(i): command(space, base, found[i].settings, f"{FRONT}/{i}") for i in ordered},
        "importance": {
            name: shares([o.point for o in told], [o.values[name] for o in told if o.values])
            for name in objectives
            if told and all(o.values[name] is not None for o in told if o.values)
        },
        "points": [
            {
                "id": one.id, "point": one.point, "values": one.values, "refused": one.refused,
                "failed": one.failed, "broken": one.broken, "seconds": one.seconds,
            }
            for one in found
        ],
    }  # fmt: skip


def write(directory: Path, base: Base, told: dict[str, Any], found: Sequence[Found]) -> dict[str, Path]:
    """explore.json, points.csv, points.parquet where pyarrow is installed, chip and mapping of each point of
    the front, and the page."""
    from hwsim.report import explore_page  # noqa: PLC0415 - pages only where they are written

    paths = {"result": directory / TOLD, "points": directory / TABLE, "page": directory / explore_page.NAME}
    write_text(paths["result"], json.dumps(told, indent=1, allow_nan=False) + "\n")
    rows = table(told)
    write_text(paths["points"], text_of(rows))
    if write_columns(directory / COLUMNS, rows):
        paths["columns"] = directory / COLUMNS
    for i in told["front"]:
        chip, mapping, _ = base.applied(found[i].settings)
        save_yaml(directory / FRONT / str(i) / "hardware.yaml", chip)
        save_yaml(directory / FRONT / str(i) / "mapping.yaml", mapping)
    write_text(paths["page"], explore_page.render(told))
    return paths


def table(told: dict[str, Any]) -> list[list[Any]]:
    """A head and a line a point: parameters, quantities, whether it is on the front, what went wrong."""
    names, front = list(told["parameters"]), set(told["front"])
    lines = [
        [
            one["id"], *(one["point"].get(name) for name in names),
            *((one["values"] or {}).get(name) for name in QUANTITIES), i in front,
            "; ".join(one["broken"]) or None, one["refused"], one["failed"], one["seconds"],
        ]
        for i, one in enumerate(told["points"])
    ]  # fmt: skip
    return [["id", *names, *QUANTITIES, "front", "broken", "refused", "failed", "seconds"], *lines]


def write_columns(path: Path, rows: list[list[Any]]) -> bool:
    """The same as Parquet; not where pyarrow is not installed. A parameter of values of several kinds is of
    texts."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        return False
    heads, *lines = rows
    columns = {}
    for name, *values in zip(heads, *lines, strict=True):
        kinds = {type(v) for v in values if v is not None}
        mixed = len(kinds) > 1 and kinds != {int, float}
        columns[name] = [None if v is None else str(v) for v in values] if mixed else values
    parquet.write_table(pa.table(columns), path)
    return True


def command(space: Space, base: Base, settings: Settings, files: str) -> str:
    """What gives the point's numbers again, from the folder of the sweep."""
    bits = settings.get("network.bits")
    parts = ["hwsim", "estimate" if bits is None else "compare"]
    parts += [str(settings.get("network.model", space.model)), "--samples", str(space.samples)]
    for option, value in (
        ("--weights", space.weights),
        ("--inputs", space.inputs),
        ("--timesteps", settings.get("network.timesteps", space.timesteps)),
        ("--sharing", settings.get("network.sharing")),
        ("--bits", bits),
    ):
        if value is not None:
            parts += [option, str(value)]
    parts += ["--hardware", f"{files}/hardware.yaml", "--mapping", f"{files}/mapping.yaml"]
    parts += ["--table", str(settings.get("table", base.table))]
    return shlex.join(parts)
