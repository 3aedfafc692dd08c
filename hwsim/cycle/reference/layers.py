"""Layers of the reference: what each population is on the chip (machine.md, W1 to W6, M1, M2)."""

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from hwsim.network import Population, Projection

Order = Literal["m_outer", "n_outer"]


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


@dataclass(frozen=True, eq=False)
class Synapses:
    """A weighted projection as a convolution; a dense one is 1x1 over one position (W1).

    ``weights`` (target channels, source channels of a group, kh, kw); ``bits`` of a source's value.
    """

    projection: str
    source: str
    weights: NDArray[Any]
    channels: int
    plane: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    groups: int
    delay: int
    bits: int
    binary: bool
    constant: bool
    steps: int

    @property
    def source_size(self) -> int:
        return self.channels * self.plane[0] * self.plane[1]

    @property
    def group_channels(self) -> int:
        """Cg: source channels of one group."""
        return self.channels // self.groups

    @property
    def taps(self) -> int:
        return self.kernel[0] * self.kernel[1]

    @property
    def k(self) -> int:
        """K of one group."""
        return self.group_channels * self.taps


@dataclass(frozen=True, eq=False)
class TilePart:
    """The k of one projection that a K-tile covers, counted within a group: k = (c*kh + ky)*kw + kx (W1)."""

    synapses: Synapses
    ks: range

    @property
    def k(self) -> int:
        return len(self.ks)

    @property
    def touched(self) -> int:
        """Channels with some k in the tile (W6)."""
        return len({k // self.synapses.taps for k in self.ks})

    def first_channel(self, group: int) -> int:
        """Where ``group`` begins in the source; without groups of its own it serves every group (W2)."""
        return group * self.synapses.group_channels if self.synapses.groups > 1 else 0


Tile = tuple[TilePart, ...]


@dataclass(frozen=True, eq=False)
class Layer:
    """A population as the chip computes it (W2) with the mapping's choices for it.

    ``m_folds``: positions of each M-fold; with ``together`` (batch_on M) samples; of a vector layer neurons.
    ``n_folds``: channels of each N-fold within a group. ``maps``: populations whose maps the layer's writer
    emits. ``apart``: samples run one after the other through a stepwise component. ``state_bits``: e of M1;
    ``state_words``: words of a neuron's state.
    """

    index: int
    population: Population
    kind: Literal["array", "fused", "vector"]
    component: int
    stepwise: bool
    apart: bool
    incoming: tuple[Projection, ...]
    steps: int
    held: bool
    bits: int
    synapses: tuple[Synapses, ...]
    streamed: tuple[Projection, ...]
    order: Order
    groups: int
    together: bool
    m_folds: tuple[range, ...]
    n_folds: tuple[tuple[int, ...], ...]
    fold_positions: int
    window: int
    pass_steps: int
    tiles: tuple[Tile, ...]
    interleaved: bool
    state_bits: int
    state_words: int
    maps: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.population.name

    @property
    def size(self) -> int:
        return self.population.size

    @property
    def channels(self) -> int:
        """N: channels of one group."""
        return self.population.channels // self.groups

    @property
    def positions(self) -> int:
        """M."""
        height, width = self.population.plane
        return height * width

    @property
    def width(self) -> int:
        return self.population.plane[1]

    @property
    def channel_groups(self) -> int:
        return self.population.channel_groups

    @property
    def has_state(self) -> bool:
        return self.population.has_state

    @property
    def cells(self) -> int:
        """Cells of state that the layer owns or shares (M1)."""
        return self.size // self.channel_groups

    @property
    def fold_outputs(self) -> list[int]:
        """o of every fold of a group (W3)."""
        if self.kind == "vector":
            return [len(m) for m in self.m_folds]
        return [len(m) * len(n) for m in self.m_folds for n in self.n_folds]

    def cells_of(self, outputs: int) -> int:
        """Cells of a fold of ``outputs`` (M2)."""
        return outputs // self.channel_groups if self.interleaved else outputs
