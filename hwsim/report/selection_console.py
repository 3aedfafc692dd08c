"""A model selection, as tables for a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.numbers import energy, quantity
from hwsim.report.plain import cleaned

HEADS = {
    "memory_bytes": "bytes", "energy_pj": "energy", "learning_energy_pj": "learning",
    "dram_bytes": "DRAM bytes", "latency_ns": "us", "area_um2": "mm2",
}  # fmt: skip
"""Costs as columns: of an inference, learning of an image."""


def show(values: dict[str, Any], console: Console) -> None:
    """Candidates, the winners for each mu, and from which mu on each wins."""
    values = cleaned(values)
    table = Table(title=escape(values["of"]), title_justify="left")
    table.add_column("candidate")
    names = [name for name in HEADS if any(name in one["costs"] for one in values["candidates"])]
    for name in ("accuracy", *(HEADS[n] for n in names)):
        table.add_column(name, justify="right")
    for one in values["candidates"]:
        table.add_row(
            escape(one["name"]), f"{one['accuracy']:.2%}", *(_amount(n, one["costs"].get(n)) for n in names),
            style="dim" if one["refused"] else None,
        )  # fmt: skip
    console.print(table)
    for one in values["candidates"]:
        if one["refused"]:
            console.print(f"left out: {escape(one['name'])}: {escape(one['refused'])}")
    of = values["reference"]
    console.print(f"R = accuracy - mu {values['cost']} / {of['cost']:,.0f} (of {escape(of['name'])})")
    for one in values["winners"]:
        console.print(f"mu {one['mu']:g}: {escape(one['name'])}, R {one['reward']:.4f}")
    for one in values["ranges"]:
        end = "on" if one["to_mu"] is None else f"to {one['to_mu']:.4g}"
        console.print(f"from mu {one['from_mu']:.4g} {end}: {escape(one['name'])}")


def _amount(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if name.endswith("_pj"):
        return energy(value)
    if name == "latency_ns":
        return f"{value / 1e3:,.1f}"
    return f"{value / 1e6:.3f}" if name == "area_um2" else quantity(value)
