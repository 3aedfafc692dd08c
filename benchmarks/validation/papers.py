"""Rows 9 and 10: structures of the five papers against what they print, worked out anew."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from benchmarks.validation.rows import ARITHMETIC, FITTED, Row, alone, as_printed, exact, rounds
from hwsim.methods.training_free.cells import NODES, OPERATIONS, PAIRS, is_legal
from hwsim.reproduction import fig10
from hwsim.reproduction.efficientlif import SHARINGS, SIZES, STEPS, area_share
from hwsim.reproduction.networks import macs, maps_per_pixel, network, parameters, state_mib
from hwsim.reproduction.printed import find, value
from hwsim.reproduction.tinysnn import memory_bytes

GROUP, COMMAND = "Papers' structures", alone("papers")

AUTOSNN = {
    "AutoSNN": ("autosnn/searched", (16, 32, 64, 128)),
    "CIFARNet-Wu": ("autosnn/cifarnet-wu", (16, 32, 64, 128)),
    "CIFARNet-Fang": ("autosnn/cifarnet-fang", (16, 32, 64, 128, 256)),
    "ResNet11-Lee": ("autosnn/resnet11-lee", (32, 64)),
    "ResNet19-Zheng": ("autosnn/resnet19-zheng", (16, 32, 64, 128)),
}
"""By the paper's name the zoo's, and the channels of Table 3 whose number the paper prints rightly."""

BLOCKS = {"SCB_k3": "scb3", "SIB_k3_e1": "sib3e1", "SIB_k3_e3": "sib3e3"}
LAST_POOLS = 2 / 16 + 4 / 64
"""Outputs over HWC of SNN_1's second and third pool, which the paper's count of SIB blocks leaves out."""

FORWARD_CELLS = (
    (OPERATIONS - 1) ** 2 * OPERATIONS * ((OPERATIONS - 1) * OPERATIONS**2 + (OPERATIONS - 1) ** 2)
)
"""By hand: of five operations four connect. 0-1 and 2-3 must connect, 0-3 may; with 1-2 connected 0-2 and
1-3 are free, without it both must connect."""

HARDWARE_POINTS = {"area": 0.5, "dram": 1.0}
"""Points of percent by which a share of area, and of DRAM traffic, may be off."""


def papers() -> Iterator[Row]:
    yield from lif_memory()
    yield from on_chip()
    yield from autosnn()
    yield from snasnet()
    yield from asgl()
    yield from tinysnn()


def settings(net: str, sharing: str) -> tuple[str, tuple[str, ...]]:
    """The network that a row is of: those with [L] are of a VGG16 with 128 channels in layers 3 and 4."""
    if net == "ResNet19":
        return "efficientlif/resnet19", ()
    return "efficientlif/vgg16", ("c34=128",) if "L" in sharing else ()


def forward_mib(net: str, data: str, sharing: str) -> float:
    name, options = settings(net, sharing)
    return state_mib(name, SIZES[data], SHARINGS[sharing], *options)


def lif_memory() -> Iterator[Row]:
    """Tables I and II. Where the paper halves a number that it has rounded already, ours must be the half.

    Fitted: VGG16's channels in layers 3 and 4, and N-Caltech101's steps. Backward memory is, by the paper's
    formula, the forward memory times the steps."""
    for net, data in product(("VGG16", "ResNet19"), SIZES):
        table = {s: find("efficientlif", "I", f"{net} {data} {s}", "LIF forward memory").text
                 for s in ("base", "L", "C#2", "L+C#2")}  # fmt: skip
        ours = {s: forward_mib(net, data, s) for s in table}
        halved = {s: of for s, of in (("C#2", "base"), ("L+C#2", "L")) if not rounds(ours[s], table[s])}
        direct = [s for s in table if s not in halved]
        what = f"EfficientLIF-Net, Table I: LIF memory of {net}, {data}, {', '.join(direct)}"
        rows = [
            as_printed(GROUP, what, [table[s] for s in direct], [ours[s] for s in direct], "MiB", 4, COMMAND),
            *(half_of_rounded(net, data, s, table[s], of, table[of], ours) for s, of in halved.items()),
        ]
        yield from (row.without_gate(FITTED) if net == "VGG16" else row for row in rows)
        steps = STEPS.get(data, 5)
        printed = find("efficientlif", "I", f"{net} {data} base", "LIF backward memory").text
        what = f"EfficientLIF-Net, Table I: backward, {net}, {data}, {steps} steps"
        row = as_printed(GROUP, what, [printed], [steps * ours["base"]], "MiB", 4, COMMAND)
        yield row.without_gate(FITTED if net == "VGG16" or data in STEPS else ARITHMETIC)
    for data in ("CIFAR10", "TinyImageNet", "ImageNet-100"):
        shared = ("C#2", "C#4", "C#8")
        printed_2 = [find("efficientlif", "II", f"ResNet19 {data} {s}", "LIF memory").text for s in shared]
        what = f"EfficientLIF-Net, Table II: LIF memory of ResNet19, {data}, {', '.join(shared)}"
        yield as_printed(
            GROUP, what, printed_2, [forward_mib("ResNet19", data, s) for s in shared], "MiB", 4, COMMAND
        )


def half_of_rounded(
    net: str, data: str, sharing: str, printed: str, of: str, whole: str, ours: dict[str, float]
) -> Row:
    """The paper's number is half of its own rounded one; ours is half of that which it rounded."""
    found = ours[sharing]
    met = rounds(ours[of], whole) and found == ours[of] / 2 and rounds(float(whole) / 2, printed)
    return Row(
        GROUP,
        f"EfficientLIF-Net, Table I: LIF memory of {net}, {data}, {sharing}",
        f"{printed} MiB, half of its rounded {whole}",
        f"{found:.4f} MiB",
        f"{found - float(printed):+.4f} MiB",
        f"half of {of}",
        met,
        COMMAND,
    )


