"""EfficientLIF-Net: Tables I to VI, Figs. 1, 8, 9 and 10."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from hwsim.area import lif_area_share
from hwsim.cost import load_table
from hwsim.hardware import load_hardware
from hwsim.reproduction import committed, fig10
from hwsim.reproduction.networks import MIB, network, state_mib, weights, words_mib
from hwsim.reproduction.printed import Printed
from hwsim.reproduction.rows import FORMULA, Ours, Taken, missing, trained_small
from hwsim.reproduction.rules import ANY, Rule
from hwsim.reproduction.samples import Sample, Spread, pooled

PAPER = "efficientlif"
TRAINED = "training/efficientlif.csv"
TESTED, HAR_TESTED = 5000, 2874
RESNET19 = "efficientlif/resnet19"
TIMESTEPS = 5
SIZES = {"CIFAR10": 32, "CIFAR100": 32, "TinyImageNet": 64, "ImageNet-100": 224, "N-Caltech101": 48}
STEPS = {"N-Caltech101": 10}
"""Timesteps that the printed backward memory needs; TIMESTEPS elsewhere."""
SHARINGS = {"base": "none", "L": "L", "C#2": "C2", "C#4": "C4", "C#8": "C8", "L+C#2": "L+C2"}
SPARSITY = 0.9494
STAGES = "stages of 256, 512, 512 channels, as the public code's file of shared layers has (errata)"
ACCOUNTED = (
    "forward memory, times T without sharing: the paper's accounting, not what training keeps "
    "(backward_memory.md)"
)
ALIKE = {"vgg": ("vgg",), "har": ("har",)} | dict.fromkeys(
    ("resnet", "resnet-hard", "resnet-groups"), ("resnet", "resnet-hard")
)
"""Groups of trainings whose seeds tell the spread of a group's rows of one seed."""
SLIM = "slim: 8 channels (the paper: 64 or 128), Fashion-MNIST at 16 x 16, 6,000 images, six epochs"
SLIM_HAR = "32 channels (the paper: 128), kernel 8, HAPT's activities, unseen subjects"
NETS = r"(?P<net>VGG16|ResNet19) (?P<data>\S+) (?P<sharing>\S+)"
ELSEWHERE = (
    "this data set at the paper's size takes days of a GPU; the small trainings stand in the rows of CIFAR10"
)


def _model(net: str, sharing: str) -> tuple[str, tuple[str, ...]]:
    """The network that the paper's row is of: its VGG16 has 128 channels in layers 3 and 4 under [L]."""
    if net == "ResNet19":
        return RESNET19, ()
    return "efficientlif/vgg16", ("c34=128",) if "L" in sharing else ()


def _forward(_: Printed, match: re.Match[str]) -> Ours:
    net, data, sharing = match["net"], match["data"], match["sharing"]
    name, settings = _model(net, sharing)
    mib = state_mib(name, SIZES[data], SHARINGS[sharing], *settings)
    source = f"hwsim inspect {name} --sharing {SHARINGS[sharing]}"
    if net == "ResNet19":
        return Ours(mib, "computed", source, STAGES)
    note = f"{128 if settings else 256} channels in layers 3 and 4, as these rows need (errata)"
    return Ours(mib, "computed", source, note, taken="fitted")


def _backward(printed: Printed, match: re.Match[str]) -> Ours:
    """By the paper: every step's states without sharing, those of the forward with it (in reverse)."""
    forward, steps = _forward(printed, match), STEPS.get(match["data"], TIMESTEPS)
    assert forward.value is not None
    ours = replace(forward, how=FORMULA, note=f"{forward.note}; {ACCOUNTED}")
    if match["sharing"] != "base":
        return ours
    note, taken = f"{ours.note}; T = {steps}", forward.taken
    if steps != TIMESTEPS:
        note, taken = (
            f"{ours.note}; T = {steps}, which this row needs and the text does not say (errata)",
            "fitted",
        )
    return replace(
        ours, value=forward.value * steps, source=f"{ours.source}, times T", note=note, taken=taken
    )


@cache
def trained(group: str, row: str) -> Sample:
    """Accuracy in % of a row's seeds."""
    return _accuracies(group, row).lending(spread(ALIKE[group]))


@cache
def spread(groups: tuple[str, ...]) -> Spread | None:
    """Between the seeds of a row, over the rows of these groups."""
    rows = dict.fromkeys((x["group"], x["row"]) for x in committed.lines(TRAINED) if x["group"] in groups)
    return pooled((_accuracies(*row) for row in rows), f"accuracy, reports/{TRAINED}, {' and '.join(groups)}")


def _accuracies(group: str, row: str) -> Sample:
    found = committed.chosen(TRAINED, group=group, row=row)
    return committed.sample(found, "accuracy", 100, HAR_TESTED if group == "har" else TESTED, "cpu_minutes")


def _trained(group: str, row: str, note: str = SLIM) -> Ours:
    return trained_small(trained(group, row), f"reports/{TRAINED} (make training)", note)


def _table_1(_: Printed, match: re.Match[str]) -> Ours:
    group = "vgg" if match["net"] == "VGG16" else "resnet"
    return _trained(group, SHARINGS[match["sharing"]])


def _table_2(_: Printed, match: re.Match[str]) -> Ours:
    return _trained("resnet", SHARINGS[match["sharing"]])


def _table_3(_: Printed, match: re.Match[str]) -> Ours:
    n = match["n"]
    return _trained("resnet-groups", f"C{n}-{n}")


def _table_5(_: Printed, match: re.Match[str]) -> Ours:
    group = "resnet" if match["reset"] == "soft" else "resnet-hard"
    return _trained(group, SHARINGS[match["sharing"]])


