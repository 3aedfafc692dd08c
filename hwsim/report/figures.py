"""Figures of the report: from the dictionary of Result.as_dict to inline SVG, legend and caption.

Every quantity is the mean per inference.
"""

from collections.abc import Callable
from typing import Any

from hwsim.ledger import CAUSES
from hwsim.report import spans
from hwsim.report.drawing import Bar, Grid, Segment, bars
from hwsim.report.picture import (
    BYTES,
    CYCLES,
    ENERGY,
    Picture,
    legend,
    scale,
    segments,
    size_text,
    stacked,
    total,
)
from hwsim.report.plain import plain
from hwsim.report.series import CAUSE_LABELS, COMPONENTS, OPERANDS, UNITS, WORK


def all_figures(values: dict[str, Any]) -> dict[str, Picture]:
    """Every figure of the report by name."""
    draw: dict[str, Callable[[dict[str, Any]], Picture]] = {
        "counterpart": counterpart,
        "units": units,
        "buffers": buffers,
        "energy": energy_by_layer,
        "cycles": cycles_by_layer,
        "rates": rates,
        "dram": dram_by_layer,
    }
    return {name: function(values) for name, function in draw.items()}


def energy_by_layer(values: dict[str, Any]) -> Picture:
    """Energy of each layer by component (pJ per inference)."""
    table = _per_layer(values, lambda layer: {c: layer["energy_pj"].get(c, 0.0) for c in COMPONENTS})
    what = "Energy, layer by layer"
    most, share = _most(table), _share({COMPONENTS[c][0]: total(table, c) for c in COMPONENTS})
    caption = f"{most} of the energy. Of all layers together, {share}." if most else "No energy is priced."
    caption += spans.told(len(table))
    svg = stacked(what, table, COMPONENTS, ENERGY, caption)
    return Picture(what, svg, legend(table, COMPONENTS), caption)


def cycles_by_layer(values: dict[str, Any]) -> Picture:
    """Time of the PE array in each layer by cause (cycles per inference)."""
    table = _per_layer(values, lambda layer: layer["causes"]["array"])
    what = "Cycles of the PE array, layer by layer"
    labels = CAUSE_LABELS["array"]
    most = _most(table)
    caption = (
        f"{most} of the time. Every cycle of the array has one cause: it streams inputs, fills and drains "
        "between passes, or waits."
        if most
        else "No cycles were spent."
    ) + spans.told(len(table))
    svg = stacked(what, table, labels, CYCLES, caption)
    return Picture(what, svg, legend(table, labels), caption)


def units(values: dict[str, Any]) -> Picture:
    """What the array, the LIF units and the DRAM channel do with the whole time (cycles per inference)."""
    samples = values["samples"]
    spent = {
        unit: {cause: values["cycles"][unit].get(cause, 0) / samples for cause in causes}
        for unit, causes in CAUSES.items()
    }
    chosen = scale([sum(causes.values()) for causes in spent.values()], CYCLES)
    busy = {unit: _busy(unit, causes) for unit, causes in spent.items()}
    rows = [
        Bar(UNITS[unit], segments(UNITS[unit], causes, CAUSE_LABELS[unit], chosen), f"{busy[unit]:.0%} busy")
        for unit, causes in spent.items()
    ]
    what = "What each unit does with its time"
    told = "; ".join(f"the {UNITS[unit]} work {share:.0%}" for unit, share in busy.items())
    told = told.replace("PE array work", "PE array works").replace("channel work", "channel works")
    told_by = tuple((UNITS[u], legend([("", causes)], CAUSE_LABELS[u])[0][1]) for u, causes in spent.items())
    svg = bars(f"{what}: {told} of the time", rows, f"{chosen.unit} per inference", right=58.0)
    return Picture(what, svg, told_by, f"Of the same elapsed time {told}.")


