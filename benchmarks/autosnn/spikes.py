"""Spikes of a network as the paper counts them: of every neuron, and what max pools hand on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hwsim.datasets import Split
from hwsim.methods.train_data import Feed
from hwsim.nn import SpikingNeuron
from hwsim.nn.timed import unroll

AT_ONCE = 250
"""Images of a batch."""


@dataclass(frozen=True)
class Layer:
    """``size``: neurons, of a pool its outputs; ``spikes`` of a sample on average, over all its steps."""

    name: str
    kind: str
    size: int
    spikes: float


@contextmanager
def counted(model: nn.Module) -> Iterator[dict[str, list[int]]]:
    """Values and spikes of each layer of neurons and max pool that runs meanwhile, in their order."""
    found: dict[str, list[int]] = {}

    def count(name: str, out: Tensor) -> None:
        values, spikes = found.get(name, (0, 0))
        found[name] = [values + out.numel(), spikes + int(out.count_nonzero())]

    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: count(name, out))
        for name, module in model.named_modules()
        if isinstance(module, SpikingNeuron | nn.MaxPool2d)
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


@torch.no_grad()
def answered(model: nn.Module, feed: Feed, split: Split) -> tuple[float, list[Layer]]:
    """Share of right answers in evaluation, and the layers."""
    model.eval()
    right, rng = 0, np.random.default_rng(0)
    with counted(model) as counts:
        for start in range(0, len(split), AT_ONCE):
            part = split.take(slice(start, start + AT_ONCE))
            answers = unroll(model, feed.batch(part, rng)[0], feed.timesteps).mean(0)
            right += int((answers.argmax(1) == torch.from_numpy(part.labels)).sum())
    kinds = {name: "pool" if isinstance(m, nn.MaxPool2d) else "neurons" for name, m in model.named_modules()}
    passes = len(split) * feed.timesteps
    layers = [
        Layer(name, kinds[name], values // passes, spikes / len(split))
        for name, (values, spikes) in counts.items()
    ]
    return right / len(split), layers


def spikes_of(layers: list[Layer]) -> float:
    """Of a sample: of stem, blocks, pools and votes. Source: AutoSNN's public code."""
    return sum(layer.spikes for layer in layers)