def _table_6(_: Printed, match: re.Match[str]) -> Ours:
    return _trained("har", SHARINGS[match["sharing"]], SLIM_HAR)


def _fig_1(_: Printed, _match: re.Match[str]) -> Ours:
    return Ours(
        lif_share(TIMESTEPS),
        "computed",
        "states / (states + 32-bit weights + 1-bit spikes of all 5 steps)",
        "whole percents in the paper, which does not say what counts; counted so for its 53",
        taken="fitted",
    )


def lif_share(steps: int) -> float:
    """Percent that LIF states take of ResNet19's memory at 224 x 224, with the spikes of so many steps."""
    states = state_mib(RESNET19, 224, "none")
    held = words_mib(weights(network(RESNET19, "classes=100")))
    return 100 * states / (states + held + steps * states / 32)


def _fig_8(_: Printed, _match: re.Match[str]) -> Ours:
    states = state_mib(RESNET19, 224, "none")
    held = words_mib(weights(network(RESNET19, "classes=100")))
    return Ours(TIMESTEPS * states / held, FORMULA, "states of 5 steps / 32-bit weights", ACCOUNTED)


def _fig_9(printed: Printed, _match: re.Match[str]) -> Ours:
    base = state_mib(RESNET19, 32, "none")
    if printed.column == "weight memory":
        note = (
            f"at the paper's sparsity, values alone; a bitmap of where they are takes {bitmap_mib():.2f} MiB "
            "more (errata)"
        )
        return Ours(kept_mib(), FORMULA, "5.06 % of ResNet19's weights, 32 bits each", note)
    if printed.unit == "%":
        return Ours(100 * state_mib(RESNET19, 32, "L+C2") / base, "computed", "[L+C#2] / base")
    return Ours(base, "computed", "32-bit states of ResNet19 at 32 x 32")


def kept_mib() -> float:
    """MiB of the weights that pruning leaves in Fig. 9."""
    return (1 - SPARSITY) * words_mib(weights(network(RESNET19)))


def bitmap_mib() -> float:
    return weights(network(RESNET19)) / 8 / MIB


def _dead(_: Printed, _match: re.Match[str]) -> Ours:
    found = {
        line["sharing"]: float(line["dead neurons"].removesuffix("%"))
        for line in committed.table("training/efficientlif.md", "sharing | weights pruned")
        if line["weights pruned"] == "95.0%"
    }
    note = f"{SLIM}; pruned to 95 %, seed 0; {found['L+C2']} % with [L+C#2]"
    return Ours(
        found["none"],
        "trained small",
        "reports/training/efficientlif.md (make training)",
        note,
        1,
        None,
        False,
    )


def area_share(groups: int, source: str) -> float:
    """Percent that LIF units take of accumulators and LIF units, 128 PEs, a unit for ``groups`` of them."""
    hardware = load_hardware(f"efficientlif-128-c{groups}")
    return 100 * lif_area_share(load_table("sata_kernels"), hardware)[source]


def _area(_: Printed, match: re.Match[str]) -> Ours:
    groups = 1 if match["sharing"] == "base" else 4
    taken: Taken | None = "fitted" if groups == 1 else None
    note = "a LIF unit of 1.604 times the rest of its PE, " + (
        "from this number alone" if taken else "from the number without sharing; a unit for four PEs tests it"
    )
    return Ours(
        area_share(groups, "fitted"),
        "computed",
        f"hwsim estimate --hardware efficientlif-128-c{groups}",
        note,
        taken=taken,
    )


def _dram(full: bool) -> Callable[[Printed, re.Match[str]], Ours]:
    return lambda _, match: fig10.saving(SIZES[match["data"]], full)


def rules(full: bool) -> tuple[Rule, ...]:
    """``full``: Fig. 10's DRAM traffic is simulated now, else taken from reports/."""
    return (
        *RULES[:-1],
        Rule("Fig. 10", r"VGG16 (?P<data>CIFAR10|TinyImageNet) \[L\], batch 64", ANY, _dram(full)),
        RULES[-1],
    )


RULES = (
    Rule("I", NETS, "LIF forward memory", _forward),
    Rule("I", NETS, "LIF backward memory", _backward),
    Rule("I", r"(?P<net>VGG16|ResNet19) CIFAR10 (?P<sharing>\S+)", "accuracy", _table_1),
    Rule("II", NETS, "LIF memory", _forward),
    Rule("II", r"ResNet19 CIFAR10 (?P<sharing>\S+)", "accuracy", _table_2),
    Rule("III", r"ResNet19 CIFAR10 C#(?P<n>\d) with .*", "accuracy", _table_3),
    Rule("V", r"ResNet19 CIFAR10 (?P<sharing>\S+) (?P<reset>soft|hard) reset", "accuracy", _table_5),
    Rule("VI", r"UCI-HAR (?P<sharing>\S+)", "accuracy", _table_6),
    Rule(
        "VI",
        "HHAR .*",
        "accuracy",
        lambda *_: missing("HHAR is not among the data sets here; UCI-HAR's successor is"),
    ),
    Rule(
        "IV",
        ANY,
        ANY,
        lambda *_: missing(
            "wall time of a V100 at mini-batch 128; cycles of C#N on a chip: reports/efficientlif/compute.csv"
        ),
    ),
    Rule("Fig. 1", ANY, ANY, _fig_1),
    Rule("Fig. 8", ANY, ANY, _fig_8),
    Rule("Fig. 9", ANY, "(LIF|weight) memory", _fig_9),
    Rule("Fig. 9", "dead neurons", ANY, _dead),
    Rule("Fig. 10", r"(?P<sharing>base|C#4), 128 PEs", ANY, _area),
    Rule(ANY, ANY, "accuracy", lambda *_: missing(ELSEWHERE)),
)