def rates(values: dict[str, Any]) -> Picture:
    """Events per neuron and step of each emitting layer, and how they change over the steps."""
    steps = values["model"]["timesteps"]
    layers = [layer for layer in values["layers"] if layer["rate_by_step"]]
    columns, binned = _binned([layer["rate_by_step"] for layer in layers], steps)
    rows, cells = [], []
    for span in spans.spans(len(layers)):
        of = [layers[i] for i in span]
        name = spans.label(span, [layer["name"] for layer in layers])
        rate = sum(layer["rate"] or 0.0 for layer in of) / len(of)
        series = "lif" if any(_kind(layer) == "lif" for layer in of) else "idle"
        rows.append(Bar(name, (Segment(series, rate, f"{name}: {rate:.4f}"),), f"{rate:.3f}"))
        cells.append(tuple(sum(binned[i][k] for i in span) / len(span) for k in range(len(columns))))
    grid = Grid(tuple(cells), columns, "timestep", "lif")
    what = "Spike rate, layer by layer and step by step"
    used = {_kind(layer) for layer in layers}
    kinds = (("spiking neurons", "lif"), ("pools and sums (events passed on)", "idle"))
    told_by = (("", tuple(k for k in kinds if k[1] in used)),)
    busiest = max(layers, key=lambda layer: layer["rate"] or 0.0, default=None)
    caption = "No layer emits events."
    if busiest:
        caption = (
            f"The busiest layer is {plain(busiest['name'])}: {busiest['rate'] or 0.0:.3f} events per neuron "
            "and step. Cells on the right show every timestep; stronger color is more."
        ) + spans.told(len(layers)).replace("is up to", "is the mean of up to")
    svg = bars(f"{what}. {caption}", rows, "events per neuron and step", grid, right=38.0)
    return Picture(what, svg, told_by, caption)


def dram_by_layer(values: dict[str, Any]) -> Picture:
    """DRAM traffic of each layer by operand (bytes per inference, whole bursts)."""
    table = _per_layer(
        values,
        lambda layer: {
            name: sum(layer["counts"].get(a, 0) for a in actions)
            for name, (_, actions, _) in OPERANDS.items()
        },
    )
    labels = {name: (label, series) for name, (label, _, series) in OPERANDS.items()}
    what = "DRAM traffic, layer by layer"
    most, share = _most(table), _share({labels[o][0]: total(table, o) for o in labels})
    caption = (
        f"{most} of the traffic. Of all layers together, {share}."
        if most
        else "Nothing moves to or from DRAM."
    ) + spans.told(len(table))
    svg = stacked(what, table, labels, BYTES, caption)
    return Picture(what, svg, legend(table, labels), caption)


def counterpart(values: dict[str, Any]) -> Picture:
    """Energy by component of one inference: the SNN's mean against its ANN counterpart, if there is one."""
    samples, ann = values["samples"], values["ann"]
    table = [("SNN", {c: values["energy_pj"].get(c, 0.0) / samples for c in COMPONENTS})]
    if ann is None:
        what, caption = "Energy by component", "There is no ANN to compare with."
    else:
        table.append(("same net as ANN", {c: ann["energy_pj_by_component"].get(c, 0.0) for c in COMPONENTS}))
        what = "Energy against the same network as an ANN"
        caption = (
            "The counterpart has ReLU in place of LIF and runs one dense pass of multiply-accumulates on the "
            "same chip and table."
        )
        if ann["energy_ratio"] is not None:
            caption += f" The SNN takes {ann['energy_ratio']:.2f} times its energy."
    svg = stacked(what, table, COMPONENTS, ENERGY, caption)
    return Picture(what, svg, legend(table, COMPONENTS), caption)


