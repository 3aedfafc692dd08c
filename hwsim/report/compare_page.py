"""compare.html: rows of a comparison, how far each is from the first, fronts, and what the tables say."""

from pathlib import Path
from typing import Any

from hwsim.differences import QUANTITIES, per_inference
from hwsim.report import notebook
from hwsim.report.compare_console import (
    KEYS,
    TURNS,
    UNKNOWN,
    by_bits,
    caveats_of,
    difference,
    tested_accuracy,
    title,
    turning,
    unknown_accuracy,
    unpriced,
    varying,
    verdict,
)
from hwsim.report.headline import Tile
from hwsim.report.numbers import NONE, area, duration, joules, quantity
from hwsim.report.page import template
from hwsim.report.picture import BYTES, ENERGY, Picture, legend, size_text, stacked
from hwsim.report.plain import cleaned
from hwsim.report.scatter import Axis, Point, scatter
from hwsim.report.tables import Cell, Table, fields
from hwsim.storage import write_text

SHOWN = {
    "energy_pj": ("energy", joules, "pJ"),
    "latency_ns": ("time", duration, "ns"),
    "area_um2": ("area", area, "um2"),
    "dram_bytes": ("DRAM traffic", size_text, "bytes"),
    "lif_memory_bytes": ("LIF memory", size_text, "bytes"),
    "spikes": ("spikes", quantity, "events"),
    "accuracy": ("accuracy", lambda share: f"{share:.1%}", ""),
}
"""Head, form and unit of every quantity."""

