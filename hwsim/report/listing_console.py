"""Tables for the terminal: what is known by name, and chips with their arrays or cores."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.plain import cleaned


def show_names(names: dict[str, str], console: Console) -> None:
    table = Table(box=None, show_header=False)
    for name, description in cleaned(names).items():
        table.add_row(escape(name), escape(description))
    console.print(table)


def show_chips(chips: dict[str, dict[str, Any]], console: Console) -> None:
    """Print what listing.facts says of each chip: R rows and C columns with what lies there; below, chips of
    event-driven cores.
    """
    shown = cleaned(chips)
    of_cores = {name: chip for name, chip in shown.items() if "cores" in chip}
    table = Table(box=None, header_style="bold")
    for title in ("chip", "array", "dataflow", "skip", "node", "clock", "description"):
        table.add_column(title, no_wrap=title != "description")
    for name, chip in shown.items():
        if name in of_cores:
            continue
        array = f"{chip['rows']} {chip['rows_hold']} x {chip['columns']} {chip['columns_hold']}"
        clock = f"{chip['clock_hz'] / 1e6:g} MHz"
        cells = (
            name,
            array,
            chip["dataflow"],
            chip["skip"],
            f"{chip['node_nm']} nm",
            clock,
            chip["description"],
        )
        table.add_row(*map(escape, cells))
    console.print(table)
    if of_cores:
        console.print(_chips_of_cores(of_cores))


def _chips_of_cores(chips: dict[str, dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold")
    for title in ("chip", "cores", "neurons", "axons in", "barrier", "tick", "node", "description"):
        table.add_column(title, no_wrap=title != "description")
    for name, chip in chips.items():
        width, height = chip["routers"]
        cells = (
            name,
            f"{chip['cores']:,} on {width} x {height}",
            "any" if chip["neurons_per_core"] is None else f"{chip['neurons_per_core']:,}",
            "any" if chip["axons_in"] is None else f"{chip['axons_in']:,}",
            chip["barrier"],
            f"{chip['tick_ns'] / 1e6:g} ms" if chip["tick_ns"] else "as it takes",
            f"{chip['node_nm']} nm",
            chip["description"],
        )
        table.add_row(*map(escape, cells))
    return table
