"""Tables of an estimate's page, from the dictionary of Result.as_dict; means per inference."""

from typing import Any

from hwsim import cost
from hwsim.ledger import ACTIONS, CAUSES
from hwsim.report import batches
from hwsim.report.glossary import GLOSSARY
from hwsim.report.numbers import NONE, duration, joules, percent, quantity
from hwsim.report.picture import BYTES, ENERGY, scale, size_text
from hwsim.report.roofline import points
from hwsim.report.series import CAUSE_LABELS, COMPONENTS, UNITS
from hwsim.report.tables import Cell, Cells, Table


def layers(values: dict[str, Any]) -> Table:
    """What every layer is, does and costs."""
    samples, total = values["samples"], values["totals"]["energy_pj"] or 1.0
    sums = [sum(layer["energy_pj"].values()) for layer in values["layers"]]
    unit = scale([s / samples for s in sums], ENERGY)
    sizes = scale([layer["dram_bytes"] / samples for layer in values["layers"]], BYTES)
    rows: list[Cells] = []
    for number, (layer, spent) in enumerate(zip(values["layers"], sums, strict=True), 1):
        rate = layer["rate"] if layer["rate_by_step"] else None
        operations = sum(layer["counts"].get(a, 0) for a in ("ac", "mac")) / samples
        rows.append(
            (
                Cell(layer["name"], number, name=True),
                Cell(layer["kind"]),
                Cell(", ".join(layer["fed_by"]), name=True),
                Cell(" × ".join(map(str, layer["shape"])), layer["neurons"]),
                Cell(f"{layer['weights']:,}", layer["weights"]),
                Cell(NONE) if rate is None else Cell(f"{rate:.3f}", rate),
                *(_count(n) for n in (layer["events"] / samples, operations, layer["cycles"] / samples)),
                Cell(percent(layer["utilization"], 1.0), layer["utilization"]),
                Cell(sizes.text(layer["dram_bytes"] / samples), layer["dram_bytes"] / samples),
                Cell(unit.text(spent / samples), spent / samples),
                Cell(percent(spent, total), spent / total),
            )
        )
    numbers = (
        "weights", "rate", "events", "AC + MAC", "cycles", "utilization", f"DRAM, {sizes.unit}",
        f"energy, {unit.unit}", "share",
    )  # fmt: skip
    texts = ("layer", "kind", "fed by", "shape")
    return Table("Every layer, per inference", texts, numbers, tuple(rows), sorted_by=0)


def components(values: dict[str, Any]) -> Table:
    """Energy and area of every component that has any, beside the ANN's, and the sum of all."""
    samples, total = values["samples"], values["totals"]["energy_pj"]
    ann, area = values["ann"], values["area_um2"]
    of_ann = ann["energy_pj_by_component"] if ann else {}
    rows = []
    for name, (label, series) in COMPONENTS.items():
        spent = values["energy_pj"].get(name, 0.0) / samples
        theirs = of_ann.get(name, 0.0) if ann else None
        if spent or theirs or name in area:
            cells = _component(spent, total / samples, theirs, area.get(name))
            rows.append((Cell(label, series=series), *cells))
    mean = total / samples
    whole = _component(mean, mean, ann and ann["energy_pj"], values["totals"]["area_um2"])
    heads = ("energy per inference", "share", *(("as ANN",) if ann else ()), "area, µm²")
    return Table("Components", ("component",), heads, tuple(rows), (Cell("all"), *whole))


def _component(spent: float, total: float, ann: float | None, area: float | None) -> Cells:
    """``ann``: None without a counterpart, of which there is no column then."""
    return (
        Cell(joules(spent), spent),
        Cell(percent(spent, total), spent),
        *(() if ann is None else (Cell(joules(ann), ann),)),
        Cell(NONE if area is None else f"{area:,.0f}", area),
    )


def actions(values: dict[str, Any]) -> Table:
    """What happened, by component: counts, the constant that each is priced with, the energy."""
    samples, counts, constants = values["samples"], values["counts"], values["unit_energy_pj"]
    groups = {COMPONENTS[c][0]: names for c, names in cost.COMPONENTS.items()}
    groups["DRAM over time, beside the energy"] = cost.STANDING
    charged = {a for names in groups.values() for a in names}
    groups["counted, at no cost of its own"] = tuple(a for a in ACTIONS if a not in charged)
    rows = []
    for label, names in groups.items():
        for action in (a for a in names if counts.get(a)):
            count, constant = counts[action], constants.get(action) if action in charged else None
            missing = "not priced" if action in charged else NONE
            spent = None if constant is None else count * constant / samples
            rows.append(
                (
                    Cell(action, code=True),
                    Cell(label),
                    Cell(ACTIONS[action], wide=True),
                    _count(count / samples),
                    Cell(missing if constant is None else f"{constant:.4g}", constant),
                    Cell(missing if spent is None else joules(spent), spent),
                )
            )
    texts, numbers = ("action", "charged to", "counts"), ("per inference", "pJ each", "energy")
    return Table("Actions and constants", texts, numbers, tuple(rows))


def causes(values: dict[str, Any]) -> Table:
    """Cycles of every unit by cause, with the meaning of each."""
    samples, elapsed = values["samples"], values["totals"]["cycles"]
    rows = []
    for unit, names in CAUSES.items():
        for cause in names:
            spent = values["cycles"][unit].get(cause, 0)
            label, series = CAUSE_LABELS[unit][cause]
            rows.append(
                (
                    Cell(cause, series=series, code=True),
                    Cell(UNITS[unit]),
                    Cell(f"{label}: {GLOSSARY[unit][cause]}", wide=True),
                    _count(spent / samples),
                    Cell(percent(spent, elapsed), spent),
                )
            )
    texts, numbers = ("cause", "unit", "meaning"), ("cycles per inference", "share")
    return Table("Cycles by cause", texts, numbers, tuple(rows))


