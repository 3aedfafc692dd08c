"""A small residual SNN for 28x28 grey images: hwsim's demonstration network.

conv16 - LIF - maxpool - conv32 - LIF - [conv32 - LIF - conv32 + shortcut - LIF] - maxpool
- conv64 - LIF - avgpool - FC. Direct coding: every timestep sees the same image.
Train it again with ``python models/train_fashion.py --data DIR``.
"""

from torch import Tensor, nn

from hwsim.nn import LIF


def conv_norm(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Two convolutions and a shortcut that adds the block's input spikes to its second current."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.lif1 = conv_norm(channels, channels), LIF()
        self.conv2, self.lif2 = conv_norm(channels, channels), LIF()

    def forward(self, spikes: Tensor) -> Tensor:
        current: Tensor = self.conv2(self.lif1(self.conv1(spikes))) + spikes
        out: Tensor = self.lif2(current)
        return out


def fashion(channels: int = 16, classes: int = 10, resolution: int = 28) -> nn.Sequential:
    """The network: input (B, 1, resolution, resolution), output (B, classes) currents of one timestep."""
    return nn.Sequential(
        conv_norm(1, channels),
        LIF(),
        nn.MaxPool2d(2),
        conv_norm(channels, 2 * channels),
        LIF(),
        Block(2 * channels),
        nn.MaxPool2d(2),
        conv_norm(2 * channels, 4 * channels),
        LIF(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(4 * channels * (resolution // 8) ** 2, classes),
    )
