"""``hwsim compare``: its lists of options, read and checked before any work begins."""

import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from hwsim import commands
from hwsim.area import check_own, parse_own
from hwsim.chip.config import Chip
from hwsim.configuration import shown
from hwsim.cost import CostTable, load_table
from hwsim.errors import HwsimError
from hwsim.hardware import Hardware
from hwsim.lists import check_distinct, parts_of
from hwsim.manycore.asked import Asked as OnCores
from hwsim.manycore.asked import cores_alone, of_many, refuse
from hwsim.mapping import MOST_SAMPLES, Mapping
from hwsim.methods.lif_sharing import Sharing, parse_sharing
from hwsim.methods.precisions import OBSERVED, parse_bits, told
from hwsim.methods.quantization import Precision


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

    tables: list[CostTable]
    named: bool
    """Whether the tables were asked for by name; else each saved result is priced by its own."""

    bits: tuple[Precision | None, ...] = ()
    """Precisions to run the model in, None for the float network; without any it runs as it is."""

    @staticmethod
    def of(
        sharing: str | None = None,
        hardware: str | None = None,
        schedule: str | None = None,
        batch: str | None = None,
        table: str | None = None,
        mapping: Path | None = None,
        dram: str | None = None,
        prices: str | None = None,
        one_tile: bool = False,
        area: str | None = None,
        bits: str | None = None,
    ) -> "Asked":
        """From texts with commas. Raises HwsimError for what none of them can be, and for an option that one
        of the chips does not take; tables and prices are each of those that they are for."""
        of_chips = parts_of("hardware", hardware or "sata")
        of_tables = parts_of("table", commands.TABLE if table is None else table)
        tables = [load_table(name) for name in of_tables]
        check_distinct("table", of_tables, [row.name for row in tables])
        precisions = _precisions(bits)
        of_one_tile = {"schedule": schedule, "batch": batch, "dram": dram}
        own_areas = parse_own(area) if area is not None else None
        found: list[OneTile | OnCores] = []
        schedules: list[str | None] = [*parts_of("schedule", schedule)] if schedule is not None else [None]
        batches = [_count(part) for part in parts_of("batch", batch)] if batch is not None else [None]
        for name in of_chips:
            if of_many(name, one_tile):
                found.append(OnCores.of(name, mapping, prices, tables, None, of_one_tile, own_areas))
                continue
            chip = commands.chip(name, None, dram)
            for words, row in product((None, *precisions), tables):
                worded = chip if words is None else chip.with_words(words.weights, words.state)
                commands.check_priced(row, worded, name)
            mappings = [
                commands.mapping(mapping, {"schedule": s, "batch": b}) for s in schedules for b in batches
            ]
            found.append(OneTile(chip, mappings, tables, own_areas))
        chips = [one.hardware if isinstance(one, OneTile) else one.chip for one in found]
        if own_areas:
            check_own(own_areas, [chip for chip in chips if isinstance(chip, Hardware)])
        check_distinct("hardware", of_chips, [chip.name for chip in chips])
        sharings = [parse_sharing(part) for part in parts_of("sharing", sharing or "none")]
        _check_taken(chips, table, prices)
        _check_shared(sharings, [one.chip.name for one in found if isinstance(one, OnCores)])
        return Asked(sharings, found, tables, table is not None, precisions)

    @staticmethod
    def of_saved(table: str | None = None) -> "Asked":
        """Of saved results alone: nothing runs, each is priced by these tables or, of none, by its own."""
        parts = [] if table is None else parts_of("table", table)
        tables = [load_table(name) for name in parts]
        check_distinct("table", parts, [row.name for row in tables])
        return Asked([], [], tables, table is not None)

    @property
    def samples(self) -> int:
        """Samples to run where nobody says how many: the largest mini-batch, of bits at least those on which
        ranges are observed."""
        return max(self.largest, OBSERVED if self.bits else 1)

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


def _precisions(bits: str | None) -> tuple[Precision | None, ...]:
    """Of a text with commas, each once. Raises HwsimError for what they cannot be."""
    if bits is None:
        return ()
    parts = parts_of("bits", bits)
    found = tuple(parse_bits(part) for part in parts)
    if twice := [told(one) for one in found if found.count(one) > 1]:
        raise HwsimError(f"--bits {shown(bits)}: {twice[0]} is there twice")
    return found


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_SAMPLES:
        raise HwsimError(
            f"--batch {shown(text)}: a mini-batch is a whole number of samples, 1 to {MOST_SAMPLES}"
        )
    return int(text)
