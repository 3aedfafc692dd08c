"""Tables and pictures of the finished trainings: ``python -m benchmarks.training.report``.

Reads out/training, writes reports/training: README.md, runs.csv and pictures. Says what has not been trained.
"""

import argparse
import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.training import figures, inside
from benchmarks.training.__main__ import OUT
from benchmarks.training.plan import ADAPTED, DEEP_WIDTHS, SCHEDULED, SCHEMES, TEMPERATURES, WIDTHS, ZETAS
from benchmarks.training.results import Row, markdown, rows
from hwsim.delivery import write_together
from hwsim.storage import write_text

PAPER_SHARING = {
    "vgg": {"none": 91.31, "L": 90.23, "C2": 90.30, "L+C2": 90.09},
    "resnet": {"C2": 91.92, "C4": 91.73, "C8": 91.21, "L": 91.99, "L+C2": 91.73},
    "resnet-hard": {"L": 91.66, "C2": 91.67, "L+C2": 91.65},
    "har": {"none": 96.06, "L": 95.58, "C2": 96.06, "L+C2": 95.04},
}
"""EfficientLIF-Net, Tables I (VGG16), II and V (ResNet19) on CIFAR10, VI (UCI-HAR), in %."""
PAPER_GROUPS = {"C2-2": 91.42, "C4-4": 90.45, "C8-8": 87.38}
"""Table III."""
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

Found = Mapping[tuple[str, str], Row]


def accuracy(found: Found, group: str, name: str) -> str:
    row = found.get((group, name))
    return row.told if row else "not trained"


def printed(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def sharing_table(found: Found, group: str) -> str:
    """Accuracy against the baseline's, spike rate, LIF memory of a scheme."""
    base = found.get((group, "none"))
    lines = []
    for scheme in SCHEMES:
        if row := found.get((group, scheme)):
            gap = f"{100 * (row.mean - base.mean):+.2f}" if base else ""
            state = row.network["forward_state_bytes"]
            paper = PAPER_SHARING[group].get(scheme)
            lines.append(
                [scheme, row.told, gap, printed(paper), f"{row.spike_rate:.3f}", f"{state / 1024:.2f}"]
            )
    return markdown(("sharing", "accuracy, %", "to none", "paper", "spike rate", "LIF memory, KiB"), lines)


def groups_table(found: Found) -> str:
    """Group convolution with as many groups as channel groups."""
    lines = []
    for groups in (2, 4, 8):
        for scheme in ("none", f"C{groups}"):
            for group, name in (("resnet", scheme), ("resnet-groups", f"{scheme}-{groups}")):
                if row := found.get((group, name)):
                    network = row.network
                    lines.append(
                        [
                            scheme,
                            "1" if group == "resnet" else str(groups),
                            row.told,
                            printed(PAPER_GROUPS.get(name)) if group == "resnet-groups" else "",
                            f"{network['macs']:,}",
                            f"{4 * network['parameters']:,}",
                        ]
                    )
    unique = list(dict.fromkeys(map(tuple, lines)))
    head = ("sharing", "convolution groups", "accuracy, %", "paper", "MACs a step", "weight bytes")
    return markdown(head, unique)


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


def runs_csv(found: Found) -> str:
    """A line a training."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("group", "row", "seed", "accuracy", "train_accuracy", "spike_rate", "cpu_minutes"))
    for row in found.values():
        for card in row.cards:
            rate = sum(card["spike_rates"].values()) / len(card["spike_rates"])
            accuracies = f"{card['test_accuracy']:.4f}", f"{card['train_accuracy']:.4f}"
            writer.writerow(
                (row.group, row.name, card["seed"], *accuracies, f"{rate:.4f}", f"{card['cpu_minutes']:.2f}")
            )
    return text.getvalue()


PAGE = """# Trained small, compared

Generated by `make training` from {count} trainings, {minutes:.0f} minutes of one CPU core in all. Networks
are slim (8 channels where the papers have 64 or 128) and see 6,000 images of Fashion-MNIST at 16 x 16; those
of EfficientLIF-Net for six epochs, tested on 5,000 images, those of ASGL for five, tested on 2,000. They are
to be compared with each other; the papers' numbers (CIFAR10, full size) stand beside them for the direction
only. Which trends appear, and why others do not: docs/training.md. *mean ± standard deviation (seeds)*.

## EfficientLIF-Net: states shared

VGG16 (Table I):

{vgg}

ResNet19 (Tables I and II):

{resnet}

ResNet19, hard reset (Table V):

{hard}

Group convolution with as many groups as channel groups (Table III), ResNet19:

{groups}

Human activity, six 1-D convolutions, 32 channels, subjects of the test set unseen (Table VI):

{har}

![spikes per neuron and step, layer by layer](rates.png)

## ASGL

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

The noisy network and the spiking one embedded in it, first width 1, p = .8 (Figs. 3e, 5 and 7). Graded
activations cost the next layer MACs; the first layer, which takes the image, has MACs always:

{epochs}

![layers while they learn](layers.png)

Recurrent and double-exponential neurons:

{series}

## After training

Weights of one sharing taken over by another (EfficientLIF-Net, Fig. 6), ResNet19:

{transfer}

Magnitude pruning, trained on (Fig. 9):

{pruned}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, default=Path("reports/training"))
    output = parser.parse_args().output
    found = rows(OUT)
    noise = [[row.name, row.told] for row in found.values() if row.group == "noise"]
    text = PAGE.format(
        count=sum(len(row.runs) for row in found.values()),
        minutes=sum(row.minutes for row in found.values()),
        vgg=sharing_table(found, "vgg"),
        resnet=sharing_table(found, "resnet"),
        hard=sharing_table(found, "resnet-hard"),
        groups=groups_table(found),
        har=sharing_table(found, "har"),
        widths=against(found, "widths", WIDTHS, PAPER_WIDTHS, "width"),
        deep=against(found, "deep", DEEP_WIDTHS, PAPER_DEEP, "width"),
        adaptive=adaptive_table(found),
        schedule=schedule_table(found),
        dspike=against(found, "dspike", TEMPERATURES, PAPER_TEMPERATURES, "alpha"),
        noise=markdown(("p", "accuracy, %"), noise),
        reconstruction=inside.reconstruction_table(OUT),
        layers=inside.layers_table(OUT),
        epochs=inside.epochs_table(OUT, "asgl-1"),
        series=inside.series_table(found),
        transfer=inside.transfer_table(found),
        pruned=inside.pruned_table(found),
    )

    def make(directory: Path) -> dict[str, Path]:
        paths = {name: directory / name for name in ("README.md", "runs.csv")}
        write_text(paths["README.md"], text)
        write_text(paths["runs.csv"], runs_csv(found))
        return paths | figures.draw(found, OUT, directory)

    for path in write_together(output, make).values():
        Console().print(str(path))


if __name__ == "__main__":
    main()
