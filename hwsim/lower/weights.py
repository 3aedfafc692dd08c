"""Weights that each job fetches from DRAM and reads into the array (docs/machine.md, B1, P4)."""

from functools import reduce
from typing import Literal

import numpy as np

from hwsim.lower.axes import Bools, Ints, K, M, N, S, T, along, ceil_div, first
from hwsim.lower.layers import Layer, Task, Weighted
from hwsim.lower.order import repeated

Kept = Literal["network", "layer", "fold", "tile"]
"""How much of the weights stays on chip once it is there."""


def tile_bits(task: Task, layer: Layer) -> Ints:
    """Bits of the weights of each group, N-fold and K-tile (B1)."""
    bits = task.hardware.precision.weight_bits
    dense: Ints = along(N, layer.columns) * along(K, layer.depth)
    if not task.hardware.pe_array.weight_sparsity:
        return dense * bits
    nonzero = layer.nonzero
    folds: Ints = np.stack([nonzero[:, channels].sum(axis=1) for channels in layer.channels], axis=1)
    return folds[None, :, :, None, None, :] * bits + dense


def layer_bits(task: Task, weighted: tuple[Weighted, ...]) -> int:
    """Bits of all weights of a layer (B1)."""
    bits = task.hardware.precision.weight_bits
    sizes = [w.projection.weights.size for w in weighted if w.projection.weights is not None]
    if not task.hardware.pe_array.weight_sparsity:
        return sum(sizes) * bits
    return sum(sizes) + bits * sum(int(w.nonzero.sum()) for w in weighted)


def weights_kept(task: Task, layer: Layer, pinned: bool) -> Kept:
    """What of the layer's weights stays on chip (B1)."""
    if pinned:
        return "network"
    bits = task.hardware.precision.weight_bits
    fold = int(layer.depth.sum()) * int(layer.columns.max()) * bits
    several = len(layer.tiles) > 1 and task.hardware.pe_array.dataflow == "os"
    if several or fold > task.weight_room():
        return "tile"
    whole = ceil_div(layer_bits(task, layer.weighted), 8)
    return "layer" if whole <= task.hardware.buffers.weight.tile_bytes else "fold"


def fetched(task: Task, layer: Layer, kept: Kept) -> Bools:
    """Jobs that fetch their tile, along samples, M-folds and passes (B1)."""
    samples, _, _, folds, passes, _ = layer.shape
    at = {S: first(S, samples), M: first(M, folds), T: first(T, passes)}
    if kept == "network":
        return at[S] & at[M] & at[T]
    active: Bools = along(T, layer.array_steps) > 0
    if kept == "tile":
        return active
    outside = repeated(task, layer)
    block_begins = active if T in outside else at[T]
    if kept == "fold" and layer.order == "m_outer":
        return block_begins
    within = [at[axis] for axis in (S, M) if axis not in outside]
    return reduce(np.logical_and, within, block_begins)


def sparse_words(task: Task, layer: Layer) -> Ints:
    """Words of the weight buffer that a pass with weight_sparsity reads, by group, N-fold and K-tile (P4)."""
    precision, word = task.hardware.precision, task.hardware.buffers.weight.word_bits
    words = -(-(layer.nonzero * precision.weight_bits + layer.depth) // word)
    folds: Ints = np.stack([words[:, channels].sum(axis=1) for channels in layer.channels], axis=1)
    return folds[None, :, :, None, None, :]


def weight_words(task: Task, layer: Layer) -> Ints:
    """Words of the weight buffer that hold one k for the channels of each N-fold."""
    bits, word = task.hardware.precision.weight_bits, task.hardware.buffers.weight.word_bits
    return along(N, -(-layer.columns * bits // word))
