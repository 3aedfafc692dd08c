"""The algebra of one soft-reset membrane run backward, and spikes as bits."""

import math

import torch
from torch import Tensor

_PACK = 0x0102040810204080
"""Moves bit 0 of byte i of a word to bit 56 + i."""
_SPREAD = 0x0101010101010101
_EACH = 0x8040201008040201 - 2**64
"""Bit i of byte i, as a signed word."""


def pack(fired: Tensor) -> Tensor:
    """Booleans of any shape as ceil(n / 8) bytes, the first in the lowest bit, 0 behind the last."""
    flags = fired.reshape(-1).to(torch.uint8)
    if short := -flags.numel() % 8:
        flags = torch.cat([flags, flags.new_zeros(short)])
    return ((flags.view(torch.int64) * _PACK) >> 56).to(torch.uint8)


def unpack(bits: Tensor, shape: torch.Size, dtype: torch.dtype) -> Tensor:
    """What :func:`pack` packed, as 0 and 1 of ``dtype`` in ``shape``."""
    flags = ((bits.to(torch.int64) * _SPREAD) & _EACH).view(torch.uint8) != 0
    return flags[: shape.numel()].view(shape).to(dtype)


def fired_membrane(after: Tensor, spikes: Tensor, threshold: float) -> Tensor:
    """v = U + threshold * s: the membrane before its soft reset (first half of Eq. 21, 22)."""
    return after + threshold * spikes


def state_before(membrane: Tensor, current: Tensor, decay: float) -> Tensor:
    """U_prev = (v - x) / decay: the state that the user before left (second half of Eq. 21, 22).

    An error of v or of x comes out 1 / decay times as large.
    """
    return (membrane - current) / decay


def interval(decay: float, dtype: torch.dtype, tolerance: float) -> int:
    """Uses of a state between two kept copies: the most for which a rounding stays within ``tolerance``.

    K - 1 divisions by ``decay`` make eps * decay^-(K - 1) of one rounding (those of all uses together are up
    to 1 / (1 - decay) times as much), so that
    K = 1 + floor(ln(tolerance / eps) / ln(1 / decay)); at decay 1 errors only add up and
    K = floor(tolerance / eps). At least 1, which keeps every state.
    """
    room = tolerance / torch.finfo(dtype).eps
    if room < 1.0:
        return 1
    return max(1, int(room)) if decay == 1.0 else 1 + int(math.log(room) / -math.log(decay))