def on_chip() -> Iterator[Row]:
    """Fig. 10. Its 61.6 % for a LIF unit in each PE are what the unit's size here was fitted to: no row; for
    one of four PEs a quarter of it is added. What stays on the chip was concluded from the DRAM's savings."""
    told, most = (
        value("efficientlif", "Fig. 10", "C#4, 128 PEs", "LIF share of area"),
        HARDWARE_POINTS["area"],
    )
    what = "Fig. 10: LIF share of area, a unit for four PEs, by the unit's size from the share of one in each"
    yield points(what, told, area_share(4, "fitted"), most).without_gate(ARITHMETIC)
    for data, side in (("CIFAR10", 32), ("TinyImageNet", 64)):
        told = value("efficientlif", "Fig. 10", f"VGG16 {data} [L], batch 64", "DRAM reduction")
        ours = 100 * fig10.simulated(side)
        what = f"Fig. 10: DRAM traffic of VGG16 that [L] saves, {data}, mini-batches of 64, simulated"
        yield points(what, told, ours, HARDWARE_POINTS["dram"]).without_gate(FITTED)


def points(what: str, told: float, ours: float, most: float) -> Row:
    apart = ours - told
    return Row(
        GROUP,
        f"EfficientLIF-Net, {what}",
        f"{told:g} %",
        f"{ours:.2f} %",
        f"{apart:+.2f} points",
        f"within {most:g} point{'s' if most > 1 else ''}",
        abs(apart) <= most,
        COMMAND,
    )


def autosnn() -> Iterator[Row]:
    for net, (model, widths) in AUTOSNN.items():
        printed = [find("autosnn", "3", f"{net} C={c}", "parameters").text for c in widths]
        counts = [parameters(model, f"channels={c}") for c in widths]
        row = as_printed(
            GROUP,
            f"AutoSNN, Table 3: parameters of {net}, C = {', '.join(map(str, widths))}",
            printed,
            [n / 1e6 for n in counts],
            "M",
            4,
            COMMAND,
        )
        yield row
    count = parameters("autosnn/resnet11-lee", "channels=16")
    printed_16 = find("autosnn", "3", "ResNet11-Lee C=16", "parameters").text
    yield Row(
        GROUP,
        "AutoSNN, Table 3: parameters of ResNet11-Lee, C = 16",
        f"{printed_16} M",
        f"{count:,}",
        f"{count / 1e6 - float(printed_16):+.4f} M: it rounds to {count / 1e6:.2f} (reports/errata.md)",
        "none",
        None,
        COMMAND,
    )
    for told, block in BLOCKS.items():
        text = find("autosnn", "text", f"neurons {told}", "per HWC").text
        ours = maps_per_pixel("autosnn/snn1", 32, 16, f"block={block}")
        left = LAST_POOLS if "sib" in block else 0.0
        what = f"AutoSNN, A.1: neurons of SNN_1 over HWC, {told}"
        if left:
            what += f", without two of three pools ({ours:g} with all)"
        yield as_printed(GROUP, what, [text], [ours - left], "", 4, COMMAND)


