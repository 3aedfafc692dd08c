"""The hand-made networks that AutoSNN is compared with (Na et al., ICML 2022, Table 3).

For the paper and what was corrected, the parameters of ResNet11-Lee among it, see autosnn.py.
"""

from autosnn_blocks import avg_spike, conv_spike, linear_spike, max_pool, srb, vote_layer
from torch import nn


def cifarnet_wu(
    channels: int = 16,
    classes: int = 10,
    resolution: int = 32,
    channels_in: int = 3,
    pool_threshold: float = 1.0,
) -> nn.Sequential:
    """CIFARNet of Wu et al. 2019; each average pool is followed by a PLIF (Table 3)."""
    c = channels
    flat = 4 * c * (resolution // 4) ** 2
    return nn.Sequential(
        conv_spike(channels_in, c), conv_spike(c, 2 * c), avg_spike(pool_threshold),
        conv_spike(2 * c, 4 * c), avg_spike(pool_threshold),
        conv_spike(4 * c, 8 * c), conv_spike(8 * c, 4 * c), nn.Flatten(),
        linear_spike(flat, 8 * c), linear_spike(8 * c, 4 * c), *vote_layer(4 * c, classes),
    )  # fmt: skip


def cifarnet_fang(
    channels: int = 256, classes: int = 10, resolution: int = 32, channels_in: int = 3
) -> nn.Sequential:
    """CIFARNet of Fang et al. 2021 (Table 3)."""
    c = channels
    return nn.Sequential(
        conv_spike(channels_in, c), conv_spike(c, c), conv_spike(c, c), max_pool(),
        conv_spike(c, c), conv_spike(c, c), conv_spike(c, c), max_pool(), nn.Flatten(),
        linear_spike(c * (resolution // 4) ** 2, 8 * c), *vote_layer(8 * c, classes),
    )  # fmt: skip


def resnet11_lee(
    channels: int = 64,
    classes: int = 10,
    resolution: int = 32,
    channels_in: int = 3,
    pool_threshold: float = 1.0,
) -> nn.Sequential:
    """ResNet11 of Lee et al. 2020 (Table 3)."""
    c = channels
    return nn.Sequential(
        conv_spike(channels_in, c), avg_spike(pool_threshold),
        srb(c, 2 * c), srb(2 * c, 4 * c, 2), srb(4 * c, 8 * c), srb(8 * c, 8 * c, 2), nn.Flatten(),
        linear_spike(8 * c * (resolution // 8) ** 2, 16 * c), *vote_layer(16 * c, classes),
    )  # fmt: skip


def resnet19_zheng(
    channels: int = 128,
    classes: int = 10,
    resolution: int = 32,
    channels_in: int = 3,
    pool_threshold: float = 1.0,
) -> nn.Sequential:
    """ResNet19 of Zheng et al. 2021 (Table 3)."""
    c = channels
    stages = ((c, c, 1), (c, c, 1), (c, c, 1), (c, 2 * c, 2), (2 * c, 2 * c, 1), (2 * c, 2 * c, 1))
    blocks = [srb(*stage) for stage in (*stages, (2 * c, 4 * c, 2), (4 * c, 4 * c, 1))]
    flat = 4 * c * (resolution // 8) ** 2
    return nn.Sequential(
        conv_spike(channels_in, c), *blocks, avg_spike(pool_threshold), nn.Flatten(),
        linear_spike(flat, 2 * c), *vote_layer(2 * c, classes),
    )  # fmt: skip
