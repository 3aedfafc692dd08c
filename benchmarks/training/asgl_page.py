"""Tables of the trainings of ASGL: surrogate gradients against smooth activations that adapt."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.training.asgl_pictures import Epochs
from benchmarks.training.plan import (
    ADAPTED,
    CAUSES,
    DEEP_WIDTHS,
    METHODS,
    RECONSTRUCTED,
    SCHEDULED,
    STEEPNESSES,
    TEMPERATURES,
    WIDTHS,
    ZETAS,
)
from benchmarks.training.results import Found, Looked, accuracy, markdown, mean, printed

PAPER_WIDTHS = {
    "sg": (93.19, 93.78, 90.68, 62.34, 30.85),
    "asgl": (94.11, 94.30, 94.09, 93.61, 93.53),
}
"""ASGL, Table 2, CIFAR10, widths .5 to 10."""
PAPER_DEEP = {"sg": (10.0, 10.0, 87.64, 81.89, 53.65)}
"""Table 11, VGG-19, widths .5, 1, 2.5, 5, 10."""
PAPER_ADAPTIVE = {
    "1-2-fixed": 91.75, "1-2-adaptive": 92.74, 
    "1-0.5-fixed": 91.04, "1-0.5-adaptive": 91.68, "0.8-2-fixed": 91.97, "0.8-2-adaptive": 93.11,
     "0.8-0.5-fixed": 91.12, "0.8-0.5-adaptive": 92.26,
}  # fmt: skip
"""Table 3."""
PAPER_TEMPERATURES = {
    "sg": (82.48, 91.41, 93.93, 93.61),
    "asgl": (91.23, 94.03, 94.34, 93.98),
}
"""Table 13; of ASGL its rows of zeta .5."""

PAPER_RECONSTRUCTION = {
    "sg": ((11.91, 0.21), (17.75, 0.80), (16.55, 0.73), (15.27, 0.65), (14.66, 0.59)),
    "asgl": ((17.36, 0.78), (17.75, 0.80), (16.79, 0.74), (16.09, 0.70), (15.79, 0.68)),
}
"""Table 8: PSNR in dB and SSIM, steepness .1 to 5."""


def against(
    found: Found, group: str, values: Sequence[float], paper: Mapping[str, Sequence[float]], label: str
) -> str:
    """Surrogate gradients and ASGL side by side over a constant."""
    lines = []
    for i, value in enumerate(values):
        told = [accuracy(found, group, f"{method}-{value:g}") for method in ("sg", "asgl")]
        papers = [printed(paper[m][i]) if m in paper else "" for m in ("sg", "asgl")]
        lines.append([f"{value:g}", *told, *papers])
    return markdown((label, "SG, %", "ASGL, %", "paper SG", "paper ASGL"), lines)


def adaptive_table(found: Found) -> str:
    lines = []
    for p in ("1", "0.8"):
        for alpha in map("{:g}".format, ADAPTED):
            names = [f"{p}-{alpha}-{kind}" for kind in ("fixed", "adaptive")]
            told = [accuracy(found, "adaptive", name) for name in names]
            lines.append([p, alpha, *told, *(printed(PAPER_ADAPTIVE[name]) for name in names)])
    return markdown(("p", "first width", "fixed, %", "adaptive, %", "paper fixed", "paper adaptive"), lines)


def schedule_table(found: Found) -> str:
    lines = [
        [f"{alpha:g}", *(accuracy(found, "schedule", f"{zeta:g}-{alpha:g}") for zeta in ZETAS)]
        for alpha in SCHEDULED
    ]
    return markdown(("width", *(f"zeta {zeta:g}, %" for zeta in ZETAS)), lines)


def reconstruction_table(found: Mapping[str, list[Looked]]) -> str:
    lines = []
    for i, steepness in enumerate(STEEPNESSES):
        told = [_judged(found.get(f"{name}-{steepness:g}", [])) for name in RECONSTRUCTED]
        papers = [f"{psnr:.2f}, {ssim:.2f}" for psnr, ssim in (PAPER_RECONSTRUCTION[m][i] for m in METHODS)]
        lines.append([f"{steepness:g}", *told, *papers])
    head = (
        "steepness",
        "SG",
        "ASGL, steepness at .05",
        "at .002",
        "fixed",
        "at .05, p = 1",
        "paper SG",
        "paper ASGL",
    )
    return markdown(head, lines)


def _judged(runs: Sequence[Looked]) -> str:
    """PSNR with its spread over the seeds, and SSIM."""
    if not runs:
        return "not trained"
    psnr = [run.found["psnr_db"] for run in runs]
    spread = f" ± {statistics.stdev(psnr):.2f}" if len(runs) > 1 else ""
    ssim = statistics.fmean(run.found["ssim"] for run in runs)
    return f"{statistics.fmean(psnr):.2f}{spread}, {ssim:.2f} ({len(runs)})"


def layers_table(watched: Epochs) -> str:
    """Dead neurons and smoothing error after the last epoch, over the first width (Fig. 6)."""
    lines = []
    for row, epochs in watched.items():
        last = epochs[-1]
        widths = sorted(last.get("alphas", {}).values())
        lines.append(
            [row, f"{last['test_accuracy']:.2%}", f"{mean(last['dead']):.1%}",
             f"{mean(last['smoothing_error']):.4f}", f"{widths[0]:.2f} to {widths[-1]:.2f}" if widths else ""]
        )  # fmt: skip
    return markdown(
        ("first width", "accuracy", "dead neurons", "smoothing error", "widths at the end"), lines
    )


def epochs_table(epochs: Sequence[Mapping[str, Any]]) -> str:
    """Noisy network against the embedded one, graded activations, widths, by epoch (Figs. 3e, 5, 7)."""
    head = (
        "epoch", "similarity of answers", "of layers", "graded of all", "MACs of synaptic operations",
        "graded at validation, highest layer", "mean width",
    )  # fmt: skip
    lines = [
        [str(epoch["epoch"]), f"{epoch['answers_similarity']:.4f}", f"{mean(epoch['similarity']):.4f}",
         f"{mean(epoch['graded']):.2%}", f"{epoch['mac_share']:.2%}",
         f"{max(epoch['graded_at_validation'].values()):.2%}", f"{mean(epoch['alphas']):.3f}"]
        for epoch in epochs
    ]  # fmt: skip
    return markdown(head, lines)


def causes_table(found: Found) -> str:
    """Rows of other tables with one number changed, beside the row that they are of."""
    lines = []
    for name, (group, of, _) in CAUSES.items():
        row = found.get(("causes", name))
        widths = row.history()[-1].get("alphas", {}) if row else {}
        told = f"{mean(widths):.2f}" if widths else ""
        lines.append(
            [name, accuracy(found, "causes", name), f"{group} {of}", accuracy(found, group, of), told]
        )
    return markdown(
        ("what is trained", "accuracy, %", "changed from", "which has, %", "mean width at the end"), lines
    )


def series_table(found: Found) -> str:
    names = {"digits": "spoken digits, recurrent LIF (FSDD)", "vowels": "Japanese vowels, C-LIF"}
    lines = [
        [told, *(found[group, m].told if (group, m) in found else "not trained" for m in METHODS)]
        for group, told in names.items()
    ]
    return markdown(("task", "SG, %", "ASGL, %"), lines)


PAGE = """# ASGL: trained small, compared

