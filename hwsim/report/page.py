"""One self-contained HTML page for an estimate: no request leaves it, and nothing in it is trusted.

Every text of the result is escaped by Jinja; the page's own policy allows its one script by hash and
forbids every connection.
"""

import base64
import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from hwsim import cost
from hwsim.ledger import ACTIONS, CAUSES
from hwsim.report import batches, numbers
from hwsim.report.drawing import PALETTE
from hwsim.report.figures import (
    BYTES,
    CAUSE_LABELS,
    COMPONENTS,
    ENERGY,
    UNITS,
    all_figures,
    scale,
    size_text,
)
from hwsim.report.plain import cleaned
from hwsim.storage import write_text

TEMPLATES = Path(__file__).parent / "templates"

LOCATED_SHOWN = 40
"""Located differences listed on the page; result.json has all."""

NONE = "\N{EN DASH}"

GLOSSARY: dict[str, dict[str, str]] = {
    "array": {
        "stream": "an input enters the array",
        "imbalance": "rows or PEs with shorter streams have ended",
        "conflict": "rows ask one bank for different weights in the same cycle",
        "decode": "spikes are merged into a stream more slowly than the array takes them",
        "preload": "weights or inputs that stay move into the PEs",
        "fill_drain": "the first operands travel in, the last ones out",
        "weight": "those of its next job are still on their way from DRAM",
        "input": "those of its next job are still on their way from DRAM",
        "membrane": "those of its next job are still on their way from DRAM",
        "hold": "the first layer's, computed once, are still on their way from DRAM",
        "spill": "sums of earlier K-tiles are still on their way from DRAM",
        "store": "the DRAM channel stores before it loads for the next job",
        "dependency": "what the next job reads is not yet stored",
        "partial_sum": "the operands are there, but no partial-sum bank is free",
        "drain": "no job is left; LIF units and stores end the run",
    },
    "lif": {
        "update": "bias, decay, threshold, reset",
        "serialization": "channel groups that share states run one after the other",
        "vector": "shortcuts are added, windows pooled",
        "array": "nothing to update until its pass has ended",
        "output": "no slot is free until a store has ended",
        "drain": "no job is left; stores end the run",
    },
    "dma": {
        "weight": "from DRAM into the weight buffer",
        "input": "from DRAM into the input buffer",
        "membrane": "states that are not kept on chip",
        "hold": "the first layer's, computed once",
        "spill": "sums of earlier K-tiles",
        "store": "outputs, states and held sums to DRAM",
        "idle": "nothing to move yet, or no buffer free to move it to",
    },
}
"""What a unit does or waits for in a cycle of each cause (docs/machine.md, S4)."""


@dataclass(frozen=True)
class Cell:
    """What a table shows and, for a number, the value behind it."""

    text: str
    value: float | None = None
    series: str | None = None


@dataclass(frozen=True)
class Tile:
    """A headline number: its name, its text, the exact value behind it, and a line below."""

    name: str
    text: str
    value: float | None
    note: str


def write(values: dict[str, Any], directory: Path) -> Path:
    """Write ``report.html`` for an estimate (the dictionary of Result.as_dict) and return its path."""
    path = directory / "report.html"
    write_text(path, render(values))
    return path


