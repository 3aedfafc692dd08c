"""Tables for the terminal: placements of a network on the cores of a chip."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.console import show_notes
from hwsim.report.numbers import amount, energy, quantity


def show_placements(values: dict[str, Any], console: Console) -> None:
    """Print what ``hwsim map`` found (the dictionary of placing.Made.as_dict)."""
    cores = values["cores"]
    names = f"{escape(values['network'])} on {escape(values['hardware'])}"
    title = f"{names}, mean of {amount(values['samples'], 'sample')}"
    table = Table(title=title, title_justify="left")
    table.add_column("placement")
    for name in ("packets", "spike hops", "busiest link", "energy", "CPU time"):
        table.add_column(name, justify="right")
    for row in values["placements"]:
        mark = " *" if row["algorithm"] == values["chosen"] else ""
        table.add_row(
            row["algorithm"] + mark,
            quantity(row["packets"]),
            quantity(row["spike_hops"]),
            quantity(row["max_link_load"]),
            energy(row["energy_pj"]),
            f"{row['cpu_seconds'] * 1e3:,.1f} ms",
        )
    console.print(table)
    console.print(
        f"{values['slices']} slices on {cores['used']} of {cores['of']} cores; * has the least "
        f"{values['objective']}; packets to several cores: {values['multicast']}; energy of hops: "
        f"{escape(values['energy_of'])}"
    )
    held = [
        f"{name} {limit['most']:,}" + (f" of {limit['allowed']:,}" if limit["allowed"] else "")
        for name, limit in values["limits"].items()
    ]
    console.print(f"fullest core: {', '.join(held)}")
    show_notes(values["notes"], console)
