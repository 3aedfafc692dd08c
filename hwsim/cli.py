"""The command line: arguments to function calls, no logic. Heavy imports wait until a command runs."""

import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer

from hwsim.errors import HwsimError, HwsimWarning, printable
from hwsim.options import (
    AsJson,
    CodingOption,
    DramOption,
    Dt,
    Init,
    InputFile,
    LayoutOption,
    Model,
    ProducerOption,
    Rate,
    Settings,
    Shape,
    SharingOption,
    SkipOption,
    Timesteps,
    Weights,
    count,
    directory,
    unset,
)
from hwsim.replay import replay

app = typer.Typer(
    help="What a trained spiking network costs on a neuromorphic chip, from its own spikes.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(replay, name="replay")


@app.command()
def estimate(
    model: Model,
    hardware: Annotated[str, typer.Option(help="A preset (hwsim list hardware) or a .yaml file.")] = "sata",
    inputs: InputFile = None,
    weights: Weights = None,
    samples: Annotated[
        int | None, count("How many of the inputs to run. Default: 128, on chips of many cores 8.")
    ] = None,
    timesteps: Timesteps = None,
    settings: Settings = None,
    sharing: SharingOption = "none",
    init: Init = None,
    rate: Rate = None,
    shape: Shape = None,
    coding: CodingOption = None,
    layout: LayoutOption = None,
    producer: ProducerOption = None,
    dt: Dt = None,
    mapping: Annotated[Path | None, unset("A mapping .yaml; the options below override it.")] = None,
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
    engine: Annotated[
        str | None, unset("kernel (default), or reference: the slow SimPy model, cycle by cycle.")
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
    """
    from hwsim import commands, delivery, manycore, variants

    variant = variants.Variant(
        tuple(settings or ()), shape, sharing, init, rate, producer, dt, coding, layout
    )
    directory = delivery.output_directory(output)
    options = {
        "schedule": schedule, "fold_order": fold_order, "direct_coding": direct_coding,
        "batch": batch, "batch_on": batch_on, "sample_loop": sample_loop, "objective": objective,
    }  # fmt: skip
    of_many = {"barrier": barrier, "prices": prices, "timeline": timeline}
    with delivery.interruptible():
        if manycore.of_many(hardware, one_tile):
            of_one_tile = options | {"dram": dram, "engine": engine}
            asked = manycore.Asked.of(
                hardware, mapping, barrier, prices, table, skip, timeline, directory, of_one_tile
            )
            manycore.estimate(model, inputs, weights, samples, timesteps, variant, asked, as_json)
            return
        manycore.refuse(of_many, f"of chips of many cores; of {hardware} one tile is estimated")
        result = commands.estimate(
            model, hardware, inputs, weights, samples, timesteps, mapping, options, skip, dram,
            table or manycore.TABLE, engine or "kernel", variant,
        )  # fmt: skip
        commands.deliver(result, directory, as_json)


@app.command()
def compare(
    model: Model,
    sharing: Annotated[
        str, typer.Option(help="Sharings of LIF states, e.g. none,L,C2,C4,L+C2; see estimate.")
    ] = "none",
    hardware: Annotated[str, typer.Option(help="Presets or .yaml files, e.g. sata,spinalflow.")] = "sata",
    schedule: Annotated[
        str | None,
        unset("layer_major (default), step_major, or layer_major,step_major."),
    ] = None,
    batch: Annotated[str | None, unset("Sizes of mini-batches, e.g. 1,16,64. Default: 1.")] = None,
    table: Annotated[str, typer.Option(help="Energy tables or .yaml files.")] = "sata_kernels",
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
    output: Annotated[
        str | None, directory("Write compare.json, compare.csv and a picture of the DRAM traffic there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare what MODEL costs under several sharings, chips, schedules, mini-batches and tables.

    Lists are separated by commas; every combination is a row. The network runs once per sharing.

    **Examples**

    `hwsim compare fashion --hardware sata,spinalflow,ptb`

    `hwsim compare efficientlif/vgg16 --init calibrated --sharing none,L,C2,L+C2 --schedule step_major`

    `hwsim compare efficientlif/vgg16 --init calibrated --sharing none,L --batch 1,16,64 -o out`
    """
    from hwsim import commands, comparing, delivery, variants

    variant = variants.Variant(tuple(settings or ()), shape, "none", init, rate, producer, dt, coding, layout)
    directory = delivery.output_directory(output)
    asked = comparing.Asked.of(sharing, hardware, schedule, batch, table, mapping, dram)
    with delivery.interruptible():
        work, opened = commands.compared(model, inputs, weights, samples, asked.largest, timesteps, variant)
        comparing.deliver(comparing.run(work, opened, asked), work.origin, directory, as_json)


@app.command()
def inspect(
    model: Model,
    inputs: InputFile = None,
    weights: Weights = None,
    timesteps: Timesteps = None,
    settings: Settings = None,
    sharing: SharingOption = "none",
    init: Init = None,
    rate: Rate = None,
    shape: Shape = None,
    coding: CodingOption = None,
    layout: LayoutOption = None,
    producer: ProducerOption = None,
    dt: Dt = None,
    output: Annotated[
        str | None, directory("Write inspect.json and drawings of the graph, graph.svg and graph.png, there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show a model layer by layer: shapes, parameters, neurons, state words and bytes, dense MACs.

    State bytes are those of one sample at 4 bytes a word: forward, and backward through all timesteps.

    **Examples**

    `hwsim inspect fashion -o out`

    `hwsim inspect efficientlif/vgg16 --set resolution=64 --set c34=128 --sharing L+C2 --json`

    `hwsim inspect autosnn/snn1 --set block=sib3e1 --set channels=32`

    `hwsim inspect snasnet/cell --set matrix=0302,0030,3003,0000`

    `hwsim inspect efficientlif/resnet19 --init calibrated --rate 0.15`

    `hwsim inspect my_net.py:build --shape 3,32,32 --timesteps 4`
    """
    from hwsim import commands, delivery, variants

    directory = delivery.output_directory(output)
    variant = variants.Variant(
        tuple(settings or ()), shape, sharing, init, rate, producer, dt, coding, layout
    )
    with delivery.interruptible():
        network, shown = commands.inspect(model, inputs, weights, timesteps, variant)
        commands.deliver_inspection(network, shown, directory, as_json)


@app.command()
def ops(
    model: Model,
    inputs: InputFile = None,
    weights: Weights = None,
    samples: Annotated[int | None, count("How many of the inputs to run. Default: 16.")] = None,
    timesteps: Timesteps = None,
    settings: Settings = None,
    sharing: SharingOption = "none",
    init: Init = None,
    rate: Rate = None,
    shape: Shape = None,
    coding: CodingOption = None,
    layout: LayoutOption = None,
    producer: ProducerOption = None,
    dt: Dt = None,
    as_json: AsJson = False,
) -> None:
    """Count a model's operations as hwsim, NeuroBench, SpikingJelly and syops count them, side by side.

    **Examples**

    `hwsim ops fashion`

    `hwsim ops my_net.py:build --inputs x.npz --timesteps 4 --json`
    """
    from hwsim import commands, delivery, variants

    variant = variants.Variant(
        tuple(settings or ()), shape, sharing, init, rate, producer, dt, coding, layout
    )
    with delivery.interruptible():
        commands.count_operations(model, inputs, weights, samples, timesteps, variant, as_json)


@app.command("map")
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
    inputs: InputFile = None,
    weights: Weights = None,
    samples: Annotated[
        int | None,
        typer.Option(
            help="How many of the inputs to run for their spikes. Default: 8.", min=1, show_default=False
        ),
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
    from hwsim import delivery, placing, variants

    variant = variants.Variant(tuple(settings or ()), shape, "none", init, rate, producer, dt, coding, layout)
    with delivery.interruptible():
        asked = placing.Asked.of(hardware, mapping, algorithm, objective, seed, moves, output, picture)
        placing.place(model, inputs, weights, samples, timesteps, variant, asked, as_json)


@app.command()
def report(
    results: Annotated[
        list[Path],
        typer.Argument(
            metavar="RESULT...",
            help="A result.json, a chip.json, or the directory of a saved estimate.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option("-o", "--output", metavar="DIRECTORY", help="Where the files go.", show_default=False),
    ],
    figures: Annotated[
        str,
        typer.Option("--format", help="Formats of the figures' files: any of png,svg,pdf; or none."),
    ] = "png,svg,pdf",
) -> None:
    """Report saved results: report.html, report.md, report.json, CSVs and figures; nothing is simulated.

    Of several results every one gets a folder, and index.html joins and compares them.

    **Examples**

    `hwsim report out -o report`

    `hwsim report sata/result.json loihi/chip.json -o report --format svg`
    """
    from hwsim import delivery, reporting

    directory = delivery.output_directory(output)
    assert directory is not None
    with delivery.interruptible():
        reporting.report(results, directory, figures)


@app.command("list")
def list_(
    what: Annotated[
        str, typer.Argument(help="models, hardware, dram, noc, hop_energy, chip_energy or tables.")
    ],
    as_json: AsJson = False,
) -> None:
    """List what is known by name: models, hardware presets or energy tables.

    **Example**

    `hwsim list hardware`
    """
    from hwsim import listing

    listing.list_known(what, as_json)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        import hwsim

        typer.echo(hwsim.__version__)
        raise typer.Exit


def _show(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
) -> None:
    """hwsim's own warnings are one line on stderr."""
    where = "" if issubclass(category, HwsimWarning) else f"{filename}:{lineno}: {category.__name__}: "
    print(printable(f"warning: {where}{message}"), file=sys.stderr)  # noqa: T201


def main() -> None:
    """Run the command line; errors of hwsim are one message on stderr and exit status 2."""
    warnings.showwarning = _show
    try:
        app()
    except HwsimError as error:
        print(printable(f"error: {error}"), file=sys.stderr)  # noqa: T201
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(141)


if __name__ == "__main__":
    main()
