"""The networks of ASGL, adaptive smoothing gradient learning (Wang, Jiang, Lian, Yan, Tang; ICML 2023).

Section 5 and appendix B: ResNet-18, ResNet-19, CifarNet, VGGSNN and VGG-13 for images and events, a
recurrent network for speech (SHD), one of double-exponential neurons for sounds (MedlyDB), and an
autoencoder. Neurons: u[t] = gamma u[t-1] (1 - s[t-1]) + c[t], gamma 1/2, threshold 1: LIF with hard
reset. The readout is the mean over the steps of the last layer's input current, so the last layer has no
neuron. The smoothing of the gradient is no part of the network.

What was corrected: nothing in these; B.5 calls ResNet-19 ten times the operations of ResNet-18, but with
these layers it is 4.1 times. What the paper leaves open and the public code settles: no biases in the
convolutions and classifiers (but ResNet-18's), VGG-13's plan. Chosen here: CifarNet's two hidden linear
layers (Wu's), biases in the autoencoder, the synapses' decay in SHD, the time constants in MedlyDB.
"""

from torch import Tensor, nn

from hwsim.nn import CLIF, LIF, Feedback, SpikingNeuron, Synapse


def lif(decay: float = 0.5) -> LIF:
    return LIF(decay=decay, threshold=1.0, reset="zero")


