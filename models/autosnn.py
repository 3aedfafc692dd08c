"""The networks of AutoSNN (Na, Mok, Park, Lee, Choe, Yoon; ICML 2022).

The macro architectures SNN_1 to SNN_4 (Table 1) with their to-be-determined blocks, the searched
networks (Table 2), all with PLIF neurons, votes of ten neurons a class, convolutions and linear layers
without bias. 8 steps of the same image, 20 of events. The networks they are compared with are in
autosnn_compared.py, the blocks of all in autosnn_blocks.py.

What was corrected: the threshold is 1 (A.1), not the 0 of section 5.1; ResNet11-Lee at 16 channels has
1,164,828 parameters (the paper prints 1.17 M); the paper's neurons per HWC of SIB leave out two pools.
The offset of the second convolution in a stride-2 skip is the public code's, as is the missing shortcut of
a stride-2 SIB. And so is the threshold of 1 behind average pools, which no neuron there reaches but by
rounding: v += (x - v) sigmoid(w) stays below 1 where x, a mean of spikes, does not exceed 1.
``pool_threshold`` lowers it.
"""

from collections.abc import Callable, Sequence
from functools import partial

from autosnn_blocks import Maker, avg_spike, conv_spike, makers, max_pool, vote_layer
from torch import nn

from hwsim.nn import PLIF, Choice

SEARCHED = {
    0.0: ("srb5", "srb5", "srb5", "scb5", "srb5"),
    -0.08: ("srb5", "srb5", "skip", "srb3", "srb5"),
    -0.16: ("srb5", "srb5", "skip", "srb5", "srb5"),
    -0.24: ("skip", "srb5", "skip", "scb5", "srb5"),
}
"""Table 2: the blocks found with the exponent lambda of the fitness accuracy * (spikes / mean)^lambda."""

STEMS = {"cifar": (3, 32, 1), "tiny": (3, 64, 2), "dvs": (2, 128, 4)}
"""Input channels, height and width of the input, and by how much the stem shrinks them."""


def stem_layers(stem: str, channels: int, channels_in: int | None = None) -> list[nn.Module]:
    """Convolution and PLIF; ``tiny`` then pools and convolves again, ``dvs`` pools once more."""
    if stem not in STEMS:
        raise ValueError(f"stem {stem!r}; it must be one of {', '.join(STEMS)}")
    layers: list[nn.Module] = [conv_spike(channels_in or STEMS[stem][0], channels)]
    if stem != "cifar":
        layers += [nn.MaxPool2d(2), conv_spike(channels, channels)]
    return [*layers, nn.MaxPool2d(2)] if stem == "dvs" else layers


def last_plane(stem: str, resolution: int | None) -> int:
    """Height and width of the map after the stem and three halvings."""
    _, usual, shrinks = STEMS[stem]
    return (usual if resolution is None else resolution) // shrinks // 8


LAYOUTS: dict[str, tuple[tuple[int, int] | None, ...]] = {
    "snn1": ((1, 1), None, (2, 1), (2, 1), None, (4, 1), (4, 1), None),
    "snn3": ((1, 1), (2, 2), (2, 1), (2, 1), (4, 2), (4, 1), (4, 1), (8, 2)),
    "snn1_deep": ((1, 1), (1, 1), None, (2, 1), (2, 1), (2, 1), None, (4, 1), (4, 1), (4, 1), None),
}
"""Blocks by their channels over C and their stride; None is a pool. SNN_1, and the two larger ones of
Table 6: blocks of stride 2 for its pools, which is SNN_3, and one more block before each pool."""


def _body(
    layout: str,
    blocks: Sequence[Maker],
    channels: int,
    stem: str,
    channels_in: int | None,
    pool: Callable[[], nn.Module],
) -> list[nn.Module]:
    """Stem, blocks and pools."""
    layers, inputs, left = stem_layers(stem, channels, channels_in), channels, iter(blocks)
    for place in LAYOUTS[layout]:
        if place is None:
            layers.append(pool())
        else:
            width, stride = place
            layers.append(next(left)(inputs, width * channels, stride))
            inputs = width * channels
    return layers


def block_count(layout: str) -> int:
    return sum(place is not None for place in LAYOUTS[layout])


def _flat(layout: str, channels: int, stem: str, resolution: int | None) -> int:
    """Values of the last map."""
    width = max(place[0] for place in LAYOUTS[layout] if place is not None)
    return width * channels * last_plane(stem, resolution) ** 2


def with_neuron(network: nn.Sequential, neuron: str) -> nn.Sequential:
    """``plif``: as it is. ``relu``: an ANN of one step, ReLUs in the place of all PLIFs but the last, which
    becomes a wire, as in the public code; its tensors have the same names, without PLIF's w."""
    if neuron not in ("plif", "relu"):
        raise ValueError(f"neuron {neuron!r}; it must be one of plif, relu")
    if neuron == "relu":
        network[-2] = nn.Identity()
        for module in list(network.modules()):
            for name, child in list(module.named_children()):
                if isinstance(child, PLIF):
                    setattr(module, name, nn.ReLU())
    return network