def snasnet() -> Iterator[Row]:
    for model, count in (("cifar10-bw", 44_686_180), ("cifar100-bw", 20_624_500)):
        found = parameters(f"snasnet/{model}")
        yield Row(
            GROUP,
            f"SNASNet: parameters of {model}",
            f"{count:,}, its public code's skeleton",
            f"{found:,}",
            f"{found - count:+,}",
            "equal",
            found == count,
            COMMAND,
        )
    cells = np.zeros((OPERATIONS ** len(PAIRS), NODES, NODES), np.int64)
    for codes, (i, j) in zip(
        np.indices((OPERATIONS,) * len(PAIRS)).reshape(len(PAIRS), -1), PAIRS, strict=True
    ):
        cells[:, i, j] = codes
    legal = sum(map(is_legal, cells))
    yield Row(
        GROUP,
        f"SNASNet: legal cells of {len(cells):,} without edges back in time",
        f"{FORWARD_CELLS:,}, counted by hand",
        f"{legal:,}",
        f"{legal - FORWARD_CELLS:+,}",
        "equal",
        legal == FORWARD_CELLS,
        COMMAND,
    )


def asgl() -> Iterator[Row]:
    for table, row, model in (
        ("4", "SHD 700-240-20 recurrent", "asgl/shd"),
        ("9", "Medly 384-700-10", "asgl/medly"),
    ):
        text = find("asgl", table, row, "parameters").text
        what = f"ASGL, Table {table}: parameters of {row}"
        yield as_printed(GROUP, what, [text], [parameters(model) / 1e4], "x 10^4", 2, COMMAND)
    for model, told in (("asgl/resnet18", by_hand_resnet18()), ("asgl/resnet19", by_hand_resnet19())):
        first, rest = macs(network(model))
        found = first, rest, parameters(model)
        names = ("MACs of the first layer", "MACs behind it", "parameters")
        equal = sum(a == b for a, b in zip(told, found, strict=True))
        yield Row(
            GROUP,
            f"ASGL, B.5: {model.removeprefix('asgl/')}, {', '.join(names)}",
            f"{', '.join(f'{n:,}' for n in told)}, by the layers' shapes",
            ", ".join(f"{n:,}" for n in found),
            "none" if equal == len(told) else f"{len(told) - equal} differ",
            "equal",
            equal == len(told),
            COMMAND,
        )


def residual(
    stem: int, stages: tuple[tuple[int, int, int], ...], linear: tuple[int, ...], biases: bool
) -> tuple[int, int, int]:
    """MACs of the first layer, MACs behind it and parameters of a residual network on 3 x 32 x 32 pixels.

    3 x 3 convolutions with normalization: ``stages`` of (channels, blocks, stride), ``linear`` widths."""
    side, before = 32, stem
    first, rest, held = side**2 * stem * 27, 0, stem * 27 + 2 * stem
    for channels, blocks, stride in stages:
        side //= stride
        for block in range(blocks):
            inputs = before if block == 0 else channels
            kernels = 9 * inputs * channels + 9 * channels**2
            norms = 4 * channels
            if inputs != channels or (block == 0 and stride > 1):
                kernels, norms = kernels + inputs * channels, norms + 2 * channels
            rest, held = rest + side**2 * kernels, held + kernels + norms
        before = channels
    for wide in linear:
        rest, held, before = rest + before * wide, held + before * wide + biases * wide, wide
    return first, rest, held


def by_hand_resnet18() -> tuple[int, int, int]:
    return residual(64, ((64, 2, 1), (128, 2, 2), (256, 2, 2), (512, 2, 2)), (10,), biases=True)


def by_hand_resnet19() -> tuple[int, int, int]:
    return residual(128, ((128, 3, 1), (256, 3, 2), (512, 2, 2)), (256, 10), biases=False)


def tinysnn() -> Iterator[Row]:
    baseline, lateral = (network(f"tinysnn/{kind}") for kind in ("baseline", "lateral"))
    for what, found, layers in (("baseline", baseline, (400, 400)), ("proposal", lateral, (400,))):
        sizes = tuple(p.size for p in found.populations if p.spikes)
        learned = parameters(f"tinysnn/{found.name.removeprefix('tinysnn/')}")
        yield exact(
            GROUP,
            f"tinySNN, {what}: weights that learn, neurons",
            f"784 x 400, {' + '.join(map(str, layers))}",
            int(learned == 784 * 400) + int(sizes == layers),
            2,
            COMMAND,
        )
    told = value("tinysnn", "text", "4900 neurons FP32", "memory")
    ours = memory_bytes(4900, True, "dense", 32, 32) / 1e6
    yield Row(
        GROUP,
        "tinySNN, text: memory of 4,900 neurons in 32 bits",
        f"{told:g} MB",
        f"{ours:.1f} MB",
        f"{ours / told - 1:+.1%}: only with inhibition as dense matrices (reports/errata.md)",
        FITTED,
        None,
        COMMAND,
    )
