"""``hwsim learn-cost``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import AsJson, unset


def learn_cost(
    directory: Annotated[
        Path, typer.Argument(metavar="DIRECTORY", help="Of hwsim learn, finished.", show_default=False)
    ],
    hardware: Annotated[str, typer.Option(help="A preset (hwsim list hardware) or a .yaml file.")] = "sata",
    table: Annotated[
        str | None,
        unset(
            "Energy table (hwsim list tables) or a .yaml file. Default: sata_kernels; of floats horowitz45."
        ),
    ] = None,
    widths: Annotated[
        str,
        typer.Option(help="learned: of its formats, float32 where it has none; chip: the chip's own."),
    ] = "learned",
    traces: Annotated[
        str,
        typer.Option(help="lazy: the step of a last spike is kept; decay: all traces decay at every step."),
    ] = "lazy",
    layout: Annotated[
        str, typer.Option(help="Whose weights lie together: those of an input, or those of a neuron.")
    ] = "input",
    as_json: AsJson = False,
) -> None:
    """Energy, accesses and DRAM traffic of learning by STDP on a chip, and of answering, an image each
    (docs/learning-cost.md).

    **Examples**

    `hwsim learn-cost runs/lateral`

    `hwsim learn-cost runs/8bit --hardware mine.yaml --table horowitz45`

    `hwsim learn-cost runs/baseline --traces decay --layout neuron --json`

    `hwsim learn-cost runs/lateral --widths chip --table synthesis45`
    """
    from hwsim import learning_cost

    learning_cost.run(directory, learning_cost.Asked.of(hardware, table, widths, traces, layout), as_json)
