"""docs/numbers.md: every constant that prices anything, with its unit and source, from the tables themselves.

``python -m hwsim.numbers docs/numbers.md`` writes it.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hwsim import cost, grid, sram
from hwsim.chip.prices import ITEMS, chip_prices, load_prices
from hwsim.cost.rows import AreaTable, Row
from hwsim.dram.table import drams, load_dram
from hwsim.manycore.silicon import dies
from hwsim.storage import write_text

HEAD = """# Constants, with their sources

Written by `make numbers` from hwsim/tables; a test holds it against them. Each row is `measured`, `published`
or `interpolated`: worked out from published numbers, as its source says. What actions are composed of is in
[design.md](design.md), scaling to other nodes in [hardware.md](hardware.md).
"""


GRID = """CACTI (the generic version, 300 K, one read-write port, no ECC), hwsim/tables/sram_grid.csv: 1 KiB
to 2 MiB in words of 32 to 256 bits. Some of it, words of 64 bits, as an access is priced:"""


def markdown() -> str:
    """The whole page."""
    parts = [HEAD, *_energy(), *_areas(), _sram(), _scaling(), _hops(), *_cores(), _dies(), *_drams()]
    return "\n".join(parts)


def _table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(header)
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


def _energy() -> list[str]:
    found = ["## Energy tables (`--table`)\n"]
    for name in cost.tables():
        table = cost.load_table(name)
        volts = "voltage not told" if table.voltage_v is None else f"{table.voltage_v:g} V"
        told = [f"### {name}\n", f"{table.description}. {table.node_nm} nm, {volts}.\n"]
        if table.includes is not None:
            told.append(f"A whole chip, by its useful operations alone. In it: {table.includes}.\n")
        told.append(_rows(table.rows))
        if memory := table.sram:
            told.append(f"Buffers: {memory.status}: {memory.source}.\n")
        if memory and memory.points:
            points = ((p.capacity_bytes, p.word_bits, p.energy_pj) for p in memory.points)
            told.append(_table(("bytes", "word bits", "pJ a word"), points))
        if memory and (word := memory.word):
            told.append(
                f"{word.read_pj:g} pJ a read, {word.write_pj:g} pJ a write of {word.word_bits} bits.\n"
            )
        if static := table.static:
            told.append(f"Static power {static.power_mw:g} mW, {static.status}: {static.source}.\n")
        if table.includes is None:
            drams = "its own energies where it has any" if table.dram == "device" else "the row `dram_byte`"
            told.append(f"DRAM is priced by {drams}; areas are from `{table.area_from}`.\n")
        found += told
    return found


def _rows(rows: list[Row]) -> str:
    """Rows without the columns that none of them fills."""
    columns: dict[str, Any] = {
        "item": lambda row: row.item,
        "bits": lambda row: row.bits,
        "sum bits": lambda row: row.sum_bits,
        "pJ": lambda row: row.energy_pj,
        "um2": lambda row: row.area_um2,
        "leakage uW": lambda row: row.leakage_uw,
        "clock pJ a cycle": lambda row: row.clock_pj,
        "status": lambda row: row.status,
        "source": lambda row: row.source,
    }
    used = {name: of for name, of in columns.items() if any(of(row) is not None for row in rows)}
    return _table(used, ([of(row) for of in used.values()] for row in rows))


def _areas() -> list[str]:
    found = ["## Areas to hold against these\n"]
    for path in sorted(cost.AREAS.glob("*.yaml")):
        table: AreaTable = cost.load_areas(path)
        found += [f"### {table.name}\n", f"{table.description}. {table.node_nm} nm.\n", _rows(table.rows)]
    return found


def _sram() -> str:
    rows = []
    for node, cell in sram.nodes():
        for size in (8192, 65536, 1048576):
            access = sram.access(node, cell, size, 64)
            rows.append((node, cell, size, *access))
    header = ("nm", "cells", "bytes", "pJ a read", "pJ a write", "um2", "leakage mW")
    return f"## SRAM\n\n{GRID}\n\n{_table(header, rows)}"


def _scaling() -> str:
    factors = cost.scaling()
    energy = [(n.node_nm, n.a, n.b, n.c) for n in factors.energy_nodes]
    area = [(n.node_nm, n.area) for n in factors.area_nodes]
    limits = (
        f"Between {factors.lowest_v:g} V ({factors.sources['lowest_v']}) and {factors.highest_v:g} V "
        f"({factors.sources['highest_v']}); {factors.assumed_v:g} V assumed where a table tells none.\n"
    )
    return "\n".join(
        (
            "## Scaling between nodes\n",
            f"{factors.sources['energy_nodes']}.\n",
            _table(("nm", "a", "b", "c"), energy),
            f"{factors.sources['area_nodes']}.\n",
            _table(("nm", "area"), area),
            limits,
        )
    )


def _hops() -> str:
    rows = []
    for name in grid.hop_energies():
        row = grid.load_hop_energy(name)
        rows.append(
            (
                name, row.node_nm, row.flit_bits, row.source_router_pj, row.hop_x_pj, row.hop_y_pj,
                row.router_clock_pj, row.router_leakage_mw, row.link_leakage_mw, row.router_area_um2,
                row.sources["hop_x_pj"],
            )
        )  # fmt: skip
    header = (
        "row", "nm", "bits", "router pJ", "hop x pJ", "hop y pJ", "clock pJ", "router mW", "link mW",
        "router um2", "source of a hop",
    )  # fmt: skip
    return "## Hops of a network-on-chip (`grid.energy`)\n\n" + _table(header, rows)


def _cores() -> list[str]:
    found = ["## Chips of event-driven cores (`--prices`)\n"]
    for name in chip_prices():
        table = load_prices(name)
        rows = [(row.item, ITEMS[row.item], row.energy_pj, row.status, row.source) for row in table.rows]
        found += [f"### {name}\n", f"{table.description}.\n"]
        found.append(_table(("item", "of", "pJ", "status", "source"), rows))
        if static := table.static:
            found.append(f"Static power {static.power_mw:g} mW, {static.status}: {static.source}.\n")
    return found


def _dies() -> str:
    rows = [
        (
            row.name, row.cores, row.area.mm2, row.area.status, row.area.source,
            row.static and row.static.power_mw, row.static and row.static.source,
        )
        for row in dies()
    ]  # fmt: skip
    header = ("die", "cores", "mm2", "status", "source", "static mW", "source of it")
    return "## Dies\n\n" + _table(header, rows)


def _drams() -> list[str]:
    found = ["## DRAM (`dram.table`)\n"]
    for name in drams():
        table = load_dram(name)
        numbers = _leaves(table.model_dump(exclude={"name", "description", "sources"}))
        rows = [
            (field, value, _source(table.sources, field)) for field, value in numbers if value is not None
        ]
        found += [f"### {name}\n", f"{table.description}.\n", _table(("field", "value", "source"), rows)]
    return found


def _leaves(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in values.items():
        nested = isinstance(value, dict)
        found += _leaves(value, f"{prefix}{name}.") if nested else [(f"{prefix}{name}", value)]
    return found


def _source(sources: dict[str, str], field: str) -> str:
    """Of a field, or of the part that it is in."""
    parts = field.split(".")
    names = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((sources[name] for name in names if name in sources), "")


if __name__ == "__main__":
    write_text(Path(sys.argv[1]), markdown())
