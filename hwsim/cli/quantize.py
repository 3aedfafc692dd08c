"""``hwsim quantize``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import (
    AsJson,
    CodingOption,
    Init,
    InputFile,
    Model,
    Rate,
    Settings,
    Shape,
    SharingOption,
    Timesteps,
    count,
    unset,
)


def quantize(
    model: Model,
    *,
    weights: Annotated[int, typer.Option(help="Bits of a weight, 1 to 32; 1 is a sign.", metavar="BITS")] = 8,
    state: Annotated[
        int, typer.Option(help="Bits of membranes, currents, thresholds, 2 to 32.", metavar="BITS")
    ] = 16,
    input_bits: Annotated[int, typer.Option(help="Bits of graded inputs.", metavar="BITS")] = 8,
    leak: Annotated[int, typer.Option(help="Bits of a decay.", metavar="BITS")] = 8,
    rounding: Annotated[
        str, typer.Option(help="nearest (ties away from zero), truncate (toward zero) or stochastic.")
    ] = "nearest",
    seed: Annotated[int, typer.Option(help="Of stochastic rounding.")] = 0,
    scheme: Annotated[str, typer.Option(help="ptq: after training; qat: trained on with the bits.")] = "ptq",
    tolerance: Annotated[
        float | None,
        typer.Option(
            "--search",
            metavar="TOLERANCE",
            help="Take bits away, first of weights, then of states, until more of the accuracy than this is "
            "lost; without labels, of the answers that are the float network's.",
            show_default=False,
        ),
    ] = None,
    train: Annotated[
        Path | None, unset("Of qat: samples to train on, .npz with images (or inputs) and labels.")
    ] = None,
    epochs: Annotated[int | None, count("Of qat. Default: 2.")] = None,
    learning_rate: Annotated[float | None, unset("Of qat: Adam's first. Default: 0.001.")] = None,
    samples: Annotated[int | None, count("Inputs to run. Default: 128.")] = None,
    observe: Annotated[
        int | None, count("Of them, those on which the ranges of states are seen. Default: 16.")
    ] = None,
    inputs: InputFile = None,
    model_weights: Annotated[Path | None, unset("Weights of a module: a safetensors file.")] = None,
    timesteps: Timesteps = None,
    settings: Settings = None,
    init: Init = None,
    rate: Rate = None,
    shape: Shape = None,
    coding: CodingOption = None,
    sharing: SharingOption = "none",
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIRECTORY_OR_FILE",
            help="Write network.safetensors, quantization.json and inputs.npz there, or FILE.safetensors.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Turn MODEL into an integer network with fixed-point formats (docs/quantization.md).

    **Examples**

    `hwsim quantize fashion --weights 8 --state 12 -o out/q8`

    `hwsim quantize fashion --weights 8 --state 16 --search 0.01`

    `hwsim quantize fashion --weights 3 --state 8 --scheme qat --train train.npz --epochs 3 -o out/q3`

    `hwsim quantize efficientlif/vgg16 --set channels=8 --init calibrated --sharing L --json`

    `hwsim estimate out/q8/network.safetensors --inputs out/q8/inputs.npz`
    """
    from hwsim import delivery, quantizing

    spec = quantizing.spec(
        model, inputs, model_weights, samples, timesteps,
        tuple(settings or ()), shape, sharing, init, rate, coding,
    )  # fmt: skip
    asked = quantizing.asked(
        (weights, state, input_bits, leak), rounding, seed, scheme, tolerance, observe,
        train, epochs, learning_rate,
    )  # fmt: skip
    place = quantizing.place(output)
    with delivery.interruptible():
        quantizing.run(spec, asked, place, as_json)
