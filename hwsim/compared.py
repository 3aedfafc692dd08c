"""Comparison: rows side by side, how far each is from the first, and what the tables say of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hwsim
from hwsim.comparison import csv_rows
from hwsim.cost import CostTable, every_table
from hwsim.differences import differences, fronts
from hwsim.manycore.saved import AnyRow
from hwsim.storage import write_text
from hwsim.verdicts import verdicts

SCHEMA = 1


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """``values``: the JSON of compare.json, schema version 1 (docs/result.md)."""

    values: dict[str, Any]

    @staticmethod
    def of(
        rows: Sequence[AnyRow],
        left_out: dict[str, str],
        origins: list[dict[str, Any]],
        asked: Sequence[CostTable] = (),
    ) -> "Comparison":
        """``left_out``: chips that cannot hold the network, and why; ``origins``: where each model came from;
        ``asked``: tables beside those that ship."""
        found = [row.as_dict() for row in rows]
        judged = verdicts(rows, every_table(asked))
        for row, away, told in zip(found, differences(found), judged, strict=True):
            row |= {"difference": away, "sensitivity": told}
        provenance = {"hwsim": hwsim.__version__, "of": origins}
        return Comparison(
            {
                "schema": SCHEMA,
                "rows": found,
                "fronts": fronts(found),
                "left_out": left_out,
                "provenance": provenance,
            }
        )

    def rows(self) -> list[dict[str, Any]]:
        """A dictionary a row; totals are sums over its samples."""
        found: list[dict[str, Any]] = self.values["rows"]
        return found

    def as_dict(self) -> dict[str, Any]:
        return self.values

    def json(self) -> str:
        return json.dumps(self.values, indent=1, allow_nan=False)

    def __repr__(self) -> str:
        rows = self.rows()
        return f"<Comparison: {len(rows)} rows of {len({row['model'] for row in rows})} models>"

    def __str__(self) -> str:
        """The tables of the command line."""
        from hwsim.report import compare_console, console

        return console.text(lambda out: compare_console.show(self.values, out))

    def save(self, directory: Path) -> dict[str, Path]:
        """Write compare.json, compare.csv, compare.html and pictures; return their paths."""
        from hwsim.report import compare_page, comparison
        from hwsim.report.csv_files import text_of

        paths = {name: directory / f"compare.{name}" for name in ("json", "csv")}
        write_text(paths["json"], self.json() + "\n")
        write_text(paths["csv"], text_of(csv_rows(self.rows())))
        paths["page"] = compare_page.write(self.values, directory)
        return paths | comparison.draw(self.rows(), directory)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        from hwsim.report import compare_page

        return compare_page.fragment(self.values)
