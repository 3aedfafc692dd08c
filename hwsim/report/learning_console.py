"""What a learning costs, as tables for a terminal."""

from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.numbers import energy, percent, quantity
from hwsim.report.plain import cleaned

COUNTS = (
    "lif_updates", "synaptic_operations", "lateral_operations", "trace_updates", "weight_writes",
    "dram_bytes",
)  # fmt: skip

NOTHING = "-"


def show(values: dict[str, Any], console: Console) -> None:
    """Counts and energy of an image learned and an image answered; where things lie, and what is unpriced."""
    values = cleaned(values)
    both = [values[name] for name in ("learning", "inference")]
    title = (
        f"{values['model']}, {values['neurons']} neurons, rule {values['rule']}, on {values['hardware']} by "
        f"{values['table']}"
    )
    table = Table(title=escape(title), title_justify="left")
    table.add_column("per image")
    for name in ("learning", "inference"):
        table.add_column(name, justify="right")
    for name in COUNTS:
        table.add_row(name.replace("_", " "), *(_each(one, one[name], quantity) for one in both))
    table.add_section()
    components = dict.fromkeys(name for one in both for name in one["energy_by_component_pj"])
    for name in components:
        table.add_row(name, *(_share(one, one["energy_by_component_pj"].get(name, 0.0)) for one in both))
    table.add_section()
    for name in dict.fromkeys(part for one in both for part in one["energy_by_part_pj"]):
        table.add_row(f"for {name}", *(_share(one, one["energy_by_part_pj"].get(name, 0.0)) for one in both))
    table.add_section()
    table.add_row("energy", *(_each(one, one["energy_pj"], energy) for one in both))
    table.add_row("images", *(f"{one['images']:,}" for one in both))
    table.add_row("energy of all", *(energy(one["energy_pj"]) if one["images"] else NOTHING for one in both))
    console.print(table)
    for line in _lines(values):
        console.print(escape(line))


def _each(one: dict[str, Any], value: float, written: Callable[[float], str]) -> str:
    return written(value / one["images"]) if one["images"] else NOTHING


def _share(one: dict[str, Any], pj: float) -> str:
    return f"{_each(one, pj, energy)} {percent(pj, one['energy_pj']):>6}" if pj else NOTHING


def _lines(values: dict[str, Any]) -> list[str]:
    words = ", ".join(
        f"{name} {'float' if word['real'] else 'int'}{word['bits']}" for name, word in values["words"].items()
    )
    place = "in the weight buffer" if values["weights_in"] == "buffer" else "in DRAM"
    outside = {"excitatory", "theta", "traces"} - set(values["states_in_buffer"])
    where = f"in DRAM: {', '.join(sorted(outside))}" if outside else "in the membrane buffer"
    lines = [
        f"words: {words}; weights, {values['weight_bytes']:,} bytes, {place}; states, "
        f"{values['state_bytes']:,} bytes, {where}; traces {values['traces']}, weights lie by "
        f"{values['layout']}",
        f"test accuracy {values['accuracy']:.2%}",
    ]
    if not values["learning"]["images"]:
        lines.append("nothing was learned: rounded from another learning")
    for name in ("learning", "inference"):
        if values[name]["unpriced"]:
            lines.append(f"unpriced in {name}: {', '.join(values[name]['unpriced'])}")
    return lines + [f"note: {line}" for line in values["caveats"]]
