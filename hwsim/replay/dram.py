"""``hwsim replay dram``: when a DRAM completes the requests in a CSV file, and what it costs."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import AsJson, unset


def command(
    trace: Annotated[
        Path,
        typer.Argument(
            help="A CSV with the columns arrival_cycle, address, bytes, direction (read or write), sorted by "
            "arrival; others are passed through."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="CSV to write: the trace with completion_cycle and row_outcome."),
    ],
    table: Annotated[str, typer.Option(help="A DRAM (hwsim list dram) or a .yaml file.")] = "ddr4_2400",
    mapping: Annotated[
        str | None,
        unset(
            "Fields of an address, highest bits first, e.g. row:rank:bank:column:bankgroup:channel. "
            "Default: the table's."
        ),
    ] = None,
    page_policy: Annotated[str | None, unset("open or closed. Default: the table's.")] = None,
    plot: Annotated[
        Path | None,
        unset("Draw latency over time: a .png file to write."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Serve a trace of requests by a DRAM, command by command: when each ends, and what its row was.

    Cycles are those of the DRAM's command clock.

    **Examples**

    `hwsim replay dram trace.csv -o served.csv`

    `hwsim replay dram trace.csv -o served.csv --table lpddr4_2400 --page-policy closed --plot latency.png`

    `hwsim replay dram trace.csv -o served.csv --mapping row:rank:bank:column:bankgroup:channel --json`
    """
    from hwsim import delivery
    from hwsim.replay import dram_replay

    with delivery.interruptible():
        dram_replay.deliver(trace, output, (table, mapping, page_policy), plot, as_json)
