"""``hwsim estimate`` on a chip of many cores, event-driven or tiles: what it takes, prints and writes."""

import json
import re
import warnings
from collections.abc import Mapping as Options
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hwsim import commands, cost
from hwsim.chip.config import Barrier, Chip, chips, grid_of
from hwsim.chip.prices import ChipPrices, load_prices, prices_of
from hwsim.chip.timeline import timeline
from hwsim.delivery import output_directory, progress_bars, say, tell, write_together
from hwsim.errors import HwsimError, HwsimWarning, nearest
from hwsim.hardware import Hardware
from hwsim.manycore.chips import open_chip
from hwsim.manycore.pipeline import estimate_chip
from hwsim.manycore.result import RESULT, ChipResult
from hwsim.mapping import Mapping, load_mapping
from hwsim.pipeline import UNTRUSTED
from hwsim.report import chip_console, console
from hwsim.storage import check_apart, write_text
from hwsim.workloads import WorkloadSpec

SAMPLES = 8
"""Inputs that run if not told how many."""


def of_many(hardware: str, one_tile: bool) -> bool:
    """Whether a placed network runs on a preset or a file: event-driven cores, or several tiles with
    ``grid.ticks`` (F1) of which not ``one_tile`` is to do everything."""
    chip = open_chip(hardware)
    if isinstance(chip, Chip):
        refuse({"one_tile": one_tile or None}, _of_cores(chip))
        return True
    return not one_tile and chip.grid is not None and chip.grid.ticks is not None and chip.grid.cores > 1


def _of_cores(chip: Chip) -> str:
    return f"of chips of tiles; {chip.name} is one of event-driven cores (docs/chip.md)"


def refuse(options: Options[str, Any], why: str) -> None:
    """Raises HwsimError where one of the options of the command line was given."""
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if given:
        raise HwsimError(f"{', '.join(given)}: {why}")


@dataclass(frozen=True, eq=False)
class Asked:
    """A chip and what is asked of it; everything is read and checked before the model is opened."""

    chip: Chip | Hardware
    mapping: Mapping
    prices: tuple[ChipPrices, ...] | cost.CostTable
    timeline: Path | None
    output: Path | None

    @staticmethod
    def of(
        hardware: str,
        mapping: Path | None,
        barrier: str | None,
        prices: str | None,
        table: str | None,
        skip: str | None,
        timeline: Path | None,
        output: Path | None,
        of_one_tile: Options[str, Any],
    ) -> "Asked":
        opened = open_chip(hardware)
        chip: Chip | Hardware
        rows: tuple[ChipPrices, ...] | cost.CostTable
        if isinstance(opened, Chip):
            refuse({**of_one_tile, "skip": skip, "table": table}, _of_cores(opened))
            chip = opened
            rows = prices_of(chip.name, chip.node_nm) if prices is None else _named(prices)
        else:
            cores = grid_of(opened).cores
            why = f"of one tile; the {cores} of {opened.name} run tick by tick (docs/chip.md)"
            refuse(of_one_tile, f"{why}; --one-tile estimates one alone")
            why = f"of chips of event-driven cores ({', '.join(chips())}); --table prices tiles"
            refuse({"prices": prices}, why)
            chip, rows = commands.chip(hardware, skip), cost.load_table(table or commands.TABLE)
            commands.check_priced(rows, chip.with_dram("bandwidth"), hardware)
        if barrier is not None:
            chip = _with_barrier(chip, barrier)
        if timeline is not None:
            if timeline.suffix != ".json":
                raise HwsimError(f"--timeline {timeline}: its name must end in .json")
            output_directory(str(timeline.parent))
            check_apart(result=output / RESULT if output else None, timeline=timeline)
        return Asked(chip, _placement_alone(mapping), rows, timeline, output)


def _with_barrier(chip: Chip | Hardware, barrier: str) -> Chip | Hardware:
    if barrier not in get_args(Barrier):
        raise HwsimError(f"--barrier {barrier!r}.{nearest(barrier, list(get_args(Barrier)))}")
    changed: dict[str, Any] = {"barrier": barrier}
    if isinstance(chip, Chip):
        return chip.model_copy(update={"core": chip.core.model_copy(update=changed)})
    grid = grid_of(chip)
    ticks = chip.exchange.model_copy(update=changed)
    return chip.model_copy(update={"grid": grid.model_copy(update={"ticks": ticks})})


def _named(prices: str) -> tuple[ChipPrices, ...]:
    """Rows by their names, separated by commas."""
    rows = tuple(load_prices(name.strip()) for name in prices.split(","))
    names = [row.name for row in rows]
    if twice := [name for name in names if names.count(name) > 1]:
        raise HwsimError(f"--prices: {twice[0]} is there twice")
    return rows


def _placement_alone(path: Path | None) -> Mapping:
    """A mapping of which all but the placement is as by default."""
    mapping, default = load_mapping(path) if path else Mapping(), Mapping()
    others = [f for f in Mapping.model_fields if f != "placement"]
    if wrong := [f for f in others if getattr(mapping, f) != getattr(default, f)]:
        raise HwsimError(f"{path}: {', '.join(wrong)}: on a chip of many cores only placement counts")
    return mapping


def estimate(spec: WorkloadSpec, asked: Asked, as_json: bool) -> None:
    """Run the model on the chip, print what it does and costs, write the files that are asked for.

    Raises HwsimError for a network that the cores cannot hold and, after all else, for one that does not
    compute what PyTorch computed.
    """
    with progress_bars() as progress, warnings.catch_warnings():
        work, _ = spec.workload(SAMPLES, progress)
        warnings.filterwarnings("ignore", re.escape(UNTRUSTED), HwsimWarning)
        result = estimate_chip(work, asked.chip, asked.mapping, asked.prices, progress)
    values = result.as_dict()
    if as_json:
        say(json.dumps(values, indent=1, allow_nan=False))
    else:
        chip_console.show(values, console.terminal())
    if asked.output is not None:
        tell(_write(result, values, asked.output), as_json)
    if asked.timeline is not None:
        write_text(asked.timeline, json.dumps(timeline(result.run), allow_nan=False))
        tell({"timeline": asked.timeline}, as_json)
    if values["agreement"] and not values["agreement"]["trusted"]:
        raise HwsimError(f"{UNTRUSTED}: {values['agreement']['sentence']}")


def _write(result: ChipResult, values: dict[str, Any], output: Path) -> dict[str, Path]:
    from hwsim.report import chip_page

    return write_together(output, lambda d: result.save(d) | chip_page.write(values, d))
