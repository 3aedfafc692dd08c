"""One paragraph that can be cited: what was estimated, on what, under which constants."""

from typing import Any

from hwsim.report.batches import beginning, latency
from hwsim.report.numbers import amount, energy, quantity
from hwsim.report.plain import cleaned


def claim(values: dict[str, Any]) -> str:
    """The paragraph of an estimate (the dictionary of Result.as_dict), plain text of one line."""
    values = cleaned(values)
    told = [
        _subject(values),
        _costs(values),
        _constants(values),
        _counterpart(values),
        _answer(values),
        _tool(values),
    ]
    return " ".join(sentence for sentence in told if sentence)


def _subject(values: dict[str, Any]) -> str:
    model, chip, made = values["model"], values["hardware"], values["provenance"]
    notes = "".join(f"; {name}: {note}" for name, note in model["notes"].items())
    return (
        f"{model['name']} (network {model['id']}, T = {model['timesteps']}, {model['neurons']:,} spiking "
        f"neurons, {model['parameters']:,} parameters{notes}) on {chip['name']} (hardware "
        f"{made['hardware']}, {chip['node_nm']} nm, {chip['clock_hz'] / 1e6:g} MHz, "
        f"{chip['precision']['weight_bits']}-bit weights; schedule {values['mapping']['schedule']}, mapping "
        f"{made['mapping']}), {amount(values['samples'], 'sample')}, {beginning(values)}, takes "
        "per inference:"
    )


def _costs(values: dict[str, Any]) -> str:
    spread, dram = values["per_sample"], values["energy_pj"]["dram"]
    total = values["totals"]["energy_pj"]
    share = f", {dram / total:.0%} of it DRAM" if total else ""
    joules = {name: energy(pj) for name, pj in spread["energy_pj"].items()}
    us = {name: f"{ns / 1e3:,.1f}" for name, ns in spread["latency_ns"].items()}
    return (
        f"{joules['mean']} of dynamic energy (p5 {joules['p5']}, median {joules['median']}, p95 "
        f"{joules['p95']}{share}); {us['mean']} us of {latency(values)} (p5 {us['p5']}, median "
        f"{us['median']}, p95 {us['p95']}); {quantity(spread['dram_bytes']['mean'])} bytes of DRAM traffic; "
        f"{quantity(spread['spikes']['mean'])} spikes. The chip's area is "
        f"{values['totals']['area_um2'] / 1e6:.3f} mm2."
    )


def _constants(values: dict[str, Any]) -> str:
    found, samples = values["sensitivity"]["rows"], values["samples"]
    own = f"Energies are of table {values['table']} ({values['prices']['node_nm']} nm)"
    if values["unpriced"]:
        own += f", which has no number for {', '.join(values['unpriced'])}"
    if not found:
        return f"{own}."
    least, most = (
        f"{energy(row['energy_pj'] / samples)} under {row['table']}" for row in (found[0], found[-1])
    )
    return f"{own}; the same counts come to {least} and to {most}, least and most of {len(found)} tables."


def _counterpart(values: dict[str, Any]) -> str:
    ann = values["ann"]
    if ann is None or ann["energy_ratio"] is None:
        return ""
    turns = (
        "tables disagree on which costs less"
        if values["sensitivity"]["flips"]
        else "all tables agree on which costs less"
    )
    return (
        f"The same network as an ANN takes {energy(ann['energy_pj'])} there, the SNN "
        f"{ann['energy_ratio']:.3f} times as much; {turns}."
    )


def _answer(values: dict[str, Any]) -> str:
    right, agreed = values["accuracy"], values["agreement"]
    found = (
        f"{right['accuracy']:.2%} of {amount(right['samples'], 'sample')} as executed" if right else "unknown"
    )
    equal = f" {agreed['sentence'][:1].upper()}{agreed['sentence'][1:]}." if agreed else ""
    return f"Accuracy: {found}.{equal}"


def _tool(values: dict[str, Any]) -> str:
    made = values["provenance"]
    return f"hwsim {made['hwsim']}, engine {made['engine']}, inputs {made['inputs']}, table {made['table']}."
