"""Tables of a result for spreadsheets."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from hwsim.cost import COMPONENTS, WHOLE
from hwsim.ledger import ACTIONS

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would take as a formula."""

PLAIN = (
    "name", "kind", "neurons", "weights", "dense_macs", "events", "rate", "cycles", "utilization",
    "dram_bytes",
)  # fmt: skip


def text_of(rows: Iterable[Iterable[Any]]) -> str:
    """Rows as CSV; a text that a spreadsheet would compute gets an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _components(values: dict[str, Any]) -> list[str]:
    """All components, and under a table of a whole chip its synaptic operations."""
    return [*COMPONENTS, *([WHOLE] if WHOLE in values["energy_pj"] else [])]


def layer_rows(values: dict[str, Any]) -> list[dict[str, Any]]:
    """A dictionary a layer of result.json: shape, events, cycles, DRAM bytes, energies (pJ), all counts."""
    return [
        {
            **{name: layer[name] for name in PLAIN},
            "shape": "x".join(map(str, layer["shape"])),
            **{f"{c}_pj": layer["energy_pj"].get(c, 0.0) for c in _components(values)},
            **{a: layer["counts"].get(a, 0) for a in ACTIONS},
        }
        for layer in values["layers"]
    ]


def layers_csv(values: dict[str, Any]) -> str:
    """One row a layer (:func:`layer_rows`)."""
    head = [*PLAIN, "shape", *(f"{c}_pj" for c in _components(values)), *ACTIONS]
    return text_of([head, *(row.values() for row in layer_rows(values))])


def components_csv(values: dict[str, Any]) -> str:
    """One row a component of result.json: energy of all samples, of one, of the ANN (pJ); area."""
    ann = values["ann"]
    rows: list[list[Any]] = [
        ["component", "energy_pj", "energy_pj_per_inference", "ann_energy_pj", "area_um2"]
    ]
    for name in _components(values):
        spent = values["energy_pj"].get(name, 0.0)
        theirs = ann["energy_pj_by_component"].get(name, 0.0) if ann else ""
        rows.append([name, spent, spent / values["samples"], theirs, values["area_um2"].get(name, "")])
    return text_of(rows)


def core_rows(values: dict[str, Any]) -> list[dict[str, Any]]:
    """A dictionary a core in use of chip.json: place, populations and counts, sums over samples."""
    return [
        {name: "; ".join(value) if isinstance(value, list) else value for name, value in core.items()}
        for core in values["cores"]
    ]


def cores_csv(values: dict[str, Any]) -> str:
    """One row a core (:func:`core_rows`)."""
    rows = core_rows(values)
    head = list(rows[0]) if rows else []
    return text_of([head, *([row.get(name, "") for name in head] for row in rows)])


def prices_csv(values: dict[str, Any]) -> str:
    """One row a component and row of prices of chip.json: energy of all samples and of a tick (pJ)."""
    ticks = values["samples"] * values["ticks"]
    rows: list[list[Any]] = [["prices", "component", "energy_pj", "energy_pj_per_tick"]]
    for row in values["energy"]:
        rows += [[row["prices"], name, spent, spent / ticks] for name, spent in row["energy_pj"].items()]
    return text_of(rows)
