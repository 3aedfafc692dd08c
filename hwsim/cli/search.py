"""``hwsim search``: a command for each method of architecture search."""

from typing import Annotated

import typer

from hwsim.options import AsJson, count, in_panel, unset

COSTS = "Cost on a chip"

Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Processes here, of one thread each. Default: 1.", show_default=False),
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="A Dask cluster that computes instead, tcp://...; it sees the same files."
    ),
]

search = typer.Typer(
    help="Search architectures: autosnn chooses blocks of a trained supernet by accuracy and cost, snasnet "
    "scores cells of untrained networks.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


SEARCH, EVALUATION = "Search", "Evaluation"


@search.command("autosnn")
def autosnn(
    supernet: Annotated[
        str, typer.Argument(help="The directory of a training of a model with choices of layers.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="DIRECTORY",
            help="Of the search: evaluations, search.json, .csv, .html. One that is there is gone on with.",
        ),
    ],
    cost: Annotated[
        str | None,
        in_panel(
            SEARCH,
            "spikes (default), events, ac, mac, dram_bytes, energy_pj, latency_ns, edp_pj_ns, area_um2; on "
            "many cores also packets, hops.",
        ),
    ] = None,
    factor: Annotated[
        float | None,
        in_panel(SEARCH, "Lambda; below 0 cheap paths are preferred. Default: -0.08.", "--lambda"),
    ] = None,
    fitness: Annotated[
        str | None,
        in_panel(
            SEARCH, "power (default): accuracy (cost / mean)^lambda; linear: accuracy + lambda cost / mean."
        ),
    ] = None,
    sampler: Annotated[str | None, in_panel(SEARCH, "evolution (default) or random.")] = None,
    rounds: Annotated[int | None, in_panel(SEARCH, "Default: 10.")] = None,
    pool: Annotated[int | None, in_panel(SEARCH, "Paths evaluated in a round. Default: 20.")] = None,
    mutations: Annotated[int | None, in_panel(SEARCH, "Of them, from the best. Default: half.")] = None,
    crossovers: Annotated[
        int | None, in_panel(SEARCH, "Of them, from two of the best. Default: the others.")
    ] = None,
    top: Annotated[int | None, in_panel(SEARCH, "How many the best are. Default: 10.")] = None,
    rho: Annotated[
        float | None, in_panel(SEARCH, "Probability of a mutation at a place. Default: 0.2.")
    ] = None,
    seed: Annotated[int | None, in_panel(SEARCH, "Default: 0.")] = None,
    hardware: Annotated[str | None, in_panel(EVALUATION, "A preset or a .yaml file. Default: sata.")] = None,
    table: Annotated[str | None, in_panel(EVALUATION, "Prices of tiles. Default: sata_kernels.")] = None,
    one_tile: Annotated[
        bool | None, in_panel(EVALUATION, "Of many tiles, use one alone.", "--one-tile")
    ] = None,
    samples: Annotated[int | None, in_panel(EVALUATION, "Images a cost is the mean of. Default: 16.")] = None,
    validation: Annotated[
        int | None,
        in_panel(EVALUATION, "Training images after those of the supernet, for accuracy. Default: 1000."),
    ] = None,
    calibration: Annotated[
        int | None, in_panel(EVALUATION, "Images that a path's batch statistics are of. Default: 500.")
    ] = None,
    averaged: Annotated[
        int | None, in_panel(EVALUATION, "Random paths that the mean cost is of. Default: 20.")
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(metavar="DIRECTORY", help="Take over what another search evaluated. Can be repeated."),
    ] = None,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train the best from scratch, into DIRECTORY/winner.")
    ] = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    as_json: AsJson = False,
) -> None:
    """Choose an option of each choice of a trained supernet, by evolution or at random, for accuracy and what
    the network costs on a chip.

    A search that was stopped goes on with the same command and ends with the same result.

    **Examples**

    `hwsim train autosnn/supernet --set channels=8 --data fashion_mnist --train-samples 20000 --epochs 20 -o
    runs/supernet`

    `hwsim search autosnn runs/supernet -o runs/spikes`

    `hwsim search autosnn runs/supernet --cost latency_ns --hardware loihi --lambda -0.2 --workers 2 --known
    runs/spikes -o runs/latency`

    `hwsim search autosnn runs/supernet --sampler random --retrain -o runs/random`
    """
    from pathlib import Path

    from hwsim import architecture_search, delivery

    directory = delivery.output_directory(output)
    assert directory is not None
    given = {
        "supernet": supernet, "cost": cost, "factor": factor, "fitness": fitness, "sampler": sampler,
        "rounds": rounds, "pool": pool, "mutations": mutations, "crossovers": crossovers, "top": top,
        "rho": rho, "seed": seed, "hardware": hardware, "table": table, "one_tile": one_tile,
        "samples": samples, "validation": validation, "calibration": calibration, "averaged": averaged,
    }  # fmt: skip
    taken = [Path(one) for one in known or ()]
    architecture_search.run(given, directory, workers, scheduler, taken, retrain, as_json)


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
    batch: Annotated[int | None, unset("Images of a batch, 2 at least. Default: 64.")] = None,
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
    workers: Workers = None,
    scheduler: Scheduler = None,
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
    searching.snasnet(given, costs, directory, workers, scheduler, as_json)
