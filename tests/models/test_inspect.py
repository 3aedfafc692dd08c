"""The papers' numbers through ``hwsim inspect``: from the captured Network, not from the modules."""

from functools import cache
from typing import Any

import pytest

from hwsim import commands
from hwsim.inspection import describe
from hwsim.methods.lif_sharing import parse_sharing, share
from hwsim.network import Network
from hwsim.variants import Variant
from hwsim.workloads import WorkloadSpec
from hwsim.zoo import entry
from tests.models.test_autosnn import TABLE_3
from tests.models.test_efficientlif import COLUMNS, TABLE_1

MIB = 2**20
DATA = {
    "CIFAR10": (32, 10, 5),
    "CIFAR100": (32, 100, 5),
    "TinyImageNet": (64, 200, 5),
    "ImageNet-100": (224, 100, 5),
    "N-Caltech101": (48, 101, 10),
}
"""Resolution, classes and timesteps of EfficientLIF-Net's data sets."""

SHARING = {"base": "none", "L": "L", "C#2": "C2", "L+C#2": "L+C2"}
BACKWARD = {
    ("VGG16", "CIFAR10"): 9.0,
    ("VGG16", "CIFAR100"): 9.0,
    ("VGG16", "TinyImageNet"): 36.1,
    ("VGG16", "ImageNet-100"): 442.15,
    ("VGG16", "N-Caltech101"): 40.6,
    ("ResNet19", "CIFAR10"): 14.4,
    ("ResNet19", "CIFAR100"): 14.4,
    ("ResNet19", "TinyImageNet"): 57.5,
    ("ResNet19", "ImageNet-100"): 704.4,
    ("ResNet19", "N-Caltech101"): 64.7,
}
"""Table I's backward memory of the baselines in MiB; nets that share need what they need forward."""

SLOW = [pytest.mark.slow]


@cache
def inspected(name: str, *settings: str, sharing: str = "none") -> dict[str, Any]:
    """The object that ``hwsim inspect NAME --set ... --sharing ... --json`` prints."""
    return commands.inspect(WorkloadSpec(name, variant=Variant(settings, sharing=sharing)))[1]


@cache
def unshared(*settings: str) -> Network:
    name, *options = settings
    return commands.inspect(WorkloadSpec(name, variant=Variant(tuple(options))))[0]


def of_data(net: str, data: str, column: str) -> tuple[str, ...]:
    """Zoo name and settings of an entry of Table I; rows [L] and [L+C#2] are of VGG16 with c34 128."""
    resolution, classes, steps = DATA[data]
    settings = (f"resolution={resolution}", f"classes={classes}", f"timesteps={steps}")
    if net == "ResNet19":
        return ("efficientlif/resnet19", *settings)
    return ("efficientlif/vgg16", *settings, f"c34={128 if COLUMNS[column][0] else 256}")


ENTRIES = [
    pytest.param(net, data, column, marks=SLOW if data == "ImageNet-100" else [])
    for net, data in BACKWARD
    for column in COLUMNS
]


@pytest.mark.parametrize(("net", "data", "column"), ENTRIES)
def test_forward_and_backward_state_bytes_are_those_of_table_1(net: str, data: str, column: str) -> None:
    """All 40 entries; CIFAR100's are CIFAR10's."""
    name, *settings = of_data(net, data, column)
    network = unshared(name, *settings)
    network = share(network, parse_sharing(SHARING[column]), entry(name).sharing)
    found = describe(network)
    computed, printed = TABLE_1[net, data.replace("100", "10") if "CIFAR" in data else data][
        list(COLUMNS).index(column)
    ]
    forward, backward = found["forward_state_bytes"], found["backward_state_bytes"]
    assert forward / MIB == pytest.approx(computed, abs=5.1e-5)
    assert forward / MIB == pytest.approx(printed, abs=0.0071)  # .6133 is printed .62
    assert forward == 4 * found["state_words"]
    if column == "base":
        assert backward == forward * DATA[data][2]
        assert backward / MIB == pytest.approx(BACKWARD[net, data], abs=0.06)
    else:
        assert backward == forward
    assert sum(layer["forward_state_bytes"] for layer in found["layers"]) == forward
    assert sum(layer["backward_state_bytes"] for layer in found["layers"]) == backward


@pytest.mark.parametrize("column", COLUMNS)
def test_the_command_itself_gives_the_row_of_vgg16_on_cifar10(column: str) -> None:
    name, *settings = of_data("VGG16", "CIFAR10", column)
    found = inspected(name, *settings, sharing=SHARING[column])
    computed, _ = TABLE_1["VGG16", "CIFAR10"][list(COLUMNS).index(column)]
    assert found["forward_state_bytes"] / MIB == pytest.approx(computed, abs=5.1e-5)
    assert found["neurons"] == (407_552 if COLUMNS[column][0] else 473_088)
    assert found["timesteps"] == 5
    assert found["macs_first_layer"] == 27 * 128 * 32 * 32


@pytest.mark.parametrize(
    ("data", "printed"),
    [
        ("CIFAR10", (1.44, 0.72, 0.36)),
        ("TinyImageNet", (5.75, 2.88, 1.44)),
        pytest.param("ImageNet-100", (70.44, 35.22, 17.61), marks=SLOW),
    ],
)
def test_state_bytes_across_channels_are_those_of_table_2(data: str, printed: tuple[float, ...]) -> None:
    network = unshared(*of_data("ResNet19", data, "base"))
    for groups, mib in zip((2, 4, 8), printed, strict=True):
        found = describe(share(network, parse_sharing(f"C{groups}")))
        assert found["forward_state_bytes"] / MIB == pytest.approx(mib, abs=0.0051)
        assert found["backward_state_bytes"] == found["forward_state_bytes"]


