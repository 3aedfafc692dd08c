"""How differently an untrained network's neurons answer the samples of a batch (SNASNet, Section 3.2)."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.methods.hamming.kernel import distances
from hwsim.nn import SpikingNeuron, reset_states

EPSILON = 1e-3
"""Beside p in the normalized distance, as in the public code."""

Kernel = Callable[[Tensor, Tensor, int], Tensor]


def hamming(distance: Tensor, _active: Tensor, neurons: int) -> Tensor:
    """N_A - d_H."""
    return neurons - distance


def sparsity_aware(distance: Tensor, active: Tensor, neurons: int) -> Tensor:
    """N_A - d_SAH,  d_SAH = 0.5 d_H / (p_ij + 1e-3),  p_ij = s_i (1 - s_j) + s_j (1 - s_i), s the share of
    neurons that fire: d_H over what it would be of spikes that fall anywhere."""
    s = active / neurons
    expected = s[:, None] * (1 - s) + s * (1 - s[:, None])
    return neurons - 0.5 * distance / (expected + EPSILON)


KERNELS: dict[str, Kernel] = {"sahd": sparsity_aware, "hd": hamming}


@dataclass
class Gram:
    """Sum of the kernels of all layers and steps of one batch, by the kernel's name; each (B, B) float64.
    ``apart`` (B, B): neurons that fire for one of two samples alone, over all of them."""

    calls: int = 0
    sums: dict[str, Tensor] = field(default_factory=dict)
    apart: Tensor | None = None

    def add(self, spikes: Tensor) -> None:
        """``spikes`` (B, ...) of one layer at one step, 0 or 1."""
        flat = spikes.detach().flatten(1)
        counted = torch.from_numpy(distances(packed(flat))).double()
        active, neurons = counted.diagonal().clone(), flat.shape[1]
        distance = counted.fill_diagonal_(0.0)
        self.apart = distance if self.apart is None else self.apart + distance
        for name, kernel in KERNELS.items():
            found = kernel(distance, active, neurons)
            self.sums[name] = self.sums[name] + found if name in self.sums else found
        self.calls += 1

    def scores(self) -> dict[str, float]:
        """log |det (K / calls)| by kernel; minus infinity where two samples are answered alike everywhere:
        two rows of K are equal then, which rounding hides from a determinant."""
        assert self.apart is not None
        if int((self.apart == 0).sum()) > len(self.apart):
            return dict.fromkeys(self.sums, -np.inf)
        return {n: float(torch.linalg.slogdet(k / self.calls).logabsdet) for n, k in self.sums.items()}


def packed(spikes: Tensor) -> NDArray[np.uint64]:
    """Spikes (B, neurons), 0 or 1, as bits of words (B, words); the last word is filled up with 0."""
    found = np.packbits(spikes.bool().numpy(), axis=1)
    filled = np.pad(found, ((0, 0), (0, -found.shape[1] % 8)))
    return np.ascontiguousarray(filled).view(np.uint64)


@torch.no_grad()
def scores(model: nn.Module, batches: Sequence[Tensor], timesteps: int) -> dict[str, float]:
    """Mean over the ``batches`` (B, C, H, W) of the scores of an untrained ``model``, by kernel.

    The model runs in train mode, its states from zero in each batch. Higher: the samples are told apart
    better. Raises HwsimError for a model without neurons.
    """
    model.train()
    found = []
    for images in batches:
        reset_states(model)
        with watched(model) as gram:
            for _ in range(timesteps):
                model(images)
        if not gram.calls:
            raise HwsimError(f"{type(model).__name__} has no layer of neurons of hwsim.nn to be scored by")
        found.append(gram.scores())
    reset_states(model)
    return {name: float(np.mean([one[name] for one in found])) for name in KERNELS}


@contextmanager
def watched(model: nn.Module) -> Iterator[Gram]:
    """What all layers of neurons emit meanwhile, added up."""
    gram = Gram()
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, out: gram.add(out))
        for module in model.modules()
        if isinstance(module, SpikingNeuron)
    ]
    try:
        yield gram
    finally:
        for hook in hooks:
            hook.remove()
