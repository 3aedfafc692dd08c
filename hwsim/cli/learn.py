"""``hwsim learn``."""

from pathlib import Path
from typing import Annotated

import typer

from hwsim.options import AsJson, in_panel

RULE, NETWORK, DATA, FIXED = "Rule", "Network", "Data", "Fixed point"


def learn(
    model: Annotated[
        str,
        typer.Argument(
            help="tinysnn/baseline (a layer of inhibitory neurons) or tinysnn/lateral (direct inhibition)."
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="DIRECTORY",
            help="Of the learning: state, metrics, card, network. One that is there is gone on with.",
        ),
    ],
    data: Annotated[str, in_panel(DATA, "A data set of images by name, or an .npz file.", "--data")],
    data_directory: Annotated[
        str | None, in_panel(DATA, "Where its files lie. Default: $HWSIM_DATASETS and others.", "--data-dir")
    ] = None,
    train_samples: Annotated[int | None, in_panel(DATA, "Only the first training samples.")] = None,
    test_samples: Annotated[int | None, in_panel(DATA, "Only the first test samples.")] = None,
    label_samples: Annotated[
        int | None, in_panel(DATA, "Training samples that give the neurons their labels. Default: 10000.")
    ] = None,
    passes: Annotated[
        int | None, in_panel(DATA, "Over the training samples; with --from 0, to round only. Default: 1.")
    ] = None,
    initial: Annotated[
        str | None,
        in_panel(
            DATA, "Begin with the weights and thresholds of another learning, of as many neurons.", "--from"
        ),
    ] = None,
    timesteps: Annotated[int | None, in_panel(DATA, "Of 1 ms for each image. Default: 350.")] = None,
    max_rate: Annotated[
        float | None, in_panel(DATA, "Hz, of the spikes of a pixel of intensity 1. Default: 63.75.")
    ] = None,
    rule: Annotated[
        str | None, in_panel(RULE, "stdp (pair-wise, default), sl_stdp (self-learning) or tinysnn.")
    ] = None,
    pre_rate: Annotated[
        float | None, in_panel(RULE, "w -= pre-rate * x_post on an input spike. Default: the rule's.")
    ] = None,
    post_rate: Annotated[
        float | None, in_panel(RULE, "w += k * post-rate * x_pre at an update. Default: the rule's.")
    ] = None,
    update_step: Annotated[
        int | None, in_panel(RULE, "Steps between updates. Default: the rule's, of stdp 1.")
    ] = None,
    threshold_spikes: Annotated[
        int | None, in_panel(RULE, "N_th of k = ceil(most spikes / N_th); 0: k = 1. Default: the rule's.")
    ] = None,
    confident: Annotated[
        int | None, in_panel(RULE, "Spikes for an image from which on a neuron learns. Default: the rule's.")
    ] = None,
    neurons: Annotated[int | None, in_panel(NETWORK, "Excitatory neurons. Default: 400.")] = None,
    inhibition: Annotated[
        float | None, in_panel(NETWORK, "mV that a spike takes from all other neurons. Default: 120.")
    ] = None,
    growth: Annotated[
        float | None, in_panel(NETWORK, "mV by which a spike raises its neuron's threshold. Default: 0.05.")
    ] = None,
    norm: Annotated[
        float | None, in_panel(NETWORK, "Sum of the weights into a neuron, 0 for none. Default: 78.4.")
    ] = None,
    vote: Annotated[
        str | None, in_panel(NETWORK, "all (default), or proportion: by how clearly a neuron has its label.")
    ] = None,
    seed: Annotated[int | None, in_panel(NETWORK, "Of weights and spikes. Default: 0.")] = None,
    formats: Annotated[
        list[str] | None,
        in_panel(
            FIXED,
            "weights=8.7, membrane=16.7, theta=16.8: bits, fraction bits (left out: what fits). Repeatable.",
            "--format",
        ),
    ] = None,
    ranges: Annotated[
        str | None,
        in_panel(FIXED, "A float learning whose thresholds say the integer bits of theta and membrane."),
    ] = None,
    rounding: Annotated[str | None, in_panel(FIXED, "truncate, nearest (default) or stochastic.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let a Diehl-and-Cook network learn images by STDP, without labels, into a directory that estimate,
    compare and inspect open as a model.

    A learning that was stopped goes on with the same command and ends with the same weights.

    **Examples**

    `hwsim learn tinysnn/lateral --neurons 100 --data mnist -o runs/lateral`

    `hwsim learn tinysnn/baseline --neurons 400 --data mnist --passes 3 -o runs/baseline`

    `hwsim learn tinysnn/lateral --rule tinysnn --update-step 5 --data fashion_mnist -o runs/tinysnn`

    `hwsim learn tinysnn/lateral --data mnist --format weights=8 --rounding stochastic -o runs/8bit`

    `hwsim learn tinysnn/lateral --data mnist --from runs/float --passes 0 --format weights=8 -o runs/8bit`
    """
    import shlex
    import sys

    from hwsim import delivery, learning

    given = {
        "model": model, "neurons": neurons, "data": data, "data_directory": data_directory, "rule": rule,
        "pre_rate": pre_rate, "post_rate": post_rate, "update_step": update_step,
        "threshold_spikes": threshold_spikes, "confident": confident, "passes": passes, "initial": initial,
        "timesteps": timesteps, "max_rate": max_rate, "train_samples": train_samples,
        "test_samples": test_samples, "label_samples": label_samples, "vote": vote, "seed": seed,
        "inhibition": inhibition, "growth": growth, "norm": norm, "formats": formats, "rounding": rounding,
        "ranges": ranges,
    }  # fmt: skip
    directory = delivery.output_directory(output)
    assert directory is not None
    told = [Path(part).name if Path(part).is_absolute() else part for part in sys.argv[1:]]
    learning.run(given, directory, shlex.join(["hwsim", *told]), as_json)
