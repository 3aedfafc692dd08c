"""``hwsim train``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import AsJson, Settings, in_panel

METHOD, OPTIMIZER, DATA, PRUNING = "Method", "Optimizer", "Data", "Other weights"


def train(
    model: Annotated[str, typer.Argument(help="A zoo name (hwsim list models) or file.py:callable.")],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="DIRECTORY",
            help="Of the training: checkpoints, metrics, card, weights. One that is there is gone on with.",
        ),
    ],
    data: Annotated[str, in_panel(DATA, "A data set by name, or an .npz file.", "--data")],
    settings: Settings = None,
    path: Annotated[
        str | None,
        typer.Option(
            metavar="OPTION,...",
            help="Of a model with choices of layers (a supernet): train this option of each, alone.",
        ),
    ] = None,
    data_directory: Annotated[
        str | None, in_panel(DATA, "Where its files lie. Default: $HWSIM_DATASETS and others.", "--data-dir")
    ] = None,
    augment: Annotated[
        str | None,
        in_panel(DATA, "crop, flip, shift, cutout, mixup, cutmix, separated by commas. Default: none."),
    ] = None,
    timesteps: Annotated[int | None, in_panel(DATA, "Timesteps T. Default: the model's own.")] = None,
    coding: Annotated[str | None, in_panel(DATA, "Of images: direct (default), poisson or latency.")] = None,
    train_samples: Annotated[int | None, in_panel(DATA, "Only the first training samples.")] = None,
    test_samples: Annotated[int | None, in_panel(DATA, "Only the first test samples.")] = None,
    method: Annotated[
        str | None,
        in_panel(
            METHOD,
            "sg (default): surrogate gradients; asgl: adaptive smoothing; efficientlif: arctan, "
            "answers summed.",
        ),
    ] = None,
    sharing: Annotated[
        str | None, in_panel(METHOD, "Share LIF states: none (default), L, C2, C4, C8, L+C2.")
    ] = None,
    surrogate: Annotated[
        str | None,
        in_panel(
            METHOD,
            "arctan, rectangle (default of asgl), sigmoid, tanh or dspike. Default: the model's own, arctan "
            "of LIF.",
        ),
    ] = None,
    alpha: Annotated[
        float | None,
        in_panel(
            METHOD,
            "Width (rectangle, dspike) or steepness (sigmoid, tanh) of the surrogate, of asgl its "
            "start. Default: 1.",
        ),
    ] = None,
    spike_fraction: Annotated[
        float | None, in_panel(METHOD, "ASGL's p, the part of spikes in training. Default: 0.8.")
    ] = None,
    zeta: Annotated[
        float | None, in_panel(METHOD, "ASGL: 1 - p is multiplied by it at milestones. Default: 1.")
    ] = None,
    milestones: Annotated[str | None, in_panel(METHOD, "ASGL: epochs after which it is, e.g. 30,70.")] = None,
    alpha_rate: Annotated[
        float | None,
        in_panel(METHOD, "ASGL: learning rate of the widths, by Adam; 0 keeps them. Default: 0.001."),
    ] = None,
    normalization: Annotated[
        str | None,
        in_panel(
            METHOD,
            "Batch statistics over all_steps at once or each_step of its own (default of efficientlif and of "
            "--backward reverse; as shared layers take them).",
        ),
    ] = None,
    backward: Annotated[
        str | None,
        in_panel(METHOD, "standard (default), or reverse: states computed again, not kept. For soft reset."),
    ] = None,
    loss: Annotated[str | None, in_panel(METHOD, "ce (cross-entropy, default) or mse.")] = None,
    spike_penalty: Annotated[
        float | None,
        in_panel(METHOD, "Times spikes per neuron and step, added to the loss (AutoSNN). Default: 0."),
    ] = None,
    label_smoothing: Annotated[float | None, in_panel(METHOD, "Default: 0.")] = None,
    epochs: Annotated[int | None, in_panel(OPTIMIZER, "Default: 10.")] = None,
    batch: Annotated[int | None, in_panel(OPTIMIZER, "Samples of a mini-batch. Default: 100.")] = None,
    optimizer: Annotated[str | None, in_panel(OPTIMIZER, "sgd, adam or adamw (default).")] = None,
    rate: Annotated[float | None, in_panel(OPTIMIZER, "Peak of the learning rate. Default: 0.002.")] = None,
    momentum: Annotated[float | None, in_panel(OPTIMIZER, "Of sgd. Default: 0.9.")] = None,
    weight_decay: Annotated[float | None, in_panel(OPTIMIZER, "Default: 0.01.")] = None,
    warmup: Annotated[
        int | None, in_panel(OPTIMIZER, "Epochs of linear rise before the cosine falls. Default: 1.")
    ] = None,
    seed: Annotated[
        int | None, in_panel(OPTIMIZER, "Of weights, order, augmentation, masks. Default: 0.")
    ] = None,
    device: Annotated[str | None, in_panel(OPTIMIZER, "auto (default), cpu or cuda.")] = None,
    initial: Annotated[
        str | None,
        in_panel(PRUNING, "Begin with the weights of another training, of the same architecture.", "--from"),
    ] = None,
    prune: Annotated[
        float | None, in_panel(PRUNING, "Share of the weights to set to zero, the smallest of all layers.")
    ] = None,
    prune_epochs: Annotated[
        int | None, in_panel(PRUNING, "Epochs in which that share is reached; the others fine-tune.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train MODEL on data, into a directory that estimate, compare and inspect open as a model.

    A training that was stopped goes on with the same command and ends with the same weights.

    **Examples**

    `hwsim train fashion --data fashion_mnist --epochs 10 -o runs/fashion`

    `hwsim train efficientlif/vgg16 --set channels=16 --data fashion_mnist --method efficientlif --sharing
    L+C2 -o runs/vgg_lc2`

    `hwsim train asgl/resnet18 --set channels=16 --data cifar10 --method asgl --alpha 2.5 --augment crop,flip
    -o runs/asgl`

    `hwsim train efficientlif/vgg16 --set channels=16 --data fashion_mnist --sharing L --from runs/vgg -o
    runs/vgg_to_l`

    `hwsim train fashion --data fashion_mnist --from runs/fashion --prune 0.9 --prune-epochs 5 -o runs/pruned`
    """
    import shlex
    import sys

    from hwsim import delivery, training

    given = {
        "model": model, "settings": settings, "path": path, "data": data, "data_directory": data_directory,
        "augment": augment, "timesteps": timesteps, "coding": coding,
        "train_samples": train_samples, "test_samples": test_samples, "method": method, "sharing": sharing,
        "surrogate": surrogate, "alpha": alpha, "spike_fraction": spike_fraction, "zeta": zeta,
        "milestones": milestones,
        "alpha_rate": alpha_rate, "normalization": normalization, "backward": backward,
        "loss": loss, "spike_penalty": spike_penalty, "label_smoothing": label_smoothing, "epochs": epochs,
        "batch": batch, "optimizer": optimizer, "rate": rate, "momentum": momentum,
        "weight_decay": weight_decay, "warmup": warmup, "seed": seed, "device": device,
        "initial": initial, "prune": prune, "prune_epochs": prune_epochs,
    }  # fmt: skip
    directory = delivery.output_directory(output)
    assert directory is not None
    told = [Path(part).name if Path(part).is_absolute() else part for part in sys.argv[1:]]
    training.run(given, directory, shlex.join(["hwsim", *told]), as_json)