@pytest.mark.parametrize(("c34", "words"), [(256, 354_304), (128, 321_536)])
def test_vgg16_keeps_six_memories_across_layers(c34: int, words: int) -> None:
    network = unshared("efficientlif/vgg16", "resolution=32", "classes=10", "timesteps=5", f"c34={c34}")
    found = describe(share(network, parse_sharing("L"), entry("efficientlif/vgg16").sharing))
    assert found["state_words"] == words
    owners = [layer for layer in found["layers"] if layer["forward_state_bytes"]]
    assert len(owners) == 6


AUTOSNN = {
    "searched": "autosnn/searched",
    "cifarnet_wu": "autosnn/cifarnet-wu",
    "cifarnet_fang": "autosnn/cifarnet-fang",
    "resnet11_lee": "autosnn/resnet11-lee",
    "resnet19_zheng": "autosnn/resnet19-zheng",
}

PARAMETERS: list[tuple[str, tuple[str, ...], float, float]] = [
    *(
        (AUTOSNN[net], (f"channels={channels}",), count, 0)
        for net, row in TABLE_3.items()
        for channels, count in row.items()
    ),
    ("autosnn/searched", ("fitness_lambda=0",), 565_084, 0),
    ("autosnn/searched", ("fitness_lambda=-0.16",), 515_930, 0),
    ("autosnn/searched", ("fitness_lambda=-0.24",), 500_888, 0),
    ("autosnn/snn1", ("block=srb5,srb5,skip,srb3,srb5",), 417_626, 0),
    ("asgl/resnet18", (), 11.174e6, 500),
    ("asgl/resnet19", (), 12.698e6, 500),
    ("asgl/shd", (), 230_400, 0),
    ("asgl/medly", (), 275_800, 0),
    ("snasnet/cifar10-bw", (), 44_686_180, 0),
    ("snasnet/cifar10-bw", ("pool=4",), 19.52e6, 5e3),
    ("snasnet/cifar100-bw", (), 20_624_500, 0),
    ("tinysnn/baseline", (), 784 * 400, 0),
    ("tinysnn/lateral", ("neurons=100",), 784 * 100, 0),
]
"""Zoo name, settings, the papers' parameters and how far the printed number may be rounded."""

LONG = ("asgl/resnet19", "snasnet/cifar", "channels=64", "channels=128", "channels=256")


def cases() -> list[Any]:
    found = []
    for name, settings, count, rounding in PARAMETERS:
        text = " ".join((name, *settings))
        marks = SLOW if any(part in text for part in LONG) else []
        found.append(pytest.param(name, settings, count, rounding, marks=marks, id=text))
    return found


@pytest.mark.parametrize(("name", "settings", "count", "rounding"), cases())
def test_parameters_are_the_papers(
    name: str, settings: tuple[str, ...], count: float, rounding: float
) -> None:
    """As the papers count: normalization and neurons included, before any folding; the same at any T."""
    assert inspected(name, *settings, "timesteps=2")["parameters"] == pytest.approx(count, abs=rounding)


def test_resnet18_takes_asgls_553_65_million_macs_behind_1_77_in_the_first_layer() -> None:
    found = inspected("asgl/resnet18", "timesteps=2")
    assert found["macs_first_layer"] == pytest.approx(1.77e6, abs=5e3)
    assert found["macs"] - found["macs_first_layer"] == pytest.approx(553.65e6, abs=5e3)


@pytest.mark.slow
def test_resnet19_takes_asgls_2_285_billion_macs() -> None:
    assert inspected("asgl/resnet19", "timesteps=2")["macs"] == pytest.approx(2.285e9, abs=5e5)


@pytest.mark.parametrize(
    ("block", "per_hwc"), [("scb3", 6.4375), ("srb3", 6.4375), ("sib3e1", 8.1875), ("SIB3e3", 16.6875)]
)
def test_neurons_of_snn1_are_autosnns(block: str, per_hwc: float) -> None:
    """Per input pixel and channel, pools included and the linear layer left out (Table 1)."""
    found = inspected("autosnn/snn1", f"block={block}")
    pools = [layer for layer in found["layers"] if "max_pool" in str(layer["fed_by"])]
    counted = found["neurons"] - 100 + sum(layer["neurons"] for layer in pools)
    assert counted / (32 * 32 * 16) == per_hwc


def test_a_cell_is_inspected_by_its_matrix() -> None:
    """Four convolutions of 3 x 3 and one of 1 x 1, among eight channels, with their normalization."""
    found = inspected("snasnet/cell", "matrix=0303,0030,2003,0000", "channels=8")
    assert found["parameters"] == 4 * (9 * 64 + 16) + (64 + 16)
    assert found["input_shape"] == [8, 32, 32]


@pytest.mark.parametrize(
    ("name", "settings", "shape", "timesteps"),
    [
        ("fashion", (), [1, 28, 28], 4),
        ("fashion", ("timesteps=7",), [1, 28, 28], 7),
        ("asgl/vgg13", ("resolution=32", "channels=4"), [3, 32, 32], 4),
        ("autosnn/snn3", ("resolution=64", "channels=2", "block=sib3e1"), [3, 64, 64], 8),
        ("asgl/shd", ("inputs=30", "timesteps=3"), [30], 3),
        ("efficientlif/vgg16", ("channels_in=2", "channels=4", "resolution=48"), [2, 48, 48], 5),
        ("asgl/autoencoder", ("resolution=8",), [1, 8, 8], 8),
    ],
)
def test_settings_reach_the_input_and_the_timesteps(
    name: str, settings: tuple[str, ...], shape: list[int], timesteps: int
) -> None:
    found = inspected(name, *settings)
    assert (found["input_shape"], found["timesteps"]) == (shape, timesteps)
