"""Spikes as a part of the loss (AutoSNN, Tables 9 and 10)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from hwsim.nn import SpikingNeuron


class Emitted:
    """What layers of neurons emitted: ``sums`` of their spikes, with gradients, of ``values`` in all."""

    def __init__(self) -> None:
        self.sums: list[Tensor] = []
        self.values = 0

    def penalty(self, factor: float) -> Tensor:
        """lambda_reg / (K T) * sum of spikes, the mean over the samples: a scalar.

        K is the number of neurons of all layers that ran, of a supernet those of the path that was taken,
        the voting layer's among them, and T the steps, so that without its factor the penalty is the mean
        firing rate in spikes per neuron and step. Outputs of pools are no neurons' spikes and do not count.
        The gradient of a spike is that of its surrogate. Source: AutoSNN, Tables 9 and 10; the paper gives
        no other K that lets factors of .01 to 1 stand beside an error below 1.
        """
        return factor * torch.stack(self.sums).sum() / self.values


@contextmanager
def emitting(model: nn.Module) -> Iterator[Emitted]:
    """What the layers of neurons of ``model`` emit meanwhile."""
    found = Emitted()

    def add(_module: nn.Module, _inputs: Any, spikes: Tensor) -> None:
        found.sums.append(spikes.sum())
        found.values += spikes.numel()

    hooks = [m.register_forward_hook(add) for m in model.modules() if isinstance(m, SpikingNeuron)]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()
