"""The trainings behind reports/training: what is trained, with which seeds, each a TrainSpec by name.

Small on purpose: slim networks, 6,000 images of 16 x 16, six epochs, so that all of it trains on two cores.
Numbers are to be compared with each other, not with the papers' accuracies.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEEDS = (0, 1, 2)
TWO_SEEDS = (0, 1)
"""Of the tables whose rows differ by more than the seeds do."""
SCHEMES = ("none", "L", "C2", "C4", "C8", "L+C2")
MAIN = ("none", "L", "C2", "C4", "L+C2")
"""Those with three seeds."""
WIDTHS = (0.5, 1.0, 2.5, 5.0, 10.0)
DEEP_WIDTHS = (0.5, 1.0, 2.5, 5.0, 10.0)
ZETAS = (0.2, 0.5, 0.8)
SCHEDULED = (0.5, 2.5, 10.0)
ADAPTED = (2.0, 0.5)
WATCHED_WIDTHS = (0.5, 1.0, 5.0)
TEMPERATURES = (0.1, 0.14, 0.5, 2.5)

NOISES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0)
STEEPNESSES = (0.1, 0.5, 1.0, 2.5, 5.0)
METHODS = ("sg", "asgl")
RECONSTRUCTION, WATCHED = "reconstruction", "watched"
"""Groups that are more than a training: an autoencoder, and a look into the layers after every epoch."""

EFFICIENTLIF = ("vgg", "resnet", "resnet-hard", "resnet-groups", "har", "transfer", "pruned")
"""Groups of EfficientLIF-Net; the others are of ASGL."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One training: a row of a table (``group``) at one seed. ``values`` are a TrainSpec's, of a
    reconstruction the arguments of :func:`benchmarks.training.reconstruction.reconstruct`; ``initial`` is
    the run whose weights it begins with."""

    group: str
    row: str
    seed: int
    values: Values
    initial: "Run | None" = None

    @property
    def name(self) -> str:
        return f"{self.group}_{self.row}_{self.seed}"

    @property
    def asked(self) -> Values:
        """With the seed: what a result that is kept must be of."""
        return {"seed": self.seed} | self.values

    def directory(self, store: Path) -> Path:
        return store / self.name


IMAGES: Values = {
    "train_samples": 6_000, "test_samples": 5_000, "epochs": 6, "batch": 50, "rate": 4e-3,
    "augment": ["shift"],
}  # fmt: skip
VGG: Values = IMAGES | {
    "model": "efficientlif/vgg16", "settings": ["channels=8"], "method": "efficientlif", "batch": 25,
}  # fmt: skip
RESNET: Values = IMAGES | {
    "model": "efficientlif/resnet19", "settings": ["channels=8"], "method": "efficientlif",
}  # fmt: skip
SMOOTHED: Values = IMAGES | {
    "settings": ["channels=8"], "timesteps": 2, "epochs": 5, "test_samples": 2_000, "optimizer": "sgd",
    "rate": 0.1, "weight_decay": 5e-4,
}  # fmt: skip
RESNET18: Values = SMOOTHED | {"model": "asgl/resnet18"}
VGG16: Values = SMOOTHED | {"model": "efficientlif/vgg16", "settings": ["channels=8", "reset=zero"]}
HAR: Values = {
    "model": "efficientlif/har", "settings": ["channels=32"], "method": "efficientlif", "data": "uci_hapt",
    "epochs": 2, "batch": 100, "rate": 4e-3,
}  # fmt: skip


RECONSTRUCTED: dict[str, Values] = {
    "sg": {"method": "sg"},
    "asgl": {"method": "asgl"},
    "asgl-slow": {"method": "asgl", "alpha_rate": 2e-3},
    "asgl-fixed": {"method": "asgl", "alpha_rate": 0.0},
    "asgl-spikes": {"method": "asgl", "spike_fraction": 1.0},
}
"""How the autoencoder is trained; asgl: p = .8, its steepness learns at a rate of .05."""
SG: Values = {"method": "sg"}
MIXED: Values = {"method": "asgl", "spike_fraction": 0.8, "alpha_rate": 0.05}
ADAMW: Values = {"optimizer": "adamw", "rate": 2e-3, "weight_decay": 1e-2}
CAUSES: dict[str, tuple[str, str, Values]] = {
    "sg-0.5-rate-0.02": ("widths", "sg-0.5", SG | {"alpha": 0.5, "rate": 0.02}),
    "asgl-0.5-rate-0.02": ("widths", "asgl-0.5", MIXED | {"alpha": 0.5, "rate": 0.02}),
    "asgl-0.5-alpha-rate-0.005": ("widths", "asgl-0.5", MIXED | {"alpha": 0.5, "alpha_rate": 0.005}),
    "asgl-0.5-rate-0.02-alpha-rate-0.005": (
        "widths", "asgl-0.5", MIXED | {"alpha": 0.5, "rate": 0.02, "alpha_rate": 0.005},
    ),
    "p1-0.5-alpha-rate-0.005": (
        "adaptive", "1-0.5-adaptive", MIXED | {"alpha": 0.5, "spike_fraction": 1.0, "alpha_rate": 0.005},
    ),
    "p1-0.5-rate-0.02-alpha-rate-0.005": (
        "adaptive", "1-0.5-adaptive",
        MIXED | {"alpha": 0.5, "spike_fraction": 1.0, "rate": 0.02, "alpha_rate": 0.005},
    ),
    "sg-1-adamw": ("widths", "sg-1", SG | ADAMW | {"alpha": 1.0}),
    "asgl-1-adamw": ("widths", "asgl-1", MIXED | ADAMW | {"alpha": 1.0}),
    "sg-10-adamw": ("widths", "sg-10", SG | ADAMW | {"alpha": 10.0}),
    "asgl-10-adamw": ("widths", "asgl-10", MIXED | ADAMW | {"alpha": 10.0}),
    "asgl-10-alpha-rate-0": ("widths", "asgl-10", MIXED | {"alpha": 10.0, "alpha_rate": 0.0}),
    "zeta-0.5-10-alpha-rate-0.2": (
        "schedule", "0.5-10",
        MIXED | {"spike_fraction": 0.6, "zeta": 0.5, "milestones": [2, 4], "alpha": 10.0, "alpha_rate": 0.2},
    ),
}  # fmt: skip
"""Rows of other tables (group and row) with a number changed: the rate of the weights (.1), that of the
widths (.05), or the optimizer (SGD)."""


def sharing(seed: int) -> Iterator[Run]:
    """Tables I to III, V and VI of EfficientLIF-Net: schemes, resets, group convolutions, activity."""
    for scheme in SCHEMES if seed == 0 else MAIN:
        yield Run("vgg", scheme, seed, VGG | {"sharing": scheme})
        yield Run("resnet", scheme, seed, RESNET | {"sharing": scheme})
    for scheme in ("none", "L", "C2", "L+C2") if seed in TWO_SEEDS else ():
        hard = RESNET | {"settings": ["channels=8", "reset=zero"], "sharing": scheme}
        yield Run("har", scheme, seed, HAR | {"sharing": scheme})
        yield Run("resnet-hard", scheme, seed, hard)
    for groups in (2, 4, 8) if seed == 0 else ():
        grouped = RESNET | {"settings": ["channels=8", f"groups={groups}"]}
        yield Run("resnet-groups", f"none-{groups}", seed, grouped)
        yield Run("resnet-groups", f"C{groups}-{groups}", seed, grouped | {"sharing": f"C{groups}"})


def afterwards(seed: int) -> Iterator[Run]:
    """Figs. 6 and 9 of EfficientLIF-Net: weights of one scheme taken over by another, and pruned."""
    for begun in ("none", "L+C2"):
        source = Run("resnet", begun, seed, RESNET | {"sharing": begun})
        for scheme in ("none", "L", "C2", "C4", "L+C2"):
            values = RESNET | {"sharing": scheme, "epochs": 2, "rate": 1e-3}
            yield Run("transfer", f"{begun} to {scheme}", seed, values, source)
        for share in (0.8, 0.9, 0.95):
            pruned = {"sharing": begun, "prune": share, "prune_epochs": 3, "epochs": 4, "rate": 2e-3}
            yield Run("pruned", f"{begun} {share:g}", seed, RESNET | pruned, source)


def asgl(seed: int) -> Iterator[Run]:
    """Table 2 of ASGL over its widths, with two seeds."""
    for alpha in WIDTHS if seed in TWO_SEEDS else ():
        yield from both("widths", alpha, seed, RESNET18)


def both(group: str, alpha: float, seed: int, net: Values, surrogate: str = "rectangle") -> Iterator[Run]:
    """Surrogate gradients and ASGL of one shape and one first alpha."""
    shaped = net | {"alpha": alpha, "surrogate": surrogate}
    yield Run(group, f"sg-{alpha:g}", seed, shaped | {"method": "sg"})
    yield Run(group, f"asgl-{alpha:g}", seed, shaped | MIXED)


def tables(seed: int) -> Iterator[Run]:
    """Tables 3, 8, 11 and 13 and Fig. 3 of ASGL, with two seeds."""
    if seed not in TWO_SEEDS:
        return
    for alpha in ADAPTED:
        for p in (1.0, 0.8):
            net = RESNET18 | MIXED | {"alpha": alpha, "spike_fraction": p}
            yield Run("adaptive", f"{p:g}-{alpha:g}-fixed", seed, net | {"alpha_rate": 0.0})
            yield Run("adaptive", f"{p:g}-{alpha:g}-adaptive", seed, net)
    for alpha in DEEP_WIDTHS:
        yield from both("deep", alpha, seed, VGG16)
    for p in NOISES:
        yield Run("noise", f"{p:g}", seed, RESNET18 | MIXED | {"spike_fraction": p})
    for alpha in TEMPERATURES:
        yield from both("dspike", alpha, seed, RESNET18, "dspike")
    for steepness in STEEPNESSES:
        for name, values in RECONSTRUCTED.items():
            if seed and name in ("asgl-slow", "asgl-fixed"):
                continue
            yield Run(RECONSTRUCTION, f"{name}-{steepness:g}", seed, values | {"steepness": steepness})


def causes(seed: int) -> Iterator[Run]:
    """Why some trends do not appear: one number of a training changed at a time, with two seeds."""
    if seed not in TWO_SEEDS:
        return
    for row, (_, _, changed) in CAUSES.items():
        yield Run("causes", row, seed, RESNET18 | {"surrogate": "rectangle"} | changed)


def once() -> Iterator[Run]:
    """Table 12 and Figs. 3e and 5 to 7 of ASGL, with one seed."""
    for zeta in ZETAS:
        for alpha in SCHEDULED:
            shrinking = {"spike_fraction": 0.6, "zeta": zeta, "milestones": [2, 4], "alpha": alpha}
            yield Run("schedule", f"{zeta:g}-{alpha:g}", 0, RESNET18 | MIXED | shrinking)
    for method, values in (("sg", SG), ("asgl", MIXED)):
        for alpha in WATCHED_WIDTHS:
            net = RESNET18 | {"surrogate": "rectangle", "alpha": alpha} | values
            yield Run(WATCHED, f"{method}-{alpha:g}", 0, net)


def series(seed: int) -> Iterator[Run]:
    """Recurrent neurons on spoken digits, double-exponential ones on vowels (ASGL, Tables 4 and 9)."""
    for method in METHODS if seed in TWO_SEEDS else ():
        net = {"method": method, "surrogate": "rectangle", "alpha": 1.0, "rate": 2e-3}
        digits = {"model": "asgl/shd", "data": "fsdd_audio", "epochs": 20, "settings": ["channels=120"],
                  "batch": 50}  # fmt: skip
        vowels = {"model": "asgl/medly", "data": "japanese_vowels", "epochs": 40, "batch": 30,
                  "settings": ["channels=100"]}  # fmt: skip
        yield Run("digits", method, seed, net | digits)
        yield Run("vowels", method, seed, net | vowels)


def plan() -> list[Run]:
    """All of it, first what has seed 0; runs that begin with another's weights come after it."""
    runs: list[Run] = []
    for seed in SEEDS:
        runs += [*sharing(seed), *asgl(seed), *series(seed), *tables(seed), *causes(seed)]
        if seed == 0:
            runs += [*once(), *afterwards(seed)]
    return runs
