"""Arguments and options that several commands take."""

from pathlib import Path
from typing import Annotated, Any

import typer


def in_panel(panel: str, text: str, *names: str) -> Any:
    """An option of a panel of the help, whose default the text tells."""
    return typer.Option(*names, help=text, show_default=False, rich_help_panel=panel)


def unset(text: str) -> Any:
    """An option whose default the help text tells."""
    return typer.Option(help=text, show_default=False)


def count(text: str) -> Any:
    """Such an option for a number from 1."""
    return typer.Option(help=text, min=1, show_default=False)


def directory(text: str) -> Any:
    """Where a command writes its files."""
    return typer.Option("-o", "--output", metavar="DIRECTORY", help=text, show_default=False)


Model = Annotated[
    str,
    typer.Argument(
        help="A zoo name, file.py:callable, or a network's file: saved by hwsim (.safetensors), NIR (.nir), "
        "lava-dl (.net), or a directory of hwsim train."
    ),
]
Weights = Annotated[Path | None, unset("Weights of the module: a safetensors file.")]
InputFile = Annotated[
    Path | None,
    typer.Option(
        "--inputs",
        help="Inputs: .npy, or .npz with images (or inputs) and labels. Default: the zoo's own.",
        show_default=False,
    ),
]
Timesteps = Annotated[int | None, count("Timesteps T. Default: the model's own.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="An option of the model's builder as key=value, e.g. channels=64, block=scb5, timesteps=8. "
        "Can be repeated.",
        show_default=False,
    ),
]
Shape = Annotated[
    str | None,
    unset("Shape of one input, e.g. 3,32,32, for a model without inputs."),
]
SharingOption = Annotated[
    str,
    typer.Option(
        help="Share LIF states as EfficientLIF-Net does: none, L (layers), C2, C4, C8 (channel groups), L+C2."
    ),
]
Init = Annotated[
    str | None,
    unset(
        "random: random weights in place of the checkpoint; calibrated: also scale the thresholds "
        "until each layer fires at --rate."
    ),
]
Rate = Annotated[
    float | None,
    unset("Spikes per neuron and step that --init calibrated aims at. Default: 0.18."),
]
ProducerOption = Annotated[
    str | None,
    unset(
        "Who wrote a .nir file: nir (as NIR is defined), snntorch, spikingjelly, sinabs, norse, "
        "rockpool, lava; options after a comma: snntorch,reset=zero."
    ),
]
Dt = Annotated[
    float | None,
    unset("Time step of a .nir file, in its unit. Default: the file's own."),
]
CodingOption = Annotated[
    str | None,
    typer.Option(
        "--coding",
        help="What the inputs of a module, a .nir or a .net are: frames (the same at every step), or of "
        "every step its own (samples, timesteps, ...): spikes, or a series of any values. Default: frames "
        "for a module, for a file what the inputs look like.",
        show_default=False,
    ),
]
LayoutOption = Annotated[
    str | None,
    typer.Option(
        "--layout",
        help="How a module takes time: step (a call a timestep), time_first (T, B, ...), batch_first "
        "(B, T, ...), static (its own loop over one image). Default: what fits.",
        show_default=False,
    ),
]
SkipOption = Annotated[
    str | None,
    typer.Option("--skip", help="dense, gate or event; default: the chip's own.", show_default=False),
]
DramOption = Annotated[
    str | None,
    typer.Option(
        "--dram",
        help="commands, or bandwidth: quicker, without banks and rows. Also changes the price: commands cost "
        "the DRAM's own energies, bytes at bandwidth the energy table's dram_byte. Default: the chip's own.",
        show_default=False,
    ),
]
Node = Annotated[
    int | None,
    unset("Scale the energy table's logic to this node, 45 to 7 nm (docs/hardware.md). Default: its own."),
]
Vdd = Annotated[float | None, unset("Scale it to this voltage in V, 0.6 to 1.1. Default: the table's own.")]
Area = Annotated[
    str | None,
    unset("Areas of your own in um2 beside the sources', e.g. lif_unit=129.2,accumulator=96.9."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
