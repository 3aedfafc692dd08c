"""Networks as SpikingJelly's users write them: captured, executed, equal to what the library computes."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.frontends.capture import capture
from tests.external.captured import STEPS, check, counted, exact, images, spikes

reason = "SpikingJelly is not installed: make test-frontends"
neuron = pytest.importorskip("spikingjelly.activation_based.neuron", reason=reason)
layer = pytest.importorskip("spikingjelly.activation_based.layer", reason=reason)
functional = pytest.importorskip("spikingjelly.activation_based.functional", reason=reason)
surrogate = pytest.importorskip("spikingjelly.activation_based.surrogate", reason=reason)

Run = Callable[[Tensor], Tensor]


def stepped(net: nn.Module) -> Run:
    """Single-step: reset, call once a step, sum."""

    def run(given: Tensor) -> Tensor:
        functional.reset_net(net)
        frames = given if given.dim() == 5 else given.unsqueeze(1).repeat_interleave(STEPS, 1)
        total = torch.stack([net(frames[:, t]) for t in range(STEPS)]).sum(0)
        functional.reset_net(net)
        return total

    return run


def sequence(net: nn.Module) -> Run:
    """Multi-step: one call with (T, B, ...), sum over T."""

    def run(given: Tensor) -> Tensor:
        functional.reset_net(net)
        frames = given if given.dim() == 5 else given.unsqueeze(1).repeat_interleave(STEPS, 1)
        total: Tensor = net(frames.transpose(0, 1)).sum(0)
        functional.reset_net(net)
        return total

    return run


def whole(net: nn.Module, factor: int = STEPS) -> Run:
    """One call with (B, ...); a mean over the steps times ``factor`` is their sum."""

    def run(given: Tensor) -> Tensor:
        functional.reset_net(net)
        total: Tensor = net(given) * factor
        functional.reset_net(net)
        return total

    return run


def block(make: Any, inputs: int, outputs: int, **options: Any) -> list[nn.Module]:
    return [
        layer.Conv2d(inputs, outputs, 3, padding=1, bias=False, **options),
        layer.BatchNorm2d(outputs),
        make(),
    ]


def network(make: Any) -> nn.Sequential:
    """Convolutions with batch normalization, pools, and a linear layer, on (1, 8, 8)."""
    return nn.Sequential(
        *block(make, 1, 4), layer.MaxPool2d(2, 2), *block(make, 4, 6), layer.MaxPool2d(2, 2),
        layer.Flatten(), layer.Dropout(0.5), layer.Linear(6 * 2 * 2, 5), make(),
    )  # fmt: skip


NODES: dict[str, Callable[[], Any]] = {
    "IFNode": lambda: neuron.IFNode(surrogate_function=surrogate.ATan(), detach_reset=True),
    "IFNode, soft reset": lambda: neuron.IFNode(v_reset=None),
    "LIFNode": lambda: neuron.LIFNode(tau=2.0, v_threshold=0.5),
    "LIFNode, input not decayed": lambda: neuron.LIFNode(tau=4.0, decay_input=False, v_reset=None),
    "LIFNode, reset to a value": lambda: neuron.LIFNode(tau=2.0, v_threshold=0.5, v_reset=-0.25),
    "ParametricLIFNode": lambda: neuron.ParametricLIFNode(init_tau=3.0, v_threshold=0.5),
}


@pytest.mark.parametrize("node", NODES)
def test_a_network_of_one_step_a_call(node: str) -> None:
    net = exact(network(NODES[node])).eval()
    assert counted(check(net, images(1, 8, 8), stepped(net))) == {"lif": 3, "relay": 2}


@pytest.mark.parametrize("node", NODES)
def test_the_same_network_in_multi_step_mode(node: str) -> None:
    net = exact(network(NODES[node])).eval()
    functional.set_step_mode(net, "m")
    assert counted(check(net, spikes(1, 8, 8), sequence(net), "spikes")) == {"lif": 3, "relay": 2}


@pytest.mark.parametrize("coding", ["frames", "spikes"])
def test_sequences_through_layers_in_a_container(coding: str) -> None:
    net = nn.Sequential(
        layer.SeqToANNContainer(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)),
        neuron.LIFNode(v_threshold=0.5, step_mode="m"),
        layer.SeqToANNContainer(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 4 * 4, 5)),
        neuron.IFNode(step_mode="m"),
    )
    exact(net).eval()
    given = images(1, 8, 8) if coding == "frames" else spikes(1, 8, 8)
    check(net, given, sequence(net), coding, layout="time_first")


class CSNN(nn.Module):
    """The tutorial's network: repeats its image T times, answers with firing rates."""

    def __init__(self, make: Any = neuron.IFNode) -> None:
        super().__init__()
        self.conv_fc = network(make)
        functional.set_step_mode(self, "m")

    def forward(self, x: Tensor) -> Tensor:
        x_seq = x.unsqueeze(0).repeat(STEPS, 1, 1, 1, 1)
        return self.conv_fc(x_seq).mean(0)