def _macro(
    layout: str,
    block: str | Sequence[str],
    channels: int,
    classes: int,
    stem: str,
    resolution: int | None,
    channels_in: int | None,
    neuron: str,
    pool: Callable[[], nn.Module] = max_pool,
) -> nn.Sequential:
    body = _body(layout, makers(block, block_count(layout)), channels, stem, channels_in, pool)
    flat = _flat(layout, channels, stem, resolution)
    return with_neuron(nn.Sequential(*body, *vote_layer(flat, classes)), neuron)


def snn1(
    block: str | Sequence[str] = "scb3",
    channels: int = 16,
    classes: int = 10,
    stem: str = "cifar",
    resolution: int | None = None,
    channels_in: int | None = None,
    neuron: str = "plif",
) -> nn.Sequential:
    """SNN_1, the searched macro architecture: max pools and a linear layer on all of the last map.

    Input (B, 3, resolution, resolution), with the stem ``dvs`` (B, 2, ...); output (B, classes) votes of
    one step. ``block``: five names of :data:`BLOCKS`, or one for all. ``stem``: cifar, tiny or dvs, for a
    ``resolution`` of 32, 64 and 128 and inputs of 3, 3 and 2 channels unless given. ``neuron``: plif or relu.
    """
    return _macro("snn1", block, channels, classes, stem, resolution, channels_in, neuron)


def snn1_deep(
    block: str | Sequence[str] = "scb3",
    channels: int = 16,
    classes: int = 10,
    stem: str = "cifar",
    resolution: int | None = None,
    channels_in: int | None = None,
    neuron: str = "plif",
) -> nn.Sequential:
    """SNN_1 with one more block before each pool (Table 6); eight blocks."""
    return _macro("snn1_deep", block, channels, classes, stem, resolution, channels_in, neuron)


def snn2(
    block: str | Sequence[str] = "scb3",
    channels: int = 16,
    classes: int = 10,
    stem: str = "cifar",
    resolution: int | None = None,
    channels_in: int | None = None,
    neuron: str = "plif",
    pool_threshold: float = 1.0,
) -> nn.Sequential:
    """SNN_2: SNN_1 with a global average pool and a PLIF before the linear layer."""
    body = _body("snn1", makers(block, 5), channels, stem, channels_in, max_pool)
    pool = nn.AvgPool2d(last_plane(stem, resolution))
    layers = [*body, pool, PLIF(pool_threshold), *vote_layer(4 * channels, classes)]
    return with_neuron(nn.Sequential(*layers), neuron)


def snn3(
    block: str | Sequence[str] = "scb3",
    channels: int = 16,
    classes: int = 10,
    stem: str = "cifar",
    resolution: int | None = None,
    channels_in: int | None = None,
    neuron: str = "plif",
) -> nn.Sequential:
    """SNN_3: the three pools of SNN_1 are blocks of stride 2 that double the channels; eight blocks."""
    return _macro("snn3", block, channels, classes, stem, resolution, channels_in, neuron)


def snn4(
    block: str | Sequence[str] = "scb3",
    channels: int = 16,
    classes: int = 10,
    stem: str = "cifar",
    resolution: int | None = None,
    channels_in: int | None = None,
    neuron: str = "plif",
    pool_threshold: float = 1.0,
) -> nn.Sequential:
    """SNN_4: SNN_1 with average pools, each followed by a PLIF."""
    pool = partial(avg_spike, pool_threshold)
    return _macro("snn1", block, channels, classes, stem, resolution, channels_in, neuron, pool)


def searched(
    fitness_lambda: float = -0.08,
    channels: int = 16,
    classes: int = 10,
    stem: str = "cifar",
    resolution: int | None = None,
    channels_in: int | None = None,
) -> nn.Sequential:
    """SNN_1 with the blocks that the search found (Table 2); lambda -0.08 is the paper's AutoSNN."""
    if fitness_lambda not in SEARCHED:
        raise ValueError(
            f"fitness_lambda {fitness_lambda}; it must be one of {', '.join(map(str, SEARCHED))}"
        )
    return snn1(SEARCHED[fitness_lambda], channels, classes, stem, resolution, channels_in)


def supernet(
    options: Sequence[str] = ("skip", "scb3", "scb5", "srb3", "srb5"),
    channels: int = 16,
    classes: int = 10,
    stem: str = "cifar",
    resolution: int | None = None,
    channels_in: int | None = None,
    neuron: str = "plif",
    space: str = "snn1",
) -> nn.Sequential:
    """A layout whose blocks are each a choice among ``options``.

    ``space``: snn1 (five blocks), snn3 or snn1_deep (eight). A path of it is the network of that name with
    these blocks, and :func:`hwsim.nn.path_state` are its tensors.
    """
    if space not in LAYOUTS:
        raise ValueError(f"space {space!r}; it must be one of {', '.join(LAYOUTS)}")

    def layer(inputs: int, outputs: int, stride: int = 1) -> Choice:
        made = zip(options, makers(options, len(options)), strict=True)
        return Choice({name.lower(): make(inputs, outputs, stride) for name, make in made})

    body = _body(space, [layer] * block_count(space), channels, stem, channels_in, max_pool)
    flat = _flat(space, channels, stem, resolution)
    return with_neuron(nn.Sequential(*body, *vote_layer(flat, classes)), neuron)
