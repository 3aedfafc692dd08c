"""Magnitude pruning over a whole network, and neurons that never fire (EfficientLIF-Net, Fig. 9)."""

import numpy as np
import torch
from torch import Tensor, nn

from hwsim.errors import HwsimError
from hwsim.events import EventTrace
from hwsim.network import Network

PRUNED = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


def prunable(model: nn.Module) -> dict[str, Tensor]:
    """Weights of convolutions and linear layers by name; biases, normalization and neurons stay."""
    found = {
        f"{name}.weight".removeprefix("."): module.weight
        for name, module in model.named_modules()
        if isinstance(module, PRUNED)
    }
    if not found:
        raise HwsimError("prune: the model has no convolution and no linear layer")
    return found


def magnitude_masks(model: nn.Module, sparsity: float) -> dict[str, Tensor]:
    """Masks, True where a weight stays: the ``round(sparsity * all)`` smallest magnitudes of all layers
    together go. Of equal ones those that come first go. Raises HwsimError for a sparsity outside [0, 1)."""
    if not 0.0 <= sparsity < 1.0:
        raise HwsimError(f"prune: sparsity is {sparsity}; it must lie in [0, 1)")
    weights = prunable(model)
    magnitudes = torch.cat([w.detach().abs().flatten() for w in weights.values()])
    keep = torch.ones(len(magnitudes), dtype=torch.bool, device=magnitudes.device)
    keep[magnitudes.argsort(stable=True)[: round(sparsity * len(magnitudes))]] = False
    parts = torch.split(keep, [w.numel() for w in weights.values()])
    return {name: part.view_as(w) for (name, w), part in zip(weights.items(), parts, strict=True)}


@torch.no_grad()
def apply_masks(model: nn.Module, masks: dict[str, Tensor]) -> None:
    """Set to zero what the masks leave out."""
    for name, weight in prunable(model).items() if masks else ():
        weight.mul_(masks[name])


def sparsity_at(epoch: int, last: float, epochs: int) -> float:
    """Share of zeros in ``epoch`` (from 1): s = last (1 - (1 - epoch / epochs)^3), then ``last``.

    Source: Zhu and Gupta 2017, Eq. 1, with nothing pruned before and a step an epoch.
    """
    return last if epoch >= epochs else last * (1.0 - (1.0 - epoch / epochs) ** 3)


def sparsity(model: nn.Module) -> float:
    """Share of zeros among the weights that can be pruned."""
    weights = prunable(model).values()
    return sum(int((w == 0).sum()) for w in weights) / sum(w.numel() for w in weights)


def dead_neurons(network: Network, trace: EventTrace) -> dict[str, int]:
    """Neurons of each spiking layer that fire at no step of any sample of the trace."""
    return {
        p.name: p.size - len(np.unique(trace.events[p.name].index)) for p in network.populations if p.spikes
    }
