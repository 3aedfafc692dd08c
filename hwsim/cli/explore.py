"""``hwsim explore`` and ``hwsim combine``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import AsJson, count, unset

Output = Annotated[
    str,
    typer.Option(
        "-o",
        "--output",
        metavar="DIRECTORY",
        help="Where the store, tables and page are.",
        show_default=False,
    ),
]


def explore(
    space: Annotated[
        Path, typer.Argument(help="A space file (docs/explore.md), or a shipped one (hwsim list spaces).")
    ],
    output: Output,
    objectives: Annotated[
        str | None, unset("E.g. energy_pj,latency_ns,area_um2. Default: the space file's.")
    ] = None,
    budget: Annotated[int | None, count("Designs to evaluate. Default: 500, of a grid all.")] = None,
    sampler: Annotated[
        str | None,
        unset("grid, random, tpe or nsga2. Default: the grid where the budget covers it, else nsga2."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the sampler.", min=0)] = 0,
    population: Annotated[int, typer.Option(help="Designs of a generation of nsga2.", min=2)] = 32,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes on this machine; 0: none beside this one. Default: one a core.",
            min=0,
            show_default=False,
        ),
    ] = None,
    scheduler: Annotated[
        str | None, unset("Address of a Dask cluster that runs already, e.g. tcp://10.0.0.1:8786.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(help="Seconds that a design may take on a worker.", min=0.1, show_default=False),
    ] = None,
    memory: Annotated[
        str, typer.Option(help="Of each process on this machine, e.g. 2GB; Dask ends one that takes more.")
    ] = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", help="Only go on with what is there; the same command does so anyway.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate designs of a space of chips, mappings and networks, and say which no other beats.

    The store keeps every design as it is done; the same command goes on where it was stopped.

    **Examples**

    `hwsim explore fashion -o out/fashion`

    `hwsim explore my_space.yaml --objectives energy_pj,area_um2 --budget 200 --sampler tpe -o out/tpe`

    `hwsim explore my_space.yaml --scheduler tcp://10.0.0.1:8786 --time-limit 60 -o out/cluster`
    """
    from hwsim import delivery, exploring

    place = delivery.output_directory(output)
    asked = exploring.Asked.of(
        space, objectives, budget, sampler, seed, population, workers, scheduler, time_limit, memory
    )
    if place is not None:
        exploring.run(asked, place, resume, as_json)


def combine(
    stores: Annotated[
        list[str], typer.Argument(help="Directories of hwsim explore.", metavar="DIRECTORY...")
    ],
    output: Output,
    as_json: AsJson = False,
) -> None:
    """Merge sweeps of one space, as of several machines; a design that two know must have equal values.

    **Example**

    `hwsim combine machine1/ machine2/ -o all && hwsim explore my_space.yaml -o all`
    """
    from hwsim import delivery, exploring

    place = delivery.output_directory(output)
    if place is not None:
        exploring.combine(stores, place, as_json)
