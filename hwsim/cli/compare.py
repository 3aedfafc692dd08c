"""``hwsim compare``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import (
    Area,
    AsJson,
    CodingOption,
    DramOption,
    Dt,
    Init,
    InputFile,
    LayoutOption,
    Model,
    Node,
    ProducerOption,
    Rate,
    Settings,
    Shape,
    Timesteps,
    Vdd,
    Weights,
    count,
    directory,
    unset,
)


def compare(
    model: Model,
    sharing: Annotated[
        str, typer.Option(help="Sharings of LIF states, e.g. none,L,C2,C4,L+C2; see estimate.")
    ] = "none",
    hardware: Annotated[
        str, typer.Option(help="Presets or .yaml files, e.g. sata,mesh-sata,loihi.")
    ] = "sata",
    schedule: Annotated[
        str | None,
        unset("layer_major (default), step_major, or layer_major,step_major."),
    ] = None,
    batch: Annotated[str | None, unset("Sizes of mini-batches, e.g. 1,16,64. Default: 1.")] = None,
    table: Annotated[
        str | None, unset("Energy tables or .yaml files, of chips with arrays. Default: sata_kernels.")
    ] = None,
    node: Node = None,
    vdd: Vdd = None,
    area: Area = None,
    prices: Annotated[
        str | None,
        unset("Of chips of event-driven cores: rows of hwsim list chip_energy or .yaml files. Default: all."),
    ] = None,
    one_tile: Annotated[
        bool, typer.Option("--one-tile", help="Of chips of many tiles: the costs of running all on one tile.")
    ] = False,
    inputs: InputFile = None,
    weights: Weights = None,
    samples: Annotated[
        int | None, count("How many of the inputs to run. Default: the largest mini-batch.")
    ] = None,
    timesteps: Timesteps = None,
    settings: Settings = None,
    init: Init = None,
    rate: Rate = None,
    shape: Shape = None,
    coding: CodingOption = None,
    layout: LayoutOption = None,
    producer: ProducerOption = None,
    dt: Dt = None,
    mapping: Annotated[
        Path | None,
        unset("A mapping .yaml; schedules and mini-batches override it."),
    ] = None,
    dram: DramOption = None,
    output: Annotated[str | None, directory("Write compare.json, compare.csv and pictures there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare what MODEL costs under several sharings, chips, schedules, mini-batches and tables.

    Lists are separated by commas; every combination is a row. The network runs once per sharing. Chips of
    many cores run as in estimate, with no schedule, mini-batch or sharing of their own (docs/chip.md).

    **Examples**

    `hwsim compare fashion --hardware sata,spinalflow,ptb`

    `hwsim compare fashion --hardware loihi,truenorth,mesh-sata,sata`

    `hwsim compare efficientlif/vgg16 --init calibrated --sharing none,L,C2,L+C2 --schedule step_major`

    `hwsim compare efficientlif/vgg16 --init calibrated --sharing none,L --batch 1,16,64 -o out`
    """
    from hwsim import commands, comparing, delivery
    from hwsim.variants import Variant
    from hwsim.workloads import WorkloadSpec

    spec = WorkloadSpec(
        model, inputs, weights, samples, timesteps,
        Variant(tuple(settings or ()), shape, "none", init, rate, producer, dt, coding, layout),
    )  # fmt: skip
    directory = delivery.output_directory(output)
    table = commands.scaled(table, node, vdd)
    asked = comparing.Asked.of(
        sharing, hardware, schedule, batch, table, mapping, dram, prices, one_tile, area
    )
    with delivery.interruptible():
        comparing.compare_all(spec, asked, directory, as_json)