@pytest.mark.parametrize("layout", [None, "static"])
def test_a_network_that_repeats_its_image_and_answers_with_rates(layout: Any) -> None:
    net = exact(CSNN()).eval()
    assert counted(check(net, images(1, 8, 8), whole(net), layout=layout)) == {"lif": 3, "relay": 2}


class Encoding(nn.Module):
    """Convolves its image once; the neurons then see it at every step."""

    def __init__(self) -> None:
        super().__init__()
        self.static_conv = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.conv = nn.Sequential(
            neuron.IFNode(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, padding=1), neuron.IFNode(), nn.MaxPool2d(2)
        )
        self.fc = nn.Sequential(nn.Flatten(), nn.Linear(6 * 2 * 2, 5), neuron.LIFNode(v_threshold=0.5))

    def forward(self, x: Tensor) -> Tensor:
        x = self.static_conv(x)
        counter = self.fc(self.conv(x))
        for _ in range(1, STEPS):
            counter = counter + self.fc(self.conv(x))
        return counter / STEPS  # type: ignore[no-any-return]


def test_an_encoder_that_runs_once_before_a_loop() -> None:
    net = exact(Encoding()).eval()
    check(net, images(1, 8, 8), whole(net))


class InPlace(Encoding):
    def forward(self, x: Tensor) -> Tensor:
        x = self.static_conv(x)
        counter = self.fc(self.conv(x))
        for _ in range(1, STEPS):
            counter += self.fc(self.conv(x))
        return counter / STEPS  # type: ignore[no-any-return]


def test_a_running_sum_in_place() -> None:
    net = exact(InPlace()).eval()
    check(net, images(1, 8, 8), whole(net))