def template(name: str) -> Template:
    """A template of the pages; what it shows is escaped, and what it is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"sha256": _sha256, "quantity": numbers.quantity}
    return environment.get_template(name)


def render(values: dict[str, Any]) -> str:
    """The page as text. Equal dictionaries give equal pages."""
    shown = cleaned(values)
    return template("report.html.j2").render(
        r=shown,
        palette=PALETTE,
        figures=all_figures(shown),
        tiles=_tiles(shown),
        layers=_layers(shown),
        components=_components(shown),
        actions=_actions(shown),
        unused=[a for a in ACTIONS if not shown["counts"].get(a)],
        causes=_causes(shown),
        spread=_spread(shown),
        spread_over=batches.spread(shown),
        beginning=batches.beginning(shown),
        ann_told=batches.counterpart(shown),
        located=LOCATED_SHOWN,
        chip=field_rows(shown["hardware"], ("name", "description", "sources")),
        mapping=field_rows(shown["mapping"]),
        prices=field_rows(shown["prices"]),
        provenance=field_rows(shown["provenance"]),
        notes=field_rows(shown["model"]["notes"]),
    )


def energy(pj: float) -> str:
    """Picojoules in a readable unit."""
    return numbers.energy(pj).replace("uJ", "µJ") if pj else "0 pJ"


def duration(ns: float) -> str:
    """Nanoseconds in a readable unit."""
    unit, size = next((u for u in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)) if ns >= u[1]), ("ns", 1.0))
    return f"{ns / size:,.4g} {unit}"


def percent(part: float, whole: float) -> str:
    """A share with one digit; 0% is exactly none."""
    if not whole:
        return NONE
    share = part / whole
    return "0%" if share == 0 else "<0.1%" if share < 0.0005 else f"{share:.1%}"


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _tiles(values: dict[str, Any]) -> list[Tile]:
    samples, totals, ann, spread = values["samples"], values["totals"], values["ann"], values["per_sample"]
    mean = {name: d["mean"] for name, d in spread.items()}
    dram, spent = values["energy_pj"].get("dram", 0.0), totals["energy_pj"]
    ac, mac = totals["ac"] / samples, totals["mac"] / samples
    accuracy, agreement = values["accuracy"], values["agreement"]
    return [
        Tile(
            "energy",
            energy(mean["energy_pj"]),
            mean["energy_pj"],
            _against(ann, "energy_ratio", "energy_pj", energy),
        ),
        Tile(
            batches.latency(values),
            duration(mean["latency_ns"]),
            mean["latency_ns"],
            _against(ann, "latency_ratio", "latency_ns", duration),
        ),
        Tile(
            "cycles",
            numbers.quantity(mean["cycles"]),
            mean["cycles"],
            f"at {values['hardware']['clock_hz'] / 1e6:g} MHz",
        ),
        Tile(
            "spikes",
            numbers.quantity(mean["spikes"]),
            mean["spikes"],
            f"of {values['model']['neurons']:,} neurons in {values['model']['timesteps']} steps",
        ),
        Tile("AC", numbers.quantity(ac), ac, "useful accumulates of spikes"),
        Tile(
            "MAC",
            numbers.quantity(mac),
            mac,
            "useful, of graded values" + (f"; ANN {numbers.quantity(ann['mac'])}" if ann else ""),
        ),
        Tile(
            "DRAM traffic",
            size_text(mean["dram_bytes"]),
            mean["dram_bytes"],
            f"{dram / spent:.0%} of the energy" if spent else "no energy is priced",
        ),
        Tile(
            "chip area",
            f"{totals['area_um2'] / 1e6:.3g} mm²",
            totals["area_um2"],
            "array, LIF units and buffers",
        ),
        Tile(
            "accuracy as executed",
            f"{accuracy['accuracy']:.1%}" if accuracy else NONE,
            accuracy["accuracy"] if accuracy else None,
            f"{accuracy['correct']} of {accuracy['samples']} samples"
            if accuracy
            else "inputs without labels",
        ),
        Tile(
            "spikes as in PyTorch",
            _equal(agreement["rate"]) if agreement else NONE,
            1 - agreement["rate"] if agreement else None,
            f"of {agreement['compared']:,} neuron-steps" if agreement else "no PyTorch reference",
        ),
    ]


def _against(ann: dict[str, Any] | None, ratio: str, field: str, form: Callable[[float], str]) -> str:
    """A headline beside the ANN's."""
    if ann is None:
        return "no ANN to compare with"
    theirs = form(ann[field])
    if ann[ratio] is None:
        return f"ANN: {theirs}"
    return f"{ann[ratio]:.2f} \N{MULTIPLICATION SIGN} the ANN's {theirs}"


def _equal(rate: float) -> str:
    """What is left of the whole, with as many digits as it takes not to round to it."""
    return "100%" if rate == 0 else f"{100 * (1 - rate):.{max(1, math.ceil(-math.log10(rate)) - 1)}f}%"


def _layers(values: dict[str, Any]) -> dict[str, Any]:
    """The sortable table: mean per inference of every layer."""
    samples, total = values["samples"], values["totals"]["energy_pj"] or 1.0
    sums = [sum(layer["energy_pj"].values()) for layer in values["layers"]]
    joules = scale([s / samples for s in sums], ENERGY)
    sizes = scale([layer["dram_bytes"] / samples for layer in values["layers"]], BYTES)
    rows = []
    for number, (layer, spent) in enumerate(zip(values["layers"], sums, strict=True), 1):
        rate = layer["rate"] if layer["rate_by_step"] else None
        operations = sum(layer["counts"].get(a, 0) for a in ("ac", "mac")) / samples
        plain_counts = (layer["events"] / samples, operations, layer["cycles"] / samples)
        rows.append(
            [
                Cell(layer["name"], number),
                Cell(layer["kind"]),
                Cell(", ".join(layer["fed_by"])),
                Cell(" × ".join(map(str, layer["shape"])), layer["neurons"]),
                Cell(f"{layer['weights']:,}", layer["weights"]),
                Cell(NONE, -1.0) if rate is None else Cell(f"{rate:.3f}", rate),
                *(Cell(numbers.quantity(count), count) for count in plain_counts),
                Cell(percent(layer["utilization"], 1.0), layer["utilization"]),
                Cell(sizes.text(layer["dram_bytes"] / samples), layer["dram_bytes"] / samples),
                Cell(joules.text(spent / samples), spent / samples),
                Cell(percent(spent, total), spent / total),
            ]
        )
    numeric = (
        "weights", "rate", "events", "AC + MAC", "cycles", "utilization", f"DRAM, {sizes.unit}",
        f"energy, {joules.unit}", "share",
    )  # fmt: skip
    return {"text": ("layer", "kind", "fed by", "shape"), "numeric": numeric, "rows": rows}


