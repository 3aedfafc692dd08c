"""One self-contained HTML page for an estimate: no request leaves it, and nothing in it is trusted.

Every text of the result is escaped by Jinja; the page's own policy allows its one script by hash and
forbids every connection.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from hwsim.ledger import ACTIONS
from hwsim.report import (
    area_tables,
    batches,
    headline,
    memory,
    numbers,
    page_tables,
    sensitivity,
    spread,
    standing,
)
from hwsim.report.claim import claim
from hwsim.report.drawing import PALETTE
from hwsim.report.figures import all_figures
from hwsim.report.picture import Picture
from hwsim.report.plain import cleaned
from hwsim.report.roofline import FORMULAS, roofline
from hwsim.report.tables import fields, row_html
from hwsim.storage import write_text

TEMPLATES = Path(__file__).parent / "templates"

LOCATED_SHOWN = 40
"""Located differences listed on the page; result.json has all."""

ROWS_SHOWN = 200
"""Rows of a table at a time."""


def write(values: dict[str, Any], directory: Path) -> Path:
    """Write ``report.html`` for an estimate (the dictionary of Result.as_dict) and return its path."""
    path = directory / "report.html"
    write_text(path, render(values))
    return path


def template(name: str) -> Template:
    """A template of the pages; what it shows is escaped, and what it is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = (TEMPLATES / "script.js").read_text(encoding="utf-8")
    environment.filters |= {"quantity": numbers.quantity, "row": row_html}
    environment.globals |= {
        "palette": PALETTE,
        "rows_shown": ROWS_SHOWN,
        "script": Markup(script),  # noqa: S704 - a file of this package
        "script_hash": base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    }
    return environment.get_template(name)


def pictures(values: dict[str, Any]) -> dict[str, Picture]:
    """Every figure of the page by name, of values whose texts are plain."""
    others = {
        "spread": spread.figure(values),
        "memory": memory.figure(values),
        "roofline": roofline(values),
    }
    if tables := sensitivity.figure(values):
        others["tables"] = tables
    if early := sensitivity.over_time_figure(values):
        others["over_time"] = early
    return all_figures(values) | others


def render(values: dict[str, Any]) -> str:
    """The page as text. Equal dictionaries give equal pages."""
    shown = cleaned(values)
    chip = shown["hardware"]
    return template("report.html.j2").render(
        r=shown,
        figures=pictures(shown),
        tiles=headline.tiles(shown),
        operations_alone=page_tables.operations_alone(shown),
        layers=page_tables.layers(shown),
        components=page_tables.components(shown),
        area=area_tables.by_source(shown.get("area")),
        area_notes=area_tables.notes(shown.get("area")),
        area_shared=area_tables.shared(shown.get("area")),
        standing=standing.sentence(shown.get("standing"), shown["samples"]),
        memory=memory.table(shown),
        intensities=page_tables.intensities(shown),
        formulas=FORMULAS,
        sensitivity=sensitivity.table(shown),
        turns=sensitivity.turns(shown),
        turns_head=sensitivity.TURNS,
        over_time=sensitivity.over_time(shown),
        claim=claim(shown) if shown.get("sensitivity") else None,
        actions=page_tables.actions(shown),
        unused=[a for a in ACTIONS if not shown["counts"].get(a)],
        causes=page_tables.causes(shown),
        spread=page_tables.spread(shown),
        beginning=batches.beginning(shown),
        ann_told=batches.counterpart(shown),
        agreement=page_tables.agreement(shown),
        located=page_tables.located(shown, LOCATED_SHOWN),
        located_more=max(0, len((shown["agreement"] or {}).get("located", ())) - LOCATED_SHOWN),
        choices=page_tables.choices(shown),
        chip=fields("Fields of the chip", chip, ("name", "description", "sources"), chip["sources"]),
        mapping=fields("Mapping", shown["mapping"]),
        prices=fields("Energy table", shown["prices"]),
        provenance=fields("Provenance", shown["provenance"]),
        notes=fields("Notes of the model", shown["model"]["notes"]),
    )
