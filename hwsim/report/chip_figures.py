"""Figures of a run on a chip of many cores: from ChipResult.as_dict to inline SVG.

Every quantity of a tick is the mean over samples; of many ticks neighbors share a row, which has their mean.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from hwsim.report import series
from hwsim.report.drawing import Bar, Segment, bars
from hwsim.report.heatmap import heat_map
from hwsim.report.picture import ENERGY, Picture, legend, scale, stacked
from hwsim.report.plain import plain

MOST_ROWS = 24

COMPONENTS: dict[str, tuple[str, str]] = {
    "synapse": ("synapses", "weight"),
    "update": ("neuron updates", "lif"),
    "send": ("sending", "output"),
    "receive": ("receiving", "input"),
    "hops": ("hops", "array"),
    "barrier": ("barriers", "imbalance"),
    "static": ("static power", "dram"),
}
"""Label and series of every component of the energy of event-driven cores."""

OF_TILES = series.COMPONENTS | {"hops": ("hops", "hold")}
"""Of tiles with arrays."""

CAUSES: dict[str, tuple[str, str]] = {
    "work": ("own work", "array"),
    "imbalance": ("waiting for other cores", "idle"),
    "barrier": ("barrier", "imbalance"),
    "real_time": ("waiting for the real-time tick", "hold"),
}
"""Label and series of what a core does with its time."""

COUNT = (("billion", 1e9), ("million", 1e6), ("thousand", 1e3), ("", 1.0))
TIME = (("ms", 1e6), ("µs", 1e3), ("ns", 1.0))


def all_figures(values: dict[str, Any]) -> dict[str, Picture]:
    """Every figure of the page by name."""
    draw: dict[str, Callable[[dict[str, Any]], Picture]] = {
        "energy": energy_by_row,
        "links": links,
        "spikes": spikes,
        "packets": packets,
        "time": time_by_tick,
        "latency": latency,
    }
    return {name: function(values) for name, function in draw.items()}


def components(values: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Label and series of every component of the energy of this chip's kind."""
    spent = values["energy"][0]["energy_pj"] if values["energy"] else {}
    return {c: told for c, told in OF_TILES.items() if c in spent} if values["cold_start"] else COMPONENTS


def energy_by_row(values: dict[str, Any]) -> Picture:
    """Energy of a tick by component, one bar for each row of prices (pJ)."""
    ticks, labels = values["samples"] * values["ticks"], components(values)
    table = [
        (plain(row["prices"]), {c: spent / ticks for c, spent in row["energy_pj"].items()})
        for row in values["energy"]
    ]
    what = "Energy of a tick, by every row of prices"
    sums = [sum(parts.values()) for _, parts in table]
    caption = "The same run at the constants of each source."
    if len(sums) > 1 and min(sums) > 0:
        caption += f" They lie {max(sums) / min(sums):.1f}-fold apart."
    return Picture(
        what, stacked(what, table, labels, ENERGY, caption, "tick"), legend(table, labels), caption
    )


def energy_by_tick(values: dict[str, Any]) -> list[Picture]:
    """Energy of every tick by component (pJ), one figure for each row of prices that tells it."""
    found = []
    for row in (row for row in values["energy"] if row.get("by_tick_pj")):
        table = _binned(values, row["by_tick_pj"])
        what = f"Energy, tick by tick: {plain(row['prices'])}"
        caption = plain(row["description"]) + "."
        svg = stacked(what, table, COMPONENTS, ENERGY, caption, "tick")
        found.append(Picture(what, svg, legend(table, COMPONENTS), caption))
    return found


def spikes(values: dict[str, Any]) -> Picture:
    """Spikes of every tick."""
    what = "Spikes, tick by tick"
    parts = {"fired": ("spikes of neurons", "lif")}
    caption = "Ticks fill and drain: a layer works as many ticks after the input as its depth."
    return _counts(values, what, parts, caption, "spikes")


def packets(values: dict[str, Any]) -> Picture:
    """Packets of every tick: into the network, and to the core that they come from."""
    what = "Packets, tick by tick"
    parts = {"sent": ("into the network", "array"), "local": ("to the own core", "fill")}
    totals = values["totals"]
    share = totals["local"] / ((totals["sent"] + totals["local"]) or 1)
    return _counts(values, what, parts, f"{share:.0%} stay on their core.", "packets")