def conv_norm(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


class Block(nn.Module):
    """conv - LIF - conv + shortcut - LIF; the shortcut is a 1x1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.lif1 = conv_norm(inputs, outputs, 3, stride), lif()
        self.conv2, self.lif2 = conv_norm(outputs, outputs), lif()
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv_norm(inputs, outputs, 1, stride)

    def forward(self, spikes: Tensor) -> Tensor:
        current: Tensor = self.conv2(self.lif1(self.conv1(spikes))) + self.shortcut(spikes)
        out: Tensor = self.lif2(current)
        return out


def blocks(inputs: int, stages: tuple[tuple[int, int, int], ...]) -> list[nn.Module]:
    """``stages``: (channels, blocks, stride of the first block)."""
    layers: list[nn.Module] = []
    for outputs, count, stride in stages:
        for i in range(count):
            layers.append(Block(inputs, outputs, stride if i == 0 else 1))
            inputs = outputs
    return layers


def resnet18(
    channels: int = 64, classes: int = 10, resolution: int = 32, channels_in: int = 3
) -> nn.Sequential:
    """ResNet-18: input (B, channels_in, resolution, resolution), output (B, classes) currents of one step.

    Stages of ``channels`` times 1, 2, 4, 8, two blocks each. ``resolution`` is a multiple of 8.
    """
    c = channels
    stages = blocks(c, ((c, 2, 1), (2 * c, 2, 2), (4 * c, 2, 2), (8 * c, 2, 2)))
    return nn.Sequential(
        conv_norm(channels_in, c), lif(), *stages,
        nn.AvgPool2d(resolution // 8), nn.Flatten(), nn.Linear(8 * c, classes),
    )  # fmt: skip


def resnet19(
    channels: int = 128, classes: int = 10, resolution: int = 32, channels_in: int = 3
) -> nn.Sequential:
    """ResNet-19: shapes as :func:`resnet18`; three, three and two blocks of ``channels`` times 1, 2, 4."""
    c = channels
    stages = blocks(c, ((c, 3, 1), (2 * c, 3, 2), (4 * c, 2, 2)))
    return nn.Sequential(
        conv_norm(channels_in, c), lif(), *stages,
        nn.AvgPool2d(resolution // 4), nn.Flatten(),
        nn.Linear(4 * c, 2 * c, bias=False), lif(), nn.Linear(2 * c, classes, bias=False),
    )  # fmt: skip


def features(plan: tuple[int, ...], channels_in: int) -> list[nn.Module]:
    """Convolutions of the channels in ``plan``, each with BN and LIF; 0 is an average pool of 2 x 2."""
    layers: list[nn.Module] = []
    for channels in plan:
        if channels == 0:
            layers.append(nn.AvgPool2d(2))
            continue
        layers += [conv_norm(channels_in, channels), lif()]
        channels_in = channels
    return layers


def cifarnet(channels: int = 128, classes: int = 10, resolution: int = 32) -> nn.Sequential:
    """CifarNet of Wu et al. 2019: input (B, 3, resolution, resolution), output (B, classes) currents."""
    c = channels
    flat = 4 * c * (resolution // 4) ** 2
    return nn.Sequential(
        *features((c, 2 * c, 0, 4 * c, 0, 8 * c, 4 * c), 3), nn.Flatten(),
        nn.Linear(flat, 8 * c, bias=False), lif(), nn.Linear(8 * c, 4 * c, bias=False), lif(),
        nn.Linear(4 * c, classes, bias=False),
    )  # fmt: skip


def vggsnn(
    channels: int = 64, classes: int = 10, resolution: int = 48, channels_in: int = 2
) -> nn.Sequential:
    """VGGSNN for CIFAR10-DVS: input (B, 2, 48, 48) events of one step, output (B, classes) currents."""
    c = channels
    plan = (c, 2 * c, 0, 4 * c, 4 * c, 0, 8 * c, 8 * c, 0, 8 * c, 8 * c, 0)
    flat = 8 * c * (resolution // 16) ** 2
    return nn.Sequential(*features(plan, channels_in), nn.Flatten(), nn.Linear(flat, classes, bias=False))


def vgg13(channels: int = 64, classes: int = 200, resolution: int = 64) -> nn.Sequential:
    """VGG-13 for Tiny-ImageNet, the public code's plan: ten convolutions, global average pool."""
    c = channels
    plan = (c, c, 0, 2 * c, 2 * c, 0, 4 * c, 4 * c, 0, 8 * c, 8 * c, 8 * c, 0, 8 * c)
    pool = nn.AvgPool2d(resolution // 16)
    return nn.Sequential(*features(plan, 3), pool, nn.Flatten(), nn.Linear(8 * c, classes, bias=False))


class Recurrent(nn.Module):
    """Neurons that also see their own spikes of the step before.

    c[t] = synapse_decay * c[t-1] + W s_in[t] + V s[t-1];  s[t] = neuron(c[t]).
    Shapes: input (B, inputs), output (B, outputs).
    """

    def __init__(self, inputs: int, outputs: int, neuron: SpikingNeuron, synapse_decay: float) -> None:
        super().__init__()
        self.feed = nn.Linear(inputs, outputs, bias=False)
        self.loop = nn.Linear(outputs, outputs, bias=False)
        self.before, self.synapse, self.neuron = Feedback(), Synapse(synapse_decay), neuron

    def forward(self, spikes: Tensor) -> Tensor:
        fed = self.feed(spikes)
        out: Tensor = self.neuron(self.synapse(fed + self.loop(self.before(fed))))
        self.before.keep(out)
        return out


def shd(
    inputs: int = 700, channels: int = 240, classes: int = 20, decay: float = 0.5, synapse_decay: float = 0.5
) -> nn.Sequential:
    """SHD: input (B, 700) spikes of one step, 250 steps; output (B, classes) currents."""
    hidden = Recurrent(inputs, channels, lif(decay), synapse_decay)
    return nn.Sequential(hidden, nn.Linear(channels, classes, bias=False))


def medly(inputs: int = 384, channels: int = 700, classes: int = 10) -> nn.Sequential:
    """MedlyDB: input (B, 384) spikes of one step, 500 steps; output (B, classes) currents."""
    return nn.Sequential(
        nn.Linear(inputs, channels, bias=False), CLIF(), nn.Linear(channels, classes, bias=False)
    )


def autoencoder(resolution: int = 28, channels: int = 128) -> nn.Sequential:
    """Autoencoder for MNIST: input (B, 1, resolution, resolution), output (B, pixels) currents; 8 steps."""
    c, pixels = channels, resolution**2
    layers: list[nn.Module] = []
    for inputs, outputs in ((pixels, c), (c, c // 2), (c // 2, c // 4), (c // 4, c // 2), (c // 2, c)):
        layers += [nn.Linear(inputs, outputs), lif()]
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(c, pixels))
