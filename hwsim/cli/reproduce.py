"""``hwsim reproduce``."""

from typing import Annotated

import typer

from hwsim.options import AsJson, directory


def reproduce(
    what: Annotated[
        str,
        typer.Argument(
            help="efficientlif, autosnn, snasnet, tinysnn, asgl; methods: every method against its "
            "baseline on one "
            "chip; or all.",
            metavar="PAPER|methods|all",
        ),
    ],
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Minutes: slow simulations are taken from the results that are kept, methods run at "
            "slim size.",
        ),
    ] = False,
    output: Annotated[
        str | None, directory("Write PAPER/reproduced.md and .csv, methods.md and .csv, errata.md there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The papers' tables and figures beside ours: what is computed or simulated is so now, what was trained
    small comes from the results in reports/. Each row has a verdict by a stated rule.

    Trainings are made again by make training, autosnn, snasnet, tinysnn (hours).

    **Examples**

    `hwsim reproduce efficientlif`

    `hwsim reproduce all --quick -o out/reproduced`

    `hwsim reproduce methods -o out/methods`
    """
    from hwsim.reproduction.run import reproduce as run

    run(what, quick, output, as_json)