def spread(values: dict[str, Any]) -> Table:
    """Mean, 5th percentile, median and 95th percentile over the samples or mini-batches."""
    formats = {
        "energy_pj": ("energy", joules),
        "latency_ns": (batches.latency(values), duration),
        "cycles": ("cycles", quantity),
        "spikes": ("spikes", quantity),
        "dram_bytes": ("DRAM traffic", size_text),
    }
    rows = [
        (Cell(label), *(Cell(form(found[k]), found[k]) for k in ("mean", "p5", "median", "p95")))
        for name, (label, form) in formats.items()
        for found in (values["per_sample"][name],)
    ]
    heads = ("mean", "p5", "median", "p95")
    return Table(f"Spread over {batches.spread(values)}", ("per inference",), heads, tuple(rows))


def intensities(values: dict[str, Any]) -> Table:
    """The points of the roofline."""
    rows = tuple(
        (
            Cell(p.name, number, name=True),
            Cell(p.bound or NONE),
            Cell(f"{p.per_cycle:,.3g}", p.per_cycle),
            *(Cell(NONE if x is None else f"{x:,.3g}", x) for x in (p.per_dram_byte, p.per_buffer_byte)),
        )
        for number, p in enumerate(points(values), 1)
    )
    numbers = ("ops/cycle", "ops/DRAM byte", "ops/buffer byte")
    return Table("Points of the roofline", ("layer", "bound"), numbers, rows, sorted_by=0)


def operations_alone(values: dict[str, Any]) -> Table | None:
    """The energy of operations alone by table, and of the whole system; None of a result without it."""
    found = values.get("compute_only")
    if not found:
        return None
    rows: list[Cells] = [
        (
            Cell(f"operations alone, table {row['table']}"),
            _constant(row["ac_pj"]),
            _constant(row["mac_pj"]),
            *_against(row["energy_pj"], row["ann_energy_pj"], row["energy_ratio"]),
            _plain(row["break_even_rate"]),
        )
        for row in found["by_table"]
    ]
    ann = values["ann"]
    whole = _against(
        values["per_sample"]["energy_pj"]["mean"], ann and ann["energy_pj"], ann and ann["energy_ratio"]
    )
    rows.append((Cell(f"whole system, table {values['table']}"), Cell(NONE), Cell(NONE), *whole, Cell(NONE)))
    numbers = ("pJ an AC", "pJ a MAC", "SNN", "ANN", "SNN / ANN", "break-even rate")
    return Table("Operations alone beside the whole system", ("energy per inference",), numbers, tuple(rows))


def _against(snn: float | None, ann: float | None, ratio: float | None) -> Cells:
    return (*(Cell(NONE) if pj is None else Cell(joules(pj), pj) for pj in (snn, ann)), _plain(ratio))


def _constant(pj: float | None) -> Cell:
    return Cell("not priced") if pj is None else Cell(f"{pj:.4g}", pj)


def _plain(value: float | None) -> Cell:
    return Cell(NONE) if value is None else Cell(f"{value:.4g}", value)


def agreement(values: dict[str, Any]) -> Table | None:
    """What differs from PyTorch, by layer."""
    if not values["agreement"]:
        return None
    names = ("compared", "events", "differences", "differences_on_equal_inputs")
    rows = tuple(
        (Cell(row["population"], number, name=True), *(_count(row[k]) for k in names))
        for number, row in enumerate(values["agreement"]["populations"], 1)
    )
    heads = ("neuron-steps", "events in PyTorch", "differences", "on equal inputs")
    return Table("Agreement by layer", ("layer",), heads, rows, sorted_by=0)


def located(values: dict[str, Any], most: int) -> Table | None:
    """The first ``most`` located differences."""
    found = values["agreement"]["located"] if values["agreement"] else []
    if not found:
        return None
    rows = tuple(
        (
            Cell(flip["population"], name=True),
            Cell("yes" if flip["explained"] else "no"),
            *(Cell(f"{flip[k]}", flip[k]) for k in ("sample", "step", "neuron")),
            *(Cell(f"{flip[k]:.9g}", flip[k]) for k in ("membrane", "threshold")),
            Cell(f"{flip['rounding']:.1e}", flip["rounding"]),
        )
        for flip in found[:most]
    )
    heads = ("sample", "step", "neuron", "membrane", "threshold", "rounding")
    return Table("Located differences", ("layer", "explained"), heads, rows)


def choices(values: dict[str, Any]) -> Table:
    """What the mapping came to for every layer of the array."""
    rows = tuple(
        (
            Cell(layer["name"], number, name=True),
            Cell(chosen["fold_order"]),
            Cell(chosen["inputs_kept"]),
            Cell("pinned" if chosen["weights_pinned"] else "fetched"),
            Cell("held" if chosen["sums_held"] else "each step"),
            _count(chosen["k_tiles"]),
        )
        for number, layer in enumerate(values["layers"], 1)
        if (chosen := layer["mapping"])
    )
    texts = ("layer", "folds", "inputs kept", "weights", "sums")
    return Table("What the mapping came to, by layer", texts, ("K-tiles",), rows, sorted_by=0)


def _count(value: float) -> Cell:
    return Cell(quantity(value), value)