def time_by_tick(values: dict[str, Any]) -> Picture:
    """What a core in use does with each tick (ns), mean over cores."""
    cores = values["placement"]["cores_used"] or 1
    cycle = values["totals"]["latency_ns"] / (values["totals"]["cycles"] or 1)
    table = _binned(
        values,
        {c: [t[f"{c}_cycles"] * cycle / cores for t in values["by_tick"]] for c in CAUSES},
    )
    what = "Time of a core, tick by tick"
    whole = sum(values["time"].values()) or 1
    caption = "; ".join(
        f"{values['time'][c] / whole:.1%} is {label}" for c, (label, _) in CAUSES.items() if values["time"][c]
    )
    svg = stacked(what, table, CAUSES, TIME, f"{caption}.", "tick")
    return Picture(what, svg, legend(table, CAUSES), f"Mean of the cores in use: {caption}.")


def latency(values: dict[str, Any]) -> Picture:
    """How many packets took how long from creation to arrival (ns), in bins that double."""
    counts, cycle = values["network"]["latency"], values["network"]["cycle_ns"]
    whole = sum(counts)
    edges = [0, 4]
    while edges[-1] < len(counts):
        edges.append(edges[-1] * 2)
    rows = []
    for begin, end in pairwise(edges):
        found = sum(counts[begin:end])
        label = f"{begin * cycle:,.4g} to {end * cycle:,.4g} ns"
        share = found / whole if whole else 0.0
        tip = f"{label}: {found:,} packets"
        rows.append(Bar(label, (Segment("array", 100 * share, tip),), f"{share:.1%}"))
    while rows and not rows[0].length:
        rows.pop(0)
    what = "Time of packets in the network"
    mean = sum(i * n for i, n in enumerate(counts)) * cycle / whole if whole else 0.0
    longest = (len(counts) - 1) * cycle
    caption = (
        f"From creation to arrival, mean {mean:,.4g} ns, longest {longest:,.4g} ns. What stays on its core "
        "takes none."
        if whole
        else "No packet entered the network."
    )
    return Picture(what, bars(f"{what}. {caption}", rows, "% of packets"), (), caption)


def links(values: dict[str, Any]) -> Picture:
    """Packets over each link and through each router of the grid."""
    what = "Packets over links and into routers"
    network, samples = values["network"], values["samples"]
    most = max((max(flits, default=0) for flits in network["links"].values()), default=0)
    caption = (
        "Squares are routers, the stronger the more their cores send; router (0, 0), where the input enters, "
        "is at the top left. Lines are links, one for each direction; the busiest carries "
        f"{most / samples:,.0f} packets a sample."
    )
    return Picture(what, heat_map(values, f"{what}. {caption}"), (), caption)


def _counts(
    values: dict[str, Any], what: str, parts: dict[str, tuple[str, str]], caption: str, unit: str
) -> Picture:
    table = _binned(values, {name: [t[name] for t in values["by_tick"]] for name in parts})
    chosen = scale([sum(row.values()) for _, row in table], COUNT)
    rows = [
        Bar(
            label,
            tuple(
                Segment(series, row[name] / chosen.size, f"tick {label}, {text}: {row[name]:,.0f}")
                for name, (text, series) in parts.items()
            ),
            f"{sum(row.values()):,.0f}",
        )
        for label, row in table
    ]
    axis = f"{chosen.unit} {unit} per tick".strip()
    svg = bars(f"{what}. {caption}", rows, axis, right=58.0)
    return Picture(what, svg, legend(table, parts) if len(parts) > 1 else (), caption)


def _binned(values: dict[str, Any], parts: dict[str, Sequence[float]]) -> list[tuple[str, dict[str, float]]]:
    """Rows of at most MOST_ROWS spans of ticks: the mean of a sample's tick in each."""
    samples, ticks = values["samples"], values["ticks"]
    width = -(-ticks // MOST_ROWS)
    rows = []
    for begin in range(0, ticks, width):
        end = min(begin + width, ticks)
        label = str(begin) if end - begin == 1 else f"{begin}\N{EN DASH}{end - 1}"
        mean = {n: sum(series[begin:end]) / (samples * (end - begin)) for n, series in parts.items()}
        rows.append((label, mean))
    return rows
