"""Tables for the terminal: a network as it was captured, and its operations as several tools count them."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hwsim.report.console import show_notes
from hwsim.report.numbers import amount, quantity
from hwsim.report.plain import cleaned


def show_network(values: dict[str, Any], console: Console) -> None:
    """Print an inspection (the dictionary of hwsim.inspection.describe): layers, totals, notes."""
    values = cleaned(values)
    title = f"{escape(values['name'])} ({values['id']}): {values['timesteps']} timesteps, {values['coding']}"
    table = Table(title=title, title_justify="left")
    rated = any(layer["rate"] is not None for layer in values["layers"])
    for name in ("layer", "kind", "shape", "fed by"):
        table.add_column(name)
    for name in ("neurons", "parameters", "state words", "fwd bytes", "bwd bytes", "MACs"):
        table.add_column(name, justify="right")
    for name in ("threshold", "rate")[: 2 * rated]:
        table.add_column(name, justify="right")
    for layer in values["layers"]:
        measured = (_threshold(layer["threshold"]), _rate(layer["rate"]))
        table.add_row(
            escape(layer["name"]),
            layer["kind"],
            "x".join(map(str, layer["shape"])),
            escape(", ".join(layer["fed_by"])),
            f"{layer['neurons']:,}",
            f"{layer['parameters']:,}",
            _words(layer),
            *(f"{layer[k]:,}" for k in ("forward_state_bytes", "backward_state_bytes", "macs")),
            *measured[: 2 * rated],
        )
    console.print(table)
    console.print(
        f"{values['parameters']:,} parameters, {values['folded_parameters']:,} after folding; "
        f"{values['neurons']:,} spiking neurons"
    )
    forward, backward = values["forward_state_bytes"], values["backward_state_bytes"]
    console.print(
        f"LIF state: {values['state_words']:,} words; {forward:,} bytes forward ({forward / 2**20:.4g} MiB), "
        f"{backward:,} bytes backward ({backward / 2**20:.4g} MiB) at 4 bytes a word and batch 1"
    )
    console.print(
        f"{values['macs']:,} MACs a step, padding counted; {values['macs_first_layer']:,} in the first layer"
    )
    show_notes(values["notes"], console)


def _words(layer: dict[str, Any]) -> str:
    """State words that a layer adds, and whose it shares."""
    groups = f" (C{layer['channel_groups']})" if layer["channel_groups"] > 1 else ""
    owner = layer["state_of"]
    return f"{layer['state_words']:,}{groups}" if owner is None else f"of {escape(owner)}{groups}"


def _threshold(value: Any) -> str:
    if value is None:
        return "-"
    return "..".join(f"{v:.4g}" for v in value) if isinstance(value, list) else f"{value:.4g}"


def _rate(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


OPERATION_COLUMNS = {
    "ac": "AC",
    "mac": "MAC",
    "dense": "dense",
    "neurobench_ac": "Neuro-\nBench\nAC",
    "neurobench_mac": "Neuro-\nBench\nMAC",
    "neurobench_dense": "Neuro-\nBench\ndense",
    "spikingjelly_synop": "Spiking-\nJelly\nSynOp",
    "spikingjelly_mac": "Spiking-\nJelly\nMAC",
    "syops_ac": "syops\nAC",
    "syops_mac": "syops\nMAC",
}
"""Short titles of the counts of hwsim.operations."""


def show_operations(values: dict[str, Any], console: Console) -> None:
    """Print counted operations (the dictionary of Operations.as_dict), layer by layer, and what they mean."""
    values = cleaned(values)
    title = (
        f"{escape(values['model'])}: operations a sample, mean of {amount(values['samples'], 'sample')} of "
        f"{amount(values['timesteps'], 'timestep')}"
    )
    table = Table(title=title, title_justify="left")
    table.add_column("layer")
    table.add_column("kind")
    for name in OPERATION_COLUMNS.values():
        table.add_column(name, justify="right")
    for layer in values["layers"]:
        table.add_row(escape(layer["name"]), layer["kind"], *_operations(layer["counts"]))
    table.add_section()
    table.add_row("total", "", *_operations(values["totals"]))
    console.print(table)
    for key, name in OPERATION_COLUMNS.items():
        console.print(f"{_one_line(name)}: {escape(values['definitions'][key])}", soft_wrap=True)


def _operations(counts: dict[str, float]) -> list[str]:
    return [quantity(counts[key]) if key in counts else "-" for key in OPERATION_COLUMNS]


def _one_line(title: str) -> str:
    return title.replace("-\n", "").replace("\n", " ")
