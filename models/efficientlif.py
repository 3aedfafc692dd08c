"""The networks of EfficientLIF-Net (Kim, Li, Moitra, Yin, Panda; Frontiers in Neuroscience 2023).

Tables I to VI: VGG16, ResNet19 and a network for human activity, each convolution
followed by batch normalization and a LIF neuron (threshold 1, decay 1/4, soft reset; hard in the
unshared baseline of the public code). The first convolution sees the image at every step; the linear
layer has no neuron, and its outputs are summed over the steps (5; 10 on N-Caltech101).

These are the networks before any sharing. What was corrected:

- The tables mix two VGG16s: rows "baseline" and "C#2" have 256 channels in layers 3 and 4, rows "L" and
  "L+C#2" have 128. ``c34`` chooses.
- ResNet19 has 256, 512, 512 channels in its stages, as the memory in the tables needs; the public code
  has those in its layer-sharing file and 128, 256, 512 in the baseline's.
"""

from torch import Tensor, nn

from hwsim.nn import LIF, Window
from hwsim.nn.neurons import Reset


def lif(reset: Reset = "subtract") -> LIF:
    return LIF(decay=0.25, threshold=1.0, reset=reset)


def conv_norm(inputs: int, outputs: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, padding=1, groups=groups, bias=False), nn.BatchNorm2d(outputs)
    )


def vgg16(
    c34: int | None = None,
    classes: int = 10,
    resolution: int = 32,
    channels_in: int = 3,
    channels: int = 128,
    groups: int = 1,
    reset: Reset = "subtract",
) -> nn.Sequential:
    """VGG16: input (B, channels_in, resolution, resolution), output (B, classes) currents of one step.

    ``resolution``: 32 CIFAR, 48 N-Caltech101, 64 Tiny-ImageNet, 224 ImageNet-100; a multiple of 16.
    ``channels`` are those of layers 1 and 2; layers 3 and 4 have ``c34``, or twice ``channels``, the others
    twice and four times. ``groups`` are those of all convolutions but the first (Table III).
    """
    c, third = channels, 2 * channels if c34 is None else c34
    plan = (
        c, c, "pool", third, third, "pool", *[2 * c] * 3, "pool", *[4 * c] * 3, "pool", *[4 * c] * 3,
    )  # fmt: skip
    layers: list[nn.Module] = []
    before = channels_in
    for item in plan:
        if isinstance(item, str):
            layers.append(nn.MaxPool2d(2))
            continue
        layers += [conv_norm(before, item, groups=groups if layers else 1), lif(reset)]
        before = item
    return nn.Sequential(*layers, nn.AvgPool2d(resolution // 16), nn.Flatten(), nn.Linear(before, classes))


class Block(nn.Module):
    """conv - LIF - conv + shortcut - LIF; the shortcut is a 1x1 convolution where the shape changes."""

    def __init__(self, inputs: int, outputs: int, stride: int, groups: int, reset: Reset) -> None:
        super().__init__()
        self.conv1, self.lif1 = conv_norm(inputs, outputs, stride, groups), lif(reset)
        self.conv2, self.lif2 = conv_norm(outputs, outputs, 1, groups), lif(reset)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, spikes: Tensor) -> Tensor:
        current: Tensor = self.conv2(self.lif1(self.conv1(spikes))) + self.shortcut(spikes)
        out: Tensor = self.lif2(current)
        return out


def resnet19(
    classes: int = 10,
    resolution: int = 32,
    channels_in: int = 3,
    channels: int = 128,
    groups: int = 1,
    reset: Reset = "subtract",
) -> nn.Sequential:
    """ResNet19: input (B, channels_in, resolution, resolution), output (B, classes) currents of one step.

    Stages of 3, 3 and 2 blocks, each beginning with stride 2. ``resolution`` is a multiple of 8.
    ``channels`` are the stem's, the stages have twice, four and four times as many. ``groups`` are those of
    the blocks' 3x3 convolutions (Table III).
    """
    layers: list[nn.Module] = [conv_norm(channels_in, channels), lif(reset)]
    before = channels
    for wide, blocks in ((2 * channels, 3), (4 * channels, 3), (4 * channels, 2)):
        for i in range(blocks):
            layers.append(Block(before, wide, 2 if i == 0 else 1, groups, reset))
            before = wide
    return nn.Sequential(*layers, nn.AvgPool2d(resolution // 8), nn.Flatten(), nn.Linear(before, classes))


def har(
    channels_in: int = 9, classes: int = 6, channels: int = 128, kernel: int = 8, reset: Reset = "subtract"
) -> nn.Sequential:
    """Human activity (Table VI): input (B, channels_in) of one sample in time, output (B, classes).

    Time is the axis of the steps, so that the neurons' leak runs along it: 128 steps of 9 channels for
    UCI-HAR, 100 of 6 for HHAR. Six convolutions over the last ``kernel`` values, the first five with
    batch normalization and LIF. The paper gives the kinds of layers and their channels; kernel 8 and
    causal padding are choices made here.
    """
    layers: list[nn.Module] = []
    for inputs in (channels_in, *[channels] * 4):
        convolution = nn.Conv1d(inputs, channels, kernel, bias=False)
        layers += [Window(kernel), convolution, nn.BatchNorm1d(channels), nn.Flatten(), lif(reset)]
    return nn.Sequential(*layers, Window(kernel), nn.Conv1d(channels, classes, kernel), nn.Flatten())
