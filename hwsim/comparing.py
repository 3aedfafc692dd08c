"""``hwsim compare``: its lists of options, and what it prints and writes."""

import json
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hwsim import commands
from hwsim.area import parse_own
from hwsim.comparison import Executed, Row, compare, rows_csv
from hwsim.configuration import shown
from hwsim.cost import CostTable, load_table
from hwsim.delivery import progress_bars, say, tell, write_together
from hwsim.errors import HwsimError
from hwsim.execute.executor import encode, execute
from hwsim.frontends.loading import Opened
from hwsim.hardware import Hardware
from hwsim.mapping import MOST_SAMPLES, Mapping
from hwsim.methods.lif_sharing import Sharing, parse_sharing, share
from hwsim.pipeline import Workload
from hwsim.report import console
from hwsim.storage import write_text


@dataclass(frozen=True)
class Asked:
    """What is to be combined; everything is read and checked before the model is opened."""

    sharings: list[Sharing]
    chips: list[Hardware]
    mappings: list[Mapping]
    tables: list[CostTable]
    own_areas: dict[str, float] | None = None

    @staticmethod
    def of(
        sharing: str,
        hardware: str,
        schedule: str | None,
        batch: str | None,
        table: str,
        mapping: Path | None,
        dram: str | None,
        area: str | None = None,
    ) -> "Asked":
        """From texts with commas. Raises HwsimError for what none of them can be."""
        of_chips, of_tables = _parts("hardware", hardware), _parts("table", table)
        chips = [commands.chip(name, None, dram) for name in of_chips]
        prices = [load_table(name) for name in of_tables]
        _distinct("hardware", of_chips, [chip.name for chip in chips])
        _distinct("table", of_tables, [price.name for price in prices])
        for name, chip in zip(of_chips, chips, strict=True):
            for price in prices:
                commands.check_priced(price, chip, name)
        schedules: list[str | None] = [*_parts("schedule", schedule)] if schedule else [None]
        batches = [_count(part) for part in _parts("batch", batch)] if batch else [None]
        mappings = [
            commands.mapping(mapping, {"schedule": s, "batch": b}) for s in schedules for b in batches
        ]
        sharings = [parse_sharing(part) for part in _parts("sharing", sharing)]
        return Asked(sharings, chips, mappings, prices, parse_own(area) if area else None)

    @property
    def largest(self) -> int:
        """The largest mini-batch."""
        return max(mapping.batch for mapping in self.mappings)


def run(work: Workload, opened: Opened, asked: Asked) -> list[Row]:
    """Execute the model once per sharing, then simulate every chip and mapping.

    Raises HwsimError if there are fewer samples than a mini-batch asks for.
    """
    work.check_batch(asked.largest)
    with progress_bars() as progress:
        variants = []
        for sharing in asked.sharings:
            network = share(work.network, sharing, opened.sharing)
            encoded = encode(network, work.inputs)
            trace = execute(network, encoded, partial(progress, f"execute {sharing}"))
            variants.append(Executed(str(sharing), network, trace))
        simulated = partial(progress, "simulate")
        return compare(variants, asked.chips, asked.mappings, asked.tables, simulated, asked.own_areas)


def deliver(rows: list[Row], origin: dict[str, Any], output: Path | None, as_json: bool) -> None:
    """Print the table or the JSON; write compare.json, compare.csv and dram.png if a directory is given."""
    values: dict[str, Any] = {"rows": [row.as_dict() for row in rows], "provenance": origin}
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
    else:
        console.show_comparison(values["rows"], console.terminal())
    if output is None:
        return
    from hwsim.report import comparison

    def make(directory: Path) -> dict[str, Path]:
        paths = {name: directory / f"compare.{name}" for name in ("json", "csv")}
        write_text(paths["json"], json.dumps(values, indent=1, allow_nan=False) + "\n")
        write_text(paths["csv"], rows_csv(values["rows"]))
        return paths | comparison.draw(values["rows"], directory)

    tell(write_together(output, make), as_json)


def _parts(option: str, text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise HwsimError(f"--{option} {text!r}: an empty part; separate values by single commas")
    if twice := {part for part in parts if parts.count(part) > 1}:
        raise HwsimError(f"--{option} {text!r}: {sorted(twice)[0]!r} is there twice")
    return parts


def _distinct(option: str, parts: list[str], names: list[str]) -> None:
    """Raises HwsimError for two files of one name, which no row could tell apart."""
    first: dict[str, str] = {}
    for part, name in zip(parts, names, strict=True):
        if name in first:
            raise HwsimError(f"--{option}: {first[name]} and {part} are both named {name!r}; rename one")
        first[name] = part


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_SAMPLES:
        raise HwsimError(
            f"--batch {shown(text)}: a mini-batch is a whole number of samples, 1 to {MOST_SAMPLES}"
        )
    return int(text)
