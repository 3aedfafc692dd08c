"""Tables of costs: untrained networks against trained ones, feedback against none."""

import statistics
from collections.abc import Callable

import numpy as np

from benchmarks.snasnet.looked import CHIP, EVENT
from benchmarks.snasnet.plan import BASES, FEEDBACK, SMALL, bases, with_feedback
from benchmarks.snasnet.results import Row
from benchmarks.snasnet.tables import Found
from benchmarks.training.results import markdown
from hwsim.reproduction.ranks import told

COSTS = ("energy_pj", "latency_ns", "dram_bytes", "spikes", "ac")


def untrained_table(found: Found) -> str:
    """Does the cost of the untrained network order trained ones?"""
    lines = []
    for chip, place, prefix in ((CHIP, "tile", "untrained"), (EVENT, "event", "untrained_event")):
        rows = []
        for row in found.drawn("both"):
            network = found.networks.get((row["name"], place))
            if network is not None and isinstance(row.get(f"{prefix}_energy_pj"), float | int):
                rows.append((row, network))
        if len(rows) < 10:
            continue
        for cost in COSTS:
            before = [float(row[f"{prefix}_{cost}"]) for row, _ in rows]
            after = [float(network[cost]) for _, network in rows]
            ratio = np.array(after) / np.maximum(before, 1e-9)
            low, middle, high = np.percentile(ratio, [10, 50, 90])
            size = [float(row["parameters"]) for row, _ in rows]
            lines.append(
                [chip, cost, str(len(rows)), told(before, after), told(size, after),
                 f"{middle:.2f} ({low:.2f} to {high:.2f})"]
            )  # fmt: skip
    if not lines:
        return "Not simulated."
    return markdown(
        ("chip", "cost", "cells", "tau, untrained with trained", "tau, parameters with trained",
         "trained / untrained: median (10 to 90 %)"), lines,
    )  # fmt: skip


def agreement(found: Found) -> tuple[int, int, int, int, int]:
    """Trained networks executed, of them with connections back, neuron-steps compared, differences, networks
    not trusted."""
    rows = {row["name"]: row for row in found.files["networks"]}.values()
    return (
        len(rows), sum(r["kept_bits"] > 0 for r in rows), sum(r["compared"] for r in rows),
        sum(r["differences"] for r in rows), sum(not r["trusted"] for r in rows),
    )  # fmt: skip


def feedback_table(found: Found) -> str:
    lines = []
    for base in bases()[:BASES]:
        start = _line(found, base)
        for name, of in {"none": (), **FEEDBACK}.items():
            line = _line(found, with_feedback(base, of))
            if start is None or line is None:
                continue
            shown = [form(line[key]) for key, form in SHOWN.items()]
            lines.append([base if not of else "", name, *shown, _point(line, start) if of else ""])
    head = ("forward cell", "back in time", *HEADS, "uJ per point gained")
    return markdown(head, lines)


SHOWN: dict[str, Callable[[float], str]] = {
    "accuracy": lambda v: f"{v:.1f}", "ac": lambda v: f"{v:,.0f}", "mac": lambda v: f"{v:,.0f}",
    "kept": lambda v: f"{v:,.0f}", "returned": lambda v: f"{v:,.0f}", "dram": lambda v: f"{v / 1024:,.0f}",
    "energy": lambda v: f"{v / 1e6:.1f}", "latency": lambda v: f"{v / 1e3:.1f}",
    "stepwise": lambda v: f"{v:.2f}",
    "stepwise_dram": lambda v: f"{v / 1024:,.0f}", "stepwise_energy": lambda v: f"{v / 1e6:.1f}",
    "packets": lambda v: f"{v:,.0f}", "hops": lambda v: f"{v:,.0f}",
    "tiles_energy": lambda v: f"{v / 1e6:.2f}", "tiles_latency": lambda v: f"{v / 1e3:.1f}",
}  # fmt: skip
HEADS = (
    "accuracy, %", "AC", "MAC", "kept, bytes", "events back", "DRAM, KiB", "energy, uJ", "latency, us",
    "stepwise / latency", "stepwise KiB",
    "stepwise uJ", "packets", "hops", "tiles uJ", "tiles us",
)  # fmt: skip


def _line(found: Found, cell: str) -> Row | None:
    name = f"{SMALL}_T5_{cell.replace(',', '-')}_0"
    of = {place: found.networks.get((name, place)) for place in ("tile", "stepwise", "tiles")}
    tile, stepwise, tiles = of["tile"], of["stepwise"], of["tiles"]
    if tile is None or stepwise is None or tiles is None:
        return None
    return {
        "accuracy": statistics.fmean(found.accuracies(cell).values()), "ac": tile["ac"], "mac": tile["mac"],
        "kept": tile["kept_bits"] / 8, "returned": tile["returned"], "dram": tile["dram_bytes"],
        "energy": tile["energy_pj"], "latency": tile["latency_ns"],
        "stepwise": stepwise["latency_ns"] / tile["latency_ns"],
        "stepwise_dram": stepwise["dram_bytes"], "stepwise_energy": stepwise["energy_pj"],
        "packets": tiles["packets"], "hops": tiles["hops"],
        "tiles_energy": tiles["energy_pj"], "tiles_latency": tiles["latency_ns"],
    }  # fmt: skip


def _point(line: Row, start: Row) -> str:
    gained, spent = line["accuracy"] - start["accuracy"], (line["energy"] - start["energy"]) / 1e6
    return f"{spent / gained:.2f}" if gained > 0 else f"none gained ({gained:+.1f})"
