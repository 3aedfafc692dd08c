"""Tables for the terminal: an estimate, and what other tables there share."""

from collections.abc import Callable
from io import StringIO
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.batches import beginning, latency
from hwsim.report.numbers import amount, energy, quantity
from hwsim.report.plain import cleaned
from hwsim.report.standing import standing

PLAIN_WIDTH = 160


def terminal() -> Console:
    """Standard output; where it is no terminal, wide enough that no column is cut."""
    console = Console()
    return console if console.is_terminal else Console(width=PLAIN_WIDTH)


def text(show_on: Callable[[Console], None]) -> str:
    """What is printed on a console without colors, wide enough that no column is cut."""
    with StringIO() as out:
        show_on(Console(file=out, width=PLAIN_WIDTH, color_system=None))
        return out.getvalue().rstrip("\n")


def show(values: dict[str, Any], console: Console) -> None:
    """Print an estimate (the dictionary of Result.as_dict): headline, layers, components."""
    values = cleaned(values)
    samples, totals, ann = values["samples"], values["totals"], values["ann"]
    mean = {name: d["mean"] for name, d in values["per_sample"].items()}
    console.print(_layers(values))
    console.print(_components(values))
    title = f"{escape(values['model']['name'])} on {escape(values['hardware']['name'])}"
    table = Table(title=title, title_justify="left")
    table.add_column("per inference")
    table.add_column("SNN", justify="right")
    operations = {"ac": totals["ac"] / samples, "mac": totals["mac"] / samples}
    columns = [_inference(latency(values), mean | operations, quantity(mean["spikes"]))]
    if ann is not None:
        table.add_column("same net as ANN", justify="right")
        columns.append(_inference(latency(values), ann, "-"))
    for name, *cells in zip(columns[0], *(column.values() for column in columns), strict=True):
        table.add_row(name, *cells)
    console.print(table)
    if ann is None:
        console.print(f"no ANN to compare with: {escape(values['ann_missing'])}")
    known = ann is not None and ann["energy_ratio"] is not None
    ratio = f"{ann['energy_ratio']:.3f}" if known else "unknown"
    area = totals["area_um2"] / 1e6
    state = values["lif"]["memory_bytes"]
    console.print(standing(values["standing"], samples))
    console.print(
        f"energy SNN / ANN {ratio}; chip area {area:.3f} mm2; LIF state {state:,} bytes, weights "
        f"{values['weight_memory_bytes']:,} bytes"
    )
    for line in area_by_source(values["area"]):
        console.print(f"area by {escape(line)}")
    if values["accuracy"]:
        a = values["accuracy"]
        console.print(f"accuracy as executed: {a['accuracy']:.2%} ({a['correct']} of {a['samples']})")
    if values["agreement"]:
        console.print(escape(values["agreement"]["sentence"]))
    console.print(
        f"table {values['table']}, dynamic energy; {amount(samples, 'sample')}, {beginning(values)}; "
        f"arithmetic executed in {values['model']['arithmetic']}, costed at "
        f"{values['hardware']['precision']['weight_bits']}-bit weights"
    )
    show_notes(values["model"]["notes"], console)
    for caveat in values["caveats"]:
        console.print(f"note: {escape(caveat)}")
    for line in constants(values):
        console.print(line)
    if values["over_time"]:
        console.print(_over_time(values))
    if values["unpriced"]:
        console.print(f"not priced by this table: {', '.join(values['unpriced'])}")


def area_by_source(area: dict[str, Any]) -> list[str]:
    """A line a source: one tile, and the share of its LIF units."""
    return [
        f"{source} at {found['node_nm']} nm: {found['total'] / 1e6:.3f} mm2, "
        f"LIF units {found['lif_share']:.1%} of compute area"
        for source, found in area["sources"].items()
    ]


