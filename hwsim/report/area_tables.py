"""Area of a tile from several sources side by side, and what sharing LIF units leaves of it."""

from typing import Any

from hwsim.report.numbers import NONE, percent
from hwsim.report.tables import Cell, Table

PARTS = ("pe_array", "scratchpads", "lif_units", "state_registers", "buffers", "routers")
"""Of a tile, as ``area`` of result.json calls them."""


def by_source(found: dict[str, Any] | None) -> Table | None:
    """A row a source; None of results that tell none. A part that no source has is left out."""
    if not found or not found["sources"]:
        return None
    shown = [part for part in PARTS if any(told[part] != 0 for told in found["sources"].values())]
    rows = [
        (
            Cell(source, code=True),
            _cell(told["total"]),
            Cell(percent(told["lif_share"], 1.0), told["lif_share"]),
            *(_cell(told[part]) for part in shown),
            Cell(f"{told['node_nm']} nm", told["node_nm"]),
        )
        for source, told in found["sources"].items()
    ]
    parts = (part.replace("_", " ").replace("pe ", "PE ").replace("lif", "LIF") for part in shown)
    numbers = ("total", "LIF share", *parts, "node")
    return Table("Area of a tile by source, µm²", ("source",), numbers, tuple(rows))


def notes(found: dict[str, Any] | None) -> list[str]:
    """What a LIF unit is in each source, and why a source has no row; the share is of compute area."""
    if not found:
        return []
    told = [f"{source}: {area['what']}" for source, area in found["sources"].items()]
    told += [f"no row of {source}: {why}" for source, why in found["missing"].items()]
    return [*told, "LIF share: of accumulators and LIF units together"]


def shared(found: dict[str, Any] | None) -> Table | None:
    """A row a source and way of sharing; None where no states are shared."""
    if not found or not found.get("sharing"):
        return None
    told = found["sharing"]
    rows = []
    for source, ways in told["sources"].items():
        for way, one in ways.items():
            if one is not None:
                rows.append(
                    (
                        Cell(source, code=True),
                        Cell(WAYS.get(way, way)),
                        Cell(f"{told['units']:,}", told["units"]),
                        _cell(one["lif_um2"]),
                        _cell(one["total"]),
                        *(Cell(percent(one[name], 1.0), one[name]) for name in ("lif_share", "saving")),
                    )
                )
    numbers = ("units", "LIF", "tile", "LIF share", "saving")
    label = f"Area in µm² with LIF units shared by {told['groups']:,} groups of channels"
    return Table(label, ("source", "what is shared"), numbers, tuple(rows))


WAYS = {"all_shared": "logic and registers", "logic_shared": "logic alone"}


def _cell(um2: float | None) -> Cell:
    return Cell(NONE) if um2 is None else Cell(f"{um2:,.0f}", um2)
