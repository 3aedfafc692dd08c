"""One self-contained HTML page for a run on a chip of many cores, and its pictures as files.

As :mod:`hwsim.report.page`: every text is escaped, nothing is requested, no script runs.
"""

from pathlib import Path
from typing import Any

from hwsim.report import numbers
from hwsim.report.chip_figures import all_figures, components, energy_by_tick
from hwsim.report.chip_pictures import draw_links, draw_ticks
from hwsim.report.drawing import PALETTE
from hwsim.report.page import NONE, Cell, Tile, duration, energy, field_rows, percent, template
from hwsim.report.plain import cleaned
from hwsim.storage import write_text

CORES_SHOWN = 256
"""Cores listed on the page; chip.json has all."""


def write(values: dict[str, Any], directory: Path) -> dict[str, Path]:
    """Write ``page.html`` and two pictures for the dictionary of ChipResult.as_dict; return their paths."""
    paths = {name: directory / name for name in ("page.html", "links.png", "ticks.png")}
    write_text(paths["page.html"], render(values))
    draw_links(paths["links.png"], values)
    draw_ticks(paths["ticks.png"], values)
    return {path.stem: path for path in paths.values()}


def render(values: dict[str, Any]) -> str:
    """The page as text. Equal dictionaries give equal pages."""
    shown = cleaned(values)
    rows = shown["energy"]
    return template("chip.html.j2").render(
        r=shown,
        palette=PALETTE,
        tiles=_tiles(shown),
        figures=all_figures(shown),
        by_tick=energy_by_tick(shown),
        energy_heads=["component", *(row["prices"] for row in rows)],
        energy_rows=_energy(shown),
        core_heads=[
            "core",
            "at",
            "neurons",
            "updates",
            "spikes",
            "synapses",
            "sent",
            "received",
            "busy receiving",
        ],
        core_rows=_cores(shown),
        chip=field_rows(shown["chip"], ("name", "description", "sources", "network", "cores", "barrier")),
        prices=[field_rows(row["unit_energy_pj"]) for row in rows],
        depth=field_rows(shown["depth"]),
        provenance=field_rows(shown["provenance"]),
        notes=field_rows(shown["model"]["notes"]),
    )


def _tiles(values: dict[str, Any]) -> list[Tile]:
    mean, samples, rows = values["per_tick"], values["samples"], values["energy"]
    spent = [row["per_tick_pj"] for row in rows]
    sample = values["totals"]["latency_ns"] / samples
    accuracy, barrier = values["accuracy"], mean["barrier_share"]
    tiles = [
        Tile("time of a tick", duration(mean["time_ns"]), mean["time_ns"], f"{duration(sample)} a sample"),
        Tile(
            "energy of a tick",
            " to ".join(dict.fromkeys((energy(min(spent)), energy(max(spent))))),
            min(spent),
            ", ".join(row["prices"] for row in rows),
        ),
        Tile("barrier", percent(barrier, 1.0), barrier, "of the time of the cores"),
        Tile("spikes", numbers.quantity(mean["fired"]), mean["fired"], "a tick"),
        Tile("synaptic operations", numbers.quantity(mean["synapses"]), mean["synapses"], "a tick"),
        Tile(
            "packets",
            numbers.quantity(mean["sent"]),
            mean["sent"],
            f"a tick into the network, {numbers.quantity(mean['local'])} to the own core",
        ),
        Tile("links crossed", numbers.quantity(mean["hops"]), mean["hops"], "a tick"),
    ]  # fmt: skip
    if cold := values["cold_start"]:
        told = f"{energy(cold['energy_pj'])} for {sum(cold['channel_bytes']):,} bytes of weights, once"
        tiles.append(Tile("cold start", duration(cold["latency_ns"]), cold["latency_ns"], told))
    tiles += _beside(values)
    if accuracy:
        share = accuracy["accuracy"]
        told = f"{accuracy['correct']} of {accuracy['samples']} samples"
        tiles.append(Tile("accuracy as executed", f"{share:.1%}", share, told))
    return tiles


def _beside(values: dict[str, Any]) -> list[Tile]:
    """Area, published static power and the ANN counterpart, where they are known."""
    area, tiles = values["area"], []
    if (um2 := area["total_um2"]) is not None:
        parts = ", ".join(area["um2"]).replace("_", " ")
        tiles.append(Tile("area", f"{um2 / 1e6:,.4g} mm\N{SUPERSCRIPT TWO}", um2, parts))
    if static := values["static_power"]:
        each = f"in no sum; {energy(static['energy_pj'] / values['samples'])} a sample"
        tiles.append(Tile("static power", f"{static['power_mw']:g} mW", static["power_mw"], each))
    if ann := values["ann"]:
        ratio = ann["energy_ratio"]
        told = "on the same tiles" if ratio is None else f"the SNN takes {percent(ratio, 1.0)} of it"
        tiles.append(Tile("ANN, energy of an inference", energy(ann["energy_pj"]), ann["energy_pj"], told))
    return tiles


def _energy(values: dict[str, Any]) -> list[list[Cell]]:
    ticks = values["samples"] * values["ticks"]
    found = []
    for name, (label, series) in components(values).items():
        spent = [row["energy_pj"][name] / ticks for row in values["energy"]]
        if any(spent):
            found.append([Cell(label, series=series), *(Cell(energy(pj), pj) for pj in spent)])
    found.append(
        [Cell("all"), *(Cell(energy(row["per_tick_pj"]), row["per_tick_pj"]) for row in values["energy"])]
    )
    return found


def _cores(values: dict[str, Any]) -> list[list[Cell]]:
    samples = values["samples"]
    whole = values["totals"]["cycles"]
    rows = []
    for core in values["cores"][:CORES_SHOWN]:
        counts = [core[name] for name in ("updates", "fired")]
        counts.append(sum(core[f"synapses_{kind}"] for kind in ("dense", "conv", "other")))
        counts += [core["sent"], core["received"]]
        rows.append(
            [
                Cell(f"{core['core']}: {', '.join(core['populations'])}", core["core"]),
                Cell(f"({core['x']}, {core['y']})"),
                Cell(f"{core['neurons']:,}", core["neurons"]),
                *(Cell(numbers.quantity(n / samples), n / samples) for n in counts),
                Cell(percent(core["receive_busy_cycles"], whole) if whole else NONE),
            ]
        )
    return rows
