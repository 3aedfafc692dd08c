"""Folds, passes and K-tiles of one array layer, as its streams are counted (docs/machine.md, W1 to W6)."""

from dataclasses import dataclass, fields
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from hwsim.events import Events
from hwsim.storage import content_id

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class BitLayout:
    """Where each source channel's bit lies, 64 to a word; a group's K-tile is a segment of whole words.

    ``word``, ``mask``, ``segment``: of each channel; ``segments``: first word of each segment, and the end.
    """

    word: Ints
    mask: NDArray[np.uint64]
    segment: Ints
    segments: Ints


@lru_cache(1024)
def bit_layout(groups: int, sizes: tuple[int, ...]) -> BitLayout:
    """Of K-tiles of ``sizes`` whole channels in each of ``groups``; its arrays are not to be written to."""
    widths = -(-np.array(sizes, np.int64) // 64)
    tile = np.repeat(np.arange(len(sizes)), sizes)
    bit = np.arange(sum(sizes)) - (np.cumsum(sizes) - sizes)[tile]
    group = np.arange(groups)[:, None]
    return BitLayout(
        word=(group * widths.sum() + (np.cumsum(widths) - widths)[tile] + bit // 64).ravel(),
        mask=np.tile(np.uint64(1) << (bit % 64).astype(np.uint64), groups),
        segment=(group * len(sizes) + tile).ravel(),
        segments=np.concatenate([[0], np.cumsum(np.tile(widths, groups))]),
    )


@dataclass(frozen=True, eq=False)
class Incoming:
    """A weighted projection as the array sees it; a dense one is a 1x1 convolution over one position.

    ``channels``: source channels per group. ``tiles`` (own tiles, 3): the layer's K-tile, and first and end
    of its k in one group of this projection, rising. ``nonzero`` (target channels of all groups, K of a
    group): where weights are not zero; None unless the chip skips zero weights.
    """

    groups: int
    channels: int
    plane: tuple[int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    delay: int
    binary: bool
    tiles: Ints
    nonzero: NDArray[np.bool_] | None

    @cached_property
    def id(self) -> str:
        plain = (self.groups, self.channels, self.plane, self.kernel, self.stride, self.padding, self.delay)
        known = {} if self.nonzero is None else {"nonzero": self.nonzero}
        return content_id("incoming", {"plain": plain, "binary": self.binary}, {"tiles": self.tiles} | known)

    @property
    def taps(self) -> int:
        return self.kernel[0] * self.kernel[1]

    @property
    def positions(self) -> int:
        return self.plane[0] * self.plane[1]

    @property
    def size(self) -> int:
        """Neurons of the source."""
        return self.groups * self.channels * self.positions

    @cached_property
    def window(self) -> Ints:
        """Plane, kernel, stride and padding, two numbers each."""
        return np.array((*self.plane, *self.kernel, *self.stride, *self.padding), np.int64)

    @cached_property
    def nonzero_by_k(self) -> NDArray[np.uint8]:
        """``nonzero`` as (K, target channels)."""
        assert self.nonzero is not None
        return np.ascontiguousarray(self.nonzero.T, np.uint8)

    @cached_property
    def bit_layout(self) -> BitLayout:
        """For K-tiles of whole channels."""
        sizes = (self.tiles[:, 2] - self.tiles[:, 1]) // self.taps
        return bit_layout(self.groups, tuple(sizes.tolist()))


@dataclass(frozen=True, eq=False)
class Shape:
    """The folds of one layer for ``samples`` samples of a mini-batch.

    ``plane``: output positions; ``channels``: of each N-fold, its channels within a group; ``rows``: lanes of
    each M-fold of a sample, or with ``together`` (batch_on M) of the mini-batch, a lane being a sample then.
    ``steps``, ``pass_steps``, ``window``: T, P and W of W4; ``held``: W5. ``first``: the first lane, 0 unless
    only positions from there on are computed (F2).
    """

    plane: tuple[int, int]
    groups: int
    channels: tuple[Ints, ...]
    rows: Ints
    samples: int
    together: bool
    steps: int
    pass_steps: int
    window: int
    k_tiles: int
    held: bool
    first: int = 0

    @cached_property
    def id(self) -> str:
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("channels", "rows")}
        channels = {f"channels {i}": values for i, values in enumerate(self.channels)}
        return content_id("shape", plain, {"rows": self.rows} | channels)

    @property
    def passes(self) -> int:
        return -(-self.steps // self.pass_steps)

    @property
    def streamed_steps(self) -> Ints:
        """s of every pass: steps that it streams, of a held layer only step 0 (W4, W5)."""
        first = np.arange(self.passes) * self.pass_steps
        return np.clip((1 if self.held else self.steps) - first, 0, self.pass_steps)

    @cached_property
    def lanes(self) -> Ints:
        """First lane of every M-fold of a sample (of the mini-batch with ``together``), and the end."""
        return self.first + np.concatenate([[0], np.cumsum(self.rows)])

    def batches(self, samples: range) -> list[tuple[range, slice]]:
        """Samples whose lanes lie in the same folds, and which M-folds these are."""
        folds = len(self.rows)
        if self.together:
            return [(samples, slice(0, folds))]
        return [
            (range(sample, sample + 1), slice(i * folds, (i + 1) * folds)) for i, sample in enumerate(samples)
        ]

    def arriving(self, p: Incoming, events: Events) -> tuple[Ints, Ints]:
        """Steps at which a projection brings events, and the source's step that each brings (W1, W5)."""
        steps = np.arange(p.delay, 1 if self.held else self.steps)
        return steps, steps - p.delay if events.steps > 1 else np.zeros_like(steps)
