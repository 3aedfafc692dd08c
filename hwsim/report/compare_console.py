"""Tables of a comparison for the terminal: every row, and how far each is from the first."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.numbers import amount, energy, quantity
from hwsim.report.plain import cleaned

KEYS = ("model", "saved", "sharing", "bits", "hardware", "schedule", "batch", "table")
"""What tells rows apart."""

UNKNOWN = "unknown"

QUANTITIES = {
    "energy_pj": "energy",
    "latency_ns": "time",
    "area_um2": "area",
    "dram_bytes": "DRAM bytes",
    "lif_memory_bytes": "LIF bytes",
    "spikes": "spikes",
    "accuracy": "accuracy",
}
"""Heads of the columns of differences."""


def show(values: dict[str, Any], console: Console) -> None:
    """Print a comparison (the dictionary of Comparison.as_dict), per inference; what is the same in all rows
    is the title."""
    rows = cleaned(values["rows"])
    if not rows:
        console.print("no rows")
        return
    console.print(_table(rows))
    if any(row["dram_bytes"][o] for row in rows for o in row["dram_bytes"]):
        console.print(_traffic(rows))
    if len(rows) > 1:
        console.print(_differences(rows))
    if lines := turning(rows):
        console.print(f"{TURNS}:")
        for line in lines:
            console.print(f"  {escape(line)}")
    for line in unpriced(rows):
        console.print(f"not priced of {escape(line)}")
    for note in (*unknown_accuracy(rows), *tested_accuracy(rows), *caveats_of(rows)):
        console.print(f"note: {escape(note)}")


def varying(rows: list[dict[str, Any]]) -> list[str]:
    """The keys by which rows differ."""
    return [k for k in KEYS if len({row[k] for row in rows}) > 1]


def title(rows: list[dict[str, Any]]) -> str:
    """What is the same in all rows."""
    apart = varying(rows)
    same = [f"{k} {rows[0][k]}" for k in KEYS[2:] if k not in apart and (k, rows[0][k]) != ("bits", "float")]
    samples = {row["samples"] for row in rows}
    mean = f"mean of {amount(samples.pop(), 'sample')}" if len(samples) == 1 else "means of an inference"
    subject = "several models" if "model" in apart else rows[0]["model"]
    return f"{subject}: {', '.join(same)}; {mean}" if same else f"{subject}: {mean}"


def _table(rows: list[dict[str, Any]]) -> Table:
    apart = varying(rows)
    table = Table(title=escape(title(rows)), title_justify="left")
    for key in apart:
        table.add_column(key, overflow="fold")
    many = any(row["many_cores"] for row in rows)
    known = any(row["accuracy"] is not None for row in rows)
    quantized = by_bits(rows)
    answers = any(row["equal_answers"] is not None for row in rows)
    numbers = ["cycles", "us", "use", "useful", "energy", "mm2", "DRAM bytes", "LIF bytes"]
    numbers += ["weight bytes"] if quantized else []
    numbers += ["spikes"]
    numbers += ["accuracy"] if known else []
    numbers += ["same answers"] if answers else []
    numbers += ["cores", "packets", "hops"] if many else []
    for name in numbers:
        table.add_column(name, justify="right")
    for row in rows:
        totals, samples, area = row["totals"], row["samples"], row["totals"]["area_um2"]
        memory = row["lif"]["memory_bytes"]
        table.add_row(
            *("-" if row[k] is None else escape(str(row[k])) for k in apart),
            quantity(totals["cycles"] / samples),
            f"{totals['latency_ns'] / 1e3 / samples:,.1f}",
            *("-" if row[name] is None else f"{row[name]:.1%}" for name in ("utilization", "useful")),
            energy(totals["energy_pj"] / samples),
            "-" if area is None else f"{area / 1e6:.3f}",
            quantity(totals["dram_bytes"] / samples),
            "-" if memory is None else quantity(memory),
            *([quantity(row["weight_bytes"])] if quantized else []),
            "-" if totals["spikes"] is None else quantity(totals["spikes"] / samples),
            *([UNKNOWN if row["accuracy"] is None else f"{row['accuracy']:.2%}"] if known else []),
            *([UNKNOWN if (s := row["equal_answers"]) is None else f"{s:.1%}"] if answers else []),
            *(_on_cores(row["many_cores"], samples) if many else ()),
        )
    return table


def by_bits(rows: list[dict[str, Any]]) -> bool:
    """Whether some row is of a quantized network."""
    return any(row["bits"] != "float" for row in rows)


def _traffic(rows: list[dict[str, Any]]) -> Table:
    """DRAM bytes by what moves, of each simulation once."""
    apart = [k for k in varying(rows) if k != "table"]
    table = Table(title="DRAM bytes by what moves, per inference", title_justify="left")
    for key in apart:
        table.add_column(key, overflow="fold")
    operands = [o for o in rows[0]["dram_bytes"] if any(row["dram_bytes"][o] for row in rows)]
    for name in operands:
        table.add_column(name, justify="right")
    each: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        each.setdefault(tuple(row[k] for k in apart), row)
    for names, row in each.items():
        told = ("-" if name is None else escape(str(name)) for name in names)
        table.add_row(*told, *(quantity(row["dram_bytes"][o] / row["samples"]) for o in operands))
    return table


def _differences(rows: list[dict[str, Any]]) -> Table:
    """Every row against the first; a verdict that not all tables share is marked."""
    apart = varying(rows)
    table = Table(title="Differences from the first row", title_justify="left")
    for key in apart or ["row"]:
        table.add_column(key, overflow="fold")
    shown = [q for q in QUANTITIES if any(row["difference"][q] is not None for row in rows)]
    for name in shown:
        table.add_column(QUANTITIES[name], justify="right")
    table.add_column("costs, by table")
    for place, row in enumerate(rows[1:], 2):
        names = ["-" if row[k] is None else escape(str(row[k])) for k in apart] or [str(place)]
        away = [difference(name, row["difference"][name]) for name in shown]
        table.add_row(*names, *away, verdict(row))
    return table


def difference(name: str, value: float | None) -> str:
    """A difference as people read it: percent, of an accuracy percentage points."""
    if value is None:
        return UNKNOWN
    if name == "accuracy":
        return f"{100 * value:+.2f} points"
    return "0%" if value == 0 else f"{value:+.1%}"


def verdict(row: dict[str, Any]) -> str:
    """Whether a row costs less energy than the first, by how many tables; ``!`` where they contradict."""
    if row["sensitivity"] is None:
        return "-"
    found = {how: len(names) for how, names in row["sensitivity"]["verdicts"].items() if names}
    if not found:
        return "-"
    if len(found) == 1:
        ((how, count),) = found.items()
        return f"{how} by {'the one' if count == 1 else f'all {count}'}"
    mark = "! " if row["sensitivity"]["flips"] else ""
    return mark + ", ".join(f"{how} by {count}" for how, count in found.items())


TURNS = "Whether these cost less energy than the first row turns with the table"


def turning(rows: list[dict[str, Any]]) -> list[str]:
    """Rows that cost less than the first by some tables and more by others, equal verdicts together."""
    found: dict[str, dict[str, None]] = {}
    apart = [k for k in varying(rows) if k != "table"]
    for row in rows[1:]:
        told = row["sensitivity"]
        if told is None or not told["flips"]:
            continue
        name = ", ".join(f"{k} {row[k]}" for k in apart) or row["model"]
        each = "; ".join(f"{how} by {', '.join(names)}" for how, names in told["verdicts"].items() if names)
        found.setdefault(each, {})[name] = None
    return [f"{' and '.join(names)}: {each}" for each, names in found.items()]


def unpriced(rows: list[dict[str, Any]]) -> list[str]:
    """What has no price, by chip and table."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row in rows:
        if row["unpriced"]:
            found.setdefault((row["hardware"], row["table"]), {}).update(dict.fromkeys(row["unpriced"]))
    return [f"{chip} with {table}: {', '.join(what)}" for (chip, table), what in found.items()]


