"""Headline numbers of a page: mean per inference, each with the exact value behind it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hwsim.report import batches
from hwsim.report.numbers import NONE, area, duration, joules, quantity
from hwsim.report.picture import size_text


@dataclass(frozen=True)
class Tile:
    """A headline number: its name, its text, the exact value behind it with its unit, and a line below."""

    name: str
    text: str
    value: float | None
    unit: str
    note: str


def tiles(values: dict[str, Any]) -> list[Tile]:
    """Of an estimate (the dictionary of Result.as_dict)."""
    samples, totals, ann, spread = values["samples"], values["totals"], values["ann"], values["per_sample"]
    mean = {name: d["mean"] for name, d in spread.items()}
    dram, spent = values["energy_pj"].get("dram", 0.0), totals["energy_pj"]
    ac, mac = totals["ac"] / samples, totals["mac"] / samples
    model, clock = values["model"], values["hardware"]["clock_hz"]
    return [
        _tile("energy", joules, mean["energy_pj"], "pJ", _against(ann, "energy_ratio", "energy_pj", joules)),
        _tile(
            batches.latency(values), duration, mean["latency_ns"], "ns",
            _against(ann, "latency_ratio", "latency_ns", duration),
        ),
        _tile("cycles", quantity, mean["cycles"], "cycles", f"at {clock / 1e6:g} MHz"),
        _tile(
            "spikes", quantity, mean["spikes"], "events",
            f"of {model['neurons']:,} neurons in {model['timesteps']} steps",
        ),
        _tile("AC", quantity, ac, "operations", "useful accumulates of spikes"),
        _tile(
            "MAC", quantity, mac, "operations",
            "useful, of graded values" + (f"; ANN {quantity(ann['mac'])}" if ann else ""),
        ),
        _tile(
            "DRAM traffic", size_text, mean["dram_bytes"], "bytes",
            f"{dram / spent:.0%} of the energy" if spent else "no energy is priced",
        ),
        _tile("chip area", area, totals["area_um2"], "um2", "array, LIF units and buffers"),
        accuracy(values["accuracy"]),
        _agreement(values["agreement"]),
    ]  # fmt: skip


def accuracy(found: dict[str, Any] | None) -> Tile:
    """Share of samples whose largest summed output is the label."""
    name = "accuracy as executed"
    if not found:
        return Tile(name, NONE, None, "share", "inputs without labels")
    told = f"{found['correct']} of {found['samples']} samples"
    return Tile(name, f"{found['accuracy']:.1%}", found["accuracy"], "share", told)


def _agreement(found: dict[str, Any] | None) -> Tile:
    name = "spikes as in PyTorch"
    if not found:
        return Tile(name, NONE, None, "share", "no PyTorch reference")
    told = f"of {found['compared']:,} neuron-steps"
    return Tile(name, _equal(found["rate"]), 1 - found["rate"], "share", told)


def _tile(name: str, form: Callable[[float], str], value: float, unit: str, note: str) -> Tile:
    return Tile(name, form(value), value, unit, note)


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
