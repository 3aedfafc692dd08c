"""Tables for the terminal of a run on a chip of many cores."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.console import area_by_source, constants, show_notes, standing
from hwsim.report.numbers import amount, energy, quantity
from hwsim.report.plain import cleaned

CAUSES = {
    "work": "own work",
    "imbalance": "waiting for other cores",
    "barrier": "barrier",
    "real_time": "waiting for the real-time tick",
}


def duration(ns: float) -> str:
    """Nanoseconds in a readable unit."""
    unit, size = next((u for u in (("s", 1e9), ("ms", 1e6), ("us", 1e3)) if ns >= u[1]), ("ns", 1.0))
    return f"{ns / size:,.4g} {unit}"


def show(values: dict[str, Any], console: Console) -> None:
    """Print a run (the dictionary of ChipResult.as_dict): what happened in a tick, time, energy by row."""
    values = cleaned(values)
    console.print(_activity(values))
    console.print(_time(values))
    console.print(_energy(values))
    cores = "tiles" if values["cold_start"] else "cores"
    chip, placement, samples = values["chip"], values["placement"], values["samples"]
    console.print(
        f"{placement['cores_used']} of {chip['cores']} {cores} at "
        f"{amount(placement['routers_used'], 'router')}, placement {placement['algorithm']}; "
        f"{amount(samples, 'sample')} of {amount(values['ticks'], 'tick')}: "
        f"{amount(values['model']['timesteps'], 'timestep')}"
        + ("" if values["interval"] == 1 else f", one in {values['interval']} ticks")
        + f", layers up to {max(values['depth'].values())} ticks deep"
    )
    if values["cold_start"]:
        console.print(_cold_start(values["cold_start"]))
    for line in (_area(values["area"]), *_beside(values)):
        console.print(escape(line))
    if values["tile_area"]:
        for line in area_by_source(values["tile_area"]):
            console.print(f"area of a tile by {escape(line)}")
    if values["accuracy"]:
        a = values["accuracy"]
        console.print(f"accuracy as executed: {a['accuracy']:.2%} ({a['correct']} of {a['samples']})")
    if values["agreement"]:
        console.print(escape(values["agreement"]["sentence"]))
    show_notes(values["model"]["notes"], console)
    for row in values["energy"]:
        if row["standing"]:
            console.print(standing(row["standing"], values["samples"]))
        if row["unpriced"]:
            console.print(f"not priced by {escape(row['prices'])}: {', '.join(row['unpriced'])}")
        for caveat in row["caveats"]:
            console.print(f"note: {escape(caveat)}")
    for line in constants(values):
        console.print(line)


def _cold_start(values: dict[str, Any]) -> str:
    moved, spent = sum(values["channel_bytes"]), energy(values["energy_pj"])
    return (
        f"cold start, not in these: {moved:,} bytes of weights over {len(values['channel_bytes'])} DRAM "
        f"channels in {duration(values['latency_ns'])}, {spent}"
    )


def _area(area: dict[str, Any]) -> str:
    total, missing = area["total_um2"], "; ".join(area["not_counted"])
    told = "area not known" if total is None else f"area {total / 1e6:,.4g} mm2 ({', '.join(area['um2'])})"
    return f"{told}; not counted: {missing}" if missing else told


def _beside(values: dict[str, Any]) -> list[str]:
    """Published static power, and the ANN counterpart: in none of the sums."""
    found, samples = [], values["samples"]
    if static := values["static_power"]:
        spent = energy(static["energy_pj"] / samples)
        own = [row["prices"] for row in values["energy"] if row["static"]]
        but = f" but {', '.join(own)}" if own else ""
        found.append(f"static power, not in these{but}: {static['power_mw']:g} mW, {spent} per sample")
    if ann := values["ann"]:
        ratio = ann["energy_ratio"]
        share = "" if ratio is None else f"; the SNN takes {ratio:.2%} of its energy"
        found.append(
            f"ANN on the same tiles: {energy(ann['energy_pj'])}, {duration(ann['latency_ns'])}{share}"
        )
    elif values["ann_missing"]:
        found.append(f"no ANN counterpart: {values['ann_missing']}")
    return found


def _activity(values: dict[str, Any]) -> Table:
    samples, totals = values["samples"], values["totals"]
    names = f"{escape(values['model']['name'])} on {escape(values['chip']['name'])}"
    title = f"{names}, mean of {amount(samples, 'sample')}"
    table = Table(title=title, title_justify="left")
    for name in ("", "per tick", "per sample"):
        table.add_column(name, justify="right" if name else "left")
    rows = {
        "neurons updated": "updates",
        "spikes": "fired",
        "synaptic operations": "synapses",
        "packets into the network": "sent",
        "packets to the own core": "local",
        "links crossed": "hops",
    }
    table.add_row("time", duration(values["per_tick"]["time_ns"]), duration(totals["latency_ns"] / samples))
    for label, name in rows.items():
        each = totals[name] / samples
        table.add_row(label, quantity(each / values["ticks"]), quantity(each))
    return table


def _time(values: dict[str, Any]) -> Table:
    whole = sum(values["time"].values()) or 1
    table = Table(title="Time of the cores in use", title_justify="left")
    table.add_column("cause")
    table.add_column("share", justify="right")
    for name, label in CAUSES.items():
        if values["time"][name]:
            table.add_row(label, f"{values['time'][name] / whole:.1%}")
    busy = "\n".join(f"{name} {share:.1%}" for name, share in values["units"].items())
    table.add_section()
    table.add_row("in which units are busy", busy)
    return table


def _energy(values: dict[str, Any]) -> Table:
    ticks = values["samples"] * values["ticks"]
    rows = values["energy"]
    table = Table(title="Energy per tick", title_justify="left")
    table.add_column("component")
    for row in rows:
        table.add_column(escape(row["prices"]), justify="right")
    for component in rows[0]["energy_pj"]:
        spent = [row["energy_pj"][component] / ticks for row in rows]
        if any(spent):
            table.add_row(component, *map(energy, spent))
    table.add_section()
    table.add_row("all", *(energy(row["per_tick_pj"]) for row in rows))
    each = values["samples"]
    table.add_row("per sample", *(energy(row["total_pj"] / each) for row in rows))
    if operations := values["totals"]["synapses"]:
        table.add_row("per synaptic operation", *(energy(row["total_pj"] / operations) for row in rows))
    return table