def unknown_accuracy(rows: list[dict[str, Any]]) -> list[str]:
    """Why accuracies are not known, each reason once, with what it is of unless it is of all."""
    reasons: dict[str, dict[str, None]] = {}
    for row in rows:
        if row["accuracy"] is None:
            name = ", ".join(str(row[k]) for k in ("model", "saved", "sharing") if row[k] is not None)
            reasons.setdefault(row["accuracy_unknown"], {})[name] = None
    every = len({tuple(row[k] for k in ("model", "saved", "sharing")) for row in rows})
    return [
        f"accuracy {why}" if len(of) == every else f"accuracy of {'; '.join(of)} {why}"
        for why, of in reasons.items()
    ]


def tested_accuracy(rows: list[dict[str, Any]]) -> list[str]:
    """Accuracies that are of whole test splits, as trainings' cards tell, not of the samples that ran."""
    found = {
        str(row["model"]): row["accuracy_samples"]
        for row in rows
        if row.get("accuracy_samples") not in (None, row["samples"])
    }
    over = sorted({row["accuracy_samples"] for row in rows if row.get("accuracy_samples") is not None})
    told = " and ".join(f"{n:,}" for n in over)
    apart = [f"accuracies are over different samples ({told}): their differences say little"]
    return [
        *(f"accuracy of {name}: on {samples:,} test samples, by its card" for name, samples in found.items()),
        *(apart if len(over) > 1 else ()),
    ]


def _on_cores(values: dict[str, Any] | None, samples: int) -> tuple[str, ...]:
    """Cores in use, packets and links crossed of an inference; of one tile nothing."""
    if values is None:
        return ("-", "-", "-")
    used = f"{values['cores_used']}/{values['cores']}"
    return (used, *(quantity(values[name] / samples) for name in ("packets", "hops")))


def caveats_of(rows: list[dict[str, Any]]) -> list[str]:
    """The caveats of a comparison's rows, each once, with the chips, tables and bits that it is of unless it
    is of all."""
    pairs: dict[str, dict[tuple[str, str, str], None]] = {}
    for row in rows:
        for caveat in row["caveats"]:
            pairs.setdefault(caveat, {})[_told_apart(row)] = None
    every = {_told_apart(row) for row in rows}
    several = [len({pair[i] for pair in every}) > 1 for i in range(3)]
    found = []
    for caveat, of in pairs.items():
        names = [" with ".join(n for n, told in zip(pair, several, strict=True) if told) for pair in of]
        found.append(caveat if len(of) == len(every) else f"{', '.join(names)}: {caveat}")
    return found


def _told_apart(row: dict[str, Any]) -> tuple[str, str, str]:
    bits = row["bits"]
    return row["hardware"], row["table"], bits if bits == "float" else f"{bits} bits"
