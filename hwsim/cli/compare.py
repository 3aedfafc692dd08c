"""``hwsim compare``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.cli.run_options import RunOptions, runs_models
from hwsim.options import (
    Area,
    AsJson,
    DramOption,
    Node,
    Vdd,
    count,
    directory,
    unset,
)


@runs_models
def compare(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL...",
            help="Models, as in estimate, also directories of hwsim train; and saved results: directories "
            "that estimate -o wrote, or their result.json or chip.json. A name of the zoo is the model; "
            "./NAME is the directory.",
        ),
    ],
    sharing: Annotated[
        str | None, unset("Sharings of LIF states, e.g. none,L,C2,C4,L+C2; see estimate. Default: none.")
    ] = None,
    hardware: Annotated[
        str | None, unset("Presets or .yaml files, e.g. sata,mesh-sata,loihi. Default: sata.")
    ] = None,
    schedule: Annotated[
        str | None,
        unset("layer_major (default), step_major, or layer_major,step_major."),
    ] = None,
    batch: Annotated[str | None, unset("Sizes of mini-batches, e.g. 1,16,64. Default: 1.")] = None,
    table: Annotated[
        str | None,
        unset(
            "Energy tables or .yaml files, of chips with arrays. Default: sata_kernels, and each saved "
            "result's own."
        ),
    ] = None,
    node: Node = None,
    vdd: Vdd = None,
    area: Area = None,
    prices: Annotated[
        str | None,
        unset("Of chips of event-driven cores: rows of hwsim list chip_energy or .yaml files. Default: all."),
    ] = None,
    bits: Annotated[
        str | None,
        unset(
            "Bits of weights, or of weights/states, e.g. float,4,6,8/12: post-training quantization in each. "
            "States otherwise: 8 more than weights, at most 16."
        ),
    ] = None,
    one_tile: Annotated[
        bool, typer.Option("--one-tile", help="Of chips of many tiles: the costs of running all on one tile.")
    ] = False,
    *,
    run: RunOptions,
    samples: Annotated[
        int | None,
        count("How many of the inputs to run. Default: the largest mini-batch, with --bits at least 16."),
    ] = None,
    mapping: Annotated[
        Path | None,
        unset("A mapping (hwsim list mappings) or a .yaml file; schedules and mini-batches override it."),
    ] = None,
    dram: DramOption = None,
    output: Annotated[str | None, directory("Write compare.json, compare.csv and pictures there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare what models cost under several sharings, chips, schedules, mini-batches and tables.

    Lists are separated by commas; every combination is a row. A network runs once per sharing and bits. Chips
    of many cores run as in estimate, with no schedule, mini-batch or sharing of their own (docs/chip.md).
    Saved results are not run again: their counts are priced; of event-driven cores the saved prices stay.
    Differences are those from the first row.

    **Examples**

    `hwsim compare fashion --hardware sata,spinalflow,ptb`

    `hwsim compare fashion --hardware loihi,truenorth,mesh-sata,sata`

    `hwsim compare efficientlif/vgg16 --init calibrated --sharing none,L,C2,L+C2 --schedule step_major`

    `hwsim compare efficientlif/vgg16 --init calibrated --sharing none,L --batch 1,16,64 -o out`

    `hwsim compare fashion --bits float,4,6,8,8/12,16 --samples 128`

    `hwsim compare fashion my_net.py:build --timesteps 4 --inputs images.npz`

    `hwsim compare first/ second/ --table sata_kernels,horowitz45 -o out`
    """
    from hwsim import commands, compare_all, delivery
    from hwsim.comparing import Asked
    from hwsim.workloads import WorkloadSpec

    directory = delivery.output_directory(output)
    options = run.given() | {
        "sharing": sharing, "hardware": hardware, "schedule": schedule, "batch": batch, "prices": prices,
        "one_tile": one_tile or None, "samples": samples, "area": area, "mapping": mapping, "dram": dram,
        "bits": bits,
    }  # fmt: skip
    table = commands.scaled(table, node, vdd)
    with delivery.interruptible():
        given = compare_all.read(models, lambda name: run.spec(name, samples), options)
        asked = (
            Asked.of(sharing, hardware, schedule, batch, table, mapping, dram, prices, one_tile, area, bits)
            if any(isinstance(one, WorkloadSpec) for one in given)
            else Asked.of_saved(table)
        )
        compare_all.deliver(given, asked, directory, as_json)
