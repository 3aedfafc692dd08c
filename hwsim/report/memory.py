"""Memory traffic by operand and level: DRAM, buffers, registers of the array (bytes per inference)."""

from typing import Any

from hwsim.report.numbers import NONE
from hwsim.report.picture import BYTES, Picture, legend, stacked
from hwsim.report.series import OPERANDS
from hwsim.report.tables import Cell, Table

LEVELS = {"dram": "DRAM", "buffers": "buffers", "registers": "registers of the array"}

SERIES: dict[str, tuple[str, str]] = {name: (name, series) for name, (_, _, series) in OPERANDS.items()} | {
    "hold": ("held sums", "hold"),
    "spill": ("partial sums", "sums"),
    "membrane": ("membranes", "membrane"),
}
"""Label and series of every operand."""

BUFFERS = {
    "weights": "weight",
    "inputs": "input",
    "outputs": "output",
    "membrane": "membrane",
    "spill": "partial_sum",
}
"""The buffer of every operand that has one."""

REGISTERS = {"membrane": ("membrane_register", "state_bits"), "hold": ("hold_register", "partial_sum_bits")}
"""The registers of every operand that has some, and the bits of one."""


def traffic(values: dict[str, Any]) -> dict[str, dict[str, tuple[float, float] | None]]:
    """By level and operand: bytes read and written for one inference; None where the level has none of it.

    DRAM in whole bursts; a buffer's words times their bits; states and held sums times theirs.
    """
    counts, chip, samples = values["counts"], values["hardware"], values["samples"]

    def moved(name: str, bits: float) -> tuple[float, float]:
        read, written = (counts.get(f"{name}_{way}", 0) for way in ("read", "write"))
        return read * bits / 8 / samples, written * bits / 8 / samples

    found: dict[str, dict[str, tuple[float, float] | None]] = {level: {} for level in LEVELS}
    for operand, (_, actions, _) in OPERANDS.items():
        read, written = (
            sum(counts.get(a, 0) for a in actions if a.endswith(f"_{way}_bytes")) / samples
            for way in ("read", "write")
        )
        found["dram"][operand] = (read, written)
        buffer = chip["buffers"].get(BUFFERS.get(operand, ""))
        found["buffers"][operand] = (
            moved(f"{BUFFERS[operand]}_buffer", buffer["word_bits"]) if buffer else None
        )
        register = REGISTERS.get(operand)
        found["registers"][operand] = moved(register[0], chip["precision"][register[1]]) if register else None
    return found


WHOLE_UNITS = (
    "Read and written. DRAM in whole bursts, buffers in whole words, registers of states and held sums."
)


def figure(values: dict[str, Any], caption: str = WHOLE_UNITS) -> Picture:
    """Bytes per inference of each level, by operand."""
    what = "Memory traffic by level and operand"
    found = traffic(values)
    table = [
        (label, {operand: sum(moved) if (moved := found[level][operand]) else 0.0 for operand in SERIES})
        for level, label in LEVELS.items()
    ]
    sums = {label: sum(parts.values()) for label, parts in table}
    if sums["DRAM"]:
        caption += f" Buffers move {sums['buffers'] / sums['DRAM']:,.3g} bytes for each byte of DRAM."
    return Picture(what, stacked(what, table, SERIES, BYTES, caption), legend(table, SERIES), caption)


def table(values: dict[str, Any]) -> Table:
    """Bytes of every operand read and written at every level, one inference."""
    found = traffic(values)
    heads = [f"{label} {way}" for label in ("DRAM", "buffer", "registers") for way in ("read", "written")]
    rows = []
    for operand, (label, series) in SERIES.items():
        cells = []
        for level in LEVELS:
            moved = found[level][operand]
            cells += [Cell(NONE) if moved is None else Cell(f"{n:,.0f}", n) for n in moved or (None, None)]
        rows.append((Cell(label, series=series), *cells))
    return Table("Memory traffic, bytes per inference", ("operand",), tuple(heads), tuple(rows))