def _components(values: dict[str, Any]) -> list[list[Cell]]:
    """Energy per inference and area of every component that has any, and the sum of all."""
    samples, total = values["samples"], values["totals"]["energy_pj"]
    ann, area = values["ann"], values["area_um2"]
    of_ann = ann["energy_pj_by_component"] if ann else {}
    rows = []
    for name, (label, series) in COMPONENTS.items():
        spent = values["energy_pj"].get(name, 0.0) / samples
        theirs = of_ann.get(name, 0.0) if ann else None
        if spent or theirs or name in area:
            rows.append(
                [Cell(label, series=series), *_component(spent, total / samples, theirs, area.get(name))]
            )
    mean = total / samples
    rows.append(
        [Cell("all"), *_component(mean, mean, ann and ann["energy_pj"], values["totals"]["area_um2"])]
    )
    return rows


def _component(spent: float, total: float, ann: float | None, area: float | None) -> list[Cell]:
    """``ann``: None without a counterpart, of which there is no column then."""
    return [
        Cell(energy(spent), spent),
        Cell(percent(spent, total)),
        *(() if ann is None else (Cell(energy(ann), ann),)),
        Cell(NONE if area is None else f"{area:,.0f}", area),
    ]


def _actions(values: dict[str, Any]) -> list[tuple[str, list[list[Cell]]]]:
    """What happened, by component: counts per inference, the constant each is priced with, the energy."""
    samples, counts, constants = values["samples"], values["counts"], values["unit_energy_pj"]
    groups = {COMPONENTS[c][0]: actions for c, actions in cost.COMPONENTS.items()}
    charged = {a for actions in groups.values() for a in actions}
    groups["DRAM over time, beside the energy"] = cost.STANDING
    charged |= set(cost.STANDING)
    groups["Counted, at no cost of their own"] = tuple(a for a in ACTIONS if a not in charged)
    found = []
    for label, actions in groups.items():
        rows = []
        for action in actions:
            count = counts.get(action, 0)
            if count:
                constant = constants.get(action) if action in charged else None
                missing = "not priced" if action in charged else NONE
                rows.append(
                    [
                        Cell(action),
                        Cell(ACTIONS[action]),
                        Cell(numbers.quantity(count / samples), count / samples),
                        Cell(missing if constant is None else f"{constant:.4g}", constant),
                        Cell(missing if constant is None else energy(count * constant / samples)),
                    ]
                )
        if rows:
            found.append((label[:1].upper() + label[1:], rows))
    return found


def _causes(values: dict[str, Any]) -> list[tuple[str, list[list[Cell]]]]:
    """Cycles per inference of every unit by cause, with the meaning of each."""
    samples, elapsed = values["samples"], values["totals"]["cycles"]
    found = []
    for unit, causes in CAUSES.items():
        rows = []
        for cause in causes:
            spent = values["cycles"][unit].get(cause, 0)
            label, series = CAUSE_LABELS[unit][cause]
            rows.append(
                [
                    Cell(cause, series=series),
                    Cell(f"{label}: {GLOSSARY[unit][cause]}"),
                    Cell(numbers.quantity(spent / samples)),
                    Cell(percent(spent, elapsed)),
                ]
            )
        found.append((UNITS[unit], rows))
    return found


def _spread(values: dict[str, Any]) -> list[list[Cell]]:
    """Mean, 5th percentile, median and 95th percentile over the samples or mini-batches."""
    formats = {
        "energy_pj": ("energy", energy),
        "latency_ns": (batches.latency(values), duration),
        "cycles": ("cycles", numbers.quantity),
        "spikes": ("spikes", numbers.quantity),
        "dram_bytes": ("DRAM traffic", size_text),
    }
    return [
        [Cell(label), *(Cell(form(values["per_sample"][name][k])) for k in ("mean", "p5", "median", "p95"))]
        for name, (label, form) in formats.items()
    ]


def field_rows(
    values: dict[str, Any], skipped: tuple[str, ...] = (), prefix: str = ""
) -> list[tuple[str, str]]:
    """Nested values as dotted names and texts."""
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        if name in skipped:
            continue
        if isinstance(value, dict) and value:
            found += field_rows(value, (), f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", _field(value)))
    return found


def _field(value: Any) -> str:
    if value is None or value == {}:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)
