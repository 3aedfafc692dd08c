"""``hwsim search``: a command for each method of architecture search."""

from typing import Annotated

import typer

from hwsim.options import AsJson, count, unset

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
    workers: Annotated[int, typer.Option(min=1, help="Processes, of one thread each.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Score random cells of SNASNet on untrained networks: log-determinant of how alike the spikes of their
    neurons are for the images of a batch. Nothing is trained.

    A search that was stopped goes on with the same command and ends with the same scores.

    **Examples**

    `hwsim search snasnet --data digits --cells 500 -o runs/cells`

    `hwsim search snasnet --data fashion_mnist --edges forward --kernel hd --workers 2 -o runs/forward`
    """
    from hwsim import delivery, searching

    directory = delivery.output_directory(output)
    assert directory is not None
    given = {
        "data": data, "data_directory": data_directory, "cells": cells, "edges": edges, "kernel": kernel,
        "channels": channels, "inner": inner, "batch": batch, "batches": batches, "timesteps": timesteps,
        "seed": seed,
    }  # fmt: skip
    searching.snasnet(given, directory, workers, as_json)
