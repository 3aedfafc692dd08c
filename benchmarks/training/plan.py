"""The trainings behind reports/training: what is trained, with which seeds, each a TrainSpec by name.

Small on purpose: slim networks, 6,000 images of 16 x 16, six epochs, so that all of it trains on two cores.
Numbers are to be compared with each other, not with the papers' accuracies.
"""

from collections.abc import Iterator
from typing import Any

SEEDS = (0, 1, 2)
SCHEMES = ("none", "L", "C2", "C4", "C8", "L+C2")
WIDTHS = (0.5, 1.0, 2.5, 5.0, 10.0)
DEEP_WIDTHS = (0.5, 1.0, 2.5, 5.0, 7.5, 10.0)
ZETAS = (0.2, 0.5, 0.8)
TEMPERATURES = (0.1, 0.12, 0.14, 0.5, 1.0, 2.5)

Values = dict[str, Any]

IMAGES: Values = {
    "train_samples": 6_000, "test_samples": 5_000, "epochs": 6, "batch": 100, "rate": 4e-3,
    "augment": ["shift"],
}  # fmt: skip
VGG: Values = IMAGES | {"model": "efficientlif/vgg16", "settings": ["channels=8"], "method": "efficientlif"}
RESNET: Values = IMAGES | {
    "model": "efficientlif/resnet19", "settings": ["channels=8"], "method": "efficientlif",
}  # fmt: skip
RESNET19: Values = IMAGES | {"model": "asgl/resnet19", "settings": ["channels=8"], "timesteps": 2}
VGG16: Values = IMAGES | {
    "model": "efficientlif/vgg16", "settings": ["channels=8", "reset=zero"], "timesteps": 2,
}  # fmt: skip
HAR: Values = {
    "model": "efficientlif/har", "settings": ["channels=32"], "method": "efficientlif", "data": "uci_hapt",
    "epochs": 4, "batch": 100, "rate": 4e-3,
}  # fmt: skip


def sharing() -> Iterator[tuple[str, Values]]:
    """Tables I to III, V and VI of EfficientLIF-Net: schemes, resets, group convolutions, activity."""
    for seed in SEEDS:
        for scheme in SCHEMES:
            for name, net in (("vgg", VGG), ("resnet", RESNET)):
                yield f"{name}/{scheme}/{seed}", net | {"sharing": scheme, "seed": seed}
        for scheme in ("none", "L", "C2", "L+C2"):
            hard = RESNET | {"settings": ["channels=8", "reset=zero"], "sharing": scheme, "seed": seed}
            yield f"resnet-hard/{scheme}/{seed}", hard
            yield f"har/{scheme}/{seed}", HAR | {"sharing": scheme, "seed": seed}
        for groups in (2, 4, 8):
            grouped = RESNET | {"settings": ["channels=8", f"groups={groups}"], "seed": seed}
            yield f"resnet-groups/none-{groups}/{seed}", grouped
            yield f"resnet-groups/C{groups}-{groups}/{seed}", grouped | {"sharing": f"C{groups}"}


def asgl() -> Iterator[tuple[str, Values]]:
    """Tables 2, 3, 11, 12 and 13 and Figs. 3 of ASGL: widths, fixed and adaptive, other shapes, noise."""
    for seed in SEEDS:
        for alpha in WIDTHS:
            net = RESNET19 | {"alpha": alpha, "seed": seed}
            yield f"widths/sg-{alpha:g}/{seed}", net | {"method": "sg", "surrogate": "rectangle"}
            yield f"widths/asgl-{alpha:g}/{seed}", net | {"method": "asgl", "spike_fraction": 0.8}
        for alpha in (2.0, 1.0, 0.5):
            for p in (1.0, 0.8):
                net = RESNET19 | {"method": "asgl", "alpha": alpha, "spike_fraction": p, "seed": seed}
                yield f"adaptive/{p:g}-{alpha:g}-fixed/{seed}", net | {"alpha_rate": 0.0}
                yield f"adaptive/{p:g}-{alpha:g}-adaptive/{seed}", net | {"alpha_rate": 1e-2}
        for alpha in DEEP_WIDTHS:
            net = VGG16 | {"alpha": alpha, "seed": seed}
            yield f"deep/sg-{alpha:g}/{seed}", net | {"method": "sg", "surrogate": "rectangle"}
            yield f"deep/asgl-{alpha:g}/{seed}", net | {"method": "asgl", "spike_fraction": 0.8}
    for p in (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0):
        yield f"noise/{p:g}/0", RESNET19 | {"method": "asgl", "spike_fraction": p}
    for zeta in ZETAS:
        for alpha in WIDTHS:
            shrinking = {"spike_fraction": 0.6, "zeta": zeta, "milestones": [2, 4, 5], "alpha": alpha}
            yield f"schedule/{zeta:g}-{alpha:g}/0", RESNET19 | {"method": "asgl"} | shrinking
    for alpha in TEMPERATURES:
        net = RESNET19 | {"surrogate": "dspike", "alpha": alpha}
        yield f"dspike/sg-{alpha:g}/0", net | {"method": "sg"}
        yield f"dspike/asgl-{alpha:g}/0", net | {"method": "asgl", "spike_fraction": 0.8}


def series() -> Iterator[tuple[str, Values]]:
    """Recurrent neurons on spoken digits, double-exponential ones on vowels (ASGL, Tables 4 and 9)."""
    for seed in SEEDS:
        for method in ("sg", "asgl"):
            net = {"method": method, "surrogate": "rectangle", "alpha": 1.0, "seed": seed, "batch": 50}
            digits = {"model": "asgl/shd", "data": "fsdd_audio", "epochs": 10, "settings": ["channels=120"]}
            vowels = {"model": "asgl/medly", "data": "japanese_vowels", "epochs": 40, "batch": 30,
                      "settings": ["channels=100"]}  # fmt: skip
            yield f"digits/{method}/{seed}", net | digits
            yield f"vowels/{method}/{seed}", net | vowels


def plan(data: str) -> dict[str, Values]:
    """All of it, by name, first what has seed 0; ``data`` is the file of small images."""
    every = [*sharing(), *asgl(), *series()]
    every.sort(key=lambda run: run[1].get("seed", 0))
    return {name: {"data": data} | values for name, values in every}