def _over_time(values: dict[str, Any]) -> Table:
    """What an answer is worth and costs that is read out after fewer steps."""
    samples = values["samples"]
    table = Table(
        title=f"Read out after fewer steps, mean of {amount(samples, 'sample')}", title_justify="left"
    )
    for name in ("steps", "accuracy", "energy", "us", "DRAM bytes"):
        table.add_column(name, justify="right")
    for row in values["over_time"]:
        totals, right = row["totals"], row["accuracy"]
        table.add_row(
            str(row["timesteps"]),
            "unknown" if right is None else f"{right:.2%}",
            energy(totals["energy_pj"] / samples),
            f"{totals['latency_ns'] / 1e3 / samples:,.1f}",
            quantity(totals["dram_bytes"] / samples),
        )
    return table


def constants(values: dict[str, Any]) -> list[str]:
    """What the energy depends on: its range over tables, the constant that weighs most, and what turns."""
    found, samples = values["sensitivity"], values["samples"]
    own_table = values["table"] if "table" in values else values["energy"][0]["prices"]
    rows = {row["table"]: row for row in found["rows"]}
    if not rows:
        return []
    least, most = found["rows"][0], found["rows"][-1]
    lines = [
        f"the same counts under {len(rows)} tables: {energy(least['energy_pj'] / samples)} "
        f"({least['table']}) to {energy(most['energy_pj'] / samples)} ({most['table']})"
    ]
    own = rows.get(own_table)
    heaviest = own and own["dominating"]
    if heaviest:
        lines.append(f"the constant that weighs most: {heaviest['constant']}, {heaviest['share']:.0%}")
    if found["flips"]:
        partly = {name: "" if row["complete"] else " (in part)" for name, row in rows.items()}
        verdicts = {h: [f"{n}{partly[n]}" for n in names] for h, names in found["ann_verdicts"].items()}
        told = [f"{how} under {', '.join(names)}" for how, names in verdicts.items() if names]
        lines.append(f"SNN against ANN turns with the table: {'; '.join(told)}")
    return [escape(line) for line in lines]


def _inference(time: str, found: dict[str, Any], spikes: str) -> dict[str, str]:
    """One inference's figures as texts; ``time``: what its latency is called."""
    return {
        "energy": energy(found["energy_pj"]),
        time: f"{found['latency_ns'] / 1e3:,.1f} us",
        "cycles": quantity(found["cycles"]),
        "AC": quantity(found["ac"]),
        "MAC": quantity(found["mac"]),
        "spikes": spikes,
        "DRAM bytes": quantity(found["dram_bytes"]),
    }


def _layers(values: dict[str, Any]) -> Table:
    samples = values["samples"]
    table = Table(title=f"Layers, mean of {amount(samples, 'sample')}", title_justify="left")
    for name in ("layer", "kind", "shape"):
        table.add_column(name)
    for name in ("rate", "events", "AC+MAC", "cycles", "use", "DRAM bytes", "energy"):
        table.add_column(name, justify="right")
    for layer in values["layers"]:
        operations = sum(layer["counts"].get(a, 0) for a in ("ac", "mac"))
        table.add_row(
            escape(layer["name"]),
            layer["kind"],
            "x".join(map(str, layer["shape"])),
            "-" if layer["rate"] is None else f"{layer['rate']:.3f}",
            quantity(layer["events"] / samples),
            quantity(operations / samples),
            quantity(layer["cycles"] / samples),
            f"{layer['utilization']:.1%}",
            quantity(layer["dram_bytes"] / samples),
            energy(sum(layer["energy_pj"].values()) / samples),
        )
    return table


def _components(values: dict[str, Any]) -> Table:
    samples, total = values["samples"], values["totals"]["energy_pj"] or 1.0
    table = Table(title="Components, mean per inference", title_justify="left")
    table.add_column("component")
    for name in ("energy", "share", "area um2"):
        table.add_column(name, justify="right")
    for name, spent in values["energy_pj"].items():
        area = values["area_um2"].get(name)
        if spent or area:
            table.add_row(
                name, energy(spent / samples), f"{spent / total:.1%}", "-" if area is None else f"{area:,.0f}"
            )
    return table


def show_notes(notes: dict[str, str], console: Console) -> None:
    for name, text in notes.items():
        console.print(f"{escape(name)}: {escape(text)}")
