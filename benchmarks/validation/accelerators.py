"""Row 13: VGG16 of CIFAR10 on accelerators as one paper compares them (Wei et al., Prosperity, HPCA 2025).

Its public simulator says which network, at which clock, and what takes a cycle. Energies there are a chip's
power, taken from its paper, times the time, and one number of DRAM accesses times a factor of the chip.
"""

from collections.abc import Iterator
from functools import cache
from math import factorial

import torch
from scipy.stats import spearmanr
from torch import nn

from benchmarks.validation.real_inputs import cifar10
from benchmarks.validation.rows import ARITHMETIC, Row, alone
from hwsim.comparison import Executed, compare
from hwsim.cost import load_table
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import structure
from hwsim.hardware import load_hardware
from hwsim.mapping import Mapping
from hwsim.methods.calibration import calibrate
from hwsim.nn import LIF
from hwsim.reproduction.ranks import kendall

GROUP, COMMAND = "Published accelerators", alone("accelerators")

PUBLISHED = {
    "Eyeriss": (452.0, 795.0), "PTB": (146.0, 216.0), "SATO": (86.0, 167.0), "MINT": (59.0, 113.0),
    "Stellar": (40.0, 69.0), "Prosperity": (21.5, 38.3),
}  # fmt: skip
"""ms and mJ of an inference."""

CHIPS = {"Eyeriss": "eyeriss", "PTB": "ptb", "MINT": "mint"}

WHY = {
    "Eyeriss": "its array fills, drains and changes weights, there it never does",
    "PTB": "an input takes a beat for a window of 8 steps, there a cycle a step, shared by inputs that never "
    "fire together",
    "MINT": "a neuron takes a cycle of a unit, there 3; the rate is the one at which its own model takes 59 "
    "ms, so that its time is partly given",
}
"""Why times differ."""

SPENT = " (there a chip's power times the time, and DRAM accesses times a factor of the chip)"

LEFT_OUT = {
    "SATO": "its PEs take positions and steps with spikes of their own, evenly dispatched; here rows of own "
    "streams are positions of one pass, so that a linear layer has one row",
    "Stellar": "its neuron (few spikes) is another network, and the simulator has its time as a constant",
    "Prosperity": "reuse of equal products is not modeled",
}

STEPS, RATE = 32, 0.09
"""Steps in Prosperity's simulator; spikes per neuron and step at which its model of MINT takes the published
59 ms: 29.5 M cycles less 2.3 M of neurons, of 302 M if every neuron fired at every step."""

PLAN = (64, 64, "pool", 128, 128, "pool", 256, 256, 256, *[512] * 6)
"""Channels of its VGG16, with two pools; 3 channels come in. Behind them two layers of 4096 neurons."""

CLOCK_HZ = 500_000_000


def timed_layers() -> list[tuple[int, int, int]]:
    """Positions, inputs and channels of the layers that its simulator times, without the first and last."""
    side, before, layers = 32, 3, []
    for item in PLAN:
        if isinstance(item, str):
            side //= 2
            continue
        layers.append((side**2, 9 * before, item))
        before = item
    return [*layers[1:], (1, side**2 * before, 4096), (1, 4096, 4096)]


def eyeriss_ms() -> float:
    """Its simulator's own rule for Eyeriss: ceil(N / 12) * (K M T // 14) cycles, then the neurons."""
    cycles = sum(-(-n // 12) * (m * k * STEPS // 14) for m, k, n in timed_layers())
    neurons = sum(m * n for m, _, n in timed_layers())
    return (cycles + STEPS // 12 * neurons // 14) / CLOCK_HZ * 1e3


def vgg16() -> nn.Module:
    layers: list[nn.Module] = []
    before = 3
    for item in PLAN:
        if isinstance(item, str):
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [nn.Conv2d(before, item, 3, padding=1, bias=False), LIF()]
        before = item
    layers.append(nn.Flatten())
    for inputs, outputs in ((8 * 8 * 512, 4096), (4096, 4096)):
        layers += [nn.Linear(inputs, outputs, bias=False), LIF()]
    return nn.Sequential(*layers, nn.Linear(4096, 10, bias=False))


@cache
def executed() -> Executed:
    """Random weights, an image of CIFAR10, thresholds set so that each layer fires at RATE."""
    torch.manual_seed(0)
    image = cifar10(1, STEPS)
    network = structure(vgg16(), image, STEPS, "vgg16")
    network = calibrate(network, image, RATE).network
    return Executed("none", network, execute(network, encode(network, image)))


def accelerators() -> Iterator[Row]:
    """The network, each chip's time and energy, and how alike the orders are."""
    chips = [load_hardware(name) for name in CHIPS.values()]
    rows = compare([executed()], chips, [Mapping()], [load_table("sata_kernels")])
    yield same_network()
    ours = {}
    for name, row in zip(CHIPS, rows, strict=True):
        ours[name] = ms, mj = row.totals["latency_ns"] / 1e6, row.totals["energy_pj"] / 1e9
        told_ms, told_mj = PUBLISHED[name]
        yield Row(
            GROUP,
            f"VGG16, random weights, {RATE:g} spikes a neuron and step, {name}: preset {CHIPS[name]}",
            f"{told_ms:g} ms, {told_mj:g} mJ",
            f"{ms:.0f} ms, {mj:.3g} mJ",
            f"{ms / told_ms - 1:+.0%} ms, {mj / told_mj - 1:+.0%} mJ; {WHY[name]}",
            "none",
            None,
            COMMAND,
        )
    yield from ranks(ours)
    for name, why in LEFT_OUT.items():
        ms, mj = PUBLISHED[name]
        yield Row(
            GROUP,
            f"the same on {name}",
            f"{ms:g} ms, {mj:g} mJ",
            "no preset",
            f"open: {why}",
            "none",
            None,
            COMMAND,
        )


def same_network() -> Row:
    """Its simulator's rule on the layers taken here: that they and the steps are the paper's, no more."""
    ms, told = eyeriss_ms(), PUBLISHED["Eyeriss"][0]
    return Row(
        GROUP,
        f"VGG16, CIFAR10: layers and {STEPS} steps are the paper's, by its simulator's rule for Eyeriss",
        f"{told:g} ms",
        f"{ms:.1f} ms by that rule",
        f"{ms / told - 1:+.2%}: the rule agrees with its own result",
        ARITHMETIC,
        None,
        COMMAND,
    )


def ranks(ours: dict[str, tuple[float, float]]) -> Iterator[Row]:
    """Kendall's and Spearman's coefficients of our order with the published one."""
    for i, what in enumerate(("time", "energy")):
        theirs, found = ([of[name][i] for name in ours] for of in (PUBLISHED, ours))
        tau, rho = kendall(theirs, found), float(spearmanr(theirs, found).statistic)
        order = " > ".join(sorted(ours, key=lambda name: -ours[name][i]))
        told = " > ".join(sorted(ours, key=lambda name: -PUBLISHED[name][i]))
        yield Row(
            GROUP,
            f"order by {what}{SPENT if i else ''} of the {len(ours)} of {len(PUBLISHED)} with presets",
            told,
            order,
            f"Kendall {tau:+.2f}, Spearman {rho:+.2f}; one of {factorial(len(ours))} orders of "
            f"{len(ours)} chips is the same by chance",
            "rank correlation, reported",
            None,
            COMMAND,
        )
