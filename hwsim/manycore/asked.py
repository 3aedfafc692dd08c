"""What a command asks of a chip of many cores: read and checked before a model is opened."""

from collections.abc import Mapping as Options
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from hwsim import commands, cost
from hwsim.chip.config import Barrier, Chip, chips, grid_of
from hwsim.chip.prices import ChipPrices, load_prices, prices_of
from hwsim.errors import HwsimError, nearest
from hwsim.hardware import Hardware
from hwsim.lists import check_distinct, parts_of
from hwsim.manycore.chips import open_chip
from hwsim.mapping import Mapping, load_mapping
from hwsim.pipeline import Engine


def cores_alone() -> str:
    """Why prices of event-driven cores are not taken."""
    return f"of chips of event-driven cores ({', '.join(chips())}); --table prices tiles"


def of_many(hardware: str, one_tile: bool) -> bool:
    """Whether a placed network runs on a preset or a file: event-driven cores, or several tiles with
    ``grid.ticks`` (F1) of which not ``one_tile`` is to do everything."""
    chip = open_chip(hardware)
    if isinstance(chip, Chip):
        refuse({"one_tile": one_tile or None}, of_cores(chip))
        return True
    return not one_tile and chip.grid is not None and chip.grid.ticks is not None and chip.grid.cores > 1


def of_cores(chip: Chip) -> str:
    """Why an option of tiles is not taken."""
    return f"of chips of tiles; {chip.name} is one of event-driven cores (docs/chip.md)"


def refuse(options: Options[str, Any], why: str) -> None:
    """Raises HwsimError where one of the options of the command line was given."""
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if given:
        raise HwsimError(f"{', '.join(given)}: {why}")


@dataclass(frozen=True, eq=False)
class Asked:
    """A chip, where its slices lie if that is told, and what prices its runs: rows of event-driven cores
    together, tables of tiles each. ``own_areas``: the user's own numbers of tiles (um2)."""

    chip: Chip | Hardware
    mapping: Mapping
    prices: tuple[ChipPrices, ...] | tuple[cost.CostTable, ...]
    own_areas: dict[str, float] | None = None

    @staticmethod
    def of(
        hardware: str,
        mapping: Path | None,
        prices: str | None,
        tables: list[cost.CostTable],
        skip: str | None,
        of_one_tile: Options[str, Any],
        own_areas: dict[str, float] | None = None,
    ) -> "Asked":
        """From names, files and tables, and options that only one tile takes. Raises HwsimError for what the
        chip does not take."""
        opened = open_chip(hardware)
        if isinstance(opened, Chip):
            refuse({**of_one_tile, "skip": skip, "area": own_areas}, of_cores(opened))
            rows = prices_of(opened.name, opened.node_nm) if prices is None else named(prices)
            return Asked(opened, placement_alone(mapping), rows)
        cores = grid_of(opened).cores
        why = f"of one tile; the {cores} of {opened.name} run tick by tick (docs/chip.md)"
        refuse(of_one_tile, f"{why}; --one-tile estimates one alone")
        chip, priced = commands.chip(hardware, skip), tuple(tables)
        for table in priced:
            commands.check_priced(table, chip.with_dram("bandwidth"), hardware)
        return Asked(chip, placement_alone(mapping), priced, own_areas)


def check_engine(engine: str | None, chip: Chip | Hardware) -> Engine:
    """``kernel`` if none is told. Raises HwsimError where there is no such engine, or none for tiles."""
    chosen: Engine = commands.choice("engine", engine or "kernel", Engine)
    if chosen == "reference" and isinstance(chip, Hardware):
        raise HwsimError(
            "--engine reference: of event-driven cores and of one tile (--one-tile); allowed on all tiles "
            f"of {chip.name}: kernel"
        )
    return chosen


def with_barrier(chip: Chip | Hardware, barrier: str) -> Chip | Hardware:
    """The chip with another barrier than its own."""
    if barrier not in get_args(Barrier):
        raise HwsimError(f"--barrier {barrier!r}.{nearest(barrier, list(get_args(Barrier)))}")
    changed: dict[str, Any] = {"barrier": barrier}
    if isinstance(chip, Chip):
        return chip.model_copy(update={"core": chip.core.model_copy(update=changed)})
    grid = grid_of(chip)
    ticks = chip.exchange.model_copy(update=changed)
    return chip.model_copy(update={"grid": grid.model_copy(update={"ticks": ticks})})


def named(prices: str) -> tuple[ChipPrices, ...]:
    """Rows of event-driven cores by their names or files, separated by commas."""
    parts = parts_of("prices", prices)
    rows = tuple(load_prices(part) for part in parts)
    for part, row in zip(parts, rows, strict=True):
        if not row.name.strip():
            raise HwsimError(f"{part}: name: found {row.name!r}, allowed: any text but none")
    check_distinct("prices", parts, [row.name for row in rows])
    return rows


def placement_alone(path: Path | None) -> Mapping:
    """A mapping of which all but the placement is as by default."""
    mapping, default = load_mapping(path) if path else Mapping(), Mapping()
    others = [f for f in Mapping.model_fields if f != "placement"]
    if wrong := [f for f in others if getattr(mapping, f) != getattr(default, f)]:
        raise HwsimError(f"{path}: {', '.join(wrong)}: on a chip of many cores only placement counts")
    return mapping
