"""What ``hwsim search`` does: search into a directory, show the best that was found."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from hwsim.delivery import interruptible, progress_bars, say
from hwsim.methods.run_directory import check_own
from hwsim.methods.training_free.search import MODEL, SPEC, Scored, SearchSpec, search
from hwsim.report import console

SHOWN = 10
"""Cells that a terminal is told of."""


def snasnet(values: Mapping[str, Any], output: Path, workers: int, as_json: bool) -> None:
    """Score cells as the ``values`` of a SearchSpec say, those that are None left out, and show the best.

    Ctrl-C ends with status 130 and says how to go on. Raises HwsimError for a directory that holds something
    else than a search.
    """
    spec = SearchSpec.of({name: value for name, value in values.items() if value is not None})
    check_own(output, SPEC, "search")
    with (
        interruptible(f"the same command goes on from the cells scored in {output}"),
        progress_bars() as progress,
    ):
        found = search(spec, output, workers, progress)
    if as_json:
        say(json.dumps({"spec": spec.model_dump(), "cells": [asdict(one) for one in found]}, indent=1))
        return
    shown = console.terminal()
    shown.print(_table(spec, found[:SHOWN], len(found)))
    say(f"directory: {output}")
    say(f"next: hwsim train {MODEL} --set matrix={found[0].cell} --set channels={spec.channels} "
        f"--set inner={spec.inner} --data {spec.data} -o {output / 'best'}")  # fmt: skip


def _table(spec: SearchSpec, best: list[Scored], count: int) -> Table:
    table = Table(title=f"best of {count:,} cells by {spec.kernel}, {spec.edges}", title_justify="left")
    table.add_column("cell (row = source)")
    for name in ("sahd", "hd", "parameters"):
        table.add_column(name, justify="right")
    for one in best:
        told = ("-inf" if value is None else f"{value:.2f}" for value in (one.sahd, one.hd))
        table.add_row(one.cell, *told, f"{one.parameters:,}")
    return table
