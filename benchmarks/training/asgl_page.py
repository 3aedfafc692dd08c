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
from hwsim.reproduction.printed import value


def of_paper(table: str, row: str, values: Sequence[float], column: str = "accuracy") -> tuple[float, ...]:
    """A number for each value of the constant that ``row`` has a place for."""
    return tuple(value("asgl", table, row.format(one), column) for one in values)


PAPER_WIDTHS = {method: of_paper("2", f"alpha {{:g}} {method.upper()} CIFAR10", WIDTHS) for method in METHODS}
PAPER_DEEP = {
    "sg": tuple(
        value("asgl", "11", f"VGG-19 SG alpha {f'{width:g}'.removeprefix('0')}", "accuracy")
        for width in DEEP_WIDTHS
    )
}
PAPER_ADAPTIVE = {
    f"{p:g}-{alpha:g}-{kind}": value("asgl", "3", f"p {p} alpha {alpha:g} {kind}", "accuracy")
    for p in (1.0, 0.8)
    for alpha in ADAPTED
    for kind in ("fixed", "adaptive")
}
PAPER_TEMPERATURES = {
    "sg": of_paper("13", "ResNet-19 alpha {:g} SG", TEMPERATURES),
    "asgl": of_paper("13", "ResNet-19 alpha {:g} ASGL zeta .5", TEMPERATURES),
}
"""Of ASGL the rows of zeta .5."""
PAPER_RECONSTRUCTION = {
    method: tuple(
        zip(
            *(
                of_paper("8", f"tanh alpha {{:g}} {method.upper()}", STEEPNESSES, judged)
                for judged in ("PSNR", "SSIM")
            ),
            strict=True,
        )
    )
    for method in METHODS
}
"""PSNR in dB and SSIM."""


def against(
    found: Found, group: str, values: Sequence[float], paper: Mapping[str, Sequence[float]], label: str
) -> str:
    """Surrogate gradients and ASGL side by side over a constant."""
    lines = []
    for i, constant in enumerate(values):
        told = [accuracy(found, group, f"{method}-{constant:g}") for method in ("sg", "asgl")]
        papers = [printed(paper[m][i]) if m in paper else "" for m in ("sg", "asgl")]
        lines.append([f"{constant:g}", *told, *papers])
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
