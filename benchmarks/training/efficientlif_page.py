"""Tables of the trainings of EfficientLIF-Net: states shared, weights taken over, weights pruned."""

from pathlib import Path

import numpy as np

from benchmarks.pictures import Panel, panels
from benchmarks.training.plan import SCHEMES
from benchmarks.training.results import Curves, Found, markdown, printed
from hwsim.execute.executor import encode, execute
from hwsim.methods.pruning import dead_neurons
from hwsim.reproduction.efficientlif import SHARINGS
from hwsim.reproduction.printed import value
from hwsim.workloads import WorkloadSpec

NAMES = {ours: paper for paper, ours in SHARINGS.items()}


def of_paper(table: str, row: str, *schemes: str) -> dict[str, float]:
    """Accuracy in %, by scheme; ``row`` with a place for the paper's name of it."""
    return {scheme: value("efficientlif", table, row.format(NAMES[scheme]), "accuracy") for scheme in schemes}


PAPER_SHARING = {
    "vgg": of_paper("I", "VGG16 CIFAR10 {}", "none", "L", "C2", "L+C2"),
    "resnet": of_paper("II", "ResNet19 CIFAR10 {}", "C2", "C4", "C8")
    | of_paper("V", "ResNet19 CIFAR10 {} soft reset", "L", "L+C2"),
    "resnet-hard": of_paper("V", "ResNet19 CIFAR10 {} hard reset", "L", "C2", "L+C2"),
    "har": of_paper("VI", "UCI-HAR {}", "none", "L", "C2", "L+C2"),
}
PAPER_GROUPS = {
    f"C{n}-{n}": value(
        "efficientlif", "III", f"ResNet19 CIFAR10 C#{n} with {n} convolution groups", "accuracy"
    )
    for n in (2, 4, 8)
}
EXECUTED = 64
"""Images on which dead neurons are counted."""


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


def transfer_table(found: Found) -> str:
    """Weights of one scheme under another: as they are, and after two epochs more (Fig. 6)."""
    lines = []
    for (group, name), row in found.items():
        if group == "transfer":
            begun, scheme = name.split(" to ")
            history = row.history()
            lines.append([begun, scheme, *(f"{history[i]['test_accuracy']:.2%}" for i in (0, -1))])
    return markdown(("trained with", "taken over by", "as it is", "two epochs later"), lines)


def pruned_table(found: Found) -> str:
    """Magnitude pruning of seed 0's networks: accuracy, weights of convolutions and linear layers that are
    left, neurons that never fire (Fig. 9)."""
    chosen = [row for (group, _), row in found.items() if group == "pruned"]
    chosen += [found["resnet", name] for name in ("none", "L+C2") if ("resnet", name) in found]
    lines = []
    for row in sorted(chosen, key=lambda row: (row.name.split()[0], row.cards[0]["sparsity"] or 0.0)):
        spec = WorkloadSpec(str(row.runs[0]), samples=EXECUTED)
        work, _ = spec.workload(EXECUTED)
        trace = execute(work.network, encode(work.network, work.inputs))
        dead = sum(dead_neurons(work.network, trace).values())
        neurons = sum(p.size for p in work.network.populations if p.spikes)
        share = row.cards[0]["sparsity"] or 0.0
        weights = [q.weights for q in work.network.projections if q.weights is not None]
        left = round(sum(np.count_nonzero(w) for w in weights) * 4 / 1024)
        lines.append(
            [
                row.name.split()[0],
                f"{share:.1%}",
                f"{100 * row.cards[0]['test_accuracy']:.2f}",
                f"{left:,}",
                f"{dead / neurons:.1%}",
            ]
        )
    return markdown(("sharing", "weights pruned", "accuracy, %", "weights left, KiB", "dead neurons"), lines)


def draw(found: Found, path: Path) -> None:
    """Spikes per neuron and step of every layer of neurons, first seed."""
    panels(path, [_rates(found, "vgg", "VGG16"), _rates(found, "resnet", "ResNet19")])


def _rates(found: Found, group: str, title: str) -> Panel:
    """Spikes per neuron and step of every layer of neurons, first seed."""
    curves: Curves = {}
    for scheme in SCHEMES:
        if row := found.get((group, scheme)):
            rates = list(row.cards[0]["spike_rates"].values())
            curves[scheme] = range(1, len(rates) + 1), rates
    return Panel(title, ("layer", "spikes per neuron and step"), curves)


PAGE = """# EfficientLIF-Net: trained small, compared

Generated by `make training` from {count} trainings, {minutes:.0f} minutes of one CPU core in all. Networks
are slim (8 channels where the paper has 64 or 128) and see 6,000 images of Fashion-MNIST at 16 x 16 for six
epochs; they are tested on 5,000. They are to be compared with each other; the paper's numbers (CIFAR10, full
size) stand beside them for the direction only. Which trends appear, and why others do not: docs/training.md.
*mean ± standard deviation (seeds)*.

## States shared

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

## After training

Weights of one sharing taken over by another (EfficientLIF-Net, Fig. 6), ResNet19:

{transfer}

Magnitude pruning, trained on, seed 0 (Fig. 9):

{pruned}
"""


def page(found: Found, count: int, minutes: float) -> str:
    return PAGE.format(
        count=count,
        minutes=minutes,
        vgg=sharing_table(found, "vgg"),
        resnet=sharing_table(found, "resnet"),
        hard=sharing_table(found, "resnet-hard"),
        groups=groups_table(found),
        har=sharing_table(found, "har"),
        transfer=transfer_table(found),
        pruned=pruned_table(found),
    )