Generated by `make training` from {count} trainings, {minutes:.0f} minutes of one CPU core in all. Networks
are slim (8 channels where the paper has 64) and see 6,000 images of Fashion-MNIST at 16 x 16 for five epochs;
they are tested on 2,000 (one standard error is about a point). They are to be compared with each other; the
paper's numbers (CIFAR10, full size) stand beside them for the direction only. Which trends appear, and why
others do not: docs/training.md. *mean ± standard deviation (seeds)*.

Surrogate gradients (rectangle) against ASGL (clip, p = .8) over the first width, ResNet-18, SGD
(Table 2, which has ResNet-19):

{widths}

VGG16 with hard reset, 13 convolutions (Table 11 has VGG-19):

{deep}

![accuracy over the first width](widths.png)

Fixed against adaptive width (Table 3):

{adaptive}

The share of graded activations shrinking at milestones, p = .6 (Table 12):

{schedule}

Dspike (Table 13):

{dspike}

Noise: the share p of spikes in training (Fig. 3a to c):

{noise}

Autoencoder on MNIST, tanh: PSNR in dB and SSIM (Table 8; alpha is a steepness):

{reconstruction}

What layers do, means over the layers (Fig. 6):

{layers}

The noisy network and the spiking one embedded in it, first width 1, p = .8, on 500 test images (Figs. 3e, 5
and 7). Graded activations cost the next layer MACs: that share of the synaptic operations that activations
cause (values other than 0 times the fan-out of their layer). The first layer, which takes the image, has
MACs always:

{epochs}

![layers while they learn](layers.png)

Recurrent and double-exponential neurons:

{series}

## Why some trends do not appear

Rows of the tables above with one or two numbers of the training changed:

{causes}
"""


def page(
    found: Found,
    watched: Epochs,
    reconstructed: Mapping[str, list[Looked]],
    count: int,
    minutes: float,
) -> str:
    noise = [[row.name, row.told] for row in found.values() if row.group == "noise"]
    return PAGE.format(
        count=count,
        minutes=minutes,
        widths=against(found, "widths", WIDTHS, PAPER_WIDTHS, "width"),
        deep=against(found, "deep", DEEP_WIDTHS, PAPER_DEEP, "width"),
        adaptive=adaptive_table(found),
        schedule=schedule_table(found),
        dspike=against(found, "dspike", TEMPERATURES, PAPER_TEMPERATURES, "alpha"),
        noise=markdown(("p", "accuracy, %"), noise),
        reconstruction=reconstruction_table(reconstructed),
        layers=layers_table(watched),
        epochs=epochs_table(watched.get("asgl-1", [])),
        series=series_table(found),
        causes=causes_table(found),
    )
