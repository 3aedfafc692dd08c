"""``hwsim compare``: its lists of options, and what it prints and writes."""

import json
import re
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hwsim import commands
from hwsim.area import parse_own
from hwsim.chip.config import Chip
from hwsim.comparison import Executed, Row, compare, rows_csv
from hwsim.configuration import shown
from hwsim.cost import CostTable, load_table
from hwsim.delivery import progress_bars, say, tell, write_together
from hwsim.errors import HwsimError, HwsimWarning
from hwsim.execute.executor import encode, execute
from hwsim.frontends.loading import Opened
from hwsim.hardware import Hardware
from hwsim.lists import check_distinct, parts_of
from hwsim.manycore.asked import Asked as OnCores
from hwsim.manycore.asked import cores_alone, of_many, refuse
from hwsim.manycore.comparison import CoreRow, cut_for, rows_on
from hwsim.mapping import MOST_SAMPLES, Mapping
from hwsim.methods.lif_sharing import Sharing, parse_sharing, share
from hwsim.pipeline import Progress, Workload, silent
from hwsim.report import console
from hwsim.storage import write_text
from hwsim.workloads import WorkloadSpec


@dataclass(frozen=True)
class OneTile:
    """A chip whose one tile does everything, under each mapping, priced by each table."""

    hardware: Hardware
    mappings: list[Mapping]
    tables: list[CostTable]
    own_areas: dict[str, float] | None = None


@dataclass(frozen=True)
class Asked:
    """What is to be combined; everything is read and checked before the model is opened."""

    sharings: list[Sharing]
    chips: list[OneTile | OnCores]

    @staticmethod
    def of(
        sharing: str,
        hardware: str,
        schedule: str | None = None,
        batch: str | None = None,
        table: str | None = None,
        mapping: Path | None = None,
        dram: str | None = None,
        prices: str | None = None,
        one_tile: bool = False,
        area: str | None = None,
    ) -> "Asked":
        """From texts with commas. Raises HwsimError for what none of them can be, and for an option that one
        of the chips does not take; tables and prices are each of those that they are for."""
        of_chips = parts_of("hardware", hardware)
        of_tables = parts_of("table", commands.TABLE if table is None else table)
        tables = [load_table(name) for name in of_tables]
        check_distinct("table", of_tables, [row.name for row in tables])
        of_one_tile = {"schedule": schedule, "batch": batch, "dram": dram, "area": area}
        own_areas = parse_own(area) if area is not None else None
        found: list[OneTile | OnCores] = []
        schedules: list[str | None] = [*parts_of("schedule", schedule)] if schedule is not None else [None]
        batches = [_count(part) for part in parts_of("batch", batch)] if batch is not None else [None]
        for name in of_chips:
            if of_many(name, one_tile):
                found.append(OnCores.of(name, mapping, prices, of_tables, None, of_one_tile))
                continue
            chip = commands.chip(name, None, dram)
            for row in tables:
                commands.check_priced(row, chip, name)
            mappings = [
                commands.mapping(mapping, {"schedule": s, "batch": b}) for s in schedules for b in batches
            ]
            found.append(OneTile(chip, mappings, tables, own_areas))
        chips = [one.hardware if isinstance(one, OneTile) else one.chip for one in found]
        check_distinct("hardware", of_chips, [chip.name for chip in chips])
        sharings = [parse_sharing(part) for part in parts_of("sharing", sharing)]
        _check_taken(chips, table, prices)
        _check_shared(sharings, [one.chip.name for one in found if isinstance(one, OnCores)])
        return Asked(sharings, found)

    @property
    def largest(self) -> int:
        """The largest mini-batch."""
        tiles = [one for one in self.chips if isinstance(one, OneTile)]
        return max((mapping.batch for one in tiles for mapping in one.mappings), default=1)


def _check_taken(chips: list[Hardware | Chip], table: str | None, prices: str | None) -> None:
    """Raises HwsimError for tables and prices that no chip takes."""
    if not any(isinstance(chip, Hardware) for chip in chips):
        refuse({"table": table}, "of chips with arrays; event-driven cores are priced by --prices")
    if not any(isinstance(chip, Chip) for chip in chips):
        refuse({"prices": prices}, cores_alone())


def _check_shared(sharings: list[Sharing], on_cores: list[str]) -> None:
    """Raises HwsimError for shared states on chips of many cores."""
    shared = [str(sharing) for sharing in sharings if sharing]
    if shared and on_cores:
        raise HwsimError(
            f"--sharing {', '.join(shared)}: shared states would have to travel between the cores of "
            f"{', '.join(on_cores)} (G9); leave out one of both, or run chips of tiles with --one-tile"
        )


@dataclass(frozen=True)
class Compared:
    """``left_out``: chips that cannot hold the network, and why."""

    rows: list[Row | CoreRow]
    left_out: dict[str, str]


def run(work: Workload, opened: Opened, asked: Asked, progress: Progress = silent) -> Compared:
    """Execute the model once per sharing, then run it on every chip, with every mapping that it takes.

    Warns (HwsimWarning) of chips of many cores that cannot hold it. Raises HwsimError if none of the chips
    can, and if there are fewer samples than a mini-batch asks for.
    """
    work.check_batch(asked.largest)
    on_cores = [one for one in asked.chips if isinstance(one, OnCores)]
    slices, refused = cut_for(work.network, on_cores)
    told = [f"{name} cannot hold the network: {why}" for name, why in refused.items()]
    if len(told) == len(asked.chips):
        raise HwsimError("; ".join(told))
    for text in told:
        warnings.warn(f"{text}; left out", HwsimWarning, stacklevel=2)
    rows: list[Row | CoreRow] = []
    for sharing in asked.sharings:
        network = share(work.network, sharing, opened.sharing)
        encoded = encode(network, work.inputs)
        trace = execute(network, encoded, partial(progress, f"execute {sharing}"))
        executed = Executed(str(sharing), network, trace)
        for done, one in enumerate(asked.chips, 1):
            if isinstance(one, OneTile):
                rows += compare([executed], [one.hardware], one.mappings, one.tables, own_areas=one.own_areas)
            elif one.chip.name in slices:
                rows += rows_on(executed, one, slices[one.chip.name])
            progress(f"chips {sharing}", done, len(asked.chips))
    return Compared(rows, refused)


def compare_all(spec: WorkloadSpec, asked: Asked, output: Path | None, as_json: bool) -> None:
    """Run and price everything that is asked for, print the rows, write their files."""
    with progress_bars() as progress:
        work, opened = spec.workload(asked.largest, progress)
        found = run(work, opened, asked, progress)
    deliver(found, work.origin, output, as_json)


def deliver(found: Compared, origin: dict[str, Any], output: Path | None, as_json: bool) -> None:
    """Print the table or the JSON; write compare.json, compare.csv and pictures if a directory is given."""
    values: dict[str, Any] = {
        "rows": [row.as_dict() for row in found.rows],
        "left_out": found.left_out,
        "provenance": origin,
    }
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


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_SAMPLES:
        raise HwsimError(
            f"--batch {shown(text)}: a mini-batch is a whole number of samples, 1 to {MOST_SAMPLES}"
        )
    return int(text)
