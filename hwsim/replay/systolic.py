"""``hwsim replay systolic``: cycles and SRAM accesses of the dense matrix products in a CSV file."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import AsJson


def command(
    file: Annotated[
        Path,
        typer.Argument(
            help="A CSV file with a header: dataflow (os, ws, is), R, C (array), M, N, K (product), and any "
            "other columns, which are passed through."
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The CSV file to write.", show_default=False)
    ],
    overlap: Annotated[
        bool,
        typer.Option("--overlap", help="A fold streams while the one before it drains. Default: it waits."),
    ] = False,
    causes: Annotated[
        bool,
        typer.Option(
            "--causes",
            help="Also add folds, stream_cycles, preload_cycles, fill_drain_cycles, utilization and "
            "mapping_loss.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add cycles, sram_ifmap_reads, sram_filter_reads and sram_ofmap_writes to every row of FILE.

    A row is a product (M x K) (K x N) on an R x C systolic array; docs/systolic.md has the formulas.

    **Examples**

    `hwsim replay systolic layers.csv -o costed.csv`

    `hwsim replay systolic layers.csv -o costed.csv --overlap --causes --json`
    """
    from hwsim import delivery
    from hwsim.replay import systolic_rows

    with delivery.interruptible():
        summary = systolic_rows.replay(file, output, overlap, causes)
        delivery.say(systolic_rows.as_json(summary) if as_json else systolic_rows.as_text(summary))
