"""``hwsim map``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.cli.run_options import RunOptions, runs_models
from hwsim.options import (
    AsJson,
    Model,
)


@runs_models
def map_(
    model: Model,
    hardware: Annotated[
        str, typer.Option(help="A preset with a grid (mesh-sata, loihi, truenorth ...) or a .yaml file.")
    ] = "mesh-sata",
    algorithm: Annotated[str, typer.Option(help="row_major, hilbert, greedy, anneal, or all.")] = "all",
    objective: Annotated[
        str, typer.Option(help="What the best placement has least of: spike_hops, max_link_load or energy.")
    ] = "spike_hops",
    seed: Annotated[int, typer.Option(help="Seed of anneal.", min=0, max=2**31)] = 0,
    moves: Annotated[
        int | None,
        typer.Option(
            help="Moves that anneal tries. Default: 3000 for every core.", min=0, show_default=False
        ),
    ] = None,
    *,
    run: RunOptions,
    samples: Annotated[
        int | None,
        typer.Option(
            help="How many of the inputs to run for their spikes. Default: 8.", min=1, show_default=False
        ),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="A mapping .yaml that the placement is added to. A placement of its own is checked, and "
            "compared with what the algorithms make of its slices.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write the best as a mapping, a .yaml file.", show_default=False),
    ] = None,
    picture: Annotated[
        Path | None,
        typer.Option(help="Draw the best: tiles and links by load, a .svg or .png file.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Place MODEL on the cores of a chip: populations in slices, slices where spikes have least to travel.

    Cores' limits are kept, or an error says which is exceeded and by how much. docs/placement.md has the
    rules.

    **Examples**

    `hwsim map fashion --hardware mesh-sata -o placed.yaml --picture placed.svg`

    `hwsim map efficientlif/vgg16 --init calibrated --hardware mesh-sata-256 --objective max_link_load`

    `hwsim map fashion --mapping placed.yaml --algorithm anneal --seed 1 --json`
    """
    from hwsim import delivery, placing

    spec = run.spec(model, samples)
    with delivery.interruptible():
        asked = placing.Asked.of(hardware, mapping, algorithm, objective, seed, moves, output, picture)
        placing.place(spec, asked, as_json)
