"""What goes on in ASGL's layers while they learn: Figs. 3e and 5 to 7 of the paper."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from hwsim.datasets import load_dataset
from hwsim.frontends.capture import structure
from hwsim.methods.train import prepared
from hwsim.methods.train_model import set_surrogates
from hwsim.methods.train_spec import TrainSpec
from hwsim.methods.trainer import Trainer
from hwsim.nn import SpikingNeuron
from hwsim.nn.asgl import ASGL
from hwsim.nn.shapes import SHAPES, Shape
from hwsim.nn.surrogate import Rectangle, Surrogate, step
from hwsim.nn.timed import unroll
from hwsim.operations import fan_out

LOOKED_AT = 500
"""Test images that layers are looked at with."""

Row = dict[str, Any]


def watched(values: Row) -> list[Row]:
    """Train as the values of a TrainSpec say: of each epoch its metrics and what :func:`look` finds."""
    spec = TrainSpec.of(values)
    model, feed = prepared(spec, load_dataset(spec.data))
    set_surrogates(model, spec)
    trainer = Trainer(model, feed, torch.device("cpu"))
    images = feed.batch(feed.test.take(slice(LOOKED_AT)), np.random.default_rng(0))[0]
    synapses = fan_outs(model, images)
    rows = []
    for epoch in range(1, spec.epochs + 1):
        row = trainer.epoch(epoch, lambda _done, _of: None)
        rows.append(row | look(model, images, feed.timesteps, synapses))
    return rows


def fan_outs(model: nn.Module, images: Tensor) -> dict[str, float]:
    """Synapses of a neuron of each layer, the mean over its neurons: what each value that is not 0 costs."""
    network = structure(model, images[:1].numpy(), 1)
    of = network.population
    return {
        name: sum(float(fan_out(q, of[name], of[q.target], False).mean()) for q in network.out_of(name))
        for name in (p.name for p in network.populations if p.spikes)
    }


@torch.no_grad()
def look(model: nn.Module, images: Tensor, timesteps: int, synapses: Mapping[str, float]) -> Row:
    """By layer of neurons, over all images and steps:

    ``dead``: share of neurons that never fire. ``smoothing_error``: mean of |H(x) - Theta(x)| of the layer's
    own shape and alpha. ``similarity``: cosine between what the layer emits in the noisy network (spikes
    mixed with H, statistics of batch normalization as in evaluation) and in the embedded one (spikes);
    ``answers_similarity`` the same of the outputs. ``graded_at_validation``: share of emitted values strictly
    between 0 and 1. ``mac_share``: of the synaptic operations that the layers' values cause in the noisy
    network, those by graded ones, which are MACs.
    """
    model.eval()
    with recorded(model) as spikes, watching(model) as errors:
        answers = unroll(model, images, timesteps)
    found: Row = {
        "dead": {n: float((s.sum(0) == 0).float().mean()) for n, s in spikes.items()},
        "smoothing_error": {n: one.total / one.count for n, one in errors.items()},
        "graded_at_validation": {n: _graded(s) for n, s in spikes.items()},
    }
    noisy_layers = [m for m in model.modules() if isinstance(m, ASGL)]
    if noisy_layers:
        for layer in noisy_layers:
            layer.train()
        with recorded(model) as noisy:
            noisy_answers = unroll(model, images, timesteps)
        model.eval()
        found["similarity"] = {n: _cosine(noisy[n], spikes[n]) for n in spikes}
        found["answers_similarity"] = _cosine(noisy_answers, answers)
        macs = sum(synapses[n] * int(_between(s).sum()) for n, s in noisy.items())
        found["mac_share"] = macs / sum(synapses[n] * int(s.count_nonzero()) for n, s in noisy.items())
    return found


@contextmanager
def recorded(model: nn.Module) -> Iterator[dict[str, Tensor]]:
    """What every layer of neurons emits meanwhile, (T * B, ...)."""
    found: dict[str, Tensor] = {}
    hooks = [
        module.register_forward_hook(lambda _m, _i, out, name=name: found.__setitem__(name, out))
        for name, module in model.named_modules()
        if isinstance(module, SpikingNeuron)
    ]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


class Watching(Surrogate):
    """A surrogate that adds up |H - Theta| of what it is asked for, H of a shape and an alpha."""

    def __init__(self, watched: Surrogate, shape: Shape, alpha: float) -> None:
        self.watched, self.shape, self.alpha = watched, shape, alpha
        self.total, self.count = 0.0, 0

    def activate(self, distance: Tensor, inclusive: bool) -> Tensor:
        gap = SHAPES[self.shape].value(distance, self.alpha) - step(distance, inclusive)
        self.total += float(gap.abs().sum())
        self.count += gap.numel()
        return self.watched.activate(distance, inclusive)


@contextmanager
def watching(model: nn.Module) -> Iterator[dict[str, Watching]]:
    """A :class:`Watching` in the place of every layer's surrogate meanwhile."""
    given = {
        name: (module, module.surrogate)
        for name, module in model.named_modules()
        if isinstance(module, SpikingNeuron) and isinstance(module.surrogate, ASGL | Rectangle)
    }
    found = {}
    for name, (module, surrogate) in given.items():
        if isinstance(surrogate, ASGL):
            found[name] = Watching(surrogate, surrogate.shape, float(surrogate.alpha))
        else:
            found[name] = Watching(surrogate, "clip", surrogate.width)
        _replace(module, found[name])
    try:
        yield found
    finally:
        for module, surrogate in given.values():
            _replace(module, surrogate)


def _replace(neuron: nn.Module, surrogate: Surrogate) -> None:
    del neuron.surrogate
    neuron.surrogate = surrogate  # type: ignore[assignment]


def _between(emitted: Tensor) -> Tensor:
    return (emitted > 0) & (emitted < 1)


def _graded(emitted: Tensor) -> float:
    return float(_between(emitted).float().mean())


def _cosine(a: Tensor, b: Tensor) -> float:
    return float(nn.functional.cosine_similarity(a.flatten(), b.flatten(), 0))
