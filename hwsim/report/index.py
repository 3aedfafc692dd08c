"""The page that joins several reports: a link to each, and their headline numbers beside each other."""

from typing import Any

from hwsim.report.contents import Contents
from hwsim.report.csv_files import text_of
from hwsim.report.numbers import NONE, area, duration, joules, quantity
from hwsim.report.page import template
from hwsim.report.picture import ENERGY, Picture, legend, size_text, stacked
from hwsim.report.plain import cleaned
from hwsim.report.series import COMPONENTS
from hwsim.report.tables import Cell, Table

FIELDS = {
    "energy_pj": ("energy", joules),
    "latency_ns": ("latency", duration),
    "cycles": ("cycles", quantity),
    "spikes": ("spikes", quantity),
    "dram_bytes": ("DRAM", size_text),
    "area_um2": ("area", area),
    "accuracy": ("accuracy", lambda share: f"{share:.1%}"),
    "energy_ratio": ("SNN / ANN", lambda ratio: f"{ratio:.4g}"),
}
"""What is compared: the name of its column, and how it reads."""


def compared(contents: Contents) -> dict[str, Any]:
    """Headline numbers of one inference; None for what the result does not have.

    Of a chip of many cores: its first row of prices, time of a sample.
    """
    values = contents.saved.values
    samples, right = values["samples"], values["accuracy"]
    told = {"accuracy": right["accuracy"] if right else None}
    if contents.saved.kind == "result":
        mean = {name: spread["mean"] for name, spread in values["per_sample"].items()}
        ratio = values["ann"]["energy_ratio"] if values["ann"] else None
        found = mean | {"area_um2": values["totals"]["area_um2"], "energy_ratio": ratio}
    else:
        totals, row = values["totals"], values["energy"][0]
        found = {
            "energy_pj": row["total_pj"] / samples,
            "latency_ns": totals["latency_ns"] / samples,
            "cycles": totals["cycles"] / samples,
        }
    return {name: (found | told).get(name) for name in FIELDS}


def facts(contents: Contents) -> dict[str, str]:
    """What was estimated, by name."""
    values = cleaned(contents.saved.values)
    of_tile = contents.saved.kind == "result"
    return {
        "model": values["model"]["name"],
        "hardware": values["hardware"]["name"] if of_tile else values["chip"]["name"],
        "schedule": values["mapping"]["schedule"] if of_tile else "ticks",
        "table": values["table"] if of_tile else values["energy"][0]["prices"],
        "samples": str(values["samples"]),
    }


def index_csv(reports: dict[str, Contents]) -> str:
    """One row a report: its folder, what was estimated, headline numbers in pJ, ns, bytes and um2."""
    rows: list[list[Any]] = []
    for folder, contents in reports.items():
        told = facts(contents)
        rows.append([folder, *told.values(), *("" if v is None else v for v in compared(contents).values())])
    return text_of([["report", "model", "hardware", "schedule", "table", "samples", *FIELDS], *rows])


def render(reports: dict[str, Contents]) -> str:
    """The page as text; ``reports`` by their folders."""
    numbers = {folder: compared(c) for folder, c in reports.items()}
    rows = tuple(
        (
            Cell(contents.title, i, name=True, link=f"{folder}/report.html"),
            *(
                Cell(text, name=True)
                for name, text in facts(contents).items()
                if name not in ("model", "samples")
            ),
            *(_cell(name, numbers[folder][name]) for name in FIELDS),
        )
        for i, (folder, contents) in enumerate(reports.items(), 1)
    )
    heads = tuple(head for head, _ in FIELDS.values())
    texts = ("report", "hardware", "schedule", "table")
    table = Table("Headline numbers, per inference", texts, heads, rows, sorted_by=0)
    hwsim = {c.saved.values["provenance"]["hwsim"] for c in reports.values()}
    return template("index.html.j2").render(
        table=table, count=len(reports), figure=_energy(reports), versions=", ".join(sorted(hwsim))
    )


def _cell(name: str, value: float | None) -> Cell:
    return Cell(NONE) if value is None else Cell(FIELDS[name][1](value), value)


def _energy(reports: dict[str, Contents]) -> Picture | None:
    """Energy of one inference by component, of the results on one tile."""
    rows = [
        (f"{i} {c.title}", {k: pj / v["samples"] for k, pj in v["energy_pj"].items()})
        for i, c in enumerate(reports.values(), 1)
        for v in (c.saved.values,)
        if c.saved.kind == "result"
    ]
    if not rows:
        return None
    what = "Energy by component"
    caption = "Mean of one inference; rows are numbered as in the table."
    return Picture(what, stacked(what, rows, COMPONENTS, ENERGY, caption), legend(rows, COMPONENTS), caption)