UNITS = {
    "energy_pj": ENERGY,
    "latency_ns": (("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)),
    "area_um2": (("mm²", 1e6), ("µm²", 1.0)),
    "dram_bytes": BYTES,
    "lif_memory_bytes": BYTES,
    "spikes": (("millions", 1e6), ("thousands", 1e3), ("", 1.0)),
    "accuracy": (("%", 0.01),),
}
"""Units of an axis."""

OPERANDS = {
    "weight": ("weights", "weight"),
    "input": ("inputs", "input"),
    "output": ("outputs", "output"),
    "membrane": ("membranes", "membrane"),
    "hold": ("held sums", "hold"),
    "spill": ("partial sums", "sums"),
}
"""Label and series of what moves to and from DRAM."""

MOST_NAMED = 6
"""Rows of a front that its caption names."""

MOST_BARS = 60
"""Rows that have a bar."""


def write(values: dict[str, Any], directory: Path) -> Path:
    """Write ``compare.html`` for a comparison (the dictionary of Comparison.as_dict); return its path."""
    path = directory / "compare.html"
    write_text(path, render(values))
    return path


def render(values: dict[str, Any]) -> str:
    """The page as text. Equal dictionaries give equal pages."""
    shown = cleaned(values)
    rows = shown["rows"]
    models = list(dict.fromkeys(row["model"] for row in rows))
    return template("compare.html.j2").render(
        heading=models[0] if len(models) == 1 else f"{len(models)} models",
        told=title(rows),
        count=len(rows),
        tiles=tiles(rows),
        rows=table(rows),
        differences=differences(rows) if len(rows) > 1 else None,
        turning=turning(rows),
        turns_head=TURNS,
        fronts=[front(rows, one) for one in shown["fronts"]],
        dram=dram(rows),
        sensitivity=sensitivity(rows),
        notes=[*unknown_accuracy(rows), *tested_accuracy(rows), *caveats_of(rows)],
        unpriced=unpriced(rows),
        left_out=fields("Left out", shown["left_out"]) if shown["left_out"] else None,
        provenance=[fields(f"Provenance {i}", of) for i, of in enumerate(shown["provenance"]["of"], 1)],
        hwsim=shown["provenance"]["hwsim"],
        schema=shown["schema"],
    )


def fragment(values: dict[str, Any]) -> str:
    """What notebooks show: the best rows and both tables, without script."""
    shown = cleaned(values)
    rows = shown["rows"]
    tables = [table(rows), *([differences(rows)] if len(rows) > 1 else [])]
    turned = [f"{TURNS}: {line}" for line in turning(rows)]
    notes = [*turned, *unknown_accuracy(rows), *tested_accuracy(rows), *caveats_of(rows)]
    return notebook.fragment("Comparison", title(rows), tiles(rows), tables, notes)


def tiles(rows: list[dict[str, Any]]) -> list[Tile]:
    """The best row in each quantity that differs."""
    found = []
    each = [per_inference(row) for row in rows]
    for name, (head, form, unit) in SHOWN.items():
        known = {i: v for i, one in enumerate(each) if (v := one[name]) is not None}
        if len(set(known.values())) < 2:
            continue
        best = (max if name == "accuracy" else min)(known, key=known.__getitem__)
        what = "highest" if name == "accuracy" else "shortest" if name == "latency_ns" else "least"
        value = known[best]
        found.append(Tile(f"{what} {head}", form(value), value, unit, f"row {best + 1}: {label(rows, best)}"))
    return found


def label(rows: list[dict[str, Any]], place: int) -> str:
    """What tells a row from the others."""
    row = rows[place]
    return ", ".join(str(row[k]) for k in varying(rows) if row[k] is not None) or row["hardware"]


def _heads(rows: list[dict[str, Any]]) -> list[str]:
    return varying(rows) or ["hardware"]


def _texts(rows: list[dict[str, Any]], place: int, heads: list[str]) -> tuple[Cell, ...]:
    row = rows[place]
    told = [Cell(NONE if row[k] is None else str(row[k]), name=True) for k in heads]
    return (Cell(str(place + 1), place + 1), *told)


def table(rows: list[dict[str, Any]]) -> Table:
    """Every row, per inference."""
    made, quantized = [], by_bits(rows)
    answers = any(row["equal_answers"] is not None for row in rows)
    for i, row in enumerate(rows):
        found = per_inference(row)
        shares = [row[k] for k in ("utilization", "useful")]
        use = [Cell(NONE) if share is None else Cell(f"{share:.1%}", share) for share in shares]
        more = [Cell(size_text(row["weight_bytes"]), row["weight_bytes"])] if quantized else []
        if answers:
            same = row["equal_answers"]
            more.append(Cell(UNKNOWN) if same is None else Cell(f"{same:.1%}", same))
        units = row["lif"]["units"]
        lif = Cell(NONE) if units is None else Cell(quantity(units), units)
        made.append(
            (*_texts(rows, i, _heads(rows)), *(_cell(name, found[name]) for name in SHOWN), *more, lif, *use)
        )
    asked = [*(["weights"] if quantized else []), *(["same answers"] if answers else [])]
    heads = (*(head for head, *_ in SHOWN.values()), *asked, "LIF units", "issued", "useful")
    return Table("Rows, per inference", ("row", *_heads(rows)), heads, tuple(made), sorted_by=0)


def _cell(name: str, value: float | None) -> Cell:
    return Cell(UNKNOWN) if value is None else Cell(SHOWN[name][1](value), value)


def differences(rows: list[dict[str, Any]]) -> Table:
    """Every row against the first; the last column says what each table says of the energy."""
    made = []
    for i, row in enumerate(rows[1:], 1):
        away = [(name, row["difference"][name]) for name in QUANTITIES]
        cells = [Cell(difference(name, v), v) for name, v in away]
        made.append((*_texts(rows, i, _heads(rows)), Cell(verdict(row), wide=True), *cells))
    heads = ("row", *_heads(rows), "energy by table")
    numbers = tuple(SHOWN[name][0] for name in QUANTITIES)
    return Table("Differences from the first row", heads, numbers, tuple(made), sorted_by=0)


def front(rows: list[dict[str, Any]], found: dict[str, Any]) -> Picture:
    """One quantity over another, and the rows that no other beats in both."""
    x, y, best = found["x"], found["y"], set(found["front"])
    each = [per_inference(row) for row in rows]
    points = [
        Point(
            str(i + 1), a, b,
            f"row {i + 1}, {label(rows, i)}: {SHOWN[x][0]} {SHOWN[x][1](a)}, {SHOWN[y][0]} {SHOWN[y][1](b)}",
            i in best,
        )
        for i, one in enumerate(each)
        if (a := one[x]) is not None and (b := one[y]) is not None
    ]  # fmt: skip
    what = f"{SHOWN[y][0][:1].upper()}{SHOWN[y][0][1:]} over {SHOWN[x][0]}"
    named = "; ".join(f"{i + 1} ({label(rows, i)})" for i in sorted(best))
    caption = f"No other row is better in both than {named}."
    if len(best) > MOST_NAMED:
        caption = f"{len(best)} of {len(points)} rows are such that no other is better in both."
    left_out = len(rows) - len(points)
    caption += f" {left_out} rows are not here: one of both is not known." if left_out else ""
    across, up = Axis(SHOWN[x][0], UNITS[x]), Axis(SHOWN[y][0], UNITS[y])
    svg = scatter(f"{what}. {caption}", points, across, up)
    key = (("", (("no other row is better in both", "array"), ("beaten (rings)", "dram"))),)
    return Picture(what, svg, key, caption)


def dram(rows: list[dict[str, Any]]) -> Picture | None:
    """DRAM traffic of an inference by what moves, of rows of one tile, each simulation once."""
    seen: dict[tuple[Any, ...], tuple[str, dict[str, float]]] = {}
    for i, row in enumerate(rows):
        if row["many_cores"] is None:
            key = tuple(row[k] for k in KEYS if k != "table")
            parts = {name: row["dram_bytes"][name] / row["samples"] for name in OPERANDS}
            seen.setdefault(key, (f"{i + 1} {label(rows, i)}", parts))
    bars = list(seen.values())[:MOST_BARS]
    if not bars:
        return None
    what = "DRAM traffic by what moves"
    caption = "Mean of one inference; rows are numbered as in the table."
    return Picture(what, stacked(what, bars, OPERANDS, BYTES, caption), legend(bars, OPERANDS), caption)


def sensitivity(rows: list[dict[str, Any]]) -> Table | None:
    """Energy of an inference of each row by each table; rows of one simulation stand once."""
    told = [(i, row) for i, row in enumerate(rows) if row["sensitivity"] is not None]
    names = list(dict.fromkeys(name for _, row in told for name in sorted(row["sensitivity"]["energy_pj"])))
    if not names:
        return None
    apart = [k for k in _heads(rows) if k != "table"]
    made, seen = [], set()
    for i, row in told:
        key = tuple(row[k] for k in KEYS if k != "table")
        if key in seen:
            continue
        seen.add(key)
        found, partial = row["sensitivity"]["energy_pj"], row["sensitivity"]["incomplete"]
        cells = [
            Cell(NONE)
            if name not in found
            else Cell(("≥ " if name in partial else "") + joules(v := found[name] / row["samples"]), v)
            for name in names
        ]
        against = Cell(verdict(row) if i else "the first row", wide=True)
        made.append((*_texts(rows, i, apart), against, *cells))
    heads = ("row", *apart, "against the first row")
    return Table("Energy per inference by every table", heads, tuple(names), tuple(made), sorted_by=0)
