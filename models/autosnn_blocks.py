"""What AutoSNN's networks are made of: blocks to choose among, pools, and the answer by votes.

For the paper and what was corrected see autosnn.py.
"""

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from hwsim.nn import PLIF, Vote

VOTES = 10


def conv_norm(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False), nn.BatchNorm2d(outputs)
    )


def conv_spike(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(conv_norm(inputs, outputs, kernel, stride), PLIF())


def scb(inputs: int, outputs: int, stride: int = 1, k: int = 3) -> nn.Sequential:
    """Spiking convolution block: twice k x k convolution, BN, PLIF."""
    return nn.Sequential(conv_spike(inputs, outputs, k, stride), conv_spike(outputs, outputs, k))


class Residual(nn.Module):
    """PLIF of ``body`` + shortcut: the input itself, through a 1x1 convolution, or not at all."""

    def __init__(self, body: nn.Module, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.body, self.shortcut, self.spike = body, shortcut, PLIF()

    def forward(self, spikes: Tensor) -> Tensor:
        current: Tensor = self.body(spikes)
        if self.shortcut is not None:
            current = current + self.shortcut(spikes)
        out: Tensor = self.spike(current)
        return out


def srb(inputs: int, outputs: int, stride: int = 1, k: int = 3) -> Residual:
    """Spiking residual block: SCB with the input added before the second PLIF."""
    body = nn.Sequential(conv_spike(inputs, outputs, k, stride), conv_norm(outputs, outputs, k))
    same = stride == 1 and inputs == outputs
    return Residual(body, nn.Identity() if same else conv_norm(inputs, outputs, 1, stride))


def sib(inputs: int, outputs: int, stride: int = 1, k: int = 3, e: int = 1) -> Residual:
    """Spiking inverted bottleneck: 1x1 to e * inputs channels, full k x k, 1x1, input added."""
    inner = e * inputs
    body = nn.Sequential(
        conv_spike(inputs, inner, 1), conv_spike(inner, inner, k, stride), conv_norm(inner, outputs, 1)
    )
    if stride != 1:
        return Residual(body, None)
    return Residual(body, nn.Identity() if inputs == outputs else conv_norm(inputs, outputs, 1))


class HalfSkip(nn.Module):
    """Stride 2: two 1x1 convolutions of half the channels, the second one row and column on, together."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.even = nn.Conv2d(inputs, outputs // 2, 1, 2, bias=False)
        self.odd = nn.Conv2d(inputs, outputs - outputs // 2, 1, 2, bias=False)
        self.norm, self.spike = nn.BatchNorm2d(outputs), PLIF()

    def forward(self, spikes: Tensor) -> Tensor:
        both = torch.cat([self.even(spikes), self.odd(spikes[:, :, 1:, 1:])], dim=1)
        out: Tensor = self.spike(self.norm(both))
        return out


def skip(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    """A wire where the shape stays, else 1x1 convolution(s), BN, PLIF."""
    if stride != 1:
        return HalfSkip(inputs, outputs)
    return nn.Identity() if inputs == outputs else conv_spike(inputs, outputs, 1)


Maker = Callable[..., nn.Module]
BLOCKS: dict[str, Maker] = {
    "skip": skip,
    **{f"scb{k}": partial(scb, k=k) for k in (3, 5)},
    **{f"srb{k}": partial(srb, k=k) for k in (3, 5)},
    **{f"sib{k}e{e}": partial(sib, k=k, e=e) for k in (3, 5) for e in (1, 3)},
}


def makers(blocks: str | Sequence[str], count: int) -> list[Maker]:
    names = [b.lower() for b in ([blocks] * count if isinstance(blocks, str) else blocks)]
    if len(names) != count or not set(names) <= set(BLOCKS):
        raise ValueError(f"blocks {names}; expected {count} of {', '.join(BLOCKS)}")
    return [BLOCKS[name] for name in names]


def linear_spike(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, outputs, bias=False), PLIF())


def vote_layer(inputs: int, classes: int) -> list[nn.Module]:
    """Flatten, linear layer, PLIF, vote."""
    return [nn.Flatten(), nn.Linear(inputs, classes * VOTES, bias=False), PLIF(), Vote(VOTES)]


def avg_spike(threshold: float) -> nn.Sequential:
    return nn.Sequential(nn.AvgPool2d(2), PLIF(threshold))


def max_pool() -> nn.Module:
    return nn.MaxPool2d(2)
