"""EfficientLIF-Net: numbers that explain the paper's, and what sharing does to accuracy."""

from hwsim.reproduction import fig10
from hwsim.reproduction.efficientlif import (
    PAPER,
    SHARINGS,
    SLIM,
    SLIM_HAR,
    TRAINED,
    area_share,
    lif_share,
    trained,
)
from hwsim.reproduction.networks import state_mib
from hwsim.reproduction.printed import Printed, value
from hwsim.reproduction.rows import Ours, Row, cell, trend
from hwsim.reproduction.samples import Sample


def beside() -> list[Row]:
    """Numbers that explain the paper's."""
    rows = []
    for channels, note in ((256, "what rows base and C#2 are of"), (128, "what rows L and L+C#2 are of")):
        for sharing in ("base", "L", "C#2", "L+C#2"):
            mib = state_mib("efficientlif/vgg16", 32, SHARINGS[sharing], f"c34={channels}")
            place = Printed(
                PAPER,
                "I",
                f"VGG16 CIFAR10 {sharing}, {channels} channels in layers 3 and 4",
                "LIF forward memory",
                "",
                "MiB",
            )
            rows.append(cell(place, Ours(mib, "computed", f"hwsim inspect --set c34={channels}", note)))
    place = Printed(PAPER, "Fig. 1", "ResNet19 224x224, spikes of one step", "LIF share of memory", "", "%")
    rows.append(
        cell(place, Ours(lif_share(1), "computed", "as above", "all that a chip holds layer by layer"))
    )
    for groups in (1, 2, 4, 8):
        place = Printed(PAPER, "Fig. 10", f"C#{groups}, kernels of SATA_Sim", "LIF share of area", "", "%")
        note = "published kernels, 129.2 against 96.9 um2; the paper's own synthesis is not public"
        rows.append(cell(place, Ours(area_share(groups, "kernels"), "computed", "table sata_kernels", note)))
    for data, side in (("CIFAR10", 32), ("TinyImageNet", 64)):
        for batch in (1, 16, 32, 64, 128):
            place = Printed(
                PAPER,
                "Fig. 10",
                f"VGG16 {data} [L], batch {batch}, words by formula",
                "DRAM reduction",
                "",
                "%",
            )
            rows.append(cell(place, fig10.formula(side, batch)))
    return rows


def trends() -> list[Row]:
    """What sharing, its kinds and its reset do to accuracy: our small trainings against the paper's signs."""
    rows = []

    def compare(
        table: str, label: str, first: tuple[str, str], second: tuple[str, str], ours: tuple[Sample, Sample]
    ) -> None:
        change = value(PAPER, *second, "accuracy") - value(PAPER, *first, "accuracy")
        place = Printed(PAPER, table, label, "trend of accuracy", f"{change:.2f}", "points")
        rows.append(
            trend(place, *ours, f"reports/{TRAINED} (make training)", SLIM_HAR if table == "VI" else SLIM)
        )

    for net, group in (("VGG16", "vgg"), ("ResNet19", "resnet")):
        for sharing in ("L", "C#2", "L+C#2"):
            compare(
                "I",
                f"{net}: base to [{sharing}]",
                ("I", f"{net} CIFAR10 base"),
                ("I", f"{net} CIFAR10 {sharing}"),
                (trained(group, "none"), trained(group, SHARINGS[sharing])),
            )
    for before, after in (("C#2", "C#4"), ("C#4", "C#8")):
        compare(
            "II",
            f"ResNet19: [{before}] to [{after}]",
            ("II", f"ResNet19 CIFAR10 {before}"),
            ("II", f"ResNet19 CIFAR10 {after}"),
            (trained("resnet", SHARINGS[before]), trained("resnet", SHARINGS[after])),
        )
    for n in (2, 4, 8):
        compare(
            "III",
            f"[C#{n}]: to {n} convolution groups",
            ("II", f"ResNet19 CIFAR10 C#{n}"),
            ("III", f"ResNet19 CIFAR10 C#{n} with {n} convolution groups"),
            (trained("resnet", f"C{n}"), trained("resnet-groups", f"C{n}-{n}")),
        )
    for sharing in ("L", "C#2", "L+C#2"):
        compare(
            "V",
            f"[{sharing}]: hard to soft reset",
            ("V", f"ResNet19 CIFAR10 {sharing} hard reset"),
            ("V", f"ResNet19 CIFAR10 {sharing} soft reset"),
            (trained("resnet-hard", SHARINGS[sharing]), trained("resnet", SHARINGS[sharing])),
        )
        compare(
            "VI",
            f"UCI-HAR: base to [{sharing}]",
            ("VI", "UCI-HAR base"),
            ("VI", f"UCI-HAR {sharing}"),
            (trained("har", "none"), trained("har", SHARINGS[sharing])),
        )
    return rows