def buffers(values: dict[str, Any]) -> Picture:
    """What must be kept (weights, LIF state) beside what the chip can keep (bytes)."""
    chip = values["hardware"]
    weight_bits, state_bits = chip["precision"]["weight_bits"], chip["precision"]["state_bits"]
    weights = [-(-layer["weights"] * weight_bits // 8) for layer in values["layers"]]
    states = [-(-la["neurons"] * state_bits // 8) for la in values["layers"] if la["kind"] == "lif"]
    present = {name: b for name, b in chip["buffers"].items() if isinstance(b, dict)}
    held = {
        "weight": (
            ("weights, all layers", sum(weights)),
            ("weights, largest layer", max(weights, default=0)),
        ),
        "membrane": (
            ("LIF state, all layers", values["lif"]["memory_bytes"]),
            ("LIF state, largest layer", max(states, default=0)),
        ),
    }
    entries: list[tuple[str, str, float | None, bool]] = []
    for name in ("weight", "membrane", "input", "output"):
        entries += [(label, name, size, False) for label, size in held.get(name, ())]
        capacity = present[name]["capacity_bytes"] if name in present else None
        entries.append((f"{name} buffer", name, capacity, True))
    chosen = scale([size or 0 for _, _, size, _ in entries], BYTES)
    rows = [
        Bar(
            label,
            (Segment(series, (size or 0) / chosen.size, f"{label}: {size or 0:,.0f} bytes", outline),),
            "none" if size is None else size_text(size),
        )
        for label, series, size, outline in entries
    ]
    what = "What has to be kept, and the buffers to keep it in"
    fits = "All" if sum(weights) <= present["weight"]["capacity_bytes"] else "Not all"
    state = (
        "Without a membrane buffer the state stays in the array (layer_major) or goes to DRAM (step_major)."
        if "membrane" not in present
        else "State that does not fit the membrane buffer goes to DRAM in step_major."
    )
    caption = (
        f"Filled: what the network needs; outlined: capacities. {fits} weights fit the weight buffer. {state}"
    )
    return Picture(what, bars(f"{what}. {caption}", rows, chosen.unit, right=58.0), (), caption)


def _per_layer(
    values: dict[str, Any], parts: Callable[[dict[str, Any]], dict[str, float]]
) -> list[tuple[str, dict[str, float]]]:
    samples = values["samples"]
    return [(la["name"], {k: v / samples for k, v in parts(la).items()}) for la in values["layers"]]


def _most(table: list[tuple[str, dict[str, float]]]) -> str:
    """Which layer is the greatest and its share of all, as a clause; empty if all is zero."""
    totals = {name: sum(parts.values()) for name, parts in table}
    everything = sum(totals.values())
    if not everything:
        return ""
    name = max(totals, key=lambda row: totals[row])
    share = totals[name] / everything
    return f"Layer {plain(name)} takes the most: {'less than 1%' if share < 0.005 else f'{share:.0%}'}"


def _share(parts: dict[str, float]) -> str:
    """The greatest part and its share, as a clause."""
    everything = sum(parts.values()) or 1.0
    name = max(parts, key=lambda part: parts[part])
    return f"{parts[name] / everything:.0%} is {name}"


def _busy(unit: str, causes: dict[str, float]) -> float:
    total = sum(causes.values())
    working = sum(v for c, v in causes.items() if c in WORK.get(unit, causes) and c != "idle")
    return working / total if total else 0.0


def _kind(layer: dict[str, Any]) -> str:
    return "lif" if layer["kind"] == "lif" else "idle"


def _binned(
    rates_by_step: list[list[float]], steps: int, most: int = 24
) -> tuple[tuple[str, ...], list[tuple[float, ...]]]:
    """At most ``most`` columns, each the mean of neighboring steps; a constant layer fills them all."""
    width = -(-steps // most)
    spans = [(start, min(start + width, steps)) for start in range(0, steps, width)]
    names = tuple(f"{a + 1}" if b - a == 1 else f"{a + 1}\N{EN DASH}{b}" for a, b in spans)
    full = [r if len(r) == steps else [r[0]] * steps for r in rates_by_step]
    return names, [tuple(sum(r[a:b]) / (b - a) for a, b in spans) for r in full]