class SewBlock(nn.Module):
    """Spike-element-wise residual block with ADD: spikes are added after the neurons."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Sequential(*block(neuron.IFNode, channels, channels))
        self.conv2 = nn.Sequential(*block(neuron.IFNode, channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.conv1(x)) + x


class SpikingBlock(nn.Module):
    """Spiking ResNet: currents are added before the last neurons."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = layer.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1, self.sn1 = layer.BatchNorm2d(outputs), neuron.IFNode()
        self.conv2 = layer.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2, self.sn2 = layer.BatchNorm2d(outputs), neuron.IFNode()
        self.downsample = nn.Sequential(
            layer.Conv2d(inputs, outputs, 1, stride, bias=False), layer.BatchNorm2d(outputs)
        )

    def forward(self, x: Tensor) -> Tensor:
        out = self.sn1(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.downsample(x)
        return self.sn2(out)  # type: ignore[no-any-return]


class MembraneBlock(nn.Module):
    """MS-ResNet: neurons come first, membranes' inputs are added along the shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.sn1, self.sn2 = neuron.LIFNode(v_threshold=0.5), neuron.LIFNode(v_threshold=0.5)
        self.conv1 = nn.Sequential(
            layer.Conv2d(channels, channels, 3, padding=1, bias=False), layer.BatchNorm2d(channels)
        )
        self.conv2 = nn.Sequential(
            layer.Conv2d(channels, channels, 3, padding=1, bias=False), layer.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(self.sn2(self.conv1(self.sn1(x)))) + x


def residual(*blocks: nn.Module, channels: int, stem: list[nn.Module]) -> nn.Sequential:
    pool = layer.AdaptiveAvgPool2d((1, 1))
    return nn.Sequential(*stem, *blocks, pool, layer.Flatten(), layer.Linear(channels, 5))


RESIDUAL: dict[str, Callable[[], nn.Sequential]] = {
    "SEW": lambda: residual(
        SewBlock(4), SewBlock(4), channels=4, stem=block(neuron.IFNode, 1, 4)
    ),
    "spiking ResNet": lambda: residual(
        SpikingBlock(4, 6, 2), SpikingBlock(6, 6, 1), channels=6, stem=block(neuron.IFNode, 1, 4)
    ),
    "membrane shortcut": lambda: residual(
        MembraneBlock(4), MembraneBlock(4), neuron.LIFNode(v_threshold=0.5), channels=4,
        stem=block(neuron.IFNode, 1, 4)[:2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["s", "m"])
@pytest.mark.parametrize("kind", RESIDUAL)
def test_residual_blocks(kind: str, mode: str) -> None:
    net = exact(RESIDUAL[kind]()).eval()
    functional.set_step_mode(net, mode)
    if mode == "s":
        check(net, images(1, 8, 8), stepped(net))
    else:
        check(net, spikes(1, 8, 8), sequence(net), "spikes")


def test_votes_of_several_neurons_a_class() -> None:
    layers = layer.Flatten(), layer.Linear(64, 30), neuron.LIFNode(), layer.VotingLayer(10)
    net = exact(nn.Sequential(*layers))
    check(net, images(1, 8, 8), stepped(net))


def test_votes_of_several_neurons_a_class_in_multi_step_mode() -> None:
    layers = layer.Flatten(), layer.Linear(64, 30), neuron.LIFNode(), layer.VotingLayer(10)
    net = exact(nn.Sequential(*layers))
    functional.set_step_mode(net, "m")
    check(net, spikes(1, 8, 8), sequence(net), "spikes")


@pytest.mark.parametrize("mode", ["s", "m"])
def test_depthwise_and_pointwise_convolutions(mode: str) -> None:
    net = nn.Sequential(
        *block(neuron.IFNode, 1, 4), *block(neuron.IFNode, 4, 8, groups=4),
        layer.Conv2d(8, 6, 1), neuron.IFNode(), layer.AvgPool2d(2), layer.Flatten(), layer.Linear(96, 5),
    )  # fmt: skip
    exact(net).eval()
    functional.set_step_mode(net, mode)
    if mode == "s":
        found = check(net, images(1, 8, 8), stepped(net))
    else:
        found = check(net, spikes(1, 8, 8), sequence(net), "spikes")
    assert {p.groups for p in found.projections} == {1, 4}


class Dense(nn.Module):
    """Spikes of two layers, concatenated along the channels."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.stem = nn.Sequential(*block(neuron.IFNode, 1, 4))
        self.more = nn.Sequential(*block(neuron.IFNode, 4, 3))
        self.head = nn.Sequential(layer.Conv2d(7, 4, 3), neuron.IFNode(), layer.Flatten())
        self.fc = layer.Linear(4 * 6 * 6, 5)
        functional.set_step_mode(self, mode)
        self.channels = 1 if mode == "s" else 2

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.fc(self.head(torch.cat([x, self.more(x)], dim=self.channels)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("mode", ["s", "m"])
def test_concatenated_channels(mode: str) -> None:
    net = exact(Dense(mode)).eval()
    if mode == "s":
        check(net, images(1, 8, 8), stepped(net))
    else:
        check(net, spikes(1, 8, 8), sequence(net), "spikes")


def test_multi_step_layers_of_torch_in_the_functional_form() -> None:
    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(1, 4, 3, padding=1), nn.Linear(256, 5)
            self.one, self.two = neuron.IFNode(step_mode="m"), neuron.IFNode(step_mode="m")

        def forward(self, x: Tensor) -> Tensor:
            x = self.one(functional.seq_to_ann_forward(x, self.conv))
            return self.two(functional.seq_to_ann_forward(x.flatten(2), self.fc))  # type: ignore[no-any-return]

    net = exact(Functional())
    check(net, spikes(1, 8, 8), sequence(net), "spikes")


@pytest.mark.parametrize("steps", [1, 2])
def test_spikes_that_arrive_later(steps: int) -> None:
    layers = layer.Flatten(), layer.Linear(64, 12), neuron.IFNode(), layer.Delay(steps), layer.Linear(12, 5)
    net = exact(nn.Sequential(*layers))
    found = check(net, images(1, 8, 8), stepped(net))
    assert max(p.delay for p in found.projections) == steps


def test_a_recurrent_container_is_refused_by_name() -> None:
    container = layer.LinearRecurrentContainer(neuron.IFNode(), 12, 12)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 12), container)
    with pytest.raises(HwsimError, match="LinearRecurrentContainer"):
        capture(exact(net), images(1, 8, 8), STEPS)


def test_a_node_without_equal_is_refused_by_name() -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 12), neuron.IzhikevichNode())
    with pytest.raises(HwsimError, match=r"module '2'.*IzhikevichNode has no equal"):
        capture(exact(net), images(1, 8, 8), STEPS)
