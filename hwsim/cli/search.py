"""``hwsim search``: a command for each method of architecture search."""

from typing import Annotated

import typer

from hwsim.options import AsJson, count, in_panel, unset

COSTS = "Cost on a chip"

search = typer.Typer(
    help="Search architectures: snasnet scores cells of untrained networks.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@search.command("snasnet")
def snasnet(
    data: Annotated[str, typer.Option(help="A data set of images by name, or an .npz file.")],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="DIRECTORY",
            help="Of the search: scores of all cells. One that is there is gone on with.",
        ),
    ],
    data_directory: Annotated[
        str | None,
        typer.Option(
            "--data-dir", help="Where its files lie. Default: $HWSIM_DATASETS and others.", show_default=False
        ),
    ] = None,
    cells: Annotated[int | None, count("Random cells. Default: 1000.")] = None,
    edges: Annotated[
        str | None, unset("both (default): forward and back in time; forward: forward alone.")
    ] = None,
    kernel: Annotated[
        str | None, unset("sahd (default): sparsity-aware Hamming distance; hd: Hamming distance.")
    ] = None,
    channels: Annotated[
        int | None, count("Of the first cell; the second has twice as many. Default: 16.")
    ] = None,
    inner: Annotated[int | None, count("Neurons of the hidden linear layer. Default: 64.")] = None,
    batch: Annotated[int | None, count("Images of a batch. Default: 64.")] = None,
    batches: Annotated[int | None, count("Batches; a score is their mean. Default: 2.")] = None,
    timesteps: Annotated[int | None, count("Timesteps T. Default: 5.")] = None,
    seed: Annotated[int | None, unset("Of cells, weights and images. Default: 0.")] = None,
    cost: Annotated[
        str | None,
        in_panel(
            COSTS,
            "Weigh the score against this, of a sample: energy_pj, latency_ns, edp_pj_ns, spikes; on one "
            "tile also dram_bytes, area_um2, ac, mac; on many packets, hops. Of the untrained networks: "
            "trained ones fire otherwise (docs/search.md). Default with an option below: energy_pj.",
        ),
    ] = None,
    hardware: Annotated[str | None, in_panel(COSTS, "A chip by name or a .yaml file. Default: sata.")] = None,
    table: Annotated[str | None, in_panel(COSTS, "Energy table of chips of tiles.")] = None,
    samples: Annotated[
        int | None, in_panel(COSTS, "Images of the first batch that are simulated. Default: 1.")
    ] = None,
    costed: Annotated[
        int | None, in_panel(COSTS, "Cells that are simulated, those with the highest scores. Default: all.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes, of one thread each.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Score random cells of SNASNet on untrained networks: log-determinant of how alike the spikes of their
    neurons are for the images of a batch. Nothing is trained.

    With a cost the untrained networks also run on a simulated chip, and cells are shown of which no other has
    a higher score at a lower cost; search.html has the picture.

    A search that was stopped goes on with the same command and ends with the same scores and costs.

    **Examples**

    `hwsim search snasnet --data digits --cells 500 -o runs/cells`

    `hwsim search snasnet --data fashion_mnist --edges forward --kernel hd --workers 2 -o runs/forward`

    `hwsim search snasnet --data digits --cost energy_pj --hardware mesh-sata --costed 100 -o runs/costed`
    """
    from hwsim import delivery, searching

    directory = delivery.output_directory(output)
    assert directory is not None
    given = {
        "data": data, "data_directory": data_directory, "cells": cells, "edges": edges, "kernel": kernel,
        "channels": channels, "inner": inner, "batch": batch, "batches": batches, "timesteps": timesteps,
        "seed": seed,
    }  # fmt: skip
    costs = {"cost": cost, "hardware": hardware, "table": table, "samples": samples, "costed": costed}
    searching.snasnet(given, costs, directory, workers, as_json)
