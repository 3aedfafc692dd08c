"""What the array streams for each job, from the events of a layer's inputs (docs/machine.md, P1-P4)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hwsim.events import Events
from hwsim.hardware import Hardware

Ints = NDArray[np.int64]


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


@dataclass(frozen=True, eq=False)
class Shape:
    """The folds of one layer for ``samples`` samples of a mini-batch.

    ``plane``: output positions; ``channels``: of each N-fold, its channels within a group; ``rows``: lanes of
    each M-fold of a sample, or with ``together`` (batch_on M) of the mini-batch, a lane being a sample then.
    ``steps``, ``pass_steps``, ``window``: T, P and W of W4; ``held``: W5.
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


@dataclass(frozen=True, eq=False)
class Streams:
    """Axes (group, N-fold or 1, M-fold, pass, K-tile); M-folds of all samples one after the other.

    ``length``: L; ``stream``, ``imbalance``, ``conflict``, ``decode``: busy cycles by cause (P2); ``total``:
    L, or the sum of L_r, or of L_rn, over the fold (P4); ``decoded``: E. ``live``: one array for each
    incoming projection, its live inputs summed over lanes and steps (0 outside of its own K-tiles), N axis 1.
    ``ac``, ``mac``: useful operations of the whole layer (P3).
    """

    length: Ints
    stream: Ints
    imbalance: Ints
    conflict: Ints
    decode: Ints
    total: Ints
    decoded: Ints
    live: tuple[Ints, ...]
    ac: int
    mac: int


def streams(
    hardware: Hardware,
    shape: Shape,
    incoming: tuple[Incoming, ...],
    events: tuple[Events, ...],
    samples: range,
) -> Streams:
    """Streams of one layer; ``events`` of each projection's source, of which ``samples`` are meant."""
    raise NotImplementedError
