"""Row 7: every network of the zoo on real inputs, each neuron and step against PyTorch.

The networks that ship trained run on the images that ship with them, in float32 and in 8 bits. The others
have random weights, larger linear ones and normalization over the inputs themselves: their layers fire.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from benchmarks.quantization import differences
from benchmarks.validation.operations import FRONTENDS
from benchmarks.validation.real_inputs import SOURCES, Values
from benchmarks.validation.rows import Row, alone, pytest_row
from hwsim.execute.agreement import Agreement, agree
from hwsim.execute.driven import GRADED_TOLERANCE
from hwsim.execute.executor import encode, execute
from hwsim.frontends.capture import capture
from hwsim.frontends.loading import open_model
from hwsim.methods.precisions import OBSERVED, parse_bits, with_bits
from hwsim.methods.quantization import observed
from hwsim.network import Coding
from hwsim.nn import PLIF, reset_states, run
from hwsim.workloads import WorkloadSpec

GROUP, COMMAND = "Spikes against PyTorch", alone("spikes")

TRAINED = ("fashion", *(f"fashion-resnet19-{sharing}" for sharing in ("none", "L", "C2", "C4", "L+C2")))

IMAGES, QUANTIZED_IMAGES, BITS = 64, 16, "8"

CIFAR, GATE = "CIFAR10 (JPEG)", "equal, or float32 rounding explains each"


@dataclass(frozen=True)
class Case:
    """``samples`` of ``data``, for the zoo's steps if ``steps`` is None. ``settings``: of the builder, where
    the network is not of its own size or takes other data (``why``). ``drive``: factor on linear weights."""

    data: str = CIFAR
    samples: int = 2
    settings: tuple[str, ...] = ()
    why: str = "full size"
    steps: int | None = None
    coding: Coding | None = None
    drive: float = 8.0


CASES: dict[str, Case] = {
    "efficientlif/vgg16": Case(),
    "efficientlif/resnet19": Case(samples=1),
    "efficientlif/har": Case("HAPT", 4, ("channels_in=6",), "6 channels for 9"),
    **{f"autosnn/{net}": Case() for net in (
        "snn1", "snn1-deep", "snn2", "snn3", "snn4", "searched", "supernet", "cifarnet-wu",
    )},
    "autosnn/cifarnet-fang": Case(samples=1),
    "autosnn/resnet11-lee": Case(samples=1),
    "autosnn/resnet19-zheng": Case(samples=1, why="full size, half of the steps", steps=4),
    "snasnet/cifar10-bw": Case(samples=1),
    "snasnet/cifar100-bw": Case(samples=1),
    "snasnet/search": Case(samples=1),
    "snasnet/cell": Case(settings=("channels=3",), why="3 channels, those of an image"),
    "tinysnn/baseline": Case("MNIST, Poisson spikes", drive=1.0),
    "tinysnn/lateral": Case("MNIST, Poisson spikes", drive=1.0),
    "asgl/resnet18": Case(),
    "asgl/resnet19": Case(samples=1),
    "asgl/cifarnet": Case(),
    "asgl/vggsnn": Case("N-MNIST", settings=("resolution=32",), why="32 x 32 pixels for 48 x 48"),
    "asgl/vgg13": Case(settings=("resolution=32",), why="32 x 32 pixels for 64 x 64"),
    "asgl/shd": Case("spoken digits (FSDD)", 4, ("inputs=40",), "40 channels for 700", 80, "spikes", 3.0),
    "asgl/medly": Case("Japanese vowels", 4, ("inputs=12",), "12 channels for 384", 29, "series", 3.0),
    "asgl/autoencoder": Case("MNIST", 4),
}  # fmt: skip
"""Of every network of the zoo that ships without weights."""


def spikes() -> Iterator[Row]:
    for name in TRAINED:
        yield from trained(name)
    for name, case in CASES.items():
        yield untrained(name, case)
    tests = ("snntorch_neurons", "snntorch_networks", "spikingjelly_neurons", "spikingjelly_networks")
    yield pytest_row(
        GROUP,
        "neurons and networks of snnTorch and SpikingJelly",
        "their own modules",
        FRONTENDS,
        *(f"tests/external/test_{name}.py" for name in tests),
    )


def trained(name: str) -> Iterator[Row]:
    """In float32, and in integers."""
    work, _ = WorkloadSpec(name).workload(IMAGES)
    network, reference = work.network, work.reference
    assert reference is not None
    told = agree(network, execute(network, encode(network, work.inputs)), reference)
    yield row_of(f"{name}, trained, its own {IMAGES} images, {network.timesteps} steps", told)
    precision, inputs = parse_bits(BITS), work.inputs[:QUANTIZED_IMAGES]
    assert precision is not None
    plain, seen = observed(network, work.inputs[:OBSERVED])
    integers = with_bits(network, plain, seen, precision)
    trace = execute(integers, encode(integers, inputs))
    compared, differing = differences(integers, trace, inputs)
    fired = sum(len(trace.events[p.name].index) for p in integers.populations if p.spikes)
    yield Row(
        GROUP,
        f"{name}, trained, {precision.weights}/{precision.state} bits, {len(inputs)} images",
        f"{fired:,} spikes, PyTorch's integers",
        f"{compared - differing:,} of {compared:,} equal",
        "none" if not differing else f"{differing:,} differ",
        "equal",
        not differing,
        COMMAND,
    )


def untrained(name: str, case: Case) -> Row:
    opened = open_model(name, settings=case.settings, trained=False)
    steps = case.steps or opened.timesteps
    assert isinstance(opened.model, nn.Module)
    assert steps is not None
    coding = case.coding or opened.coding
    inputs = SOURCES[case.data](case.samples, steps)
    model = lively(opened.model, inputs, coding, case.drive)
    captured = capture(model, inputs, steps, name, coding)
    network = captured.network
    told = agree(network, execute(network, encode(network, inputs)), captured.reference)
    counted = f"{case.samples} {'sample' if case.samples == 1 else 'samples'} of {case.data}"
    return row_of(f"{name}, random weights, {case.why}, {counted}, {steps} steps", told)


def lively(model: nn.Module, inputs: Values, coding: Coding, drive: float) -> nn.Module:
    """The network with normalization over the inputs, shifted towards the threshold, and linear weights times
    ``drive``; neurons behind average pools, which would never reach a threshold of 1, have .3."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, PLIF):
                module.threshold = 0.3
            if isinstance(module, nn.Linear) and module.weight.requires_grad:
                module.weight *= drive
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.weight.fill_(2.0)
                module.bias.fill_(0.5)
                module.momentum = None  # the mean over the calls
        given = torch.from_numpy(inputs if coding == "frames" else inputs[:, 0])
        pair = given if len(given) > 1 else torch.cat([given, given.flip(-1)])
        run(model.train(), pair, 2)
    reset_states(model)
    return model


def row_of(what: str, told: Agreement) -> Row:
    """Neurons and steps; of those that differ, the ones whose inputs were equal and what explains them."""
    events = [row.events for row in told.rows]
    silent = f", {events.count(0)} silent" if 0 in events else ""
    reference = f"{sum(events):,} events of {len(events)} layer{'s' * (len(events) > 1)}{silent}, PyTorch"
    equal = f"{told.compared - told.free:,} of {told.compared:,} equal"
    return Row(GROUP, what, reference, equal, why(told), GATE, told.trusted, COMMAND)


def why(told: Agreement) -> str:
    """How many neurons and steps differ, and from what. Graded values count as equal within GRADED_TOLERANCE:
    where nothing differs on equal inputs, they are all that can be behind a difference."""
    if not told.free:
        return "none"
    if not told.driven:
        return (
            f"{told.free:,}: none on equal inputs; they follow from graded values that differ by less than "
            f"{GRADED_TOLERANCE:.0e} of them"
        )
    explained = f"{told.driven - told.unexplained} of {told.driven}"
    return (
        f"{told.free:,}: {told.driven} on equal inputs, {explained} of them within float32 rounding of "
        "the threshold; the rest follow from them"
    )
