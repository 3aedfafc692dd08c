"""What a report holds, whatever form it takes: title, headline, tables and figures of a saved result."""

import json
from dataclasses import dataclass
from typing import Any

from hwsim.report import (
    area_tables,
    batches,
    chip_levels,
    chip_page,
    csv_files,
    memory,
    page,
    page_tables,
    sensitivity,
    standing,
)
from hwsim.report.claim import claim
from hwsim.report.headline import Tile
from hwsim.report.headline import tiles as headline
from hwsim.report.picture import Picture
from hwsim.report.plain import cleaned
from hwsim.report.saved import Saved
from hwsim.report.tables import Table, fields
from hwsim.storage import content_id

SCHEMA = 1
"""Version of report.json."""


@dataclass(frozen=True, eq=False)
class Contents:
    """``csv``: texts of CSV files by their names."""

    saved: Saved
    title: str
    lead: str
    tiles: list[Tile]
    tables: dict[str, Table]
    pictures: dict[str, Picture]
    notes: list[str]
    csv: dict[str, str]

    def html(self) -> str:
        render = page.render if self.saved.kind == "result" else chip_page.render
        return render(self.saved.values)

    def as_dict(self, files: dict[str, list[str]]) -> dict[str, Any]:
        """report.json (docs/report.md); ``files``: of every figure."""
        values = self.saved.values
        return {
            "schema": SCHEMA,
            "of": {
                "kind": self.saved.kind,
                "file": self.saved.path.name,
                "schema": values["schema"],
                "id": content_id("saved", values),
            },
            "title": self.title,
            "headline": [
                {"name": t.name, "value": t.value, "unit": t.unit, "text": t.text, "note": t.note}
                for t in self.tiles
            ],
            "notes": self.notes,
            "tables": {name: _table(table) for name, table in self.tables.items()},
            "figures": {
                name: {"title": p.title, "caption": p.caption, "files": files.get(name, [])}
                for name, p in self.pictures.items()
            },
            "compute_only": values.get("compute_only"),
            "sensitivity": values.get("sensitivity"),
            "provenance": values["provenance"],
        }

    def json(self, files: dict[str, list[str]]) -> str:
        return json.dumps(self.as_dict(files), indent=1, allow_nan=False) + "\n"


def contents(saved: Saved) -> Contents:
    """Everything of a report, from the saved values alone."""
    shown = cleaned(saved.values)
    return (_of_estimate if saved.kind == "result" else _of_chip)(saved, shown)


def _of_estimate(saved: Saved, shown: dict[str, Any]) -> Contents:
    model, chip = shown["model"], shown["hardware"]
    tables = {
        "spread": page_tables.spread(shown),
        "operations_alone": page_tables.operations_alone(shown),
        "layers": page_tables.layers(shown),
        "memory": memory.table(shown),
        "roofline": page_tables.intensities(shown),
        "components": page_tables.components(shown),
        "area": area_tables.by_source(shown.get("area")),
        "area_shared": area_tables.shared(shown.get("area")),
        "cycles": page_tables.causes(shown),
        "sensitivity": sensitivity.table(shown),
        "over_time": sensitivity.over_time(shown),
        "actions": page_tables.actions(shown),
        "agreement": page_tables.agreement(shown),
        "mapping": page_tables.choices(shown),
        "chip": fields("Fields of the chip", chip, ("name", "description", "sources"), chip["sources"]),
        "provenance": fields("Provenance", shown["provenance"]),
    }
    notes = [
        batches.counterpart(shown),
        *filter(None, [standing.sentence(shown.get("standing"), shown["samples"])]),
        *(f"{caveat}." for caveat in shown["caveats"]),
    ]
    if told := sensitivity.turns(shown):
        notes.append(f"{sensitivity.TURNS}: {told}.")
    if shown.get("sensitivity"):
        notes.append(claim(shown))
    if shown["unpriced"]:
        notes.insert(0, f"Not in the energy, without a constant: {', '.join(shown['unpriced'])}.")
    return Contents(
        saved,
        f"{model['name']} on {chip['name']}",
        f"{shown['samples']:,} samples of {model['timesteps']} timesteps, "
        f"schedule {shown['mapping']['schedule']}, energies from the table {shown['table']}. "
        "Means per inference, dynamic energy only.",
        headline(shown),
        {name: table for name, table in tables.items() if table is not None},
        page.pictures(shown),
        notes,
        {"layers.csv": csv_files.layers_csv(shown), "components.csv": csv_files.components_csv(shown)},
    )


def _of_chip(saved: Saved, shown: dict[str, Any]) -> Contents:
    model, chip = shown["model"], shown["chip"]
    skipped = ("name", "description", "sources", "network", "cores", "barrier")
    over_time = standing.sentence(shown["energy"][0].get("standing"), shown["samples"])
    notes = [text for text in (batches.counterpart_on_cores(shown), over_time) if text]
    notes += [f"{caveat}." for row in shown["energy"] for caveat in row["caveats"]]
    notes += [
        f"Not in the energy by {row['prices']}: {', '.join(row['unpriced'])}."
        for row in shown["energy"]
        if row["unpriced"]
    ]
    if told := sensitivity.turns(shown):
        notes.append(f"{sensitivity.TURNS}: {told}.")
    levels = chip_levels.of(shown)
    tables = {
        "energy": chip_page.energy(shown),
        "area": area_tables.by_source(shown.get("tile_area")),
        "layers": chip_levels.layers(levels) if levels else None,
        "memory": memory.table(levels) if levels else None,
        "roofline": page_tables.intensities(levels) if levels else None,
        "sensitivity": sensitivity.table(shown),
        "cores": chip_page.cores(shown, None),
        "chip": fields("Fields of the chip", chip, skipped, chip["sources"]),
        "provenance": fields("Provenance", shown["provenance"]),
    }
    return Contents(
        saved,
        f"{model['name']} on {chip['name']}",
        f"{shown['samples']:,} samples of {shown['ticks']} ticks on {shown['placement']['cores_used']:,} of "
        f"{chip['cores']:,} cores, barrier {chip['barrier']}, placement {shown['placement']['algorithm']}.",
        chip_page.tiles(shown),
        {name: table for name, table in tables.items() if table is not None},
        chip_page.pictures(shown),
        notes,
        {"cores.csv": csv_files.cores_csv(shown), "components.csv": csv_files.prices_csv(shown)},
    )


def _table(table: Table) -> dict[str, Any]:
    def row(cells: Any) -> list[dict[str, Any]]:
        return [{"text": cell.text, "value": cell.value} for cell in cells]

    return {
        "label": table.label,
        "columns": [{"name": head, "numeric": numeric} for head, numeric in table.heads],
        "rows": [row(cells) for cells in table.rows],
        "total": row(table.total) if table.total else None,
    }
