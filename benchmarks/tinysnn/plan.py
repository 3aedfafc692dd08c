"""The learnings behind reports/tinysnn: what learns, in which numbers, with which seeds, each a value."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

SEEDS = (0, 1, 2)
TWO_SEEDS = (0, 1)
"""With 400 neurons."""
BITS = (4, 6, 8, 10, 12, 16, 32)
ROUNDINGS = ("truncate", "nearest", "stochastic")
PARTS = ("qW", "qWN")
WIDE = "qWN theta 16"
"""As qWN, but theta in 16 bits whatever the others have."""
RULES = ("stdp", "sl_stdp", "tinysnn")
NETWORKS = ("lateral", "baseline")
DATA = {"mnist": "mnist", "fashion": "fashion_mnist_30k_10k"}
HELD_OUT = "mnist_held_out"
"""MNIST's first 50,000 training images to learn, its last 10,000 to answer."""

CHOICES: tuple[dict[str, Any], ...] = (
    {},
    {"update_step": 1}, {"update_step": 5}, {"update_step": 20},
    {"threshold_spikes": 0}, {"threshold_spikes": 2}, {"threshold_spikes": 8},
    {"post_rate": 0.0025}, {"post_rate": 0.01}, {"post_rate": 0.02},
    {"max_rate": 31.875}, {"max_rate": 127.5},
)  # fmt: skip
"""What tinysnn's rule is tried with, one number at a time; {}: its own numbers."""


@dataclass(frozen=True)
class Run:
    """A learning, or (``scheme`` ptq) a float learning whose parameters are rounded afterwards.

    ``scheme``: float, itq (in fixed point while it learns) or ptq. ``parts``: which words have ``bits``: qW
    weights, qWN weights, membranes and theta. ``changes``: fields of the LearnSpec that differ.
    """

    data: str
    network: str
    rule: str
    neurons: int
    passes: int
    seed: int
    scheme: str = "float"
    parts: str = ""
    bits: int = 32
    rounding: str = ""
    changes: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def name(self) -> str:
        parts = [self.data, self.network, self.rule, self.neurons, self.passes, self.seed]
        if self.scheme != "float":
            parts += [self.scheme, self.parts.replace(" ", ""), self.bits, self.rounding]
        parts += [f"{key}={value:g}" for key, value in self.changes.items()]
        return "_".join(map(str, parts))

    @property
    def source(self) -> "Run":
        """The float learning of the same network, rule, data and seed."""
        return replace(self, scheme="float", parts="", bits=32, rounding="")

    def directory(self, store: Path) -> Path:
        return store / self.name


def rules(neurons: int, passes: int, seed: int) -> Iterator[Run]:
    """Accuracies of the three rules on both networks and both data sets."""
    for data in DATA:
        for network in NETWORKS:
            for rule in RULES:
                yield Run(data, network, rule, neurons, passes, seed)


def grid(seed: int) -> Iterator[Run]:
    """Accuracy against bits, as tinySNN's Fig. 6: N = 100, direct inhibition, its rule."""
    base = Run("mnist", "lateral", "tinysnn", 100, 1, seed)
    for bits in BITS:
        for rounding in ROUNDINGS:
            for parts in PARTS:
                yield replace(base, scheme="ptq", parts=parts, bits=bits, rounding=rounding)
                yield replace(base, scheme="itq", parts=parts, bits=bits, rounding=rounding)
    for bits in BITS[:5]:
        for rounding in ROUNDINGS[1:]:
            yield replace(base, scheme="itq", parts=WIDE, bits=bits, rounding=rounding)


def pairwise() -> Iterator[Run]:
    """Pair-wise STDP in fixed point, weights only."""
    for bits in BITS:
        for rounding in ROUNDINGS:
            base = Run("mnist", "lateral", "stdp", 100, 1, 0)
            yield replace(base, scheme="itq", parts="qW", bits=bits, rounding=rounding)


def large(seed: int) -> Iterator[Run]:
    """The subset at N = 400, three passes: 4, 6 and 8 bits, of membranes 12 too."""
    base = Run("mnist", "lateral", "tinysnn", 400, 3, seed)
    for bits in (4, 6, 8, 12):
        for parts in PARTS:
            yield replace(base, scheme="ptq", parts=parts, bits=bits, rounding="nearest")
    for bits in (4, 6, 8):
        for rounding in ROUNDINGS[1:]:
            yield replace(base, scheme="itq", parts="qW", bits=bits, rounding=rounding)
    for bits in (8, 12):
        yield replace(base, scheme="itq", parts=WIDE, bits=bits, rounding="stochastic")


def choices() -> Iterator[Run]:
    """Numbers of tinysnn's rule on images held out of the training split."""
    for seed in SEEDS:
        for changes in CHOICES:
            yield Run(HELD_OUT, "lateral", "tinysnn", 100, 1, seed, changes=changes)


def plan() -> list[Run]:
    """All of it; a float learning comes before what is rounded of it."""
    runs = [run for seed in SEEDS for run in rules(100, 1, seed)]
    runs += [run for seed in TWO_SEEDS for run in rules(400, 3, seed)]
    runs += [*grid(0), *choices(), *large(0), *pairwise(), *grid(1), *grid(2), *large(1)]
    return runs
