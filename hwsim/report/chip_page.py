"""One self-contained HTML page for a run on a chip of many cores, and its pictures as files.

As :mod:`hwsim.report.page`: every text is escaped, nothing is requested.
"""

from pathlib import Path
from typing import Any

from hwsim.report import area_tables, batches, chip_levels, memory, page_tables, sensitivity, standing
from hwsim.report.chip_figures import COMPONENTS, OF_TILES, all_figures, components, energy_by_tick
from hwsim.report.chip_pictures import draw_links, draw_ticks
from hwsim.report.headline import Tile, accuracy
from hwsim.report.numbers import duration, joules, percent, quantity
from hwsim.report.page import template
from hwsim.report.picture import Picture
from hwsim.report.plain import cleaned
from hwsim.report.tables import Cell, Table, fields
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


def pictures(values: dict[str, Any]) -> dict[str, Picture]:
    """Every figure of the page by name, of values whose texts are plain."""
    by_tick = {f"energy_by_tick_{i}": p for i, p in enumerate(energy_by_tick(values), 1)}
    others: dict[str, Picture] = {}
    if found := chip_levels.of(values):
        others = chip_levels.pictures(found)
    if tables := sensitivity.figure(values, OF_TILES if values["cold_start"] else COMPONENTS):
        others["tables"] = tables
    return all_figures(values) | by_tick | others


def render(values: dict[str, Any]) -> str:
    """The page as text. Equal dictionaries give equal pages."""
    shown = cleaned(values)
    chip, figures = shown["chip"], pictures(shown)
    levels = chip_levels.of(shown)
    skipped = ("name", "description", "sources", "network", "cores", "barrier")
    return template("chip.html.j2").render(
        r=shown,
        tiles=tiles(shown),
        figures=figures,
        by_tick=[picture for name, picture in figures.items() if name.startswith("energy_by_tick_")],
        energy=energy(shown),
        standing=standing.sentence(shown["energy"][0].get("standing"), shown["samples"]),
        ann_told=batches.counterpart_on_cores(shown),
        area=area_tables.by_source(shown.get("tile_area")),
        area_notes=area_tables.notes(shown.get("tile_area")),
        layers=chip_levels.layers(levels) if levels else None,
        memory=memory.table(levels) if levels else None,
        intensities=page_tables.intensities(levels) if levels else None,
        sensitivity=sensitivity.table(shown),
        turns=sensitivity.turns(shown),
        turns_head=sensitivity.TURNS,
        cores=cores(shown),
        more_cores=max(0, len(shown["cores"]) - CORES_SHOWN),
        chip=fields("Fields of the chip", chip, skipped, chip["sources"]),
        prices=[
            fields(f"Prices {row['prices']}", row["unit_energy_pj"], (), _texts(row["sources"]))
            for row in shown["energy"]
        ],
        depth=fields("Depth", shown["depth"]),
        provenance=fields("Provenance", shown["provenance"]),
        notes=fields("Notes of the model", shown["model"]["notes"]),
    )


def _texts(sources: dict[str, Any]) -> dict[str, str]:
    return {name: str(source) for name, source in sources.items()}


def tiles(values: dict[str, Any]) -> list[Tile]:
    """Headline numbers: means of a tick."""
    mean, samples, rows = values["per_tick"], values["samples"], values["energy"]
    spent = [row["per_tick_pj"] for row in rows]
    sample = values["totals"]["latency_ns"] / samples
    barrier = mean["barrier_share"]
    told = f"a tick into the network, {quantity(mean['local'])} to the own core"
    found = [
        Tile(
            "time of a tick", duration(mean["time_ns"]), mean["time_ns"], "ns", f"{duration(sample)} a sample"
        ),
        Tile(
            "energy of a tick",
            " to ".join(dict.fromkeys((joules(min(spent)), joules(max(spent))))),
            min(spent),
            "pJ",
            ", ".join(row["prices"] for row in rows),
        ),
        Tile("barrier", percent(barrier, 1.0), barrier, "share", "of the time of the cores"),
        Tile("spikes", quantity(mean["fired"]), mean["fired"], "events", "a tick"),
        Tile("synaptic operations", quantity(mean["synapses"]), mean["synapses"], "operations", "a tick"),
        Tile("packets", quantity(mean["sent"]), mean["sent"], "packets", told),
        Tile("links crossed", quantity(mean["hops"]), mean["hops"], "hops", "a tick"),
    ]
    if cold := values["cold_start"]:
        told = f"{joules(cold['energy_pj'])} for {sum(cold['channel_bytes']):,} bytes of weights, once"
        found.append(Tile("cold start", duration(cold["latency_ns"]), cold["latency_ns"], "ns", told))
    found += _beside(values)
    return [*found, accuracy(values["accuracy"])] if values["accuracy"] else found


def _beside(values: dict[str, Any]) -> list[Tile]:
    """Area, published static power and the ANN counterpart, where they are known."""
    area, found = values.get("area"), []
    if area and (um2 := area["total_um2"]) is not None:
        parts = ", ".join(area["um2"]).replace("_", " ")
        found.append(Tile("area", f"{um2 / 1e6:,.4g} mm\N{SUPERSCRIPT TWO}", um2, "um2", parts))
    if static := values.get("static_power"):
        each = f"in no sum; {joules(static['energy_pj'] / values['samples'])} a sample"
        found.append(Tile("static power", f"{static['power_mw']:g} mW", static["power_mw"], "mW", each))
    if ann := values.get("ann"):
        ratio, spent = ann["energy_ratio"], ann["energy_pj"]
        told = "on the same tiles" if ratio is None else f"the SNN takes {percent(ratio, 1.0)} of it"
        found.append(Tile("ANN, energy of an inference", joules(spent), spent, "pJ", told))
    return found


def energy(values: dict[str, Any]) -> Table:
    """Energy of a tick by component, a column for every row of prices."""
    ticks = values["samples"] * values["ticks"]
    rows = []
    for name, (label, series) in components(values).items():
        spent = [row["energy_pj"][name] / ticks for row in values["energy"]]
        if any(spent):
            rows.append((Cell(label, series=series), *(Cell(joules(pj), pj) for pj in spent)))
    whole = [row["per_tick_pj"] for row in values["energy"]]
    heads = tuple(row["prices"] for row in values["energy"])
    total = (Cell("all"), *(Cell(joules(pj), pj) for pj in whole))
    return Table("Energy of a tick by component", ("component",), heads, tuple(rows), total)


def cores(values: dict[str, Any], most: int | None = CORES_SHOWN) -> Table:
    """What every core in use holds and does, means of a sample."""
    samples = values["samples"]
    whole = values["totals"]["cycles"]
    rows = []
    for core in values["cores"][:most]:
        counts = [core[name] for name in ("updates", "fired")]
        counts.append(sum(core[f"synapses_{kind}"] for kind in ("dense", "conv", "other")))
        counts += [core["sent"], core["received"]]
        busy = core["receive_busy_cycles"]
        rows.append(
            (
                Cell(f"{core['core']}", core["core"]),
                Cell(", ".join(core["populations"]), name=True),
                Cell(f"({core['x']}, {core['y']})"),
                Cell(f"{core['neurons']:,}", core["neurons"]),
                *(Cell(quantity(n / samples), n / samples) for n in counts),
                Cell(percent(busy, whole), busy / whole if whole else None),
            )
        )
    texts = ("core", "populations", "at")
    numbers = ("neurons", "updates", "spikes", "synapses", "sent", "received", "busy receiving")
    return Table("Cores", texts, numbers, tuple(rows), sorted_by=0)
