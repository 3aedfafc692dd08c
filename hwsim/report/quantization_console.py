"""What a quantization did, as tables for a terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show(values: dict[str, Any], console: Console) -> None:
    """The parameters and states with their formats, and the answers beside the float network's."""
    table = Table(title=escape(f"{values['name']}: formats, u: unsigned, bits.fraction bits"))
    for name in ("layer", "parameter", "format"):
        table.add_column(name)
    for name in ("lowest", "highest", "worst error", "saturated"):
        table.add_column(name, justify="right")
    for row in values["rows"]:
        of = row["format"]
        kind = f"{'' if of['signed'] else 'u'}{of['bits']}.{of['fraction_bits']}"
        table.add_row(
            escape(row["where"]), row["name"], kind, f"{row['low']:.4g}", f"{row['high']:.4g}",
            f"{row['error']:.2g}", f"{row['saturated']:,}",
        )  # fmt: skip
    console.print(table)
    console.print(escape(sentence(values)))


def sentence(values: dict[str, Any]) -> str:
    """Bits, memory and answers in a few lines."""
    bits, found, of_float = values["precision"], values["score"], values["float_score"]
    lines = [
        f"{values['scheme']}, {bits['rounding']}: {bits['weights']}-bit weights, {bits['state']}-bit states; "
        f"{values['bytes']:,} bytes of parameters and states, {values['float_bytes']:,} in float32"
    ]
    if found["accuracy"] is not None:
        lines.append(
            f"accuracy on {values['samples']} samples: {of_float['accuracy']:.4f} float, "
            f"{found['accuracy']:.4f} integer"
        )
    lines.append(f"same answer as the float network: {found['same']:.4f}; same spikes: {found['spikes']:.6f}")
    return "\n".join(lines)
