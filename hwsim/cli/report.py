"""``hwsim report``."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="A result.json, a chip.json, or the directory of a saved estimate.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="DIRECTORY", help="Where the files go.", show_default=False),
    ],
    figures: Annotated[
        str,
        typer.Option("--format", help="Formats of the figures' files: any of png,svg,pdf; or none."),
    ] = "png,svg,pdf",
) -> None:
    """Report saved results: report.html, report.md, report.json, CSVs and figures; nothing is simulated.

    Of several results every one gets a folder, and index.html joins and compares them.

    **Examples**

    `hwsim report out -o report`

    `hwsim report sata/result.json loihi/chip.json -o report --format svg`
    """
    from hwsim import delivery, reporting

    directory = delivery.output_directory(output)
    assert directory is not None
    with delivery.interruptible():
        reporting.report(results, directory, figures)
