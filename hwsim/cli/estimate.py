"""``hwsim estimate``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.cli.run_options import RunOptions, runs_models
from hwsim.options import (
    Area,
    AsJson,
    DramOption,
    Model,
    Node,
    SharingOption,
    SkipOption,
    Vdd,
    count,
    directory,
    unset,
)


@runs_models
def estimate(
    model: Model,
    hardware: Annotated[str, typer.Option(help="A preset (hwsim list hardware) or a .yaml file.")] = "sata",
    *,
    run: RunOptions,
    samples: Annotated[
        int | None, count("How many of the inputs to run. Default: 128, on chips of many cores 8.")
    ] = None,
    sharing: SharingOption = "none",
    mapping: Annotated[
        Path | None,
        unset("A mapping (hwsim list mappings) or a .yaml file; the options below override it."),
    ] = None,
    schedule: Annotated[str | None, unset("layer_major (default) or step_major.")] = None,
    fold_order: Annotated[str | None, unset("auto (default), m_outer or n_outer.")] = None,
    direct_coding: Annotated[str | None, unset("once (default) or each_step.")] = None,
    batch: Annotated[
        int | None,
        count("Samples of a mini-batch, which share loads of weights. Default: 1."),
    ] = None,
    batch_on: Annotated[
        str | None,
        unset("outer (default), or M: samples side by side in layers of one position."),
    ] = None,
    sample_loop: Annotated[
        str | None,
        typer.Option(
            help="Of layers that run step by step together: inner (default), each serves all samples before "
            "the next layer; or outer, a sample runs through all of them first.",
            show_default=False,
        ),
    ] = None,
    objective: Annotated[
        str | None,
        unset("What chosen tiles make least: dram_bytes (default) or cycles."),
    ] = None,
    skip: SkipOption = None,
    dram: DramOption = None,
    table: Annotated[
        str | None, unset("Energy table (hwsim list tables) or a .yaml file. Default: sata_kernels.")
    ] = None,
    node: Node = None,
    vdd: Vdd = None,
    area: Area = None,
    engine: Annotated[
        str | None,
        unset("kernel (default), or reference: the slow SimPy model, cycle by cycle; not of many tiles."),
    ] = None,
    barrier: Annotated[
        str | None, unset("Of a chip of many cores: tick, layer or none. Default: the chip's own.")
    ] = None,
    prices: Annotated[
        str | None,
        unset(
            "Of a chip of event-driven cores: rows of hwsim list chip_energy or .yaml files, separated by "
            "commas. Default: all of the chip."
        ),
    ] = None,
    timeline: Annotated[
        Path | None,
        unset("Of a chip of many cores: write a .json of its cores' ticks for Perfetto."),
    ] = None,
    one_tile: Annotated[
        bool,
        typer.Option(
            "--one-tile",
            help="Of a chip of many tiles: the costs of running all on one tile.",
        ),
    ] = False,
    over_time: Annotated[
        bool,
        typer.Option(
            "--over-time", help="Also what an answer is worth and costs that is read out after fewer steps."
        ),
    ] = False,
    claim: Annotated[
        bool, typer.Option("--claim", help="Print a paragraph to cite; with -o also write claim.txt.")
    ] = False,
    output: Annotated[
        str | None,
        directory(
            "Write result.json, layers.csv, the HTML report, the network and the ledger there; of a chip of "
            "many cores chip.json, page.html and pictures."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate cycles, DRAM traffic, energy and area of MODEL on a chip.

    On a chip of many cores, event-driven ones (loihi, truenorth) or tiles (mesh-sata): ticks, packets,
    barriers and energy, docs/chip.md.

    **Examples**

    `hwsim estimate fashion`

    `hwsim estimate fashion --skip event --schedule step_major --samples 16 -o out`

    `hwsim estimate my_net.py:build --weights w.safetensors --inputs x.npz --timesteps 4 --json`

    `hwsim estimate efficientlif/vgg16 --init calibrated --set resolution=64 --samples 2`

    `hwsim estimate net.nir --producer snntorch --inputs events.npz`

    `hwsim estimate my_net.py:build --coding spikes --inputs events.npz --timesteps 25`

    `hwsim estimate fashion --hardware loihi --timeline ticks.json -o out`

    `hwsim estimate fashion --hardware mesh-sata --samples 2`

    `hwsim estimate fashion --over-time --claim -o out`
    """
    from hwsim import commands, delivery, errors
    from hwsim.manycore import asked, command

    spec = run.spec(model, samples, sharing)
    directory = delivery.output_directory(output)
    options = {
        "schedule": schedule, "fold_order": fold_order, "direct_coding": direct_coding,
        "batch": batch, "batch_on": batch_on, "sample_loop": sample_loop, "objective": objective,
    }  # fmt: skip
    if claim and as_json and directory is None:
        raise errors.HwsimError(
            "--claim prints a paragraph, --json one object and nothing else; take one, or -o"
        )
    of_many = {"barrier": barrier, "prices": prices, "timeline": timeline}
    with delivery.interruptible():
        table = commands.scaled(table, node, vdd)
        if asked.of_many(hardware, one_tile):
            why = f"of one tile; {hardware} is a chip of many cores"
            asked.refuse({"over_time": over_time or None, "claim": claim or None}, why)
            many = command.Estimate.of(
                hardware, mapping, barrier, prices, table, skip, timeline, directory, engine,
                options | {"dram": dram}, area,
            )  # fmt: skip
            command.estimate(spec, many, as_json)
            return
        asked.refuse(of_many, f"of chips of many cores; of {hardware} one tile is estimated")
        of_tile = commands.Asked.of(hardware, mapping, options, skip, dram, table, engine, area)
        result = commands.estimate(spec, of_tile, over_time)
        commands.deliver(result, directory, as_json, claim)
